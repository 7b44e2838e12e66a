/** What somebody may have meant who has slipped. */
import { closest, limits } from '@bellwether/shepherd';
import { describe, expect, it } from 'vitest';

describe('closest', () => {
  it('finds a swap, a loss and a doubling of one letter', () => {
    const names = ['status', 'start', 'stop'];
    expect([closest('statsu', names), closest('stats', names), closest('stopp', names)]).toEqual([
      'status',
      'status',
      'stop',
    ]);
  });
  it('takes what the word is the beginning of rather than what is as near otherwise', () => {
    expect(closest('stat', ['start', 'status', 'stop'])).toBe('status');
    expect(closest('star', ['status', 'stop', 'start'])).toBe('start');
    expect(closest('web', ['web-server-fleet'])).toBeUndefined();
  });
  it('does not guess at a word that is something else', () => {
    expect(closest('reload', ['status', 'start'])).toBeUndefined();
  });
  it('looks for words up to so many characters, and for no longer ones', () => {
    const meant = (characters: number) => closest('x'.repeat(characters), ['x'.repeat(characters)]);
    expect(meant(limits.meantCharacters)).toBe('x'.repeat(limits.meantCharacters));
    expect(meant(limits.meantCharacters + 1)).toBeUndefined();
  });
});
