/**
 * Finds where a record ends that comes in pieces. Looks at every byte once and skips the bodies of
 * texts and byte strings, so that a frame of 8 MiB that comes byte by byte costs 8 million steps
 * and not their square.
 *
 * It knows only what it needs: openers and closers are counted, not matched. What it lets through
 * the reader judges; where both accept a record, they agree on its end.
 */
import { Decode, Limit } from '../errors.ts';
import { LIMITS, type Limits } from '../limits.ts';

/** The state between two chunks of one connection. */
export class Splitter {
  #depth = 0;
  /**
   * The number whose digits are being read, as long as it is exact enough to be compared with a
   * limit.
   */
  #number = 0;
  #digits = 0;
  /** Bytes of a body that are still to come. */
  #skip = 0;
  #seen = 0;
  #values = 0;
  #recordBytes: number;
  readonly #limits: Limits;

  constructor(limits: Limits = LIMITS) {
    this.#limits = limits;
    this.#recordBytes = limits.recordBytes;
  }

  /** Bytes of a text or byte string that has begun, still to come. */
  get bodyBytes(): number {
    return this.#skip;
  }

  /** Forgets what was seen; the record that comes now may take so many bytes. */
  begin(recordBytes: number): void {
    this.#depth = 0;
    this.#number = 0;
    this.#digits = 0;
    this.#skip = 0;
    this.#seen = 0;
    this.#values = 0;
    this.#recordBytes = recordBytes;
  }

  /**
   * Goes on in the next chunk, from `from`. After an end was found `begin` comes first.
   * @returns the offset behind the record's last byte, or -1 when the record goes on behind the
   * chunk
   * @throws Decode for a byte that no record can hold there
   * @throws Limit as soon as the record must become too long, too deep or too rich
   */
  scan(chunk: Uint8Array, from: number): number {
    let at = from;
    while (at < chunk.length) {
      at = this.#skip > 0 ? this.#body(chunk, at) : this.#token(chunk, at);
      if (this.#skip === 0 && this.#depth === 0 && this.#digits === 0) {
        this.#count(at - from);
        return at;
      }
    }
    this.#count(at - from);
    return -1;
  }

  #body(chunk: Uint8Array, at: number): number {
    const step = Math.min(this.#skip, chunk.length - at);
    this.#skip -= step;
    return at + step;
  }

  /** Bytes are counted per chunk: a token alone cannot pass the limit by more than a chunk. */
  #count(bytes: number): void {
    this.#seen += bytes;
    if (this.#seen + this.#skip > this.#recordBytes) this.#refuseBytes();
  }

  #token(chunk: Uint8Array, at: number): number {
    const byte = chunk[at] ?? 0;
    if (byte >= 0x30 && byte <= 0x39) this.#digit(byte - 0x30);
    else if (this.#digits > 0) this.#mark(byte);
    else this.#single(byte);
    return at + 1;
  }

  #digit(digit: number): void {
    this.#number = this.#number * 10 + digit;
    if (++this.#digits > this.#limits.integerDigits) {
      throw new Limit(`syrup: a number has more than ${this.#limits.integerDigits} digits`);
    }
  }

  /** What the digits before it meant. */
  #mark(byte: number): void {
    switch (byte) {
      case 0x22: // "
      case 0x27: // '
      case 0x3a: // :
        if (this.#number > this.#recordBytes) this.#refuseBytes();
        this.#skip = this.#number;
        break;
      case 0x2b: // +
      case 0x2d: // -
        break;
      default:
        throw new Decode(`syrup: expected what a number means, found ${byteText(byte)}`);
    }
    this.#number = 0;
    this.#digits = 0;
    this.#value();
  }

  #single(byte: number): void {
    switch (byte) {
      case 0x3c: // <
      case 0x5b: // [
      case 0x7b: // {
      case 0x23: // #
        if (++this.#depth > this.#limits.depth) {
          throw new Limit(`syrup: values are nested deeper than ${this.#limits.depth}`);
        }
        return this.#value();
      case 0x3e: // >
      case 0x5d: // ]
      case 0x7d: // }
      case 0x24: // $
        if (--this.#depth < 0) {
          throw new Decode(`syrup: expected a value, found ${byteText(byte)}`);
        }
        return;
      case 0x44: // D
        this.#skip = 8;
        return this.#value();
      case 0x74: // t
      case 0x66: // f
        return this.#value();
      default:
        throw new Decode(`syrup: expected a value, found ${byteText(byte)}`);
    }
  }

  #value(): void {
    if (++this.#values > this.#limits.values) {
      throw new Limit(`syrup: a record holds more than ${this.#limits.values} values`);
    }
  }

  #refuseBytes(): never {
    throw new Limit(`syrup: a record is longer than ${this.#recordBytes} bytes`);
  }
}

const byteText = (byte: number): string => `0x${byte.toString(16).padStart(2, '0')}`;
