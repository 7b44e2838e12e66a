/** Who may do what, and what was done. Pure actors: no network, no clock, no disk. */
export * from './audit/index.ts';
export type * from './types.ts';
export {
  Denied,
  Expired,
  Malformed as MalformedGrant,
  Revocation,
  TooMany,
  TooWide,
  Unconfirmed,
  UsedUp,
} from './errors.ts';
