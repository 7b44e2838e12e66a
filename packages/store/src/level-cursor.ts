/** The numbers of LevelDB (util/coding.h): seven bits a byte, lowest first. */

/** Reads one number after the other, and passes over what stands between them. */
export class Cursor {
  at: number;
  readonly #bytes: Uint8Array;

  constructor(bytes: Uint8Array, at = 0) {
    this.at = at;
    this.#bytes = bytes;
  }

  get isAtEnd(): boolean {
    return this.at >= this.#bytes.length;
  }

  /** Passes over bytes that stand behind their number. @throws RangeError where there are not so many */
  skip(): void {
    const count = this.number();
    this.at += count;
    if (this.at > this.#bytes.length) throw new RangeError('no bytes');
  }

  /** @throws RangeError at the end of the bytes, and past 49 bits */
  number(): number {
    let value = 0;
    for (let shift = 0; shift < 49; shift += 7) {
      const byte = this.#bytes[this.at];
      if (byte === undefined) break;
      this.at += 1;
      value += (byte & 127) * 2 ** shift;
      if (byte < 128) return value;
    }
    throw new RangeError('no number');
  }
}
