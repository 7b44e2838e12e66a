/**
 * Whether a fleet is well: a function of what its members are, with no memory of its own, so that a
 * controller that starts afresh judges as the one before it. A member serves while it runs and is
 * ready. The first line that holds decides:
 *
 *     all serve                                            ok
 *     enough serve                                         degraded
 *     the unknown ones decide                              no judgement
 *     none is wanted, or all of them were to stop          degraded by those that serve; where none does: no
 *                                                          judgement, it is stopped as it was wished
 *     too few for longer than the fleet may take           failed; who is being started has as long as he may take
 *     those that come back by themselves would be enough   degraded
 *     too few                                              settling
 *
 * A wanted fleet is judged by who serves: that one of its members was stopped on purpose explains why too
 * few do, and excuses nothing. One that was stopped, as a whole, by the last command for it is not wanted, though a
 * member goes on that this did not reach, or that was started for something else.
 *
 * How long there have been too few is known from how long each member has not served, which its own
 * machine tells as a span of time: no two clocks are compared.
 */
import { isServing, type Health, type Stage, type Status } from '@bellwether/shepherd';

/** What of a member is judged. */
export type Seen = Pick<
  Status,
  'provision' | 'stage' | 'isReady' | 'isWanted' | 'isRespawning' | 'unservedMs' | 'readyMs'
>;
/** What a fleet may do. */
export interface HealthTerms {
  /** Members that have to serve. */
  readonly neededCount: number;
  /** Milliseconds for which fewer may. */
  readonly settleMs: number;
  /** Whether the last command for the fleet as a whole was a stop; asked where too few serve. */
  readonly isStopped?: () => boolean;
}
/** A judgement, and what it rests on. */
export interface Judgement {
  readonly stage: Stage;
  /** Members that serve. */
  readonly runningCount: number;
  readonly health?: Health;
  /** Names of the members that surely do not serve, where the fleet is wanted; of those that do, where it is not. */
  readonly blame: readonly string[];
  /** True where any member is wanted, false where none is, or all were to stop; absent where nobody knows. */
  readonly isWanted?: boolean;
  /** Milliseconds for which fewer than needed have surely served; absent while enough may. */
  readonly unservedMs?: number;
  /** Milliseconds until it has failed where nothing but the time changes, not above 0 where it has; Infinity: never. */
  readonly failsInMs: number;
}

/** The judgement over members on these terms. */
export const judge = (members: readonly Seen[], terms: HealthTerms): Judgement => {
  const tally = count(members, terms);
  const unservedMs = unservedOf(tally, terms.neededCount);
  const { runningCount, memberCount, idle, blame, isWanted } = tally;
  const leftMs = failsInMs(idle, memberCount, terms);
  const health = healthOf(tally, terms.neededCount, leftMs);
  return {
    stage: stageIn(tally, terms.neededCount),
    runningCount,
    blame,
    failsInMs: leftMs,
    ...(health !== undefined && { health }),
    ...(isWanted !== undefined && { isWanted }),
    ...(unservedMs !== undefined && { unservedMs }),
  };
};

/** What is on its way was wanted by somebody, also where its shepherd does not say. */
const wishFor = ({ isWanted, stage }: Seen): boolean | undefined =>
  isWanted ?? (stage === 'starting' || stage === 'running' ? true : undefined);

interface Tally {
  readonly memberCount: number;
  readonly runningCount: number;
  readonly unknownCount: number;
  readonly respawningCount: number;
  /** On their way up, or up and not ready. */
  readonly startingCount: number;
  readonly stoppingCount: number;
  readonly blame: readonly string[];
  readonly isWanted: boolean | undefined;
  /** That surely do not serve. */
  readonly idle: readonly Seen[];
}
const count = (members: readonly Seen[], { neededCount, isStopped }: HealthTerms): Tally => {
  const serving = members.filter(isServing);
  const idle = members.filter((one) => !isServing(one) && one.stage !== 'unknown');
  const wishes = members.map(wishFor);
  const isOver = serving.length < neededCount && isStopped?.() === true;
  const isWanted =
    !isOver && (wishes.includes(true) || (wishes.includes(undefined) ? undefined : false));
  const countOf = (stage: Stage): number => idle.filter((one) => one.stage === stage).length;
  return {
    memberCount: members.length,
    runningCount: serving.length,
    unknownCount: members.filter(({ stage }) => stage === 'unknown').length,
    respawningCount: idle.filter(({ isRespawning }) => isRespawning === true).length,
    startingCount: countOf('starting') + countOf('running'),
    stoppingCount: countOf('stopping'),
    blame: isWanted === undefined ? [] : namesOf(isWanted ? idle : serving),
    isWanted,
    idle,
  };
};

const namesOf = (members: readonly Seen[]): readonly string[] =>
  members.flatMap(({ provision }) => provision.slice(0, 1));

/** A fleet is stopped once none of its members serves, and not before. */
const stageIn = (
  { runningCount, unknownCount, startingCount, stoppingCount }: Tally,
  neededCount: number,
): Stage => {
  if (runningCount >= neededCount && runningCount > 0) return 'running';
  if (runningCount + unknownCount >= neededCount && unknownCount > 0) return 'unknown';
  if (startingCount > 0) return 'starting';
  if (runningCount > 0) return 'running';
  return stoppingCount > 0 ? 'stopping' : 'stopped';
};

/**
 * Fewer than needed serve where more than the spare ones do not: since the last of those ceased to,
 * counted from the one that ceased first.
 */
const unservedOf = ({ memberCount, idle }: Tally, neededCount: number): number | undefined =>
  idle.map(({ unservedMs = 0 }) => unservedMs).sort((a, b) => b - a)[memberCount - neededCount];

/** How long none of these may still be away before the fleet has failed; Infinity where that does not matter. */
const failsInMs = (
  idle: readonly Seen[],
  memberCount: number,
  { neededCount, settleMs }: HealthTerms,
): number => {
  const leftMs = ({ stage, isRespawning, readyMs = 0, unservedMs = 0 }: Seen): number =>
    Math.max(settleMs, stage === 'starting' && isRespawning !== true ? readyMs : 0) - unservedMs;
  return idle.map(leftMs).sort((a, b) => a - b)[memberCount - neededCount] ?? Infinity;
};

const healthOf = (tally: Tally, neededCount: number, leftMs: number): Health | undefined => {
  const { memberCount, runningCount, unknownCount, respawningCount, isWanted } = tally;
  if (runningCount === memberCount && memberCount > 0) return 'ok';
  if (runningCount >= neededCount && runningCount > 0) return 'degraded';
  if (runningCount + unknownCount >= neededCount && unknownCount > 0) return undefined;
  if (isWanted !== true) return runningCount > 0 ? 'degraded' : undefined;
  if (leftMs <= 0) return 'failed';
  return runningCount + respawningCount >= neededCount ? 'degraded' : 'settling';
};
