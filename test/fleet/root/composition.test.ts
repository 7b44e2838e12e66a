/** The `^composition` over a shepherd that does as the test says. The whole of it: reload.test.ts. */
import { Refused, type Bcom, type Behavior, type Turn } from '@bellwether/actors';
import { makeComposition, type PlannedService, type ElsewherePowers } from '@bellwether/fleet';
import type { Outcome, Shepherd, Sink, Swap } from '@bellwether/shepherd';
import { describe, expect, it } from 'vitest';
import { makeBench, runIn, settled } from '../../support/actors-vat.ts';
import { makeNoSlots } from '../../support/no-slots.ts';
import { service } from '../../support/shepherd-machine.ts';

const planned = (...names: readonly string[]): readonly PlannedService[] =>
  names.map((name) => ({ kind: 'service', config: service({ provision: [name] }) }));

const makeShepherdThat = (
  _turn: Turn<Shepherd>,
  _bcom: Bcom<Shepherd>,
  swap: (turn: Turn, swap: Swap) => ReturnType<Shepherd['swap']>,
): Behavior<Shepherd> =>
  ({
    define: (turn: Turn) => turn.self,
    board: (turn: Turn) => turn.self,
    swap: (turn: Turn, given: Swap) => swap(turn, given),
    checkNames: (_turn: Turn, names: readonly string[]) => {
      if (names.includes('taken')) throw new Refused(`taken is in use`);
    },
  }) as unknown as Behavior<Shepherd>;
const makeNobody = (_turn: Turn<Sink>, _bcom: Bcom<Sink>): Behavior<Sink> => ({
  rows: () => undefined,
});

describe('a composition whose shepherd does not take a configuration', () => {
  it('is what it was, also for the next life, and asks for all of it again', async () => {
    const bench = makeBench();
    const kept: (readonly PlannedService[])[] = [];
    const swaps: Swap[] = [];
    const [before, after] = [planned('a', 'b'), planned('b', 'c')];
    const done: Outcome = { member: 'root', result: 'changed', rows: [] };
    const { made } = await runIn(bench, (turn) => ({
      made: [
        turn.spawn(makeComposition, {
          shepherd: turn.spawn(makeShepherdThat, (turn, swap) => {
            turn.effect(() => void swaps.push(swap));
            if (swaps.length > 0) return turn.kept(done);
            const { vow, resolver } = turn.vow<Outcome>();
            resolver.broken(new Refused('a does not stop'));
            return vow;
          }),
          slots: turn.spawn(makeNoSlots),
          elsewherePowers: {} as ElsewherePowers,
          planned: before,
          load: (answer) => answer.kept({ planned: after, atRestart: [] }),
          keep: (services) => void kept.push(services),
        }),
        turn.spawn(makeNobody),
      ] as const,
    }));
    const [composition, sink] = made;
    const reload = () =>
      settled(
        bench.world,
        bench.vat.run((turn: Turn) => turn.send(composition, 'reload', false, sink)),
      );
    await expect(reload()).rejects.toMatchObject({ message: 'a does not stop' });
    expect(kept).toEqual([after, before]);
    expect(await reload()).toMatchObject({ outcome: done });
    expect(kept.at(-1)).toEqual(after);
    const [first, second] = swaps;
    expect(first).toMatchObject({ removed: ['a'], own: [{ provision: ['c'] }] });
    expect(second).toEqual(first);
    expect(await reload()).not.toHaveProperty('outcome');
  });

  it('says so of a dry run, of which it keeps nothing', async () => {
    const bench = makeBench();
    let after = planned('a', 'taken');
    const { made } = await runIn(bench, (turn) => ({
      made: [
        turn.spawn(makeComposition, {
          shepherd: turn.spawn(makeShepherdThat, () => {
            throw new Error('it was to be dry');
          }),
          slots: turn.spawn(makeNoSlots),
          elsewherePowers: {} as ElsewherePowers,
          planned: planned('a'),
          load: (answer) => answer.kept({ planned: after, atRestart: [] }),
          keep: () => {
            throw new Error('it was to be dry');
          },
        }),
        turn.spawn(makeNobody),
      ] as const,
    }));
    const [composition, sink] = made;
    const reload = () =>
      settled(
        bench.world,
        bench.vat.run((turn: Turn) => turn.send(composition, 'reload', true, sink)),
      );
    await expect(reload()).rejects.toMatchObject({ message: 'taken is in use' });
    after = planned('a', 'free');
    expect(await reload()).toMatchObject({ difference: { added: ['free'] } });
  });
});
