/** Making a database that does not count yet: nobody reads it before its mark names it. */
import { Cbor } from './cbor.ts';
import { limits } from './limits.ts';
import type { Changes } from './record.ts';
import { emptySeal, sealKey, sealValue, Tally, type Seal } from './seal.ts';
import { Misfit } from './shape.ts';
import type { Shelf } from './shelf.ts';

/** Values by key, in any order, no key twice, without a seal. */
export type Values =
  Iterable<readonly [string, Uint8Array]> | AsyncIterable<readonly [string, Uint8Array]>;

/** Values of one write. */
const batchCount = 1_000;

/**
 * Fills an empty database and seals it; all of it is durable once this settles.
 * @throws DiskFailed, Misfit, and what `values` throws
 */
export const fill = async (
  shelf: Shelf,
  values: Values,
  epoch: Pick<Seal, 'epoch' | 'restored'>,
): Promise<Seal> => {
  const cbor = new Cbor();
  const tally = new Tally(emptySeal(1, 0));
  let changes: Changes = new Map();
  for await (const [key, value] of values) {
    tally.change(undefined, value);
    if (tally.total().count > limits.recordCount)
      throw new Misfit(`there are more than ${limits.recordCount} records`);
    changes.set(key, value);
    if (changes.size < batchCount) continue;
    await shelf.write(changes);
    changes = new Map();
  }
  const seal = { ...epoch, ...tally.total() };
  await shelf.write(changes.set(sealKey, sealValue(seal, cbor)));
  return seal;
};
