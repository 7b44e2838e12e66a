/**
 * `admin.ref`: the key to this daemon, beside its socket. Whoever can read that file is its owner.
 *
 * One secret serves all lives of a process, so that a later life can serve even where the disk is full. The file is
 * written only once this daemon has the socket, and removed only if it is still the one that was written here: a
 * second daemon that is refused must not take away the key of the first.
 */
import fs from 'node:fs';
import path from 'node:path';
import { nodeCrypto } from '@bellwether/netlayer-stream';
import { Sturdyref, sturdyrefUri } from '@bellwether/ocapn';
import { replaceFile } from '@bellwether/store';
import { transports } from '../transports.ts';

const swissnumBytes = 32;

/** The key of one daemon process. */
export class AdminRef {
  /** The secret that the local root answers to. */
  readonly swissnum: Uint8Array;
  readonly #file: string;
  readonly #socket: string;
  #written: string | undefined;

  /** `socket` is absolute. Nothing is written yet. */
  constructor(socket: string) {
    this.swissnum = nodeCrypto().random(swissnumBytes);
    this.#file = path.join(path.dirname(socket), 'admin.ref');
    this.#socket = socket;
    this.#written = undefined;
  }

  /**
   * Puts the file beside the socket, which this daemon serves by now; does nothing where it stands already.
   * @throws the system's error
   */
  async publish(designator: string): Promise<void> {
    const here = { transport: transports.own, designator, hints: { path: this.#socket } };
    const text = `${sturdyrefUri(new Sturdyref(here, this.swissnum))}\n`;
    if (this.#found() !== text) await replaceFile(this.#file, text);
    this.#written = text;
  }

  /** Removes the file, if it is ours. */
  withdraw(): void {
    if (this.#written !== undefined && this.#found() === this.#written)
      fs.rmSync(this.#file, { force: true });
  }

  #found(): string | undefined {
    try {
      return fs.readFileSync(this.#file, 'utf8');
    } catch {
      return undefined; // not there, or not ours to read
    }
  }
}
