/** The memory of operations at its bounds. */
import { createVat, World, type Turn } from '@bellwether/actors';
import { expect, it } from 'vitest';
import { limits, type Outcome } from '@bellwether/shepherd';
import {
  openStep,
  operationOf,
  settleStep,
  type Memory,
} from '../../packages/shepherd/src/operations.ts';

const outcome: Outcome = { member: 'web', result: 'ok', rows: [] };
/** Runs a body with an empty memory, in one turn. */
const remembering = <T>(body: (turn: Turn, memory: Memory) => T): T => {
  const world = new World(1);
  const vat = createVat({ name: 'memory', clock: world.clock(), scheduler: world.scheduler() });
  const found: { value?: T; reason?: unknown } = {};
  void vat.run((turn) => {
    const memory: Memory = { open: turn.map(), settled: turn.map(), stepCount: turn.cell(0) };
    try {
      found.value = body(turn, memory);
    } catch (reason) {
      found.reason = reason;
    }
  });
  world.run();
  if (found.reason !== undefined) throw found.reason;
  return found.value as T;
};
/** An operation with so many steps, settled or under way. */
const add = (turn: Turn, memory: Memory, id: string, count: number, isSettled: boolean): void => {
  const operation = operationOf(memory, turn, id);
  const step = {
    name: 'web',
    action: 'start',
    answer: turn.kept(outcome),
    phase: 'acting',
  } as const;
  for (let at = 0; at < count; at += 1) openStep(memory, operation, `${at}`, step);
  for (let at = 0; isSettled && at < count; at += 1)
    settleStep(memory, operation, `${at}`, outcome);
};

it('forgets the operation that has been settled for the longest when there are too many steps', () => {
  const found = remembering((turn, memory) => {
    add(turn, memory, 'first', 10, true);
    add(turn, memory, 'under-way', 10, false);
    add(turn, memory, 'second', 10, true);
    add(turn, memory, 'big', limits.memoCount - 30, true);
    const full = [...memory.settled.keys()];
    add(turn, memory, 'one-more', 1, true);
    return { full, left: [...memory.settled.keys()], open: [...memory.open.keys()] };
  });
  expect(found).toEqual({
    full: ['first', 'second', 'big'],
    left: ['second', 'big', 'one-more'],
    open: ['under-way'],
  });
});
it('refuses what there is no room for while everything is under way', () => {
  const fill = (count: number) => () =>
    remembering((turn, memory) => add(turn, memory, 'all', count, false));
  expect(fill(limits.memoCount)).not.toThrow();
  expect(fill(limits.memoCount + 1)).toThrow(expect.objectContaining({ code: 'limit' }));
});
it('refuses one more operation while all that fit are under way', () => {
  const fill = (count: number) => () =>
    remembering((turn, memory) => {
      for (let at = 0; at < count; at += 1) add(turn, memory, `o${at}`, 1, false);
    });
  expect(fill(limits.operationCount)).not.toThrow();
  expect(fill(limits.operationCount + 1)).toThrow(expect.objectContaining({ code: 'limit' }));
});
it('takes an operation as over only when all of its steps are', () => {
  const found = remembering((turn, memory) => {
    const operation = operationOf(memory, turn, 'one');
    add(turn, memory, 'one', 2, false);
    settleStep(memory, operation, '0', outcome);
    // A step settles once, whatever is said of it afterwards.
    settleStep(memory, operation, '0', outcome);
    const half = memory.open.has('one');
    settleStep(memory, operation, '1', undefined);
    return { half, isOver: memory.settled.has('one') && !memory.open.has('one') };
  });
  expect(found).toEqual({ half: true, isOver: true });
});
