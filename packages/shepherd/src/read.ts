/**
 * Reading plain data of unknown shape: types, sizes and words are checked field by field. Fields
 * that no shape names are left out, so that a newer peer may say more.
 */
import { BadRequest, Malformed } from './errors.ts';
import { limits } from './limits.ts';
import { cutText } from './text.ts';

/**
 * Turns a value of unknown shape into a T; `what` names it in messages, a part of something by its place in that alone.
 * @throws Malformed
 */
export type Read<T> = (value: unknown, what: string) => T;

/** The same of what somebody asks for: not to be read is a fault of his then. The result throws BadRequest. */
export const requested =
  <T>(read: Read<T>, what: string): ((value: unknown) => T) =>
  (value) => {
    try {
      return read(value, what);
    } catch (error) {
      throw error instanceof Malformed ? new BadRequest(error.message, { cause: error }) : error;
    }
  };

type OptionalKeys<T> = {
  [K in keyof T]-?: Record<never, never> extends Pick<T, K> ? K : never;
}[keyof T];
/** A reader for each field that a T has. */
export type Needed<T> = { readonly [K in Exclude<keyof T, OptionalKeys<T>>]: Read<T[K]> };
/** A reader for each field that a T may have; what is read as undefined is left out. */
export type Optional<T> = {
  readonly [K in OptionalKeys<T>]-?: Read<Exclude<T[K], undefined> | undefined>;
};

const fail = (what: string, expected: string, found: unknown): never => {
  const isTold = found === null || typeof found === 'number';
  const kind = isTold ? String(found) : Array.isArray(found) ? 'a list' : typeof found;
  throw new Malformed(`${what}: expected ${expected}, found ${kind}`);
};

/** The whole way to what is wrong is put together where something is: most values are well formed. */
const inside = (what: string, reason: unknown): unknown =>
  reason instanceof Malformed ? new Malformed(`${what}${reason.message}`) : reason;

interface Field {
  readonly key: string;
  readonly one: Read<unknown>;
  readonly place: string;
}
const fieldsOf = (readers: Readonly<Record<string, Read<unknown>>>): readonly Field[] =>
  Object.entries(readers).map(([key, one]) => ({ key, one, place: `.${key}` }));

/** An object, field by field; what it inherits does not count. */
export const struct = <T>(needed: Needed<T>, optional: Optional<T>): Read<T> => {
  const mustHave = fieldsOf(needed);
  const mayHave = fieldsOf(optional);
  return (value, what) => {
    const fields = readFields(value, what);
    const read: Record<string, unknown> = {};
    try {
      for (const { key, one, place } of mustHave) read[key] = one(own(fields, key), place);
      for (const { key, one, place } of mayHave) {
        const field = own(fields, key);
        const found = field === undefined ? undefined : one(field, place);
        if (found !== undefined) read[key] = found;
      }
    } catch (reason) {
      throw inside(what, reason);
    }
    return read as T;
  };
};
/** One field of an object, of unknown shape; undefined where it is not there. */
export const readField = (value: unknown, key: string, what: string): unknown =>
  own(readFields(value, what), key);

type Fields = Readonly<Record<string, unknown>>;
const readFields: Read<Fields> = (value, what) =>
  typeof value === 'object' && value !== null && !Array.isArray(value)
    ? (value as Fields)
    : fail(what, 'a struct', value);
const own = (fields: Fields, key: string): unknown => {
  const field = fields[key];
  // Most fields that may be there are not, and finding nothing is quicker than asking first.
  return field === undefined || Object.hasOwn(fields, key) ? field : undefined;
};

/** A list of one kind of thing, of at most `maxCount`. */
export const list =
  <T>(one: Read<T>, maxCount: number): Read<readonly T[]> =>
  (value, what) => {
    if (!Array.isArray(value)) return fail(what, 'a list', value);
    if (value.length > maxCount)
      throw new Malformed(`${what}: ${value.length} of at most ${maxCount}`);
    let reading = 0;
    try {
      return value.map((each: unknown, at) => {
        reading = at;
        return one(each, '');
      });
    } catch (reason) {
      throw inside(`${what}[${reading}]`, reason);
    }
  };
/** A list without the entries that a newer peer may add to it: those that are read as undefined. */
export const listOfKnown =
  <T>(one: Read<T | undefined>, maxCount: number): Read<readonly T[]> =>
  (value, what) =>
    list(one, maxCount)(value, what).filter((each) => each !== undefined);

/** What a test lets through; `expected` says what that is. */
export const readIf =
  <T>(isOne: (value: unknown) => value is T, expected: string): Read<T> =>
  (value, what) =>
    isOne(value) ? value : fail(what, expected, value);
/** The same of texts. */
export const textIf = (isOne: (text: string) => boolean, expected: string): Read<string> =>
  readIf((value): value is string => typeof value === 'string' && isOne(value), expected);
/** The same of numbers. */
export const numberIf = (isOne: (number: number) => boolean, expected: string): Read<number> =>
  readIf((value): value is number => typeof value === 'number' && isOne(value), expected);

/** One word of a table, or `other` for a word that is not in it: a newer peer may know more. */
export const wordOf =
  <T extends string, const O>(words: readonly T[], other: O): Read<T | O> =>
  (value, what) =>
    typeof value === 'string'
      ? (words.find((word) => word === value) ?? other)
      : fail(what, 'a word', value);

/** Text for people: cut where it is longer than `maxCharacters`. */
export const textOf =
  (maxCharacters: number): Read<string> =>
  (value, what) =>
    typeof value === 'string' ? cutText(value, maxCharacters) : fail(what, 'a string', value);
/** A name: refused where it is too long, since a cut name is another name. */
export const readName: Read<string> = textIf(
  ({ length }) => length > 0 && length <= limits.nameCharacters,
  `a name of 1 to ${limits.nameCharacters} characters`,
);
/** A number of things or of milliseconds, up to what a number counts exactly. */
export const readCount: Read<number> = numberIf(
  (value) => value >= 0 && value <= Number.MAX_SAFE_INTEGER,
  'a number from 0',
);
/** True or false. */
export const readBoolean: Read<boolean> = readIf(
  (value) => typeof value === 'boolean',
  'true or false',
);

/** What is said only where it is so: false is left out. */
export const readTrue: Read<true | undefined> = (value, what) =>
  readBoolean(value, what) || undefined;

/** A whole number between two others, inclusive. */
export const readFrom = (least: number, most: number): Read<number> =>
  numberIf(
    (value) => Number.isInteger(value) && value >= least && value <= most,
    `a whole number from ${least} to ${most}`,
  );
/** A whole number from 0 to `max`. */
export const readUpTo = (max: number): Read<number> => readFrom(0, max);

/** A place or another whole number, up to what a number counts exactly. */
export const readWhole: Read<number> = readUpTo(Number.MAX_SAFE_INTEGER);

/**
 * What a value takes, roughly, in characters. Plain data only; its depth is that of a known shape.
 */
export const weightOf = (value: unknown): number => {
  if (typeof value === 'string') return 16 + value.length;
  if (typeof value !== 'object' || value === null) return 16;
  let weight = 16;
  if (Array.isArray(value)) {
    for (const each of value as readonly unknown[]) weight += weightOf(each);
    return weight;
  }
  // Not by a list of the values: every step of every operation is weighed.
  for (const key in value)
    if (Object.hasOwn(value, key)) weight += weightOf((value as Fields)[key]);
  return weight;
};
