/**
 * The memory of operations. A client chooses the id of its operation; what was asked once under an
 * id is answered from memory when it is asked again, while the daemon lives:
 *
 *     asked           step         answer
 *     first time      new          runs
 *     again           under way    the same answer
 *     again           settled      the recorded outcome
 *     another action  any          refused: an id means one thing
 */
import { Limit, type Turn, type Vow } from '@bellwether/actors';
import { BadRequest } from './errors.ts';
import { limits } from './limits.ts';
import type { Held, Operation, Step, Work } from './shepherd-state.ts';
import type { Outcome, Row } from './types.ts';

/** The part of a shepherd's state that is its memory. */
export type Memory = Pick<Held, 'open' | 'settled' | 'stepCount'>;

/**
 * The operation with this id, remembered or new.
 * @throws Limit when there is no room, and nothing that could be forgotten
 */
export const operationOf = (held: Memory, turn: Turn, id: string): Operation => {
  const open = held.open.get(id);
  if (open !== undefined) return open;
  const before = held.settled.get(id);
  if (before !== undefined) return before;
  if (held.open.size + held.settled.size >= limits.operationCount && !forgetOne(held))
    throw new Limit(`${limits.operationCount} operations are under way: operation ${id} must wait`);
  const operation: Operation = {
    id,
    steps: turn.map(),
    asked: turn.map(),
    pendingCount: turn.cell(0),
  };
  held.settled.set(id, operation);
  return operation;
};

/** Notes what an id means for a member. @throws BadRequest when it means something else already */
export const claim = (operation: Operation, member: string, action: string): void => {
  const before = operation.asked.get(member) ?? action;
  if (before !== action)
    throw new BadRequest(
      `operation ${operation.id} is a ${before} of ${member}: a ${action} needs an id of its own`,
    );
  operation.asked.set(member, action);
};

/** Forgets the operation that has been over for the longest. */
const forgetOne = (held: Memory): boolean => {
  for (const [id, operation] of held.settled.entries()) {
    held.settled.delete(id);
    held.stepCount.set(held.stepCount.get() - operation.steps.size);
    return true;
  }
  return false;
};

/**
 * Adds a step that is under way.
 * @throws Limit when there is no room, and nothing that could be forgotten
 */
export const openStep = (held: Memory, operation: Operation, key: string, step: Step): void => {
  if (held.settled.delete(operation.id) || !held.open.has(operation.id))
    held.open.set(operation.id, operation);
  while (held.stepCount.get() >= limits.memoCount)
    if (!forgetOne(held)) throw new Limit(`${limits.memoCount} steps are under way already`);
  held.stepCount.set(held.stepCount.get() + 1);
  operation.pendingCount.set(operation.pendingCount.get() + 1);
  operation.steps.set(key, step);
};

/** Notes that a step has begun to act. */
export const actStep = (operation: Operation, key: string): void => {
  const step = operation.steps.get(key);
  if (step?.phase === 'waiting') operation.steps.set(key, { ...step, phase: 'acting' });
};

/** Notes how a step ended; without an outcome it was refused. */
export const settleStep = (
  held: Memory,
  operation: Operation,
  key: string,
  outcome: Outcome | undefined,
): void => {
  const step = operation.steps.get(key);
  if (step === undefined || step.phase === 'settled') return;
  operation.steps.set(key, {
    ...step,
    phase: 'settled',
    ...(outcome === undefined ? {} : { outcome }),
  });
  const pendingCount = operation.pendingCount.get() - 1;
  operation.pendingCount.set(pendingCount);
  if (pendingCount > 0) return;
  held.open.delete(operation.id);
  held.settled.set(operation.id, operation);
};

/**
 * The answer, or after the deadline what is still going on: the work itself is not stopped by it.
 */
export const byDeadline = (
  held: Held,
  turn: Turn,
  work: Work,
  answer: Vow<Outcome>,
): Vow<Outcome> => {
  const { vow, resolver } = turn.vow<Outcome>();
  const timer = turn.after(work.request.remainingMs, (turn) =>
    resolver.kept(unfinished(held, turn, work)),
  );
  turn.when(
    answer,
    (_turn, outcome) => {
      timer.cancel();
      resolver.kept(outcome);
    },
    (_turn, reason) => {
      timer.cancel();
      resolver.broken(reason);
    },
  );
  return vow;
};

const unfinished = (held: Held, turn: Turn, work: Work): Outcome => {
  const { member, action, remainingMs } = work.request;
  const open = [...work.operation.steps.values()].filter(({ phase }) => phase !== 'settled');
  const rows = open.slice(0, limits.alsoCount).map((step) => rowOf(held, turn, step));
  const reason = `Service ${member}: ${action} is not over after ${remainingMs} ms; it goes on.`;
  return { member, result: 'timed-out', reason, rows };
};

const rowOf = (held: Held, turn: Turn, { name, action, phase }: Step): Row => {
  const what = phase === 'waiting' ? 'waits for other services' : 'is under way';
  const row: Row = {
    member: name,
    result: 'timed-out',
    reason: `Service ${name}: ${action} ${what}.`,
  };
  if (turn.call(held.registry, 'canonical', name) === undefined) return row;
  const { stage } = turn.call(turn.call(held.registry, 'lookup', name), 'status');
  return { ...row, stage };
};
