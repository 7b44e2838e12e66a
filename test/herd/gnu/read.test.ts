import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Dotted, Keyword, Real, sym, Vector } from '../../../packages/herd/src/gnu/wire/datum.ts';
import {
  commentDepth,
  datumDepth,
  requestCharacters,
  stringCharacters,
  tokenCharacters,
} from '../../../packages/herd/src/gnu/wire/limits.ts';
import { DatumReader } from '../../../packages/herd/src/gnu/wire/read.ts';
import { BadSyntax } from '../../../packages/herd/src/gnu/wire/tokens.ts';
import { datumText } from '../../../packages/herd/src/gnu/wire/write.ts';
import { anyDatum, plain, readText } from '../../support/gnu-datum.ts';

describe('a reader of S-expressions', () => {
  it.each([
    ['(a "b" 1)', [sym('a'), 'b', 1]],
    ['()', []],
    ['[a b]', [sym('a'), sym('b')]],
    ['(a . b)', new Dotted([sym('a')], sym('b'))],
    ['(a . (b . (c)))', [sym('a'), sym('b'), sym('c')]],
    ['(a . (b . c))', new Dotted([sym('a'), sym('b')], sym('c'))],
    ['#(1 #t #f)', new Vector([1, true, false])],
    ['(#true #false)', [true, false]],
    ['(#:log-file "/x" #:#{a b}#)', [new Keyword('log-file'), '/x', new Keyword('a b')]],
    ['(#{a b}# #{x\\x28;y}# #{}# #{a}b}#)', [sym('a b'), sym('x(y'), sym(''), sym('a}b')]],
    ['(1.5 .5 -2. 1e3 +inf.0)', [1.5, 0.5, -2, 1000, Infinity].map((value) => new Real(value))],
    ['(+7 -0 007)', [7, 0, 7]],
    ['(9007199254740992)', [2n ** 53n]],
    ['(+ - ... -> a+b 1+ +x -a)', ['+', '-', '...', '->', 'a+b', '1+', '+x', '-a'].map(sym)],
    ['("\\a\\b\\t\\n\\v\\f\\r\\"\\\\\\0")', ['\u0007\b\t\n\v\f\r"\\\0']],
    ['("\\x41\\u00e9\\U01f600" "a\\\nb")', ['Aé😀', 'ab']],
    [
      "('x '(a))",
      [
        [sym('quote'), sym('x')],
        [sym('quote'), [sym('a')]],
      ],
    ],
    ['; words\n #| more #| words |# |# #;(gone) (a #;b #;(c) d)', [sym('a'), sym('d')]],
    ["(a#b a|b a'b a\\b)", ['a#b', 'a|b', "a'b", 'a\\b'].map(sym)],
    ['x', sym('x')],
    ['"x"', 'x'],
  ])('reads %s', (text, datum) => {
    expect(plain(readText(text) ?? false)).toEqual(plain(datum));
  });

  it.each([
    ['#.(system "reboot")'],
    ['(#.x)'],
    ['#,x'],
    ["#'x"],
    ['#x10'],
    ['#\\a'],
    ['#!eof'],
    ['#vu8(1)'],
    ['#nil'],
    ['#tr '],
    ['(a . b c)'],
    ['(a . )'],
    ['( . a)'],
    ['(a . . b)'],
    ['#(a . b)'],
    ['.'],
    [')'],
    ['(a]'],
    ['[a)'],
    ["(')"],
    ['(#;)'],
    ['`a'],
    [',a'],
    ['1/2 '],
    ['1+2i '],
    ['1@2 '],
    ['+i '],
    ['"\\q"'],
    ['"\\xg1"'],
    ['"\\ud800"'],
    ['"\\Uffffff"'],
    ['#{\\q}#'],
    ['#{\\x;}#'],
    ['#{\\x0000041;}#'],
    ['#{\\xd800;}#'],
    ['#: a'],
    ['#:#a'],
    ['#:1 '],
    ["#:'a "],
    ['#:. '],
  ])('refuses %s', (text) => {
    expect(() => readText(text)).toThrow(BadSyntax);
  });

  it.each([['(a (b)'], ['"a'], ['#{a'], ['#|a'], ['#;'], ["'"], ['#:'], ['#'], ['; a']])(
    'waits for the rest of %s',
    (text) => {
      expect(new DatumReader().feed(text)).toBeUndefined();
    },
  );

  it('takes the first datum and leaves what follows alone', () => {
    expect(readText('(a)#.(b)')).toEqual([sym('a')]);
  });

  it('reads the same in pieces of any size', () => {
    fc.assert(
      fc.property(anyDatum, fc.integer({ min: 1, max: 7 }), (datum, pieceLength) => {
        const text = datumText(datum);
        expect(plain(readText(text, pieceLength) ?? false)).toEqual(plain(readText(text) ?? false));
      }),
    );
  });

  it('refuses in its own words or waits, whatever comes', () => {
    fc.assert(
      fc.property(fc.string({ unit: fc.constantFrom(...'()#;|"\\.:{}xa1\' \n') }), (text) => {
        try {
          readText(text);
        } catch (error) {
          expect(error).toBeInstanceOf(BadSyntax);
        }
      }),
      { numRuns: 2_000 },
    );
  });
});

describe('what somebody sends is bounded:', () => {
  const at = (most: number, text: (length: number) => string) => {
    expect(readText(text(most))).toBeDefined();
    expect(() => readText(text(most + 1))).toThrow(BadSyntax);
  };
  it('a request of 65,536 characters is read, one more is not', () => {
    at(requestCharacters, (length) => `${' '.repeat(length - 2)}()`);
  });
  it('32 lists in each other are read, one more is not', () => {
    at(datumDepth, (depth) => `${'('.repeat(depth)}${')'.repeat(depth)}`);
    at(datumDepth, (depth) => `${"'".repeat(depth)}a`);
    at(datumDepth, (depth) => `${'#;'.repeat(depth)}${'a '.repeat(depth)}a`);
  });
  it('a word of 512 characters is read, one more is not', () => {
    at(tokenCharacters, (length) => 'a'.repeat(length));
    at(tokenCharacters, (length) => `#:${'a'.repeat(length)}`);
    at(tokenCharacters - 1, (length) => `#{${'a'.repeat(length)}}#`);
  });
  it('a string of 32,768 characters is read, one more is not', () => {
    at(stringCharacters, (length) => `"${'a'.repeat(length)}"`);
    at(stringCharacters, (length) => `"${'a'.repeat(length - 1)}\\n"`);
  });
  it('32 comments in each other are read, one more is not', () => {
    at(commentDepth, (depth) => `${'#|'.repeat(depth)}${'|#'.repeat(depth)}()`);
  });
});
