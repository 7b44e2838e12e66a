/**
 * What goes over the wire in clear before TLS, from the acceptor only, as in Goblins:
 *
 *     length of the text, u32 little-endian (the native order of the machines it runs on) | PEM text
 */
import { Untrusted } from '@bellwether/netlayer-stream';
import { PREAMBLE_BYTES } from './limits.ts';

const HEAD_BYTES = 4;
/** Bytes of a preamble that are read at once: more than any that is in use has. */
export const PREAMBLE_READ_BYTES = 4_096;

/** The preamble that announces a certificate. */
export function encodePreamble(pem: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(HEAD_BYTES + pem.length);
  new DataView(bytes.buffer).setUint32(0, pem.length, true);
  bytes.set(pem, HEAD_BYTES);
  return bytes;
}

/**
 * Reads one preamble, in whatever pieces it comes. Calls back at most once: `done` with the text, or `failed` for a
 * length that no certificate has, told by the length alone, and for more than a preamble, since in TLS the dialler
 * speaks first. A socket that ends early calls nobody, its close is seen by its owner.
 */
export class PreambleReader {
  readonly #done: (pem: Uint8Array) => void;
  readonly #failed: (reason: Error) => void;
  readonly #head: Uint8Array;
  #pem: Uint8Array | undefined;
  /** Bytes that have come, of the head and of the text. */
  #count: number;
  #isOver: boolean;

  constructor(done: (pem: Uint8Array) => void, failed: (reason: Error) => void) {
    this.#done = done;
    this.#failed = failed;
    this.#head = new Uint8Array(HEAD_BYTES);
    this.#pem = undefined;
    this.#count = 0;
    this.#isOver = false;
  }

  /** Takes the next piece, which stays the caller's. What comes when it has called back is dropped. */
  take(piece: Uint8Array): void {
    if (this.#isOver) return;
    let at = 0;
    for (; at < piece.length && this.#count < HEAD_BYTES; at += 1)
      this.#head[this.#count++] = piece[at] ?? 0;
    if (this.#count < HEAD_BYTES) return;
    this.#pem ??= this.#textOf(new DataView(this.#head.buffer).getUint32(0, true));
    const pem = this.#pem;
    if (pem === undefined) return;
    const missing = pem.length - (this.#count - HEAD_BYTES);
    const rest = piece.length - at;
    if (rest > missing) return this.#fail(`${rest - missing} bytes behind its certificate`);
    pem.set(at === 0 ? piece : piece.subarray(at), this.#count - HEAD_BYTES);
    this.#count += rest;
    if (rest < missing) return;
    this.#isOver = true;
    this.#done(pem);
  }

  /** Room for a text so long; undefined where it cannot be a certificate. */
  #textOf(length: number): Uint8Array | undefined {
    if (length >= 1 && length <= PREAMBLE_BYTES) return new Uint8Array(length);
    this.#fail(`${length}`);
    return undefined;
  }
  #fail(found: string): void {
    this.#isOver = true;
    const expected = `expected a certificate of 1 to ${PREAMBLE_BYTES} bytes, found ${found}`;
    this.#failed(new Untrusted('tcp-tls', expected));
  }
}
