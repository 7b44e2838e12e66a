/**
 * Connections to services that have a process for each: transient services, which nobody has configured.
 *
 *     connect      a name that is free, a record, a service; its process is given the connection
 *     ended        it is forgotten at once, however it ended; the service that has accepted it has room for one more
 *     next daemon  adopts those that go on; of what has ended meanwhile it forgets the record
 *
 * They require nothing: who stops the service has nobody accepted any more, and those who were are served to the end.
 * As of GNU Shepherd, whose own service forgets how many there are when it is told to stop one; this one does not.
 */
import { Limit, type Bcom, type Behavior, type Ref, type Turn, type Vow } from '@bellwether/actors';
import type { PlainStop } from '../checks/transient-text.ts';
import { limits } from '../limits.ts';
import { sourceOf } from '../service/accepted.ts';
import { itself } from '../words/principal.ts';
import { connectionVariables } from '../words/socket-types.ts';
import { isGood } from '../words/vocabulary.ts';
import { ownId, ownRequest } from './by-itself.ts';
import { define } from './registering.ts';
import type { ShepherdHeld } from './shepherd-state.ts';
import { forgetService } from './forgetting.ts';
import type {
  Command,
  ConnectionConfig,
  Connecting,
  Entry,
  Lines,
  LocalService,
  Prompting,
  ServiceConfig,
  Shepherd,
  TransientRecord,
  Unserved,
} from '../words/types.ts';

/** What the records have instead of the id of an operation: nobody has asked for it. */
const noOperation = 'connection';

/** See Attendant. */
export const connect = (
  held: ShepherdHeld,
  turn: Turn<Shepherd>,
  { of, arrival, stem, command, stop }: Connecting,
): Vow<Unserved | undefined> => {
  const { monitor } = held;
  if (held.isClosing() || held.own(of) === undefined) {
    turn.tell(monitor, 'drop', arrival.number);
    return turn.kept(undefined);
  }
  const name = freeName(held, turn, stem);
  const { signal, graceMs } = stop;
  const connection = { of, arrival };
  note(held, turn, name, { command, stop: { signal, graceMs }, connection });
  const env = { ...command.env, ...connectionVariables(arrival) };
  const service = admit(
    held,
    turn,
    connectionConfig(name, { command: { ...command, env }, stop: { signal, graceMs }, connection }),
  );
  const nobody = turn.spawn(makeNobody);
  const from: Prompting = { kind: 'connection', service: of };
  const request = ownRequest(ownId(held, name), 'start', from);
  const asker = { principal: itself };
  const answer = turn.send(service, 'perform', request, nobody, asker, from);
  return turn.when(answer, (turn, outcome): Unserved | undefined => {
    if (isGood(outcome)) return undefined;
    turn.tell(monitor, 'drop', arrival.number);
    const { reason = 'its process was not started', plainReason } = outcome;
    turn.effect(() => held.log('connection.failed', { service: of, connection: name, reason }));
    forgetConnection(held, turn, name);
    return { reason, ...(plainReason !== undefined && { plainReason }) };
  });
};

/** What one of them is made of. */
export interface ConnectionParts {
  readonly command: Command;
  readonly stop: PlainStop;
  readonly connection: ConnectionConfig;
}
/** The description of one. */
export const connectionConfig = (
  name: string,
  { command, stop, connection }: ConnectionParts,
): ServiceConfig => ({
  provision: [name],
  requirement: [],
  documentation: '',
  start: command,
  stop,
  ready: { kind: 'spawned' },
  isOneShot: false,
  actions: {},
  isAutoStarted: false,
  transient: 'child',
  connection,
});

/** Of lines that nobody waits for. */
const makeNobody = (_turn: Turn<Lines>, _bcom: Bcom<Lines>): Behavior<Lines> => ({
  line: () => undefined,
  pass: () => undefined,
});

/** Numbers go on, so that a name in a log means one of them; one that is in use is left out. */
const freeName = (held: ShepherdHeld, turn: Turn, stem: string): string => {
  for (let number = (held.connectionNumbers.get(stem) ?? 0) + 1; ; number += 1) {
    const name = `${stem}-${number}`;
    if (held.canonical(turn, name) !== undefined) continue;
    held.connectionNumbers.set(stem, number);
    return name;
  }
};

/**
 * Gates nothing: the record of its process, which comes behind it, does. What it runs is not in there but for its
 * words, and of more than are read again for the first: it is never run again. @throws Limit
 */
const note = (held: ShepherdHeld, turn: Turn, name: string, parts: ConnectionParts): void => {
  const { command, ...rest } = parts;
  const { argv, runAs } = command;
  const textOf = (argv: Command['argv']): string => {
    const start: Command = { argv, ...(runAs !== undefined && { runAs }) };
    return JSON.stringify({ start, ...rest });
  };
  const isLong = (text: string): boolean => text.length > limits.transientCharacters;
  const whole = textOf(argv);
  const isCut = isLong(whole) || argv.length > limits.argumentCount;
  const text = isCut ? textOf([argv[0]]) : whole;
  if (isLong(text)) {
    const over = `over ${limits.transientCharacters} characters`;
    throw new Limit(`the description of its process has ${over}`);
  }
  const record: TransientRecord = { service: name, text, operation: noOperation };
  held.transients.set(name, {
    service: name,
    operation: noOperation,
    config: connectionConfig(name, parts),
  });
  turn.record({ kind: 'transient', ...record } satisfies Entry, { gates: false });
};

/** Registers one, now or from the records, and tells who has accepted it. */
export const admit = (
  held: ShepherdHeld,
  turn: Turn<Shepherd>,
  config: ServiceConfig,
): Ref<LocalService> => {
  const service = define(held, turn, config);
  const { connection, provision } = config;
  if (connection === undefined) return service;
  const [name] = provision;
  const [, stem, digits] = /^(.*)-(\d{1,15})$/.exec(name) ?? [];
  if (stem !== undefined) {
    const last = held.connectionNumbers.get(stem) ?? 0;
    held.connectionNumbers.set(stem, Math.max(last, Number(digits)));
  }
  const parent = held.own(connection.of);
  if (parent !== undefined)
    turn.call(parent.service, 'connected', name, sourceOf(connection.arrival));
  return service;
};

/** It is over: nothing is known of it any more. */
export const forgetConnection = (held: ShepherdHeld, turn: Turn, name: string): void => {
  const { connection } = held.transients.get(name)?.config ?? {};
  if (connection === undefined) return;
  const isUnchanged = { gates: false };
  if (held.own(name)?.config.connection !== undefined) forgetService(held, turn, name);
  held.transients.delete(name);
  held.prompts.delete(name);
  turn.record({ kind: 'untransient', service: name } satisfies Entry, isUnchanged);
  // The next one of that name is another one.
  if (held.enabled.get(name) === false)
    turn.record({ kind: 'enabled', service: name, isEnabled: true } satisfies Entry, isUnchanged);
  held.enabled.delete(name);
  if (held.desired.delete(name))
    turn.record({ kind: 'unwished', service: name } satisfies Entry, isUnchanged);
  const parent = held.own(connection.of);
  if (parent !== undefined) turn.call(parent.service, 'disconnected', name);
};
