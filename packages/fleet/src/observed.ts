/**
 * What is known of a service elsewhere.
 *
 *     nothing yet                                unknown
 *     heard, less than `staleMs` ago             as it was heard, with its age
 *     heard, longer ago or contact lost since    unknown, with the age of the last contact
 *     heard, older than what is known already    as it was known
 *
 * Nothing is asked for the sake of freshness: an observation is what a command or a question
 * brought. A stage is never shown as known for longer than it can be: better unknown than a stale
 * `running`.
 */
import {
  unknownStatus,
  type ExportedStatus,
  type MemberStatus,
  type Outcome,
  type Version,
} from '@bellwether/shepherd';
import { LIMITS } from './limits.ts';

/** An observation: what the far end said, and when it was heard by this side's own clock. */
export interface Observed {
  readonly last: Known | undefined;
  /** When `last` was heard, in monotonic milliseconds. */
  readonly lastAt: number | undefined;
  /** When the far end answered anything; undefined before the first contact. */
  readonly contactAt: number | undefined;
  /** Why it is unknown now; undefined while the last contact was a good one. */
  readonly trouble: string | undefined;
}
/** What was heard, whatever kind of service the far end said it of. */
export type Known = Omit<ExportedStatus, 'kind' | 'origin'>;
/** What this side knows by itself. */
export interface Exported {
  readonly provision: readonly [string, ...string[]];
  /** The operator's own label for the machine. */
  readonly origin: string;
  /** What has to run here before it is asked to start there. */
  readonly requirement: readonly string[];
}

/** Before the first contact. */
export const nothingObserved: Observed = {
  last: undefined,
  lastAt: undefined,
  contactAt: undefined,
  trouble: undefined,
};

/** What the far end says; if another answer has overtaken it, it only shows that it is there. */
export const heard = (observed: Observed, last: Known, now: number): Observed =>
  isOlder(last.version, observed.last?.version)
    ? touched(observed, now)
    : { last, lastAt: now, contactAt: now, trouble: undefined };

/** Only states of one epoch can be compared; the others are taken in the order of the answers. */
const isOlder = (one: Version | undefined, known: Version | undefined): boolean =>
  one !== undefined && one.epoch === known?.epoch && one.sequence < known.sequence;

/** A command's outcome says where the service was left; the rest stays as it was known. */
export const heardOutcome = (observed: Observed, outcome: Outcome, now: number): Observed => {
  const { last } = observed;
  if (last === undefined || outcome.stage === undefined) return touched(observed, now);
  const { pid: _pid, isReady: _isReady, since: _since, failure: _failure, ...rest } = last;
  const { isRespawning: _isRespawning, unservedMs: _unservedMs, ...kept } = rest;
  const pid = outcome.pid === undefined ? {} : { pid: outcome.pid };
  const version = outcome.version === undefined ? {} : { version: outcome.version };
  return heard(observed, { ...kept, ...pid, ...version, stage: outcome.stage, ageMs: 0 }, now);
};

/** The far end answered, and said nothing of where the service is. */
export const touched = (observed: Observed, now: number): Observed => ({
  ...observed,
  contactAt: now,
  trouble: undefined,
});

/** Contact failed. What was known stays known as the past. */
export const lostSight = (observed: Observed, trouble: string): Observed => ({
  ...observed,
  trouble,
});

/** The status to show at this moment. */
export const statusOf = (exported: Exported, observed: Observed, now: number): ExportedStatus => {
  const { last, lastAt } = observed;
  const silenceMs = lastAt === undefined ? 0 : now - lastAt;
  const age = last?.ageMs === undefined ? {} : { ageMs: last.ageMs + silenceMs };
  const known: Known = last ?? unknownStatus(exported.provision[0], '');
  const { unservedMs } = known;
  // What was told goes on from when it was told, however often it was confirmed since.
  const unserved = unservedMs === undefined ? {} : { unservedMs: unservedMs + silenceMs };
  const { provision, origin, requirement } = exported;
  const here = { kind: 'exported', provision, requirement, origin } as const;
  const doubt = doubtOf(observed, silenceMs);
  if (doubt === undefined) return { ...known, ...here, ...age, ...unserved };
  return { ...past(known), ...here, ...age, stage: 'unknown', unknownReason: doubt };
};

const doubtOf = (observed: Observed, silenceMs: number): string | undefined => {
  if (observed.trouble !== undefined) return observed.trouble;
  if (observed.last === undefined) return 'not asked yet';
  if (silenceMs < LIMITS.staleMs) return undefined;
  return `not heard of for ${Math.round(silenceMs / 1000)} s`;
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
    ...kept
  } = known;
  if (members === undefined) return kept;
  return { ...kept, members: members.map(unknownMember) };
};
const unknownMember = ({ name, ageMs }: MemberStatus): MemberStatus => ({
  name,
  ...(ageMs !== undefined && { ageMs }),
  stage: 'unknown',
});
