import type { Bcom, Behavior, Ref, Turn } from '@bellwether/actors';
import {
  limits,
  makeStatusBoard,
  unknownStatus,
  type Observer,
  type ServiceRegistry,
  type Status,
  type StatusBoard,
  type Watching,
} from '@bellwether/shepherd';
import { describe, expect, it } from 'vitest';
import { makeBench, runIn, type Bench } from '../../support/actors-vat.ts';
import { localRoot, principalOf } from '../../../packages/shepherd/src/words/principal.ts';

type Names = Pick<ServiceRegistry, 'lookup' | 'canonical' | 'names'>;
interface Named {
  canonicalName(): string;
  status(): Status;
}
const makeNamed = (
  _turn: Turn<Named>,
  _bcom: Bcom<Named>,
  name: string,
  pidOf: (name: string) => number,
): Behavior<Named> => ({
  canonicalName: () => name,
  status: () => ({ ...unknownStatus(name, ''), stage: 'running', pid: pidOf(name) }),
});
const makeNames = (
  turn: Turn<Names>,
  _bcom: Bcom<Names>,
  names: readonly string[],
  pidOf: (name: string) => number,
): Behavior<Names> => {
  const services = new Map(names.map((name) => [name, turn.spawn(makeNamed, name, pidOf)]));
  return {
    lookup: (_turn, name) => services.get(name) as Ref<never>,
    canonical: (_turn, name) => (services.has(name) ? name : undefined),
    names: () => names,
  };
};

/** One push, and what the observer does about it. */
interface Push {
  readonly sequence: number;
  readonly statuses: readonly Status[];
  readonly isOneWay: boolean;
  answer(): void;
  refuse(): void;
}
const makeObserver = (
  _turn: Turn<Observer>,
  _bcom: Bcom<Observer>,
  told: (push: Push) => void,
): Behavior<Observer> => ({
  observed: (turn, sequence, statuses, isOneWay = false) =>
    turn.ask<void>((answer) =>
      told({
        sequence,
        statuses,
        isOneWay,
        answer: () => answer.kept(undefined),
        refuse: () => answer.broken(new Error('no')),
      }),
    ),
});

interface BoardBench extends Bench {
  readonly board: Ref<StatusBoard>;
  readonly pids: Map<string, number>;
  /** Waits that many milliseconds. */
  pass(ms: number): void;
  touch(...names: readonly string[]): void;
  /** Watches, and gives back the pushes; the first `answeredCount` are answered at once. */
  watch(given?: Partial<Watching> & { readonly answers?: boolean }): Promise<Push[]>;
}
const boardBench = async (names: readonly string[] = ['a', 'b', 'c']): Promise<BoardBench> => {
  const bench = makeBench({ rehearse: true });
  const pids = new Map<string, number>();
  const { board } = await runIn(bench, (turn) => {
    const registry = turn.spawn(makeNames, names, (name: string) => pids.get(name) ?? 0);
    // One that beats at even moments, as this world begins.
    const clock = bench.world.clock(0);
    return { board: turn.spawn(makeStatusBoard, { registry, clock, life: 'a' }) };
  });
  return {
    ...bench,
    board,
    pids,
    pass: (ms) => bench.world.run(bench.world.now + ms),
    touch: (...touched) => {
      bench.vat.post(board, 'touched', [touched]);
      bench.world.run(bench.world.now);
    },
    watch: async ({ answers = true, ...given } = {}) => {
      const pushes: Push[] = [];
      await runIn(bench, (turn) => {
        const observer = turn.spawn(makeObserver, (push: Push) => {
          pushes.push(push);
          if (answers) push.answer();
        });
        const watching = { principal: localRoot, names: undefined, heartbeatMs: 2_000 };
        return turn.call(board, 'watch', { ...watching, observer, ...given });
      });
      bench.world.run(bench.world.now);
      return pushes;
    },
  };
};
const toldIn = (pushes: readonly Push[]): string[] =>
  pushes.map(({ statuses }) =>
    statuses
      .map((one) => `${one.provision[0]}${one.kind === 'fleet' ? '' : (one.pid ?? '')}`)
      .join(' '),
  );

describe('a watching', () => {
  it('is told of everything first, then of what was touched', async () => {
    const bench = await boardBench();
    const pushes = await bench.watch();
    bench.pass(100);
    bench.pids.set('b', 7);
    bench.touch('b');
    expect(toldIn(pushes)).toEqual(['a0 b0 c0', 'b7']);
    expect(pushes.map(({ sequence }) => sequence)).toEqual([0, 1]);
  });
  it('of some names hears of no other', async () => {
    const bench = await boardBench();
    const pushes = await bench.watch({ names: ['b'] });
    bench.pass(100);
    bench.touch('a');
    bench.touch('b');
    expect(toldIn(pushes)).toEqual(['b0', 'b0']);
  });
  it('has one unanswered push at most; what changes meanwhile is told once, as it is then', async () => {
    const bench = await boardBench();
    const pushes = await bench.watch({ answers: false });
    for (let pid = 1; pid <= 100; pid += 1) {
      bench.pids.set('a', pid);
      bench.touch('a');
    }
    bench.touch('c');
    bench.pass(1_000);
    expect(pushes).toHaveLength(1);
    pushes[0]?.answer();
    bench.pass(limits.pushGapMs);
    expect(toldIn(pushes)).toEqual(['a0 b0 c0', 'a100 c0']);
  });
  it('leaves a gap between an answer and the next push', async () => {
    const bench = await boardBench();
    const pushes = await bench.watch();
    bench.touch('a');
    bench.pass(limits.pushGapMs - 1);
    expect(pushes).toHaveLength(1);
    bench.pass(1);
    expect(pushes).toHaveLength(2);
  });
  it('beats, with nothing to say, by one timer for all of one interval', async () => {
    const bench = await boardBench();
    const one = await bench.watch();
    bench.pass(100);
    const before = bench.world.pendingCount;
    const other = await bench.watch();
    bench.pass(limits.pushGapMs);
    expect(bench.world.pendingCount).toBe(before);
    bench.pass(4_000);
    expect(toldIn(one)).toEqual(['a0 b0 c0', '', '']);
    expect(toldIn(other)).toEqual(['a0 b0 c0', '', '']);
  });
  it('beats at moments of the wall clock, the first time sooner than it was asked for', async () => {
    const bench = await boardBench();
    bench.pass(700);
    const pushes = await bench.watch();
    bench.pass(1_299);
    expect(pushes).toHaveLength(1);
    bench.pass(1);
    expect(pushes).toHaveLength(2);
    bench.pass(1_999);
    expect(pushes).toHaveLength(2);
    bench.pass(1);
    expect(pushes).toHaveLength(3);
  });
  it(`wants an answer to one beat after ${limits.toldBeatCount} that it only tells`, async () => {
    const bench = await boardBench();
    const pushes = await bench.watch();
    bench.pass(2_000 * 2 * (limits.toldBeatCount + 1) + 100);
    const words = Array.from({ length: limits.toldBeatCount }, () => true);
    expect(pushes.map(({ isOneWay }) => isOneWay)).toEqual([
      false,
      ...words,
      false,
      ...words,
      false,
    ]);
    expect(pushes.map(({ sequence }) => sequence)).toEqual(pushes.map((_, at) => at));
  });
  it('wants an answer to every push of something, also to one that a beat brings', async () => {
    const bench = await boardBench();
    const pushes = await bench.watch();
    bench.pass(1_999);
    bench.touch('a');
    bench.touch('b');
    bench.pass(2_001);
    // The beat finds what came within the gap; the one after it has nothing to say.
    expect(toldIn(pushes)).toEqual(['a0 b0 c0', 'a0', 'b0', '']);
    expect(pushes.map(({ isOneWay }) => isOneWay)).toEqual([false, false, false, true]);
  });
  it('has its credit after a beat that is only told', async () => {
    const bench = await boardBench();
    const pushes = await bench.watch({ answers: false });
    pushes[0]?.answer();
    bench.pass(2_000);
    expect(pushes.map(({ isOneWay }) => isOneWay)).toEqual([false, true]);
    bench.touch('a'); // the word was not answered, and never will be
    expect(toldIn(pushes)).toEqual(['a0 b0 c0', '', 'a0']);
  });
  it('that a word does not reach ends with the push after it', async () => {
    const bench = await boardBench();
    const pushes = await bench.watch({ answers: false });
    pushes[0]?.answer();
    bench.pass(2_000 * limits.toldBeatCount);
    for (const push of pushes.slice(1)) push.refuse();
    bench.pass(2_000);
    expect(pushes.at(-1)).toMatchObject({ isOneWay: false, sequence: limits.toldBeatCount + 1 });
    pushes.at(-1)?.refuse();
    bench.pass(10_000);
    expect(pushes).toHaveLength(limits.toldBeatCount + 2);
    expect(bench.world.pendingCount).toBe(0);
  });
  it('beats in its own time', async () => {
    const bench = await boardBench();
    const fast = await bench.watch({ heartbeatMs: 1_000 });
    const slow = await bench.watch({ heartbeatMs: 60_000 });
    bench.pass(60_500);
    expect([fast.length, slow.length]).toEqual([61, 2]);
  });
  it('brings what has changed with the beat that comes first', async () => {
    const bench = await boardBench();
    const pushes = await bench.watch();
    bench.pass(1_999);
    bench.touch('a');
    bench.touch('b');
    bench.pass(1);
    expect(toldIn(pushes)).toEqual(['a0 b0 c0', 'a0', 'b0']);
    bench.pass(limits.pushGapMs);
    expect(pushes).toHaveLength(3);
  });
  it('ends when a push breaks, and leaves neither timer nor entry', async () => {
    const bench = await boardBench();
    const pushes = await bench.watch({ answers: false });
    pushes[0]?.refuse();
    bench.pass(0);
    bench.touch('a');
    bench.pass(2_000);
    expect(pushes).toHaveLength(1);
    expect(bench.world.pendingCount).toBe(0);
    await bench.watch();
  });
  it(`ends after ${limits.missedBeatCount} beats that find its push unanswered`, async () => {
    const bench = await boardBench();
    const pushes = await bench.watch({ answers: false });
    bench.pass(2_000 * limits.missedBeatCount - 1);
    expect(bench.world.pendingCount).toBe(1);
    pushes[0]?.answer();
    bench.touch('a');
    bench.pass(limits.pushGapMs);
    expect(pushes).toHaveLength(2);
    bench.pass(2_000 * (limits.missedBeatCount + 1));
    expect(bench.world.pendingCount).toBe(0);
    pushes[1]?.answer();
    bench.touch('a');
    bench.pass(10_000);
    expect(pushes).toHaveLength(2);
  });
  it('of more than one push can hold is told in several', async () => {
    const count = limits.pushStatusCount;
    const bench = await boardBench(Array.from({ length: count + 1 }, (_, at) => `s${at}`));
    const pushes = await bench.watch();
    expect(pushes.map(({ statuses }) => statuses.length)).toEqual([count]);
    bench.pass(limits.pushGapMs);
    expect(pushes.map(({ statuses }) => statuses.length)).toEqual([count, 1]);
  });
  it('is told of a service that is there no more', async () => {
    const bench = await boardBench();
    const pushes = await bench.watch();
    bench.pass(100);
    bench.touch('gone');
    expect(pushes[1]?.statuses).toMatchObject([{ stage: 'unknown', provision: ['gone'] }]);
  });
});

describe('an aggregate', () => {
  const contain = (bench: BoardBench, aggregate: readonly string[], ...members: string[]): void => {
    bench.vat.post(bench.board, 'contains', [aggregate, members]);
    bench.pass(100);
  };
  it('says who was touched since somebody asked, as long as there are not too many', async () => {
    const { board, touch, vat, world } = await boardBench();
    const since = async (count: number | undefined) => {
      const asked = vat.run((turn) => turn.call(board, 'touchedSince', count));
      world.run();
      return asked;
    };
    touch('before');
    const { count, names } = await since(undefined);
    expect(names).toBeUndefined();
    touch('a', 'b');
    touch('a');
    expect(await since(count)).toEqual({ count: count + 3, names: ['a', 'b', 'a'] });
    expect((await since(count + 2)).names).toEqual(['a']);
    const all = Array.from({ length: limits.touchedNameCount }, (_none, at) => `s${at}`);
    touch(...all);
    const full = await since(count + 3);
    expect(full.names).toEqual(all);
    touch('one more');
    expect((await since(count + 3)).names).toBeUndefined();
    expect((await since(full.count)).names).toEqual(['one more']);
    // Who has not asked for so long is nobody.
    touch(...all, 'one more');
    const late = await since(full.count + 1);
    expect(late.names).toBeUndefined();
    touch('c');
    expect((await since(late.count)).names).toEqual(['c']);
  });
  it('is touched with each of its members, under whatever name, and so is what it is in', async () => {
    const bench = await boardBench();
    contain(bench, ['b', 'fleet'], 'alias-of-a');
    contain(bench, ['c'], 'fleet', 'alias-of-a');
    const pushes = await bench.watch();
    bench.pass(100);
    bench.touch('a', 'alias-of-a');
    expect(toldIn(pushes).slice(1)).toEqual(['a0 b0 c0']);
  });
  it('that has other members now is touched by those, and by the old ones no more', async () => {
    const bench = await boardBench();
    contain(bench, ['c'], 'a');
    contain(bench, ['c'], 'b');
    const pushes = await bench.watch({ names: ['c'] });
    bench.pass(100);
    bench.touch('a');
    bench.pass(100);
    expect(pushes).toHaveLength(1);
    bench.touch('b');
    expect(toldIn(pushes)).toEqual(['c0', 'c0']);
  });
  it('that contains itself ends no turn', async () => {
    const bench = await boardBench();
    contain(bench, ['a'], 'b');
    contain(bench, ['b'], 'a');
    const pushes = await bench.watch({ names: ['a', 'b'] });
    bench.pass(100);
    bench.touch('a');
    expect(toldIn(pushes)).toEqual(['a0 b0', 'a0 b0']);
  });
});

describe('the room of a board', () => {
  const fill = async (bench: BoardBench, count: number, principal: (at: number) => string) => {
    for (let at = 0; at < count; at += 1)
      await bench.watch({ answers: false, names: ['a'], principal: principalOf(principal(at)) });
  };
  it(`is ${limits.askerWatchingCount} for one asker, and others are not concerned`, async () => {
    const bench = await boardBench();
    await fill(bench, limits.askerWatchingCount, () => 'x');
    await expect(bench.watch({ principal: principalOf('x') })).rejects.toMatchObject({
      code: 'limit',
    });
    expect(await bench.watch({ principal: principalOf('y') })).toHaveLength(1);
  });
  it(`is ${limits.watchingCount} for all, until one of them ends`, async () => {
    const bench = await boardBench();
    const pushes = await bench.watch({ answers: false, principal: principalOf('first') });
    await fill(bench, limits.watchingCount - 1, (at) => `x${at >> 3}`);
    await expect(bench.watch({ principal: principalOf('y') })).rejects.toMatchObject({
      code: 'limit',
    });
    pushes[0]?.refuse();
    bench.pass(0);
    expect(await bench.watch({ principal: principalOf('y') })).toHaveLength(1);
  });
});
