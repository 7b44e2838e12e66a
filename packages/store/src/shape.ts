/**
 * Readers: each takes a value of any shape and gives it back as what it is, or throws a Misfit that says where and
 * what. The same readers stand before a value is written and after it was read.
 */
import { limits } from './limits.ts';

/** A value has not the shape that was asked for. `message` begins with the path. */
export class Misfit extends Error {}
/** Reads one value; `path` is where it stands, for the message. */
export type Reader<T> = (value: unknown, path: string) => T;
/** What JSON can say, with bytes: no class, no cycle, no function. */
export type Plain =
  | null
  | boolean
  | number
  | string
  | Uint8Array
  | readonly Plain[]
  | { readonly [name: string]: Plain };

const misfit = (path: string, wanted: string, value: unknown): Misfit => {
  const found = value === null ? 'null' : Array.isArray(value) ? 'a list' : `a ${typeof value}`;
  return new Misfit(`${path}: expected ${wanted}, found ${found}`);
};

/** Text up to a length, of whole characters: half of a surrogate pair would not come back from the disk. */
export const text =
  (maxCharacters: number = limits.textCharacters): Reader<string> =>
  (value, path) => {
    if (typeof value !== 'string') throw misfit(path, 'text', value);
    if (value.length > maxCharacters)
      throw new Misfit(`${path}: ${value.length} characters, at most ${maxCharacters} are kept`);
    if (/\p{Surrogate}/u.test(value)) throw new Misfit(`${path}: is no well-formed text`);
    return value;
  };
/** A name: text of at most `limits.nameCharacters`. */
export const name = text(limits.nameCharacters);
/** A whole number within bounds, both of them included. */
export const whole =
  (least: number, most: number = Number.MAX_SAFE_INTEGER): Reader<number> =>
  (value, path) => {
    if (!Number.isSafeInteger(value)) throw misfit(path, 'a whole number', value);
    const number = value as number;
    if (number < least || number > most)
      throw new Misfit(`${path}: ${number} is not within ${least} and ${most}`);
    return number;
  };
/** True or false. */
export const flag: Reader<boolean> = (value, path) => {
  if (typeof value !== 'boolean') throw misfit(path, 'true or false', value);
  return value;
};
/** One of some words or numbers. */
export const oneOf =
  <const T extends string | number | boolean>(...words: readonly T[]): Reader<T> =>
  (value, path) => {
    const found = words.find((word) => word === value);
    if (found === undefined) throw misfit(path, words.join(' or '), value);
    return found;
  };
/** A list whose items have one shape. */
export const list =
  <T>(item: Reader<T>, maxCount: number = limits.listCount): Reader<readonly T[]> =>
  (value, path) => {
    if (!Array.isArray(value)) throw misfit(path, 'a list', value);
    if (value.length > maxCount)
      throw new Misfit(`${path}: ${value.length} items, at most ${maxCount} are kept`);
    return value.map((each, at) => item(each, `${path}[${at}]`));
  };
/** Bytes, so many of them. */
export const bytes =
  (byteCount: number): Reader<Uint8Array> =>
  (value, path) => {
    if (!(value instanceof Uint8Array)) throw misfit(path, 'bytes', value);
    if (value.length !== byteCount)
      throw new Misfit(`${path}: ${value.length} bytes, expected ${byteCount}`);
    return new Uint8Array(value);
  };
/** Bytes, at most so many of them. They stay whoever's they are. */
export const bytesUpTo =
  (maxCount: number): Reader<Uint8Array> =>
  (value, path) => {
    if (!(value instanceof Uint8Array)) throw misfit(path, 'bytes', value);
    if (value.length > maxCount)
      throw new Misfit(`${path}: ${value.length} bytes, at most ${maxCount} are kept`);
    return value;
  };

/** Members that are always there, and such that may be absent. */
type Members = Readonly<Record<string, Reader<unknown>>>;
type Read<M extends Members> = { readonly [K in keyof M]: ReturnType<M[K]> };
/**
 * An object of these members and no others: one that is not known would be lost at the next write, and it belongs to
 * a version that this is not.
 */
export const object = <M extends Members, O extends Members = Record<never, never>>(
  members: M,
  optional?: O,
): Reader<Read<M> & Partial<Read<O>>> => {
  const always = Object.entries(members);
  return (value, path) => {
    if (typeof value !== 'object' || value === null || Array.isArray(value))
      throw misfit(path, 'an object', value);
    const source = value as Readonly<Record<string, unknown>>;
    const read: Record<string, unknown> = {};
    for (const [key, reader] of always) {
      if (!Object.hasOwn(source, key)) throw new Misfit(`${path}.${key}: is missing`);
      read[key] = reader(source[key], `${path}.${key}`);
    }
    for (const key of Object.keys(source)) {
      if (Object.hasOwn(members, key)) continue;
      if (optional === undefined || !Object.hasOwn(optional, key))
        throw new Misfit(`${path}: has a member '${key.slice(0, 64)}', which is not known`);
      if (source[key] !== undefined) read[key] = optional[key]?.(source[key], `${path}.${key}`);
    }
    return read as Read<M> & Partial<Read<O>>;
  };
};

/** Plain data up to a depth. What it means is its reader's affair. */
export const plain: Reader<Plain> = (value, path) => plainWithin(value, path, limits.depth - 4);

const plainWithin = (value: unknown, path: string, depth: number): Plain => {
  if (value === null || typeof value === 'boolean') return value;
  if (typeof value === 'string') return text()(value, path);
  if (typeof value === 'number') {
    if (!Number.isFinite(value)) throw misfit(path, 'a finite number', value);
    return value;
  }
  if (typeof value !== 'object') throw misfit(path, 'plain data', value);
  if (depth === 0) throw new Misfit(`${path}: is nested too deep`);
  if (value instanceof Uint8Array) return new Uint8Array(value);
  if (Array.isArray(value))
    return value.map((each, at) => plainWithin(each, `${path}[${at}]`, depth - 1));
  const prototype: unknown = Object.getPrototypeOf(value);
  if (prototype !== Object.prototype && prototype !== null) throw misfit(path, 'plain data', value);
  return Object.fromEntries(
    Object.entries(value)
      .filter(([, each]) => each !== undefined)
      .map(([key, each]) => [
        text(limits.nameCharacters)(key, path),
        plainWithin(each, `${path}.${key}`, depth - 1),
      ]),
  );
};
