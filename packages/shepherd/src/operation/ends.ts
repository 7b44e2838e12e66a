/** Which steps of an operation are worth another try, when somebody asks for it again. */
import { inOrder } from '../graph.ts';
import { isWorthOpening } from './gates.ts';
import type { Operation, StepRecord } from './kept/memory.ts';
import type { Host } from './host.ts';
import { isLeftUndone } from '../words/vocabulary.ts';

/**
 * The step of this key and those that it rests on, as far as they are worth another try: who was in
 * doubt, and, unless only `doubts` count or it was called off, who failed or could not be reached, be he
 * still waited for. What went well stays as it is, and so does what is below it.
 */
export const openEnds = (
  operation: Operation,
  key: string,
  doubts: 'only-doubts' | 'all',
): readonly string[] => {
  const { steps, account } = operation;
  const { isCancelled } = account.get();
  const isLeft = (record: StepRecord): boolean => record.phase === 'settled' && isUndone(record);
  // Who is told to call it off, and has not said that he did, is not asked to do it.
  const isWaiting = ({ phase, passedOn }: StepRecord): boolean =>
    phase === 'queued' && passedOn !== 'called-off';
  const isOpen = (record: StepRecord | undefined): boolean =>
    record !== undefined &&
    (record.phase === 'in-doubt' ||
      (doubts === 'all' &&
        !isCancelled &&
        (isWaiting(record) || isLeft(record) || isWorthOpening(operation, record, isOpen))));
  const isPassedOn = (record: StepRecord | undefined): record is StepRecord =>
    isOpen(record) ||
    record?.phase === 'waiting' ||
    (record?.phase === 'settled' && !asksSomebody(record));
  const after = (at: string): readonly string[] => {
    const record = steps.get(at);
    return isPassedOn(record) ? record.step.after : [];
  };
  const ends = new Set<string>();
  for (const at of inOrder([key], after))
    if (isOpen(steps.get(at)) || after(at).some((before) => ends.has(before))) ends.add(at);
  return [...ends];
};
/** Whether somebody is asked to do it once more, rather than to say what came of it, or for the first time. */
export const asksAnew = (host: Host, { steps }: Operation, ends: readonly string[]): boolean =>
  ends.some((key) => {
    const { step, phase, passedOn } = steps.get(key) ?? {};
    if (step?.kind !== 'ask' || (phase === 'queued' && passedOn === undefined)) return false;
    return phase !== 'in-doubt' || host.elsewhere(step.name) === undefined;
  });
const asksSomebody = ({ step: { kind } }: StepRecord): boolean =>
  kind === 'ask' || kind === 'known';
const isUndone = ({ step, outcome }: StepRecord): boolean =>
  step.kind === 'ask' && outcome !== undefined && isLeftUndone(outcome);
