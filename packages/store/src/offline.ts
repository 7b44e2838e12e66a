/**
 * What is done with a state folder while no daemon runs on it. The caller holds its lock.
 *
 *     check      every record is read; nothing is changed
 *     backup     the same, into a file (a daemon that runs writes it itself, from one moment)
 *     restore    file ──► another database ──► the mark names it, in a new epoch
 *     repair     whatever can be read ──► another database ──► the mark names it, in a new epoch
 *
 * A database that counted before stays where it is: restoring and repairing the wrong thing can be taken back by hand.
 */
import fs from 'node:fs/promises';
import path from 'node:path';
import { readBackup, writeBackup } from './backup.ts';
import { Cbor } from './cbor.ts';
import { BadBackup, DamagedState, DiskFailed } from './errors.ts';
import { kindOf, type KindName, type StoreRecord } from './kinds.ts';
import { levelPlace, rebuildLevel } from './level-shelf.ts';
import { limits } from './limits.ts';
import { load, readable } from './load.ts';
import { folderName, folderNumber, MarkFile, readMark } from './mark.ts';
import { kindOfKey, recordOf } from './record.ts';
import { readSeal, sealKey, type Seal } from './seal.ts';
import type { Shelf } from './shelf.ts';
import { makeStore, storesIn } from './state.ts';

/** What a database or a backup holds. */
export interface Report {
  /** Of each kind that is there. */
  readonly counts: Readonly<Partial<Record<KindName, number>>>;
  readonly epoch: number;
  readonly restored: number;
  /** Of a backup: whose it is, by its designator, where it says so. */
  readonly node?: string;
}
/** How records are put in the place of others. */
export interface Replacing {
  /** Only says what would come of it. */
  readonly isDry?: boolean;
  /** Whose the folder is, by its designator; undefined: nobody's yet. */
  readonly node?: string | undefined;
  /** Whether the backup may be another node's. */
  readonly mayBeOther?: boolean;
}
/** What has become of a state folder. */
export interface Replaced extends Report {
  /** The folder that counts now, and the one that did before, which is left where it was. */
  readonly store: string;
  readonly former: string | undefined;
}
/** What a repair saved. */
export interface Repaired extends Replaced {
  /** Keys of records that were found and could not be read; the first of them. */
  readonly lost: readonly string[];
  /** Records that are not in the new database, as far as anybody can tell. */
  readonly lostCount: number;
}

/** Reads everything that counts in a state folder. @throws DamagedState, NewerState, DiskFailed */
export const checkState = async (state: string): Promise<Report> =>
  withState(state, async (shelf) => {
    const { seal } = await load(shelf, new Cbor(), state);
    const tally = new Counts();
    for await (const [key] of shelf.read('')) tally.add(key);
    return tally.report(seal);
  });

/** Processes that a state folder knows of, for who has to find them without a daemon. @throws as checkState */
export const runningIn = async (
  state: string,
): Promise<readonly Extract<StoreRecord, { readonly kind: 'running' }>['running'][]> =>
  withState(state, async (shelf) => {
    const found = [];
    for await (const [key, value] of shelf.read('running/')) {
      const record = recordOf(key, value, new Cbor());
      if (record.kind === 'running') found.push(record.running);
    }
    return found;
  });

/** Writes what counts in a state folder into a file. @throws as checkState and writeBackup */
export const backupState = async (
  state: string,
  file: string,
  mayReplace: boolean,
  node?: string,
): Promise<Report> => {
  await withState(state, async (shelf) => {
    await load(shelf, new Cbor(), state);
    await writeBackup(shelf.read(''), file, mayReplace, node);
  });
  return checkBackup(file);
};

/** Reads a whole backup. @throws BadBackup, NewerState, the system's error */
export const checkBackup = async (file: string): Promise<Report> =>
  readBackup(file, async ({ seal, node, values }) => {
    const tally = new Counts();
    for await (const [key] of values) tally.add(key);
    return { ...tally.report(seal), ...(node !== undefined && { node }) };
  });

/**
 * Makes a backup what counts, in an epoch later than any that the folder or the backup knows.
 * @throws BadBackup, NewerState, DiskFailed, the system's error; what counted before counts still then
 */
export const restoreState = async (
  state: string,
  file: string,
  how: Replacing = {},
): Promise<Replaced> => {
  const former = await formerOf(state);
  const store = how.isDry === true ? nextName(former) : await nextFolder(state, former);
  return readBackup(file, async ({ seal, node, values }) => {
    if (
      node !== undefined &&
      how.node !== undefined &&
      node !== how.node &&
      how.mayBeOther !== true
    )
      throw new BadBackup(
        `backup: ${file} is of another node, ${node}; ${state} is that of ${how.node}. With --yes it is restored ` +
          'all the same. Nothing was changed.',
      );
    const epoch = 1 + Math.max(former?.epoch ?? 0, seal.epoch);
    const tally = new Counts();
    const made = { epoch, restored: epoch };
    if (how.isDry === true) for await (const [key] of values) tally.add(key);
    else {
      await makeStore(state, store, tally.over(values), made);
      await new MarkFile(state, 0, store).point(store, epoch);
    }
    const report = { ...tally.report(made), ...(node !== undefined && { node }) };
    return { ...report, store, former: former?.store };
  });
};

/**
 * Makes a database of everything that can still be read of the one that counts.
 * @throws NewerState where records are of a newer version, DiskFailed, DamagedState where nothing can be read at all
 */
export const repairState = async (
  state: string,
  { isDry = false }: Pick<Replacing, 'isDry'> = {},
): Promise<Repaired> => {
  const former = await formerOf(state);
  if (former === undefined)
    throw new DamagedState(`state: there is no database in ${state} to be repaired.`);
  const copy = await nextFolder(state, former);
  const store = folderName(1 + (folderNumber(copy) ?? 0));
  try {
    const saved = await saveFrom(state, former.store, copy);
    const epoch = 1 + Math.max(former.epoch, saved.seal?.epoch ?? 0);
    const tally = new Counts();
    const made = { epoch, restored: epoch };
    if (isDry) for (const key of saved.values.keys()) tally.add(key);
    else {
      await makeStore(state, store, tally.over(saved.values), made);
      await new MarkFile(state, 0, store).point(store, epoch);
    }
    const missingCount = Math.max(0, (saved.seal?.count ?? 0) - saved.values.size);
    return {
      ...tally.report(made),
      store,
      former: former.store,
      lost: saved.lost.slice(0, limits.lostNameCount),
      lostCount: Math.max(saved.lost.length, missingCount),
    };
  } finally {
    await fs.rm(path.join(state, copy), { recursive: true, force: true });
  }
};

interface Saved {
  readonly values: ReadonlyMap<string, Uint8Array>;
  readonly lost: readonly string[];
  readonly seal: Seal | undefined;
}

/** As it is, if it can be opened and read to its end; else rebuilt. Always from a copy: the original is evidence. */
const saveFrom = async (state: string, from: string, to: string): Promise<Saved> => {
  const copyAnew = async (): Promise<void> => {
    await fs.rm(path.join(state, to), { recursive: true, force: true });
    await fs.cp(path.join(state, from), path.join(state, to), { recursive: true });
  };
  await copyAnew();
  try {
    return await readSound(state, to);
  } catch (error) {
    if (!(error instanceof DamagedState || error instanceof DiskFailed)) throw error;
  }
  await copyAnew();
  await rebuildLevel(path.join(state, to), state);
  return readSound(state, to);
};

const readSound = async (state: string, name: string): Promise<Saved> => {
  const cbor = new Cbor();
  const shelf = await levelPlace(path.join(state, name), state, { mayBeDamaged: true }).open();
  const values = new Map<string, Uint8Array>();
  const lost: string[] = [];
  let seal: Seal | undefined;
  try {
    for await (const [key, value] of shelf.read('')) {
      if (key === sealKey) seal = sealOf(value, cbor);
      else if (readable(key, value, cbor) !== undefined) values.set(key, value.slice());
      else lost.push(key);
    }
  } finally {
    await shelf.close();
  }
  return { values, lost, seal };
};

const sealOf = (value: Uint8Array, cbor: Cbor): Seal | undefined => {
  try {
    return readSeal(value, cbor);
  } catch (error) {
    // A seal that was lost is why there is a repair; one of a newer version belongs to that one.
    if (error instanceof Error && error.name === 'NewerState') throw error;
    return undefined;
  }
};

const withState = async <T>(state: string, work: (shelf: Shelf) => Promise<T>): Promise<T> => {
  const mark = await readMark(state);
  if (mark === undefined || mark.epoch === 0)
    throw new DamagedState(
      `state: there are no records in ${state}: no shepherd has served from it, or its epoch.json was lost.`,
    );
  const shelf = await levelPlace(path.join(state, mark.store), state).open();
  return work(shelf).finally(() => shelf.close());
};

/** What counts by the mark; where that is lost or damaged, the last database that there is. */
const formerOf = async (
  state: string,
): Promise<{ readonly store: string; readonly epoch: number } | undefined> => {
  const mark = await readMark(state).catch(() => undefined);
  if (mark !== undefined && mark.epoch > 0) return mark;
  const last = (await storesIn(state)).at(-1);
  return last === undefined ? undefined : { store: folderName(last), epoch: 0 };
};

/** Beyond the one that counts there are only remains of restores and repairs that did not come to an end. */
const nextFolder = async (
  state: string,
  former: { readonly store: string } | undefined,
): Promise<string> => {
  const name = nextName(former);
  const next = folderNumber(name) ?? 0;
  for (const number of await storesIn(state))
    if (number >= next)
      await fs.rm(path.join(state, folderName(number)), { recursive: true, force: true });
  return name;
};
const nextName = (former: { readonly store: string } | undefined): string =>
  folderName(1 + (former === undefined ? 0 : (folderNumber(former.store) ?? 0)));

class Counts {
  readonly #counts = new Map<KindName, number>();

  add(key: string): void {
    const kind = kindOfKey(key);
    if (kindOf(kind) === undefined) return;
    this.#counts.set(kind as KindName, 1 + (this.#counts.get(kind as KindName) ?? 0));
  }

  async *over(
    values: Iterable<readonly [string, Uint8Array]> | AsyncIterable<readonly [string, Uint8Array]>,
  ): AsyncIterable<readonly [string, Uint8Array]> {
    for await (const each of values) {
      this.add(each[0]);
      yield each;
    }
  }

  report({ epoch, restored }: Pick<Seal, 'epoch' | 'restored'>): Report {
    return { counts: Object.fromEntries(this.#counts), epoch, restored };
  }
}
