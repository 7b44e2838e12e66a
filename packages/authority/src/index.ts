/** Who may do what, and what was done. Pure actors: no network, no clock, no disk. */
export * from './audit/index.ts';
export type * from './types.ts';
export {
  Denied,
  endedSince,
  Expired,
  Malformed as MalformedGrant,
  Revocation,
  TooMany,
  TooWide,
  Unconfirmed,
  unknownGrant,
  UsedUp,
} from './errors.ts';
export { makeGrantBook } from './grant-book.ts';
export { makeInvite, type InviteOptions } from './invite.ts';
export { judge, type Chain, type Link, type Moment } from './judge.ts';
export { limits as grantLimits } from './limits.ts';
export { fingerprintOf, freshId, hexOf, idBytes, kindOf, mintedId, type Kind } from './names.ts';
export { proveHolder, redemptionBytes, type Redemption } from './redemption.ts';
export type { GrantBookOptions } from './shelf.ts';
export { readReason as readGrantReason, readSpec as readGrantSpec } from './spec.ts';
