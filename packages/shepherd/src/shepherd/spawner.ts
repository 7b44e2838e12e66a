/**
 * The `^spawner`: the agent of `transient` and of `timer`, who runs what somebody wants run once. The owner of the
 * machine alone may: whoever runs commands here can do all that the shepherd can.
 */
import {
  ActorError,
  type Bcom,
  type Behavior,
  type Clock,
  type Ref,
  type Turn,
  type Vow,
} from '@bellwether/actors';
import { readSpawnCommand, readSpawnWords } from '../checks/spawn-words.ts';
import { UnknownAction } from '../errors.ts';
import { digestOf } from '../digest.ts';
import { makeDeafSink } from '../streams/writer.ts';
import { readMoment } from '../timer/moment.ts';
import { isOwn, itself } from '../words/principal.ts';
import { isGood } from '../words/vocabulary.ts';
import type {
  Agent,
  Asker,
  Lines,
  LocalService,
  Outcome,
  Request,
  Shepherd,
  Sink,
  Zone,
} from '../words/types.ts';

/** What makes a spawner. */
export interface SpawnerOptions {
  readonly shepherd: Ref<Pick<Shepherd, 'spawn' | 'spawnedBy' | 'perform'>>;
  readonly clock: Pick<Clock, 'wall'>;
  readonly zone: Zone;
}

/** Makes it, for one of the two. */
export const makeSpawner = (
  turn: Turn<Agent>,
  _bcom: Bcom<Agent>,
  options: SpawnerOptions,
): Behavior<Agent> => {
  const deaf = turn.spawn(makeDeafSink);
  const none = (turn: Turn): never => {
    throw new UnknownAction(String(turn.self), 'deploy');
  };
  return {
    attach: () => undefined,
    turned: () => undefined,
    describe: (_turn, config) => config,
    perform: (turn, service, request, asker, lines) =>
      perform(options, deaf, turn, { service, request, asker, lines }),
    owns: () => false,
    cancel: () => undefined,
    rest: () => undefined,
    offer: none,
    put: none,
  };
};

interface Invocation {
  readonly service: Ref<LocalService>;
  readonly request: Request;
  readonly asker: Asker;
  readonly lines: Ref<Lines>;
}
const perform = (
  options: SpawnerOptions,
  deaf: Ref<Sink>,
  turn: Turn,
  { service, request, asker, lines }: Invocation,
): Vow<Outcome> => {
  const parent = turn.call(service, 'canonicalName');
  const failed = (reason: string): Outcome => ({
    member: parent,
    result: 'failed',
    reason,
    rows: [],
  });
  if (!isOwn(asker.principal))
    return turn.kept({
      ...failed('only the owner of this machine may run commands'),
      result: 'denied',
    });
  const made = (name: string): Outcome => ({
    member: parent,
    result: 'changed',
    rows: [],
    output: [name],
  });
  const known = turn.call(options.shepherd, 'spawnedBy', request.operation);
  if (known !== undefined) return turn.kept(made(known));
  if (request.isRepeat === true)
    return turn.kept({ ...failed('nobody knows whether it was run'), result: 'unknown' });
  let name: string;
  try {
    name = make(options, turn, request);
  } catch (reason) {
    // An answer: what it did is undone by nobody, since it did nothing.
    if (reason instanceof ActorError)
      return turn.kept(failed(`${request.action}: ${reason.message}`));
    throw reason;
  }
  const start = startOf(name, request);
  const by = { principal: itself };
  const { operation, action } = request;
  const from = {
    kind: 'command',
    asker: asker.principal,
    operation,
    action,
    service: parent,
  } as const;
  return turn.when(
    turn.send(options.shepherd, 'perform', start, deaf, by, from),
    (turn, outcome): Outcome => {
      const { result, reason, output = [] } = outcome;
      if (!isGood(outcome))
        return { ...failed(reason ?? `${name} was not started`), result, output };
      const words = request.action === 'spawn' ? 'has been started' : 'has been scheduled';
      turn.tell(lines, 'line', `Service ${name} ${words}.`);
      return made(name);
    },
  );
};

/** @throws BadRequest, and what `spawn` of the shepherd throws */
const make = (
  { shepherd, clock, zone }: SpawnerOptions,
  turn: Turn,
  { action, args, operation }: Request,
): string => {
  const { said, words } = readSpawnWords(args);
  if (action === 'spawn')
    return turn.call(
      shepherd,
      'spawn',
      { ...said, argv: readSpawnCommand(words) },
      undefined,
      operation,
    );
  const now = Math.floor(clock.wall());
  const { atMs, wordCount } = readMoment(words, now, zone);
  const argv = readSpawnCommand(words.slice(wordCount));
  return turn.call(shepherd, 'spawn', { ...said, argv }, atMs, operation);
};

/** Of no other operation is anything known under it: what the shepherd asks itself is of this life alone. */
const startOf = (name: string, { operation, remainingMs }: Request): Request => ({
  operation: `spawn-${digestOf(operation)}`,
  member: name,
  action: 'start',
  args: [],
  remainingMs,
  hops: [],
});
