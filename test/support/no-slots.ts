/** Whoever makes the agents of slots, where there are none. */
import type { Bcom, Behavior, Turn } from '@bellwether/actors';
import type { SlotAgents } from '@bellwether/fleet';
import { UnknownService } from '@bellwether/shepherd';

/** Makes one that refuses to. */
export const makeNoSlots = (
  _turn: Turn<SlotAgents>,
  _bcom: Bcom<SlotAgents>,
): Behavior<SlotAgents> => ({
  take: (_turn, { config }) => {
    throw new Error(`there are no slots here, and ${config.provision[0]} is one`);
  },
  resume: () => undefined,
  left: () => [],
  free: (_turn, slot) => {
    throw new UnknownService(slot);
  },
});
