import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { Decode, Limit } from '../../../packages/ocapn/src/errors.ts';
import { LIMITS } from '../../../packages/ocapn/src/limits.ts';
import { Splitter } from '../../../packages/ocapn/src/syrup/split.ts';
import { encode } from '../../../packages/ocapn/src/syrup/write.ts';
import { anyValue, fromLatin1, readWith, SEED } from './values.ts';

/**
 * Where the splitter sees the end when the bytes come in pieces of these sizes; undefined: it goes
 * on.
 */
const splitIn = (bytes: Uint8Array, sizes: readonly number[]): number | undefined => {
  const splitter = new Splitter();
  splitter.begin(LIMITS.recordBytes);
  let from = 0;
  for (let i = 0; from < bytes.length; i++) {
    const size = sizes[i % sizes.length] ?? 1;
    const end = splitter.scan(bytes.subarray(from, from + size), 0);
    if (end >= 0) return from + end;
    from += size;
  }
  return undefined;
};
const caught = (run: () => unknown): unknown => {
  try {
    return run();
  } catch (error) {
    return error;
  }
};

describe('against the reader', () => {
  test('every value ends where the reader ends it, in any pieces', () => {
    const sizes = fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 1, maxLength: 6 });
    fc.assert(
      fc.property(anyValue, anyValue, sizes, (value, next, pieces) => {
        const bytes = encode(value);
        const both = new Uint8Array([...bytes, ...encode(next)]);
        expect(splitIn(both, pieces)).toBe(bytes.length);
        expect(splitIn(both, [both.length])).toBe(bytes.length);
        expect(splitIn(bytes.subarray(0, -1), pieces)).toBeUndefined();
      }),
      { seed: SEED, numRuns: 1_000 },
    );
  });
  test('mutated values never end elsewhere than where the reader ends them', () => {
    const change = fc.tuple(fc.nat(), fc.integer({ min: 0, max: 255 }));
    fc.assert(
      fc.property(anyValue, fc.array(change, { maxLength: 4 }), (value, changes) => {
        const bytes = encode([value, value]);
        for (const [at, byte] of changes) bytes[at % bytes.length] = byte;
        const read = caught(() => readWith(bytes, {})?.end);
        const split = caught(() => splitIn(bytes, [3, 1, 7]));
        if (typeof read === 'number') expect(split).toBe(read);
        if (read === undefined) expect(split).toBeUndefined();
        if (read instanceof Error) {
          expect(read instanceof Decode || read instanceof Limit).toBe(true);
        }
      }),
      { seed: SEED, numRuns: 3_000 },
    );
  });
});

describe('limits at their edges', () => {
  const scan = (text: string, recordBytes: number = LIMITS.recordBytes, limits = {}): number => {
    const splitter = new Splitter({ ...LIMITS, ...limits });
    splitter.begin(recordBytes);
    return splitter.scan(fromLatin1(text), 0);
  };
  test('bytes: a record of 10 and not of 11, also when only its length was announced', () => {
    expect(scan('8"12345678', 10)).toBe(10);
    expect(() => scan('9"123456789', 10)).toThrow('syrup: a record is longer than 10 bytes');
    expect(scan('8"', 10)).toBe(-1);
    expect(() => scan('9"', 10)).toThrow(Limit);
    expect(scan('[tttttttt]', 10)).toBe(10);
    expect(() => scan('[ttttttttt]', 10)).toThrow(Limit);
    expect(scan('[ttttttttt', 10)).toBe(-1);
  });
  test('bytes are counted over chunks', () => {
    const splitter = new Splitter();
    splitter.begin(10);
    const piece = fromLatin1('[ttttt');
    expect(splitter.scan(piece, 0)).toBe(-1);
    expect(() => splitter.scan(piece, 0)).toThrow(Limit);
  });
  test('depth, digits and values', () => {
    expect(scan('['.repeat(64))).toBe(-1);
    expect(() => scan('['.repeat(65))).toThrow('deeper than 64');
    expect(scan('9'.repeat(1_300))).toBe(-1);
    expect(() => scan('9'.repeat(1_301))).toThrow('more than 1300 digits');
    expect(scan('[tt]', 100, { values: 3 })).toBe(4);
    expect(() => scan('[ttt', 100, { values: 3 })).toThrow('more than 3 values');
  });
  test.each([' ', 'F', '(', 'x', '>', '5x', '"'])('%j is refused as it comes', (text) => {
    expect(() => scan(text)).toThrow(Decode);
  });
});

describe('hostile frames', () => {
  test('a length of 9,999,999,999 is refused before a byte of it comes', () => {
    const splitter = new Splitter();
    expect(splitter.scan(fromLatin1('[9999999999'), 0)).toBe(-1);
    expect(() => splitter.scan(fromLatin1(':'), 0)).toThrow(Limit);
  });
  test('8 MiB that come in chunks of 1 KiB are looked at once', () => {
    const splitter = new Splitter();
    splitter.begin(LIMITS.recordBytes);
    const body = LIMITS.recordBytes - 8;
    expect(splitter.scan(fromLatin1(`${body}:`), 0)).toBe(-1);
    const chunk = new Uint8Array(1_024);
    let end = -1;
    for (let left = body; left > 0; left -= 1_024) end = splitter.scan(chunk, 0);
    expect(end).toBe(body % 1_024 === 0 ? 1_024 : body % 1_024);
  });
  test('a splitter that begins again knows nothing of the record before', () => {
    const splitter = new Splitter();
    expect(splitter.scan(fromLatin1('[[['), 0)).toBe(-1);
    splitter.begin(LIMITS.recordBytes);
    expect(splitter.scan(fromLatin1('1+'), 0)).toBe(2);
  });
  test('it goes on at any offset of a chunk', () => {
    const splitter = new Splitter();
    expect(splitter.scan(fromLatin1('xx[1+]yy'), 2)).toBe(6);
  });
});
