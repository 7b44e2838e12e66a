/**
 * The last so many of what several have to tell, with a fair share for each: where there is no room, the oldest goes of
 * whoever has most, so whoever floods loses his own. Where several have most, the oldest of theirs goes.
 *
 *     entries    by number, in the order in which they came; each knows the next one of its owner
 *     owners     how many each has, and the first and the last of them
 *     heap       owners, whoever has most at place 0; the children of place n are 2n + 1 and 2n + 2
 *
 * So one more costs O(log n) of those who have any, and nobody is kept of whom there is nothing left.
 */
import type { JournalCell, JournalMap, Turn } from '@bellwether/actors';

/** What is kept of all; state of the actor that has made it, undone with its turns. */
export interface FairRing<T> {
  /** Takes what `owner` has to tell. */
  add(owner: string, value: T): void;
  /** Oldest first. */
  values(): readonly T[];
}

interface Entry<T> {
  readonly owner: string;
  readonly value: T;
  /** The next one of the same owner. */
  readonly next: number | undefined;
}
interface Owner {
  readonly count: number;
  readonly oldest: number;
  readonly newest: number;
  /** In the heap. */
  readonly place: number;
}
interface Held<T> {
  readonly lastNumber: JournalCell<number>;
  readonly entries: JournalMap<number, Entry<T>>;
  readonly owners: JournalMap<string, Owner>;
  readonly heap: JournalMap<number, string>;
}

/** Makes one that keeps `mostCount` entries. */
export const makeFairRing = <T>(
  turn: Pick<Turn, 'cell' | 'map'>,
  mostCount: number,
): FairRing<T> => {
  const held: Held<T> = {
    lastNumber: turn.cell(0),
    entries: turn.map(),
    owners: turn.map(),
    heap: turn.map(),
  };
  return {
    add: (owner, value) => {
      append(held, owner, value);
      if (held.entries.size > mostCount) dropOne(held);
    },
    values: () => Array.from(held.entries.values(), ({ value }) => value),
  };
};

const append = <T>(held: Held<T>, name: string, value: T): void => {
  const { entries, owners, heap, lastNumber } = held;
  const number = lastNumber.get() + 1;
  lastNumber.set(number);
  entries.set(number, { owner: name, value, next: undefined });
  const owner = owners.get(name);
  if (owner === undefined) {
    put(held, heap.size, name, { count: 1, oldest: number, newest: number });
  } else {
    const before = entries.get(owner.newest);
    if (before !== undefined) entries.set(owner.newest, { ...before, next: number });
    put(held, owner.place, name, { ...owner, count: owner.count + 1, newest: number });
  }
  rise(held, name);
};

const dropOne = <T>(held: Held<T>): void => {
  const { entries, owners, heap } = held;
  const name = heap.get(0);
  const owner = name === undefined ? undefined : owners.get(name);
  if (name === undefined || owner === undefined) return;
  const next = entries.get(owner.oldest)?.next;
  entries.delete(owner.oldest);
  if (next !== undefined) {
    put(held, 0, name, { ...owner, count: owner.count - 1, oldest: next });
    return sink(held, name);
  }
  owners.delete(name);
  const lastPlace = heap.size - 1;
  const last = heap.get(lastPlace);
  heap.delete(lastPlace);
  const moved = last === undefined ? undefined : owners.get(last);
  if (last === undefined || moved === undefined) return;
  put(held, 0, last, moved);
  sink(held, last);
};

const put = <T>(
  { owners, heap }: Held<T>,
  place: number,
  name: string,
  { count, oldest, newest }: Omit<Owner, 'place'>,
): void => {
  owners.set(name, { count, oldest, newest, place });
  heap.set(place, name);
};

const rise = <T>(held: Held<T>, name: string): void => {
  for (;;) {
    const place = held.owners.get(name)?.place ?? 0;
    if (place === 0 || !goesFirst(held, place, (place - 1) >> 1)) return;
    exchange(held, place, (place - 1) >> 1);
  }
};
const sink = <T>(held: Held<T>, name: string): void => {
  for (;;) {
    const place = held.owners.get(name)?.place ?? 0;
    const [left, right] = [2 * place + 1, 2 * place + 2];
    const child = goesFirst(held, right, left) ? right : left;
    if (!goesFirst(held, child, place)) return;
    exchange(held, place, child);
  }
};
/** Whether who stands at the one place comes before who stands at the other; false where nobody does. */
const goesFirst = <T>(held: Held<T>, one: number, other: number): boolean => {
  const [a, b] = [ownerAt(held, one), ownerAt(held, other)];
  if (a === undefined || b === undefined) return false;
  return a.count === b.count ? a.oldest < b.oldest : a.count > b.count;
};
const ownerAt = <T>({ heap, owners }: Held<T>, place: number): Owner | undefined => {
  const name = heap.get(place);
  return name === undefined ? undefined : owners.get(name);
};
const exchange = <T>(held: Held<T>, one: number, other: number): void => {
  const [a, b] = [held.heap.get(one), held.heap.get(other)];
  const [ownerA, ownerB] = [ownerAt(held, one), ownerAt(held, other)];
  if (a === undefined || b === undefined || ownerA === undefined || ownerB === undefined) return;
  put(held, one, b, ownerB);
  put(held, other, a, ownerA);
};
