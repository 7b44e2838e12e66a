import { describe, expect, it } from 'vitest';
import {
  actorLimits,
  createVat,
  EventRing,
  Refused,
  type Behavior,
  type Turn,
  type VatEvent,
} from '@bellwether/actors';
import { makeBench, runIn, settled, type Bench } from '../support/actors-vat.ts';

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
const lines = (events: readonly VatEvent[]): readonly string[] =>
  events.map((event) =>
    event.kind === 'turn'
      ? `${event.turn} < ${event.cause} ${event.what} ${event.outcome}`
      : `${event.kind} ${event.line} ${event.number} ${event.what} < ${event.cause}`,
  );
const turnsOf = (events: readonly VatEvent[]): readonly number[] =>
  events.flatMap((event) => (event.kind === 'turn' ? [event.turn] : []));
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
    const bench = makeBench({ events: new EventRing(3) });
    await tell(bench);
    expect(turnsOf(bench.vat.events())).toEqual([5, 6, 7]);
    const vat = createVat({
      name: 'plain',
      clock: bench.world.clock(),
      scheduler: bench.world.scheduler(),
    });
    expect(
      await settled(
        bench.world,
        vat.run(() => 1),
      ),
    ).toBe(1);
    expect(vat.events()).toEqual([]);
  });
  it('has a size up to its limit', () => {
    for (const size of [0, -1, 1.5, NaN, actorLimits.eventCountMax + 1]) {
      expect(() => new EventRing(size)).toThrow(RangeError);
    }
    expect(new EventRing(actorLimits.eventCountMax).list()).toEqual([]);
  });
  it('holds what sessions have got and sent beside turns, named by what is the same at both ends', async () => {
    const bench = makeBench();
    const chain = await runIn(bench, (turn) => turn.spawn(makeChain));
    const line = { name: '', isDialler: true, lane: 1 };
    bench.vat.got(line, 17, 'next');
    bench.vat.listen(bench.vat.deliver(chain, 'next', []), {
      kept: () => bench.vat.sent(line, 4, 'fulfill'),
      broken: () => undefined,
    });
    bench.vat.handled();
    bench.vat.post(chain, 'next', []);
    bench.world.run();
    line.name = 's-later';
    expect(lines(bench.vat.events()).slice(1)).toEqual([
      'got s-later 17 next < 0',
      '2 < -1 ^chain.next done',
      '3 < 0 ^chain.next done',
      'sent s-later 4 fulfill < 2',
    ]);
  });
  it('keeps what the owner and others did while one session floods, and all of a flood without them', async () => {
    const bench = makeBench({ events: new EventRing(64) });
    const chain = await runIn(bench, (turn) => turn.spawn(makeChain));
    /** A message that a session brings, the turn of it, and the answer that leaves. */
    const crossed = (name: string, lane: number, count: number): void => {
      const line = { name, isDialler: false, lane };
      for (let number = 1; number <= count; number += 1) {
        bench.vat.got(line, number, 'next');
        bench.vat.listen(bench.vat.deliver(chain, 'next', []), {
          kept: () => bench.vat.sent(line, number, 'fulfill'),
          broken: () => undefined,
        });
        bench.vat.handled();
        bench.world.run();
      }
    };
    const countOf = (name: string): number =>
      bench.vat.events().filter((each) => each.kind !== 'turn' && each.line === name).length;
    crossed('s-owner', 0, 3);
    crossed('s-other', 2, 3);
    const before = lines(bench.vat.events());
    expect(before).toHaveLength(1 + 6 * 3);
    crossed('s-flood', 1, 1_000);
    const after = bench.vat.events();
    expect(after).toHaveLength(64);
    expect(lines(after).slice(0, before.length)).toEqual(before);
    // What the flood has written last is there, whole: turns count as whose message they are of.
    expect(lines(after).slice(-3)).toEqual([
      'got s-flood 1000 next < 0',
      '1007 < -1006 ^chain.next done',
      'sent s-flood 1000 fulfill < 1007',
    ]);
    expect(turnsOf(after)).toHaveLength(1 + 6 + 15);
    crossed('s-owner', 0, 1_000);
    expect(countOf('s-other')).toBe(6);
    // Who comes later has as much as who was there first.
    for (const name of ['s-flood', 's-owner']) expect(countOf(name)).toBeGreaterThan(12);
    for (let lane = 1; lane < actorLimits.eventLaneCount; lane += 1) crossed(`s-${lane}`, lane, 99);
    expect(countOf('s-owner')).toBeGreaterThanOrEqual(5);
    const numbers = bench.vat.events().flatMap((each) => (each.kind === 'turn' ? [each.turn] : []));
    expect(numbers).toEqual(numbers.toSorted((a, b) => a - b));
  });
  it('forgets the oldest of whoever has filled it before anybody else came', () => {
    const bench = makeBench({ events: new EventRing(4) });
    const told = (name: string, lane: number, count: number): void => {
      const line = { name, isDialler: false, lane };
      for (let number = 1; number <= count; number += 1) bench.vat.got(line, number, 'next');
      bench.vat.handled();
    };
    told('s-first', 1, 4);
    told('s-owner', 0, 2);
    expect(lines(bench.vat.events())).toEqual([
      'got s-first 3 next < 0',
      'got s-first 4 next < 0',
      'got s-owner 1 next < 0',
      'got s-owner 2 next < 0',
    ]);
  });
  it('counts the turn by which sessions learn that all is worked off among theirs', async () => {
    const bench = makeBench({ events: new EventRing(16) });
    await runIn(bench, () => 1);
    for (let count = 0; count < 100; count += 1) {
      bench.vat.workedOff(() => undefined);
      bench.world.run();
    }
    expect(lines(bench.vat.events())[0]).toBe('1 < 0 ^outside done');
  });
  it('keeps a name of 256 characters that came over a session, and none that is longer', () => {
    const bench = makeBench({ events: new EventRing(2) });
    const names = [actorLimits.methodCharacters, actorLimits.methodCharacters + 1];
    for (const length of names)
      bench.vat.got({ name: 's', isDialler: false, lane: 7 }, 1, 'x'.repeat(length));
    bench.vat.handled();
    expect(bench.vat.events().map(({ what }) => what)).toEqual(['x'.repeat(256), '…']);
  });
});
