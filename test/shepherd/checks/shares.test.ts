/** Nobody takes what others need by making many of himself. */
import { describe, expect, it } from 'vitest';
import { noRoomFor } from '../../../packages/shepherd/src/checks/shares.ts';
import type { Asker } from '@bellwether/shepherd';
import { localRoot, principalOf } from '../../../packages/shepherd/src/words/principal.ts';

const bounds = { each: 3, origin: 5, grants: 8, all: 12 };
const many = (count: number, asker: (at: number) => Asker): readonly Asker[] =>
  Array.from({ length: count }, (_, at) => asker(at));
/** Grants that come from one, each with a share. */
const below = (origin: string, count: number): readonly Asker[] =>
  many(count, (at) => ({ principal: principalOf(`g-${origin}${at}`), origin }));

describe('a share', () => {
  it('is one of so many of an asker', () => {
    expect(
      noRoomFor(
        many(2, () => ({ principal: principalOf('a') })),
        { principal: principalOf('a') },
        bounds,
      ),
    ).toBe(undefined);
    const three = many(3, () => ({ principal: principalOf('a') }));
    expect(noRoomFor(three, { principal: principalOf('a') }, bounds)).toContain(
      '3 by this reference',
    );
    expect(noRoomFor(three, { principal: principalOf('b') }, bounds)).toBe(undefined);
  });
  it('is one of so many of all grants that come from one', () => {
    const asker = { principal: principalOf('g-new'), origin: 'top' };
    expect(noRoomFor(below('top', 4), asker, bounds)).toBe(undefined);
    expect(noRoomFor(below('top', 5), asker, bounds)).toContain('come from the same one');
    expect(noRoomFor(below('top', 5), { ...asker, origin: 'other' }, bounds)).toBe(undefined);
  });
  it('is left for the owner and for minted references, whatever grants have', () => {
    const taken = [...below('a', 5), ...below('b', 3)];
    expect(noRoomFor(taken.slice(1), { principal: principalOf('g-c'), origin: 'c' }, bounds)).toBe(
      undefined,
    );
    expect(noRoomFor(taken, { principal: principalOf('g-c'), origin: 'c' }, bounds)).toContain(
      '8 by grants',
    );
    for (const principal of [localRoot, principalOf('ab'.repeat(32))])
      expect(noRoomFor(taken, { principal }, bounds)).toBe(undefined);
    const others = many(4, (at) => ({ principal: principalOf(`minted${at}`) }));
    expect(noRoomFor([...taken, ...others.slice(1)], { principal: localRoot }, bounds)).toBe(
      undefined,
    );
    expect(noRoomFor([...taken, ...others], { principal: localRoot }, bounds)).toContain('12 here');
  });
});
