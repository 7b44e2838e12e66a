import { cutText } from '@bellwether/shepherd';
import { describe, expect, it } from 'vitest';

const pair = '\u{1F411}'; // two units
const half = pair.charAt(0);
const other = pair.charAt(1);

describe('text that is cut', () => {
  it('is whole at its limit, and ends in an ellipsis one over it', () => {
    expect(cutText('abc', 3)).toBe('abc');
    expect(cutText('abcd', 3)).toBe('ab…');
    expect(cutText('', 0)).toBe('');
    expect(cutText('a', 0)).toBe('');
  });
  it('holds no half of a pair, wherever it is cut', () => {
    const text = `a${pair}b${pair}`;
    expect([1, 2, 3, 4, 5, 6].map((length) => cutText(text, length))).toEqual([
      '…',
      'a…',
      'a…',
      `a${pair}…`,
      `a${pair}b…`,
      text,
    ]);
    for (let length = 0; length < 200; length += 1)
      expect(cutText(pair.repeat(100), length)).not.toMatch(/\p{Surrogate}/u);
  });
  it('shows a half that came alone as U+FFFD', () => {
    expect(cutText(`${half}a${other}`, 9)).toBe('\uFFFDa\uFFFD');
    expect(cutText(`${half}abc`, 3)).toBe('\uFFFDa…');
    expect(cutText(`ab${half}`, 3)).toBe('ab\uFFFD');
  });
});
