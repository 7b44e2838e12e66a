/**
 * Who has how many of something, of which there is a bounded number at once. What holders of grants have counts for
 * each of them and for what their grants come from, since anybody can make more of those; and all grants together
 * leave some for the owner and for references that were minted.
 */
import { Limit, type JournalCell, type JournalMap, type Turn } from '@bellwether/actors';
import type { Asker } from '../words/observation.ts';

/** The shares that are taken. */
export interface Shares {
  /** Who has it, by the number of the share. */
  readonly owners: JournalMap<number, Asker>;
  /** The last of those numbers. */
  readonly lastNumber: JournalCell<number>;
}
/** How many there are. */
export interface ShareBounds {
  readonly each: number;
  /** Of all who have the same origin. */
  readonly origin: number;
  /** Of all who have one: of grants. */
  readonly grants: number;
  readonly all: number;
}

/** Of which nobody has any. */
export const openShares = (turn: Turn): Shares => ({
  owners: turn.map(),
  lastNumber: turn.cell(0),
});

/** Why an asker gets none beside those that are taken; undefined: he does. */
export const noRoomFor = (
  taken: Iterable<Asker>,
  { principal, origin }: Asker,
  bounds: ShareBounds,
): string | undefined => {
  const count = { each: 0, origin: 0, grants: 0, all: 0 };
  for (const one of taken) {
    count.all += 1;
    if (one.principal === principal) count.each += 1;
    if (one.origin === undefined) continue;
    count.grants += 1;
    if (one.origin === origin) count.origin += 1;
  }
  if (count.all >= bounds.all) return `${bounds.all} here already`;
  if (count.each >= bounds.each) return `${bounds.each} by this reference already`;
  if (origin === undefined) return undefined;
  if (count.origin >= bounds.origin)
    return `${bounds.origin} by the grants that come from the same one already`;
  return count.grants >= bounds.grants ? `${bounds.grants} by grants here already` : undefined;
};

/** The number of a share, to be given back. @throws Limit if the asker, or all together, have too many */
export const takeShare = (
  { owners, lastNumber }: Shares,
  asker: Asker,
  bounds: ShareBounds,
  /** What is asked and what there are, for the refusal, as in `log: too many follow logs`. */
  what: string,
): number => {
  const reason = noRoomFor(owners.values(), asker, bounds);
  if (reason !== undefined) throw new Limit(`${what}: ${reason}`);
  const number = lastNumber.get() + 1;
  lastNumber.set(number);
  owners.set(number, asker);
  return number;
};

/** Gives a share back. */
export const giveBack = ({ owners }: Shares, number: number): void => void owners.delete(number);
