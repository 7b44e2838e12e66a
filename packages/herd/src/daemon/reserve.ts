/**
 * Some room on the disk of the state that is kept for one purpose: that rights can be taken back and services stopped
 * where everything else has filled the disk. It is a file of zeros that is given away then, in two parts, and made
 * anew once there is room again. A file system that compresses, or others fill just then, makes it worth less.
 *
 *     whole ──► half     the records are opened anew, which nothing can be taken back without
 *     half  ──► none     what is said then
 *     none, half ──► whole     a minute later and each minute after it, where the disk has twice as much room
 */
import { constants } from 'node:fs';
import fs from 'node:fs/promises';
import { reasonOf, type Log } from '@bellwether/actors';
import { lacksRoom } from '@bellwether/store';

/** Bytes: what LevelDB writes to open a database anew, of which its log is 4 MiB, and as much for what is said then. */
export const reserveBytes = 8 * 1024 * 1024;
const halfBytes = reserveBytes / 2;
/** Milliseconds between two attempts to make it. */
const againMs = 60_000;
const chunk = Buffer.alloc(1024 * 1024);

/** What a reserve takes from around it. */
export interface ReservePowers {
  readonly log: Log;
  /** Calls back once, so many milliseconds later; keeps no process alive. */
  readonly after: (ms: number, task: () => void) => void;
}

/**
 * Does some work, and again for each part of the room that is given for it; by default only where it lacked room.
 * @throws what the work throws at last
 */
export const inRoom = async <T>(
  reserve: Pick<Reserve, 'free'>,
  work: () => Promise<T>,
  isWorthIt: (error: unknown) => boolean = lacksRoom,
): Promise<T> => {
  for (;;) {
    try {
      return await work();
    } catch (error) {
      if (!isWorthIt(error) || !(await reserve.free())) throw error;
    }
  }
};

/** The reserve of one daemon, in one file. It stays when the daemon ends, for the next one. */
export class Reserve {
  readonly #file: string;
  readonly #powers: ReservePowers;
  #heldBytes: number;
  /** Whether somebody was given some of it, which is not back yet. */
  #isGiven: boolean;
  #wasTried: boolean;
  /** Whether the next attempt waits for its time. */
  #isResting: boolean;
  /** Whether it was said that it cannot be made, since it was whole last. */
  #isMissed: boolean;
  /** What is being done to the file; it never rejects. */
  #making: Promise<void> | undefined;

  /** `file` is absolute, in the folder of the state. Nothing is written yet. */
  constructor(file: string, powers: ReservePowers) {
    this.#file = file;
    this.#powers = powers;
    this.#heldBytes = 0;
    this.#isGiven = false;
    this.#wasTried = false;
    this.#isResting = false;
    this.#isMissed = false;
    this.#making = undefined;
  }

  /**
   * Makes it where it is not there and the disk has twice as much room; not where that was tried a moment ago. Settles
   * when no attempt is under way.
   */
  async hold(): Promise<void> {
    if (!this.#isResting) await this.#tried();
    return this.#making;
  }

  /** Gives some of the room to whoever needs it now; false where there was none to give. */
  async free(): Promise<boolean> {
    // One that the daemon before this one has left is as good.
    await (this.#wasTried ? this.#making : this.#tried());
    if (this.#heldBytes === 0) return false;
    this.#rest();
    this.#isGiven = true;
    const leftBytes = this.#heldBytes > halfBytes ? halfBytes : 0;
    this.#powers.log('reserve.freed', { bytes: this.#heldBytes - leftBytes });
    this.#heldBytes = leftBytes;
    const giving =
      leftBytes === 0 ? fs.rm(this.#file, { force: true }) : fs.truncate(this.#file, leftBytes);
    // As long as that takes nobody shall look at the file and find it whole.
    this.#making = giving.catch(() => undefined).finally(() => (this.#making = undefined));
    await giving;
    return true;
  }

  /** Whether there is some of it to give. */
  get isHeld(): boolean {
    return this.#heldBytes > 0;
  }

  /** Bytes that have to be free before it is whole again; none where it was not given away. */
  get wantedBytes(): number {
    return this.#isGiven ? 2 * reserveBytes : 0;
  }

  /** Whether nothing of it is given away; what was is taken back at once, if the disk has the room. */
  async takenBack(): Promise<boolean> {
    if (this.#isGiven) await this.#tried();
    return !this.#isGiven;
  }

  #tried(): Promise<void> {
    if (this.#heldBytes === reserveBytes) return Promise.resolve();
    this.#wasTried = true;
    this.#rest();
    this.#making ??= this.#make()
      .catch((error: unknown) => this.#missed(reasonOf(error)))
      .finally(() => (this.#making = undefined));
    return this.#making;
  }

  /** Said once: with each command that a full disk refuses it is tried again. */
  #missed(reason: Error): void {
    if (!this.#isMissed) this.#powers.log('reserve.missing', { reason });
    this.#isMissed = true;
  }

  #rest(): void {
    if (this.#isResting) return;
    this.#isResting = true;
    this.#powers.after(againMs, () => {
      this.#isResting = false;
      if (this.#isGiven) void this.#tried();
    });
  }

  async #make(): Promise<void> {
    const found = await fs.lstat(this.#file).catch(() => undefined);
    const isOurs = found?.isFile() === true && [halfBytes, reserveBytes].includes(found.size);
    if (!isOurs) await fs.rm(this.#file, { force: true });
    this.#heldBytes = isOurs ? found.size : 0;
    if (this.#heldBytes < reserveBytes) {
      // The daemon before this one gave the rest.
      this.#isGiven ||= isOurs;
      await this.#grow();
    }
    this.#isGiven = false;
    this.#isMissed = false;
  }

  async #grow(): Promise<void> {
    const { O_APPEND, O_CREAT, O_NOFOLLOW, O_WRONLY } = constants;
    const handle = await fs.open(this.#file, O_WRONLY | O_CREAT | O_APPEND | O_NOFOLLOW, 0o600);
    const before = this.#heldBytes;
    try {
      const { bavail, bsize } = await fs.statfs(this.#file);
      if (bavail * bsize < 2 * reserveBytes) throw new Error('the disk has too little room');
      // All of each, or it throws: a plain write may end halfway where the disk becomes full.
      for (let at = before; at < reserveBytes; at += chunk.length) await handle.writeFile(chunk);
      this.#heldBytes = reserveBytes;
    } finally {
      if (this.#heldBytes !== reserveBytes) await handle.truncate(before);
      await handle.close();
      if (this.#heldBytes === 0) await fs.rm(this.#file, { force: true });
    }
  }
}
