import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { jsonText, visible } from '../../../packages/herd/src/client/escape.ts';

const harmful = /[\p{Cc}\u202a-\u202e\u2060-\u206f\u2028\u2029\u3164\u{e0000}-\u{e007f}]/u;

describe('visible', () => {
  it('shows escape sequences instead of running them', () => {
    expect(visible('\x1b[2J\x1b]0;title\x07')).toBe('\\x1b[2J\\x1b]0;title\\x07');
    expect(visible('\x9b31m')).toBe('\\x9b31m');
  });
  it('keeps a text from breaking the line or turning it around', () => {
    expect(visible('a\nb\rc\u2028d')).toBe('a\\x0ab\\x0dc\\u{2028}d');
    expect(visible('user\u202etxt.exe')).toBe('user\\u{202e}txt.exe');
    expect(visible('\u2066x\u2069')).toBe('\\u{2066}x\\u{2069}');
  });
  it('shows characters that hide', () => {
    expect(visible('web\u200bserver\ufeff\u00ad')).toBe('web\\u{200b}server\\u{feff}\\xad');
    expect(visible('web\u3164\u206a\uffa0')).toBe('web\\u{3164}\\u{206a}\\u{ffa0}');
    expect(visible('web\u{e0041}\u{e007f}')).toBe('web\\u{e0041}\\u{e007f}');
    // What stands beside them is a letter's own: a variant of a name in Japanese.
    expect(visible('葛\u{e0100}')).toBe('葛\u{e0100}');
  });
  it('leaves ordinary text of any language alone, and tabs', () => {
    for (const text of ['plain', 'Grüße, 日本語, עברית', 'a\tb', 'C:\\path', '😀'])
      expect(visible(text)).toBe(text);
  });
  it('shows half a surrogate pair, and keeps a whole one', () => {
    expect(visible('\ud83d')).toBe('\\u{d83d}');
    expect(visible('\ude00😀')).toBe('\\u{de00}😀');
  });
  it('never lets a control character through, whatever the text', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        expect(visible(text).replaceAll('\t', '')).not.toMatch(harmful);
      }),
      { seed: 11, numRuns: 1_000 },
    );
  });
});

describe('jsonText', () => {
  it('writes what hides as JSON does, both units of it', () => {
    expect(jsonText('a\u{e0041}\u3164')).toBe('"a\\udb40\\udc41\\u3164"');
  });
  it('reads back as what it was, and shows no control character but line breaks of its own', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        const written = jsonText({ text, list: [text] });
        expect(JSON.parse(written)).toEqual({ text, list: [text] });
        expect(written.replaceAll('\n', '')).not.toMatch(harmful);
        expect(written.split('\n')).toHaveLength(6);
      }),
      { seed: 12, numRuns: 1_000 },
    );
  });
});
