/**
 * Short texts that come again and again, so that reading one costs a hash and a comparison of bytes
 * instead of a new string: half the time of decoding a call. Direct mapped: a hostile peer can
 * evict what others use and can make nothing grow. Byte strings, and so swissnums, are never kept
 * here. What comes once alone, as the names of a thousand members do, is not made the engine's own:
 * that costs as much as to decode the call that it came in.
 */
import { LIMITS, type Limits } from '../limits.ts';
import { asciiText, encodedAtom } from './text.ts';
import { Sym } from './values.ts';

/** Texts of one kind (strings, or symbols) by their bytes. */
export class TextCache<T> {
  readonly #values: (T | undefined)[];
  /**
   * The bytes of each slot's text, side by side; comparing them is quicker than comparing with a
   * string.
   */
  readonly #bytes: Uint8Array;
  readonly #lengths: Uint8Array;
  /** 1 for slots that are never evicted. */
  readonly #pinned: Uint8Array;
  /** 1 for slots whose text has come once. */
  readonly #isNew: Uint8Array;
  readonly #mask: number;
  readonly #width: number;
  readonly #make: (text: string) => T;

  /** `make` gives the value for a text that is not in the cache. */
  constructor(make: (text: string) => T, limits: Limits = LIMITS) {
    this.#make = make;
    this.#mask = limits.cacheSlots - 1;
    this.#width = limits.cachedTextBytes;
    this.#values = new Array<T | undefined>(limits.cacheSlots).fill(undefined);
    this.#bytes = new Uint8Array(limits.cacheSlots * limits.cachedTextBytes);
    this.#lengths = new Uint8Array(limits.cacheSlots);
    this.#pinned = new Uint8Array(limits.cacheSlots);
    this.#isNew = new Uint8Array(limits.cacheSlots);
  }

  /**
   * Keeps a value for good, so that whoever looks for it may compare by identity. Few, short, and
   * before first use.
   */
  pin(text: string, value: T): void {
    const bytes = encodedAtom(text, '"');
    const from = bytes.indexOf(0x22) + 1;
    const slot = this.#slot(bytes, from, bytes.length);
    if (slot < 0) throw new RangeError(`too long to be pinned: ${text}`);
    this.#put(slot, bytes, from, bytes.length, value);
    this.#pinned[slot] = 1;
  }

  /** The value for these bytes, or undefined when they are too many or not ASCII. */
  get(bytes: Uint8Array, from: number, to: number): T | undefined {
    const slot = this.#slot(bytes, from, to);
    if (slot < 0) return undefined;
    const known = this.#values[slot];
    const isKnown = known !== undefined && this.#holds(slot, bytes, from, to);
    if (isKnown && this.#isNew[slot] === 0) return known;
    const text = asciiText(bytes, from, to);
    const value = this.#make(isKnown ? internal(text) : text);
    this.#put(slot, bytes, from, to, value);
    this.#isNew[slot] = isKnown ? 0 : 1;
    return value;
  }

  /**
   * Where a text stands or would stand: the first slot from its hash on that is not pinned to
   * another text.
   */
  #slot(bytes: Uint8Array, from: number, to: number): number {
    if (to - from > this.#width) return -1;
    let hash = 0;
    let all = 0;
    for (let i = from; i < to; i++) {
      const byte = bytes[i] ?? 0;
      all |= byte;
      hash = (Math.imul(hash, 31) + byte) | 0;
    }
    if (all > 127) return -1;
    let slot = hash & this.#mask;
    while (this.#pinned[slot] === 1 && !this.#holds(slot, bytes, from, to)) {
      slot = (slot + 1) & this.#mask;
    }
    return slot;
  }

  #holds(slot: number, bytes: Uint8Array, from: number, to: number): boolean {
    const length = to - from;
    if (this.#lengths[slot] !== length) return false;
    const kept = this.#bytes;
    const start = slot * this.#width;
    for (let i = 0; i < length; i++) if (kept[start + i] !== bytes[from + i]) return false;
    return true;
  }

  #put(slot: number, bytes: Uint8Array, from: number, to: number, value: T): void {
    this.#bytes.set(bytes.subarray(from, to), slot * this.#width);
    this.#lengths[slot] = to - from;
    this.#values[slot] = value;
  }
}

/** The strings of one reader. */
export const makeStringCache = (limits: Limits): TextCache<string> =>
  new TextCache((text) => text, limits);

/** The symbols of one reader; it gives back the pinned ones themselves. */
export const makeSymbolCache = (pinned: readonly Sym[], limits: Limits): TextCache<Sym> => {
  const cache = new TextCache((name) => new Sym(name), limits);
  for (const symbol of pinned) cache.pin(symbol.name, symbol);
  return cache;
};

/**
 * The engine's own copy of a text, flat and quick as a key: what is looked up often should be that
 * one. An object without a prototype is a plain hash table to V8; one with a shape would leave a
 * trace of every text in a table that all objects of the program share.
 */
const internal = (text: string): string => {
  const holder = Object.create(null) as Record<string, true>;
  holder[text] = true;
  return Object.keys(holder)[0] ?? text;
};
