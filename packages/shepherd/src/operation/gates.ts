/**
 * The gates of what is done batch by batch, while it is carried out: which one is looked at, what it sees, and how
 * long it waits (rolling.ts judges). What is kept here lives with the operation; that a gate is open is on the disk
 * before anybody behind it is asked, so that the next life knows who may have been.
 */
import type { Turn } from '@bellwether/actors';
import { isSwitch } from '../action-table.ts';
import { limits } from '../limits.ts';
import type { Gating, Operation, StepEnd, StepRecord } from './kept/memory.ts';
import { isOpened } from './gate-state.ts';
import { lookAgain, tallyOf } from './muster.ts';
import type { Gate, Step } from './plan/plan.ts';
import { judge, type Tally, type WhoServes, type Verdict } from './plan/rolling.ts';
import { isCurrent, isStillWished } from './wishes.ts';
import { isGood, serves } from '../words/vocabulary.ts';
import type { Host } from './host.ts';
import { plain } from '../words/outcome.ts';
import type { Saying } from '../words/wording.ts';
import type { Outcome } from '../words/types.ts';

/** A gate that is at its turn: from now on it is looked at whenever something is over. */
export const come = (host: Host, { gates }: Operation, { key, pauseMs = 0 }: GateStep): void =>
  gates.set(key, { notBeforeMs: host.clock.now() + pauseMs });
type GateStep = Step & Gate;

/** Whether a step stands behind a gate that is not open. */
export const isBarredBy = ({ steps }: Operation, { gate }: Step): boolean =>
  gate !== undefined && !isOpened(steps.get(gate));

/**
 * Whether a step is one of several that its member goes through behind its gate: who is at his turn is not left half
 * restarted. A switch is one step.
 */
export const isOneOfMore = ({ gate, action }: Step): boolean =>
  gate !== undefined && !isSwitch(action);

/**
 * What comes of a step behind a gate that was shut for good. Who was out of reach before anything was asked of it is
 * told apart from who was left alone, where a member is the reason: a shepherd that has just begun knows of nobody.
 */
export const shutOut = (
  host: Host,
  moment: Turn,
  { steps }: Operation,
  { name, gate }: Step,
): StepEnd | undefined => {
  const record = gate === undefined ? undefined : steps.get(gate);
  const { outcome } = record ?? {};
  if (outcome === undefined || isOpened(record)) return undefined;
  const { reason = '', cause, result } = outcome;
  const service = host.service(name);
  const status = service && moment.call(service, 'status');
  if (result === 'skipped' && cause !== undefined && status?.stage === 'unknown') {
    const away = plain(name, 'unreachable', `out of reach before, and not asked; ${reason}`);
    return {
      outcome: { ...away, ...(status.ageMs !== undefined && { lastSeenMs: status.ageMs }) },
    };
  }
  return { outcome: { ...plain(name, result, reason), ...(cause !== undefined && { cause }) } };
};

/** Gates whose waiting is over, and how it ended. `again` is called when it is time to look once more. */
export const judged = (
  host: Host,
  moment: Turn,
  operation: Operation,
  again: (moment: Turn) => void,
): readonly (readonly [string, StepEnd])[] => {
  const { gates, steps } = operation;
  // Once for all: a pause that is over between two readings would be waited for, and by nobody.
  const nowMs = host.clock.now();
  const endings: (readonly [string, StepEnd])[] = [];
  for (const [key, gating] of [...gates.entries()]) {
    const record = steps.get(key);
    const step = record?.step;
    if (record === undefined || step?.kind !== 'gate') continue;
    const before = shutBefore(operation, step);
    const verdict = before ?? verdictOn(host, moment, nowMs, operation, record, step, gating);
    if (verdict.kind === 'wait') {
      wait(moment, nowMs, operation, key, again);
      continue;
    }
    gating.timer?.cancel();
    gates.delete(key);
    if (verdict.kind === 'open') steps.set(key, { ...record, atMs: host.clock.wall() });
    const outcome =
      'outcome' in verdict ? verdict.outcome : outcomeOf(step, verdict, servingAt(host, moment));
    endings.push([key, { outcome }]);
  }
  return endings;
};

/** What was shut for good is so for all behind it. */
const shutBefore = (
  { steps }: Operation,
  { after }: GateStep,
): { readonly kind: 'shut'; readonly outcome: Outcome } | undefined => {
  for (const key of after) {
    const record = steps.get(key);
    if (record?.step.kind !== 'gate' || record.outcome === undefined || isOpened(record)) continue;
    return { kind: 'shut', outcome: record.outcome };
  }
  return undefined;
};

const outcomeOf = ({ name }: GateStep, verdict: Verdict, seen: WhoServes): Outcome => {
  if (verdict.kind === 'open' || verdict.kind === 'wait') return plain(name, 'ok');
  const { reason, culprit, isCancelled } = verdict;
  const shut = plain(name, isCancelled === true ? 'cancelled' : 'skipped', reason);
  if (culprit === undefined) return shut;
  const { name: member, outcome } = culprit;
  const isAway = seen(member) === undefined;
  const why = outcome?.reason ?? (isAway ? 'it is out of reach' : 'it does not serve');
  const { plainReason } = outcome ?? {};
  const cause = { member, reason: why, ...(plainReason !== undefined && { plainReason }) };
  return { ...shut, cause };
};

/** The verdict of the moment, and of the whole operation: a pause, its end, and who calls it off. */
const verdictOn = (
  host: Host,
  moment: Turn,
  nowMs: number,
  operation: Operation,
  record: StepRecord,
  gate: GateStep,
  gating: Gating,
): Verdict => {
  const { deadlineAtMs, isCancelled } = operation.account.get();
  if (isCancelled) return { kind: 'shut', isCancelled, reason: 'cancelled before its turn came' };
  // Somebody tries again those who are left, and it is none of them; or a later command has all of them.
  if (!record.followers.some((key) => isToBeDone(host, operation, key, gate)))
    return { kind: 'open' };
  if (nowMs >= deadlineAtMs)
    return { kind: 'shut', reason: 'left as it is: the time for all members was over' };
  if (nowMs < gating.notBeforeMs) return { kind: 'wait' };
  const seen = servingAt(host, moment);
  const look = (): Verdict => {
    const tally = tallyOf(host, moment, operation, gate, seen);
    return judge(gate, withoutOvertaken(host, moment, tally), seen);
  };
  const first = look();
  if (first.kind === 'settle') lookAgain(operation, gate.name, seen);
  const verdict = first.kind === 'settle' ? look() : first;
  const { settledAtMs } = gating;
  if (verdict.kind !== 'settle') {
    if (settledAtMs !== undefined)
      operation.gates.set(gate.key, { ...gating, settledAtMs: undefined });
    return verdict;
  }
  if (settledAtMs === undefined)
    operation.gates.set(gate.key, { ...gating, settledAtMs: nowMs + limits.rollSettleMs });
  return nowMs < (settledAtMs ?? Infinity) ? { kind: 'wait' } : { ...verdict, kind: 'shut' };
};
const servingAt =
  (host: Host, moment: Turn): WhoServes =>
  (name) => {
    const service = host.service(name);
    return service === undefined ? false : serves(moment.call(service, 'status'));
  };
const isToBeDone = (
  host: Host,
  { steps }: Operation,
  key: string,
  { key: gate }: GateStep,
): boolean => {
  const record = steps.get(key);
  if (record?.step.gate !== gate || record.phase !== 'waiting') return false;
  return record.step.kind === 'ask' && isCurrent(host, record.step);
};
/** Who is through, and is down because somebody wants it so, has not failed. */
const withoutOvertaken = (host: Host, moment: Turn, tally: Tally): Tally => {
  const isUnwanted = (name: string): boolean => {
    const service = host.service(name);
    return service !== undefined && moment.call(service, 'status').isWanted === false;
  };
  const idle = tally.idle.map((turn) =>
    turn.state === 'well' && (!isStillWished(host, turn.name, 'start') || isUnwanted(turn.name))
      ? { ...turn, state: 'left' as const }
      : turn,
  );
  return { ...tally, idle };
};

/** Looks again when the pause is over, or somebody may serve again; who is under way tells when he is over. */
const wait = (
  moment: Turn,
  nowMs: number,
  { gates }: Operation,
  key: string,
  again: (moment: Turn) => void,
): void => {
  const gating = gates.get(key);
  if (gating === undefined || gating.timer !== undefined) return;
  const pauseMs = gating.notBeforeMs - nowMs;
  if (pauseMs <= 0 && gating.settledAtMs === undefined) return;
  const timer = moment.after(pauseMs > 0 ? pauseMs : limits.rollLookMs, (moment) => {
    const now = gates.get(key);
    if (now === undefined) return;
    gates.set(key, { ...now, timer: undefined });
    again(moment);
  });
  gates.set(key, { ...gating, timer });
};

/** What is told of a gate: each batch that begins, and where the others are left alone. */
export const gateLines = (
  { steps }: Operation,
  { name, after, batch, batchCount, isFirst, isCanary }: GateStep,
  { result, reason }: Outcome,
): readonly Saying[] => {
  const which = `batch ${batch} of ${batchCount}${isCanary === true ? ', the canary' : ''}`;
  if (isGood({ result }))
    return isFirst === true ? [{ about: name, text: `Service ${name}: ${which}.` }] : [];
  const isFirstShut = after.every((key) => {
    const before = steps.get(key);
    return before?.step.kind !== 'gate' || isOpened(before);
  });
  return isFirstShut
    ? [{ about: name, text: `Service ${name}: stopped in ${which}: ${reason}.` }]
    : [];
};

/** Whether a gate is worth another try: it was shut, or somebody behind it is. */
export const isWorthOpening = (
  { steps }: Operation,
  { step, outcome, followers }: StepRecord,
  isUndone: (record: StepRecord) => boolean,
): boolean =>
  step.kind === 'gate' &&
  ((outcome !== undefined && !isGood(outcome)) ||
    followers.some((key) => {
      const record = steps.get(key);
      return record?.step.gate === step.key && isUndone(record);
    }));
