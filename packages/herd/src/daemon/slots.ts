/**
 * The `^slots` of a life: makes the agent of each slot that is configured, from what the records have of it, and keeps
 * it. One whose slot goes from the configuration stays: what it knows is on the disk, and counts again when the slot
 * is back; or somebody says that it does not come back, and frees what it has left.
 */
import type { Bcom, Behavior, Ref, Turn } from '@bellwether/actors';
import {
  emptyRecord,
  makeSlot,
  rulesOf,
  type Depot,
  type DescribedRules,
  type Slot,
  type SlotOptions,
  type SlotRecord,
  type SlotRules,
} from '@bellwether/deploy';
import type { LeftSlot, SlotAgents, SlotSpec } from '@bellwether/fleet';
import { Conflict, UnknownService, type Shepherd } from '@bellwether/shepherd';

/** What slots are made from. */
export interface SlotsOptions extends Pick<
  SlotOptions,
  'platform' | 'prober' | 'clock' | 'crypto' | 'log' | 'shepherd' | 'carrier'
> {
  readonly shepherd: Ref<Pick<Shepherd, 'wish' | 'perform' | 'hasAgent'>>;
  /** What earlier lives have left, by the name of the slot. */
  readonly records: ReadonlyMap<string, SlotRecord>;
  /** What of the disk is a slot's. */
  readonly depotOf: (slot: string) => Depot;
}

/** Makes it; no slot goes on before `resume`. */
export const makeSlots = (
  turn: Turn<SlotAgents>,
  _bcom: Bcom<SlotAgents>,
  { records, depotOf, ...powers }: SlotsOptions,
): Behavior<SlotAgents> => {
  const known = turn.map<string, Ref<Slot>>();
  const waiting = turn.cell<readonly Ref<Slot>[]>([]);
  /** Made for a look at what they have left, and never described in this life. */
  const unused = turn.map<string, true>();
  const make = (turn: Turn, name: string, rules: SlotRules): Ref<Slot> => {
    const record = records.get(name) ?? emptyRecord(name);
    const depot = depotOf(name);
    const agent = turn.spawn(makeSlot, { ...powers, name, rules, record, depot });
    known.set(name, agent);
    return agent;
  };
  const isDescribed = (turn: Turn, name: string): boolean =>
    turn.call(powers.shepherd, 'hasAgent', name);
  const leftOf = (turn: Turn, slot: string): LeftSlot => {
    if (!known.has(slot)) unused.set(slot, true);
    const agent = known.get(slot) ?? make(turn, slot, noRules);
    return { slot, ...turn.call(agent, 'holdings') };
  };
  return {
    take: (turn, { config: template, rules: described }) => {
      const [name] = template.provision;
      const rules = rulesIn(template, described);
      const before = known.get(name);
      if (before !== undefined) {
        turn.call(before, 'rule', rules);
        if (unused.has(name)) waiting.set([...waiting.get(), before]);
        unused.delete(name);
        return { agent: before, config: template };
      }
      const agent = make(turn, name, rules);
      waiting.set([...waiting.get(), agent]);
      return { agent, config: template };
    },
    resume: (turn) => {
      // A reload that failed leaves one without a service behind: it goes on once there is one.
      waiting.set(waiting.get().filter((slot) => !turn.call(slot, 'resume')));
    },
    left: (turn) =>
      [...new Set([...records.keys(), ...known.keys()])]
        .filter((name) => !isDescribed(turn, name))
        .sort()
        .map((name) => leftOf(turn, name))
        .filter(({ releaseCount }) => releaseCount > 0),
    free: (turn, slot) => {
      if (isDescribed(turn, slot))
        throw new Conflict(
          `Service ${slot} is there: 'herd prune ${slot}' removes what it does not need`,
        );
      const isKnown = known.has(slot) || records.has(slot);
      const left = isKnown ? leftOf(turn, slot) : undefined;
      const agent = known.get(slot);
      if (left === undefined || left.releaseCount === 0 || agent === undefined)
        throw new UnknownService(slot);
      return turn.when(turn.send(agent, 'abandon'), () => left);
    },
  };
};

/** Of one that nobody asks for anything. */
const noRules: SlotRules = rulesOf(
  { stop: { signal: 'SIGTERM', graceMs: 0 }, ready: { kind: 'spawned' } },
  { trust: { keys: [], needed: 0 } },
);

/** It was made by `toServiceConfigs`, which types it, and only compared since. */
const rulesIn = (template: SlotSpec['config'], rules: unknown): SlotRules =>
  rulesOf(template, rules as DescribedRules);
