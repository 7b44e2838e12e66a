/** What a slot takes of those who bring releases: what it trusts, for its platform, and who else has signed it. */
import type { Turn } from '@bellwether/actors';
import { releaseLimits } from '../release/limits.ts';
import type { Digest, Signature } from '../release/types.ts';
import { checkPlatform, judge } from './policy.ts';
import { broughtBytes } from './quota.ts';
import { checkBytes } from './room.ts';
import { releaseIn } from './record.ts';
import { move, type Held } from './state.ts';
import type { Taker } from './transfer.ts';

/** A slot as one who takes releases. */
export const takerOf = (held: Held): Taker => {
  const { clock, depot, offers, looking, platform } = held;
  return {
    name: `slot ${held.name}`,
    clock,
    depot,
    offers,
    looking,
    mostBytes: broughtBytes(held.rules.get().mostBytes),
    admit: (turn, release, signatures) => {
      judge(held, held.rules.get().trust, release, signatures);
      if (releaseIn(held.record.get(), release) === undefined) return false;
      vouch(held, turn, release, signatures);
      return !held.unsound.has(release);
    },
    accept: (_turn, release, manifest) => {
      checkPlatform(platform, manifest.platform, release);
      const isKept = releaseIn(held.record.get(), release) !== undefined;
      if (!isKept) checkBytes(held, manifest.byteCount);
    },
  };
};

/**
 * Somebody else may have signed what is there already. What counts is added, so that nobody can take away who has
 * signed it, or have the record written again and again.
 */
const vouch = (held: Held, turn: Turn, release: Digest, signatures: readonly Signature[]): void => {
  const { releases } = held.record.get();
  const known = releaseIn({ releases }, release);
  if (known === undefined) return;
  const { keys } = held.rules.get().trust;
  const counts = ({ key }: Signature): boolean => keys.includes(key);
  const before = new Set(known.signatures.map(({ key }) => key));
  const fresh = signatures.filter((each) => counts(each) && !before.has(each.key));
  const others = known.signatures.filter((each) => !counts(each));
  const all = [...known.signatures.filter(counts), ...fresh, ...others];
  const kept = all.slice(0, releaseLimits.signatureCount);
  if (kept.every(({ key }) => before.has(key))) return;
  const signed = releases.map((each) => (each === known ? { ...each, signatures: kept } : each));
  move(held, turn, { releases: signed });
};
