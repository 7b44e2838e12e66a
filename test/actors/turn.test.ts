import { describe, expect, it } from 'vitest';
import {
  isRef,
  isVow,
  Refused,
  type Bcom,
  type Become,
  type Behavior,
  type JournalMap,
  type Ref,
  type Turn,
  type Vow,
} from '@bellwether/actors';
import { makeBench, runIn, settled } from '../support/actors-vat.ts';

interface Counter {
  get(): number;
  add(n: number): number;
  addThenThrow(n: number): void;
  peek(): number;
}
const makeCounter = (
  _turn: Turn<Counter>,
  bcom: Bcom<Counter>,
  count: number,
): Behavior<Counter> => ({
  get: () => count,
  add: (turn, n) => bcom(makeCounter(turn, bcom, count + n), count + n),
  addThenThrow: (turn, n) => {
    turn.call(turn.self, 'get');
    turn.tell(turn.self, 'add', n);
    throw new Refused('not today');
  },
  peek: (turn) => turn.call(turn.self, 'get'),
});

interface Box {
  put(key: string, value: number): void;
  drop(key: string): void;
  mess(): void;
  list(): readonly string[];
  putNested(): void;
  putThenFail(): void;
  readNested(): readonly string[];
  share(): JournalMap<string, number>;
}
const makeBox = (turn: Turn<Box>, _bcom: Bcom<Box>, trace: string[]): Behavior<Box> => {
  const map = turn.map<string, number>();
  const cell = turn.cell(0);
  const mess = (turn: Turn<Box>): void => {
    map.delete('a');
    map.set('z', 1);
    map.set('b', 9);
    map.delete('b');
    map.set('b', 10);
    cell.set(5);
    turn.effect(() => trace.push('effect'));
    turn.record('record');
    turn.tell(turn.self, 'put', 'late', 1);
    turn.after(1, () => trace.push('alarm'));
    throw new Refused('a mess');
  };
  return {
    put: (_turn, key, value) => map.set(key, value),
    drop: (_turn, key) => {
      map.delete(key);
    },
    mess,
    list: () => [...map.entries()].map(([key, value]) => `${key}${value}`).concat(`${cell.get()}`),
    putNested: (turn) => turn.call(turn.self, 'put', 'inner', 1),
    putThenFail: (turn) => {
      map.set('outer', 1);
      try {
        turn.call(turn.self, 'put', 'inner', 1);
      } catch (reason) {
        // Caught on purpose: what was done before the nested call stays.
        map.set((reason as { code: string }).code, 2);
      }
    },
    readNested: (turn) => turn.call(turn.self, 'list'),
    share: () => map,
  };
};

const boxWith = async (keys: readonly string[], commits: unknown[] = []) => {
  const trace: string[] = [];
  const bench = makeBench({
    commit: (entries, done) => {
      commits.push(...entries);
      done();
    },
  });
  const box = await runIn(bench, (turn) => {
    const made = turn.spawn(makeBox, trace);
    for (const key of keys) turn.tell(made, 'put', key, 1);
    return made;
  });
  return { ...bench, bench, box, trace, commits };
};

describe('a turn that throws', () => {
  it('leaves no trace in maps, cells, sends, timers, effects and records', async () => {
    const { bench, box, trace, commits, world, logs } = await boxWith(['a', 'b', 'c']);
    await expect(runIn(bench, (turn) => turn.send(box, 'mess'))).rejects.toThrow('a mess');
    expect(await runIn(bench, (turn) => turn.send(box, 'list'))).toEqual(['a1', 'b1', 'c1', '0']);
    world.run();
    expect({ trace, commits, logs, pending: world.pendingCount }).toEqual({
      trace: [],
      commits: [],
      logs: [],
      pending: 0,
    });
  });
  it('leaves its actor open for near calls that change it', async () => {
    const { bench, box } = await boxWith(['a']);
    await expect(runIn(bench, (turn) => turn.send(box, 'mess'))).rejects.toThrow('a mess');
    await runIn(bench, (turn) => turn.call(box, 'put', 'b', 2));
    expect(await runIn(bench, (turn) => turn.send(box, 'list'))).toEqual(['a1', 'b2', '0']);
  });
  it('takes a near call back to its own savepoint when the caller catches', async () => {
    const { bench, box, trace, commits } = await boxWith(['a', 'b', 'c']);
    const list = await runIn(bench, (turn) => {
      turn.record('mine');
      try {
        turn.call(box, 'mess');
      } catch {
        turn.call(box, 'drop', 'b');
      }
      return turn.call(box, 'list');
    });
    expect(list).toEqual(['a1', 'c1', '0']);
    expect(trace).toEqual([]);
    expect(commits).toEqual(['mine']);
  });
  it('takes back what a throwing constructor did when the spawner catches', async () => {
    const { bench, box, trace } = await boxWith(['a']);
    const makeFailing = (turn: Turn<object>): Behavior<object> => {
      turn.call(box, 'put', 'z', 1);
      turn.effect(() => trace.push('effect'));
      throw new Refused('unborn');
    };
    const list = await runIn(bench, (turn) => {
      expect(() => turn.spawn(makeFailing)).toThrow('unborn');
      return turn.call(box, 'list');
    });
    expect(list).toEqual(['a1', '0']);
    expect(trace).toEqual([]);
  });
  it('takes a become back', async () => {
    const bench = makeBench();
    const counter = await runIn(bench, (turn) => turn.spawn(makeCounter, 5));
    const failing = runIn(bench, (turn) => {
      expect(turn.call(counter, 'add', 2)).toBe(7);
      expect(turn.call(counter, 'get')).toBe(7);
      throw new Refused('after all');
    });
    await expect(failing).rejects.toThrow('after all');
    expect(await runIn(bench, (turn) => turn.send(counter, 'get'))).toBe(5);
  });
});

describe('a turn', () => {
  it('lets a nested call of the same actor read, and refuses its changes', async () => {
    const { bench, box } = await boxWith(['a']);
    expect(await runIn(bench, (turn) => turn.send(box, 'readNested'))).toEqual(['a1', '0']);
    await expect(runIn(bench, (turn) => turn.send(box, 'putNested'))).rejects.toMatchObject({
      code: 'reentrant',
    });
    await runIn(bench, (turn) => turn.send(box, 'putThenFail'));
    expect(await runIn(bench, (turn) => turn.send(box, 'list'))).toEqual([
      'a1',
      'outer1',
      'reentrant2',
      '0',
    ]);
  });
  it('is worthless once it has returned', async () => {
    const { bench, box } = await boxWith([]);
    let captured: Turn | undefined;
    await runIn(bench, (turn) => {
      captured = turn;
    });
    const uses: readonly ((turn: Turn) => unknown)[] = [
      (turn) => turn.send(box, 'list'),
      (turn) => turn.tell(box, 'list'),
      (turn) => turn.call(box, 'list'),
      (turn) => turn.forward(box, 'list', []),
      (turn) => turn.spawn(makeCounter, 1),
      (turn) => turn.kept(1),
      (turn) => turn.vow(),
      (turn) => turn.inlet(),
      (turn) => turn.ask(() => undefined),
      (turn) => turn.after(1, () => undefined),
      (turn) => turn.all([]),
      (turn) => turn.allWithin(1, []),
      (turn) => turn.effect(() => undefined),
      (turn) => turn.record(1),
      (turn) => turn.map(),
      (turn) => turn.cell(1),
    ];
    for (const use of uses) {
      expect(() => captured && use(captured)).toThrow(
        expect.objectContaining({ code: 'turn-over' }),
      );
    }
    await runIn(bench, () => {
      expect(() => captured?.send(box, 'list')).toThrow(/over/);
    });
  });
  it('cannot be used by the caller while a near call is on top of it', async () => {
    const bench = makeBench();
    const makeUser = (
      _turn: Turn<{ use(f: () => void): void }>,
    ): Behavior<{ use(f: () => void): void }> => ({
      use: (_turn, f) => f(),
    });
    await runIn(bench, (turn) => {
      const user = turn.spawn(makeUser);
      expect(() => turn.call(user, 'use', () => turn.record(1))).toThrow(/nested/);
      turn.record(2);
    });
  });
  it('refuses a change of state from outside of its actor', async () => {
    const { bench, box } = await boxWith([]);
    const map = await runIn(bench, (turn) => turn.send(box, 'share'));
    expect(() => map.set('x', 1)).toThrow(expect.objectContaining({ code: 'turn-over' }));
    await expect(runIn(bench, () => map.set('x', 1))).rejects.toMatchObject({ code: 'turn-over' });
    await expect(runIn(bench, () => map.delete('x'))).rejects.toMatchObject({ code: 'turn-over' });
  });
  it('refuses a promise from a method, a tell, a constructor, a resolver and a power', async () => {
    const bench = makeBench();
    interface Slow {
      go(): unknown;
    }
    const makeSlow = (): Behavior<Slow> => ({ go: async () => 1 });
    const slow = await runIn(bench, (turn) => turn.spawn(makeSlow));
    const refused = { code: 'refused' };
    await expect(runIn(bench, (turn) => turn.send(slow, 'go'))).rejects.toMatchObject(refused);
    await expect(runIn(bench, (turn) => turn.call(slow, 'go'))).rejects.toMatchObject(refused);
    await expect(runIn(bench, () => Promise.resolve(1))).rejects.toMatchObject(refused);
    await runIn(bench, (turn) => {
      expect(() => turn.spawn((async () => ({})) as never)).toThrow(/constructor/);
      expect(() => turn.spawn(((turn: Turn) => turn.kept({})) as never)).toThrow(/constructor/);
      expect(() => turn.kept(Promise.resolve(1))).toThrow(/promise/);
      expect(() => turn.vow().resolver.kept(Promise.resolve(1))).toThrow(/promise/);
      const { vow, answer } = turn.inlet();
      answer.kept(Promise.resolve(1));
      expect(bench.vat.whatIs(vow, silent)).toMatchObject({ kind: 'broken', reason: refused });
      turn.when(vow, ignore, ignore);
    });
    await runIn(bench, (turn) => turn.tell(slow, 'go'));
    expect(bench.logs.map((line) => [line.event, line['what'], line['code']])).toEqual([
      ['turn.refused', '^slow.go', 'refused'],
    ]);
  });
});

describe('bcom', () => {
  it('becomes, and gives the caller the value', async () => {
    const bench = makeBench();
    const counter = await runIn(bench, (turn) => turn.spawn(makeCounter, 5));
    expect(await runIn(bench, (turn) => turn.send(counter, 'add', 2))).toBe(7);
    expect(await runIn(bench, (turn) => turn.call(counter, 'peek'))).toBe(7);
  });
  it('is refused anywhere but as the one return of a method of its actor', async () => {
    interface Sly {
      keep(): void;
      giveKept(): unknown;
      giveTwice(): unknown;
      wait(): Vow<unknown>;
      vow(): Vow<unknown>;
      later(): void;
      hand(): unknown;
    }
    const seals: Become<unknown>[] = [];
    const bcoms: Bcom<Sly>[] = [];
    const makeSly = (_turn: Turn<Sly>, bcom: Bcom<Sly>): Behavior<Sly> => {
      bcoms.push(bcom);
      const behavior: Behavior<Sly> = {
        keep: () => {
          seals.push(bcom(behavior));
        },
        giveKept: () => seals.at(-1),
        giveTwice: (turn) => {
          const seal = bcom(behavior);
          seals.push(seal);
          return turn.call(turn.self, 'giveKept');
        },
        wait: (turn) => turn.when(turn.kept(1), () => bcom(behavior)),
        vow: (turn) => turn.kept(bcom(behavior)),
        later: (turn) => {
          turn.after(1, () => {
            bcom(behavior);
          });
        },
        hand: () => bcom(behavior, bcom(behavior)),
      };
      return behavior;
    };
    const bench = makeBench();
    const sly = await runIn(bench, (turn) => turn.spawn(makeSly));
    const thief = await runIn(bench, (turn) => turn.spawn(makeSly));
    await runIn(bench, (turn) => turn.send(sly, 'keep'));
    const misuse = { code: 'seal-misuse' };
    for (const method of ['giveKept', 'giveTwice', 'wait', 'vow', 'hand'] as const) {
      await expect(runIn(bench, (turn) => turn.send(sly, method))).rejects.toMatchObject(misuse);
    }
    await expect(runIn(bench, (turn) => turn.send(thief, 'giveKept'))).rejects.toMatchObject(
      misuse,
    );
    await expect(runIn(bench, () => seals[0])).rejects.toMatchObject(misuse);
    await runIn(bench, (turn) => turn.send(sly, 'later'));
    bench.world.run();
    await expect(runIn(bench, () => bcoms[0]?.({} as Behavior<Sly>))).rejects.toMatchObject(misuse);
    expect(() => bcoms[0]?.({} as Behavior<Sly>)).toThrow(/outside of its own turn/);
    await runIn(bench, (turn) => {
      expect(() => turn.spawn(makeSly)).not.toThrow();
      expect(() => bcoms[0]?.({} as Behavior<Sly>)).toThrow(/outside of its own turn/);
    });
  });
  it('is refused as what a constructor returns', async () => {
    const bench = makeBench();
    const makeEarly = (_turn: Turn<Counter>, bcom: Bcom<Counter>) => bcom({} as Behavior<Counter>);
    await runIn(bench, (turn) => {
      expect(() => turn.spawn(makeEarly as never)).toThrow(/constructor returned an object/);
    });
  });
  it('is refused while a call of its actor is on the stack', async () => {
    interface Nested {
      outer(): void;
      inner(): void;
    }
    const makeNested = (_turn: Turn<Nested>, bcom: Bcom<Nested>): Behavior<Nested> => {
      const behavior: Behavior<Nested> = {
        outer: (turn) => turn.call(turn.self, 'inner'),
        inner: () => bcom(behavior),
      };
      return behavior;
    };
    const bench = makeBench();
    const nested = await runIn(bench, (turn) => turn.spawn(makeNested));
    await expect(runIn(bench, (turn) => turn.send(nested, 'outer'))).rejects.toMatchObject({
      code: 'reentrant',
    });
    await runIn(bench, (turn) => turn.send(nested, 'inner'));
  });
});

describe('what is no reference', () => {
  it.each([undefined, null, 7, 'text', {}, []])(
    'is refused as a target (%o) also in a continuation, where a bug would halt the vat',
    async (thing) => {
      const bench = makeBench();
      const late = runIn(bench, (turn) =>
        turn.when(turn.kept(1), (turn) => turn.tell(thing as unknown as Ref<Counter>, 'get')),
      );
      await expect(late).rejects.toMatchObject({ code: 'refused' });
      await runIn(bench, (turn) => turn.spawn(makeCounter, 1));
      expect(isRef(thing) || isVow(thing)).toBe(false);
    },
  );
});

describe('a reference', () => {
  it('of another vat is a programming mistake, not a message', async () => {
    const one = makeBench();
    const other = makeBench({ name: 'other' }, one.world);
    const counter = await runIn(other, (turn) => turn.spawn(makeCounter, 1));
    await expect(runIn(one, (turn) => turn.send(counter, 'get'))).rejects.toThrow(/of vat other/);
    expect(() => one.vat.post(counter, 'get', [])).toThrow(TypeError);
    await settled(
      one.world,
      one.vat.run(() => undefined),
    );
  });
});

const ignore = (): void => undefined;
const silent = { deliver: ignore, listen: ignore, release: ignore, onSever: () => ignore };
