/**
 * The seal: one value, written with every batch, that says what all others are. LevelDB drops what it cannot read of
 * its log and goes on; a database that lost a record so, or kept one too many, does not match its seal any more.
 *
 *     count    records
 *     sum      all their digests, by exclusive or: the order of writing does not matter, and a change costs what
 *              changed and no more
 *     epoch    see mark.ts
 *     restored the epoch in which this database was last put back from a backup or repaired; 0: never
 *
 * It finds accidents. Who can write to the state folder can also write a seal; the folder is the owner's alone.
 */
import type { Cbor } from './cbor.ts';
import { NewerState } from './errors.ts';
import { limits } from './limits.ts';
import { digestBytes, opened, sealed } from './record.ts';
import { bytes, Misfit, object, whole } from './shape.ts';

/** The key of the seal: before all kinds. */
export const sealKey = '!seal';
const version = 1;
const shape = object({
  count: whole(0, limits.recordCount),
  sum: bytes(digestBytes),
  epoch: whole(1),
  restored: whole(0),
});

/** What a seal says. */
export type Seal = ReturnType<typeof shape>;

/** The seal of a database that has no record yet. */
export const emptySeal = (epoch: number, restored: number): Seal => ({
  count: 0,
  sum: new Uint8Array(digestBytes),
  epoch,
  restored,
});

/** The value to be written. @throws Misfit where there are more records than are kept */
export const sealValue = (seal: Seal, cbor: Cbor): Uint8Array =>
  sealed(sealKey, cbor.encode([version, shape(seal, 'seal')]));

/** @throws Misfit, NewerState */
export const readSeal = (value: Uint8Array, cbor: Cbor): Seal => {
  const decoded = cbor.decode(opened(sealKey, value));
  if (!Array.isArray(decoded)) throw new Misfit('it is no seal');
  const [found, body] = decoded as readonly unknown[];
  if (typeof found === 'number' && found > version)
    throw new NewerState(
      `state: the database has format ${found}, and this version knows ${version}: run the newer Bellwether that ` +
        'wrote it. Nothing was changed.',
    );
  if (found !== version) throw new Misfit(`its version is ${String(found)}`);
  return shape(body, 'seal');
};

/** What a seal counts, while values come and go. */
export class Tally {
  #count: number;
  readonly #sum: Uint8Array;

  constructor({ count, sum }: Pick<Seal, 'count' | 'sum'>) {
    this.#count = count;
    this.#sum = sum.slice();
  }

  /** A value that was there goes, or one that was not comes; undefined: none. */
  change(old: Uint8Array | undefined, next: Uint8Array | undefined): void {
    this.#count += (next === undefined ? 0 : 1) - (old === undefined ? 0 : 1);
    for (const value of [old, next]) if (value !== undefined) this.#mix(value);
  }

  /** What it comes to; the bytes belong to the caller. */
  total(): Pick<Seal, 'count' | 'sum'> {
    return { count: this.#count, sum: this.#sum.slice() };
  }

  /** Whether a seal says the same. */
  matches({ count, sum }: Seal): boolean {
    return count === this.#count && this.#sum.every((byte, at) => byte === sum[at]);
  }

  #mix(value: Uint8Array): void {
    for (let at = 0; at < digestBytes; at += 1)
      this.#sum[at] = (this.#sum[at] ?? 0) ^ (value[at] ?? 0);
  }
}
