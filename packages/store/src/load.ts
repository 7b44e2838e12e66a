/** Reading a whole database: every record proves itself, all of them together match the seal. */
import { messageOf } from '@bellwether/actors';
import type { Cbor } from './cbor.ts';
import { DamagedState, NewerState, wayOut } from './errors.ts';
import { kinds, type StoreRecord } from './kinds.ts';
import { limits } from './limits.ts';
import { provedKind, recordOf } from './record.ts';
import { readSeal, sealKey, Tally, type Seal } from './seal.ts';
import { Misfit } from './shape.ts';
import type { Shelf } from './shelf.ts';

/** What was found. */
export interface Loaded {
  readonly seal: Seal;
  /** By key, in the order of keys: the values of those kinds that a start needs whole, as `keptOf` has them. */
  readonly held: Map<string, string>;
}

/**
 * Reads everything; memory is bounded by what is held. Of the other kinds the shape is looked at when one is read.
 * @throws DamagedState, NewerState, DiskFailed
 */
export const load = async (shelf: Shelf, cbor: Cbor, state: string): Promise<Loaded> => {
  let seal: Seal | undefined;
  const tally = new Tally({ count: 0, sum: new Uint8Array(16) });
  const held = new Map<string, string>();
  let at = '';
  try {
    for await (const [key, value] of shelf.read('')) {
      at = key;
      if (key === sealKey) {
        seal = readSeal(value, cbor);
        continue;
      }
      const kind = provedKind(key, value);
      tally.change(undefined, value);
      if (tally.total().count > limits.recordCount)
        throw new Misfit(`there are more than ${limits.recordCount} records`);
      if (!kinds[kind].isHeld) continue;
      recordOf(key, value, cbor);
      held.set(key, keptOf(value));
    }
    at = sealKey;
    if (seal === undefined) throw new Misfit('it is missing');
    if (!tally.matches(seal))
      throw new Misfit(`${seal.count} records were sealed, ${tally.total().count} others are here`);
    return { seal, held };
  } catch (error) {
    throw error instanceof Misfit ? damaged(state, at, error) : error;
  }
};

/** A value for as long as the daemon lives: as text, a character for each byte, it takes a third of the memory. */
export const keptOf = ({ buffer, byteOffset, byteLength }: Uint8Array): string =>
  Buffer.from(buffer, byteOffset, byteLength).toString('latin1');
/** The bytes of what `keptOf` has made; they belong to the caller. */
export const bytesOf = (kept: string): Uint8Array => Buffer.from(kept, 'latin1');

const damaged = (state: string, key: string, error: Misfit): DamagedState =>
  new DamagedState(
    `state: the records in ${state} are damaged: ${key.slice(0, 64)}: ${error.message}. ${wayOut(state)}`,
    { cause: error },
  );

/** What a record is, where it can be read at all: for what is done with a damaged database. */
export const readable = (key: string, value: Uint8Array, cbor: Cbor): StoreRecord | undefined => {
  try {
    return recordOf(key, value, cbor);
  } catch (error) {
    if (error instanceof NewerState) throw error;
    if (error instanceof Misfit) return undefined;
    throw new DamagedState(`state: ${key.slice(0, 64)}: ${messageOf(error)}`, { cause: error });
  }
};
