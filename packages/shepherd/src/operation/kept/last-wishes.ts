/**
 * The last wish for each service elsewhere, on the disk: what an older command loses to in every life, whoever tries it
 * again or takes it up. Of services of this machine `desired` says it.
 *
 *     a command                                  a record, in the batch that accepts it
 *     wishes otherwise than was wished before    one, with the names for which that is so
 *     wishes the same                            none: what was wished first stands
 *
 *     an older record                            then
 *     has no name left that counts               is erased
 *     has fewer than half of its names left      is written anew, with those alone
 *
 * So a thousand members cost one record for each command, and all records together are at most twice as long as the
 * names. Numbers say which one is the later: wall clocks step.
 */
import type { JournalCell, JournalMap, Turn } from '@bellwether/actors';
import { limits } from '../../limits.ts';
import type { Wish } from '../../words/steps.ts';
import type { Entry, Wisher, WishRecord } from '../../words/types.ts';

/** What is wished of a service, and which command says so, where it was one. */
export interface LastWish {
  readonly wish: Wish;
  readonly by?: Wisher;
}
/** What the disk has of services elsewhere. */
export interface LastWishes {
  readonly standing: JournalMap<number, Standing>;
  /** By name: the number of the record that counts. */
  readonly places: JournalMap<string, number>;
  readonly lastNumber: JournalCell<number>;
}
interface Standing {
  readonly record: WishRecord;
  /** How many of its names have no later one. */
  readonly liveCount: number;
}

/** The last wishes as the records say. */
export const openLastWishes = (turn: Turn, found: readonly WishRecord[]): LastWishes => {
  const wishes: LastWishes = { standing: turn.map(), places: turn.map(), lastNumber: turn.cell(0) };
  for (const record of found.toSorted((a, b) => a.number - b.number)) enter(wishes, record);
  return wishes;
};

/** What was wished last of a service elsewhere. */
export const lastWishOf = (wishes: LastWishes, name: string): LastWish | undefined =>
  recordFor(wishes, name);
const recordFor = ({ standing, places }: LastWishes, name: string): WishRecord | undefined => {
  const number = places.get(name);
  return number === undefined ? undefined : standing.get(number)?.record;
};

/** Writes down what a command wishes of services elsewhere; nothing of it is sent before that is on the disk. */
export const noteWished = (
  wishes: LastWishes,
  turn: Turn,
  { wish, by }: Required<LastWish>,
  names: readonly string[],
): void => {
  const news = names.filter((name) => recordFor(wishes, name)?.wish !== wish);
  const touched = new Set<number>();
  for (let at = 0; at < news.length; at += limits.wishedNameCount) {
    const number = wishes.lastNumber.get() + 1;
    const part = news.slice(at, at + limits.wishedNameCount);
    const record: WishRecord = { number, wish, by, names: part };
    put(turn, record);
    for (const old of enter(wishes, record)) touched.add(old);
  }
  tidy(wishes, turn, touched, mostlyLive);
};

/** Forgets that a start was wished of services that go; a stop is there for them when they return. */
export const forgetWishedStarts = (
  wishes: LastWishes,
  turn: Turn,
  names: readonly string[],
): void => {
  const { places } = wishes;
  const touched = new Set<number>();
  for (const name of names) {
    const number = places.get(name);
    if (number === undefined || recordFor(wishes, name)?.wish !== 'start') continue;
    places.delete(name);
    lose(wishes, number, 1);
    touched.add(number);
  }
  // No later record takes their place.
  tidy(wishes, turn, touched, 1);
};

/** Puts a record in the place of what its names had before; the numbers of those that lost some. */
const enter = (wishes: LastWishes, record: WishRecord): Iterable<number> => {
  const { standing, places, lastNumber } = wishes;
  const lost = new Map<number, number>();
  for (const name of record.names) {
    const before = places.get(name);
    if (before !== undefined) lost.set(before, (lost.get(before) ?? 0) + 1);
    places.set(name, record.number);
  }
  for (const [number, count] of lost) lose(wishes, number, count);
  standing.set(record.number, { record, liveCount: record.names.length });
  lastNumber.set(Math.max(lastNumber.get(), record.number));
  return lost.keys();
};
const lose = ({ standing }: LastWishes, number: number, count: number): void => {
  const { record, liveCount = 0 } = standing.get(number) ?? {};
  if (record !== undefined) standing.set(number, { record, liveCount: liveCount - count });
};

/** The part of the names of a record that are to count. */
const mostlyLive = 0.5;
/** Erases what counts no more, and writes anew that of which a smaller part counts than is to. */
const tidy = (
  wishes: LastWishes,
  turn: Turn,
  numbers: ReadonlySet<number>,
  leastPart: number,
): void => {
  const { standing, places } = wishes;
  const empty: number[] = [];
  for (const number of numbers) {
    const { record, liveCount } = standing.get(number) ?? {};
    if (record === undefined || liveCount === undefined) continue;
    if (liveCount === 0) {
      standing.delete(number);
      empty.push(number);
    } else if (liveCount < record.names.length * leastPart) {
      const names = record.names.filter((name) => places.get(name) === number);
      standing.set(number, { record: { ...record, names }, liveCount });
      put(turn, { ...record, names });
    }
  }
  if (empty.length > 0) turn.record({ kind: 'outdated', numbers: empty } satisfies Entry);
};
const put = (turn: Turn, record: WishRecord): void =>
  turn.record({ kind: 'wished', ...record } satisfies Entry);
