/**
 * What Syrup can say, as JavaScript values.
 *
 *     wire                     read as                        written from
 *     t f                      boolean                        boolean
 *     integer                  number when safe, or bigint    safe integral number, bigint
 *     double                   number                         every other number, Double
 *     string                   string                         string without lone surrogates
 *     bytes                    Uint8Array                     Uint8Array
 *     symbol                   Sym                            Sym
 *     list                     array                          array
 *     struct (string keys)     object without a prototype     plain object: own enumerable keys
 *     <void>                   undefined                      undefined
 *     <null>                   null                           null
 *     any other record         SyrupRecord                    SyrupRecord
 *     dictionary, other keys   Dictionary                     Dictionary
 *     set                      SyrupSet                       SyrupSet
 *
 * JavaScript has one type of numbers and Syrup two. An integral number travels as an integer as long
 * as it is safe; fractions, NaN, infinities, -0 and numbers beyond the safe range travel as doubles.
 * A double with an integral value is read as the plain number: whoever receives a measurement need
 * not care that it came as 20.0, and nobody here can tell 1.0 from 1.
 *
 * OCapN's own model ends at the records. Dictionaries with other keys and sets come from Goblins
 * programs: they are carried, so that one odd argument costs no session.
 */

/**
 * A symbol: a name that is not text, such as a method or a record's label. Compare by name, see
 * `isSym`. Frozen, for a reader hands the same one to all that receive it.
 */
export class Sym {
  /** Without any escape: the UTF-8 of this is what travels. */
  readonly name: string;
  constructor(name: string) {
    this.name = name;
    Object.freeze(this);
  }
}

/**
 * A record that this package gives no meaning to: carried with its label, and written back as it
 * came. Never changed, nor what it holds.
 */
export class SyrupRecord {
  /** A Sym in every OCapN record; Syrup would allow any value. */
  readonly label: unknown;
  readonly fields: readonly unknown[];
  /** Where it was read from a peer, and would be written otherwise than it came. */
  readonly came: Came | undefined;
  constructor(label: unknown, fields: readonly unknown[], came?: Came) {
    this.label = label;
    this.fields = fields;
    this.came = came;
  }
}
/**
 * A record as it was read: fields alone do not tell 20.0 from 20, nor in which order its keys stood,
 * and somebody may have signed that. There is no reference in it.
 */
export interface Came {
  /** The whole record. */
  readonly bytes: Uint8Array;
  readonly valueCount: number;
  /** What was open around it. Deeper it might be more than a peer reads, and is written anew. */
  readonly depth: number;
}

/**
 * A dictionary of which at least one key is no string. Order and duplicates are the sender's; of strings there are no
 * duplicates.
 */
export class Dictionary {
  readonly entries: readonly (readonly [key: unknown, value: unknown])[];
  constructor(entries: readonly (readonly [key: unknown, value: unknown])[]) {
    this.entries = entries;
  }
}

/** A set, in the order in which it was sent; written in canonical order. */
export class SyrupSet {
  readonly items: readonly unknown[];
  constructor(items: readonly unknown[]) {
    this.items = items;
  }
}

/**
 * Makes the writer send a double where a plain number would go as an integer: 1.0 to a peer that
 * tells it from 1.
 */
export class Double {
  readonly value: number;
  constructor(value: number) {
    this.value = value;
  }
}

/** One whole value that is Syrup already: what was signed travels as the bytes that were signed. */
export class Raw {
  readonly bytes: Uint8Array;
  constructor(bytes: Uint8Array) {
    this.bytes = bytes;
  }
}

/** Whether a value is the symbol of that name. */
export const isSym = (value: unknown, name: string): value is Sym =>
  value instanceof Sym && value.name === name;

/** Whether a value is a record with that symbol as its label. */
export const isRecord = (value: unknown, label: string): value is SyrupRecord =>
  value instanceof SyrupRecord && isSym(value.label, label);

/** Whether a value is written as a struct: an object literal, or one without a prototype. */
export const isStruct = (value: unknown): value is Record<string, unknown> => {
  if (typeof value !== 'object' || value === null) return false;
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === null || prototype === Object.prototype;
};

/**
 * The order of canonical Syrup: unsigned bytes, a prefix before what it begins.
 * @returns negative, zero or positive, as for `Array.sort`
 */
export const compareBytes = (a: Uint8Array, b: Uint8Array): number => {
  const shared = Math.min(a.length, b.length);
  for (let i = 0; i < shared; i++) {
    const difference = (a[i] ?? 0) - (b[i] ?? 0);
    if (difference !== 0) return difference;
  }
  return a.length - b.length;
};

/** All parts in one array; the only part itself. `byteCount`: of all. */
export const joined = (parts: readonly Uint8Array[], byteCount: number): Uint8Array => {
  const [first] = parts;
  if (first !== undefined && parts.length === 1) return first;
  const whole = new Uint8Array(byteCount);
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
};

/** What an object is, for an error. */
export const describe = (value: object): string => {
  const { constructor: maker } = value;
  return typeof maker === 'function' && maker.name !== ''
    ? `an object made by ${maker.name}`
    : 'an object that is neither list nor struct';
};
