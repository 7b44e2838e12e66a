/** Who answers for what is asked, and who is asked whether it still may be. */
import { Refused, type Bcom, type Behavior, type Turn } from '@bellwether/actors';
import { expect, it } from 'vitest';
import { chainOf, endOf, originOf } from '../../../packages/shepherd/src/operation/askers.ts';
import {
  itself,
  localRoot,
  principalOf,
  type Principal,
} from '../../../packages/shepherd/src/words/principal.ts';
import type { AskerBook, AskerLink } from '../../../packages/shepherd/src/words/operation-types.ts';
import { makeBench, runIn } from '../../support/actors-vat.ts';

const link: AskerLink = { grant: 'g-top', issuer: 'root', holder: 'key' };
/** Knows one grant, and nothing good of anybody. */
const makeBook = (_turn: Turn<AskerBook>, _bcom: Bcom<AskerBook>): Behavior<AskerBook> => ({
  judge: (_turn, asker) => new Refused(`${asker} may not`),
  chain: () => [link],
  origin: (_turn, asker) => (asker === 'g-child' ? 'g-top' : undefined),
});
const asked = async <T>(ask: (turn: Turn, books: Parameters<typeof originOf>[0]) => T) =>
  runIn(makeBench(), (turn) => [ask(turn, { grants: turn.spawn(makeBook) }), ask(turn, {})]);
const others = ['g-child', 'ab'.repeat(32)].map(principalOf);
const own: readonly Principal[] = [itself, localRoot];

it('whoever comes through a reference is who the book says, and those that it has forgotten are one', async () => {
  const gone = ['g-gone', 'g-gone-too'].map(principalOf);
  const found = await asked((turn, books) =>
    [...others, ...gone, ...own].map((each) => originOf(books, turn, each)),
  );
  expect(found).toEqual([
    ['g-top', 'forgotten', 'forgotten', 'forgotten', itself, localRoot],
    [...others, ...gone, ...own],
  ]);
});
it('of whoever comes through a reference the book is asked, of the owner and the shepherd nobody', async () => {
  const told = await asked((turn, books) =>
    [...others, ...own].map((each) => [
      endOf(books, turn, each)?.message,
      chainOf(books, turn, each),
    ]),
  );
  const nothing = [undefined, []];
  expect(told).toEqual([
    [...others.map((each) => [`${each} may not`, [link]]), nothing, nothing],
    [nothing, nothing, nothing, nothing],
  ]);
});
