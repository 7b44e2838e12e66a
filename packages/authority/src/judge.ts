/**
 * Whether a wish may pass a grant: a pure function of the grant, those that it was narrowed from, and the time. Each of
 * them is asked, although none allows more than the one before it: who made it was another version of this code, once.
 *
 *     standing    revoked, expired, unconfirmed     of any in the chain: the first one, from its origin on
 *     allows      action, arguments                 operations and what only looks
 *     used-up     an operation that is new          a repeat was counted already
 *     too-many    an operation, new or not          it costs as much as a new one
 */
import type { ActorError } from '@bellwether/actors';
import {
  Denied,
  Expired,
  Revocation,
  TooMany,
  Unconfirmed,
  unknownGrant,
  UsedUp,
} from './errors.ts';
import { allow, allowBeginning } from './globs.ts';
import { waitFor, type Spent } from './rate.ts';
import type { GrantRecord, RevocationEntry, UsesEntry, Wish } from './types.ts';

/** One grant of a chain, with all that hangs on it. */
export interface Link {
  readonly grant: GrantRecord;
  readonly revocation?: RevocationEntry;
  /** The id of the minted reference that it was made out of, where that one waits for the owner of the host. */
  readonly heldBack?: string;
  readonly uses?: UsesEntry;
  /** By its rate, in this life. */
  readonly spent?: Spent;
}
/** A grant and those that it was narrowed from, itself first; never empty. */
export type Chain = readonly [Link, ...Link[]];
/** When something is judged. */
export interface Moment {
  /** Milliseconds since 1970; never goes back. */
  readonly nowMs: number;
  /** By the monotonic clock, in milliseconds. */
  readonly ticksMs: number;
  /** The epoch of the store since which grants are believed. */
  readonly restored: number;
}

/** What to answer, or undefined: it may pass. `nameOf` tells who took a grant back. */
export const judge = (
  chain: Chain,
  wish: Wish,
  at: Moment,
  nameOf: (principal: string) => string,
): ActorError | undefined => {
  const dead = standing(chain, at, nameOf);
  if (dead !== undefined) return dead;
  // Nobody has been told a swissnum that leads here.
  if (chain[0].grant.hash === undefined) return unknownGrant();
  if (wish.action === undefined) return undefined;
  return denied(chain, wish.action, wish) ?? spent(chain, wish, at);
};

/** Why a grant is of no use at all, or undefined where it stands. */
export const standing = (
  chain: Chain,
  { nowMs, restored }: Moment,
  nameOf: (principal: string) => string,
): ActorError | undefined => {
  for (let at = chain.length - 1; at >= 0; at -= 1) {
    const link = chain[at];
    if (link === undefined) continue;
    const { grant, revocation, heldBack } = link;
    if (revocation !== undefined)
      return new Revocation(revocation.id, revocation.atMs, nameOf(revocation.by));
    if (grant.expiresMs !== undefined && nowMs >= grant.expiresMs)
      return new Expired(grant.id, grant.expiresMs);
    if (heldBack !== undefined) return new Unconfirmed(heldBack);
    if (grant.epoch < restored) return new Unconfirmed(grant.id);
  }
  return undefined;
};

const denied = (
  chain: Chain,
  action: string,
  { args = [], isBeginning }: Wish,
): ActorError | undefined => {
  const fits = isBeginning === true ? allowBeginning : allow;
  const { id, actions } = chain[0].grant;
  if (!chain.every(({ grant }) => grant.actions.includes(action)))
    return new Denied(`grant ${id} does not allow '${action}': it is for ${actions.join(', ')}`);
  for (const { grant } of chain) {
    const globs = globsOf(grant, action);
    if (globs !== undefined && !fits(globs, args))
      return new Denied(`grant ${id} does not allow '${action}' with these arguments`);
  }
  return undefined;
};

/** The globs for an action, undefined where its arguments are free. */
export const globsOf = (
  { arguments: patterns }: Pick<GrantRecord, 'arguments'>,
  action: string,
): readonly string[] | undefined =>
  patterns !== undefined && Object.hasOwn(patterns, action) ? patterns[action] : undefined;

const spent = (chain: Chain, wish: Wish, at: Moment): ActorError | undefined => {
  if (wish.operation === undefined) return undefined;
  if (!wasCounted(chain, wish))
    for (const link of chain)
      if (isUsedUp(link)) return new UsedUp(link.grant.id, link.grant.maxUses ?? 0);
  for (const { grant, spent: before = [] } of chain) {
    if (grant.rate === undefined) continue;
    const waitMs = waitFor(grant.rate, before, at.ticksMs);
    if (waitMs > 0) return new TooMany(grant.id, waitMs);
  }
  return undefined;
};

/** Whether the operation was counted before: as the shepherd says, else as the grant itself remembers. */
export const wasCounted = ([{ uses }]: Chain, { operation, isKnown }: Wish): boolean =>
  isKnown ?? (operation !== undefined && uses?.recent.includes(operation) === true);

/** Whether the grant is good for no operation more. */
export const isUsedUp = ({ grant, uses }: Pick<Link, 'grant' | 'uses'>): boolean =>
  grant.maxUses !== undefined && (uses?.count ?? 0) >= grant.maxUses;
