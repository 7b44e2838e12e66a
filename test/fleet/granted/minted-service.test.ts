/** How much of one minted reference may be under way at once. */
import type { Bcom, Behavior, Ref, Turn, Vow } from '@bellwether/actors';
import { FLEET_LIMITS, type HeldService } from '@bellwether/fleet';
import type { ServiceFacet, Shepherd, Status } from '@bellwether/shepherd';
import { expect, it } from 'vitest';
import { makeMintedService } from '../../../packages/fleet/src/granted/minted-service.ts';
import { makeBench, runIn } from '../../support/actors-vat.ts';
import { bookFor } from '../../support/book-records.ts';
import { runningStatus } from '../../support/fleet-bench.ts';

type Asked = Pick<ServiceFacet, 'probe'> & { answer(): void };
/** A facet that answers one question when the test says so, and the others never. */
const makeSlowFacet = (turn: Turn<Asked>, _bcom: Bcom<Asked>): Behavior<Asked> => {
  const first = turn.cell<(() => void) | undefined>(undefined);
  return {
    probe: (turn): Vow<Status> => {
      const { vow, resolver } = turn.vow<Status>();
      if (first.get() === undefined) first.set(() => resolver.kept(runningStatus));
      return vow;
    },
    answer: () => first.get()?.(),
  };
};
type Near = Pick<Shepherd, 'facet'>;
const makeNear = (_turn: Turn<Near>, _bcom: Bcom<Near>, facet: Ref<Asked>): Behavior<Near> => ({
  facet: () => facet as unknown as Ref<ServiceFacet>,
});

it('a minted reference has as many answers under way as its limit, and again when one is there', async () => {
  const bench = makeBench();
  const { facet, minted } = await runIn(bench, (turn) => {
    const facet = turn.spawn(makeSlowFacet);
    const minted = turn.spawn(makeMintedService, {
      ...bookFor(turn, bench.world),
      shepherd: turn.spawn(makeNear, facet) as unknown as Ref<Shepherd>,
      name: 'web',
      principal: 'ab'.repeat(32),
    });
    return { facet, minted };
  });
  const ask = (minted: Ref<HeldService>, count: number) =>
    runIn(bench, (turn) => {
      for (let at = 0; at < count; at += 1) turn.call(minted, 'probe', 900);
    });
  await ask(minted, FLEET_LIMITS.mintedOpenCount);
  await expect(ask(minted, 1)).rejects.toThrow(
    `${FLEET_LIMITS.mintedOpenCount} answers and streams are under way already`,
  );
  await runIn(bench, (turn) => turn.call(facet, 'answer'));
  await ask(minted, 1);
  await expect(ask(minted, 1)).rejects.toMatchObject({ code: 'limit' });
});
