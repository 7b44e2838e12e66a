/**
 * The ledger: an index of the operations that are on the disk, of all lives. What is in it and not in memory is
 * read again when its id is (recall.ts); what is in neither was never asked for, or is forgotten.
 *
 *     forgotten is     when
 *     what is over     for longer than its time
 *     what is over     the oldest of its asker, where one has too many
 *                      the oldest of whoever has the most, where all together have too many
 *
 * What is under way is never forgotten.
 */
import { Limit, type JournalMap, type Turn } from '@bellwether/actors';
import { limits } from '../limits.ts';
import type { AcceptedRecord, Entry } from '../words/types.ts';

/** By asker and id, the oldest first. */
export interface Ledger {
  readonly askers: JournalMap<string, JournalMap<string, AcceptedRecord>>;
}

/** The ledger of what the records say. */
export const openLedger = (turn: Turn, found: readonly AcceptedRecord[]): Ledger => {
  const ledger: Ledger = { askers: turn.map() };
  for (const record of found.toSorted((a, b) => a.atMs - b.atMs)) enter(ledger, turn, record);
  return ledger;
};

/** What is written down of an operation. */
export const entryOf = (
  { askers }: Ledger,
  asker: string,
  operation: string,
): AcceptedRecord | undefined => askers.get(asker)?.get(operation);

/** Every entry of one asker, or of all, the oldest first. */
export const entriesOf = ({ askers }: Ledger, asker?: string): readonly AcceptedRecord[] => {
  const books = asker === undefined ? [...askers.values()] : [askers.get(asker)];
  return books
    .flatMap((book) => (book === undefined ? [] : [...book.values()]))
    .sort((a, b) => a.atMs - b.atMs);
};
/** What is under way, in the order in which it was taken on. */
export const openIn = (ledger: Ledger): readonly AcceptedRecord[] =>
  entriesOf(ledger).filter(({ endedMs }) => endedMs === undefined);
/** Whose an operation is: `first` where it is his, too; undefined where nobody knows it. */
export const askerOf = ({ askers }: Ledger, operation: string, first: string): string | undefined =>
  [first, ...askers.keys()].find((asker) => askers.get(asker)?.has(operation) === true);

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
const enter = ({ askers }: Ledger, turn: Turn, record: AcceptedRecord): void => {
  const book = askers.get(record.asker) ?? turn.map<string, AcceptedRecord>();
  if (book.size === 0) askers.set(record.asker, book);
  book.set(record.operation, record);
};

/** Erases an operation; it was never asked for then. */
export const forget = ({ askers }: Ledger, turn: Turn, record: AcceptedRecord): void => {
  const { asker, operation, intentCount, outcomeCount } = record;
  const book = askers.get(asker);
  book?.delete(operation);
  if (book?.size === 0) askers.delete(asker);
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
    for (const record of book.values()) {
      if (!isExpired(record, nowMs)) continue;
      if (found.push(record) >= limits.sweptCount) return found;
    }
  return found;
};

/** What has to go before one more operation of this asker is written down. @throws Limit */
export const surplusFor = (
  { askers }: Ledger,
  asker: string,
  nowMs: number,
): readonly AcceptedRecord[] => {
  const own = askers.get(asker);
  const surplus = new Set<AcceptedRecord>();
  for (const record of own?.values() ?? []) {
    if (!isExpired(record, nowMs) || surplus.size >= limits.sweptCount) break;
    surplus.add(record);
  }
  const books = [...askers.values()];
  const isFull = books.reduce((sum, { size }) => sum + size, 0) >= limits.recordedCount;
  const crowded =
    own !== undefined && own.size >= limits.askerRecordedCount
      ? own
      : isFull
        ? books.reduce((a, b) => (b.size > a.size ? b : a))
        : undefined;
  if (crowded !== undefined) surplus.add(oldestOver(crowded));
  return [...surplus];
};
const oldestOver = (book: JournalMap<string, AcceptedRecord>): AcceptedRecord => {
  for (const record of book.values()) if (record.endedMs !== undefined) return record;
  throw new Limit(`${book.size} operations are under way: another one must wait`);
};
