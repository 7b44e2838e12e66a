import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { Decode, Limit } from '../../../packages/ocapn/src/errors.ts';
import { LIMITS } from '../../../packages/ocapn/src/limits.ts';
import { decode, incomplete, Reader } from '../../../packages/ocapn/src/syrup/read.ts';
import {
  Dictionary,
  Sym,
  SyrupRecord,
  SyrupSet,
} from '../../../packages/ocapn/src/syrup/values.ts';
import { encode } from '../../../packages/ocapn/src/syrup/write.ts';
import { anyValue, fromLatin1, readWith, SEED, struct } from './values.ts';

const read = (text: string): unknown => decode(fromLatin1(text));

describe('values', () => {
  test.each([
    ['t', true],
    ['f', false],
    ['0+', 0],
    ['5-', -5],
    ['9007199254740991+', Number.MAX_SAFE_INTEGER],
    ['9007199254740992+', 2n ** 53n],
    ['9007199254740991-', Number.MIN_SAFE_INTEGER],
    ['9007199254740992-', -(2n ** 53n)],
    ['1180591620717411303424+', 2n ** 70n],
    ['D\x3f\xe0\0\0\0\0\0\0', 0.5],
    ['D\x3f\xf0\0\0\0\0\0\0', 1],
    ['D\x80\0\0\0\0\0\0\0', -0],
    ['D\xff\xf8\0\0\0\0\xbe\xef', Number.NaN],
    ['0"', ''],
    ['2"\xc3\xa9', 'é'],
    ['3"\xef\xbb\xbf', '\ufeff'],
    ["7'fulfill", new Sym('fulfill')],
    ['2:\x00\xff', new Uint8Array([0, 255])],
    ["<4'void>", undefined],
    ["<4'null>", null],
    ["[1+[]1'a]", [1, [], new Sym('a')]],
    ['{1"a1+1"b2+}', struct({ a: 1, b: 2 })],
    ['{2"aa1+1"b2+}', struct({ aa: 1, b: 2 })],
    ["<1'x1+>", new SyrupRecord(new Sym('x'), [1])],
    ["<4'void1+>", new SyrupRecord(new Sym('void'), [1])],
    ['<1"x>', new SyrupRecord('x', [])],
    [
      "{1'k1+3+2+}",
      new Dictionary([
        [new Sym('k'), 1],
        [3, 2],
      ]),
    ],
    [
      '{1"k1+3+2+}',
      new Dictionary([
        ['k', 1],
        [3, 2],
      ]),
    ],
    ['#2"aa1"b$', new SyrupSet(['aa', 'b'])],
  ])('%j is read as %s', (text, expected) => {
    expect(read(text)).toStrictEqual(expected);
  });
  test('records of other dialects are carried, never fatal', () => {
    for (const text of [
      "<11'desc:tagged1'x1+>",
      "<11'user-record1'x[]>",
      `<10'desc:error2"no>`,
      "<16'exn:fail:mystery>",
      "<3'vec1+2+>",
      "<4'pair1+2+>",
      "<2'kw1'x>",
    ]) {
      const value = read(text);
      expect(value).toBeInstanceOf(SyrupRecord);
      expect(encode(value)).toEqual(fromLatin1(text));
    }
  });
  test('a struct has no prototype, and __proto__ is a key like any other', () => {
    const value = read('{9"__proto__[]}') as Record<string, unknown>;
    expect(Object.getPrototypeOf(value)).toBe(null);
    expect(Object.keys(value)).toEqual(['__proto__']);
    expect('toString' in value).toBe(false);
  });
  test('byte strings are copies, for the chunk is borrowed', () => {
    const chunk = new Uint8Array(3_010).fill(65);
    chunk.set(fromLatin1('3000:'));
    const reader = new Reader();
    reader.begin(chunk, 0, LIMITS.recordBytes, false);
    const bytes = reader.value(0);
    expect((bytes as Uint8Array).buffer).not.toBe(chunk.buffer);
    chunk.fill(66);
    expect(bytes).toEqual(new Uint8Array(3_000).fill(65));
  });
  test('long byte strings of an owned record are views, short ones copies', () => {
    const chunk = new Uint8Array(3_010).fill(65);
    chunk.set(fromLatin1('3000:'));
    const reader = new Reader();
    reader.begin(chunk, 0, LIMITS.recordBytes, true);
    expect((reader.value(0) as Uint8Array).buffer).toBe(chunk.buffer);
    chunk.set(fromLatin1('10:'));
    reader.begin(chunk, 0, LIMITS.recordBytes, true);
    expect((reader.value(0) as Uint8Array).buffer).not.toBe(chunk.buffer);
  });
});

describe('refusals', () => {
  test.each([
    ['', 'syrup: expected more than 0 bytes'],
    ['[1+', 'syrup: expected more than 3 bytes'],
    ['1+1+', 'syrup: expected the end at byte 2, found 0x31'],
    ['[01+]', 'syrup: expected a number in its one spelling at byte 1, found 0x30'],
    ['00+', 'in its one spelling at byte 0'],
    ['0-', 'in its one spelling at byte 0'],
    ['02"ab', 'in its one spelling at byte 0'],
    ['1x', 'syrup: expected what a number means at byte 1, found 0x78'],
    ['[ 1+]', 'syrup: expected a value at byte 1, found 0x20'],
    ['\n', 'expected a value at byte 0, found 0x0a'],
    ['F\0\0\0\0', 'expected a value at byte 0, found 0x46'],
    ['(1+)', 'expected a value at byte 0, found 0x28'],
    ['l1+e', 'expected a value at byte 0, found 0x6c'],
    ['d1"a1+e', 'expected a value at byte 0, found 0x64'],
    [']', 'expected a value at byte 0, found 0x5d'],
    ['[1+>', 'expected a value at byte 3, found 0x3e'],
    ['<>', 'expected a value at byte 1, found 0x3e'],
    ['{1"a}', 'expected a value at byte 4, found 0x7d'],
    ['{1"a1+1"a2+}', 'expected a key that is new in its struct at byte 6, found 0x31'],
    ['{9"__proto__1+9"__proto__2+}', 'expected a key that is new in its struct'],
    ['{1"a1+1+1+1"a2+}', 'expected a key that is new in its struct at byte 10, found 0x31'],
    ['{1+1+1"a1+1"a2+}', 'expected a key that is new in its struct at byte 10, found 0x31'],
    ['-5+', 'expected a value at byte 0, found 0x2d'],
    ['1"\xff', 'syrup: expected UTF-8 in the text at byte 2'],
    ["1'\xff", 'syrup: expected UTF-8 in the text at byte 2'],
    ['2"\xc0\x80', 'expected UTF-8'],
    ['3"\xed\xa0\x80', 'expected UTF-8'],
    [`40"${'a'.repeat(39)}\xff`, 'expected UTF-8 in the text at byte 3'],
  ])('%j is refused', (text, message) => {
    expect(() => read(text)).toThrow(Decode);
    expect(() => read(text)).toThrow(message);
  });
});

describe('limits at their edges', () => {
  const nest = (levels: number): string => '['.repeat(levels) + '1+' + ']'.repeat(levels);
  test('depth 64 and not 65, whatever is nested', () => {
    expect(readWith(fromLatin1(nest(64)), {})).toBeDefined();
    expect(() => readWith(fromLatin1(nest(65)), {})).toThrow('deeper than 64');
    for (const [open, close] of [
      ['<', '>'],
      ['{1"a', '}'],
      ['#', '$'],
    ] as const) {
      const of = (levels: number): Uint8Array =>
        fromLatin1(`${open.repeat(levels)}1+${close.repeat(levels)}`);
      expect(readWith(of(5), { depth: 5 })).toBeDefined();
      expect(() => readWith(of(6), { depth: 5 })).toThrow(Limit);
    }
  });
  test('1,300 digits and not 1,301, at once and before the number ends', () => {
    const digits = '1'.repeat(1_300);
    expect(readWith(fromLatin1(`${digits}+`), {})?.value).toBe(BigInt(digits));
    expect(readWith(fromLatin1(digits), {})).toBeUndefined();
    expect(() => readWith(fromLatin1(`${digits}1+`), {})).toThrow('more than 1300 digits');
    expect(() => readWith(fromLatin1(`${digits}1`), {})).toThrow(Limit);
  });
  test('as many values as allowed and not one more', () => {
    expect(readWith(fromLatin1('[tt]'), { values: 3 })).toBeDefined();
    expect(() => readWith(fromLatin1('[ttt]'), { values: 3 })).toThrow('more than 3 values');
    expect(() => readWith(fromLatin1('[ttt'), { values: 3 })).toThrow(Limit);
    expect(readWith(fromLatin1("<1'at>"), { values: 3 })).toBeDefined();
    expect(() => readWith(fromLatin1("<1'at>"), { values: 2 })).toThrow(Limit);
  });
  test('a record of 10 bytes and not of 11, whichever part is long', () => {
    expect(readWith(fromLatin1('8"12345678'), { recordBytes: 10 })).toBeDefined();
    expect(() => readWith(fromLatin1('9"123456789'), { recordBytes: 10 })).toThrow(Limit);
    expect(() => readWith(fromLatin1('9"'), { recordBytes: 10 })).toThrow('longer than 10 bytes');
    expect(() => readWith(fromLatin1('[tttttttttt]'), { recordBytes: 11 })).toThrow(Limit);
    expect(readWith(fromLatin1('[tttttttttt]'), { recordBytes: 12 })).toBeDefined();
    expect(readWith(fromLatin1('[ttttttttt'), { recordBytes: 10 })).toBeUndefined();
    expect(() => readWith(fromLatin1('[tttttttttt'), { recordBytes: 10 })).toThrow(Limit);
  });
});

describe('hostile input', () => {
  test('every prefix of a value is incomplete: never a value, never another error', () => {
    fc.assert(
      fc.property(anyValue, (value) => {
        const bytes = encode(value);
        for (let length = 0; length < bytes.length; length++) {
          if (readWith(bytes.subarray(0, length), {}) !== undefined) return false;
        }
        return readWith(bytes, {})?.end === bytes.length;
      }),
      { seed: SEED, numRuns: 200 },
    );
  });
  test('every changed byte gives a value, an incomplete one or an error of ours', () => {
    fc.assert(
      fc.property(anyValue, fc.integer({ min: 1, max: 255 }), (value, change) => {
        const bytes = encode(value);
        for (let at = 0; at < bytes.length; at++) {
          const bad = bytes.slice();
          bad[at] = (bad[at] ?? 0) ^ change;
          try {
            const result = readWith(bad, {});
            if (result !== undefined && result.end > bad.length) return false;
          } catch (error) {
            if (!(error instanceof Decode || error instanceof Limit)) throw error;
          }
        }
        return true;
      }),
      { seed: SEED, numRuns: 200 },
    );
  });
  test('random bytes give no other error either', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
        try {
          readWith(bytes, {});
        } catch (error) {
          expect(error instanceof Decode || error instanceof Limit).toBe(true);
        }
      }),
      { seed: SEED, numRuns: 2_000 },
    );
  });
  test('100,000 nested lists end at the depth limit', () => {
    expect(() => read('['.repeat(100_000))).toThrow(Limit);
    expect(() => read('<'.repeat(100_000))).toThrow(Limit);
    expect(() => read('{'.repeat(100_000))).toThrow(Limit);
  });
  test.each(['"', "'", ':'])('a length of 9,999,999,999 before %s allocates nothing', (mark) => {
    const frame = fromLatin1(`9999999999${mark}`);
    const reader = new Reader();
    const before = process.memoryUsage().arrayBuffers;
    for (let i = 0; i < 100; i++) {
      reader.begin(frame, 0, LIMITS.recordBytes, false);
      expect(() => reader.value(0)).toThrow('syrup: a record is longer than 8388608 bytes');
    }
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(2 ** 20);
  });
  test('a megabyte of digits ends at the 1,301st', () => {
    const frame = new Uint8Array(2 ** 20).fill(0x39);
    expect(() => readWith(frame, {})).toThrow('a number has more than 1300 digits');
  });
  test('a struct of 50,000 keys is read, whatever the keys', () => {
    let text = '{';
    for (let i = 0; i < 50_000; i++) text += `${String(i).length}"${i}t`;
    expect(Object.keys(read(`${text}}`) as object).length).toBe(50_000);
  });
});

describe('caches', () => {
  test('a pinned symbol is given back itself, whatever else was read', () => {
    const pinned = Array.from({ length: 40 }, (_, i) => new Sym(`pinned-${i}`));
    const reader = new Reader(undefined, pinned, { ...LIMITS, cacheSlots: 64 });
    const readSymbol = (name: string): unknown => {
      const bytes = fromLatin1(`${name.length}'${name}`);
      reader.begin(bytes, 0, LIMITS.recordBytes, false);
      return reader.value(0);
    };
    for (let i = 0; i < 2_000; i++) expect(readSymbol(`other-${i}`)).toEqual(new Sym(`other-${i}`));
    for (const symbol of pinned) expect(readSymbol(symbol.name)).toBe(symbol);
  });
  test('texts that share a slot do not become each other', () => {
    const names = fc.array(fc.string({ unit: 'binary-ascii', maxLength: 8 }), { maxLength: 200 });
    fc.assert(
      fc.property(names, (texts) => {
        const reader = new Reader(undefined, [], { ...LIMITS, cacheSlots: 4 });
        for (const text of [...texts, ...texts]) {
          for (const value of [text, new Sym(text)]) {
            const bytes = encode(value);
            reader.begin(bytes, 0, LIMITS.recordBytes, false);
            expect(reader.value(0)).toEqual(value);
          }
        }
      }),
      { seed: SEED, numRuns: 50 },
    );
  });
  test('texts at the edge of what is kept are read alike, the second time too', () => {
    const reader = new Reader();
    for (const length of [LIMITS.cachedTextBytes, LIMITS.cachedTextBytes + 1]) {
      const bytes = fromLatin1(`${length}"${'x'.repeat(length)}`);
      for (let i = 0; i < 2; i++) {
        reader.begin(bytes, 0, LIMITS.recordBytes, false);
        expect(reader.value(0)).toBe('x'.repeat(length));
      }
    }
  });
  test('a symbol too long to be kept cannot be pinned', () => {
    const long = new Sym('x'.repeat(LIMITS.cachedTextBytes + 1));
    expect(() => new Reader(undefined, [long])).toThrow(RangeError);
  });
  test('a symbol that is shared cannot be changed by who receives it', () => {
    expect(Object.isFrozen(read("1'a"))).toBe(true);
  });
  test('a released reader keeps its place and has nothing more to read', () => {
    const reader = new Reader();
    reader.begin(fromLatin1('1+2+'), 0, LIMITS.recordBytes, false);
    expect(reader.value(0)).toBe(1);
    reader.release();
    expect(reader.at).toBe(2);
    let thrown: unknown;
    try {
      reader.value(0);
    } catch (error) {
      thrown = error;
    }
    expect(thrown).toBe(incomplete);
  });
});
