import type { Frontier } from '@bellwether/actors';
import { describe, expect, it } from 'vitest';
import { LIMITS } from '../../../packages/ocapn/src/limits.ts';
import { Flow, type Reading, Window } from '../../../packages/ocapn/src/session/flow.ts';
import { roomOf } from '../../../packages/ocapn/src/session/tables.ts';

describe('a round', () => {
  const windowMessages = 10;
  /** Sessions that wait, and how many of them each round takes up. */
  const served = (roundMessages: number, count: number): readonly number[] => {
    const asked: (() => void)[] = [];
    const frontier = {
      workedOff: (told: () => void) => void asked.push(told),
      busyMs: 0,
      isOwners: false,
    };
    const flow = new Flow(frontier as unknown as Frontier, { ...LIMITS, roundMessages });
    const rounds: number[] = [];
    const goOn = (): void => void (rounds[flow.round] = (rounds[flow.round] ?? 0) + 1);
    const session: Reading = { windowMessages, isInDebt: false, goOn };
    for (let n = 0; n < count; n += 1) flow.wait(session);
    for (let told = asked.shift(); told !== undefined; told = asked.shift()) told();
    return rounds.slice(1);
  };
  it('takes up those whose windows fit into it, and leaves one more to the next', () => {
    expect(served(40, 4)).toEqual([4]);
    expect(served(40, 5)).toEqual([4, 1]);
    expect(served(40, 9)).toEqual([4, 4, 1]);
  });
  it('takes up one at least', () => {
    expect(served(1, 2)).toEqual([1, 1]);
  });
});

describe('a round that takes long', () => {
  const room = roomOf(LIMITS, 1);
  const start = () => {
    const asked: (() => void)[] = [];
    const frontier = {
      workedOff: (told: () => void) => void asked.push(told),
      busyMs: 0,
      isOwners: false,
    };
    const flow = new Flow(frontier as unknown as Frontier, LIMITS);
    /** Has a fresh session read until it has to wait; the vat has worked that off in so long. */
    const read = (messageMs: number, isFree = false): number => {
      const window = new Window(flow);
      let count = 0;
      for (; !window.isSpent(room, isFree); count += 1) window.use(room, 1, isFree, 1);
      frontier.busyMs += count * messageMs;
      return count;
    };
    const next = (): void => asked.shift()?.();
    return { flow, frontier, asked, read, next };
  };
  it('has as many messages as take 10 ms, by what the last ones took', () => {
    const { read, next } = start();
    read(0.1);
    next();
    expect(read(0.1)).toBe(100);
    next();
    expect(read(0.2)).toBe(100);
    next();
    expect(read(0.2)).toBe(50);
  });
  it('is shared by all who have come, but for 8 messages of each and the owner', () => {
    const { read, next } = start();
    read(0.1);
    next();
    expect([read(0.1), read(0.1), read(0.1), read(0.1, true)]).toEqual([100, 8, 8, 1_024]);
  });
  it('is not soon believed to be over: who brings light and heavy ones in turn gains little', () => {
    const { read, next } = start();
    expect(read(1)).toBe(250); // what nobody can know before
    next();
    const counts = Array.from({ length: 300 }, () => {
      const count = read(0.001);
      next();
      return count;
    });
    expect(counts[0]).toBe(10);
    expect(counts[30]).toBeLessThan(20);
    expect(counts.at(-1)).toBe(250);
  });
  it('says nothing of what fewer than 8 messages took', () => {
    const { flow, frontier, read, next } = start();
    const few = new Window(flow);
    for (let count = 0; count < 7; count += 1) {
      few.isSpent(room, false);
      few.use(room, 1, false, 1);
    }
    frontier.busyMs += 1_000;
    flow.ask();
    next();
    expect(read(0.01)).toBe(250); // as at first
  });
  it('is put off while turns of the owner wait, 32 times and no more', () => {
    const { flow, frontier, asked, next } = start();
    frontier.isOwners = true;
    flow.ask();
    for (let times = 0; times < 32; times += 1) next();
    expect([flow.round, asked.length]).toEqual([0, 1]);
    next();
    expect([flow.round, asked.length]).toEqual([1, 0]);
    flow.ask();
    next();
    expect(flow.round).toBe(1);
    frontier.isOwners = false;
    next();
    expect(flow.round).toBe(2);
  });
});

describe('messages of very many values', () => {
  const room = roomOf(LIMITS, 1);
  const start = () => {
    const asked: (() => void)[] = [];
    const frontier = {
      workedOff: (told: () => void) => void asked.push(told),
      busyMs: 0,
      isOwners: false,
    };
    const flow = new Flow(frontier as unknown as Frontier, LIMITS);
    /** Which session has read, in the order in which that was. */
    const read: string[] = [];
    /** Brings messages of so many values, and so many of them. */
    const come = (name: string, valueCount: number, count: number, isFree = false): Window => {
      const window = new Window(flow);
      let left = count;
      const goOn = (): void => {
        for (; left > 0; left -= 1) {
          if (window.isSpent(room, isFree)) return flow.wait(session);
          window.use(room, 1_000, isFree, valueCount);
          read.push(name);
        }
      };
      const session: Reading = {
        windowMessages: room.flowMessages,
        get isInDebt() {
          return window.isInDebt;
        },
        goOn,
      };
      goOn();
      return window;
    };
    /** What is read in the next round. */
    const next = (): readonly string[] => {
      read.length = 0;
      asked.shift()?.();
      return [...read];
    };
    return { read, come, next };
  };
  it('are read one in a round, however many sessions bring them, by turns', () => {
    const { read, come, next } = start();
    for (const name of ['a', 'b', 'c']) come(name, LIMITS.values, 10);
    expect(read).toEqual(['a']);
    const rounds = Array.from({ length: 29 }, next);
    expect(rounds.every((each) => each.length === 1)).toBe(true);
    expect([...new Set(rounds.slice(0, 3).flat())].sort()).toEqual(['a', 'b', 'c']);
    expect(next()).toEqual([]);
  });
  it('hold up who brings none until the next round, and no longer', () => {
    const { read, come, next } = start();
    for (let n = 0; n < 20; n += 1) come('heavy', LIMITS.values, 100);
    for (let times = 0; times < 25; times += 1) next();
    read.length = 0;
    come('light', 10, 3);
    expect([...read, ...next()].slice(0, 3)).toEqual(['light', 'light', 'light']);
  });
  it('wait behind those who bring none for as many rounds as they owe, however many those are', () => {
    const { come, next } = start();
    come('heavy', LIMITS.values, 2);
    for (let n = 0; n < 10; n += 1) come('light', 10, 100_000);
    const owed = LIMITS.values / LIMITS.heavyValues / LIMITS.freeMessages;
    const rounds = Array.from({ length: 2 * owed + 10 }, next);
    expect(rounds.some((each) => each.includes('heavy'))).toBe(true);
    expect(rounds.slice(0, owed / 2).every((each) => each.every((one) => one === 'light'))).toBe(
      true,
    );
  });
  it('of the owner, or of a peer that we dialled, owe nothing: they are read in their turn', () => {
    const { come, next } = start();
    for (let n = 0; n < 10; n += 1) come('light', 10, 100_000);
    come('owner', LIMITS.values, 1_500, true);
    for (let n = 0; n < 10; n += 1) come('light', 10, 100_000);
    const rounds = Array.from({ length: 11 }, next);
    expect(rounds.some((each) => each.includes('owner'))).toBe(true);
  });
  it.each([
    [LIMITS.heavyValues, 250],
    [LIMITS.heavyValues * 2, 25],
  ])('are those of more than the limit: of %i values %i are read in a round', (values, count) => {
    const { read, come } = start();
    come('a', values, 1_000);
    expect(read).toHaveLength(count);
  });
});
