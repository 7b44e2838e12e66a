/**
 * The mark: a small file beside the databases that says which of them counts, and in which epoch it is. It is no part
 * of a backup and never goes back, which is how a database that was put back from one is known.
 *
 *     { "epoch": 7, "store": "store-2" }
 *
 *     epoch 0                      store is being made; nothing in it was ever acknowledged
 *     a right is taken back        database first (its seal says 8), then the mark, then it is acknowledged
 *     database behind the mark     it is older than the last right that was taken back: somebody put back a copy.
 *                                  Both move to a new epoch, and the seal notes that it was `restored` in it
 *     database ahead of the mark   a crash between the two steps, or the mark is behind: the mark follows
 *     restore, repair              another database is made, then the mark names it, in a new epoch: one step
 *
 * What was granted or minted carries its epoch. After a restore all that is from before waits for its owner's word,
 * since what was taken back meanwhile is not in the backup. A whole state folder that is put back, mark and all (an
 * image of the disk), cannot be told from inside of it.
 */
import fs from 'node:fs/promises';
import path from 'node:path';
import { messageOf } from '@bellwether/actors';
import { replaceFile } from './durable-file.ts';
import { DamagedState, wayOut } from './errors.ts';
import { limits } from './limits.ts';
import { Misfit, object, text, whole } from './shape.ts';

/** Where an epoch is kept, apart from the database. */
export interface Mark {
  readonly epoch: number;
  /** Durable once it settles. @throws the system's error */
  moveTo(epoch: number): Promise<void>;
}

/** A mark in memory: of a twin. */
export class MemoryMark implements Mark {
  epoch: number;
  constructor(epoch = 1) {
    this.epoch = epoch;
  }
  async moveTo(epoch: number): Promise<void> {
    this.epoch = epoch;
  }
}

const fileName = 'epoch.json';
const shape = object({ epoch: whole(0), store: text(64) });
const folderForm = /^store-([1-9]\d{0,8})$/;

/** The number in the name of a database's folder, or undefined where it is none. */
export const folderNumber = (name: string): number | undefined => {
  const digits = folderForm.exec(name)?.[1];
  return digits === undefined ? undefined : Number(digits);
};
/** The name of a database's folder. */
export const folderName = (number: number): string => `store-${number}`;

/** The mark of a state folder. */
export class MarkFile implements Mark {
  readonly #state: string;
  #epoch: number;
  #store: string;

  /** Nothing is written before `moveTo` or `point`. */
  constructor(state: string, epoch: number, store: string) {
    this.#state = state;
    this.#epoch = epoch;
    this.#store = store;
  }

  get epoch(): number {
    return this.#epoch;
  }
  /** The name of the folder that counts. */
  get store(): string {
    return this.#store;
  }

  async moveTo(epoch: number): Promise<void> {
    await this.point(this.#store, epoch);
  }

  /** Makes another database count, in an epoch of its own. Durable once it settles. @throws the system's error */
  async point(store: string, epoch: number): Promise<void> {
    await replaceFile(
      path.join(this.#state, fileName),
      `${JSON.stringify({ epoch, store }, undefined, 1)}\n`,
    );
    this.#store = store;
    this.#epoch = epoch;
  }
}

/** The mark that lies in a state folder, or undefined where there is none. @throws DamagedState */
export const readMark = async (state: string): Promise<MarkFile | undefined> => {
  const file = path.join(state, fileName);
  const content = await contentOf(file, limits.markBytes);
  if (content === undefined) return undefined;
  try {
    const { epoch, store } = shape(JSON.parse(content), fileName);
    if (folderNumber(store) === undefined) throw new Misfit(`'${store}' names no database`);
    return new MarkFile(state, epoch, store);
  } catch (error) {
    throw new DamagedState(`state: cannot use ${file}: ${messageOf(error)}. ${wayOut(state)}`, {
      cause: error,
    });
  }
};

/**
 * The text of a file that is not too long, or undefined where there is none.
 * @throws DamagedState, the system's error
 */
export const contentOf = async (file: string, maxBytes: number): Promise<string | undefined> => {
  try {
    const { size } = await fs.stat(file);
    if (size > maxBytes)
      throw new DamagedState(
        `state: cannot use ${file}: it has ${size} bytes, at most ${maxBytes} are read. ${wayOut(path.dirname(file))}`,
      );
    return await fs.readFile(file, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
};
