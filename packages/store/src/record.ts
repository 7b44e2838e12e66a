/**
 * Records as they lie on the disk.
 *
 *     key      kind/part/part/                 `/` and `%` in a part are escaped
 *     value    digest (16 bytes), then CBOR of [version, record without its kind]
 *     digest   the first half of SHA-256 over the key, a zero and the CBOR
 *
 * LevelDB checks its own files by CRC only where it rewrites them, so every value proves itself; that it stands under
 * the key that it was written for is part of the proof.
 */
import { createHash } from 'node:crypto';
import { Cbor } from './cbor.ts';
import { NewerState } from './errors.ts';
import { erased, kindOf, kinds, type Kind, type KindName, type StoreRecord } from './kinds.ts';
import { limits } from './limits.ts';
import { Misfit } from './shape.ts';

/** Bytes of a digest. */
export const digestBytes = 16;
/** Values by key; undefined: none shall be there. */
export type Changes = Map<string, Uint8Array | undefined>;

/**
 * Where a record lies; with fewer parts, what all keys of such records begin with.
 * @throws Misfit for one that is too long
 */
export const keyOf = (kind: string, parts: readonly string[]): string => {
  // Joined at once it is flat, which it stays for as long as there is a record: there are some for each service.
  const key = [kind, ...parts.map(escaped), ''].join('/');
  if (key.length > limits.keyCharacters)
    throw new Misfit(`a key of ${key.length} characters, at most ${limits.keyCharacters} are kept`);
  return key;
};
const escaped = (part: string): string => part.replaceAll('%', '%25').replaceAll('/', '%2F');

/** The kind of the record that lies under a key. */
export const kindOfKey = (key: string): string => {
  const end = key.indexOf('/');
  return end < 0 ? key : key.slice(0, end);
};

/** The changes that entries mean, the last one of a key, and whether one of them takes something away from somebody. */
export class Batch {
  readonly changes: Changes = new Map();
  takesAway = false;
  readonly #cbor: Cbor;

  constructor(cbor: Cbor) {
    this.#cbor = cbor;
  }

  /**
   * Adds what one entry means. @throws TypeError for a kind that is not known: what is dropped in silence would count
   * as durable. Misfit for one that has not the shape of its kind, and for one too many
   */
  add(entry: unknown): void {
    const { kind, ...body } = entry as { readonly kind?: unknown };
    const rules = typeof kind === 'string' ? kindOf(kind) : undefined;
    if (rules !== undefined && typeof kind === 'string') {
      const record = rules.read(body, kind);
      const key = keyOf(kind, rules.partsOf(record));
      this.changes.set(key, sealed(key, this.#cbor.encode([rules.version, inOrder(record)])));
      this.takesAway ||= rules.takesAway(record);
    } else {
      const keys = erased(entry as { readonly kind?: unknown });
      if (keys === undefined) throw new TypeError(`records: no such kind: ${String(kind)}`);
      for (const [each, parts] of keys) this.changes.set(keyOf(each, parts), undefined);
    }
    const { size } = this.changes;
    if (size > limits.changeCount)
      throw new Misfit(`${size} changes in one commit, at most ${limits.changeCount}`);
  }
}

/** The changes of a whole batch at once. @throws as `Batch.add` */
export const changesOf = (entries: readonly unknown[], cbor: Cbor): Batch => {
  const batch = new Batch(cbor);
  for (const entry of entries) batch.add(entry);
  return batch;
};

/**
 * Whether a store would take these entries: for stand-ins of one that keep entries as they are.
 * @throws as `Batch.add`
 */
export const checkEntries = (entries: readonly unknown[]): void => {
  changesOf(entries, new Cbor());
};

/** The same record is the same bytes, whoever made it. */
const inOrder = (value: unknown): unknown => {
  if (Array.isArray(value)) return value.map(inOrder);
  if (typeof value !== 'object' || value === null || value instanceof Uint8Array) return value;
  const source = value as Readonly<Record<string, unknown>>;
  const made: Record<string, unknown> = {};
  for (const key of Object.keys(source).sort()) {
    if (key !== '__proto__') made[key] = inOrder(source[key]);
    else Object.defineProperty(made, key, { value: inOrder(source[key]), enumerable: true });
  }
  return made;
};

/** A value with its digest before it. */
export const sealed = (key: string, payload: Uint8Array): Uint8Array => {
  const value = new Uint8Array(digestBytes + payload.length);
  value.set(digestOf(key, payload));
  value.set(payload, digestBytes);
  return value;
};

const digestOf = (key: string, payload: Uint8Array): Uint8Array =>
  createHash('sha256').update(`${key}\0`).update(payload).digest().subarray(0, digestBytes);

/** What stands behind the digest. @throws Misfit where the value is not what was written under this key */
export const opened = (key: string, value: Uint8Array): Uint8Array => {
  if (value.length <= digestBytes) throw new Misfit('the value is too short');
  if (value.length > limits.valueBytes + digestBytes) throw new Misfit('the value is too long');
  const payload = value.subarray(digestBytes);
  const wanted = digestOf(key, payload);
  if (wanted.some((byte, at) => byte !== value[at])) throw new Misfit('its digest is another');
  return payload;
};

/**
 * The kind of a value that proves to be a record of a version that is known here, without a look at the record.
 * @throws Misfit for what was not written under this key, NewerState for what a newer version of this code wrote
 */
export const provedKind = (key: string, value: Uint8Array): KindName => {
  // Told apart from damage only after its digest has proved that somebody wrote it so.
  const [head, version = 0] = opened(key, value);
  const word = kindOfKey(key);
  const rules = kindOf(word);
  if (rules === undefined) throw newer(key, `records of the kind '${word.slice(0, 64)}'`);
  // A list of two, the first of which is a number below 24.
  if (head !== 0x82 || version > 23) throw new Misfit('it is no record');
  if (version > rules.version) throw newer(key, `version ${version} of '${word}'`);
  if (version !== rules.version) throw new Misfit(`its version is ${version}`);
  return word as KindName;
};

/** The record of a value. @throws Misfit for what was not written by this code, NewerState as provedKind */
export const recordOf = (key: string, value: Uint8Array, cbor: Cbor): StoreRecord => {
  const kind = provedKind(key, value);
  const rules = kinds[kind] as Kind<unknown>;
  const [, body] = cbor.decode(value.subarray(digestBytes)) as readonly unknown[];
  const record = rules.read(body, kind);
  if (keyOf(kind, rules.partsOf(record)) !== key) throw new Misfit('it belongs under another key');
  return { kind, ...(record as object) } as StoreRecord;
};

const newer = (key: string, what: string): NewerState =>
  new NewerState(
    `state: ${key.slice(0, 64)}: ${what} are not known here: these records were written by a newer version of ` +
      'Bellwether, so run that one. Nothing was changed.',
  );
