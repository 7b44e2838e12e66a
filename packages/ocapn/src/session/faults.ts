/**
 * Faults of this process, as peers hear of them: by an id, under which the log has the rest. What a
 * fault says may hold paths, names, secrets; none of that is a peer's business, and whoever runs this
 * process still finds what a user of the peer reads off his screen.
 *
 * Equal faults have equal ids. So one line explains all of a thousand, also where the log is full and
 * counts; and a bug that comes back is seen to. The salt keeps peers from trying texts.
 */
import type { Log } from '@bellwether/actors';
import { hex } from '../identity/base.ts';
import type { Crypto } from '../powers.ts';
import { encode } from '../syrup/write.ts';
import { sendable } from './sendable.ts';

const SALT_BYTES = 16;
/** Short enough to be read out, long enough to find one fault among the thousands of a log. */
const ID_BYTES = 4;

/** The faults of one router. */
export class Faults {
  readonly #crypto: Crypto;
  readonly #log: Log;
  /** Made with the first fault. */
  #salt: Uint8Array | undefined;
  constructor(crypto: Crypto, log: Log) {
    this.#crypto = crypto;
    this.#log = log;
  }
  /** Logs what has happened; the result is what a peer may be told of it. */
  hide(fault: unknown): string {
    const { name, message } = fault instanceof Error ? fault : new Error(String(fault));
    const id = this.#idOf(sendable(name), sendable(message));
    this.#log('captp.fault-hidden', { fault: id, name, message });
    return `internal error ${id}`;
  }

  #idOf(name: string, message: string): string {
    this.#salt ??= this.#crypto.random(SALT_BYTES);
    const digest = this.#crypto.sha256(encode([this.#salt, name, message]));
    return hex(digest.subarray(0, ID_BYTES));
  }
}
