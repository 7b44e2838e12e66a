/**
 * The words of closed lists that cross machines: results, stages, phases, judgements. What follows from one of them is
 * said here, too, and a machine that is older or newer reads what it does not know as shapes.ts says.
 */
import type { Row } from './messages.ts';
import type { LocalStatus, Status, StatusFacts } from './status-types.ts';

/** Every result, from worst to best. An answer that says no weighs more than no answer. */
export const results = [
  'rollback-failed',
  'rolled-back',
  'failed',
  'denied',
  'unreachable',
  'timed-out',
  'unknown',
  'superseded',
  'cancelled',
  'skipped',
  'changed',
  'ok',
] as const;
/**
 * How it ended for one member: `ok` (nothing had to change), `changed`, or what went wrong. Denied is
 * what the grant does not allow, by which it is asked; nothing was done.
 * Unreachable is never merged with failed or ok; superseded means that a later command won. Rolled back is what was
 * done and taken back by the node itself, so that it is as it was; where that failed, somebody has to look.
 */
export type Result = (typeof results)[number];
/** Every stage. */
export const stages = ['stopped', 'starting', 'running', 'stopping', 'unknown'] as const;
/** Where a service is in its life; `unknown` for one that is elsewhere and was not heard of. */
export type Stage = (typeof stages)[number];
/** Every phase of a step of an operation; see the table of operation.ts. */
export const stepPhases = [
  'waiting',
  'acting',
  'queued',
  'settled',
  'in-doubt',
  'cancelled',
] as const;
/** Where a step is. */
export type StepPhase = (typeof stepPhases)[number];
/** Every judgement over an aggregate, from best to worst. */
export const healths = ['ok', 'degraded', 'settling', 'failed'] as const;
/**
 * What the members of an aggregate come to: all serve, enough do or will by themselves, too few do but
 * may yet, too few do for longer than they may.
 */
export type Health = (typeof healths)[number];
/** Everything that a log of changes tells. */
export const changes = [
  'starting',
  'running',
  'stopping',
  'stopped',
  'failed',
  'done',
  // Only of what is observed: nobody can tell; and of aggregates, too few of whose members serve.
  'unknown',
  'degraded',
  'settling',
  'too-few',
] as const;

/** Everything that a line may tell of a service in words that are known. */
export const topics = [
  'started',
  'stopped',
  'restarted',
  'enabled',
  'disabled',
  'already-running',
  'not-running',
  'is-disabled',
  'not-started',
  'not-stopped',
  'depends',
  'cycle',
  'lost',
  'refused',
  'failed',
] as const;
/** What a line is about, beside its service. */
export type Topic = (typeof topics)[number];

/**
 * What a shepherd tells of a log: a host is out of reach, or was lost, or is there again; lines are gone
 * before they were read; nothing comes any more.
 */
export const logNotes = ['unreachable', 'lost', 'back', 'gone', 'ended'] as const;

/** Whether a target is as it was asked to be. */
export const isGood = ({ result }: { readonly result: Result }): boolean =>
  result === 'ok' || result === 'changed';
/**
 * Whether a repeat asks it again: what is over for good, or as it was asked to be, it does not. What was rolled back is
 * over: it would only be rolled back again.
 */
export const isLeftUndone = ({ result }: { readonly result: Result }): boolean =>
  undone.has(result);
const undone: ReadonlySet<Result> = new Set([
  'failed',
  'denied',
  'unreachable',
  'skipped',
  'unknown',
]);
/** Whether a service does what it is for: it runs and is ready. */
export const isServing = ({ stage, isReady }: Pick<StatusFacts, 'stage' | 'isReady'>): boolean =>
  stage === 'running' && isReady !== false;
/** The same as far as is known; undefined: nobody can tell. */
export const serves = (status: Pick<StatusFacts, 'stage' | 'isReady'>): boolean | undefined =>
  status.stage === 'unknown' ? undefined : isServing(status);
/** The result that weighs most; `ok` for no rows. */
export const worstOf = (rows: readonly Pick<Row, 'result'>[]): Result =>
  results.find((result) => rows.some((row) => row.result === result)) ?? 'ok';

/** The status of a service of which nothing is known but its name. */
export const unknownStatus = (name: string, unknownReason: string): LocalStatus => ({
  kind: 'local',
  provision: [name],
  documentation: '',
  stage: 'unknown',
  unknownReason,
  requirement: [],
  actions: [],
  isEnabled: true,
  isOneShot: false,
  isRespawned: false,
  respawnCount: 0,
});

/** A status that was known, where nobody can tell any more whether it still holds. */
export const doubted = (status: Status, unknownReason: string): Status => {
  const { isReady: _isReady, ...facts } = status;
  if (facts.kind === 'fleet') return { ...facts, stage: 'unknown', unknownReason };
  const { pid: _pid, since: _since, ...kept } = facts;
  return { ...kept, stage: 'unknown', unknownReason };
};
