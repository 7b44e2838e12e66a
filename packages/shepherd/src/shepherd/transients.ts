/**
 * Transient services: commands that somebody has run once, now or at a time, and that nobody has configured.
 *
 *     spawn      a description is made, written down and registered; whoever asks has it started
 *     ended      with its process, with its last alarm, or stopped: it stays as it is, is out of every list, and is not
 *                started again; who knows its name hears how it ended, and reads its log
 *     forgotten  a day later, or when others have ended after it
 *
 * All require `transient`, or `timer` where they wait for their time, which come with the first of them: to stop that
 * is to stop all. A next daemon adopts what runs, has what waits wait on, and starts nothing that has ended meanwhile.
 */
import { Limit, Refused, type Ref, type Turn } from '@bellwether/actors';
import { parents } from '../action-table.ts';
import { readRunOnce, type RunOnce } from '../checks/transient-text.ts';
import { isSpawnName } from '../checks/spawn-words.ts';
import { Conflict, Malformed } from '../errors.ts';
import { limits } from '../limits.ts';
import { cutText } from '../text.ts';
import { admit, connectionConfig, forgetConnection } from './connections.ts';
import { define } from './registering.ts';
import { makeSpawner } from './spawner.ts';
import type { ShepherdHeld } from './shepherd-state.ts';
import { forgetService } from './forgetting.ts';
import type {
  Entry,
  LocalService,
  ServiceConfig,
  Shepherd,
  SpawnSpec,
  Transient,
  TransientRecord,
} from '../words/types.ts';

const actionOf = new Map(Object.entries(parents).map(([action, name]) => [name as string, action]));

/** Has the parent there that somebody asks for a transient service; nothing where it is none, or is there. */
export const haveParent = (
  held: ShepherdHeld,
  turn: Turn<Shepherd>,
  name: string,
  action: string | undefined = actionOf.get(name),
): void => {
  if (action === undefined || actionOf.get(name) !== action || held.spawning === undefined) return;
  if (held.canonical(turn, name) !== undefined) return;
  const agent = turn.spawn(makeSpawner, {
    shepherd: turn.self,
    clock: held.clock,
    zone: held.zone,
  });
  define(held, turn, parentConfig(name, action), agent);
};
const parentConfig = (name: string, action: string): ServiceConfig => ({
  provision: [name],
  requirement: [],
  documentation:
    name === parents.spawn
      ? 'What was run with herd spawn: to stop it ends all of it.'
      : 'What was scheduled with herd schedule: to stop it calls all of it off.',
  stop: { signal: 'SIGTERM', graceMs: limits.orphanGraceMs },
  ready: { kind: 'spawned' },
  isOneShot: false,
  actions: {
    [action]: {
      kind: 'agent',
      documentation:
        name === parents.spawn ? 'Run a command once.' : 'Run a command once at a time.',
      takesArguments: true,
    },
  },
  isAutoStarted: true,
  transient: 'parent',
});

/** Makes one, of which the disk knows before it runs. Its name. @throws Conflict, Limit, Refused */
export const spawn = (
  held: ShepherdHeld,
  turn: Turn<Shepherd>,
  spec: SpawnSpec,
  atMs: number | undefined,
  operation: string,
): string => {
  const { spawning } = held;
  if (spawning === undefined)
    throw new Refused('this shepherd runs nothing that is not configured');
  sweep(held, turn);
  const living = [...held.transients.values()].filter(
    ({ ended, config }) => ended === undefined && config.connection === undefined,
  );
  if (living.length >= limits.transientCount)
    throw new Limit(`${limits.transientCount} transient services live already`);
  const parent = atMs === undefined ? parents.spawn : parents.schedule;
  const name = spec.name ?? freeName(held, turn, parent);
  if (held.canonical(turn, name) !== undefined && !hasEnded(held, name))
    throw new Conflict(`there is a service '${name}' already`);
  if ([...held.orphans.values()].some(({ service }) => service === name))
    throw new Conflict(`a process of an earlier '${name}' is being ended; try again`);
  const { logFile } = spec;
  const config = configOf(name, {
    command: spawning.commandOf(spec),
    ...(atMs !== undefined && { atMs }),
    ...(logFile !== undefined && { logFile }),
  });
  const text = JSON.stringify(config);
  if (text.length > limits.transientCharacters)
    throw new Limit(`its description has over ${limits.transientCharacters} characters`);
  // Whoever takes the name of one that has ended knows of that.
  eraseEnded(held, turn, name);
  haveParent(held, turn, parent);
  turn.effect(() => held.logFiles.remove(name));
  note(held, turn, { service: name, operation, config });
  define(held, turn, config);
  return name;
};

/** See Shepherd. */
export const spawnedBy = ({ transients }: ShepherdHeld, operation: string): string | undefined =>
  [...transients.values()].find(
    (each) => each.operation === operation && each.config.connection === undefined,
  )?.service;

const freeName = (held: ShepherdHeld, turn: Turn, parent: string): string => {
  for (let number = 1; ; number += 1) {
    const name = `${parent}-${number}`;
    if (held.canonical(turn, name) === undefined) return name;
  }
};

const configOf = (name: string, once: RunOnce): ServiceConfig => {
  const { command, stop, connection } = once;
  return connection === undefined || stop === undefined
    ? runConfig(name, once)
    : connectionConfig(name, { command, stop, connection });
};
const runConfig = (name: string, { command, atMs, logFile }: RunOnce): ServiceConfig => ({
  provision: [name],
  requirement: [atMs === undefined ? parents.spawn : parents.schedule],
  documentation: '',
  stop: { signal: 'SIGTERM', graceMs: limits.orphanGraceMs },
  ready: { kind: 'spawned' },
  isOneShot: false,
  actions: {},
  isAutoStarted: false,
  transient: 'child',
  ...(logFile !== undefined && { log: { file: logFile } }),
  ...(atMs === undefined
    ? { start: command }
    : {
        timer: {
          when: { kind: 'once', atMs },
          run: command,
          overlap: 'skip',
          runCount: 1,
          isCaughtUp: true,
        },
      }),
});

const note = (held: ShepherdHeld, turn: Turn, one: Transient): void => {
  const { config, ...rest } = one;
  held.transients.set(one.service, one);
  const record: TransientRecord = { ...rest, text: JSON.stringify(config) };
  turn.record({ kind: 'transient', ...record } satisfies Entry);
};

/**
 * Registers what the disk has of them: to be done before anything is adopted. The names of those whose name the
 * configuration has by now: what lives of them is not its process.
 */
export const bringTransients = (held: ShepherdHeld, turn: Turn<Shepherd>): ReadonlySet<string> => {
  const displaced = new Set<string>();
  for (const record of held.records.transients) recollect(held, turn, record);
  sweep(held, turn);
  for (const one of [...held.transients.values()]) {
    if (one.ended === undefined) haveParent(held, turn, one.config.requirement[0] ?? '');
    if (!bringOne(held, turn, one)) displaced.add(one.service);
  }
  return displaced;
};

/** One that cannot be read is dropped, and holds up nobody: of what it may have left running the boot takes care. */
const recollect = (held: ShepherdHeld, turn: Turn, { text, ...record }: TransientRecord): void => {
  const { service } = record;
  try {
    if (!isSpawnName(service)) throw new Malformed('service: expected a name of one');
    held.transients.set(service, { ...record, config: configOf(service, readRunOnce(text)) });
  } catch (error) {
    if (!(error instanceof Malformed)) throw error;
    turn.effect(() => held.log('transient.unreadable', { service, reason: error.message }));
    turn.record({ kind: 'untransient', service } satisfies Entry);
  }
};

/** A name that the configuration has by now is the configuration's; false then. */
const bringOne = (held: ShepherdHeld, turn: Turn<Shepherd>, one: Transient): boolean => {
  const { service: name, config, ended } = one;
  if (held.canonical(turn, name) !== undefined) {
    erase(held, turn, name);
    turn.effect(() => held.log('transient.displaced', { service: name }));
    return false;
  }
  const service = admit(held, turn, config);
  if (ended !== undefined) close(turn, service, name);
  return true;
};

/** What was not found to run, and is not to run yet, has ended while there was no daemon. */
export const endUnfound = (held: ShepherdHeld, turn: Turn): void => {
  for (const { service: name, config, ended } of [...held.transients.values()]) {
    const own = held.own(name);
    if (own === undefined || ended !== undefined || config.timer !== undefined) continue;
    if (turn.call(own.service, 'standing').stage === 'stopped') end(held, turn, name, own.service);
  }
};

/** One that came to an end stays until it is forgotten; a parent stays for the next. */
export const transientEnded = (held: ShepherdHeld, turn: Turn, name: string): void => {
  const own = held.own(name);
  if (own?.config.transient !== 'child' || held.isClosing()) return;
  if (turn.call(own.service, 'standing').stage !== 'stopped') return;
  end(held, turn, name, own.service);
  sweep(held, turn);
};

const end = (held: ShepherdHeld, turn: Turn, name: string, service: Ref<LocalService>): void => {
  const one = held.transients.get(name);
  if (one === undefined || one.ended !== undefined) return;
  if (one.config.connection !== undefined) return forgetConnection(held, turn, name);
  const at = Math.max(0, Math.floor(held.clock.wall()));
  const { lastExit } = turn.call(service, 'status');
  note(held, turn, { ...one, ended: { ...lastExit, at } });
  held.desired.delete(name);
  turn.record({ kind: 'unwished', service: name } satisfies Entry);
  close(turn, service, name);
};
const close = (turn: Turn, service: Ref<LocalService>, name: string): void =>
  turn.call(service, 'retire', `Transient service ${cutText(name, 64)} has ended.`);

/** Whether a service is one that has ended: it is in no list. */
export const hasEnded = ({ transients }: ShepherdHeld, name: string): boolean =>
  transients.get(name)?.ended !== undefined;

/** Has the name of one that has ended free for another; nothing where it is none. */
export const eraseEnded = (held: ShepherdHeld, turn: Turn, name: string): void => {
  if (hasEnded(held, name)) erase(held, turn, name);
};

/** Forgets those whose time is over, and the oldest of too many. */
const sweep = (held: ShepherdHeld, turn: Turn): void => {
  const oldest = [...held.transients.values()]
    .flatMap(({ service, ended }) => (ended === undefined ? [] : [{ service, at: ended.at }]))
    .sort((one, other) => one.at - other.at);
  const least = held.clock.wall() - limits.endedTransientMs;
  const tooMany = oldest.length - limits.endedTransientCount;
  for (const [place, { service, at }] of oldest.entries())
    if (place < tooMany || at < least) erase(held, turn, service);
};

const erase = (held: ShepherdHeld, turn: Turn, name: string): void => {
  const own = held.own(name);
  if (own?.config.transient === 'child') {
    forgetService(held, turn, name);
    held.timers.delete(name);
    // The next one of that name is another one.
    if (held.enabled.get(name) === false)
      turn.record({ kind: 'enabled', service: name, isEnabled: true } satisfies Entry);
    held.enabled.delete(name);
    turn.effect(() => held.logFiles.remove(name));
  }
  // Nor was it for a service that has its name by now.
  held.desired.delete(name);
  turn.record({ kind: 'unwished', service: name } satisfies Entry);
  held.transients.delete(name);
  held.prompts.delete(name);
  turn.record({ kind: 'untransient', service: name } satisfies Entry);
  turn.record({ kind: 'untimed', service: name, placeCount: limits.timerRunCount } satisfies Entry);
};
