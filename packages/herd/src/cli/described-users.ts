/** As whom the services of a configuration run, and what there is to say of that before a shepherd has it. */
import type { RunAs } from '@bellwether/shepherd';
import { identityOf, nodeAccounts, type Accounts } from '@bellwether/shepherd/node';
import { visible } from '../client/escape.ts';
import type { EntryDescription, ExecDescription } from '../config/index.ts';
import { ownSlotWarning, runsAsText } from './format/runs-as.ts';
import { isOwn } from './own-user.ts';

/** What is said of users, and by whom: a slot, and the commands of a service. */
const saidUsers = (entry: EntryDescription): readonly Said[] => {
  const [name = ''] = entry.provision;
  if (entry.kind === 'slot')
    return [
      { what: name, said: entry },
      { what: `the check of ${name}`, said: entry.ready?.exec ?? {} },
    ];
  if (entry.kind === 'log-rotation')
    return entry.files.map(({ file, run }) => ({ what: `${name} of ${file}`, said: run ?? {} }));
  if (entry.kind !== 'service' && entry.kind !== 'timer') return [];
  const actions = Object.entries(entry.actions).map(([action, { run }]) => ({
    what: `action ${action} of ${name}`,
    said: run ?? {},
  }));
  if (entry.kind === 'timer') return [{ what: name, said: entry.run }, ...actions];
  const checks = { what: `the check of ${name}`, said: entry.ready?.exec ?? {} };
  return [{ what: name, said: entry.start ?? {} }, checks, ...actions];
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
    return error instanceof Error ? error.message : String(error);
  }
};
