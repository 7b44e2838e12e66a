/**
 * The ledger: an index of the operations that are on the disk, of all lives. What is in it and not in memory is
 * read again when its id is (recall.ts); what is in neither was never asked for, or is forgotten.
 *
 *     forgotten is     when
 *     what is over     for longer than its time
 *     what is over     the oldest of its asker, where one has too many, or too many bytes of them
 *                      the oldest of whoever has the most, where all together have too many, or too many bytes
 *
 * Who has the most is counted by what askers come from: else a holder with many small ones, made out of his grant,
 * would push out what everybody else did. Of those who come from one, whoever has the most goes first.
 *
 * What is under way is never forgotten.
 */
import { Limit, type JournalCell, type JournalMap, type Turn } from '@bellwether/actors';
import { limits } from '../../limits.ts';
import type { Principal } from '../../words/principal.ts';
import type { AcceptedRecord, Entry } from '../../words/types.ts';

/** By asker and id, the oldest first. */
export interface Ledger {
  readonly askers: JournalMap<Principal, Book>;
  /** Of all plans and outcomes. */
  readonly bytes: JournalCell<number>;
  readonly originOf: OriginOf;
}
/** Who answers for what an asker does. Called near. */
export type OriginOf = (turn: Turn, asker: Principal) => string;
interface Book {
  /** As it was when the first of its operations was seen in this life. */
  readonly origin: string;
  readonly records: JournalMap<string, AcceptedRecord>;
  readonly bytes: JournalCell<number>;
}
/** An operation that becomes longer by so many bytes, or is new. */
export interface Growth {
  readonly asker: Principal;
  readonly operation: string;
  readonly bytes: number;
}

/** The ledger of what the records say. */
export const openLedger = (
  turn: Turn,
  found: readonly AcceptedRecord[],
  originOf: OriginOf,
): Ledger => {
  const ledger: Ledger = { askers: turn.map(), bytes: turn.cell(0), originOf };
  for (const record of found.toSorted((a, b) => a.atMs - b.atMs)) enter(ledger, turn, record);
  return ledger;
};

/** What is written down of an operation. */
export const entryOf = (
  { askers }: Ledger,
  asker: Principal,
  operation: string,
): AcceptedRecord | undefined => askers.get(asker)?.records.get(operation);

/** Every entry of one asker, or of all, the oldest first. */
export const entriesOf = ({ askers }: Ledger, asker?: Principal): readonly AcceptedRecord[] => {
  const books = asker === undefined ? [...askers.values()] : [askers.get(asker)];
  return books
    .flatMap((book) => (book === undefined ? [] : [...book.records.values()]))
    .sort((a, b) => a.atMs - b.atMs);
};
/** What is under way, in the order in which it was taken on. */
export const openEntriesIn = (ledger: Ledger): readonly AcceptedRecord[] =>
  entriesOf(ledger).filter(({ endedMs }) => endedMs === undefined);
/** Whose an operation is: `first` where it is his, too; undefined where nobody knows it. */
export const askerOf = (
  { askers }: Ledger,
  operation: string,
  first: Principal,
): Principal | undefined =>
  [first, ...askers.keys()].find((asker) => askers.get(asker)?.records.has(operation) === true);

/** Notes down an operation, or what has changed about it. */
export const put = (
  ledger: Ledger,
  turn: Turn,
  record: AcceptedRecord,
  how: { readonly gates: boolean },
): void => {
  enter(ledger, turn, record);
  turn.record({ kind: 'accepted', ...record } satisfies Entry, how);
};
const enter = (ledger: Ledger, turn: Turn, record: AcceptedRecord): void => {
  const { askers } = ledger;
  const known = askers.get(record.asker);
  const book = known ?? {
    origin: ledger.originOf(turn, record.asker),
    records: turn.map<string, AcceptedRecord>(),
    bytes: turn.cell(0),
  };
  if (known === undefined) askers.set(record.asker, book);
  grow(ledger, book, bytesOf(record) - bytesOf(book.records.get(record.operation)));
  book.records.set(record.operation, record);
};
const grow = (ledger: Ledger, book: Book, bytes: number): void => {
  book.bytes.set(book.bytes.get() + bytes);
  ledger.bytes.set(ledger.bytes.get() + bytes);
};
const bytesOf = (record: AcceptedRecord | undefined): number =>
  (record?.intentBytes ?? 0) + (record?.outcomeBytes ?? 0);

/** Erases an operation; it was never asked for then. */
export const forget = (ledger: Ledger, turn: Turn, record: AcceptedRecord): void => {
  const { asker, operation, intentCount, outcomeCount } = record;
  const book = ledger.askers.get(asker);
  if (book !== undefined) {
    grow(ledger, book, -bytesOf(book.records.get(operation)));
    book.records.delete(operation);
    if (book.records.size === 0) ledger.askers.delete(asker);
  }
  const entry = { kind: 'forgotten', asker, operation, intentCount, outcomeCount } as const;
  turn.record(entry satisfies Entry, { gates: false });
};

/** Whether it has been over for longer than anything is kept. */
export const isExpired = ({ endedMs }: AcceptedRecord, nowMs: number): boolean =>
  endedMs !== undefined && nowMs - endedMs >= limits.recordedMs;

/** What has been kept for long enough, some of it: the next time takes the rest. */
export const expiredIn = (ledger: Ledger, nowMs: number): readonly AcceptedRecord[] => {
  const found: AcceptedRecord[] = [];
  for (const book of ledger.askers.values())
    for (const record of book.records.values()) {
      if (!isExpired(record, nowMs)) continue;
      if (found.push(record) >= limits.sweptCount) return found;
    }
  return found;
};

/** What has to go before an operation is written down, or more of one. @throws Limit where that does not help */
export const surplusFor = (
  ledger: Ledger,
  growth: Growth,
  nowMs: number,
): readonly AcceptedRecord[] => {
  const { askers } = ledger;
  const { asker, operation } = growth;
  const own = askers.get(asker);
  const surplus = new Set<AcceptedRecord>();
  for (const record of own?.records.values() ?? []) {
    if (!isExpired(record, nowMs) || surplus.size >= limits.sweptCount) break;
    if (record.operation !== operation) surplus.add(record);
  }
  if (own?.records.has(operation) !== true) {
    const crowded = crowdedBooks([...askers.values()], own);
    if (crowded.length > 0) surplus.add(oldestOver(crowded));
  }
  if (!isRoomFor(ledger, growth, surplus))
    throw new Limit(
      `operation ${operation}: there is no room on the disk while others are under way`,
    );
  return [...surplus];
};
/** What has to go because an operation has become as long as it is, as far as that helps. */
export const surplusAfter = (
  ledger: Ledger,
  { asker, operation }: Pick<Growth, 'asker' | 'operation'>,
): readonly AcceptedRecord[] => {
  const surplus = new Set<AcceptedRecord>();
  isRoomFor(ledger, { asker, operation, bytes: 0 }, surplus);
  return [...surplus];
};

/** Whose oldest has to go because there are too many: the first of these that has one. */
const crowdedBooks = (books: readonly Book[], own: Book | undefined): readonly Book[] => {
  if (own !== undefined && own.records.size >= limits.askerRecordedCount) return [own];
  const isFull = books.reduce((sum, { records }) => sum + records.size, 0) >= limits.recordedCount;
  if (!isFull) return [];
  const [first, ...others] = byMost(books, ({ records }) => records.size);
  return first === undefined
    ? []
    : [first, ...others.filter(({ origin }) => origin === first.origin)];
};
/** By how much all have that come from the same, and then by how much each has itself. */
const byMost = (books: readonly Book[], sizeOf: (book: Book) => number): readonly Book[] => {
  const sums = new Map<string, number>();
  for (const book of books) sums.set(book.origin, (sums.get(book.origin) ?? 0) + sizeOf(book));
  const sumOf = ({ origin }: Book): number => sums.get(origin) ?? 0;
  return books.toSorted((a, b) => sumOf(b) - sumOf(a) || sizeOf(b) - sizeOf(a));
};
const oldestOver = (books: readonly Book[]): AcceptedRecord => {
  for (const { records } of books)
    for (const record of records.values()) if (record.endedMs !== undefined) return record;
  const count = books.reduce((sum, { records }) => sum + records.size, 0);
  throw new Limit(`${count} operations are under way: another one must wait`);
};

/** Adds what else has to go for these bytes; whether they fit then. */
const isRoomFor = (
  { askers, bytes: all }: Ledger,
  growth: Growth,
  surplus: Set<AcceptedRecord>,
): boolean => {
  const { asker, bytes } = growth;
  const own = askers.get(asker);
  const freed = (mine: boolean): number =>
    [...surplus].reduce((sum, each) => sum + (mine && each.asker !== asker ? 0 : bytesOf(each)), 0);
  const ownOver = (own?.bytes.get() ?? 0) + bytes - limits.askerRecordedBytes;
  if (ownOver > 0 && free(own, growth, ownOver - freed(true), surplus) > 0) return false;
  let over = all.get() + bytes - limits.recordedBytes;
  if (over <= 0) return true;
  over -= freed(false);
  for (const book of byMost([...askers.values()], ({ bytes }) => bytes.get())) {
    if (over <= 0) break;
    over = free(book, growth, over, surplus);
  }
  return over <= 0;
};
/** Adds the oldest that are over until so many bytes are free; how many are missing then. */
const free = (
  book: Book | undefined,
  { asker, operation }: Growth,
  bytes: number,
  surplus: Set<AcceptedRecord>,
): number => {
  let left = bytes;
  for (const record of book?.records.values() ?? []) {
    if (left <= 0) break;
    const isIt = record.asker === asker && record.operation === operation;
    if (record.endedMs === undefined || isIt || surplus.has(record)) continue;
    surplus.add(record);
    left -= bytesOf(record);
  }
  return left;
};
