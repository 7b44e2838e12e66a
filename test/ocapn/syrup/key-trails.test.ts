import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { Decode } from '../../../packages/ocapn/src/errors.ts';
import { LIMITS } from '../../../packages/ocapn/src/limits.ts';
import { decode, incomplete, Reader } from '../../../packages/ocapn/src/syrup/read.ts';
import { encode } from '../../../packages/ocapn/src/syrup/write.ts';
import { fromLatin1, SEED, struct } from './values.ts';

const readWith = (reader: Reader, bytes: Uint8Array): unknown => {
  reader.begin(bytes, 0, LIMITS.recordBytes, false);
  return reader.value(0);
};

const thrownBy = (body: () => unknown): unknown => {
  try {
    return body();
  } catch (thrown) {
    return thrown;
  }
};

describe('a reader that expects the keys it has seen', () => {
  test('reads what one reads that has seen nothing', () => {
    const key = fc.constantFrom('a', 'b', 'aa', 'ab', 'ac', 'é', 'x'.repeat(40), '__proto__', '1');
    const leaf = fc.oneof(fc.integer(), fc.string());
    const record = fc.dictionary(key, fc.oneof(leaf, fc.dictionary(key, leaf)));
    fc.assert(
      fc.property(fc.array(record, { maxLength: 30 }), (records) => {
        const reader = new Reader();
        for (const each of records) {
          const bytes = encode(each);
          expect(readWith(reader, bytes)).toEqual(decode(bytes));
        }
      }),
      { seed: SEED, numRuns: 200 },
    );
  });
  test('refuses a key that stands twice, expected or not', () => {
    const reader = new Reader();
    expect(readWith(reader, fromLatin1('{1"a1+1"b2+}'))).toEqual(struct({ a: 1, b: 2 }));
    for (const twice of ['{1"a1+1"a2+}', '{1"a1+1"b2+1"a3+}', '{1"a1+1"b2+1"b3+}'])
      expect(() => readWith(reader, fromLatin1(twice))).toThrow(Decode);
  });
  test('goes on where the keys stop being the expected ones, and with those behind a long one', () => {
    const reader = new Reader();
    readWith(reader, fromLatin1('{1"a1+1"b2+1"c3+}'));
    expect(readWith(reader, fromLatin1('{1"a1+1"c2+1"b3+}'))).toEqual(struct({ a: 1, c: 2, b: 3 }));
    expect(readWith(reader, fromLatin1('{1"a1+}'))).toEqual(struct({ a: 1 }));
    const long = `40"${'k'.repeat(40)}`;
    for (const value of [1, 2])
      expect(readWith(reader, fromLatin1(`{2"aa1+${long}${value}+1"z3+}`))).toEqual(
        struct({ aa: 1, ['k'.repeat(40)]: value, z: 3 }),
      );
  });
  test('waits where an expected key is not all there', () => {
    const reader = new Reader();
    const whole = '{7"service1+5"state2+}';
    readWith(reader, fromLatin1(whole));
    for (let length = 1; length < whole.length; length += 1)
      expect(thrownBy(() => readWith(reader, fromLatin1(whole.slice(0, length))))).toBe(incomplete);
  });
});
