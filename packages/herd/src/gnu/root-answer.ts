/** Actions of GNU Shepherd's `root`: the shepherd itself. */
import { ActorError } from '@bellwether/actors';
import type { Reloaded } from '@bellwether/fleet';
import type { Status } from '@bellwether/shepherd';
import { reloadLines } from '../cli/format/reload.ts';
import { notHere } from '../cli/grammar/not-here.ts';
import {
  changesByService,
  unknownMessages,
  unspecified,
  type AnswerPowers,
  type NamedRequest,
} from './asked.ts';
import { docMessages } from './doc.ts';
import { Heard, troubleIn } from './heard.ts';
import { statusMs } from './limits.ts';
import { rootRecord, serviceRecord } from './service-record.ts';
import { shown } from './shown.ts';
import { sym, type Datum } from './wire/datum.ts';
import type { GnuReply } from './wire/request.ts';

/** What it does, with what `herd doc root` says of that. */
export const rootActions: readonly { readonly name: string; readonly documentation: string }[] = [
  { name: 'help', documentation: "Show the help message for the 'root' service." },
  { name: 'status', documentation: 'Tell how all services are.' },
  {
    name: 'reload',
    documentation: 'Read the configuration again, and take over what has changed in it.',
  },
  { name: 'restart', documentation: 'Of the shepherd itself: nothing.' },
];
/** What `herd doc root` says. */
const documentation = 'The shepherd itself. To stop it is to stop every service, in order.';

/** As lines for whoever reads them later, somewhere else. */
const plainLook = {
  paint: (_style: string, text: string): string => text,
  bullet: '*',
  columns: 80,
  now: 0,
};

const help = `This is Bellwether, by the protocol of GNU Shepherd: 'herd status' tells how all
services are, 'herd status SERVICE' how one is, 'herd start', 'herd stop' and
'herd restart' do what they say. 'herd doc root list-actions' shows what can be
asked of the shepherd itself; its own herd knows more.`;

/** Answers what is asked of the shepherd itself. 'end': it has ended. */
export const answerRoot = async (
  powers: AnswerPowers,
  { action, args }: NamedRequest,
): Promise<GnuReply | 'end'> => {
  const why = action === 'reload' && args.length === 0 ? undefined : notHere.get(action);
  if (why !== undefined) throw new ActorError('refused', why);
  switch (action) {
    case 'status':
      return everything(powers);
    case 'help':
      return { result: [help] };
    case 'doc':
      return docMessages(args, { name: 'root', documentation, actions: rootActions });
    case 'start':
      return { result: recordOfRoot(powers), messages: ['Service root is already running.'] };
    case 'restart':
      return { result: unspecified, messages: ['You must be kidding.'] };
    case 'stop':
      await powers.ask((turn, root) =>
        turn.send(
          root,
          'shutDown',
          powers.sink(turn, () => undefined),
        ),
      );
      return 'end';
    case 'reload':
      return reload(powers);
    default:
      return {
        result: false,
        error: { kind: 'action-not-found', action: sym(action), service: sym('root') },
      };
  }
};

const recordOfRoot = ({ root }: AnswerPowers): Datum =>
  rootRecord(
    root,
    documentation,
    rootActions.map(({ name }) => name),
  );

const everything = async (powers: AnswerPowers): Promise<GnuReply> => {
  const [statuses, changes] = await Promise.all([
    powers.ask((turn, root) => turn.send(root, 'statuses', statusMs)),
    powers.ask((turn, root) => turn.send(root, 'history')),
  ]);
  const changesOf = changesByService(changes);
  // There a transient service is gone once it has ended; here its status and its log can be asked for.
  const isThere = (status: Status): boolean =>
    status.kind !== 'local' || status.transient !== 'ended';
  const services = statuses
    .filter(isThere)
    .map((status) =>
      serviceRecord(status, { changes: changesOf.get(status.provision[0] ?? '') ?? [] }),
    );
  return { result: [[recordOfRoot(powers), ...services]], messages: unknownMessages(statuses) };
};

const reload = async (powers: AnswerPowers): Promise<GnuReply> => {
  const heard = new Heard(powers.node);
  const reloaded: Reloaded = await powers.ask((turn, root) =>
    turn.send(root, 'reload', powers.sink(turn, heard.take)),
  );
  if (reloaded.kind === 'refused') return notReloaded(reloaded.problems);
  const { out } = reloadLines(reloaded, false, plainLook, new Set());
  const trouble = reloaded.outcome === undefined ? undefined : troubleIn(reloaded.outcome);
  const messages = [...heard.messages('reload'), ...out.map(shown)];
  if (trouble !== undefined) return { result: [false], messages: [...messages, trouble] };
  return { result: unspecified, messages };
};
/** Each of the problems on its own line, before the error. */
const notReloaded = (problems: readonly string[]): GnuReply => ({
  result: false,
  error: {
    kind: 'exception',
    action: sym('reload'),
    service: sym('root'),
    text: 'the configuration is not as it should be, and nothing has changed',
  },
  messages: problems.map(shown),
});
