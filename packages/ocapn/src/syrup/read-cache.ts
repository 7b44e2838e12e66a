/**
 * Short texts that come again and again, so that reading one costs a hash and a comparison instead of a new string.
 * Direct mapped: a hostile peer can evict what others use and can make nothing grow. Byte strings, and so swissnums,
 * are never kept here.
 */
import { LIMITS, type Limits } from '../limits.ts';
import { asciiText } from './text.ts';
import { Sym } from './values.ts';

/** The caches of one reader. */
export class TextCache {
  readonly #strings = new Map<number, string>();
  readonly #symbols = new Map<number, Sym>();
  /** Symbols that the reader's owner looks for: never evicted. */
  readonly #pinned = new Map<number, readonly Sym[]>();
  readonly #mask: number;
  readonly #textBytes: number;

  constructor(pinned: readonly Sym[] = [], limits: Limits = LIMITS) {
    this.#mask = limits.cacheSlots - 1;
    this.#textBytes = limits.cachedTextBytes;
    for (const symbol of pinned) {
      const hash = hashText(symbol.name) & this.#mask;
      this.#pinned.set(hash, [...(this.#pinned.get(hash) ?? []), symbol]);
    }
  }

  /** The string of these bytes, or undefined when they are too many or not ASCII. */
  string(bytes: Uint8Array, from: number, to: number): string | undefined {
    const hash = this.#hash(bytes, from, to);
    if (hash < 0) return undefined;
    const known = this.#strings.get(hash);
    if (known !== undefined && sameText(known, bytes, from, to)) return known;
    const text = asciiText(bytes, from, to);
    this.#strings.set(hash, text);
    return text;
  }

  /** The symbol of these bytes, or undefined when they are too many or not ASCII. */
  symbol(bytes: Uint8Array, from: number, to: number): Sym | undefined {
    const hash = this.#hash(bytes, from, to);
    if (hash < 0) return undefined;
    const pinned = this.#pinned.get(hash);
    if (pinned !== undefined) {
      for (const symbol of pinned) if (sameText(symbol.name, bytes, from, to)) return symbol;
    }
    const known = this.#symbols.get(hash);
    if (known !== undefined && sameText(known.name, bytes, from, to)) return known;
    const symbol = new Sym(asciiText(bytes, from, to));
    this.#symbols.set(hash, symbol);
    return symbol;
  }

  #hash(bytes: Uint8Array, from: number, to: number): number {
    if (to - from > this.#textBytes) return -1;
    let hash = 0;
    for (let i = from; i < to; i++) {
      const byte = bytes[i] ?? 0;
      if (byte > 127) return -1;
      hash = (Math.imul(hash, 31) + byte) | 0;
    }
    return hash & this.#mask;
  }
}

const hashText = (text: string): number => {
  let hash = 0;
  for (let i = 0; i < text.length; i++) hash = (Math.imul(hash, 31) + text.charCodeAt(i)) | 0;
  return hash;
};

const sameText = (text: string, bytes: Uint8Array, from: number, to: number): boolean => {
  if (text.length !== to - from) return false;
  for (let i = 0; i < text.length; i++) if (text.charCodeAt(i) !== bytes[from + i]) return false;
  return true;
};
