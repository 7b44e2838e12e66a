/**
 * The `^slots` of a life: makes the agent of each slot that is configured, from what the records have of it, and keeps
 * it. One whose slot goes from the configuration stays: what it knows is on the disk, and counts again when the slot
 * is back.
 */
import type { Bcom, Behavior, Ref, Turn } from '@bellwether/actors';
import {
  emptyRecord,
  makeSlot,
  rulesOf,
  type Depot,
  type Slot,
  type SlotOptions,
  type SlotRecord,
  type SlotRules,
} from '@bellwether/deploy';
import type { SlotAgents, SlotSpec } from '@bellwether/fleet';

/** What slots are made from. */
export interface SlotsOptions extends Pick<
  SlotOptions,
  'platform' | 'prober' | 'clock' | 'crypto' | 'log' | 'shepherd' | 'carrier'
> {
  /** What earlier lives have left, by the name of the slot. */
  readonly records: ReadonlyMap<string, SlotRecord>;
  /** What of the disk is a slot's. */
  readonly depotOf: (slot: string) => Depot;
}

/** What the description of a slot says beside how its service is run. */
export type DescribedRules = Parameters<typeof rulesOf>[1];

/** Makes it; no slot goes on before `resume`. */
export const makeSlots = (
  turn: Turn<SlotAgents>,
  _bcom: Bcom<SlotAgents>,
  { records, depotOf, ...powers }: SlotsOptions,
): Behavior<SlotAgents> => {
  const known = turn.map<string, Ref<Slot>>();
  const waiting = turn.cell<readonly Ref<Slot>[]>([]);
  return {
    take: (turn, { config: template, rules: described }) => {
      const [name] = template.provision;
      const rules = rulesIn(template, described);
      const before = known.get(name);
      if (before !== undefined) {
        turn.call(before, 'rule', rules);
        return { agent: before, config: template };
      }
      const record = records.get(name) ?? emptyRecord(name);
      const depot = depotOf(name);
      const agent = turn.spawn(makeSlot, { ...powers, name, rules, record, depot });
      known.set(name, agent);
      waiting.set([...waiting.get(), agent]);
      return { agent, config: template };
    },
    resume: (turn) => {
      // A reload that failed leaves one without a service behind: it goes on once there is one.
      waiting.set(waiting.get().filter((slot) => !turn.call(slot, 'resume')));
    },
  };
};

/** It was made by `toServiceConfigs`, which types it, and only compared since. */
const rulesIn = (template: SlotSpec['config'], rules: unknown): SlotRules =>
  rulesOf(template, rules as DescribedRules);
