/** Who answers for what is asked through grants and references. */
import type { Bcom, Behavior, Turn } from '@bellwether/actors';
import { mintedId } from '@bellwether/authority';
import { expect, it } from 'vitest';
import { originOf } from '../../../packages/shepherd/src/operation/askers.ts';
import { localRoot, principalOf } from '../../../packages/shepherd/src/words/principal.ts';
import type { AskerBook, AskerLink } from '../../../packages/shepherd/src/words/operation-types.ts';
import { makeBench, runIn } from '../../support/actors-vat.ts';

const hash = 'ab'.repeat(32);
const top: AskerLink = { grant: 'g-top', issuer: 'root', holder: 'key' };
const chains = new Map<string, readonly AskerLink[]>([
  ['g-top', [top]],
  ['g-child', [top, { grant: 'g-child', issuer: 'key' }]],
  ['g-out', [{ grant: 'g-out', issuer: mintedId(hash) }]],
]);
const makeBook = (_turn: Turn<AskerBook>, _bcom: Bcom<AskerBook>): Behavior<AskerBook> => ({
  judge: () => undefined,
  chain: (_turn, asker) => chains.get(asker) ?? [],
});

it('is the grant that the owner gave, or the minted reference; what is forgotten is one', async () => {
  const bench = makeBench();
  const asked = ['g-top', 'g-child', 'g-out', hash, 'g-gone', 'g-gone-too'];
  const found = await runIn(bench, (turn) => {
    const grants = turn.spawn(makeBook);
    const of = (asker: string): string => originOf({ grants }, turn, principalOf(asker));
    return [...asked.map(of), originOf({ grants }, turn, localRoot), originOf({}, turn, localRoot)];
  });
  const minted = mintedId(hash);
  expect(found).toEqual(['g-top', 'g-top', minted, minted, 'g-', 'g-', 'root', 'root']);
});
