/** Who asks where no reference of anybody else does, and whether they still may. */
import type { ActorError, Turn } from '@bellwether/actors';
import type { Host } from './host.ts';
import { localRoot, type Principal } from '../words/principal.ts';
import type { AskerLink } from '../words/types.ts';

/** How the ids of grants begin: their holders ask as long as the grant holds. */
const grantPrefix = 'g-';

/** A reference that was minted: the hash of its swissnum. */
const isMinted = (asker: string): boolean => /^[0-9a-f]{64}$/.test(asker);

/** Why nothing of this asker is to begin any more; undefined while it may. */
export const endOf = ({ grants }: Host, turn: Turn, asker: string): ActorError | undefined =>
  grants !== undefined && (asker.startsWith(grantPrefix) || isMinted(asker))
    ? turn.call(grants, 'judge', asker, {})
    : undefined;
/** What stands behind an asker, its origin first; empty where that is nothing but itself. */
export const chainOf = ({ grants }: Host, turn: Turn, asker: string): readonly AskerLink[] =>
  grants !== undefined && asker.startsWith(grantPrefix) ? turn.call(grants, 'chain', asker) : [];
/**
 * Who answers for what an asker does: the grant that the owner gave, or the minted reference, that it comes from. Of
 * grants that are forgotten nobody knows that any more: they are one together.
 */
export const originOf = (
  { grants }: Pick<Host, 'grants'>,
  turn: Turn,
  asker: Principal,
): string => {
  // As the grant book calls it: the origin of what was made out of it.
  if (isMinted(asker)) return `m-${asker.slice(0, 12)}`;
  if (grants === undefined || !asker.startsWith(grantPrefix)) return asker;
  return originIn(turn.call(grants, 'chain', asker)) ?? grantPrefix;
};
/** The same as a chain tells it, its top first; undefined for an empty one. */
export const originIn = ([top]: readonly AskerLink[]): string | undefined =>
  top?.issuer === localRoot ? top.grant : top?.issuer;
