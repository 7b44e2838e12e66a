import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  Dotted,
  Keyword,
  Real,
  sym,
  Vector,
  type Datum,
} from '../../../packages/herd/src/gnu/wire/datum.ts';
import { datumText } from '../../../packages/herd/src/gnu/wire/write.ts';
import { anyDatum, plain, readText } from '../../support/gnu-datum.ts';

/** As Guile 3.0.11 writes the same; `npm run interop -- gnu` compares with it. */
const written: readonly (readonly [Datum, string])[] = [
  [[sym('a'), 'b', 1, true, false, []], '(a "b" 1 #t #f ())'],
  [new Dotted([sym('running')], 1795332816), '(running . 1795332816)'],
  [new Vector([2, 'x']), '#(2 "x")'],
  [[new Keyword('log-file'), new Keyword('a b')], '(#:log-file #:#{a b}#)'],
  ['a"b\\c\nd\te\u001b\u202e😀é', '"a\\"b\\\\c\\nd\\te\\x1b\\u202e😀é"'],
  [
    [0.1, 1, 1e21, 1e-7, Infinity, -0].map((value) => new Real(value)),
    '(0.1 1.0 1.0e21 1.0e-7 +inf.0 -0.0)',
  ],
  [2n ** 70n, '1180591620717411303424'],
  [
    [
      'web-1',
      'a b',
      '1+',
      '9p',
      '+',
      '-a',
      '...',
      '.',
      '',
      'a#b',
      '#a',
      'a(b',
      "a'b",
      '日本',
      '1e3',
    ].map(sym),
    "(web-1 #{a b}# #{1+}# #{9p}# + -a ... #{.}# #{}# #{a#b}# #{#a}# #{a\\x28;b}# a'b 日本 #{1e3}#)",
  ],
];

describe('a writer of S-expressions', () => {
  it('writes as Guile does', () => {
    for (const [datum, text] of written) expect(datumText(datum)).toBe(text);
  });
  it('writes what is read as the same', () => {
    fc.assert(
      fc.property(anyDatum, (datum) => {
        expect(plain(readText(datumText(datum)) ?? false)).toEqual(plain(datum));
      }),
      { numRuns: 3_000 },
    );
  });
  it('writes no control character, and nothing that turns or hides text', () => {
    fc.assert(
      fc.property(anyDatum, (datum) => {
        expect(datumText(datum)).toMatch(/^[^\p{Cc}\p{Cf}\p{Zl}\p{Zp}]*$/u);
      }),
    );
  });
  it('writes halves of pairs, which are no characters, as what stands for them', () => {
    expect(datumText('a\ud800b')).toBe('"a\ufffdb"');
  });
});
