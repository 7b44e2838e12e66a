/**
 * In which order the releases of a slot came, since one that changes data for good bars the way back past it. That
 * holds when its tree is gone, and for one that was removed and is brought again: it is no newer for that.
 *
 *     one   two*  three  four        * changes data for good, and was run; a rollback from four to one goes past it
 *     one   two†  three  four        † its tree is gone; it bars the way as before
 *     one†  two*  three  four  one   brought again it has its old place: past two, too
 */
import { limits } from './limits.ts';
import type { Digest } from '../release/types.ts';
import type { Arrival, SlotRecord, SlotRelease } from './types.ts';

type Known = Pick<SlotRecord, 'releases' | 'arrivals'>;

/** Whether what was run has changed data for good. */
const hasMigrated = ({ dataMigration, verdict }: SlotRelease): boolean =>
  dataMigration === 'forward-only' && verdict !== undefined;

/**
 * The order with what is here now. Of those that are gone the newest are remembered, and of those among them that have
 * changed data all that bar the way to something: no more than there are others.
 */
export const arrivalsOf = ({ releases, arrivals = [] }: Known): readonly Arrival[] => {
  const here = new Map(releases.map((release) => [release.digest, release]));
  const known = new Set(arrivals.map(({ digest }) => digest));
  const fresh = releases.filter(({ digest }) => !known.has(digest));
  const all = [...arrivals, ...fresh.map(({ digest }): Arrival => ({ digest }))].map((each) => {
    const release = here.get(each.digest);
    return release !== undefined && hasMigrated(release)
      ? ({ digest: each.digest, hasMigrated: true } as const)
      : each;
  });
  return bounded(all, (digest) => here.has(digest));
};
const bounded = (
  all: readonly Arrival[],
  isHere: (digest: Digest) => boolean,
): readonly Arrival[] => {
  const plain = all.filter(({ digest, hasMigrated }) => !isHere(digest) && hasMigrated !== true);
  const surplus = new Set(plain.slice(0, Math.max(0, plain.length - limits.goneCount)));
  const kept = all.filter((each) => !surplus.has(each));
  // One that is gone and has another such behind it, and nothing between them, bars nothing that the other does not.
  return kept.filter(
    ({ digest, hasMigrated }, at) =>
      isHere(digest) || hasMigrated !== true || kept[at + 1]?.hasMigrated !== true,
  );
};

/** The release whose data a switch would go back behind; undefined where it goes back behind none. */
export const migrationBetween = (
  record: Known,
  target: Digest,
  from: Digest,
): Arrival | undefined => {
  const arrivals = arrivalsOf(record);
  const placeOf = (digest: Digest): number =>
    arrivals.findIndex((arrival) => arrival.digest === digest);
  const at = placeOf(target);
  if (at === -1) return undefined; // it was never here
  return arrivals.slice(at + 1, placeOf(from) + 1).find(({ hasMigrated }) => hasMigrated);
};
