/** What is kept where several tell more than there is room for. */
import { Refused, type Bcom, type Behavior, type Turn } from '@bellwether/actors';
import { limits } from '@bellwether/shepherd';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { makeFairRing } from '../../../packages/shepherd/src/shepherd/fair-ring.ts';
import { makeBench, runIn } from '../../support/actors-vat.ts';

interface Told {
  readonly owner: string;
  readonly n: number;
}
interface Keeper {
  tell(owners: readonly string[], isUndone?: boolean): void;
  all(): readonly Told[];
}
const makeKeeper = (turn: Turn<Keeper>, _bcom: Bcom<Keeper>, most: number): Behavior<Keeper> => {
  const ring = makeFairRing<Told>(turn, most);
  const count = turn.cell(0);
  return {
    tell: (_turn, owners, isUndone = false) => {
      for (const owner of owners) {
        count.set(count.get() + 1);
        ring.add(owner, { owner, n: count.get() });
      }
      if (isUndone) throw new Refused('never mind');
    },
    all: () => ring.values(),
  };
};

/** The same, as slowly as it can be said. */
const kept = (owners: readonly string[], most: number): readonly Told[] => {
  let all: readonly Told[] = [];
  for (const [index, owner] of owners.entries()) {
    all = [...all, { owner, n: index + 1 }];
    if (all.length <= most) continue;
    const countOf = (one: Told): number => all.filter((other) => other.owner === one.owner).length;
    const mostCount = Math.max(...all.map(countOf));
    const out = all.find((one) => countOf(one) === mostCount);
    all = all.filter((one) => one !== out);
  }
  return all;
};

const bench = async (most: number) => {
  const vat = makeBench();
  const { keeper } = await runIn(vat, (turn) => ({ keeper: turn.spawn(makeKeeper, most) }));
  const tell = (owners: readonly string[], isUndone = false): void => {
    vat.vat.post(keeper as never, 'tell', [owners, isUndone]);
    vat.world.run(vat.world.now);
  };
  const all = async () => (await runIn(vat, (turn) => ({ all: turn.call(keeper, 'all') }))).all;
  return { tell, all };
};

describe('a ring with a fair share for each', () => {
  it('drops the oldest of whoever has most, whatever is told in which turns', async () => {
    const owner = fc.constantFrom('a', 'b', 'c', 'd', 'e', 'f', 'g');
    const turns = fc.array(
      fc.record({ owners: fc.array(owner, { maxLength: 12 }), isUndone: fc.boolean() }),
      { maxLength: 12 },
    );
    await fc.assert(
      fc.asyncProperty(turns, fc.integer({ min: 1, max: 9 }), async (given, most) => {
        const { tell, all } = await bench(most);
        for (const { owners, isUndone } of given) tell(owners, isUndone);
        const stood = given.flatMap(({ owners, isUndone }) => (isUndone ? [] : owners));
        expect(await all()).toEqual(kept(stood, most));
      }),
    );
  });
  it('keeps the last word of each where there are as many as places, and forgets who has none left', async () => {
    const most = limits.observedChangeCount;
    const { tell, all } = await bench(most);
    const names = Array.from({ length: most + 1 }, (_, n) => `m${n}`);
    tell(names.slice(0, most));
    tell(names.slice(0, most));
    expect((await all()).map(({ owner }) => owner)).toEqual(names.slice(0, most));
    expect((await all()).at(0)?.n).toBe(most + 1);
    tell(names.slice(most));
    expect((await all()).map(({ owner }) => owner)).toEqual(names.slice(1));
  });
});
