/**
 * What is said of grants: by who makes them, by who stands in front of a service and asks for each call whether it may
 * pass, and to the store.
 *
 *     principal   `root`                  the local root
 *                 64 hex digits           a minted reference: SHA-256 of its swissnum
 *                 `g-…`                   a grant; whoever holds it
 *     and to be judged, `m-…`             a minted reference, by what it is called
 *     Which of these a text is, `kindOf` tells and nobody else (names.ts).
 *
 *     grant       invited ──redeem──► live ──► revoked | expired           dead, with all that was narrowed from it
 *                  │                   │ └───► used-up                     no operation more; what only looks goes on
 *                  │                   └─────► unconfirmed ──confirm──► live   from before a backup was restored
 *                  └────► lapsed                never accepted, and cannot be any more: its invite is over
 */
import type { ActorError, Ref, Vow } from '@bellwether/actors';
import type { AuditLink, Past } from './audit/index.ts';

/** Who asks; see the table above. */
export type Principal = string;

/** So many in any `windowMs` milliseconds. */
export interface Rate {
  readonly count: number;
  readonly windowMs: number;
}
/** For an action: a glob for each argument, and `**` as the last one for any number of further ones. */
export type ArgumentPatterns = Readonly<Record<string, readonly string[]>>;

/** A right as whoever gives it describes it. What is absent is as in the grant that it is narrowed from, or free. */
export interface GrantSpec {
  readonly service: string;
  /** `status` (and probe, watch), `log` (and follow), and words of actions. */
  readonly actions: readonly string[];
  /** For people: whom it is for, or what. */
  readonly label?: string;
  /** From now on; absent: no end of its own. */
  readonly lifetimeMs?: number;
  /** Its end may be put off by who gave it, up to so long from now on; absent: it may not. */
  readonly renewableMs?: number;
  /** Operations, each counted once, whatever it takes to have it carried out. */
  readonly maxUses?: number;
  /** Of operations, repeats included. */
  readonly rate?: Rate;
  readonly arguments?: ArgumentPatterns;
  /** Of a fleet: these members alone. */
  readonly members?: readonly string[];
  /** How long it can be accepted. */
  readonly inviteMs?: number;
  /** The reference leads to the socket that the users of this machine share. */
  readonly isLocal?: true;
}

/** How a grant stands; see the table above. */
export type GrantState =
  | 'invited'
  | 'lapsed'
  | 'live'
  | 'revoked'
  | 'expired'
  | 'used-up'
  | 'unconfirmed'
  /** Taken back where it was given, and not yet at all the hosts that have a part of it. */
  | 'revoking'
  /** The same, where those hosts alone can still end it: who gave it has no longer the ref that it was made through. */
  | 'lost';

/** What is told of a grant. Nothing in it is secret. */
export interface GrantFacts {
  readonly id: string;
  readonly service: string;
  readonly actions: readonly string[];
  readonly label?: string;
  /** The grant that it was narrowed from. */
  readonly parent?: string;
  /** The fingerprint of who gave it; `root`, or the principal of a minted reference. */
  readonly issuer: string;
  /** The fingerprint of the key that it is bound to; absent until it was redeemed. */
  readonly holder?: string;
  /** Milliseconds since 1970, as all the times here. */
  readonly madeMs: number;
  readonly expiresMs?: number;
  /** Until when its end may be put off. */
  readonly renewableUntilMs?: number;
  readonly maxUses?: number;
  readonly usedCount: number;
  readonly lastUsedMs?: number;
  readonly rate?: Rate;
  readonly arguments?: ArgumentPatterns;
  readonly members?: readonly string[];
  readonly isLocal?: true;
  /** Its own, or what it has of a grant that it was narrowed from. */
  readonly state: GrantState;
  /** Of the grant that was taken back: itself, or one that it was narrowed from. */
  readonly revoked?: Revoked;
  /** Of an invite that is open, or was until then; absent where a restored backup has ended it. */
  readonly inviteExpiresMs?: number;
  /** It is a reference that was minted: every action of its service, its status and its log. */
  readonly isMinted?: true;
  /** Of one that members' own hosts have made: what each of them has. */
  readonly parts?: readonly GrantPart[];
  /** Milliseconds for which those hosts keep it without hearing from who gave it. */
  readonly leaseMs?: number;
}
/** What a grant is at the host of one member. */
export interface GrantPart {
  readonly member: string;
  /** Its id there. */
  readonly grant: string;
  readonly state: 'live' | 'revoking' | 'revoked' | 'lost';
  /** By when it ends there by itself, at the latest; absent where it does not. */
  readonly untilMs?: number;
  /** Why its host could not be told yet. */
  readonly reason?: string;
}
/** When a right was taken back, and by whom: `root`, a principal, a fingerprint. */
export interface Revoked {
  readonly grant: string;
  readonly atMs: number;
  readonly by: string;
  /** Only told to who may see the grant that was taken back. */
  readonly reason?: string;
}

/** The time by which grants are judged, beside what the machine says. Milliseconds since 1970. */
export interface GrantClock {
  /** Never behind the clock of the machine, and ahead of it where that was ahead once. */
  readonly nowMs: number;
  readonly wallMs: number;
  /** Grants that had expired and stand again, since the time was taken back. */
  readonly returned: readonly string[];
}

/** How a reference that was minted stands. */
export type MintedState =
  | { readonly state: 'live' | 'unconfirmed' }
  | { readonly state: 'revoked'; readonly revoked: Revoked };

/** A grant that was made, with the secret that its holder redeems. */
export interface Granted {
  readonly grant: GrantFacts;
  /** 32 bytes, a secret; what is kept is its hash. */
  readonly swissnum: Uint8Array;
  readonly inviteExpiresMs: number;
}

/** What somebody wants to do through a grant. */
export interface Wish {
  /** Absent: nothing but to look at the grant itself, or to call off an operation of one's own. */
  readonly action?: string;
  readonly args?: readonly string[];
  /** Nothing is asked for yet: others may follow these arguments. */
  readonly isBeginning?: true;
  /** Its id, where it is an operation: then it is counted. */
  readonly operation?: string;
  /**
   * Whether the operation was counted for this grant, and this repeat of it does nothing anew. Absent: it was, as far
   * as the grant itself remembers its last ones.
   */
  readonly isKnown?: boolean;
  /** Whether there is a use left is asked, and none is taken yet: whoever accepts it counts it, in the same turn. */
  readonly isTry?: true;
}

/** Something that lives off a grant and ends with it: a stream, a question under way. */
export interface Cut {
  /** Called near, once, within the turn in which the grant ends. `why` is what its holder is to be told. */
  cut(why: ActorError): void;
}

/** Who carries out what is asked for through grants. */
export interface Worker {
  /** Who has something under way. Called near. */
  openAskers(): readonly string[];
  /**
   * Calls off what has not begun for a grant that has ended; `why` is told with it. Called near, within the turn in
   * which that is seen.
   */
  callOff(grant: string, why: ActorError): void;
}

/** What a swissnum names. */
export type Found =
  | { readonly kind: 'invite'; readonly invite: Ref<Invite> }
  /** The grant may be dead: its holder is told so, by every answer of `judge`. */
  | { readonly kind: 'grant'; readonly grant: string; readonly service: string };

/** The `^grant-book`: all grants of a host, and what they allow now. For actors of its own vat. */
export interface GrantBook {
  /**
   * Makes a grant, with an invite to it; kept once both are durable. An issuer that is a grant can only narrow.
   * That there is such a service, and that a minted reference is to it, is for the caller to know.
   * @throws Malformed, Limit, TooWide, and as `judge` answers
   */
  make(issuer: Principal, spec: GrantSpec): Vow<Granted>;
  /**
   * Whether the wish may pass: undefined if so, and then its use is counted, in this turn; else what to answer with.
   * Answer by a broken vow rather than to throw: that an expiry was seen is recorded in the same turn.
   */
  judge(grant: string, wish: Wish): ActorError | undefined;
  /** Counts a use of the grant, and of all above it. @throws Refused for one that is not known */
  count(grant: string, operation: string): void;
  /** Tells `cut` when the grant ends, until it leaves. @throws Limit, and as `judge` answers */
  hold(grant: string, cut: Ref<Cut>): void;
  /** No more is to be told. */
  leave(grant: string, cut: Ref<Cut>): void;
  /** From now on this one is told whose operations are to go no further. */
  attend(worker: Ref<Worker>): void;
  /** What its holder may know of a grant. @throws Refused for one that is not known */
  facts(grant: string): GrantFacts;
  /** The grant and those that it was narrowed from, the first one first; empty for one that is not known. */
  chain(grant: string): readonly AuditLink[];
  /**
   * Who answers for what somebody does through a grant or a minted reference: the id of the grant that the owner gave,
   * or of the minted reference, that it comes from. Undefined for a grant that is not known, and for root.
   */
  origin(asker: Principal): string | undefined;
  /** The same of the grant that the hash of a swissnum leads to, or of which it is an invite. */
  originUnder(hash: string): string | undefined;
  /** Those that a principal made, and below; all, for root. Each stands before what was narrowed from it. */
  list(viewer: Principal): readonly GrantFacts[];
  /**
   * Takes back a grant that `by` may see, or its own, with all that was narrowed from it; kept once that is durable.
   * Gives the ids that ended by it, none where it had ended already. @throws Refused for any other, in one wording
   */
  revoke(by: Principal, grant: string, reason?: string): readonly string[];
  /**
   * For the owner of the host: takes back a reference that was minted, by the hash of its swissnum, with all that was
   * made out of it. Gives the grants that ended by it. `judge` and `hold` take its id, too.
   */
  revokeMinted(hash: string, reason?: string): readonly string[];
  /** How a reference that was minted stands, by the hash of its swissnum. */
  mintedState(hash: string): MintedState;
  /** For whoever keeps its record: one that has waited since a backup was restored holds again. */
  confirmMinted(hash: string): void;
  /**
   * Puts off the end of a grant that `by` itself has made: so long from now on, as far as it is renewable, and never
   * beyond what `by` has itself or sooner than it is. Gives its end. One that has ended stays so. @throws Refused,
   * Denied, Malformed, and as `judge` answers
   */
  renew(by: Principal, grant: string, lifetimeMs: number): number;
  /**
   * After a restored backup: these grants count again, or all; of minted references whoever keeps their records says
   * so by `confirmMinted`. Gives the ids that had waited. What ended since that
   * backup, as far as its audit tells, is refused where it is named, and goes on waiting otherwise; what nobody had
   * accepted by then, nobody can, and is passed over or refused. @throws Refused
   */
  confirm(grants?: readonly string[], past?: Past): readonly string[];
  /** By what time grants are judged. */
  clock(): GrantClock;
  /** For the owner of the host: that time was wrong, and the clock of the machine is right. See time.ts. */
  takeBackTime(): GrantClock;
  /** The grants through which somebody could do that now. */
  whoCan(action: string, service: string): readonly GrantFacts[];
  /** What the hash of a swissnum names, undefined for what names nothing (any more). Ask each time: it changes. */
  find(hash: string): Found | undefined;
  /** For its invites. */
  openInvite(grant: string): OpenInvite;
  /** For its invites: binds the grant to a key that has proved itself. */
  bind(grant: string, holder: Uint8Array): Vow<Redeemed>;
}

/** What an invite tells of itself. */
export interface OpenInvite {
  readonly grant: GrantFacts;
  /** The SHA-256 of its swissnum. */
  readonly hash: Uint8Array;
}
/** A question that only the holder of a key can answer. */
export interface Challenge {
  /** Good for one proof, for half a minute at least and a minute at most. */
  readonly nonce: Uint8Array;
}
/** What redeeming gives. */
export interface Redeemed {
  readonly grant: GrantFacts;
  /** The holder's own reference, as a URI: a secret. One that the same key was given before is good no longer. */
  readonly uri: string;
}
/** The `^invite`: what the swissnum of an invite leads to. Broken with Refused once it is of no use, in one wording. */
export interface Invite {
  /** What would be accepted. */
  facts(): GrantFacts;
  challenge(): Vow<Challenge>;
  /**
   * Binds the grant to the key; `signature` is over `redemptionBytes`. The same key may redeem again as long as the
   * invite is open; another one is refused, with an alert.
   */
  redeem(publicKey: Uint8Array, nonce: Uint8Array, signature: Uint8Array): Vow<Redeemed>;
}

/** A grant as it is kept. */
export interface GrantRecord {
  readonly id: string;
  /** SHA-256 of the holder's swissnum, as hex; absent until it was redeemed. */
  readonly hash?: string;
  /** The epoch of the store that it was made in, or confirmed. */
  readonly epoch: number;
  readonly service: string;
  readonly actions: readonly string[];
  readonly madeMs: number;
  readonly parent?: string;
  /** The principal who gave it. */
  readonly issuer: Principal;
  /** The holder's public key, as hex. */
  readonly holder?: string;
  readonly label?: string;
  readonly expiresMs?: number;
  readonly renewableUntilMs?: number;
  readonly maxUses?: number;
  readonly rate?: Rate;
  readonly arguments?: ArgumentPatterns;
  readonly members?: readonly string[];
  readonly isLocal?: true;
}
/** What the book records; the store has the same shapes. */
export interface GrantEntry {
  readonly kind: 'grant';
  readonly grant: GrantRecord;
}
/** A right that was taken back. */
export interface RevocationEntry {
  readonly kind: 'revocation';
  readonly id: string;
  readonly atMs: number;
  readonly by: Principal;
  readonly reason?: string;
}
/** How often a grant was used, its children's uses included. */
export interface UsesEntry {
  readonly kind: 'uses';
  readonly id: string;
  readonly count: number;
  readonly lastMs: number;
  /** The last operations that were counted, so that a repeat of one is not counted again. */
  readonly recent: readonly string[];
  /** It was the last one that there is: a right ended by it. */
  readonly isLast?: true;
}
/** A way to receive a grant. */
export interface InviteEntry {
  readonly kind: 'invite';
  /** Of the grant. */
  readonly id: string;
  /** SHA-256 of its swissnum, as hex. */
  readonly hash: string;
  readonly epoch: number;
  readonly expiresMs: number;
  /** The public key that it was redeemed by, as hex. */
  readonly holder?: string;
}
/** The latest time that was seen: what has expired by it stays so. */
export interface ClockEntry {
  readonly kind: 'clock';
  readonly wallMs: number;
}
/** A grant is forgotten with all that hangs on it. */
export interface PurgedEntry {
  readonly kind: 'purged';
  readonly id: string;
}
/** Everything that the book records, beside what is for the audit. */
export type BookEntry =
  GrantEntry | RevocationEntry | UsesEntry | InviteEntry | ClockEntry | PurgedEntry;
/** What the store found at boot. */
export interface BookRecords {
  readonly grants: readonly GrantEntry[];
  readonly revocations: readonly RevocationEntry[];
  readonly uses: readonly UsesEntry[];
  readonly invites: readonly InviteEntry[];
  /** The latest time that was seen, 0 where none was. */
  readonly clockMs: number;
}
