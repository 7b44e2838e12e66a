/** Who is to be told when a grant ends: whatever lives off it. */
import { Limit, type Ref, type Turn } from '@bellwether/actors';
import { limits } from './limits.ts';
import type { Shelf } from './shelf.ts';
import type { Cut } from './types.ts';

/** Notes that something lives off a grant. @throws Limit */
export const hold = (shelf: Shelf, turn: Turn, id: string, cut: Ref<Cut>): void => {
  const known = shelf.cuts.get(id);
  const cuts = known ?? turn.map<Ref<Cut>, true>();
  if (cuts.size >= limits.holdCount && !cuts.has(cut))
    throw new Limit(`grant ${id}: ${limits.holdCount} streams and questions are open through it`);
  cuts.set(cut, true);
  if (known === undefined) shelf.cuts.set(id, cuts);
};
/** Notes that it does so no longer. */
export const leave = (shelf: Shelf, id: string, cut: Ref<Cut>): void => {
  const cuts = shelf.cuts.get(id);
  if (cuts === undefined) return;
  cuts.delete(cut);
  if (cuts.size === 0) shelf.cuts.delete(id);
};
