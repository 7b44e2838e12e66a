/**
 * What a step comes to. Pure but for the words of aggregates, and the one place that makes a `StepEnd`: without asking
 * anybody (`withoutAsking`), because nobody is there or he refuses (`notThere`, `refused`), with who changed along with
 * it (`withAlso`), and whether that leaves a doubt (`isDoubtful`).
 */
import { codeOf, type Turn } from '@bellwether/actors';
import { limits } from '../limits.ts';
import { shutOut } from './gates.ts';
import type { Operation, StepEnd, StepRecord } from './kept/memory.ts';
import type { Step } from './plan/plan.ts';
import { isSelection } from '../words/selectors.ts';
import { isGood } from '../words/vocabulary.ts';
import type { Host } from './host.ts';
import { memberRow, verdict } from './plan/verdict.ts';
import { isCurrent, superseded } from './wishes.ts';
import { bare, plain } from '../words/outcome.ts';
import { cutText } from '../text.ts';
import type { Outcome, Row } from '../words/types.ts';
import { sayingOf } from '../words/wording.ts';

/** Whether a step has come to an end, be it in doubt. */
export const isOver = ({ steps }: Operation, key: string): boolean => {
  const phase = steps.get(key)?.phase;
  return phase === 'settled' || phase === 'in-doubt' || phase === 'cancelled';
};

/** What a step comes to without asking anybody; undefined: it has to ask. */
export const withoutAsking = (
  host: Host,
  turn: Turn,
  operation: Operation,
  step: Step,
): StepEnd | undefined => {
  const { name } = step;
  const { steps } = operation;
  if (!isCurrent(host, step)) return { outcome: superseded(host, operation, step) };
  const left = shutOut(host, turn, operation, step);
  if (left !== undefined) return left;
  const failed = failedFor(operation, step);
  if (failed.length > 0) return dependsOn(name, failed);
  switch (step.kind) {
    case 'ask':
      return undefined;
    case 'order':
    case 'gate':
      return { outcome: plain(name, 'ok') };
    case 'known':
      return {
        outcome: {
          ...plain(name, step.result, step.reason),
          ...(step.isDisabled === true && { isDisabled: true }),
        },
      };
    case 'same': {
      const { outcome = plain(name, 'unknown'), refusal, phase } = steps.get(step.part) ?? {};
      return { outcome, isInDoubt: phase === 'in-doubt', ...(refusal && { refusal }) };
    }
    case 'sum': {
      const outcomes: Outcome[] = [];
      let isInDoubt = false;
      for (const key of step.parts) {
        const part = steps.get(key);
        if (part?.outcome !== undefined) outcomes.push(part.outcome);
        isInDoubt ||= part?.phase === 'in-doubt';
      }
      return { outcome: summed(host, turn, step, outcomes), isInDoubt };
    }
  }
};
/** What the rows of an aggregate's members mean together, in its own words. */
export const summed = (
  host: Host,
  turn: Turn,
  { name, action, minReady }: Step & { readonly kind: 'sum' },
  outcomes: readonly Outcome[],
): Outcome => {
  const aggregate = host.aggregate(name);
  const sum = (all: readonly Outcome[]): Outcome => {
    if (isSelection(name)) return verdict(name, action, all.map(memberRow), minReady ?? '100%');
    if (aggregate !== undefined) return turn.call(aggregate, 'sum', action, all, minReady);
    return plain(name, 'failed', `service '${name}' could not be found`);
  };
  if (!outcomes.some(({ isLate }) => isLate)) return sum(outcomes);
  // That is for the whole to say: a row has its result.
  const rows = outcomes.map(({ isLate: _isLate, ...outcome }) => outcome);
  return { ...sum(rows), isLate: true };
};
/** What a step needs and what has not come about. */
export const failedFor = ({ steps }: Operation, { needed }: Step): readonly StepRecord[] =>
  needed.flatMap((key) => {
    const record = steps.get(key);
    return record?.outcome === undefined || isGood(record.outcome) ? [] : [record];
  });
/** Because of the first; the rows have them all, each with what it has failed of itself, and once. */
const dependsOn = (name: string, failed: readonly StepRecord[]): StepEnd => {
  const outcomes = failed.map(({ step, outcome }) => outcome ?? plain(step.name, 'failed'));
  const [on = ''] = failed.map(({ step }) => step.name);
  const rows = outcomes.flatMap((outcome) => [bare(outcome), ...outcome.rows]);
  const isCycle = outcomes.some((outcome) => outcome.isCycle === true);
  const outcome = {
    ...plain(name, 'failed', sayingOf('depends', name, on).text),
    ...(isCycle && { isCycle }),
    dependsOn: on,
    rows: [...new Map(rows.map((row) => [row.member, row])).values()].slice(0, limits.causeCount),
  };
  return { outcome, isInDoubt: failed.some(({ phase }) => phase === 'in-doubt') };
};
/** A service that nobody registered. */
export const notThere = ({ name }: Step): StepEnd => ({
  outcome: plain(name, 'failed', `service '${name}' could not be found`),
});
/** A service threw: nothing was done. */
export const refused = ({ name, action }: Step, reason: Error): StepEnd => {
  const message = cutText(reason.message, limits.refusalCharacters);
  const code = codeOf(reason);
  const failed = plain(name, 'failed', `${action} was refused: ${message}`);
  return { outcome: { ...failed, ...refusalKind(code) }, refusal: { code, message } };
};
/** What a refusal is to who may ask again, by its code. */
export const refusalKind = (code: string): Pick<Row, 'isBusy' | 'isVain' | 'isSlip'> => {
  if (code === 'conflict') return { isBusy: true };
  if (code === 'bad-request') return { isVain: true, isSlip: true };
  return vain.has(code) ? { isVain: true } : {};
};
const vain: ReadonlySet<string> = new Set(['refused', 'unknown-action']);

/** Nobody can tell how it ended, at least for a part of it: it may be done, or be done yet. */
export const isDoubtful = ({ result, rows }: Outcome): boolean =>
  isDoubt(result) || rows.some((row) => isDoubt(row.result));
const isDoubt = (result: Row['result']): boolean => result === 'timed-out' || result === 'unknown';

/** The outcome with the names of the other services that changed on the way, there and here. */
export const withAlso = (operation: Operation, step: Step, outcome: Outcome): Outcome => {
  const whole = withNames(outcome, changedIn(operation, step.touched));
  const touchedBy = step.kind === 'same' ? step.touchedBy : undefined;
  if (touchedBy === undefined) return whole;
  const keysOf = (member: string): readonly string[] | undefined =>
    Object.hasOwn(touchedBy, member) ? touchedBy[member] : undefined;
  const rows = whole.rows.map((row) => withNames(row, changedIn(operation, keysOf(row.member))));
  return { ...whole, rows };
};
const changedIn = ({ steps }: Operation, keys: readonly string[] = []): readonly string[] =>
  keys.flatMap((key) => {
    const record = steps.get(key);
    return record?.outcome?.result === 'changed' ? [record.step.name] : [];
  });
const withNames = <T extends Row>(row: T, names: readonly string[]): T =>
  names.length === 0
    ? row
    : { ...row, also: [...(row.also ?? []), ...names].slice(0, limits.alsoCount) };
