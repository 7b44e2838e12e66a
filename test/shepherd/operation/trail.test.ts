/** What is left of a deadline, and the way that something came. */
import { Cycle, leftFor, limits } from '@bellwether/shepherd';
import { describe, expect, it } from 'vitest';
import { through } from '../../../packages/shepherd/src/operation/trail.ts';

describe('what is left of a deadline for the next one', () => {
  it('is a little less than there is: a tenth, and no more than the margin', () => {
    expect(leftFor(1_000, 0)).toBe(900);
    expect(leftFor(1_000, 500)).toBe(450);
    expect(leftFor(60_000, 0)).toBe(60_000 - limits.hopMarginMs);
  });
  it('is a whole number from 0, however late it is', () => {
    for (const used of [0, 0.5, 999, 1_000, 5_000])
      expect([Number.isInteger(leftFor(1_000, used)), leftFor(1_000, used) >= 0]).toEqual([
        true,
        true,
      ]);
    expect(leftFor(1_000, 5_000)).toBe(0);
  });
  it('leaves every machine on the longest way something, of a default deadline', () => {
    let left = 60_000;
    for (let hop = 0; hop < 2 * limits.hopCount; hop += 1) left = leftFor(left, 0);
    expect(left).toBeGreaterThan(30_000);
  });
});

describe('a way', () => {
  it('grows by the hop of what is elsewhere, and by none of what is at home', () => {
    expect(through(['a'], 'web', 'b')).toEqual(['a', 'b']);
    expect(through(['a'], 'web', undefined)).toEqual(['a']);
  });
  it('leads through no service twice', () => {
    expect(() => through(['a', 'b'], 'web', 'a')).toThrow(Cycle);
  });
});
