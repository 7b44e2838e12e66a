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
 *
 *     a batch that fails and    tells of looks and refusals, or time  they are counted, nobody's life ends by them
 *                               takes back a right, or stops          once more, in the room that is kept for that
 *                               does anything else                    the commit has failed
 *
 * A new life may use that room, too, since nothing can be taken back without one. As long as the disk does not give it
 * back, what others than the owner ask for fails without being tried: they would use up what is left of it.
 */
import { reasonOf, type Commit } from '@bellwether/actors';
import {
  isAuditEntry,
  readPast,
  type Past,
  type AuditEntry,
  type AuditAnswer,
  type AuditQuery,
  type AuditRecord,
  type ChainLine,
} from '@bellwether/authority';
import {
  AuditLog,
  DiskFailed,
  lastOfAudit,
  lookThroughAudit,
  type AuditPlace,
  type Pending,
  type Store,
  type StoreEntry,
} from '@bellwether/store';
import { inRoom, type Reserve } from './reserve.ts';

/** What an audited store takes from around it. */
export interface AuditedPowers {
  /** Milliseconds since 1970. */
  readonly wall: () => number;
  /** Told of what was strange about the log when it was opened; it is in the log then. */
  readonly told: (note: AuditRecord) => void;
  /** Room for what cannot wait. */
  readonly reserve: Pick<Reserve, 'hold' | 'free' | 'takenBack'>;
}

/** Milliseconds after a failure for which looks and refusals are only counted: to try takes the disk a while. */
const expendableMs = 5_000;

/** A store and the audit of what is done with it. Closing it closes both. */
export class AuditedStore {
  readonly commit: Commit;
  readonly #store: Store;
  readonly #place: AuditPlace;
  readonly #log: AuditLog;
  readonly #powers: AuditedPowers;
  /** The commit under way; it never rejects. */
  #working: Promise<void> | undefined;
  #isBusy = false;
  #waiting: (() => void)[] = [];
  /** Numbers of the lines that are in the store, lowest first. */
  #kept: number[];
  /** Looks and refusals that could not be written down, and until when no other is tried. */
  #lost: { readonly count: number; readonly untilMs: number };

  /** Takes over both; `settle` is to be called before the first commit. */
  constructor(store: Store, place: AuditPlace, powers: AuditedPowers) {
    this.#store = store;
    this.#place = place;
    this.#log = new AuditLog(place, powers);
    this.#powers = powers;
    this.#working = undefined;
    this.#kept = [];
    this.#lost = { count: 0, untilMs: -Infinity };
    this.commit = (entries, done) => {
      this.#isBusy = true;
      try {
        this.#commit(entries, (failure) => this.#ended(done, failure));
      } catch (error) {
        this.#ended(done, reasonOf(error)); // what cannot be encoded is one failure, seen sooner or later
      }
    };
  }

  /** As `Store.settle`, for both. Never rejects: what is not mended yet is tried again by the next commit. */
  async settle(): Promise<void> {
    await this.#working;
    const { reserve } = this.#powers;
    await inRoom(reserve, () => this.#reopened()).catch(() => undefined);
    await inRoom(reserve, () => this.#mend()).catch(() => undefined);
  }

  async #reopened(): Promise<void> {
    const failure = await this.#store.settle();
    if (failure !== undefined) throw failure;
  }

  /** The newest lines that are in the log. @throws DiskFailed */
  last(query: AuditQuery): Promise<AuditAnswer> {
    return lastOfAudit(this.#place, query, this.#powers.wall());
  }

  /** What the log tells of grants; see `readPast`. @throws DiskFailed */
  async past(maxUses: ReadonlyMap<string, number>): Promise<Past> {
    const reader = readPast(maxUses);
    await lookThroughAudit(this.#place, (line) => reader.look(line));
    return reader.past();
  }

  /**
   * Calls back once no commit is under way: all that was recorded before is on the disk then, since the next one begins
   * within the end of the one before.
   */
  whenIdle(told: () => void): void {
    if (this.#isBusy) this.#waiting.push(told);
    else told();
  }

  async close(): Promise<void> {
    await this.#working;
    await this.#log.close();
    await this.#store.close();
  }

  #commit(entries: readonly unknown[], done: (failure?: Error) => void): void {
    const records: AuditEntry[] = [];
    const others: unknown[] = [];
    for (const entry of entries)
      if (isAuditEntry(entry)) records.push(entry);
      else others.push(entry);
    const isExpendable =
      others.every(isClock) && records.every((each) => each.isExpendable === true);
    if (records.length === 0 && !isExpendable) return this.#store.commit(others, done);
    if (isExpendable && this.#powers.wall() < this.#lost.untilMs) {
      this.#lose(records.length);
      return done();
    }
    const work = records.length === 0 ? this.#stored(others) : this.#audited(others, records);
    this.#working = work
      .catch((error: unknown) => {
        if (!isExpendable) throw error;
        this.#lose(records.length, this.#powers.wall() + expendableMs);
        // What only reads goes on, if it can.
        return this.#store.settle().then(() => undefined);
      })
      .then(
        () => this.#over(done),
        (error: unknown) => this.#over(done, error),
      );
  }

  #ended(done: (failure?: Error) => void, failure: Error | undefined): void {
    this.#isBusy = false;
    // Of what failed nobody is told: it may be on the disk or not.
    if (failure !== undefined) this.#waiting = [];
    done(failure);
    if (this.#isBusy) return;
    for (const told of this.#waiting.splice(0)) told();
  }

  #over(done: (failure?: Error) => void, error?: unknown): void {
    this.#working = undefined;
    if (error === undefined) done();
    else done(reasonOf(error));
  }

  #lose(count: number, untilMs = this.#lost.untilMs): void {
    this.#lost = { count: this.#lost.count + count, untilMs };
  }

  async #audited(others: readonly unknown[], records: readonly AuditEntry[]): Promise<void> {
    const isUrgent = records.some(cannotWait);
    if (!isUrgent && records.some(isOthers) && !(await this.#powers.reserve.takenBack()))
      throw new DiskFailed('state: No space left on device but what is kept for its owner');
    const { count } = this.#lost;
    const told = count === 0 ? records : [...records, lossOf(count)];
    const lines = await this.#inRoom(isUrgent, () => this.#remembered(others, told));
    await this.#inRoom(isUrgent, () => this.#filed(lines));
    this.#lost = { ...this.#lost, count: this.#lost.count - count };
    void this.#powers.reserve.hold();
  }

  /** Does it, and where that fails and cannot wait once more, with the room that is kept. */
  async #inRoom<T>(isUrgent: boolean, work: () => Promise<T>): Promise<T> {
    return isUrgent ? inRoom(this.#powers.reserve, work, () => true) : work();
  }

  async #remembered(
    others: readonly unknown[],
    records: readonly AuditRecord[],
  ): Promise<readonly ChainLine[]> {
    if (!this.#log.isReady) await this.#mend();
    const lines = this.#log.next(records);
    const filed = this.#kept.filter((number) => number <= this.#log.synced);
    await this.#stored([...others, ...lines.map(entryOf), ...erasureOf(filed)]);
    this.#kept = [...this.#kept.slice(filed.length), ...lines.map(({ number }) => number)];
    return lines;
  }

  /** The store has them, so a log that takes them only after it was mended has lost none. */
  async #filed(lines: readonly ChainLine[]): Promise<void> {
    try {
      if (this.#log.isReady) return await this.#log.append(lines);
    } catch {
      // The log is not ready any more, and what is wrong with it is told by what follows.
    }
    await this.#mend();
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

/** What is asked through a grant or a minted ref. */
const isOthers = ({ event, asker }: AuditRecord): boolean =>
  event === 'asked' && asker !== 'root' && asker !== 'shepherd';

/** That a right ends, or that the owner stops something: it must be possible on a full disk, too. */
const cannotWait = ({ event, asker, action }: AuditRecord): boolean =>
  event === 'revoked' ||
  (event === 'asked' && action === 'stop' && (asker === 'root' || asker === 'shepherd'));

/**
 * The time that was seen. Within this life it goes on without the disk, and it is written down again a minute later.
 * If it ended this life, the next one would see the same end of a grant, and end by it, and so on.
 */
const isClock = (entry: unknown): boolean =>
  typeof entry === 'object' && entry !== null && 'kind' in entry && entry.kind === 'clock';

const lossOf = (count: number): AuditEntry => ({
  kind: 'audit',
  event: 'alert',
  asker: 'shepherd',
  code: 'not-recorded',
  reason: `${count} looks and refusals, while the disk could not be written to`,
});

const entryOf = ({ number, text, hash }: ChainLine): StoreEntry => ({
  kind: 'audited',
  number,
  text,
  hash,
});
/** What the log has for good need not be kept twice. */
const erasureOf = (numbers: readonly number[]): readonly StoreEntry[] =>
  numbers.length === 0 ? [] : [{ kind: 'filed', numbers }];
