/** Who has how many of something, of which there is a bounded number at once. */
import { Limit, type JournalCell, type JournalMap, type Turn } from '@bellwether/actors';

/** The shares that are taken. */
export interface Shares {
  /** Who has it, by the number of the share. */
  readonly owners: JournalMap<number, string>;
  /** The last of those numbers. */
  readonly lastNumber: JournalCell<number>;
}
/** How many there are. */
export interface ShareBounds {
  readonly each: number;
  readonly all: number;
  /** What they are, for the refusal, as in `follow logs`. */
  readonly what: string;
}

/** Of which nobody has any. */
export const openShares = (turn: Turn): Shares => ({
  owners: turn.map(),
  lastNumber: turn.cell(0),
});

/** The number of a share, to be given back. @throws Limit if the asker, or all together, have too many */
export const takeShare = (
  { owners, lastNumber }: Shares,
  principal: string,
  { each, all, what }: ShareBounds,
): number => {
  if (owners.size >= all) throw new Limit(`log: ${all} ${what} here already`);
  const own = [...owners.values()].filter((one) => one === principal);
  if (own.length >= each) throw new Limit(`log: ${each} ${what} by this reference already`);
  const number = lastNumber.get() + 1;
  lastNumber.set(number);
  owners.set(number, principal);
  return number;
};

/** Gives a share back. */
export const giveBack = ({ owners }: Shares, number: number): void => void owners.delete(number);
