/**
 * A shelf on LevelDB. `classic-level` is loaded at the first opening: it has a native part, which programs that never
 * open a database do not pay for.
 *
 * LevelDB syncs what it writes, but leaves the names of its files to the file system: a log that was begun an instant
 * ago may be gone after a loss of power, though its content was synced. So the folder is synced with every batch;
 * where no name is new that costs no write.
 */
import fs from 'node:fs/promises';
import path from 'node:path';
import { messageOf } from '@bellwether/actors';
import type { ClassicLevel } from 'classic-level';
import { Crc } from './crc.ts';
import { syncFolder } from './durable-file.ts';
import { DamagedState, DiskFailed, wayOut } from './errors.ts';
import { isSoundLog } from './level-log.ts';
import { manifestIn, tablesIn } from './level-manifest.ts';
import { isSoundTable } from './level-table.ts';
import { inSlices, withoutPauses, type Pauses } from './slices.ts';
import type { Changes } from './record.ts';
import type { Shelf, ShelfPlace } from './shelf.ts';

/** Keys and values of the database as it is opened here. */
type Level = ClassicLevel<string, Uint8Array>;
interface LevelIterator {
  nextv(count: number): Promise<[string, Uint8Array][]>;
  close(): Promise<void>;
}

/** What is taken for a database. */
export interface LevelHow {
  /** An empty folder is one that is new, not one that was lost. */
  readonly mayBeNew?: boolean;
  /** Whatever LevelDB can read is wanted, be it old or full of holes. */
  readonly mayBeDamaged?: boolean;
}

/**
 * A database in a folder of its own, which is there already, and which no other process may have open. `state` is the
 * folder that hints name.
 */
export const levelPlace = (
  folder: string,
  state: string,
  { mayBeNew = false, mayBeDamaged = false }: LevelHow = {},
): ShelfPlace => ({
  name: folder,
  open: async () => {
    if (!mayBeDamaged) await refuseDamaged(folder, state);
    // LevelDB makes its files as the umask says, so it is the folder that keeps others out.
    await fs.chmod(folder, 0o700);
    const { ClassicLevel } = await import('classic-level');
    const level: Level = new ClassicLevel(folder, {
      keyEncoding: 'utf8',
      valueEncoding: 'view',
      createIfMissing: mayBeNew,
      // Values are small and their digests do not compress.
      compression: false,
      // What a daemon reads it holds itself, but for operations: room for more would only be taken.
      writeBufferSize: writeBufferBytes,
    });
    try {
      await level.open();
      await syncFolder(folder);
    } catch (error) {
      await level.close().catch(() => undefined); // what failed is told below
      throw failure(error, folder, state);
    }
    return new LevelShelf(level, folder, state);
  },
});

/**
 * Lets LevelDB rebuild its own tables of a folder from what it finds there. Loses what it cannot read, in silence: to
 * be used on a copy, and followed by a look at every record. @throws DiskFailed, DamagedState
 */
export const rebuildLevel = async (folder: string, state: string): Promise<void> => {
  const { ClassicLevel } = await import('classic-level');
  try {
    await ClassicLevel.repair(folder);
  } catch (error) {
    throw failure(error, folder, state);
  }
};

/** LevelDB reads over what is broken in its logs and tables. @throws DamagedState, DiskFailed */
const refuseDamaged = async (folder: string, state: string): Promise<void> => {
  const name = await damagedFile(folder).catch((error: unknown) => {
    throw failure(error, folder, state);
  });
  if (name !== undefined)
    throw new DamagedState(
      `state: cannot use ${folder}: what is in ${name} is not what was written. ${wayOut(state)}`,
    );
};

/** The name of the first damaged file, read one at a time; LevelDB itself proves CURRENT and the manifest. */
const damagedFile = async (folder: string): Promise<string | undefined> => {
  const crc = new Crc();
  const tables = await tablesOf(folder, crc);
  for (const name of await fs.readdir(folder)) {
    const [, number, kind] = /^(\d+)\.(log|ldb)$/.exec(name) ?? [];
    if (kind === undefined || (kind === 'ldb' && tables?.has(Number(number)) === false)) continue;
    const bytes = await fs.readFile(path.join(folder, name));
    if (!(kind === 'log' ? isSoundLog(bytes, crc) : isSoundTable(bytes, crc))) return name;
  }
  return undefined;
};

/** The numbers of its tables; undefined where it does not say. */
const tablesOf = async (folder: string, crc: Crc): Promise<ReadonlySet<number> | undefined> => {
  const read = (name: string): Promise<Uint8Array | undefined> =>
    fs.readFile(path.join(folder, name)).catch(() => undefined); // LevelDB says what is wrong with it
  const current = await read('CURRENT');
  const manifest = current && manifestIn(Buffer.from(current).toString('latin1'));
  const edits = manifest === undefined ? undefined : await read(manifest);
  return edits && tablesIn(edits, crc);
};

class LevelShelf implements Shelf {
  readonly #level: Level;
  readonly #folder: string;
  readonly #state: string;

  constructor(level: Level, folder: string, state: string) {
    this.#level = level;
    this.#folder = folder;
    this.#state = state;
  }

  async write(changes: Changes, pauses: Pauses = withoutPauses): Promise<void> {
    try {
      const batch = this.#level.batch();
      await inSlices(putting(batch, changes), pauses);
      await batch.write({ sync: true });
      await syncFolder(this.#folder);
    } catch (error) {
      throw failure(error, this.#folder, this.#state);
    }
  }

  async get(keys: readonly string[]): Promise<readonly (Uint8Array | undefined)[]> {
    try {
      return await this.#level.getMany([...keys]);
    } catch (error) {
      throw failure(error, this.#folder, this.#state);
    }
  }

  read(prefix: string): AsyncIterable<readonly [string, Uint8Array]> {
    // Keys are text, and none has a character above the last one.
    const range = prefix === '' ? {} : { gte: prefix, lt: `${prefix}\u{10ffff}` };
    // An iterator sees what is there when it is made.
    return this.#entriesOf(this.#level.iterator(range));
  }

  async *#entriesOf(iterator: LevelIterator): AsyncIterable<readonly [string, Uint8Array]> {
    try {
      for (;;) {
        const batch = await iterator.nextv(batchCount);
        if (batch.length === 0) return;
        for (const [key, value] of batch) yield [key, value];
      }
    } catch (error) {
      throw failure(error, this.#folder, this.#state);
    } finally {
      await iterator.close();
    }
  }

  async close(): Promise<void> {
    // It may be broken already, which is why it is closed.
    await this.#level.close().catch(() => undefined);
  }
}

/** A step for each change. */
function* putting(batch: ReturnType<Level['batch']>, changes: Changes): Iterator<undefined> {
  for (const [key, value] of changes) {
    if (value === undefined) batch.del(key);
    else batch.put(key, value);
    yield;
  }
}

/** LevelDB has two such buffers, of 4 MiB each where nobody says how large. */
const writeBufferBytes = 1_048_576;
/** Records that are fetched at once while all are read. */
const batchCount = 256;

/** What LevelDB or the system says, as one of ours; its own words are the cause's. */
const failure = (error: unknown, folder: string, state: string): Error => {
  if (error instanceof DamagedState || error instanceof DiskFailed) return error;
  const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error;
  const code = (cause as { readonly code?: unknown } | undefined)?.code;
  const words = messageOf(cause);
  // A file of it that is missing is an input error for LevelDB, and damage for us.
  if (code === 'LEVEL_CORRUPTION' || /no such file|not an sstable|does not exist/i.test(words))
    return new DamagedState(`state: cannot use ${folder}: ${words}. ${wayOut(state)}`, { cause });
  if (code === 'LEVEL_LOCKED')
    return new DiskFailed(`state: ${folder} is open in another process: ${words}`, { cause });
  return new DiskFailed(`state: the disk under ${folder} failed: ${words}`, { cause });
};
