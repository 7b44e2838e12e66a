/**
 * A record that comes in pieces, in one buffer that grows: a peer that sends single bytes gains no
 * memory by it, one that announces a long body at most 32 times what it has sent.
 */
import type { Limits } from '../limits.ts';
import { Splitter } from '../syrup/split.ts';

const FIRST_BYTES = 4 * 1024;
/** So many times what has come is made room for at once, where a long body was announced. */
const AHEAD = 32;
/** Room for what closes the record behind such a body. */
const CLOSING_BYTES = 64;

/** The pieces of at most one record. */
export class Assembly {
  readonly #splitter: Splitter;
  #buffer = new Uint8Array(FIRST_BYTES);
  #length = 0;
  #recordBytes = 0;

  constructor(limits: Limits) {
    this.#splitter = new Splitter(limits);
  }
  /** A record begins that may take so many bytes. */
  begin(recordBytes: number): void {
    this.#recordBytes = recordBytes;
    this.#splitter.begin(recordBytes);
  }
  /** Bytes of the record that have come. */
  get length(): number {
    return this.#length;
  }
  /** Bytes of the buffer that they lie in. */
  get byteCount(): number {
    return this.#buffer.length;
  }
  /**
   * Takes what belongs to the record from the chunk, which is borrowed.
   * @returns the offset behind the record, or -1 when it goes on in the next chunk
   * @throws Decode, Limit
   */
  take(chunk: Uint8Array, from: number): number {
    const end = this.#splitter.scan(chunk, from);
    const piece = chunk.subarray(from, end < 0 ? chunk.length : end);
    this.#reserve(piece.length);
    this.#buffer.set(piece, this.#length);
    this.#length += piece.length;
    return end;
  }
  /** The whole record, given away. */
  finish(): Uint8Array {
    const record = this.#buffer.subarray(0, this.#length);
    this.#buffer = new Uint8Array(0);
    this.#length = 0;
    return record;
  }

  #reserve(byteCount: number): void {
    const needed = this.#length + byteCount;
    if (needed <= this.#buffer.length) return;
    // An announced body gets its room at once: doubling clears and copies 1 MiB three times over.
    const announced = needed + this.#splitter.bodyBytes + CLOSING_BYTES;
    const ahead = Math.max(this.#buffer.length * 2, Math.min(announced, needed * AHEAD));
    const larger = new Uint8Array(Math.max(needed, Math.min(ahead, this.#recordBytes)));
    larger.set(this.#buffer.subarray(0, this.#length));
    this.#buffer = larger;
  }
}
