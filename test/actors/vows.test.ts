import { describe, expect, it } from 'vitest';
import {
  Refused,
  World,
  type Answer,
  type Bcom,
  type Behavior,
  type Ref,
  type Resolver,
  type Turn,
  type Vow,
} from '@bellwether/actors';
import { makeBench, runIn, type Bench } from '../support/actors-vat.ts';

interface Tape {
  add(text: string): number;
}
const makeTape = (_turn: Turn<Tape>, _bcom: Bcom<Tape>, out: string[]): Behavior<Tape> => ({
  add: (turn, text) => {
    turn.effect(() => out.push(text));
    return text.length;
  },
});

/** A vow whose resolver is at hand: kept outside of any actor, for tests. */
const openVow = async <T>(bench: Bench): Promise<{ vow: Vow<T>; resolver: Resolver<T> }> => {
  const box: { made?: { vow: Vow<T>; resolver: Resolver<T> } } = {};
  await runIn(bench, (turn) => {
    box.made = turn.vow<T>();
  });
  if (box.made === undefined) throw new Error('the turn did not run');
  return box.made;
};

describe('a vow', () => {
  it('is no thenable: awaiting it gives the vow itself', async () => {
    const bench = makeBench();
    const { vow } = await openVow<number>(bench);
    expect(await vow).toBe(vow);
    expect('then' in (vow as object)).toBe(false);
  });
  it('that is broken from the start breaks the answer, and leaves what its turn has done', async () => {
    const bench = makeBench();
    const done: string[] = [];
    const answer = runIn(bench, (turn) => {
      turn.effect(() => void done.push('done'));
      return turn.broken(new Refused('not today'));
    });
    await expect(answer).rejects.toMatchObject({ code: 'refused', message: 'not today' });
    expect(done).toEqual(['done']);
  });
  it.each([
    [15, 16],
    [16, 1],
    [17, 18],
    [32, 1],
  ])('tells of %i listeners that are over, and one more, %i', async (overCount, toldCount) => {
    const bench = makeBench();
    const { vow, resolver } = await openVow<string>(bench);
    let told = 0;
    const answer = { kept: () => void (told += 1), broken: () => undefined };
    let isOver = false;
    const over = {
      ...answer,
      get isOver() {
        return isOver;
      },
    };
    for (let n = 0; n < overCount; n += 1) bench.vat.listen(vow, over);
    isOver = true;
    bench.vat.listen(vow, answer);
    await runIn(bench, () => resolver.kept('at last'));
    expect(told).toBe(toldCount);
  });
  it('breaks the answers of messages that it forgets, since whoever was given one may wait for it', async () => {
    const bench = makeBench();
    const { vow, resolver } = await openVow<Ref<Tape>>(bench);
    const over = { isOver: true, kept: () => undefined, broken: () => undefined };
    const sent = Array.from({ length: 16 }, () => bench.vat.deliver(vow, 'add', ['x']));
    for (const answer of sent) bench.vat.listen(answer, over);
    bench.vat.deliver(vow, 'add', ['next']);
    const told = bench.vat
      .run((turn) => turn.when(sent[3] as Vow<number>, () => 'kept'))
      .catch((reason: unknown) => reason);
    const heard: string[] = [];
    await runIn(bench, (turn) => resolver.kept(turn.spawn(makeTape, heard)));
    expect(heard).toEqual(['next']);
    expect(await told).toMatchObject({ code: 'severed' });
  });
  it('holds messages until it is kept, in the order sent', async () => {
    const bench = makeBench();
    const heard: string[] = [];
    const { vow, resolver } = await openVow<Ref<Tape>>(bench);
    const first = bench.vat.run((turn) => turn.send(vow, 'add', 'one'));
    await runIn(bench, (turn) => turn.tell(vow, 'add', 'two'));
    expect(heard).toEqual([]);
    await runIn(bench, (turn) => resolver.kept(turn.spawn(makeTape, heard)));
    await runIn(bench, (turn) => turn.tell(vow, 'add', 'three'));
    bench.world.run();
    expect(heard).toEqual(['one', 'two', 'three']);
    expect(await first).toBe(3);
  });
  it('that follows another sends its waiting messages ahead of later ones', async () => {
    const bench = makeBench();
    const heard: string[] = [];
    const outer = await openVow<Ref<Tape>>(bench);
    const inner = await openVow<Ref<Tape>>(bench);
    await runIn(bench, (turn) => turn.tell(outer.vow, 'add', 'one'));
    await runIn(bench, () => outer.resolver.follow(inner.vow));
    await runIn(bench, (turn) => turn.tell(outer.vow, 'add', 'two'));
    await runIn(bench, (turn) => inner.resolver.kept(turn.spawn(makeTape, heard)));
    await runIn(bench, (turn) => turn.tell(outer.vow, 'add', 'three'));
    bench.world.run();
    expect(heard).toEqual(['one', 'two', 'three']);
  });
  it('breaks when it would follow itself, through any number of others', async () => {
    for (const length of [1, 2, 5]) {
      const bench = makeBench();
      const ring = await Promise.all(Array.from({ length }, () => openVow<number>(bench)));
      const last = runIn(bench, (turn) => {
        ring.forEach(({ resolver }, at) => {
          const next = ring[(at + 1) % length];
          if (next !== undefined) resolver.follow(next.vow);
        });
        return turn.all(ring.map(({ vow }) => vow));
      });
      const codes = (await last).map((one) => !one.kept && (one.reason as Refused).code);
      expect(codes).toEqual(Array.from({ length }, () => 'refused'));
    }
  });
  it('is settled once: later words are ignored', async () => {
    const bench = makeBench();
    const { vow, resolver } = await openVow<number>(bench);
    await runIn(bench, () => {
      resolver.kept(1);
      resolver.kept(2);
      resolver.broken(new Error('late'));
    });
    expect(await runIn(bench, () => vow)).toBe(1);
  });
  it('is not settled by a turn that was undone', async () => {
    const bench = makeBench();
    const { vow, resolver } = await openVow<number>(bench);
    const undone = runIn(bench, () => {
      resolver.kept(1);
      throw new Refused('undone');
    });
    await expect(undone).rejects.toThrow('undone');
    await runIn(bench, () => resolver.kept(2));
    expect(await runIn(bench, () => vow)).toBe(2);
  });
  it('cannot be resolved outside of a turn', async () => {
    const { resolver, vow } = await openVow<number>(makeBench());
    const over = expect.objectContaining({ code: 'turn-over' });
    expect(() => resolver.kept(1)).toThrow(over);
    expect(() => resolver.broken(1)).toThrow(over);
    expect(() => resolver.follow(vow)).toThrow(over);
  });
  it('breaks a message that was sent to what turned out to be no actor', async () => {
    const bench = makeBench();
    const sent = runIn(bench, (turn) =>
      turn.send(turn.kept(5) as unknown as Vow<Ref<Tape>>, 'add', ''),
    );
    await expect(sent).rejects.toThrow(/sent to 5/);
  });
  it('carries a reason that is plain data unchanged to whoever looks at it', async () => {
    const bench = makeBench();
    const reasons: unknown[] = [];
    await runIn(bench, (turn) => {
      const { vow, resolver } = turn.vow<number>();
      resolver.broken('out of paper');
      const passed = turn.when(vow, (_turn, n) => n);
      const rethrown = turn.when(
        passed,
        (_turn, n) => n,
        (_turn, reason) => {
          reasons.push(reason);
          throw reason;
        },
      );
      return turn.when(
        rethrown,
        () => 0,
        (_turn, reason) => reasons.push(reason),
      );
    });
    expect(reasons).toMatchObject([
      { code: 'broken', reason: 'out of paper' },
      { code: 'broken', reason: 'out of paper' },
    ]);
    expect(reasons[0]).not.toBe(reasons[1]);
  });
  it('that breaks unheard is logged once, and one that is heard is not', async () => {
    const bench = makeBench();
    await runIn(bench, (turn) => {
      const { vow, resolver } = turn.vow<number>();
      resolver.broken(new Refused('nobody listens'));
      turn.when(vow, () => 0);
      const heard = turn.vow<number>();
      heard.resolver.broken(new Refused('somebody listens'));
      turn.when(
        heard.vow,
        () => 0,
        () => 0,
      );
    });
    bench.world.run();
    expect(bench.logs).toEqual([
      { event: 'vow.broken', vat: 'bench', code: 'refused', message: 'nobody listens' },
    ]);
  });
  it('that breaks is heard by whoever waits for the answer of a message to it', async () => {
    const bench = makeBench();
    await runIn(bench, (turn) => {
      const { vow, resolver } = turn.vow<Ref<Tape>>();
      const later = turn.vow<Ref<Tape>>();
      for (const each of [vow, later.vow]) {
        turn.when(
          turn.send(each, 'add', 'x'),
          () => 0,
          () => 0,
        );
      }
      resolver.follow(later.vow);
      later.resolver.broken(new Refused('heard'));
    });
    bench.world.run();
    expect(bench.logs).toEqual([]);
  });
  it('that breaks is heard by whoever listens to a vow that follows it', async () => {
    const bench = makeBench();
    await runIn(bench, (turn) => {
      const outer = turn.vow<number>();
      const inner = turn.vow<number>();
      outer.resolver.follow(inner.vow);
      turn.when(
        outer.vow,
        () => 0,
        () => 0,
      );
      inner.resolver.broken(new Refused('heard'));
    });
    bench.world.run();
    expect(bench.logs).toEqual([]);
  });
});

describe('a vow of another vat', () => {
  it('is refused, by a resolver and by an answer', async () => {
    const bench = makeBench();
    const stranger = makeBench({ name: 'stranger' }, bench.world);
    const theirs = await openVow<number>(stranger);
    const { vow, resolver } = await openVow<number>(bench);
    await runIn(bench, () => expect(() => resolver.follow(theirs.vow)).toThrow(/of vat stranger/));
    const answered = runIn(bench, (turn) => turn.ask((answer) => answer.kept(theirs.vow)));
    await expect(answered).rejects.toMatchObject({ code: 'refused' });
    await expect(runIn(bench, (turn) => turn.within(5, vow))).rejects.toThrow(/no answer/);
  });
});

describe('all', () => {
  it('is kept with how each vow ended, in their order', async () => {
    const bench = makeBench();
    const late = await openVow<string>(bench);
    const joined = bench.vat.run((turn) => {
      const broken = turn.vow<number>();
      broken.resolver.broken('data');
      return turn.all([late.vow, turn.kept(1), broken.vow] as const);
    });
    bench.world.run();
    await runIn(bench, () => late.resolver.kept('late'));
    expect(await joined).toMatchObject([
      { kept: true, value: 'late' },
      { kept: true, value: 1 },
      { kept: false, reason: { code: 'broken', reason: 'data' } },
    ]);
  });
  it('of nothing is kept with nothing', async () => {
    expect(await runIn(makeBench(), (turn) => turn.all([]))).toEqual([]);
  });
});

describe('after', () => {
  it('runs a later turn of its actor at its time, once', async () => {
    const bench = makeBench();
    const due: number[] = [];
    await runIn(bench, (turn) => {
      const cell = turn.cell(0);
      turn.after(30, (turn) => {
        cell.set(cell.get() + 1);
        turn.effect(() => due.push(bench.world.now, cell.get()));
      });
    });
    bench.world.run();
    expect(due).toEqual([30, 1]);
  });
  it('does not run when it was cancelled, also when it is due already', async () => {
    const orders = new Set<string>();
    for (let seed = 1; seed <= 50; seed += 1) {
      const bench = makeBench({}, new World(seed));
      const due: string[] = [];
      await runIn(bench, (turn) => {
        turn.after(30, () => due.push('early')).cancel();
        const same = turn.after(10, () => due.push('same'));
        turn.after(10, () => {
          due.push('cancelling');
          same.cancel();
        });
      });
      bench.world.run();
      expect([bench.world.pendingCount, bench.world.now]).toEqual([0, 10]);
      orders.add(due.join());
    }
    // Which of two that are due together comes first is the seed's choice.
    expect([...orders].sort()).toEqual(['cancelling', 'same,cancelling']);
  });
  it('is not cancelled by a turn that was undone, and cannot be outside of a turn', async () => {
    const bench = makeBench();
    const due: number[] = [];
    const box: { cancel?: () => void } = {};
    await runIn(bench, (turn) => {
      box.cancel = turn.after(30, () => due.push(1)).cancel;
    });
    const undone = runIn(bench, () => {
      box.cancel?.();
      throw new Refused('undone');
    });
    await expect(undone).rejects.toThrow('undone');
    expect(() => box.cancel?.()).toThrow(expect.objectContaining({ code: 'turn-over' }));
    bench.world.run();
    expect(due).toEqual([1]);
  });
  it('takes a time that is over as now, and refuses what is no time', async () => {
    const bench = makeBench();
    const due: number[] = [];
    await runIn(bench, (turn) => {
      turn.after(-5, () => due.push(1));
      expect(() => turn.after(NaN, () => undefined)).toThrow(RangeError);
      expect(() => turn.within(Infinity, turn.kept(1))).toThrow(RangeError);
    });
    bench.world.run();
    expect([due, bench.world.now]).toEqual([[1], 0]);
  });
});

describe('within', () => {
  it('passes on what comes in time, and leaves no timer', async () => {
    const bench = makeBench();
    const { vow, resolver } = await openVow<number>(bench);
    const answer = bench.vat.run((turn) => turn.within(100, vow));
    bench.world.run(40);
    await runIn(bench, () => resolver.kept(7));
    expect(await answer).toBe(7);
    expect([bench.world.pendingCount, bench.world.now]).toEqual([0, 40]);
  });
  it('passes on a break, and a value that is there already, without a timer', async () => {
    const bench = makeBench();
    const { vow, resolver } = await openVow<number>(bench);
    await runIn(bench, () => resolver.broken(new Refused('no')));
    await expect(runIn(bench, (turn) => turn.within(100, vow))).rejects.toThrow('no');
    expect(await runIn(bench, (turn) => turn.within(100, turn.kept(1)))).toBe(1);
    expect(bench.world.pendingCount).toBe(0);
  });
  it('breaks with timed-out at its time, whatever comes later', async () => {
    const bench = makeBench();
    const { vow, resolver } = await openVow<number>(bench);
    const late: { answer?: Vow<number> } = {};
    const answered = runIn(bench, (turn) => {
      late.answer = turn.within(100, vow);
      return late.answer;
    });
    const timedOut = { code: 'timed-out', message: 'no answer within 100 ms' };
    await expect(answered).rejects.toMatchObject(timedOut);
    expect(bench.world.now).toBe(100);
    await runIn(bench, () => resolver.kept(7));
    await expect(runIn(bench, () => late.answer)).rejects.toMatchObject(timedOut);
    expect(bench.logs).toEqual([]);
  });
});

describe('allWithin', () => {
  it('is kept at its time with what has come, the rest timed out, whatever comes later', async () => {
    const bench = makeBench();
    const [early, late, never] = [
      await openVow<number>(bench),
      await openVow<number>(bench),
      await openVow<number>(bench),
    ];
    const answered = bench.vat.run((turn) =>
      turn.allWithin(100, [early.vow, late.vow, never.vow, turn.kept(4)]),
    );
    bench.world.run(40);
    await runIn(bench, () => early.resolver.kept(1));
    bench.world.run();
    await runIn(bench, () => late.resolver.kept(2));
    const timedOut = {
      kept: false,
      reason: { code: 'timed-out', message: 'no answer within 100 ms' },
    };
    const four = { kept: true, value: 4 };
    expect(await answered).toMatchObject([{ kept: true, value: 1 }, timedOut, timedOut, four]);
    expect([bench.world.now, bench.logs]).toEqual([100, []]);
  });
  it('leaves no timer where all have come, or nothing was waited for', async () => {
    const bench = makeBench();
    const { vow, resolver } = await openVow<number>(bench);
    const answered = bench.vat.run((turn) => turn.allWithin(100, [vow]));
    bench.world.run(40);
    await runIn(bench, () => resolver.broken(new Refused('no')));
    expect(await answered).toMatchObject([{ kept: false, reason: { message: 'no' } }]);
    expect(await runIn(bench, (turn) => turn.allWithin(100, []))).toEqual([]);
    expect(await runIn(bench, (turn) => turn.allWithin(100, [turn.kept(1)]))).toHaveLength(1);
    expect([bench.world.pendingCount, bench.world.now]).toEqual([0, 40]);
  });
});

describe('a power', () => {
  it('is asked after the turn, and its answer is a vow', async () => {
    const bench = makeBench();
    const trace: string[] = [];
    const asked: Answer[] = [];
    const answered = bench.vat.run((turn) => {
      const vow = turn.ask<number>((answer) => {
        trace.push('asked');
        asked.push(answer);
      });
      trace.push('turn');
      return turn.when(vow, (_turn, n) => n + 1);
    });
    bench.world.run();
    asked[0]?.kept(1);
    asked[0]?.kept(5);
    asked[0]?.broken('late');
    bench.world.run();
    expect([trace, await answered]).toEqual([['turn', 'asked'], 2]);
    expect(await runIn(bench, () => asked[0] as unknown as Vow<number>)).toBe(1);
  });
  it('is not asked by a turn that was undone', async () => {
    const bench = makeBench();
    const trace: string[] = [];
    const undone = runIn(bench, (turn) => {
      turn.ask(() => trace.push('asked'));
      throw new Refused('undone');
    });
    await expect(undone).rejects.toThrow('undone');
    expect(trace).toEqual([]);
  });
  it('tells an actor more than once through a door, in order', async () => {
    interface Watcher {
      note(text: string): void;
      list(): readonly string[];
      open(): void;
    }
    const doors: ((text: string) => void)[] = [];
    const makeWatcher = (turn: Turn<Watcher>): Behavior<Watcher> => {
      const seen = turn.cell<readonly string[]>([]);
      return {
        note: (_turn, text) => seen.set([...seen.get(), text]),
        list: () => seen.get(),
        open: (turn) => {
          const door = turn.door('note');
          turn.effect(() => doors.push(door));
        },
      };
    };
    const bench = makeBench();
    const watcher = await runIn(bench, (turn) => turn.spawn(makeWatcher));
    await runIn(bench, (turn) => turn.send(watcher, 'open'));
    bench.world.run();
    doors[0]?.('one');
    doors[0]?.('two');
    expect(await runIn(bench, (turn) => turn.send(watcher, 'list'))).toEqual(['one', 'two']);
  });
});
