import { describe, expect, it } from 'vitest';
import { itself, localRoot, principalOf } from '../../../packages/shepherd/src/words/principal.ts';

describe('a principal', () => {
  it('is made of what a reference is', () => {
    expect(principalOf('g-1')).toBe('g-1');
  });
  it.each([itself, localRoot])('is never %s by way of a reference', (own) => {
    expect(() => principalOf(own)).toThrow(`'${own}' is no reference`);
  });
});
