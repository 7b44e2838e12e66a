import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { Encode, Limit } from '../../../packages/ocapn/src/errors.ts';
import { LIMITS } from '../../../packages/ocapn/src/limits.ts';
import { decode } from '../../../packages/ocapn/src/syrup/read.ts';
import {
  Dictionary,
  Double,
  Raw,
  Sym,
  SyrupRecord,
  SyrupSet,
} from '../../../packages/ocapn/src/syrup/values.ts';
import type { References } from '../../../packages/ocapn/src/syrup/references.ts';
import { encode, Writer } from '../../../packages/ocapn/src/syrup/write.ts';
import { anyValue, fromLatin1, latin1, SEED, writeWith } from './values.ts';

const wire = (value: unknown): string => latin1(encode(value));

describe('atoms', () => {
  test.each([
    [true, 't'],
    [false, 'f'],
    [0, '0+'],
    [7, '7+'],
    [-5, '5-'],
    [10, '10+'],
    [999_999_999, '999999999+'],
    [1_000_000_000, '1000000000+'],
    [1_764_062_437_000, '1764062437000+'],
    [Number.MAX_SAFE_INTEGER, '9007199254740991+'],
    [Number.MIN_SAFE_INTEGER, '9007199254740991-'],
    [2n ** 70n, '1180591620717411303424+'],
    [-(2n ** 70n), '1180591620717411303424-'],
    [3n, '3+'],
    ['', '0"'],
    ['hi', '2"hi'],
    ['é', '2"\xc3\xa9'],
    [new Sym('fulfill'), "7'fulfill"],
    [new Uint8Array([0, 255]), '2:\x00\xff'],
    [undefined, "<4'void>"],
    [null, "<4'null>"],
    [0.5, 'D\x3f\xe0\0\0\0\0\0\0'],
    [-0, 'D\x80\0\0\0\0\0\0\0'],
    [Number.NaN, 'D\x7f\xf8\0\0\0\0\0\0'],
    [Number.POSITIVE_INFINITY, 'D\x7f\xf0\0\0\0\0\0\0'],
    [2 ** 53, 'D\x43\x40\0\0\0\0\0\0'],
    [new Double(1), 'D\x3f\xf0\0\0\0\0\0\0'],
    [new Raw(fromLatin1('[1+]')), '[1+]'],
  ])('%s is written as %j', (value, expected) => {
    expect(wire(value)).toBe(expected);
  });
  test('every NaN is written as the canonical one', () => {
    const odd = new Float64Array(new BigUint64Array([0xfff8_0000_0000_beefn]).buffer)[0];
    expect(wire(odd)).toBe('D\x7f\xf8\0\0\0\0\0\0');
  });
  test('the length of a text counts its bytes, also where the count gains a digit', () => {
    expect(wire('ééééé')).toBe(`10"${'\xc3\xa9'.repeat(5)}`);
    expect(wire('a'.repeat(60) + 'é'.repeat(30))).toBe(
      `120"${'a'.repeat(60)}${'\xc3\xa9'.repeat(30)}`,
    );
    expect(wire('€'.repeat(40))).toBe(`120"${'\xe2\x82\xac'.repeat(40)}`);
    expect(wire('x'.repeat(500))).toBe(`500"${'x'.repeat(500)}`);
  });
  test('a lone surrogate is refused in strings, symbols and keys, long or short', () => {
    for (const lone of ['\ud800', 'a\udc00b', 'x'.repeat(99) + '\ud83d']) {
      for (const value of [lone, new Sym(lone), { [lone]: 1 }]) {
        expect(() => encode(value)).toThrow(Encode);
      }
    }
    expect(decode(encode('\ud83d\ude00'))).toBe('\u{1f600}');
  });
});

describe('containers', () => {
  test('a list, a record and a set are written in their brackets', () => {
    expect(wire([1, [], 'a'])).toBe('[1+[]1"a]');
    expect(wire(new SyrupRecord(new Sym('x'), [1, 2]))).toBe("<1'x1+2+>");
    expect(wire(new SyrupSet(['b', 'aa', 1]))).toBe('#1"b1+2"aa$');
    expect(
      wire(
        new Dictionary([
          [new Sym('k'), 1],
          [3, 2],
        ]),
      ),
    ).toBe("{1'k1+3+2+}");
  });
  test('keys stand in the order of their encoded bytes, length first', () => {
    expect(wire({ b: 1, aa: 2 })).toBe('{1"b1+2"aa2+}');
    expect(wire({ zz: 1, abcdefghij: 2, a: 3 })).toBe('{1"a3+10"abcdefghij2+2"zz1+}');
    expect(wire({ 10: 'x', 9: 'y', é: 'z' })).toBe('{1"91"y2"101"x2"\xc3\xa91"z}');
  });
  test('key order does not depend on the order of assignment', () => {
    const keys = fc.uniqueArray(fc.string({ maxLength: 12 }), { maxLength: 12 });
    fc.assert(
      fc.property(keys, (names) => {
        const there = Object.fromEntries(names.map((name) => [name, name]));
        const back = Object.fromEntries([...names].reverse().map((name) => [name, name]));
        expect(wire(there)).toBe(wire(back));
      }),
      { seed: SEED },
    );
  });
  test('a plan is found again for its own keys only', () => {
    const out = new Writer();
    const twice = (value: unknown): string => {
      out.begin();
      out.value(value, undefined);
      out.end();
      return latin1(out.take());
    };
    // The same count, lengths and first letters: the same slot.
    for (let i = 0; i < 3; i++) {
      expect(twice({ ab: 1, cd: 2 })).toBe('{2"ab1+2"cd2+}');
      expect(twice({ ax: 1, cy: 2 })).toBe('{2"ax1+2"cy2+}');
      expect(twice({ cd: 2, ab: 1 })).toBe('{2"ab1+2"cd2+}');
    }
  });
  test('own keys are written and inherited ones are not', () => {
    const odd: unknown = JSON.parse('{"__proto__":1,"constructor":2}');
    expect(wire(odd)).toBe('{11"constructor2+9"__proto__1+}');
    const hidden = Object.defineProperty({ a: 1 }, 'b', { value: 2, enumerable: false });
    expect(wire(hidden)).toBe('{1"a1+}');
  });
  test.each([
    [new Map(), 'an object made by Map'],
    [new Date(0), 'an object made by Date'],
    [new Error('secret'), 'an object made by Error'],
    [new Uint16Array(1), 'an object made by Uint16Array'],
    [Object.create({ a: 1 }) as object, 'an object'],
    [Symbol('s'), 'a symbol'],
    [() => 1, 'a function'],
  ])('%s has no place on the wire', (value, message) => {
    expect(() => encode([value])).toThrow(Encode);
    expect(() => encode([value])).toThrow(`syrup: cannot write ${message}`);
  });
});

describe('round trip', () => {
  test('what is written is read as the same value', () => {
    fc.assert(
      fc.property(anyValue, (value) => {
        expect(decode(encode(value))).toEqual(value);
      }),
      { seed: SEED, numRuns: 1_000 },
    );
  });
  test('what is read is written as the same bytes', () => {
    fc.assert(
      fc.property(anyValue, (value) => {
        const bytes = encode(value);
        expect(encode(decode(bytes))).toEqual(bytes);
      }),
      { seed: SEED, numRuns: 1_000 },
    );
  });
});

describe('frames', () => {
  const frame = (out: Writer, value: unknown): void => {
    out.begin();
    out.value(value, undefined);
    out.end();
  };
  test('frames stand one behind the other until they are taken', () => {
    const out = new Writer(LIMITS, 8);
    frame(out, 'one');
    frame(out, [2]);
    expect(out.length).toBe(9);
    expect(latin1(out.take())).toBe('3"one[2+]');
    expect(out.length).toBe(0);
    frame(out, 3);
    expect(latin1(out.take())).toBe('3+');
  });
  test('a frame that failed leaves nothing, and those before it stay', () => {
    const out = new Writer();
    frame(out, 1);
    out.begin();
    expect(() => out.value([2, new Map()], undefined)).toThrow(Encode);
    out.cancel();
    frame(out, 3);
    expect(latin1(out.take())).toBe('1+3+');
  });
  test.each([false, true])('what was taken stays when more is written (shared: %s)', (mayShare) => {
    for (const size of [10, 900, 3_000, 200_000]) {
      const out = new Writer();
      const taken = Array.from({ length: 20 }, (_, n) => {
        frame(out, String.fromCharCode(97 + n).repeat(size));
        return out.take(mayShare);
      });
      const expected = taken.map((_, n) => `${size}"${String.fromCharCode(97 + n).repeat(size)}`);
      expect(taken.map(latin1)).toEqual(expected);
    }
  });
  test('a run that is kept for long has an array of its own', () => {
    const out = new Writer();
    frame(out, 'abc');
    expect(out.take().buffer.byteLength).toBe(5);
    frame(out, 'abc');
    expect(out.take(true).buffer.byteLength).toBe(8 * 1_024);
  });
  test('a hook writes references, and its replacement counts on from the same depth', () => {
    class Vow {
      value: unknown;
    }
    const vow = new Vow();
    vow.value = [vow];
    const refs: References = {
      write: (value, out, depth) => {
        if (value instanceof Vow) out.value(value.value, refs, depth);
        return value instanceof Vow;
      },
    };
    const out = new Writer();
    out.begin();
    expect(() => out.value(vow, refs)).toThrow(Limit);
    out.cancel();
    vow.value = 5;
    out.begin();
    out.value([vow, { a: vow }], refs);
    out.end();
    expect(latin1(out.take())).toBe('[5+{1"a5+}]');
  });
  test('shared structure is cut off at the limit of values, not at the end of memory', () => {
    let value: unknown = 1;
    for (let i = 0; i < 40; i++) value = [value, value];
    expect(() => encode(value)).toThrow(
      `syrup: cannot write a record of over ${LIMITS.values} values`,
    );
  });
  test('shared bytes are cut off at the limit of bytes', () => {
    const blob = new Uint8Array(1024 * 1024);
    expect(encode(Array.from({ length: 7 }, () => blob)).length).toBeGreaterThan(7 * 2 ** 20);
    expect(() => encode(Array.from({ length: 9 }, () => blob))).toThrow(Limit);
  });
});

describe('limits on the way out', () => {
  const nested = (levels: number): unknown => {
    let value: unknown = 1;
    for (let i = 0; i < levels; i++) value = [value];
    return value;
  };
  test('64 lists around a value are written, 65 are not', () => {
    expect(encode(nested(64)).length).toBe(130);
    expect(() => encode(nested(65))).toThrow('syrup: cannot write what is nested deeper than 64');
  });
  test('a cycle ends at the depth limit', () => {
    const cycle: unknown[] = [];
    cycle.push({ cycle });
    expect(() => encode(cycle)).toThrow(Limit);
  });
  test('an integer of 1,300 digits is written, of 1,301 not', () => {
    expect(encode(10n ** 1_299n).length).toBe(1_301);
    expect(() => encode(10n ** 1_300n)).toThrow('syrup: cannot write an integer of 1301 digits');
  });
  test('a record of just the limit of bytes is written, of one more not', () => {
    for (const value of [
      'abcdefg',
      new Uint8Array(7),
      new Sym('abcdefg'),
      ['abcde'],
      { a: 'ab' },
    ]) {
      const length = encode(value).length;
      expect(writeWith(value, { recordBytes: length }).length).toBe(length);
      expect(() => writeWith(value, { recordBytes: length - 1 })).toThrow(Limit);
    }
  });
  test('a record of just the limit of values is written, of one more not', () => {
    expect(writeWith([1, 2], { values: 3 }).length).toBe(6);
    expect(() => writeWith([1, 2, 3], { values: 3 })).toThrow(Limit);
    expect(() => writeWith({ a: 1, b: 2 }, { values: 4 })).toThrow(Limit);
    expect(writeWith({ a: 1, b: 2 }, { values: 5 }).length).toBe(12);
  });
});
