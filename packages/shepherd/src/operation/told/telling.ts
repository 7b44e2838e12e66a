/** What is told of a step that is over: to the audit, to those who listen, and to those who wait for it. */
import type { Turn } from '@bellwether/actors';
import { gateLines } from '../gates.ts';
import { failedFor } from '../outcomes.ts';
import type { Host } from '../host.ts';
import type { Operation, StepRecord } from '../kept/memory.ts';
import { answerAll, listenersOf } from './callers.ts';
import { witnessEnded } from './witness.ts';
import { bare } from '../../words/outcome.ts';
import { askedAction } from '../wishes.ts';
import { isGood } from '../../words/vocabulary.ts';
import { isSelection } from '../../words/selectors.ts';
import { beginAction } from '../../words/steps.ts';
import { linesOf, sayingOf, type Saying } from '../../words/wording.ts';
import type { Outcome } from '../../words/types.ts';

/** Says how a step ended: its lines, the row of a member, and the answer to whoever waits for it. */
export const tell = (host: Host, turn: Turn, operation: Operation, record: StepRecord): void => {
  const { step, outcome } = record;
  if (outcome === undefined) return;
  witnessEnded(host, turn, operation, record);
  const listeners = listenersOf(host, turn, operation);
  const lines =
    step.kind === 'gate'
      ? gateLines(operation, step, outcome)
      : [...linesFor(operation, record, outcome), ...besides(host, operation, record)];
  const row = step.isMember ? bare(outcome) : undefined;
  if (row !== undefined || lines.length > 0) turn.call(listeners, 'tell', lines, row);
  answerAll(turn, operation, record);
};
/** What a service of this machine has said of its stop, where no answer and no row shows that: to its owner alone. */
const besides = (
  host: Host,
  { requests }: Operation,
  { step: { name, action, isMember }, outcome }: StepRecord,
): readonly Saying[] => {
  const isShown = action !== 'stop' || isMember === true || requests.get(name)?.action === 'stop';
  if (isShown || host.own(name) === undefined || outcome?.result !== 'changed') return [];
  return (outcome.output ?? []).map((text) => ({ text }));
};
/** A refusal may say itself which action it is about, or which service: some hear nothing but it. */
const refusalLine = (name: string, action: string, message: string): string => {
  const [about, what] = [`Service ${name}: `, `${action}: `];
  const bare = [about, what].reduce(
    (words, beginning) => (words.startsWith(beginning) ? words.slice(beginning.length) : words),
    message,
  );
  return `${about}${what}${bare}.`;
};
const linesFor = (
  operation: Operation,
  { step, refusal }: StepRecord,
  outcome: Outcome,
): readonly Saying[] => {
  const { kind, name, action, isAsked } = step;
  // The start that it begins tells what becomes of it.
  if (kind === 'order' || kind === 'same' || action === beginAction) return [];
  if (kind === 'known' && step.result === 'ok') return [];
  // It is no service: the lines and the rows of those who were picked out tell of it.
  if (isSelection(name)) return [];
  // Of those behind a gate that was shut their rows tell.
  if (step.gate !== undefined && outcome.result === 'skipped') return [];
  // Of both halves of a restart the later one says it.
  const isHalf = action === 'stop' && askedAction(operation, step) === 'restart';
  if (isHalf && outcome.result === 'superseded') return [];
  // So many lines as there are members would say what their rows do.
  if (step.isMember === true && !isGood(outcome)) return [];
  // Of what was asked for itself the answer says it, too.
  const isAnswer = operation.requests.get(name)?.action === askedAction(operation, step);
  if (refusal !== undefined) {
    const text = refusalLine(name, action, refusal.message);
    return [{ about: name, ...(isAnswer && { what: 'refused' }), text }];
  }
  const others = outcome.dependsOn === undefined ? [] : failedFor(operation, step).slice(1);
  const lines = [
    ...others.map((other) => sayingOf('depends', name, other.step.name)),
    ...linesOf(action, outcome, isAsked),
  ];
  if (!isAnswer || isGood(outcome) || outcome.isDisabled === true) return lines;
  return lines.map((line) => ({ ...line, what: 'failed' }));
};
