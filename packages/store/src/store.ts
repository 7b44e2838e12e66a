/**
 * The records of a daemon. What turns have written becomes one batch, synced before anybody is told.
 *
 *     open       every record is read and proved; the epochs of database and mark are made to agree (mark.ts)
 *     commit     says nothing new     done at once, no disk is needed: a full one must not hurt who changes nothing
 *                else                 one batch with its seal; then, where a right was taken back, the mark
 *     a write    that failed          may be on the disk or not. The shelf is of no use any more; what is held in
 *                                     memory stays as it was before. `settle` opens the database anew and takes what
 *                                     is there. Where that cannot be (the disk is still full) a life can be built on
 *                                     what is held; the next commit that has anything to say opens the database
 *                                     first, and says again what was held of everything that was in doubt
 *
 * LevelDB itself must not be written to after a write that failed: what follows half a record in its log is dropped
 * when the log is read.
 */
import { reasonOf, type Commit } from '@bellwether/actors';
import { Cbor } from './cbor.ts';
import { DiskFailed } from './errors.ts';
import { kindOf, type KindName, type RecordOf, type StoreRecord } from './kinds.ts';
import { bytesOf, keptOf, load } from './load.ts';
import type { Mark } from './mark.ts';
import { inSlices, withoutPauses, type Pauses } from './slices.ts';
import { Batch, digestBytes, keyOf, kindOfKey, recordOf, type Changes } from './record.ts';
import { emptySeal, sealKey, sealValue, Tally, type Seal } from './seal.ts';
import type { Shelf, ShelfPlace } from './shelf.ts';

/** When rights were made and taken back; numbers that only grow. */
export interface RightsEpoch {
  /** What is granted now is granted in this epoch. */
  readonly now: number;
  /**
   * The epoch in which this database was last put back from a backup, or found to be older than its mark; 0: never.
   * What was granted before it may have been taken back since: it is to be confirmed before it counts.
   */
  readonly restored: number;
}
/** An open database of records. Whoever opened it closes it. */
export interface Store {
  readonly rightsEpoch: RightsEpoch;
  /** All records of a kind that is held in memory. They belong to the caller. */
  held<K extends KindName>(kind: K): readonly RecordOf<K>[];
  /**
   * The records of any kind, from the disk, one after the other; `parts` narrows to keys that begin with them.
   * @throws DiskFailed, DamagedState
   */
  read<K extends KindName>(kind: K, ...parts: readonly string[]): AsyncIterable<RecordOf<K>>;
  /** Makes a batch durable. One at a time, as `Commit` says. */
  readonly commit: Commit;
  /**
   * Before a life is built: waits for the commit of the last one, and where that failed takes what the disk has, if it
   * can be read again. Never rejects: the answer is what kept it from being read, where something did.
   */
  settle(): Promise<Error | undefined>;
  /** Every value as it lies on the disk, the seal included, of one moment. @throws DiskFailed, DamagedState */
  image(): AsyncIterable<readonly [string, Uint8Array]>;
  close(): Promise<void>;
}

/**
 * Opens a database. `state` is the folder that messages name. What a commit of very many records takes is paced.
 * @throws DamagedState, NewerState, DiskFailed: it is closed again then, and nothing but LevelDB's own upkeep has
 * been written
 */
export const openStore = async (
  place: ShelfPlace,
  mark: Mark,
  state: string,
  pauses: Pauses = withoutPauses,
): Promise<Store> => {
  const store = new ShelfStore(place, mark, state, pauses);
  await store.open();
  return store;
};

class ShelfStore implements Store {
  readonly commit: Commit;
  readonly #place: ShelfPlace;
  readonly #mark: Mark;
  readonly #state: string;
  readonly #pauses: Pauses;
  readonly #cbor = new Cbor();
  #shelf: Shelf | undefined;
  #seal: Seal;
  #held: Map<string, string>;
  /** What was held, by key, of everything that a failed write may have changed. */
  readonly #doubted: Map<string, string | undefined>;
  /** The write under way; it never rejects. */
  #writing: Promise<void> | undefined;

  constructor(place: ShelfPlace, mark: Mark, state: string, pauses: Pauses) {
    this.#place = place;
    this.#mark = mark;
    this.#state = state;
    this.#pauses = pauses;
    this.#shelf = undefined;
    this.#seal = emptySeal(1, 0);
    this.#held = new Map();
    this.#doubted = new Map();
    this.#writing = undefined;
    this.commit = (entries, done) => this.#commit(entries, done);
  }

  get rightsEpoch(): RightsEpoch {
    return { now: this.#seal.epoch, restored: this.#seal.restored };
  }

  async open(): Promise<void> {
    const shelf = await this.#place.open();
    try {
      const { seal, held } = await load(shelf, this.#cbor, this.#state);
      this.#seal = await this.#agreed(shelf, seal);
      this.#held = held;
      this.#shelf = shelf;
    } catch (error) {
      await shelf.close();
      throw error;
    }
  }

  held<K extends KindName>(kind: K): readonly RecordOf<K>[] {
    if (kindOf(kind)?.isHeld !== true) throw new TypeError(`${kind} is not held in memory`);
    const found: RecordOf<K>[] = [];
    for (const [key, value] of this.#held) {
      if (kindOfKey(key) !== kind) continue;
      const record = recordOf(key, bytesOf(value), this.#cbor);
      if (isOf(record, kind)) found.push(record);
    }
    return found;
  }

  async *read<K extends KindName>(
    kind: K,
    ...parts: readonly string[]
  ): AsyncIterable<RecordOf<K>> {
    for await (const [key, value] of this.#open().read(keyOf(kind, parts))) {
      const record = recordOf(key, value, this.#cbor);
      if (isOf(record, kind)) yield record;
    }
  }

  image(): AsyncIterable<readonly [string, Uint8Array]> {
    return this.#open().read('');
  }

  async settle(): Promise<Error | undefined> {
    // A life may have ended in the middle of a commit.
    await this.#writing;
    if (this.#shelf !== undefined) return undefined;
    try {
      await this.open();
      this.#doubted.clear();
      return undefined;
    } catch (error) {
      // The disk is not mended yet: what is held stands, and the next commit tries again and tells.
      return reasonOf(error);
    }
  }

  async close(): Promise<void> {
    await this.#writing;
    await this.#drop();
  }

  #open(): Shelf {
    if (this.#shelf === undefined)
      throw new DiskFailed(`state: ${this.#place.name} is not open: an earlier write failed`);
    return this.#shelf;
  }

  #commit(entries: readonly unknown[], done: (failure?: Error) => void): void {
    if (this.#writing !== undefined)
      throw new TypeError('a commit was begun before the last one ended');
    const batch = new Batch(this.#cbor);
    const encoding = inSlices(this.#encoding(entries, batch), this.#pauses);
    if (encoding !== undefined) this.#begin(this.#writeAfter(encoding, batch), done);
    else if (batch.changes.size === 0) done();
    else this.#begin(this.#write(batch), done);
  }

  /** A step for each entry, and for each change that it means; what is left then is news. */
  *#encoding(entries: readonly unknown[], batch: Batch): Iterator<undefined> {
    for (const entry of entries) {
      batch.add(entry);
      yield;
    }
    for (const [key, value] of batch.changes) {
      if (this.#isNoNews(key, value)) batch.changes.delete(key);
      yield;
    }
  }

  async #writeAfter(encoding: Promise<void>, batch: Batch): Promise<void> {
    await encoding;
    if (batch.changes.size > 0) await this.#write(batch);
  }

  #begin(work: Promise<void>, done: (failure?: Error) => void): void {
    const over = (failure?: Error): void => {
      this.#writing = undefined;
      done(failure);
    };
    this.#writing = work.then(
      () => over(),
      (error: unknown) => over(reasonOf(error)),
    );
  }

  /** What is in doubt is always news: that it is held does not say that it is on the disk. */
  #isNoNews(key: string, value: Uint8Array | undefined): boolean {
    return (
      isHeldKey(key) && !this.#doubted.has(key) && this.#held.get(key) === (value && keptOf(value))
    );
  }

  async #write({ changes: wanted, takesAway }: Batch): Promise<void> {
    let changes = wanted;
    if (this.#shelf === undefined) {
      const before = [...this.#doubted];
      await this.open();
      changes = this.#corrected(before, wanted);
    }
    const shelf = this.#open();
    const epoch = this.#seal.epoch + (takesAway ? 1 : 0);
    const seal = { ...this.#seal, epoch, ...(await this.#tallied(shelf, changes)) };
    try {
      const whole = new Map([...changes, [sealKey, sealValue(seal, this.#cbor)]]);
      await shelf.write(whole, this.#pauses);
    } catch (error) {
      await this.#doubt(changes);
      throw error;
    }
    this.#doubted.clear();
    this.#seal = seal;
    await inSlices(this.#keeping(changes), this.#pauses);
    if (takesAway) await this.#moveMark(epoch, changes);
  }

  /** Where that fails the records are on the disk; whoever tries again opens them anew, which moves the mark first. */
  async #moveMark(epoch: number, changes: Changes): Promise<void> {
    try {
      await this.#mark.moveTo(epoch);
    } catch (error) {
      await this.#doubt(changes);
      throw error;
    }
  }

  /** What is to be written so that the disk says again what was held, and then what is new. */
  #corrected(before: readonly (readonly [string, string | undefined])[], wanted: Changes): Changes {
    const changes: Changes = new Map();
    for (const [key, held] of before) {
      // A right that may have been taken back stays taken back.
      if (kindOf(kindOfKey(key))?.isFinal === true) continue;
      if (this.#held.get(key) !== held)
        changes.set(key, held === undefined ? undefined : bytesOf(held));
    }
    return new Map([...changes, ...wanted]);
  }

  async #tallied(shelf: Shelf, changes: Changes): Promise<Pick<Seal, 'count' | 'sum'>> {
    const tally = new Tally(this.#seal);
    const others = [...changes.keys()].filter((key) => !isHeldKey(key));
    const olds = others.length === 0 ? [] : await shelf.get(others);
    const found = new Map(others.map((key, at) => [key, olds[at]]));
    const old = (key: string): Uint8Array | undefined =>
      isHeldKey(key) ? this.#heldDigest(key) : found.get(key);
    await inSlices(tallying(tally, changes, old), this.#pauses);
    return tally.total();
  }

  /** All that a tally looks at. */
  #heldDigest(key: string): Uint8Array | undefined {
    const held = this.#held.get(key);
    return held === undefined ? undefined : bytesOf(held.slice(0, digestBytes));
  }

  async #doubt(changes: Changes): Promise<void> {
    for (const key of changes.keys())
      if (isHeldKey(key) && !this.#doubted.has(key)) this.#doubted.set(key, this.#held.get(key));
    await this.#drop();
  }

  async #drop(): Promise<void> {
    await this.#shelf?.close();
    this.#shelf = undefined;
  }

  *#keeping(changes: Changes): Iterator<undefined> {
    for (const [key, value] of changes) {
      if (!isHeldKey(key)) continue;
      if (value === undefined) this.#held.delete(key);
      else this.#held.set(key, keptOf(value));
      yield;
    }
  }

  /** Database and mark shall say the same epoch; a database that is behind was put back by hand. */
  async #agreed(shelf: Shelf, found: Seal): Promise<Seal> {
    let seal = found;
    if (seal.epoch < this.#mark.epoch) {
      const next = this.#mark.epoch + 1;
      seal = { ...seal, epoch: next, restored: next };
      await shelf.write(new Map([[sealKey, sealValue(seal, this.#cbor)]]));
    }
    if (seal.epoch > this.#mark.epoch) await this.#mark.moveTo(seal.epoch);
    return seal;
  }
}

function* tallying(
  tally: Tally,
  changes: Changes,
  old: (key: string) => Uint8Array | undefined,
): Iterator<undefined> {
  for (const [key, value] of changes) {
    tally.change(old(key), value);
    yield;
  }
}

const isHeldKey = (key: string): boolean => kindOf(kindOfKey(key))?.isHeld === true;

const isOf = <K extends KindName>(record: StoreRecord, kind: K): record is RecordOf<K> =>
  record.kind === kind;
