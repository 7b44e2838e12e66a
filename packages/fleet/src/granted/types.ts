/** What is said about grants: by their holders, by the owner of a machine, and to those who are invited. */
import type { Value, Vow } from '@bellwether/actors';
import type { GrantFacts, GrantSpec } from '@bellwether/authority';
import type { ServiceFacet } from '@bellwether/shepherd';

export type { GrantClock, GrantFacts, GrantPart, GrantSpec } from '@bellwether/authority';

/** A grant that was just made, as its maker is told. */
export interface MadeGrant {
  readonly grant: GrantFacts;
  /** The URI of its invite: a secret. */
  readonly invite: string;
  /** Milliseconds since 1970, by the clock of the host. */
  readonly inviteExpiresMs: number;
  /** What its maker should know of what it allows, in words; absent where all of that is there and can be done. */
  readonly doubt?: string;
}
/** Whether a grant was made at the hosts of all the members that it was asked for, or at none. */
export type MadeDirect =
  | {
      readonly kind: 'made';
      readonly grant: GrantFacts;
      /** The URIs of the invites: secrets. */
      readonly invites: readonly { readonly member: string; readonly invite: string }[];
      /** The earliest of them, as far as the hosts' clocks go with this one. */
      readonly inviteExpiresMs: number;
    }
  | { readonly kind: 'not-made'; readonly rows: readonly DirectRow[] };
/** What one host said to that. */
export interface DirectRow {
  readonly member: string;
  /** `undone`: it had made one, and took it back since others did not. */
  readonly result: 'undone' | 'unreachable' | 'denied' | 'failed';
  readonly reason?: string;
}
/** Grants that ended with a revocation, itself first; none where it had ended before. */
export interface TakenBack {
  readonly revoked: readonly GrantFacts[];
}
/** Some grants, each before those that were made out of it. */
export interface GrantPage {
  readonly grants: readonly GrantFacts[];
  /** The last of these, where there are more: they come after it. */
  readonly next?: string;
}
/** What a ref allows. */
export type Allowed =
  | { readonly kind: 'grant'; readonly grant: GrantFacts }
  /** It was minted: every action of its service, its status and its log. */
  | { readonly kind: 'everything'; readonly service: string };
/** Who may do something, beside the owner. */
export interface WhoCan {
  readonly grants: readonly GrantFacts[];
  /** How many more there are of these. */
  readonly moreCount: number;
  /** Ids of the refs that were minted for the service. */
  readonly minted: readonly string[];
}

/** Makes grants out of what it is itself. Broken with what the authority refuses with. */
export interface Granter {
  /** A grant out of this one. Kept once it is durable. */
  grant(spec: GrantSpec): Vow<MadeGrant>;
  /** Those that were made out of this one, and out of them; the first, or those after one of them. */
  grants(after?: string): Vow<GrantPage>;
  /** Ends one of those, and all that were made out of it. Kept once that is durable. */
  revokeGrant(id: string, reason?: string): Vow<TakenBack>;
  /** Puts off the end of one that was made out of this itself; see `GrantBook.renew`. Kept once that is durable. */
  renewGrant(id: string, lifetimeMs: number): Vow<number>;
}
/** Those methods of a facet that carry something out, or tell what that would be. */
export type Commands = 'perform' | 'plan' | 'retry' | 'join';
/** A facet all of whose answers come by a vow, which breaks where what it is held by ends. */
type Held = {
  [K in keyof ServiceFacet]: (
    ...args: Parameters<ServiceFacet[K]>
  ) => Vow<Value<ReturnType<ServiceFacet[K]>>>;
};
/** What whoever has a grant or a minted reference holds: on the wire a ServiceFacet, and more. */
export interface HeldService extends Held, Granter {
  allows(): Vow<Allowed>;
}
