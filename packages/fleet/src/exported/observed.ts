/**
 * What is known of a service elsewhere.
 *
 *     nothing yet                                unknown, never seen
 *     heard, or confirmed, within two beats      as it was heard, with its age
 *     longer ago, or contact lost since          unknown, with the age of what was known
 *     heard, older than what is known already    as it was known
 *     an outcome of another life                 as it was known
 *     an answer                                  as old as its question
 *
 * A heartbeat says that nothing has changed since the last push, so it confirms what was heard. A stage
 * is never shown as known for longer than it can be: better unknown than a stale `running`.
 *
 * Ages count what passes by either clock, whichever says more: the monotonic one stands still while the
 * machine sleeps (CLOCK_MONOTONIC, clock_gettime(2)), and what was known before that is as old as the
 * wall clock says. A wall clock that is set forward costs a moment of doubt, until the next heartbeat.
 */
import {
  unknownStatus,
  type ExportedStatus,
  type Labels,
  type MemberStatus,
  type Outcome,
  type Status,
  type Version,
} from '@bellwether/shepherd';

/** A moment by both clocks of this side, in milliseconds. */
export interface Instant {
  readonly now: number;
  readonly wall: number;
}
/** An observation: what the far end said, and when it was heard by this side's own clocks. */
export interface Observed {
  readonly last: Known | undefined;
  /** When `last` was heard. */
  readonly toldAt: Instant | undefined;
  /** When it was heard, or confirmed since. */
  readonly lastAt: Instant | undefined;
  /** When the far end answered anything; undefined before the first contact. */
  readonly contactAt: Instant | undefined;
  /** Why it is unknown now; undefined while the last contact was a good one. */
  readonly trouble: string | undefined;
}
/** What was heard, whatever kind of service the far end said it of, and whatever it calls it. */
export type Known = Omit<ExportedStatus, 'kind' | 'origin' | 'labels'> &
  Partial<Pick<Status, 'kind'>>;
/** What this side knows by itself. */
export interface Exported {
  readonly provision: readonly [string, ...string[]];
  /** The operator's own label for the machine. */
  readonly origin: string;
  /** What has to run here before it is asked to start there. */
  readonly requirement: readonly string[];
  readonly labels?: Labels;
}

/** Before the first contact. */
export const nothingObserved: Observed = {
  last: undefined,
  toldAt: undefined,
  lastAt: undefined,
  contactAt: undefined,
  trouble: undefined,
};

/** Milliseconds from one moment to another. */
export const between = (from: Instant, to: Instant): number =>
  Math.max(0, to.now - from.now, to.wall - from.wall);

/** What the far end says; if another answer has overtaken it, it only shows that it is there. */
export const heard = (observed: Observed, last: Known, at: Instant): Observed =>
  isOlder(last.version, observed.last?.version)
    ? touched(observed, at)
    : { last: unlabelled(last), toldAt: at, lastAt: at, contactAt: at, trouble: undefined };
/** How it is called there is for those who ask there: no machine says by itself what is meant for it. */
const unlabelled = (last: Known & Pick<ExportedStatus, 'labels'>): Known => {
  if (last.labels === undefined) return last;
  const { labels: _labels, ...known } = last;
  return known;
};

/**
 * What an answer says was so at some moment since it was asked for: it may have waited for a wire that was cut, as long
 * as that was. So it is no fresher than the question, or than what was heard before and that it is newer than; and what
 * was heard since of another life is what counts.
 */
export const heardAnswer = (
  observed: Observed,
  last: Known,
  askedAt: Instant,
  at: Instant,
): Observed => {
  const { lastAt } = observed;
  const isOvertaken = lastAt !== undefined && lastAt.now > askedAt.now;
  if (isOvertaken && isOfAnother(last.version, observed.last?.version))
    return { ...observed, contactAt: at };
  const next = heard(observed, last, at);
  if (next.last === observed.last) return next;
  const since = isOvertaken ? lastAt : askedAt;
  return { ...next, toldAt: since, lastAt: since };
};
const isOfAnother = (one: Version | undefined, known: Version | undefined): boolean =>
  one !== undefined && known !== undefined && one.born !== known.born;

/** Only states of one birth can be compared; the others are taken in the order of the answers. */
const isOlder = (one: Version | undefined, known: Version | undefined): boolean =>
  one !== undefined && one.born === known?.born && one.sequence < known.sequence;

/**
 * A command's outcome says where the service was left; the rest stays as it was known. One of another life of the
 * far end does not: operations outlive it, so that may be the answer to a repeat, read from the disk, and which life
 * was the later one it does not say. What is now, the push says that comes with every contact.
 */
export const heardOutcome = (
  observed: Observed,
  outcome: Outcome,
  askedAt: Instant,
  at: Instant,
): Observed => {
  const { last } = observed;
  if (last === undefined || outcome.stage === undefined) return touched(observed, at);
  if (outcome.version?.born !== last.version?.born) return { ...observed, contactAt: at };
  const { pid: _pid, isReady: _isReady, since: _since, failure: _failure, ...rest } = last;
  const { isRespawning: _isRespawning, unservedMs: _unservedMs, isGone: _isGone, ...told } = rest;
  const kept = unprompted(told);
  const pid = outcome.pid === undefined ? {} : { pid: outcome.pid };
  const version = outcome.version === undefined ? {} : { version: outcome.version };
  const left: Known = { ...kept, ...pid, ...version, stage: outcome.stage, ageMs: 0 };
  return heardAnswer(observed, left, askedAt, at);
};

/** What its last start and stop came from is known of a state that was looked at, and of no later one. */
const unprompted = (known: Known): Known => {
  const { startedBy: _started, stoppedBecause: _stopped, disabledBy: _disabled, ...kept } = known;
  return kept;
};

/** The far end answered, and said nothing of where the service is. */
export const touched = ({ last, toldAt, lastAt }: Observed, at: Instant): Observed => ({
  last,
  toldAt,
  lastAt,
  contactAt: at,
  trouble: undefined,
});

/** Nothing has changed since it was heard of last. */
export const confirmed = (observed: Observed, at: Instant): Observed => ({
  ...touched(observed, at),
  lastAt: observed.last === undefined ? undefined : at,
});

/** Contact failed. What was known stays known as the past. */
export const lostSight = (observed: Observed, trouble: string): Observed => ({
  ...observed,
  trouble,
});

/** Why nobody can tell where the service is; undefined where that is known. */
export const doubtOf = (observed: Observed, at: Instant, staleMs: number): string | undefined => {
  const { last, lastAt, trouble } = observed;
  if (trouble !== undefined) return trouble;
  if (last === undefined || lastAt === undefined) return 'not asked yet';
  const silenceMs = between(lastAt, at);
  return silenceMs < staleMs ? undefined : `not heard of for ${Math.round(silenceMs / 1_000)} s`;
};

/** The status to show at this moment. */
export const statusOf = (
  exported: Exported,
  observed: Observed,
  at: Instant,
  staleMs: number,
): ExportedStatus => {
  const { last, lastAt, toldAt } = observed;
  const known: Known = last ?? unknownStatus(exported.provision[0], '');
  const { unservedMs } = known;
  // What was told goes on from when it was told, however often it was confirmed since.
  const unserved =
    unservedMs === undefined || toldAt === undefined
      ? {}
      : { unservedMs: Math.round(unservedMs + between(toldAt, at)) };
  const { provision, origin, requirement, labels } = exported;
  const called = labels === undefined ? {} : { labels };
  const here = { kind: 'exported', provision, requirement, origin, ...called } as const;
  const age =
    known.ageMs === undefined || lastAt === undefined
      ? {}
      : { ageMs: Math.round(known.ageMs + between(lastAt, at)) };
  const doubt = doubtOf(observed, at, staleMs);
  if (doubt === undefined) return { ...known, ...here, ...age, ...unserved };
  return { ...past(known), ...here, ...age, stage: 'unknown', unknownReason: doubt };
};

/** Leaves out what is only true of a moment. */
const past = (known: Known): Known => {
  const {
    pid: _pid,
    isReady: _isReady,
    since: _since,
    members,
    runningCount: _runningCount,
    health: _health,
    blame: _blame,
    isRespawning: _isRespawning,
    unservedMs: _unservedMs,
    isGone: _isGone,
    ...kept
  } = unprompted(known);
  if (members === undefined) return kept;
  return { ...kept, members: members.map(unknownMember) };
};
const unknownMember = ({ name, ageMs }: MemberStatus): MemberStatus => ({
  name,
  ...(ageMs !== undefined && { ageMs }),
  stage: 'unknown',
});
