/**
 * The twin of LevelDB in memory: a disk that can fail, lose what was not synced, and be read by the next daemon. It
 * passes the same suite, and stands under stores in tests and simulations.
 *
 *     a write     staged ──► synced ──► told
 *     fails at    nothing staged (full disk), staged and not synced (the sync failed), synced and not told
 *     lose power  takes what is staged; a daemon that dies leaves it, and the next one syncs it as it opens
 */
import { DiskFailed } from './errors.ts';
import type { Changes } from './record.ts';
import type { Shelf, ShelfPlace } from './shelf.ts';

/** Where in a write a failure strikes. */
export type FailurePoint = 'before' | 'unsynced' | 'synced';

/** A disk with one database on it. */
export class MemoryDisk implements ShelfPlace {
  readonly name = 'memory';
  /** Numbers of the writes that fail, counted from 1 over all openings, and where. */
  readonly failures = new Map<number, FailurePoint>();
  /** As long as it is set no opening succeeds. */
  isUnreadable = false;
  writeCount = 0;
  #synced: ReadonlyMap<string, Uint8Array> = new Map();
  #staged: ReadonlyMap<string, Uint8Array> = this.#synced;

  /** A copy of what a daemon that starts now would read, also to be put back later. */
  image(): ReadonlyMap<string, Uint8Array> {
    return new Map([...this.#staged].map(([key, value]) => [key, value.slice()]));
  }

  /** Replaces everything: a disk from elsewhere, or an older one. */
  replace(image: ReadonlyMap<string, Uint8Array>): void {
    this.#staged = this.#synced = new Map(image);
  }

  /** Only what was synced remains. Shelves that are open are of no use any more. */
  losePower(): void {
    this.#staged = this.#synced;
  }

  async open(): Promise<Shelf> {
    if (this.isUnreadable) throw new DiskFailed('state: the disk under memory failed: unreadable');
    this.#synced = this.#staged;
    return new MemoryShelf(this);
  }

  /** For its shelves only. */
  read(): ReadonlyMap<string, Uint8Array> {
    return this.#staged;
  }

  /** For its shelves only. */
  write(changes: Changes): void {
    this.writeCount += 1;
    const point = this.failures.get(this.writeCount);
    if (point === 'before') throw new DiskFailed('state: the disk under memory failed: full');
    const next = new Map(this.#staged);
    for (const [key, value] of changes)
      if (value === undefined) next.delete(key);
      else next.set(key, value.slice());
    this.#staged = next;
    if (point === 'unsynced') throw new DiskFailed('state: the disk under memory failed: sync');
    this.#synced = next;
    if (point === 'synced') throw new DiskFailed('state: the disk under memory failed: late');
  }
}

class MemoryShelf implements Shelf {
  readonly #disk: MemoryDisk;
  #isBroken = false;

  constructor(disk: MemoryDisk) {
    this.#disk = disk;
  }

  async write(changes: Changes): Promise<void> {
    if (this.#isBroken) throw new DiskFailed('state: a shelf was used after a write that failed');
    try {
      this.#disk.write(changes);
    } catch (error) {
      this.#isBroken = true;
      throw error;
    }
  }

  async get(keys: readonly string[]): Promise<readonly (Uint8Array | undefined)[]> {
    const values = this.#disk.read();
    return keys.map((key) => values.get(key));
  }

  read(prefix: string): AsyncIterable<readonly [string, Uint8Array]> {
    const found = [...this.#disk.read()].filter(([key]) => key.startsWith(prefix));
    return inOrder(found);
  }

  async close(): Promise<void> {
    this.#isBroken = true;
  }
}

async function* inOrder(
  entries: (readonly [string, Uint8Array])[],
): AsyncIterable<readonly [string, Uint8Array]> {
  yield* entries.sort(([a], [b]) => Buffer.compare(Buffer.from(a), Buffer.from(b)));
}
