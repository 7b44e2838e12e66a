/**
 * Values as CBOR (RFC 8949), of the plain part of it alone:
 *
 *     taken     whole numbers and floats, byte and text strings, lists, maps with text keys, true, false, null
 *     refused   tags (dates, classes, shared and packed values, records), lengths that are not known beforehand,
 *               other simple values, what is deeper, longer or more than the limits, what is left over at the end
 *
 * Bytes are walked through before they are decoded (`inspect`), since a decoder of general CBOR makes objects of
 * classes, shares structure and calls constructors where a tag says so. What remains cannot say any of that. The
 * decoder itself is the build of cbor-x that neither makes code nor loads a native part.
 */
import { Decoder, Encoder } from 'cbor-x/index-no-eval';
import { limits } from './limits.ts';
import { Misfit } from './shape.ts';

const options = {
  useRecords: false,
  mapsAsObjects: false,
  tagUint8Array: false,
  structuredClone: false,
  pack: false,
} as const;

/** The part of an encoder that its README tells of, and its types do not. */
interface Scratch {
  useBuffer(buffer: Uint8Array): void;
}
/** What the encoder writes into; it doubles that as it needs, and keeps it. */
const scratchBytes = 8_192;

/** Turns values into bytes and back; holds no state between two values. */
export class Cbor {
  readonly #encoder = new Encoder({ ...options, mapsAsObjects: true }) as Encoder & Scratch;
  readonly #decoder = new Decoder(options);

  /** The bytes of plain data. They belong to the caller. @throws Misfit for more than a value may have */
  encode(value: unknown): Uint8Array {
    // A copy: the encoder gives a piece of a buffer that it goes on with.
    const encoded = new Uint8Array(this.#encoder.encode(value));
    if (encoded.length > scratchBytes) this.#encoder.useBuffer(Buffer.alloc(scratchBytes));
    inspect(encoded);
    return encoded;
  }

  /** The value of some bytes, maps as objects. @throws Misfit for everything that is not taken */
  decode(encoded: Uint8Array): unknown {
    inspect(encoded);
    // A copy: the decoder notes things on the bytes that it is given.
    return objectsOf(this.#decoder.decode(new Uint8Array(encoded)));
  }
}

/** Maps become objects here, where no key is special: `__proto__` is a member like any other. */
const objectsOf = (value: unknown): unknown => {
  if (value instanceof Map) {
    const made: Record<string, unknown> = {};
    for (const [key, each] of value as ReadonlyMap<string, unknown>)
      Object.defineProperty(made, key, {
        value: objectsOf(each),
        enumerable: true,
        configurable: true,
        writable: true,
      });
    return made;
  }
  if (Array.isArray(value)) return value.map(objectsOf);
  return value instanceof Uint8Array ? new Uint8Array(value) : value;
};

/** Walks through one value. @throws Misfit where it is not plain, not whole, or past a limit */
const inspect = (encoded: Uint8Array): void => {
  if (encoded.length > limits.valueBytes)
    throw new Misfit(`${encoded.length} bytes, at most ${limits.valueBytes} are kept`);
  const walk = new Walk(encoded);
  walk.item(0);
  if (walk.at !== encoded.length) throw new Misfit('bytes are left over behind the value');
};

class Walk {
  at = 0;
  readonly #bytes: Uint8Array;
  readonly #view: DataView;
  #itemCount = 0;

  constructor(encoded: Uint8Array) {
    this.#bytes = encoded;
    this.#view = new DataView(encoded.buffer, encoded.byteOffset, encoded.byteLength);
  }

  item(depth: number): void {
    if (depth > limits.depth) throw new Misfit(`nested deeper than ${limits.depth} levels`);
    this.#itemCount += 1;
    if (this.#itemCount > limits.itemCount) throw new Misfit(`more than ${limits.itemCount} items`);
    const head = this.#byte();
    const major = head >> 5;
    if (major === 7) return this.#simple(head);
    const argument = this.#argument(head & 31);
    if (major === 2 || major === 3) this.#skip(argument);
    else if (major === 4) this.#items(argument, depth);
    else if (major === 5) this.#entries(argument, depth);
    else if (major === 6) throw new Misfit(`a tag (${argument})`);
  }

  #items(count: number, depth: number): void {
    for (let at = 0; at < count; at += 1) this.item(depth + 1);
  }

  #entries(count: number, depth: number): void {
    for (let at = 0; at < count; at += 1) {
      if ((this.#bytes[this.at] ?? 0) >> 5 !== 3) throw new Misfit('a map whose key is no text');
      this.item(depth + 1);
      this.item(depth + 1);
    }
  }

  /** true, false, null, and floats of 32 and 64 bits: what our own encoder writes. */
  #simple(head: number): void {
    if (head === 0xf4 || head === 0xf5 || head === 0xf6) return;
    if (head === 0xfa) this.#skip(4);
    else if (head === 0xfb) this.#skip(8);
    else throw new Misfit(`a simple value (0x${head.toString(16)})`);
  }

  #argument(low: number): number {
    if (low < 24) return low;
    if (low === 24) return this.#byte();
    const byteCount = low === 25 ? 2 : low === 26 ? 4 : 8;
    if (low > 27) throw new Misfit('a length that is not known beforehand');
    const start = this.at;
    this.#skip(byteCount);
    if (byteCount === 2) return this.#view.getUint16(start);
    if (byteCount === 4) return this.#view.getUint32(start);
    const long = this.#view.getBigUint64(start);
    if (long > BigInt(Number.MAX_SAFE_INTEGER)) throw new Misfit('a number past 53 bits');
    return Number(long);
  }

  #byte(): number {
    const byte = this.#bytes[this.at];
    if (byte === undefined) throw new Misfit('the value ends too soon');
    this.at += 1;
    return byte;
  }

  #skip(count: number): void {
    if (count > this.#bytes.length - this.at) throw new Misfit('the value ends too soon');
    this.at += count;
  }
}
