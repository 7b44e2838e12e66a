import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { spend, waitFor, type Spent } from '../../packages/authority/src/rate.ts';

/** When each of those was let through that come at such times, in milliseconds. */
const letThrough = (rate: { count: number; windowMs: number }, times: readonly number[]) => {
  let spent: Spent = [];
  let mostKept = 0;
  const passed = times.filter((ms) => {
    if (waitFor(rate, spent, ms) > 0) return false;
    spent = spend(rate, spent, ms);
    mostKept = Math.max(mostKept, spent.length);
    return true;
  });
  return { passed, mostKept };
};
const rates = fc.record({ count: fc.integer({ min: 1, max: 100 }), windowMs: fc.constant(60_000) });
const comings = fc
  .array(fc.oneof(fc.constant(0), fc.integer({ min: 0, max: 20_000 })), { maxLength: 400 })
  .map((gaps) => gaps.map((_, at) => gaps.slice(0, at + 1).reduce((sum, gap) => sum + gap, 0)));

describe('a rate', () => {
  it('lets no more through in any window than it says, and remembers little of it', () => {
    fc.assert(
      fc.property(rates, comings, (rate, times) => {
        const { passed, mostKept } = letThrough(rate, times);
        for (const from of passed) {
          const inside = passed.filter((ms) => ms >= from && ms < from + rate.windowMs);
          expect(inside.length).toBeLessThanOrEqual(rate.count);
        }
        expect(mostKept).toBeLessThanOrEqual(34);
      }),
    );
  });

  it('lets all of them through again once a window is over, by a part of it later where it is large', () => {
    fc.assert(
      fc.property(rates, fc.integer({ min: 0, max: 100_000 }), (rate, startMs) => {
        const { count, windowMs } = rate;
        const later = startMs + windowMs + (count > 32 ? windowMs / 32 : 0);
        const at = (ms: number): readonly number[] => Array.from({ length: count }, () => ms);
        const { passed } = letThrough(rate, [...at(startMs), ...at(later)]);
        expect(passed).toHaveLength(2 * count);
      }),
    );
  });

  it('says when one more may come, and not a millisecond earlier', () => {
    const rate = { count: 2, windowMs: 60_000 };
    const spent = spend(rate, spend(rate, [], 1_000), 21_000);
    expect(waitFor(rate, spent, 31_000)).toBe(30_000);
    expect(waitFor(rate, spent, 60_999)).toBe(1);
    expect(waitFor(rate, spent, 61_000)).toBe(0);
  });
});
