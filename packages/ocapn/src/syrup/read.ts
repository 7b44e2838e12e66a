/**
 * Syrup to values, in place, from a chunk that may end too early.
 *
 * Strict where a second spelling of one value would only serve an attacker, and nobody writes it:
 *
 *     refused                          because
 *     leading zeros, `0-`              a second spelling of the same number
 *     white space                      some peers skip it, none writes it
 *     `F` single floats                no OCapN type; Goblins stops reading at one
 *     `(` `)` `l` `e` `d` forms        older spellings that some readers know and nobody writes
 *     a key twice in one struct        peers disagree which value counts; of a dictionary: a string twice
 *     bad UTF-8, encoded surrogates    no text
 *
 * Not refused: struct keys in any order (Endo sorts by the string, Goblins by the bytes), and any
 * NaN.
 */
import { Decode, Limit } from '../errors.ts';
import { LIMITS, type Limits } from '../limits.ts';
import { KeyTrails, type Trail, type TrailKey } from './key-trails.ts';
import { makeStringCache, makeSymbolCache, type TextCache } from './read-cache.ts';
import { asciiText, Utf8Decoder } from './text.ts';
import { Dictionary, Sym, SyrupRecord, SyrupSet } from './values.ts';

/** Gives meaning to the records of a protocol. */
export interface RecordForms {
  /**
   * Reads the rest of a record whose label was read, its `>` included; `reader.opaque(label,
   * depth)` reads one that has no meaning here. `start` is the offset of its `<`, `depth` counts
   * what is open around it.
   */
  read(label: Sym, reader: Reader, start: number, depth: number): unknown;
}

/** What a reader throws when the record goes on behind the chunk. Nothing has happened then. */
export const incomplete: unique symbol = Symbol('incomplete');

/** A byte string of this length is worth a view instead of a copy, where the bytes are owned. */
const VIEW_BYTES = 1024;

const NOTHING = new Uint8Array(0);
const NO_TRAIL: Trail = [];

/** Reads values one after another. Keeps its caches between records, and nothing else. */
export class Reader {
  #bytes: Uint8Array = NOTHING;
  #at = 0;
  #start = 0;
  #recordBytes = 0;
  #values = 0;
  #variants = 0;
  #owned = false;
  #cut = false;
  readonly #limits: Limits;
  readonly #forms: RecordForms;
  readonly #strings: TextCache<string>;
  readonly #symbols: TextCache<Sym>;
  readonly #trails: KeyTrails;
  readonly #utf8 = new Utf8Decoder();
  readonly #eight = new DataView(new ArrayBuffer(8));

  /**
   * `pinned`: symbols that are looked for often; a reader gives back these very objects for them.
   */
  constructor(
    forms: RecordForms = plainForms,
    pinned: readonly Sym[] = [],
    limits: Limits = LIMITS,
  ) {
    this.#forms = forms;
    this.#limits = limits;
    this.#strings = makeStringCache(limits);
    this.#symbols = makeSymbolCache(pinned, limits);
    this.#trails = new KeyTrails(limits);
  }

  /**
   * Turns to a record at `at` that may take `recordBytes`. `owned`: the bytes are the receiver's,
   * so that long byte strings may be views of them; else everything is copied.
   */
  begin(bytes: Uint8Array, at: number, recordBytes: number, owned: boolean): void {
    const stop = at + recordBytes;
    this.#cut = bytes.length > stop;
    this.#bytes = this.#cut ? bytes.subarray(0, stop) : bytes;
    this.#at = at;
    this.#start = at;
    this.#recordBytes = recordBytes;
    this.#owned = owned;
    this.#values = 0;
    this.#variants = 0;
  }

  /** Lets go of the bytes, so that an idle reader keeps no chunk alive; `at` stays. */
  release(): void {
    this.#bytes = NOTHING;
  }

  /** The offset of the next byte. */
  get at(): number {
    return this.#at;
  }

  /**
   * Values since the record began that might be written otherwise than they stood there: doubles that
   * are whole or no number, and what has an order.
   */
  get variantCount(): number {
    return this.#variants;
  }
  /** Values since the record began. */
  get valueCount(): number {
    return this.#values;
  }

  /**
   * To be called when `incomplete` was thrown: tells a record that is too long from one that goes
   * on.
   * @throws Limit when more bytes were there than the record may take
   */
  refuseTooLong(): void {
    if (this.#cut) this.#tooLong();
  }

  /**
   * Reads any value; `depth` counts what is open around it.
   * @throws Decode, Limit, `incomplete`
   */
  value(depth: number): unknown {
    const byte = this.#next();
    if (++this.#values > this.#limits.values) this.#tooMany();
    if (byte >= 0x30 && byte <= 0x39) return this.#counted(byte);
    switch (byte) {
      case 0x5b: // [
        return this.#items(0x5d, this.#deeper(depth));
      case 0x3c: // <
        return this.#record(depth);
      case 0x7b: // {
        return this.#struct(this.#deeper(depth));
      case 0x74: // t
        return true;
      case 0x66: // f
        return false;
      case 0x44: // D
        return this.#double();
      case 0x23: // #
        this.#variants++;
        return new SyrupSet(this.#items(0x24, this.#deeper(depth)));
      default:
        this.#at--;
        return this.fail('a value');
    }
  }

  /**
   * Passes over bytes that were expected; they count as so many values. False: others stand there,
   * or too few.
   */
  accept(expected: Uint8Array, valueCount: number): boolean {
    const bytes = this.#bytes;
    const from = this.#at;
    const { length } = expected;
    if (from + length > bytes.length) return false;
    for (let i = 0; i < length; i++) if (bytes[from + i] !== expected[i]) return false;
    this.#at = from + length;
    this.#values += valueCount;
    return true;
  }

  /** Reads the `<` and the label of a record. @throws Decode, Limit, `incomplete` */
  openRecord(depth: number): unknown {
    if (this.#next() !== 0x3c) {
      this.#at--;
      this.fail('a record');
    }
    this.#values++;
    return this.value(this.#deeper(depth));
  }

  /**
   * Reads the `>` of a record; `what` names the record for the error. @throws Decode, `incomplete`
   */
  closeRecord(what: string): void {
    if (this.#next() === 0x3e) return;
    this.#at--;
    this.fail(`the end of ${what}`);
  }

  /** Reads the `[` of a list; `what` names it for the error. @throws Decode, `incomplete` */
  openList(what: string): void {
    if (this.#next() !== 0x5b) {
      this.#at--;
      this.fail(what);
    }
    this.#values++;
  }

  /** Reads the rest of a list, its `]` included. @throws Decode, Limit, `incomplete` */
  restOfList(depth: number): unknown[] {
    return this.#items(0x5d, this.#deeper(depth));
  }

  /** Reads a symbol if the next value is one. @throws Decode, Limit, `incomplete` */
  symbolName(): string | undefined {
    const from = this.#at;
    const values = this.#values;
    const byte = this.#next();
    const value = byte >= 0x30 && byte <= 0x39 ? this.#counted(byte) : undefined;
    if (value instanceof Sym) {
      this.#values++;
      return value.name;
    }
    this.#at = from;
    this.#values = values;
    return undefined;
  }

  /** Reads a safe integer from 0. @throws Decode, Limit, `incomplete` */
  natural(what: string): number {
    const from = this.#at;
    const value = this.value(0);
    if (typeof value === 'number' && Number.isSafeInteger(value) && value >= 0) {
      if (this.#bytes[from] !== 0x44) return value;
    }
    this.#at = from;
    return this.fail(what);
  }

  /** Reads a list of safe integers from 0. @throws Decode, Limit, `incomplete` */
  naturals(what: string): number[] {
    this.openList(what);
    const numbers: number[] = [];
    while (!this.#isNext(0x5d)) numbers.push(this.natural(what));
    return numbers;
  }

  /** Reads an `f` if the next value is one. @throws `incomplete` */
  isFalse(): boolean {
    if (this.#next() === 0x66) {
      this.#values++;
      return true;
    }
    this.#at--;
    return false;
  }

  /** The rest of a record without a meaning here: undefined for `<void>`, null for `<null>`. */
  opaque(label: unknown, depth: number): unknown {
    const fields = this.#items(0x3e, depth + 1);
    if (fields.length === 0 && label instanceof Sym) {
      if (label.name === 'void') return undefined;
      if (label.name === 'null') return null;
    }
    return new SyrupRecord(label, fields);
  }

  /** A copy of the bytes between two offsets. */
  copy(from: number, to: number): Uint8Array {
    const copy = new Uint8Array(to - from);
    copy.set(this.#bytes.subarray(from, to));
    return copy;
  }

  /**
   * @throws Decode that says what was expected at the next byte, counted from the record's first,
   * and what is there
   */
  fail(expected: string): never {
    const found = this.#bytes[this.#at];
    throw new Decode(
      `syrup: expected ${expected} at byte ${this.#at - this.#start}, ` +
        `found ${found === undefined ? 'the end' : `0x${found.toString(16).padStart(2, '0')}`}`,
    );
  }

  #next(): number {
    if (this.#at >= this.#bytes.length) throw incomplete;
    return this.#bytes[this.#at++] ?? 0;
  }

  #deeper(depth: number): number {
    if (depth < this.#limits.depth) return depth + 1;
    throw new Limit(`syrup: values are nested deeper than ${this.#limits.depth}`);
  }

  #record(depth: number): unknown {
    const start = this.#at - 1;
    const label = this.value(this.#deeper(depth));
    return label instanceof Sym
      ? this.#forms.read(label, this, start, depth)
      : this.opaque(label, depth);
  }

  #isNext(byte: number): boolean {
    if (this.#at >= this.#bytes.length) throw incomplete;
    if (this.#bytes[this.#at] !== byte) return false;
    this.#at++;
    return true;
  }

  #items(close: number, depth: number): unknown[] {
    if (this.#isNext(close)) return [];
    // A literal is as long as it is; pushing onto an empty list makes room for 17.
    const items = [this.value(depth)];
    while (!this.#isNext(close)) items.push(this.value(depth));
    return items;
  }

  /**
   * An object without a prototype: `__proto__` is a key like any other there. Taking the prototype
   * away instead of making the object without one keeps it in V8's fast mode
   * (npm run bench -- syrup).
   */
  #struct(depth: number): unknown {
    this.#variants++;
    const struct = Object.setPrototypeOf({}, null) as Record<string, unknown>;
    const trail = this.#trails.find(this.#bytes, this.#at) ?? NO_TRAIL;
    let count = 0;
    for (; count < trail.length; count++) {
      const key = trail[count];
      if (key === undefined || !this.accept(key.bytes, 1)) break;
      struct[key.name] = this.value(depth);
    }
    return this.#restOfStruct(struct, depth, count === 0 ? [] : undefined);
  }

  /** `learnt`: collects the keys, to be expected next time. */
  #restOfStruct(
    struct: Record<string, unknown>,
    depth: number,
    learnt: TrailKey[] | undefined,
  ): unknown {
    while (!this.#isNext(0x7d)) {
      const from = this.#at;
      const key = this.value(depth);
      if (typeof key !== 'string') return this.#dictionary(struct, key, depth);
      this.#checkNew(key, struct, from);
      if (learnt !== undefined && this.#trails.hasRoom(learnt, this.#at - from))
        learnt.push({ name: key, bytes: this.copy(from, this.#at) });
      struct[key] = this.value(depth);
    }
    if (learnt !== undefined) this.#trails.keep(learnt);
    return struct;
  }

  /**
   * Goes on with a struct that turned out to have a key which is no string. Its strings still stand there once
   * each: sorted, as it is written, they come first, and who reads that takes it for a struct.
   */
  #dictionary(struct: Record<string, unknown>, first: unknown, depth: number): Dictionary {
    const entries: (readonly [unknown, unknown])[] = Object.entries(struct);
    entries.push([first, this.value(depth)]);
    while (!this.#isNext(0x7d)) {
      const from = this.#at;
      const key = this.value(depth);
      if (typeof key === 'string') this.#checkNew(key, struct, from);
      const value = this.value(depth);
      if (typeof key === 'string') struct[key] = value;
      entries.push([key, value]);
    }
    return new Dictionary(entries);
  }

  #checkNew(key: string, struct: Record<string, unknown>, from: number): void {
    if (!(key in struct)) return;
    this.#at = from;
    this.fail('a key that is new in its struct');
  }

  #double(): number {
    const from = this.#take(8);
    for (let i = 0; i < 8; i++) this.#eight.setUint8(i, this.#bytes[from + i] ?? 0);
    const value = this.#eight.getFloat64(0);
    if (Number.isInteger(value) || Number.isNaN(value)) this.#variants++;
    return value;
  }

  /** What begins with a digit: a number, or the length of a text or of bytes. */
  #counted(first: number): unknown {
    const bytes = this.#bytes;
    const start = this.#at - 1;
    const stop = Math.min(bytes.length, start + this.#limits.integerDigits + 1);
    let at = this.#at;
    let number = first - 0x30;
    let mark = 0;
    for (; at < stop; at++) {
      mark = bytes[at] ?? 0;
      if (mark < 0x30 || mark > 0x39) break;
      number = number * 10 + mark - 0x30;
    }
    this.#at = at;
    if (at - start > this.#limits.integerDigits) this.#tooManyDigits();
    if (at === stop) throw incomplete;
    if (first === 0x30 && at - start > 1) this.#zeros(start);
    this.#at = at + 1;
    switch (mark) {
      case 0x2b: // +
        return at - start <= 15 ? number : this.#long(start, at, false);
      case 0x2d: // -
        if (first === 0x30) this.#zeros(start);
        return at - start <= 15 ? -number : this.#long(start, at, true);
      case 0x22: // "
        return this.#string(number);
      case 0x27: // '
        return this.#symbol(number);
      case 0x3a: // :
        return this.#octets(number);
      default:
        this.#at = at;
        return this.fail('what a number means');
    }
  }

  #long(from: number, to: number, negative: boolean): number | bigint {
    const magnitude = BigInt(asciiText(this.#bytes, from, to));
    const value = negative ? -magnitude : magnitude;
    const near = Number(value);
    return Number.isSafeInteger(near) ? near : value;
  }

  /** Claims the next bytes. The length is judged before anything is allocated for it. */
  #take(length: number): number {
    const from = this.#at;
    if (from - this.#start + length > this.#recordBytes) this.#tooLong();
    if (from + length > this.#bytes.length) throw incomplete;
    this.#at = from + length;
    return from;
  }

  #string(length: number): string {
    const from = this.#take(length);
    return (
      this.#strings.get(this.#bytes, from, this.#at) ??
      this.#utf8.decode(this.#bytes, from, this.#at, from - this.#start)
    );
  }

  #symbol(length: number): Sym {
    const from = this.#take(length);
    return (
      this.#symbols.get(this.#bytes, from, this.#at) ??
      new Sym(this.#utf8.decode(this.#bytes, from, this.#at, from - this.#start))
    );
  }

  #octets(length: number): Uint8Array {
    const from = this.#take(length);
    if (this.#owned && length >= VIEW_BYTES) return this.#bytes.subarray(from, this.#at);
    return this.copy(from, this.#at);
  }

  #zeros(start: number): never {
    this.#at = start;
    return this.fail('a number in its one spelling');
  }

  #tooLong(): never {
    throw new Limit(`syrup: a record is longer than ${this.#recordBytes} bytes`);
  }

  #tooMany(): never {
    throw new Limit(`syrup: a record holds more than ${this.#limits.values} values`);
  }

  #tooManyDigits(): never {
    throw new Limit(`syrup: a number has more than ${this.#limits.integerDigits} digits`);
  }
}

/** No record has a meaning. */
const plainForms: RecordForms = {
  read: (label, reader, _start, depth) => reader.opaque(label, depth),
};

/** Full caches take 64 KiB, which pays for a session and not for one value. */
const ONE_VALUE: Limits = { ...LIMITS, cacheSlots: 64 };

/**
 * Reads bytes that are exactly one value, to which no protocol gives a meaning. The result shares
 * nothing with them.
 * @throws Decode for anything else, a value cut short included; Limit
 */
export const decode = (bytes: Uint8Array): unknown => {
  const reader = new Reader(plainForms, [], ONE_VALUE);
  reader.begin(bytes, 0, LIMITS.recordBytes, false);
  try {
    const value = reader.value(0);
    if (reader.at < bytes.length) reader.fail('the end');
    return value;
  } catch (error) {
    if (error !== incomplete) throw error;
    reader.refuseTooLong();
    throw new Decode(`syrup: expected more than ${bytes.length} bytes`);
  }
};
