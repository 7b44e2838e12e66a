/**
 * Some room on the disk of the state that is kept for one purpose: that rights can be taken back and services stopped
 * where everything else has filled the disk. It is a file of zeros that is removed then, and made anew once there is
 * room again. A file system that compresses, or that others fill at that very moment, makes it worth less.
 */
import fs from 'node:fs/promises';
import type { Log } from '@bellwether/actors';
import { reasonOf } from '@bellwether/actors';

/** Bytes: what LevelDB writes to open a database anew, of which its log is 4 MiB, and as much for what is said then. */
export const reserveBytes = 8 * 1024 * 1024;
/** Milliseconds between two attempts to make it. */
const againMs = 60_000;
const chunk = Buffer.alloc(1024 * 1024);

/** What a reserve takes from around it. */
export interface ReservePowers {
  readonly log: Log;
  /** Monotonic milliseconds. */
  readonly now: () => number;
}

/** The reserve of one daemon, in one file. It stays when the daemon ends, for the next one. */
export class Reserve {
  readonly #file: string;
  readonly #powers: ReservePowers;
  #isHeld: boolean;
  #triedMs: number;
  /** The attempt under way; it never rejects. */
  #making: Promise<void> | undefined;

  /** `file` is absolute, in the folder of the state. Nothing is written yet. */
  constructor(file: string, powers: ReservePowers) {
    this.#file = file;
    this.#powers = powers;
    this.#isHeld = false;
    this.#triedMs = -Infinity;
    this.#making = undefined;
  }

  /** Makes it where it is not there and the disk has twice as much room; settles when that was tried. */
  async hold(): Promise<void> {
    const { now, log } = this.#powers;
    if (this.#isHeld || now() - this.#triedMs < againMs) return this.#making;
    this.#triedMs = now();
    this.#making = this.#make()
      .catch((error: unknown) => log('reserve.missing', { reason: reasonOf(error) }))
      .finally(() => (this.#making = undefined));
    return this.#making;
  }

  /** Gives the room to whoever needs it now; false where there was none to give. */
  async free(): Promise<boolean> {
    // One that the daemon before this one has left is as good.
    await (this.#triedMs === -Infinity ? this.hold() : this.#making);
    if (!this.#isHeld) return false;
    this.#isHeld = false;
    this.#triedMs = this.#powers.now();
    await fs.rm(this.#file, { force: true });
    this.#powers.log('reserve.freed', { bytes: reserveBytes });
    return true;
  }

  async #make(): Promise<void> {
    const found = await fs.lstat(this.#file).catch(() => undefined);
    if (found?.isFile() === true && found.size === reserveBytes) {
      this.#isHeld = true;
      return;
    }
    await fs.rm(this.#file, { force: true });
    const handle = await fs.open(this.#file, 'wx', 0o600);
    try {
      const { bavail, bsize } = await fs.statfs(this.#file);
      if (bavail * bsize < 2 * reserveBytes) throw new Error('the disk has too little room');
      // All of each, or it throws: a plain write may end halfway where the disk becomes full.
      for (let at = 0; at < reserveBytes; at += chunk.length) await handle.writeFile(chunk);
      this.#isHeld = true;
    } finally {
      await handle.close();
      if (!this.#isHeld) await fs.rm(this.#file, { force: true });
    }
  }
}
