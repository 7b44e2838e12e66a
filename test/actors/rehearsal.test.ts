import { describe, expect, it } from 'vitest';
import { type Behavior, type Ref, type Turn, type Vow } from '@bellwether/actors';
import { makeBench, runIn } from '../support/actors-vat.ts';

interface Sly {
  count(): number;
  remember(key: string): number;
  journalled(): number;
  wait(): Vow<number>;
  throwOnce(): void;
  recordOnce(): void;
}
const makeSly = (turn: Turn<Sly>): Behavior<Sly> => {
  const bare = new Map<string, number>();
  const cell = turn.cell(0);
  const list: number[] = [];
  let count = 0;
  return {
    count: () => (count += 1),
    remember: (_turn, key) => {
      bare.set(`${key}${bare.size}`, 1);
      return bare.size;
    },
    journalled: () => {
      cell.set(cell.get() + 1);
      return cell.get();
    },
    wait: (turn) => {
      const inner = turn.spawn(makeSly);
      const answer = turn.send(inner, 'journalled');
      turn.effect(() => undefined);
      turn.record({ at: 1n, bytes: new Uint8Array(2) });
      return turn.within(
        50,
        turn.when(answer, (_turn, n) => n + turn.call(inner, 'journalled')),
      );
    },
    throwOnce: () => {
      list.push(1);
      if (list.length === 1) throw new TypeError('the first time');
    },
    recordOnce: (turn) => {
      list.push(1);
      turn.record(list.length);
    },
  };
};
const setUp = async () => {
  const bench = makeBench({ rehearse: true });
  const sly = await runIn(bench, (turn) => turn.spawn(makeSly));
  const found = () => bench.logs.filter(({ event }) => event === 'turn.unjournalled');
  return { bench, sly, found };
};

describe('a rehearsal', () => {
  for (const method of ['count', 'throwOnce', 'recordOnce'] as const) {
    it(`finds a variable behind the journal in ${method}`, async () => {
      const { bench, sly, found } = await setUp();
      await runIn(bench, (turn) => turn.send(sly, method));
      expect(found()).toMatchObject([{ what: expect.stringMatching(/^\^sly\./), code: 'error' }]);
    });
  }
  it('finds a bare map', async () => {
    const { bench, sly, found } = await setUp();
    await runIn(bench, (turn) => turn.send(sly, 'remember', 'key'));
    expect(found()).toHaveLength(1);
  });
  it('has nothing to say about journalled state, and changes no outcome', async () => {
    const { bench, sly, found } = await setUp();
    expect(await runIn(bench, (turn) => turn.send(sly, 'journalled'))).toBe(1);
    expect(await runIn(bench, (turn) => turn.send(sly, 'journalled'))).toBe(2);
    const turns = bench.vat.events().map((event) => event.kind === 'turn' && event.turn);
    expect(turns).toEqual([1, 2, 3, 4, 5]);
    expect(found()).toEqual([]);
  });
  it('has nothing to say about spawns, answers, deadlines, effects and records', async () => {
    interface Asker {
      ask(): Vow<number>;
    }
    const makeAsker = (turn: Turn<Asker>): Behavior<Asker> => {
      const inner: Ref<Sly> = turn.spawn(makeSly);
      return {
        ask: (turn) => {
          turn.effect(() => undefined);
          turn.record({ at: 1n, bytes: new Uint8Array(2) });
          const answer = turn.send(turn.spawn(makeSly), 'journalled');
          return turn.within(
            50,
            turn.when(answer, (turn, n) => n + turn.call(inner, 'journalled')),
          );
        },
      };
    };
    const { bench, found } = await setUp();
    const asker = await runIn(bench, (turn) => turn.spawn(makeAsker));
    expect(await runIn(bench, (turn) => turn.send(asker, 'ask'))).toBe(2);
    expect(found()).toEqual([]);
  });
  it('plays every kind of turn: told, asked, awaited and timed', async () => {
    interface Clockwork {
      wind(): Vow<number>;
      count(): number;
      tick(): void;
    }
    const makeClockwork = (turn: Turn<Clockwork>): Behavior<Clockwork> => {
      const ticks = turn.cell(0);
      const tick = (): void => ticks.set(ticks.get() + 1);
      return {
        wind: (turn) => {
          turn.after(5, tick);
          turn.tell(turn.self, 'tick');
          return turn.when(turn.send(turn.self, 'count'), (_turn, n) => {
            tick();
            return n;
          });
        },
        count: () => ticks.get(),
        tick,
      };
    };
    const { bench, found } = await setUp();
    const clockwork = await runIn(bench, (turn) => turn.spawn(makeClockwork));
    expect(await runIn(bench, (turn) => turn.send(clockwork, 'wind'))).toBe(1);
    bench.world.run();
    expect(await runIn(bench, (turn) => turn.send(clockwork, 'count'))).toBe(3);
    expect(found()).toEqual([]);
  });
  it('freezes arguments, so that a list which is changed after it was sent is found', async () => {
    interface Keeper {
      keep(list: number[]): void;
    }
    const makeKeeper = (): Behavior<Keeper> => ({
      keep: (_turn, list) => {
        list.push(1);
      },
    });
    const { bench } = await setUp();
    const keeper = await runIn(bench, (turn) => turn.spawn(makeKeeper));
    const sent = runIn(bench, (turn) => turn.send(keeper, 'keep', []));
    await expect(sent).rejects.toThrow(/not extensible/);
  });
});
