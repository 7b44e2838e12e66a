/**
 * Values to canonical Syrup, in one growing buffer that many frames share.
 *
 *     begin ──► value, integer, text, … ──► end      the frame is whole
 *                      │ throws ──► cancel           the frame was never there
 *     take                                           all whole frames since the last take
 */
import { Encode, Limit } from '../errors.ts';
import { LIMITS, type Limits } from '../limits.ts';
import { Borrowed } from './borrowed.ts';
import { KeyPlans } from './key-plans.ts';
import type { References } from './references.ts';
import { encodeUtf8Into, refuseLoneSurrogates } from './text.ts';
import {
  compareBytes,
  describe,
  Dictionary,
  Double,
  isStruct,
  joined,
  Raw,
  SyrupRecord,
  SyrupSet,
  Sym,
} from './values.ts';

const CAPACITY_BYTES = 64 * 1024;
/** A run above this is handed out with its buffer; copying it would cost more than a new buffer. */
const GIVEAWAY_BYTES = 128 * 1024;
/** Room behind a long text or byte string for what closes its frame, or it would be copied again. */
const SLACK_BYTES = 1024;
/** Short runs are handed out side by side in slabs: a view is cheaper than an array of its own. */
const SLAB_BYTES = 8 * 1024;
const SHORT_BYTES = 1024;
/** Below this a loop is quicker than `encodeInto` and `set`, which make a view first. */
const LOOP_BYTES = 64;

/** One growing buffer of whole frames. One serves all sessions of a router. */
export class Writer {
  #bytes: Uint8Array;
  #view: DataView;
  #at = 0;
  #start = 0;
  #values = 0;
  readonly #borrowed = new Borrowed();
  /** What is taken out of the buffer again must all be in it. */
  #mayBorrow = true;
  #slab = NO_BYTES;
  #slabAt = 0;
  readonly #limits: Limits;
  readonly #plans: KeyPlans;

  /** `capacity`: bytes to begin with. */
  constructor(limits: Limits = LIMITS, capacity: number = CAPACITY_BYTES) {
    this.#limits = limits;
    this.#bytes = new Uint8Array(capacity);
    this.#view = new DataView(this.#bytes.buffer);
    this.#plans = new KeyPlans(limits);
  }

  /** Bytes written since the last `take`, an open frame included. */
  get length(): number {
    return this.#at + this.#borrowed.byteCount;
  }

  /** Opens a frame behind those already there. */
  begin(): void {
    this.#start = this.#at;
    this.#borrowed.begin();
    this.#values = 0;
  }

  /**
   * Ends the frame that was begun.
   * @throws Limit when it holds more bytes or values than a peer would read; then `cancel` it
   */
  end(): void {
    if (this.#frameBytes > this.#limits.recordBytes) this.#refuseBytes();
    if (this.#values > this.#limits.values) this.#refuseValues();
    this.#start = this.#at;
    this.#borrowed.begin();
  }

  /** Takes back what was written since `begin`. */
  cancel(): void {
    this.#at = this.#start;
    this.#mayBorrow = true;
    this.#borrowed.cancel();
    if (this.#at === 0 && this.#bytes.length > GIVEAWAY_BYTES) this.#renew(CAPACITY_BYTES);
  }

  /**
   * The bytes since the last `take`, owned by the caller. No frame may be open. With `mayShare` a
   * short run may be a view of 8 KiB that others share: not for what is kept for long.
   */
  take(mayShare = false): Uint8Array {
    if (!this.#borrowed.isEmpty) {
      const { length } = this;
      const parts: Uint8Array[] = [];
      this.takeInto(parts);
      return joined(parts, length);
    }
    const length = this.#at;
    const bytes = this.#bytes;
    this.#at = 0;
    this.#start = 0;
    if (length > GIVEAWAY_BYTES) {
      this.#renew(CAPACITY_BYTES);
      return bytes.subarray(0, length);
    }
    return mayShare && length <= SHORT_BYTES ? this.#short(length) : bytes.slice(0, length);
  }

  /** As `take`, in as many parts as it takes to copy no long byte string. */
  takeInto(parts: Uint8Array[], mayShare = false): void {
    if (this.#borrowed.isEmpty) return void parts.push(this.take(mayShare));
    this.#borrowed.takeInto(parts, this.#bytes, this.#at);
    this.#at = 0;
    this.#start = 0;
    if (this.#bytes.length > GIVEAWAY_BYTES) this.#renew(CAPACITY_BYTES);
  }

  /**
   * Writes any value. `depth`: how many lists, records and structs are open around it.
   * @throws Encode when the value has no form in Syrup
   * @throws Limit when the frame would hold more bytes, values or depth than a peer would read
   */
  value(value: unknown, references: References | undefined, depth = 0): void {
    if (this.#values >= this.#limits.values) this.#refuseValues();
    if (this.#frameBytes > this.#limits.recordBytes) this.#refuseBytes();
    switch (typeof value) {
      case 'string':
        return this.text(value);
      case 'number':
        return this.#number(value, references, depth);
      case 'boolean':
        return this.boolean(value);
      case 'object':
        return value === null
          ? this.#null(references, depth)
          : this.#object(value, references, depth);
      case 'undefined':
        return this.raw(VOID, 2);
      case 'bigint':
        return this.#bigint(value);
      case 'function':
        this.#refuseDepth(depth);
        if (references?.write(value, this, depth) === true) return;
        throw new Encode('syrup: cannot write a function');
      default:
        throw new Encode(`syrup: cannot write a ${typeof value}`);
    }
  }

  /** `t` or `f`. */
  boolean(value: boolean): void {
    this.#reserve(1);
    this.#values++;
    this.#bytes[this.#at++] = value ? 0x74 : 0x66;
  }

  /** A safe integer. */
  integer(value: number): void {
    this.#reserve(24);
    this.#values++;
    this.#digits(value < 0 ? -value : value);
    this.#bytes[this.#at++] = value < 0 ? 0x2d : 0x2b;
  }

  /** @throws Encode for a lone surrogate */
  text(value: string): void {
    this.#atom(value, 0x22);
  }

  /** @throws Encode for a lone surrogate */
  symbol(name: string): void {
    this.#atom(name, 0x27);
  }

  /** A byte string. A long one is not copied (borrowed.ts): it must not be changed any more. */
  octets(value: Uint8Array): void {
    const { length } = value;
    if (length > this.#limits.recordBytes) this.#refuseBytes();
    const isBorrowed = this.#mayBorrow && Borrowed.isWorth(value);
    this.#reserve((isBorrowed ? 0 : length) + 24);
    this.#values++;
    this.#digits(length);
    this.#bytes[this.#at++] = 0x3a;
    if (isBorrowed) return this.#borrowed.add(this.#at, value);
    this.#bytes.set(value, this.#at);
    this.#at += length;
  }

  /** Copies bytes that are Syrup already, and count as so many values. */
  raw(bytes: Uint8Array, valueCount = 1): void {
    const { length } = bytes;
    if (length > this.#limits.recordBytes) this.#refuseBytes();
    this.#reserve(length);
    this.#values += valueCount;
    if (length > LOOP_BYTES) {
      this.#bytes.set(bytes, this.#at);
      this.#at += length;
      return;
    }
    const target = this.#bytes;
    let at = this.#at;
    for (let i = 0; i < length; i++) target[at++] = bytes[i] ?? 0;
    this.#at = at;
  }

  /** Opens a record; its fields follow, then `closeRecord`. */
  openRecord(label: Sym): void {
    this.#open(0x3c);
    this.symbol(label.name);
  }
  /** Ends what `openRecord` began. */
  closeRecord(): void {
    this.#close(0x3e);
  }
  /** Opens a list; its items follow, then `closeList`. */
  openList(): void {
    this.#open(0x5b);
  }
  /** Ends what `openList` began. */
  closeList(): void {
    this.#close(0x5d);
  }

  #null(references: References | undefined, depth: number): void {
    if (references?.spell?.(null, this, depth) !== true) this.raw(NULL, 2);
  }
  #number(value: number, references: References | undefined, depth: number): void {
    if (Number.isSafeInteger(value) && !Object.is(value, -0)) this.integer(value);
    else if (value !== 0 || references?.spell?.(value, this, depth) !== true) this.#double(value);
  }

  #bigint(value: bigint): void {
    const digits = (value < 0n ? -value : value).toString();
    if (digits.length > this.#limits.integerDigits) {
      throw new Limit(
        `syrup: cannot write an integer of ${digits.length} digits, ` +
          `the limit is ${this.#limits.integerDigits}`,
      );
    }
    this.#reserve(digits.length + 1);
    this.#values++;
    this.#ascii(digits);
    this.#bytes[this.#at++] = value < 0n ? 0x2d : 0x2b;
  }

  /** Every NaN is written as the one that OCapN calls canonical; -0 stays itself. */
  #double(value: number): void {
    this.#reserve(9);
    this.#values++;
    this.#bytes[this.#at++] = 0x44;
    if (Number.isNaN(value)) {
      this.#view.setUint32(this.#at, 0x7ff80000);
      this.#view.setUint32(this.#at + 4, 0);
    } else this.#view.setFloat64(this.#at, value);
    this.#at += 8;
  }

  /**
   * The commonest kinds come first; a reference is asked for before its shape could be taken for a
   * struct.
   */
  #object(value: object, references: References | undefined, depth: number): void {
    if (value instanceof Sym) return this.symbol(value.name);
    if (value instanceof Uint8Array) return this.octets(value);
    if (value instanceof Double) return this.#double(value.value);
    if (value instanceof Raw) return this.raw(value.bytes);
    this.#refuseDepth(depth);
    if (Array.isArray(value)) {
      this.openList();
      this.#items(value, references, depth + 1);
      return this.closeList();
    }
    if (references?.write(value, this, depth) === true) return;
    if (isStruct(value)) return this.#struct(value, references, depth + 1);
    if (references?.spell?.(value, this, depth) === true) return;
    if (value instanceof SyrupRecord) return this.#record(value, references, depth);
    if (value instanceof Dictionary) return this.#dictionary(value, references, depth + 1);
    if (value instanceof SyrupSet) return this.#set(value, references, depth + 1);
    throw new Encode(`syrup: cannot write ${describe(value)}`);
  }

  #items(items: readonly unknown[], references: References | undefined, depth: number): void {
    for (let i = 0; i < items.length; i++) this.value(items[i], references, depth);
  }

  #record(record: SyrupRecord, references: References | undefined, depth: number): void {
    const { came, label, fields } = record;
    if (came !== undefined && depth <= came.depth) return this.raw(came.bytes, came.valueCount);
    this.#open(0x3c);
    this.value(label, references, depth + 1);
    this.#items(fields, references, depth + 1);
    this.closeRecord();
  }

  #struct(
    struct: Record<string, unknown>,
    references: References | undefined,
    depth: number,
  ): void {
    this.#open(0x7b);
    const keys = Object.keys(struct);
    if (keys.length > 0) {
      const { sorted } = this.#plans.plan(keys, references?.sortsByText);
      for (let i = 0; i < sorted.length; i++) {
        const key = sorted[i];
        if (key === undefined) break;
        this.raw(key.encoded);
        this.value(struct[key.name], references, depth);
      }
    }
    this.#close(0x7d);
  }

  #dictionary(it: Dictionary, references: References | undefined, depth: number): void {
    const pairs = it.entries.map(([key, value]) => ({
      key: this.#aside(key, references, depth),
      value,
    }));
    pairs.sort((a, b) => compareBytes(a.key, b.key));
    this.#open(0x7b);
    for (const { key, value } of pairs) {
      this.raw(key);
      this.value(value, references, depth);
    }
    this.#close(0x7d);
  }

  #set(set: SyrupSet, references: References | undefined, depth: number): void {
    const items = set.items.map((item) => this.#aside(item, references, depth));
    items.sort(compareBytes);
    this.#open(0x23);
    for (const item of items) this.raw(item, 0);
    this.#close(0x24);
  }

  /** The encoding of a value, taken out of the buffer again: for what must be sorted first. */
  #aside(value: unknown, references: References | undefined, depth: number): Uint8Array {
    const from = this.#at;
    const mayBorrow = this.#mayBorrow;
    this.#mayBorrow = false;
    this.value(value, references, depth);
    this.#mayBorrow = mayBorrow;
    const encoded = this.#bytes.slice(from, this.#at);
    this.#at = from;
    return encoded;
  }

  #open(byte: number): void {
    this.#reserve(1);
    this.#values++;
    this.#bytes[this.#at++] = byte;
  }

  #close(byte: number): void {
    this.#reserve(1);
    this.#bytes[this.#at++] = byte;
  }

  #atom(text: string, mark: number): void {
    const { length } = text;
    if (length > this.#limits.recordBytes) this.#refuseBytes();
    this.#reserve(length + 24);
    this.#values++;
    const start = this.#at;
    this.#digits(length);
    const bytes = this.#bytes;
    let at = this.#at;
    bytes[at++] = mark;
    if (length <= LOOP_BYTES) {
      let i = 0;
      for (; i < length; i++) {
        const unit = text.charCodeAt(i);
        if (unit > 127) break;
        bytes[at++] = unit;
      }
      if (i === length) {
        this.#at = at;
        return;
      }
    }
    this.#at = start;
    this.#unicode(text, mark);
  }

  /**
   * Guesses that the text is ASCII, encodes in place, and moves the bytes only when the guess was
   * wrong.
   */
  #unicode(text: string, mark: number): void {
    const { length } = text;
    this.#reserve(length * 3 + 24);
    const start = this.#at;
    this.#digits(length);
    this.#bytes[this.#at++] = mark;
    const body = this.#at;
    const written = encodeUtf8Into(text, this.#bytes, body);
    if (written !== length) {
      refuseLoneSurrogates(text);
      const gap = String(written).length - String(length).length;
      if (gap > 0) this.#bytes.copyWithin(body + gap, body, body + written);
      this.#at = start;
      this.#digits(written);
      this.#bytes[this.#at++] = mark;
    }
    this.#at += written;
  }

  /** Decimal digits of a safe integer from 0; the caller has reserved 20 bytes. */
  #digits(value: number): void {
    if (value < 1e9) {
      let width = 1;
      for (let power = 10; value >= power; power *= 10) width++;
      return this.#padded(value | 0, width);
    }
    const high = Math.floor(value / 1e9);
    this.#digits(high);
    this.#padded((value - high * 1e9) | 0, 9);
  }

  #padded(value: number, width: number): void {
    const bytes = this.#bytes;
    const start = this.#at;
    let rest = value;
    for (let at = start + width - 1; at >= start; at--) {
      const quotient = (rest / 10) | 0;
      bytes[at] = 0x30 + rest - quotient * 10;
      rest = quotient;
    }
    this.#at = start + width;
  }

  #ascii(text: string): void {
    for (let i = 0; i < text.length; i++) this.#bytes[this.#at++] = text.charCodeAt(i);
  }

  get #frameBytes(): number {
    return this.#at - this.#start + this.#borrowed.frameBytes;
  }
  #short(length: number): Uint8Array {
    if (this.#slabAt + length > this.#slab.length) {
      this.#slab = new Uint8Array(SLAB_BYTES);
      this.#slabAt = 0;
    }
    const view = this.#slab.subarray(this.#slabAt, this.#slabAt + length);
    this.#slabAt += length;
    if (length > LOOP_BYTES) view.set(this.#bytes.subarray(0, length));
    else for (let i = 0; i < length; i++) view[i] = this.#bytes[i] ?? 0;
    return view;
  }

  #reserve(more: number): void {
    if (this.#at + more > this.#bytes.length) this.#grow(this.#at + more);
  }

  #grow(needed: number): void {
    const old = this.#bytes;
    this.#renew(Math.max(old.length * 2, needed + SLACK_BYTES));
    this.#bytes.set(old.subarray(0, this.#at));
  }

  #renew(capacity: number): void {
    this.#bytes = new Uint8Array(capacity);
    this.#view = new DataView(this.#bytes.buffer);
  }

  #refuseDepth(depth: number): void {
    if (depth < this.#limits.depth) return;
    throw new Limit(`syrup: cannot write what is nested deeper than ${this.#limits.depth}`);
  }

  #refuseBytes(): never {
    throw new Limit(`syrup: cannot write a record over ${this.#limits.recordBytes} bytes`);
  }

  #refuseValues(): never {
    throw new Limit(`syrup: cannot write a record of over ${this.#limits.values} values`);
  }
}

const NO_BYTES = new Uint8Array(0);
const VOID = new Uint8Array([0x3c, 0x34, 0x27, 0x76, 0x6f, 0x69, 0x64, 0x3e]);
const NULL = new Uint8Array([0x3c, 0x34, 0x27, 0x6e, 0x75, 0x6c, 0x6c, 0x3e]);

/**
 * One value as canonical Syrup, in an array of its own: for what is signed, hashed or stored.
 * @throws Encode, Limit
 */
export const encode = (value: unknown): Uint8Array => {
  const out = new Writer(LIMITS, 512);
  out.begin();
  out.value(value, undefined);
  out.end();
  return out.take();
};
