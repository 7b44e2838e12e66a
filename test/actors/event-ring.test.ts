import { describe, expect, it } from 'vitest';
import { actorLimits, Refused, type Behavior, type TurnEvent, type Turn } from '@bellwether/actors';
import { makeBench, runIn, type Bench } from '../support/actors-vat.ts';

interface Chain {
  start(): void;
  next(): number;
  fail(): never;
}
const makeChain = (_turn: Turn<Chain>): Behavior<Chain> => ({
  start: (turn) => {
    const next = turn.send(turn.self, 'next');
    turn.when(next, (turn) => {
      turn.after(5, (turn) => {
        turn.when(
          turn.send(turn.self, 'fail'),
          () => 0,
          () => 0,
        );
      });
    });
  },
  next: () => 1,
  fail: () => {
    throw new Refused('no');
  },
});
const lines = (events: readonly TurnEvent[]): readonly string[] =>
  events.map(({ turn, cause, what, outcome }) => `${turn} < ${cause} ${what} ${outcome}`);
const tell = async (bench: Bench): Promise<void> => {
  const chain = await runIn(bench, (turn) => turn.spawn(makeChain));
  bench.vat.post(chain, 'start', []);
  bench.world.run();
};

describe('the event ring', () => {
  it('tells what ran, how it ended and what caused it, through answers and timers', async () => {
    const bench = makeBench();
    await tell(bench);
    expect(lines(bench.vat.events())).toEqual([
      '1 < 0 ^outside done',
      '2 < 0 ^chain.start done',
      '3 < 2 ^chain.next done',
      '4 < 2 ^chain.when done',
      '5 < 4 ^chain.after done',
      '6 < 5 ^chain.fail threw',
      '7 < 5 ^chain.when done',
    ]);
  });
  it('keeps as many as it was told, the newest', async () => {
    const bench = makeBench({ eventCount: 3 });
    await tell(bench);
    expect(bench.vat.events().map(({ turn }) => turn)).toEqual([5, 6, 7]);
    const none = makeBench({ eventCount: 0 });
    await tell(none);
    expect(none.vat.events()).toEqual([]);
  });
  it('has a size up to its limit', () => {
    for (const eventCount of [-1, 1.5, NaN, actorLimits.eventCountMax + 1]) {
      expect(() => makeBench({ eventCount })).toThrow(RangeError);
    }
    expect(makeBench({ eventCount: actorLimits.eventCountMax }).vat.events()).toEqual([]);
  });
});
