/** Chains as long as the tables of a session: nothing may need a stack of that length. */
import type { Bcom, Behavior, Ref, Turn, Vow } from '@bellwether/actors';
import { describe, expect, it } from 'vitest';
import { makeBench, runIn, settled } from '../support/actors-vat.ts';

interface Link {
  next(): Ref<Link>;
  fail(): never;
  count(): number;
}
const makeLink = (turn: Turn<Link>, _bcom: Bcom<Link>): Behavior<Link> => {
  const count = turn.cell(0);
  return {
    next: (turn) => {
      count.set(count.get() + 1);
      return turn.self;
    },
    fail: () => {
      throw new RangeError('the first one fails');
    },
    count: () => count.get(),
  };
};
const length = 65_536;

describe(`a chain of ${length} messages, each to the answer of the one before`, () => {
  it.each([
    ['breaks to its end', 'fail'],
    ['is worked off to its end', 'next'],
  ] as const)('%s', async (_what, first) => {
    const bench = makeBench();
    const link = await runIn(bench, (turn) => turn.spawn(makeLink));
    // From outside of turns, as a session delivers them: all are there before the first has run.
    let at: Vow = bench.vat.deliver(link, first, []);
    for (let sent = 1; sent < length; sent += 1) at = bench.vat.deliver(at, 'next', []);
    let outcome: unknown;
    bench.vat.listen(at, {
      kept: () => (outcome = 'kept'),
      broken: (reason) => (outcome = (reason as Error).message),
    });
    bench.world.run(Infinity, 10_000_000);
    expect(outcome).toBe(first === 'fail' ? 'the first one fails' : 'kept');
    await settled(
      bench.world,
      bench.vat.run(() => undefined),
    );
    expect(await runIn(bench, (turn) => turn.send(link, 'count'))).toBe(
      first === 'fail' ? 0 : length,
    );
  });

  it('of continuations breaks to its end', async () => {
    const bench = makeBench();
    const { vow, answer } = await runIn(bench, (turn) => {
      const inlet = turn.inlet<number>();
      let at: Vow<number> = inlet.vow;
      for (let count = 0; count < length; count += 1) at = turn.when(at, (_turn, value) => value);
      return { vow: at, answer: inlet.answer };
    });
    let outcome: unknown;
    bench.vat.listen(vow, {
      kept: () => (outcome = 'kept'),
      broken: (reason) => (outcome = reason),
    });
    answer.broken('no');
    bench.world.run(Infinity, 10_000_000);
    expect(outcome).toBe('no');
  });

  it('of vows that follow each other settles', async () => {
    const bench = makeBench();
    const { last, resolver } = await runIn(bench, (turn) => {
      const first = turn.vow<number>();
      let at = first.vow;
      for (let count = 0; count < length; count += 1) {
        const next = turn.vow<number>();
        next.resolver.follow(at);
        at = next.vow;
      }
      return { last: at, resolver: first.resolver };
    });
    let outcome: unknown;
    bench.vat.listen(last, { kept: (value) => (outcome = value), broken: () => undefined });
    await runIn(bench, () => resolver.kept(7));
    bench.world.run(Infinity, 10_000_000);
    expect(outcome).toBe(7);
  });
});
