/**
 * Long byte strings of a writer that stand at a place of its buffer without being in it: copying
 * one, and making room for it, costs as much as sending it.
 */

/** A byte string above this is not copied, unless it is a small part of what it would keep. */
const LONG_BYTES = 128 * 1024;

interface Place {
  readonly at: number;
  readonly bytes: Uint8Array;
}

/** What is borrowed, in order. The arrays belong to whoever gave them, and must not change. */
export class Borrowed {
  #places: Place[] = [];
  #byteCount = 0;
  /** What there was when the open frame began. */
  #frameAt = 0;
  #frameFromBytes = 0;

  /** A view of a small part would keep all the rest while it waits, which nobody would count. */
  static isWorth({ length, buffer }: Uint8Array): boolean {
    return length > LONG_BYTES && length * 2 > buffer.byteLength;
  }

  get isEmpty(): boolean {
    return this.#byteCount === 0;
  }
  get byteCount(): number {
    return this.#byteCount;
  }
  /** Bytes of the open frame. */
  get frameBytes(): number {
    return this.#byteCount - this.#frameFromBytes;
  }
  /** A frame begins. */
  begin(): void {
    this.#frameAt = this.#places.length;
    this.#frameFromBytes = this.#byteCount;
  }
  /** Gives back what the open frame has borrowed. */
  cancel(): void {
    if (this.#places.length === this.#frameAt) return;
    this.#places.length = this.#frameAt;
    this.#byteCount = this.#frameFromBytes;
  }
  /** `at`: where in the buffer they belong. */
  add(at: number, bytes: Uint8Array): void {
    this.#places.push({ at, bytes });
    this.#byteCount += bytes.length;
  }
  /** The first `length` bytes of a buffer, copied, with everything at its place. Then it is empty. */
  takeInto(parts: Uint8Array[], buffer: Uint8Array, length: number): void {
    let from = 0;
    for (const { at, bytes } of this.#places) {
      if (at > from) parts.push(buffer.slice(from, at));
      parts.push(bytes);
      from = at;
    }
    if (length > from) parts.push(buffer.slice(from, length));
    this.#places = [];
    this.#byteCount = 0;
    this.begin();
  }
}
