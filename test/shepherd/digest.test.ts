import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { canonicalText, digestOf } from '../../packages/shepherd/src/digest.ts';

const reversed = (value: object) => Object.fromEntries(Object.entries(value).reverse());

describe('a digest', () => {
  it('is the same for the same meaning, whatever the order of keys', () => {
    fc.assert(
      fc.property(fc.dictionary(fc.string(), fc.jsonValue()), (value) => {
        expect(digestOf(reversed(value))).toBe(digestOf(value));
      }),
      { seed: 7 },
    );
  });
  it('differs for commands that differ in a word, its place, or a variable', () => {
    const commands = [
      { argv: ['run', 'web'] },
      { argv: ['web', 'run'] },
      { argv: ['run web'] },
      { argv: ['run', 'web', ''] },
      { argv: ['run', 'web'], env: { PORT: '80' } },
      { argv: ['run', 'web'], env: { PORT: '81' } },
      undefined,
    ];
    expect(new Set(commands.map(digestOf)).size).toBe(commands.length);
  });
  it('has 16 hexadecimal digits, and none of the text', () => {
    expect(digestOf({ argv: ['run', 'secret'] })).toMatch(/^[0-9a-f]{16}$/);
    expect(digestOf(undefined)).toMatch(/^[0-9a-f]{16}$/);
  });
  it('counts what is undefined as absent', () => {
    expect(canonicalText({ a: undefined, b: [1] })).toBe('{"b":[1]}');
  });
});
