/** What a service says about itself: plain data, all that `herd status` prints. */
import type { Turn } from '@bellwether/actors';
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
  SocketConfig,
} from '../words/types.ts';

/**
 * The status now; only its log file and its schedule are asked of somebody else, near. `hasLists`: with alarms and
 * runs.
 */
export const statusOf = (held: ServiceHeld, turn: Turn, hasLists = false): LocalStatus => {
  const config = held.config.get();
  const { state, isEnabled, isWanted, since, unservedSince, respawns, exits, failure } =
    held.shown.get();
  const { disabledReason, slot } = held.shown.get();
  const command = config.start ?? config.timer?.run;
  const nextStartMs = state.at === 'resting' ? state.dueMs - held.clock.now() : undefined;
  return {
    kind: 'local',
    version: held.version.get(),
    provision: config.provision,
    requirement: config.requirement,
    documentation: config.documentation,
    actions: Object.entries(config.actions).map(([name, { documentation }]) => ({
      name,
      documentation,
    })),
    stage: stageOf(state),
    ageMs: 0,
    isReady: state.at === 'running',
    ...(held.isReplaced.get() && { hasReplacement: true }),
    isEnabled,
    isWanted,
    ...(isRespawning(state) && { isRespawning: true }),
    ...(unservedSince !== undefined && { unservedMs: held.clock.now() - unservedSince }),
    isOneShot: config.isOneShot,
    isRespawned: config.respawn !== undefined,
    respawnCount: respawns.count,
    ...timesOf(held),
    ...given('since', since),
    ...given('pid', runOf(state)?.pid ?? timerPidOf(held, turn)),
    ...given('command', command?.argv),
    ...given('stopCommand', config.stop.run?.argv),
    ...given('remainsAfterExit', config.remainsAfterExit),
    ...given('live', lifeSignsOf(held)),
    ...given('endpoints', config.sockets?.map(endpointOf)),
    ...given('accepting', config.inetd && acceptFactsOf(held.accepting, config.inetd)),
    ...given('connection', config.connection && connectionOf(config.connection)),
    ...given('pidFile', config.pidFile?.path),
    ...given('keepsGroup', config.keepsGroup),
    ...given('runsAs', command?.runAs ?? config.runAs ?? (slot && {})),
    ...given('lastRespawn', respawns.lastAt),
    ...given('lastExit', exits.at(-1)),
    ...(exits.length > 0 && { exits }),
    ...given('nextStartMs', nextStartMs && Math.max(0, Math.ceil(nextStartMs))),
    ...given('disabledReason', isEnabled ? undefined : disabledReason),
    ...given('failure', failure),
    ...given('labels', config.labels),
    ...given('slot', slot),
    ...given('transient', transientOf(held)),
    ...given('timer', timerFactsOf(held, turn, hasLists)),
    ...(command === undefined ? {} : { logFile: turn.call(held.logger, 'path') }),
  };
};

/** One that has ended is not started again. */
const transientOf = (held: ServiceHeld): LocalStatus['transient'] => {
  if (held.config.get().transient !== 'child') return undefined;
  const isOver = held.retirement.get() !== undefined && stateOf(held).at === 'stopped';
  return isOver ? 'ended' : 'lives';
};

const lifeSignsOf = (held: ServiceHeld): LifeSigns | undefined => {
  const { live } = held.config.get();
  const state = stateOf(held);
  if (live === undefined || state.at !== 'running' || state.run === undefined) return undefined;
  const failureCount = held.shown.get().deathSignCount;
  const checkedAt = held.checkedAt.get();
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
const timesOf = ({ config, latest }: ServiceHeld): Pick<LocalStatus, 'readyMs' | 'graceMs'> => {
  const { ready, isOneShot, pidFile } = latest.get();
  const readyMs = (pidFile?.timeoutMs ?? 0) + (ready.kind === 'spawned' ? 0 : ready.timeoutMs);
  const { start, timer, stop } = config.get();
  return {
    ...given('readyMs', readyMs === 0 || isOneShot ? undefined : readyMs),
    ...given('graceMs', (start ?? timer ?? stop.run) === undefined ? undefined : stopMs(stop)),
  };
};

/** A field that is there only if it has a value. */
const given = <K extends string, V>(key: K, value: V | undefined): Partial<Record<K, V>> =>
  value === undefined ? {} : ({ [key]: value } as Record<K, V>);
