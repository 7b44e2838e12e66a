/** The `^slots` of a life, over a service that the test sees. */
import type { Bcom, Behavior, Ref, Turn } from '@bellwether/actors';
import type { Slot } from '@bellwether/deploy';
import { MemoryDepots } from '../../support/memory-depot.ts';
import type { SlotSpec } from '@bellwether/fleet';
import { nodeCrypto } from '@bellwether/netlayer-stream';
import type { LocalService, Prober, Shepherd } from '@bellwether/shepherd';
import { expect, it } from 'vitest';
import { makeSlots } from '../../../packages/herd/src/daemon/slots.ts';
import { makeBench, runIn } from '../../support/actors-vat.ts';
import { service } from '../../support/shepherd-machine.ts';

const specOf = (keepCount: number): SlotSpec => ({
  config: service({ provision: ['web'] }),
  rules: { trust: { keys: [], needed: 0 }, keepCount },
});
const makeSeen = (
  _turn: Turn<LocalService>,
  _bcom: Bcom<LocalService>,
  shown: string[],
): Behavior<LocalService> =>
  ({
    showSlot: (turn: Turn) => turn.effect(() => void shown.push('shown')),
  }) as unknown as Behavior<LocalService>;

it('a slot goes on once, when its service is there, also where a reload that brought it failed before', async () => {
  const bench = makeBench();
  const crypto = nodeCrypto();
  const shown: string[] = [];
  const slots = await runIn(bench, (turn) => ({
    made: turn.spawn(makeSlots, {
      records: new Map(),
      depotOf: (slot) => new MemoryDepots(crypto).of(slot, (_ms, task) => task()),
      platform: 'linux-x64',
      prober: {} as Prober,
      clock: bench.world.clock(),
      crypto,
      log: () => undefined,
      shepherd: {} as Ref<Shepherd>,
    }),
  }));
  const { made } = slots;
  const resume = () => runIn(bench, (turn) => turn.call(made, 'resume'));
  const first = await runIn(bench, (turn) => ({ ...turn.call(made, 'take', specOf(1)) }));
  await resume();
  expect(shown).toEqual([]);
  const second = await runIn(bench, (turn) => ({ ...turn.call(made, 'take', specOf(2)) }));
  expect(second.agent).toBe(first.agent);
  await runIn(bench, (turn) =>
    turn.call(first.agent as Ref<Slot>, 'attach', turn.spawn(makeSeen, shown)),
  );
  expect(shown).toEqual(['shown']);
  await resume();
  await resume();
  expect(shown).toEqual(['shown', 'shown']);
});
