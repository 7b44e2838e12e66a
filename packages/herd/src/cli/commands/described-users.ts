/** As whom the services of a configuration run, and what there is to say of that before a shepherd has it. */
import { messageOf } from '@bellwether/actors';
import type { RunAs } from '@bellwether/shepherd';
import { identityOf, nodeAccounts, type Accounts } from '@bellwether/shepherd/node';
import { visible } from '../../client/escape.ts';
import { commandsIn, type EntryDescription, type ExecDescription } from '../../config/index.ts';
import { ownSlotWarning, runsAsText } from '../format/runs-as.ts';
import { isOwn } from './own-user.ts';

/** What is said of users, and by whom: a slot, and all commands. */
const saidUsers = (entry: EntryDescription): readonly Said[] => {
  const [name = ''] = entry.provision;
  const commands = commandsIn(entry).map(([keys, said]) => ({ what: whose(entry, keys), said }));
  return entry.kind === 'slot' ? [{ what: name, said: entry }, ...commands] : commands;
};
const whose = (entry: EntryDescription, [key, which = '']: readonly string[]): string => {
  const [name = ''] = entry.provision;
  if (entry.kind === 'log-rotation') return `${name} of ${entry.files[Number(which)]?.file ?? ''}`;
  switch (key) {
    case 'ready':
      return `the check of ${name}`;
    case 'live':
      return `the live check of ${name}`;
    case 'stop':
      return `the stop of ${name}`;
    case 'onFailure':
      return `what is done when ${name} fails`;
    case 'actions':
      return `action ${which} of ${name}`;
    default:
      return name;
  }
};
interface Said {
  readonly what: string;
  readonly said: Pick<ExecDescription, 'user' | 'group'>;
}
const runAsIn = ({ user, group }: Said['said']): RunAs => ({
  ...(user !== undefined && { user }),
  ...(group !== undefined && { group }),
});
const saysWhom = ({ said }: Said): boolean => (said.user ?? said.group) !== undefined;

/** A line for each that is another user's. */
export const userLines = (entry: EntryDescription): readonly string[] =>
  saidUsers(entry)
    .filter(saysWhom)
    .map(({ what, said }) => visible(`${what} runs as ${runsAsText(runAsIn(said))}`));

/**
 * What to say of whom this machine would not let run, and of slots that are the shepherd itself. Who is not known here
 * may be known where the shepherd is: it need not be this machine.
 */
export const doubtsAbout = (entries: readonly EntryDescription[]): readonly string[] => {
  const accounts = nodeAccounts();
  const others = entries.flatMap(saidUsers).filter(saysWhom);
  return [
    ...others.flatMap(({ what, said }) => {
      const why = whyNot(runAsIn(said), accounts);
      return why === undefined
        ? []
        : [visible(`herd: warning: ${what} would not start here: ${why}`)];
    }),
    ...entries.flatMap((entry) =>
      entry.kind === 'slot' && isOwn(runAsIn(entry), accounts)
        ? ownSlotWarning(entry.provision[0] ?? '')
        : [],
    ),
  ];
};
/** As if the shepherd were whoever asks: what kept it from running something as that user. */
const whyNot = (runAs: RunAs, accounts: Accounts): string | undefined => {
  try {
    identityOf(runAs, accounts);
    return undefined;
  } catch (error) {
    return messageOf(error);
  }
};
