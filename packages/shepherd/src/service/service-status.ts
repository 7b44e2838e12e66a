/** What a service says about itself: plain data, all that `herd status` prints. */
import type { Turn } from '@bellwether/actors';
import { isSpent } from './prompts.ts';
import { minds } from './respawn.ts';
import { isRespawning, runOf, stageOf, stateOf, type ServiceHeld } from './service-state.ts';
import { stopMs } from '../words/stopping.ts';
import { timerFactsOf, timerPidOf } from './timing.ts';
import { acceptFactsOf } from './accepted.ts';
import { peerText, placeText } from '../words/socket-types.ts';
import type {
  ConnectionConfig,
  ConnectionFacts,
  Endpoint,
  LifeSigns,
  LocalStatus,
  ServiceConfig,
  SocketConfig,
  Standing,
} from '../words/types.ts';

/**
 * The status now; only its log file and its schedule are asked of somebody else, near. `hasLists`: with alarms and
 * runs, and what its last start and stop came from. One object of one shape: a spread with one field behind it gives
 * each of a thousand a hidden class of its own, and they are slow to write to a peer then.
 */
export const statusOf = (
  held: ServiceHeld,
  turn: Turn,
  hasLists = false,
  recentLines?: readonly string[],
): LocalStatus => {
  const config = held.config.get();
  const { state, isEnabled, isWanted, since, unservedSince, respawns } = held.shown.get();
  const { exits, failure, slot, hang } = held.shown.get();
  const { started, stopped, disabled } = held.prompts.get();
  const command = config.start ?? config.timer?.run;
  const isBack = state.at !== 'stopped' || minds(config.respawn?.on, exits.at(-1)?.code);
  const nextStartMs = state.at === 'resting' ? state.dueMs - held.clock.now() : undefined;
  // Field by field: a thousand of these are made for one question, and spreads of one field each took most of that.
  const status: Writable<LocalStatus> = {
    kind: 'local',
    version: held.version.get(),
    provision: config.provision,
    requirement: config.requirement,
    documentation: config.documentation,
    actions: actionsOf(config),
    stage: stageOf(state),
    ageMs: 0,
    isReady: state.at === 'running',
    isEnabled,
    isWanted,
    isOneShot: config.isOneShot,
    isRespawned: config.respawn !== undefined && isBack,
    respawnCount: respawns.count,
  };
  const given = <K extends keyof LocalStatus>(key: K, value: LocalStatus[K] | undefined): void => {
    if (value !== undefined) status[key] = value;
  };
  if (held.besides.get().isReplaced) status.hasReplacement = true;
  if (isRespawning(state)) status.isRespawning = true;
  if (unservedSince !== undefined) status.unservedMs = held.clock.now() - unservedSince;
  given('readyMs', readyMsOf(held));
  given('graceMs', graceMsOf(held));
  given('since', since);
  given('pid', runOf(state)?.pid ?? timerPidOf(held, turn));
  given('command', command?.argv);
  given('stopCommand', config.stop.run?.argv);
  given('remainsAfterExit', config.remainsAfterExit);
  given('live', lifeSignsOf(held));
  given('endpoints', config.sockets?.map(endpointOf));
  given('accepting', config.inetd && acceptFactsOf(held, config.inetd));
  given('connection', config.connection && connectionOf(config.connection));
  given('pidFile', config.pidFile?.path);
  given('keepsGroup', config.keepsGroup);
  given('runsAs', command?.runAs ?? config.runAs ?? (slot && {}));
  given('lastRespawn', respawns.lastAt);
  given('lastExit', exits.at(-1));
  given('exits', exits.length > 0 ? exits : undefined);
  given('hang', hang);
  given('nextStartMs', nextStartMs && Math.max(0, Math.ceil(nextStartMs)));
  given('disabledReason', isEnabled ? undefined : disabled?.reason);
  given('failure', failure);
  given('labels', config.labels);
  given('slot', slot);
  given('transient', transientOf(held));
  given('timer', timerFactsOf(held, turn, hasLists));
  if (hasLists) {
    given('startedBy', started);
    given('stoppedBecause', stopped);
    given('disabledBy', isEnabled ? undefined : disabled);
  }
  if (command !== undefined) status.logFile = turn.call(held.logger, 'path');
  given('recentLines', recentLines);
  return status;
};
/** What of it decides whether it may be started, and is up; the whole of a thousand takes 20 ms to make. */
export const standingOf = (held: ServiceHeld): Standing => {
  const { state, isEnabled } = held.shown.get();
  const hasEnded = transientOf(held) === 'ended';
  return { stage: stageOf(state), isEnabled, hasEnded, isSpent: isSpent(held) };
};
type Writable<T> = { -readonly [K in keyof T]: T[K] };

const actionsOf = ({ actions }: ServiceConfig): LocalStatus['actions'] =>
  Object.entries(actions).map(([name, { documentation }]) => ({ name, documentation }));

/** One that has ended is not started again. */
const transientOf = (held: ServiceHeld): LocalStatus['transient'] => {
  if (held.config.get().transient !== 'child') return undefined;
  const isOver = held.besides.get().retirement !== undefined && stateOf(held).at === 'stopped';
  return isOver ? 'ended' : 'lives';
};

const lifeSignsOf = (held: ServiceHeld): LifeSigns | undefined => {
  const { live } = held.config.get();
  const state = stateOf(held);
  if (live === undefined || state.at !== 'running' || state.run === undefined) return undefined;
  const failureCount = held.shown.get().deathSignCount;
  const checkedAt = held.besides.get().checkedAt;
  const seen = checkedAt === undefined ? {} : { checkedAt };
  return { failureCount, limitCount: live.failureCount, ...seen };
};

const endpointOf = ({ name, place }: SocketConfig): Endpoint => ({
  name,
  address: placeText(place),
});

const connectionOf = ({ of, arrival }: ConnectionConfig): ConnectionFacts => ({
  of,
  peer: peerText(arrival),
  ...(arrival.local !== undefined && { local: placeText(arrival.local) }),
});

/** How it stops is what its process was started with; how it starts, what it is described as by now. */
const readyMsOf = ({ latest }: ServiceHeld): number | undefined => {
  const { ready, isOneShot, pidFile } = latest.get();
  const readyMs = (pidFile?.timeoutMs ?? 0) + (ready.kind === 'spawned' ? 0 : ready.timeoutMs);
  return readyMs === 0 || isOneShot ? undefined : readyMs;
};
const graceMsOf = ({ config }: ServiceHeld): number | undefined => {
  const { start, timer, stop } = config.get();
  return (start ?? timer ?? stop.run) === undefined ? undefined : stopMs(stop);
};
