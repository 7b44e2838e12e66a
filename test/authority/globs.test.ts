import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { allow, allowBeginning, areWithin, matches } from '../../packages/authority/src/globs.ts';

/** What a glob says, as a regular expression: the oracle. */
const oracle = (glob: string, text: string): boolean =>
  new RegExp(
    `^${glob
      .split('*')
      .map((part) => part.replace(/[^a-z]/g, '\\$&'))
      .join('[^]*')}$`,
  ).test(text);
const text = fc.stringMatching(/^[ab.]{0,8}$/);
const glob = fc.stringMatching(/^[ab.*]{0,6}$/).filter((each) => !each.includes('**'));
const globs = fc
  .tuple(fc.array(glob, { maxLength: 3 }), fc.boolean())
  .map(([fixed, isOpen]) => (isOpen ? [...fixed, '**'] : fixed));

describe('a glob', () => {
  it('stands for what a regular expression of the same meaning stands for', () => {
    fc.assert(fc.property(glob, text, (glob, text) => matches(glob, text) === oracle(glob, text)));
  });
  it('does not use a character twice where its beginning and its end overlap', () => {
    expect(matches('ab*ba', 'aba')).toBe(false);
    expect(matches('a*b*a', 'aba')).toBe(true);
    expect(matches('a*ab*b', 'aab')).toBe(false);
  });
  it('is no pattern of anything else: dots and brackets are themselves', () => {
    expect(matches('a.c', 'abc')).toBe(false);
    expect(matches('[ab]', 'a')).toBe(false);
  });
  it('takes time that its maker cannot multiply', () => {
    const text = 'a'.repeat(65_536);
    expect(matches(`${'*a'.repeat(100)}*b`, text)).toBe(false);
    expect(matches(`${'a'.repeat(100)}*${'a'.repeat(100)}b`, text)).toBe(false);
  });
});

describe('the globs of an action', () => {
  it('stand for an argument each, and two stars for any further ones', () => {
    expect(allow(['v1', '*'], ['v1', 'x'])).toBe(true);
    expect(allow(['v1', '*'], ['v1'])).toBe(false);
    expect(allow(['v1', '*'], ['v1', 'x', 'y'])).toBe(false);
    expect(allow(['v1', '**'], ['v1'])).toBe(true);
    expect(allow(['v1', '**'], ['v1', 'x', 'y'])).toBe(true);
    expect(allow(['v1', '**'], [])).toBe(false);
    expect(allow([], [])).toBe(true);
    expect(allow([], ['x'])).toBe(false);
  });
  it('let arguments begin as they may go on', () => {
    expect(allowBeginning(['v1', 'x'], [])).toBe(true);
    expect(allowBeginning(['v1', 'x'], ['v1'])).toBe(true);
    expect(allowBeginning(['v1', 'x'], ['v2'])).toBe(false);
    expect(allowBeginning(['v1'], ['v1', 'x'])).toBe(false);
    expect(allowBeginning(['v1', '**'], ['v1', 'x'])).toBe(true);
    expect(allowBeginning([], [])).toBe(true);
    expect(allowBeginning([], ['v1'])).toBe(false);
    expect(allowBeginning(['**'], ['v1'])).toBe(true);
  });
  it('are within others only where these allow all that they allow', () => {
    fc.assert(
      fc.property(globs, globs, fc.array(text, { maxLength: 4 }), (inner, outer, args) => {
        if (areWithin(inner, outer) && allow(inner, args)) expect(allow(outer, args)).toBe(true);
      }),
      { numRuns: 5_000 },
    );
  });
  it('are within themselves, and within any number of anything', () => {
    fc.assert(fc.property(globs, (one) => areWithin(one, one) && areWithin(one, ['**'])));
  });
  it('are found to be within others wherever they are', () => {
    expect(areWithin(['v1.*'], ['v*'])).toBe(true);
    expect(areWithin(['v*'], ['v1.*'])).toBe(false);
    expect(areWithin(['a*b*c'], ['a*c'])).toBe(true);
    expect(areWithin(['a*c'], ['a*b*c'])).toBe(false);
    expect(areWithin(['x', 'y'], ['x', '**'])).toBe(true);
    expect(areWithin(['**'], ['x', '**'])).toBe(false);
    expect(areWithin(['x', '**'], ['x'])).toBe(false);
    expect(areWithin(['x', 'y', '**'], ['x', '**'])).toBe(true);
  });
});
