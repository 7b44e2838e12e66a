/** The memory of operations at its bounds, and who may push out whom. */
import { createVat, World, type Turn } from '@bellwether/actors';
import { describe, expect, it } from 'vitest';
import { limits, type Outcome, type Request } from '@bellwether/shepherd';
import {
  checkClaim,
  kept,
  keepRequest,
  operationOf,
  recalled,
  refile,
  reserve,
  type Memory,
  type Operation,
} from '../../../packages/shepherd/src/operation/kept/memory.ts';
import type { Step } from '../../../packages/shepherd/src/operation/plan/plan.ts';
import { weightOf } from '../../../packages/shepherd/src/read.ts';
import { requestOf } from '../../support/shepherd-machine.ts';
import { principalOf } from '../../../packages/shepherd/src/words/principal.ts';

/** Runs a body with an empty memory, in one turn. */
const remembering = <T>(body: (turn: Turn, memory: Memory) => T): T => {
  const world = new World(1);
  const vat = createVat({ name: 'memory', clock: world.clock(), scheduler: world.scheduler() });
  const found: { value?: T; reason?: unknown } = {};
  void vat.run((turn) => {
    try {
      found.value = body(turn, { books: turn.map(), weight: turn.cell(0) });
    } catch (reason) {
      found.reason = reason;
    }
  });
  world.run();
  if (found.reason !== undefined) throw found.reason;
  return found.value as T;
};
const setOpen = (memory: Memory, operation: Operation, openCount: number): void => {
  operation.counts.set({ ...operation.counts.get(), openCount });
  refile(memory, operation);
};
/** An operation of so much weight, over or under way. */
const add = (
  turn: Turn,
  memory: Memory,
  principal: string,
  id: string,
  { weight = limits.operationWeight, isOver = true }: { weight?: number; isOver?: boolean } = {},
): Operation => {
  const operation = operationOf(memory, turn, principalOf(principal), id);
  setOpen(memory, operation, 1);
  if (weight > limits.operationWeight) {
    const outcome = outcomeOf(weight - limits.operationWeight + limits.outcomeWeight);
    expect(kept(memory, operation, outcome, undefined)).toBe(outcome);
  }
  if (isOver) setOpen(memory, operation, 0);
  return operation;
};
/** An outcome of exactly this weight. */
const outcomeOf = (weight: number): Outcome => {
  const empty: Outcome = { member: 'web', result: 'ok', reason: '', rows: [] };
  return { ...empty, reason: 'x'.repeat(weight - weightOf(empty)) };
};
const idsOf = ({ books }: Memory, principal: string): readonly string[] => [
  ...(books.get(principalOf(principal))?.over.keys() ?? []),
];
/** What is counted is what is there. */
const recounted = ({ books }: Memory): number =>
  [...books.values()]
    .flatMap(({ open, over }) => [...open.values(), ...over.values()])
    .reduce((sum, { account }) => sum + account.get().weight, 0);
const limit = expect.objectContaining({ code: 'limit' });

describe('the quota of one asker', () => {
  const half = limits.principalWeight / 2;
  it('makes room by what has been over for the longest, never by what is under way', () => {
    const found = remembering((turn, memory) => {
      add(turn, memory, 'me', 'under-way', { weight: half / 2, isOver: false });
      add(turn, memory, 'me', 'first', { weight: half / 2 });
      add(turn, memory, 'me', 'second', { weight: half });
      const full = idsOf(memory, 'me');
      add(turn, memory, 'me', 'third');
      return {
        full,
        left: idsOf(memory, 'me'),
        isThere: recalled(memory, principalOf('me'), 'under-way'),
      };
    });
    expect(found).toMatchObject({ full: ['first', 'second'], left: ['second', 'third'] });
    expect(found.isThere).toBeDefined();
  });
  it('is taken up by one step as by many, to the last character', () => {
    const stepOf = (weight: number): Step => {
      const step: Step = {
        key: '',
        name: '',
        action: '',
        kind: 'order',
        after: [],
        needed: [],
        isAsked: false,
        isMember: false,
      };
      const missing = weight - weightOf(step) - limits.outcomeWeight;
      return { ...step, key: 'x'.repeat(missing) };
    };
    const fill = (weight: number) => () =>
      remembering((turn, memory) =>
        reserve(memory, add(turn, memory, 'me', 'all', { isOver: false }), [
          stepOf(10_000),
          stepOf(weight - 10_000),
        ]),
      );
    const room = limits.principalWeight - limits.operationWeight;
    expect(fill(room)).not.toThrow();
    expect(fill(room + 1)).toThrow(limit);
  });
  it('is taken up by what was asked, too: an argument weighs as much as an answer', () => {
    const ask = (weight: number) => () =>
      remembering((turn, memory) => {
        const operation = add(turn, memory, 'me', 'one', { isOver: false });
        const empty = requestOf({ action: 'say', member: 'web', args: [''] });
        const args = ['x'.repeat(weight - weightOf(empty))];
        for (const each of [empty, { ...empty, args }]) keepRequest(memory, operation, each);
        expect(memory.weight.get()).toBe(limits.operationWeight + weight);
        expect(memory.weight.get()).toBe(recounted(memory));
      });
    const room = limits.principalWeight - limits.operationWeight;
    expect(ask(room)).not.toThrow();
    expect(ask(room + 1)).toThrow(limit);
  });
  it('is not made free by what the room is for: who repeats his oldest is refused, and nothing is lost', () => {
    const claim = requestOf({ action: 'start', member: 'db' });
    const found = remembering((turn, memory) => {
      const oldest = add(turn, memory, 'me', 'oldest');
      const rest = limits.principalWeight - limits.operationWeight;
      add(turn, memory, 'me', 'rest', { weight: rest, isOver: false });
      expect(() => keepRequest(memory, oldest, claim)).toThrow(limit);
      const isThere = recalled(memory, principalOf('me'), 'oldest') === oldest;
      return { isThere, isCounted: memory.weight.get() === recounted(memory) };
    });
    expect(found).toEqual({ isThere: true, isCounted: true });
  });
  it('counts operations, too', () => {
    const fill = (count: number) => () =>
      remembering((turn, memory) => {
        for (let at = 0; at < count; at += 1) add(turn, memory, 'me', `o${at}`, { isOver: false });
      });
    expect(fill(limits.operationCount)).not.toThrow();
    expect(fill(limits.operationCount + 1)).toThrow(limit);
  });
  it('keeps an outcome without its details where there is no room for them', () => {
    const found = remembering((turn, memory) => {
      const operation = add(turn, memory, 'me', 'one', { isOver: false });
      const room = limits.principalWeight - limits.operationWeight + limits.outcomeWeight;
      const whole = outcomeOf(room);
      const isWhole = kept(memory, operation, whole, undefined) === whole;
      const big: Outcome = { ...outcomeOf(room + 1), stage: 'running', pid: 7 };
      return { isWhole, big: kept(memory, operation, big, whole), weight: memory.weight.get() };
    });
    expect(found.isWhole).toBe(true);
    expect(found.big).toMatchObject({ member: 'web', result: 'ok', stage: 'running', pid: 7 });
    expect(found.big.reason).toMatch(/^x{255}… \(the rest was too long to keep\)$/);
    expect(weightOf(found.big)).toBeLessThanOrEqual(limits.outcomeWeight);
    // The outcome that was given up has made its room free.
    expect(found.weight).toBe(limits.operationWeight);
  });
});

describe('the memory of all', () => {
  it('is bounded, and whoever fills the most gives way: nobody pushes out who has little', () => {
    const found = remembering((turn, memory) => {
      add(turn, memory, 'small', 'mine');
      const piece = 1_048_576;
      for (let at = 0; at < 400; at += 1) {
        add(turn, memory, `greedy-${at % 5}`, `o${at}`, { weight: piece });
        expect(memory.weight.get()).toBeLessThanOrEqual(limits.memoryWeight);
      }
      const { books, weight } = memory;
      const shares = [0, 1, 2, 3, 4].map(
        (at) => books.get(principalOf(`greedy-${at}`))?.weight.get() ?? 0,
      );
      const isCounted = weight.get() === recounted(memory);
      return {
        shares,
        isCounted,
        isThere: recalled(memory, principalOf('small'), 'mine') !== undefined,
      };
    });
    expect(found.isThere).toBe(true);
    expect(found.isCounted).toBe(true);
    expect(Math.max(...found.shares) - Math.min(...found.shares)).toBeLessThanOrEqual(1_048_576);
  });
  it('keeps apart what two askers call by one id', () => {
    const found = remembering((turn, memory) => {
      const mine = add(turn, memory, 'me', 'op');
      const yours = add(turn, memory, 'you', 'op');
      return [
        mine === yours,
        recalled(memory, principalOf('me'), 'op') === mine,
        recalled(memory, principalOf('x'), 'op'),
      ];
    });
    expect(found).toEqual([false, true, undefined]);
  });
});

describe('an id', () => {
  const first = requestOf({
    action: 'restart',
    member: 'web',
    args: ['a', 'b'],
    onlyMembers: ['a,b', 'c'],
    minReady: 1,
    rolling: { batch: 1 },
  });
  const claimed = (request: Request) => () =>
    remembering((turn, memory) => {
      const operation = add(turn, memory, 'me', 'op');
      operation.requests.set('web', first);
      checkClaim(operation, request);
    });
  it.each<[string, Partial<Request>]>([
    ['action', { action: 'stop' }],
    ['arguments', { args: ['a', 'c'] }],
    ['number of arguments', { args: ['a'] }],
    ['order of arguments', { args: ['b', 'a'] }],
    ['reach', { withMembers: false }],
    ['choice of members', { onlyMembers: ['a,b'] }],
    ['choice of members that reads the same', { onlyMembers: ['a', 'b,c'] }],
    ['policy', { minReady: '1%' }],
    ['policy of its batches', { rolling: { batch: 1, maxFailed: 0 } }],
  ])('that comes with another %s is a conflict', (_what, more) => {
    expect(claimed({ ...first, ...more })).toThrow(expect.objectContaining({ code: 'conflict' }));
  });
  it.each<[string, Partial<Request>]>([
    ['deadline', { remainingMs: 1 }],
    ['way', { hops: ['x'] }],
    ['time to wait for who is away', { queueMs: 1 }],
    ['word for what is the default', { withMembers: true }],
    ['member', { member: 'other', action: 'stop' }],
  ])('may come with another %s', (_what, more) => {
    expect(claimed({ ...first, ...more })).not.toThrow();
  });
});
