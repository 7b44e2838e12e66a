/** What a disk may hold and a decoder must not be told. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Cbor } from '../../packages/store/src/cbor.ts';
import { limits } from '../../packages/store/src/limits.ts';
import { Misfit, plain } from '../../packages/store/src/shape.ts';

/** Beside other tests on few cores. */

const cbor = new Cbor();
const bytesOf = (hex: string): Uint8Array => new Uint8Array(Buffer.from(hex, 'hex'));
const listsWithin = (depth: number): Uint8Array =>
  new Uint8Array([...Array.from({ length: depth }, () => 0x81), 0x80]);

describe('a value', () => {
  it('comes back as it was, whatever plain data it is', () => {
    const value = fc.letrec<{ value: unknown }>((tie) => ({
      value: fc.oneof(
        { maxDepth: 5 },
        fc.constant(null),
        fc.boolean(),
        fc.maxSafeInteger(),
        fc.double({ noNaN: true, noDefaultInfinity: true }),
        fc.string({ unit: 'binary' }).filter((text) => !/\p{Surrogate}/u.test(text)),
        fc.uint8Array(),
        fc.array(tie('value'), { maxLength: 4 }),
        fc.dictionary(fc.string(), tie('value'), { maxKeys: 4 }),
      ),
    })).value;
    fc.assert(
      fc.property(value, (one) => {
        const read = plain(one, 'value');
        expect(plain(cbor.decode(cbor.encode(read)), 'value')).toEqual(read);
      }),
      { numRuns: 200, seed: 4 },
    );
  });

  it('with a member called __proto__ has that member, and no other prototype', () => {
    const decoded = cbor.decode(
      cbor.encode(JSON.parse('{"__proto__":{"isAdmin":true}}')),
    ) as object;
    expect(Object.keys(decoded)).toEqual(['__proto__']);
    expect('isAdmin' in decoded).toBe(false);
    expect(Object.getPrototypeOf(decoded)).toBe(Object.prototype);
  });

  it.each([
    ['a date (tag 1)', 'c11a514b67b0'],
    ['a large number (tag 2)', 'c249010000000000000000'],
    ['a class (tag 27)', 'd81b82656572726f72616d'],
    ['a shared value (tag 28)', 'd81c80'],
    ['a packed value (tag 51)', 'd83380'],
    ['a set (tag 258)', 'd9010280'],
    ['a record (tag 0xdfff)', 'd9dfff8301816161 01'.replace(' ', '')],
    ['bytes of typed numbers (tag 64)', 'd8404101'],
    ['a list without a length', '9fff'],
    ['a map without a length', 'bfff'],
    ['text without a length', '7f6161ff'],
    ['undefined', 'f7'],
    ['a half float', 'f97e00'],
    ['a break alone', 'ff'],
    ['a simple value of two bytes', 'f8ff'],
    ['a number of 64 bits', '1bffffffffffffffff'],
    ['a map whose key is a number', 'a10101'],
    ['a list of 4 billion that are not there', '9affffffff'],
    ['a text of 8 exabytes', '7b7fffffffffffffff'],
    ['bytes past the end', '58ff00'],
    ['something behind it', '0000'],
    ['nothing', ''],
  ])('is no %s', (_what, hex) => {
    expect(() => cbor.decode(bytesOf(hex))).toThrow(Misfit);
  });

  it('ends in an error wherever it is cut', () => {
    const whole = cbor.encode({ a: [1, 'two', new Uint8Array(3), { b: 1.5 }], c: null });
    for (let end = 0; end < whole.length; end += 1)
      expect(() => cbor.decode(whole.subarray(0, end))).toThrow(Misfit);
  });

  it('is plain or an error, whichever of its bits is flipped', () => {
    const whole = cbor.encode({ a: [1, 'two', new Uint8Array(3), { b: 1.5 }], c: null, d: 70_000 });
    for (let bit = 0; bit < whole.length * 8; bit += 1) {
      const flipped = whole.slice();
      flipped[bit >> 3] = (flipped[bit >> 3] ?? 0) ^ (1 << (bit & 7));
      let decoded: unknown;
      try {
        decoded = cbor.decode(flipped);
      } catch (error) {
        expect(error).toBeInstanceOf(Misfit);
        continue;
      }
      // Floats that are no numbers are the shape's to refuse.
      const hasNaN = JSON.stringify(decoded).includes('null');
      if (!hasNaN) expect(() => plain(decoded, 'value')).not.toThrow();
    }
  });

  it('is as deep as the limit says, and no deeper', () => {
    expect(() => cbor.decode(listsWithin(limits.depth))).not.toThrow();
    expect(() => cbor.decode(listsWithin(limits.depth + 1))).toThrow('nested deeper');
    expect(() => cbor.decode(listsWithin(100_000))).toThrow('nested deeper');
  });

  it('has as many items as the limit says, and not one more', () => {
    const items = (count: number): unknown[] => Array.from({ length: count - 1 }, () => 0);
    expect(() => cbor.encode(items(limits.itemCount))).not.toThrow();
    expect(() => cbor.encode(items(limits.itemCount + 1))).toThrow('more than');
  });

  it('has as many bytes as the limit says, and not one more', () => {
    const text = (byteCount: number): string => 'x'.repeat(byteCount - 5);
    expect(cbor.encode(text(limits.valueBytes))).toHaveLength(limits.valueBytes);
    expect(() => cbor.encode(text(limits.valueBytes + 1))).toThrow(
      `${limits.valueBytes + 1} bytes`,
    );
  });
});
