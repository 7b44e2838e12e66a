/** No withdrawal counts twice, in whatever order they come. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Counts } from '../../../packages/ocapn/src/handoff/counts.ts';

describe('the counts of withdrawals', () => {
  it('are good once, in any order', () => {
    const counts = new Counts();
    expect([3, 0, 1, 3, 2, 0].map((count) => counts.use(count))).toEqual([
      true,
      true,
      true,
      false,
      true,
      false,
    ]);
  });
  it('may be 1,023 behind the highest, and not 1,024', () => {
    const counts = new Counts();
    counts.use(2_000);
    expect([counts.use(977), counts.use(976)]).toEqual([true, false]);
  });
  it('that leap to the end of the numbers leave nothing behind them that could be used again', () => {
    const counts = new Counts();
    const used = [5, 6, Number.MAX_SAFE_INTEGER];
    for (const count of used) counts.use(count);
    expect(used.map((count) => counts.use(count))).toEqual([false, false, false]);
    expect(counts.use(Number.MAX_SAFE_INTEGER - 1)).toBe(true);
  });
  it('are never taken twice, whatever comes', () => {
    const some = fc.array(fc.oneof(fc.nat(3_000), fc.nat(Number.MAX_SAFE_INTEGER)), {
      maxLength: 4_000,
    });
    fc.assert(
      fc.property(some, (list) => {
        const counts = new Counts();
        const taken = list.filter((count) => counts.use(count));
        return new Set(taken).size === taken.length;
      }),
      { seed: 1, numRuns: 200 },
    );
  });
});
