import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { withEqualParts } from '../../../packages/herd/src/config/equal-parts.ts';

/** Every object in it, with what it says. */
const partsOf = (data: unknown): readonly object[] =>
  typeof data !== 'object' || data === null ? [] : [data, ...Object.values(data).flatMap(partsOf)];

describe('equal parts of a configuration', () => {
  test('are one, and nothing that is said changes', () => {
    const data = fc.jsonValue({ maxDepth: 2 }).filter((each) => !hasMinus(each));
    fc.assert(
      fc.property(fc.array(data, { maxLength: 6 }), (all) => {
        const before = structuredClone(all);
        const shared = withEqualParts(all);
        expect(shared).toStrictEqual(before);
        expect(all).toStrictEqual(before);
        const parts = [...new Set(partsOf(shared))];
        expect(new Set(parts.map((each) => JSON.stringify(each))).size).toBe(parts.length);
      }),
    );
  });

  test('that look alike in another notation are not', () => {
    const alike = [
      [1],
      ['1'],
      { 0: 1 },
      [[1]],
      [null],
      [undefined],
      {},
      [],
      { a: undefined },
      ['a,b'],
      ['a', 'b'],
    ];
    expect(new Set(withEqualParts(alike)).size).toBe(alike.length);
    expect(withEqualParts(alike)).toStrictEqual(alike);
  });
});

/** JSON has one zero. */
const hasMinus = (data: unknown): boolean =>
  Object.is(data, -0) ||
  (typeof data === 'object' && data !== null && Object.values(data).some(hasMinus));
