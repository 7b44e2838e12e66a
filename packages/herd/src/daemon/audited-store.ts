/**
 * The store of a daemon with its audit: one output commit for both.
 *
 *     a batch       records, and in the same write the lines of its audit        durable: it cannot be undone
 *                   the lines behind the log                                     anybody can read them
 *                   now what waits for the batch leaves
 *     later         the log is synced; the next batch erases those lines from the store
 *
 * The store comes first, because a batch of it is there whole or not at all: after a crash at any moment there is no
 * change without its line, and no line of a change that never was. What the log lacks then stands in the store, and is
 * written to it before the next life begins. The other order would leave lines behind of what was never done, and two
 * syncs in every answer. The newest line always stays in the store, so that a log that was cut is found out.
 */
import { reasonOf, type Commit } from '@bellwether/actors';
import {
  isAuditEntry,
  type AuditAnswer,
  type AuditQuery,
  type AuditRecord,
  type ChainLine,
} from '@bellwether/authority';
import {
  AuditLog,
  lastOfAudit,
  type AuditPlace,
  type Pending,
  type Store,
  type StoreEntry,
} from '@bellwether/store';

/** What an audited store takes from around it. */
export interface AuditedPowers {
  /** Milliseconds since 1970. */
  readonly wall: () => number;
  /** Told of what was strange about the log when it was opened; it is in the log then. */
  readonly told: (note: AuditRecord) => void;
}

/** A store and the audit of what is done with it. Closing it closes both. */
export class AuditedStore {
  readonly commit: Commit;
  readonly #store: Store;
  readonly #place: AuditPlace;
  readonly #log: AuditLog;
  readonly #powers: AuditedPowers;
  /** The commit under way; it never rejects. */
  #working: Promise<void> | undefined;
  /** Numbers of the lines that are in the store, lowest first. */
  #kept: number[];

  /** Takes over both; `settle` is to be called before the first commit. */
  constructor(store: Store, place: AuditPlace, powers: AuditedPowers) {
    this.#store = store;
    this.#place = place;
    this.#log = new AuditLog(place, powers);
    this.#powers = powers;
    this.#working = undefined;
    this.#kept = [];
    this.commit = (entries, done) => this.#commit(entries, done);
  }

  /** As `Store.settle`, for both. Never rejects: what is not mended yet is tried again by the next commit. */
  async settle(): Promise<void> {
    await this.#working;
    await this.#store.settle();
    await this.#mend().catch(() => undefined);
  }

  /** The newest lines that are in the log. @throws DiskFailed */
  last(query: AuditQuery): Promise<AuditAnswer> {
    return lastOfAudit(this.#place, query, this.#powers.wall());
  }

  async close(): Promise<void> {
    await this.#working;
    await this.#log.close();
    await this.#store.close();
  }

  #commit(entries: readonly unknown[], done: (failure?: Error) => void): void {
    const records: AuditRecord[] = [];
    const others: unknown[] = [];
    for (const entry of entries)
      if (isAuditEntry(entry)) records.push(entry);
      else others.push(entry);
    if (records.length === 0) return this.#store.commit(others, done);
    this.#working = this.#audited(others, records).then(
      () => this.#over(done),
      (error: unknown) => this.#over(done, error),
    );
  }

  #over(done: (failure?: Error) => void, error?: unknown): void {
    this.#working = undefined;
    if (error === undefined) done();
    else done(reasonOf(error));
  }

  async #audited(others: readonly unknown[], records: readonly AuditRecord[]): Promise<void> {
    if (!this.#log.isReady) await this.#mend();
    const lines = this.#log.next(records);
    const filed = this.#kept.filter((number) => number <= this.#log.synced);
    await this.#stored([...others, ...lines.map(entryOf), ...erasureOf(filed)]);
    this.#kept = [...this.#kept.slice(filed.length), ...lines.map(({ number }) => number)];
    await this.#log.append(lines);
  }

  #stored(entries: readonly unknown[]): Promise<void> {
    return new Promise((resolve, reject) =>
      this.#store.commit(entries, (failure) =>
        failure === undefined ? resolve() : reject(failure),
      ),
    );
  }

  async #mend(): Promise<void> {
    const pending = this.#pending();
    for (const note of await this.#log.mend(pending)) this.#powers.told(note);
    this.#kept = pending.map(({ number }) => number);
  }

  #pending(): Pending {
    return this.#store
      .held('audited')
      .map(({ number, text, hash }) => ({ number, text, hash }))
      .sort((a, b) => a.number - b.number);
  }
}

const entryOf = ({ number, text, hash }: ChainLine): StoreEntry => ({
  kind: 'audited',
  number,
  text,
  hash,
});
/** What the log has for good need not be kept twice. */
const erasureOf = (numbers: readonly number[]): readonly StoreEntry[] =>
  numbers.length === 0 ? [] : [{ kind: 'filed', numbers }];
