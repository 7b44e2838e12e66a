/** CRC-32C as LevelDB stores it. zlib has another polynomial. */

/** Checks the checksums of LevelDB; holds the table that they are computed with. */
export class Crc {
  readonly #table: Uint32Array;

  constructor() {
    this.#table = new Uint32Array(256);
    for (let byte = 0; byte < 256; byte += 1) {
      let crc = byte;
      for (let bit = 0; bit < 8; bit += 1) crc = (crc >>> 1) ^ (crc & 1 ? 0x82f63b78 : 0);
      this.#table[byte] = crc;
    }
  }

  /** The checksum of a range of bytes, masked as it is stored, since logs may hold logs. */
  masked(bytes: Uint8Array, from: number, to: number): number {
    let crc = ~0;
    for (let at = from; at < to; at += 1)
      crc = (this.#table[(crc ^ (bytes[at] ?? 0)) & 255] ?? 0) ^ (crc >>> 8);
    const plain = ~crc >>> 0;
    return (((plain >>> 15) | (plain << 17)) + 0xa282ead8) >>> 0;
  }
}
