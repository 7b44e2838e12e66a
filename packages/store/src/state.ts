/**
 * The databases of a state folder, and how one of them comes to count.
 *
 *     no mark, no database      mark: epoch 0, store-1    ──► made anew below
 *     no mark, some database    the mark was lost: refused, a repair finds the rest
 *     epoch 0                   store-1 is removed ──► made, empty ──► mark: epoch 1
 *     epoch 1 and on            opened
 *
 * Whatever step a crash comes after, one thing counts: nothing as long as the epoch is 0, the database from then on.
 * The caller holds the lock of the folder.
 */
import fs from 'node:fs/promises';
import path from 'node:path';
import { syncFolder } from './durable-file.ts';
import { DamagedState, wayOut } from './errors.ts';
import { fill, type Values } from './fill.ts';
import { levelPlace } from './level-shelf.ts';
import { folderName, folderNumber, MarkFile, readMark } from './mark.ts';
import type { Pauses } from './slices.ts';
import type { Seal } from './seal.ts';
import { openStore, type Store } from './store.ts';

/**
 * Opens the records of a state folder; makes them where there are none. A daemon has pauses.
 * @throws DamagedState, NewerState, DiskFailed, the system's error
 */
export const openState = async (state: string, pauses?: Pauses): Promise<Store> => {
  const mark = await markOf(state);
  if (mark.epoch === 0) await make(state, mark);
  return openStore(levelPlace(path.join(state, mark.store), state), mark, state, pauses);
};

const markOf = async (state: string): Promise<MarkFile> => {
  const found = await readMark(state);
  if (found !== undefined) return found;
  const folders = await storesIn(state);
  if (folders.length > 0)
    throw new DamagedState(
      `state: ${state} has ${folders.map(folderName).join(', ')} and no epoch.json, which ` +
        `says what counts. ${wayOut(state)}`,
    );
  const mark = new MarkFile(state, 0, folderName(1));
  await mark.point(mark.store, 0);
  return mark;
};

/** The numbers of the databases in a state folder, lowest first. */
export const storesIn = async (state: string): Promise<readonly number[]> =>
  (await fs.readdir(state)).flatMap((name) => folderNumber(name) ?? []).sort((a, b) => a - b);

const make = async (state: string, mark: MarkFile): Promise<void> => {
  await makeStore(state, mark.store, [], { epoch: 1, restored: 0 });
  await mark.moveTo(1);
};

/**
 * Makes a database that does not count yet in a folder that held nothing that counts.
 * @throws DiskFailed, and what `values` throws; the folder is removed again then
 */
export const makeStore = async (
  state: string,
  name: string,
  values: Values,
  epoch: Pick<Seal, 'epoch' | 'restored'>,
): Promise<Seal> => {
  const folder = path.join(state, name);
  await fs.rm(folder, { recursive: true, force: true });
  await fs.mkdir(folder, { mode: 0o700 });
  try {
    const shelf = await levelPlace(folder, state, { mayBeNew: true }).open();
    const seal = await fill(shelf, values, epoch).finally(() => shelf.close());
    await syncFolder(state);
    return seal;
  } catch (error) {
    await fs.rm(folder, { recursive: true, force: true });
    throw error;
  }
};
