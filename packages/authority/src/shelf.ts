/** What a grant book remembers, and how it is looked at. Everything in it is undone with the turn that changed it. */
import type { ActorError, Clock, JournalCell, JournalMap, Ref, Turn } from '@bellwether/actors';
import type { Crypto } from '@bellwether/ocapn';
import type { AuditLink } from './audit/index.ts';
import { Revocation, Unconfirmed, unknownGrant } from './errors.ts';
import { isUsedUp, standing, type Chain, type Link, type Moment } from './judge.ts';
import { limits } from './limits.ts';
import { bytesOf, fingerprintOf, idOf, kindOf, mintedId } from './names.ts';
import type { Spent } from './rate.ts';
import type {
  BookRecords,
  Cut,
  GrantFacts,
  GrantRecord,
  GrantState,
  Invite,
  InviteEntry,
  Principal,
  RevocationEntry,
  UsesEntry,
  Worker,
} from './types.ts';

/** What a grant book is made from. */
export interface GrantBookOptions {
  readonly records: BookRecords;
  /** The references that were minted in earlier lives, each with the epoch that it was made or confirmed in. */
  readonly minted: readonly { readonly hash: string; readonly epoch?: number }[];
  /** Whether what somebody asks can be written down. Only read. @throws what keeps it from that */
  readonly checkRoom?: ((by: string) => void) | undefined;
  /** Of the store, when this life began: what is granted now, and since when grants are believed. */
  readonly rightsEpoch: { readonly now: number; readonly restored: number };
  /** Only read. */
  readonly clock: Pick<Clock, 'now' | 'wall'>;
  readonly crypto: Pick<Crypto, 'sha256' | 'verify' | 'random'>;
  /** Of this host: what whoever redeems an invite has dialled. */
  readonly designator: string;
  /** The URI of a swissnum at this host: a secret. */
  readonly uriOf: (swissnum: Uint8Array, isLocal: boolean) => string;
}
/** The memory of a grant book. */
export interface Shelf {
  readonly options: GrantBookOptions;
  readonly grants: JournalMap<string, GrantRecord>;
  /** What was narrowed from each, in the order in which it was made; under the empty text what stands by itself. */
  readonly below: JournalMap<string, JournalMap<string, true>>;
  readonly revocations: JournalMap<string, RevocationEntry>;
  /** Ids of the minted references from before a restored backup that nobody has confirmed. */
  readonly heldBack: JournalMap<string, true>;
  readonly uses: JournalMap<string, UsesEntry>;
  readonly invites: JournalMap<string, InviteEntry>;
  /** What counts by the rates of grants: of this life alone. */
  readonly spent: JournalMap<string, Spent>;
  /** What each origin has changed, in this life. */
  readonly changes: JournalMap<string, Spent>;
  /** Grants by the hash of what their holders have. */
  readonly held: JournalMap<string, string>;
  /** Grants by the hash of their invite. */
  readonly invited: JournalMap<string, string>;
  readonly inviteRefs: JournalMap<string, Ref<Invite>>;
  /** What lives off each grant. */
  readonly cuts: JournalMap<string, JournalMap<Ref<Cut>, true>>;
  /** Who carries out operations, once somebody does. */
  readonly worker: JournalCell<Ref<Worker> | undefined>;
  /** The latest time that was judged by, and the monotonic clock then. */
  readonly seen: JournalCell<{ readonly wallMs: number; readonly ticksMs: number }>;
  /** The latest time that is on the disk: what had ended by then stays so. */
  readonly latchedMs: JournalCell<number>;
  /** When a grant or an invite ends next, after that. */
  readonly nextEndMs: JournalCell<number>;
  /** How often somebody else than its holder has tried to redeem each invite. */
  readonly alerts: JournalMap<string, number>;
  readonly timer: JournalCell<{ cancel(): void } | undefined>;
}

/** Puts what the store found on a shelf. */
export const fillShelf = (turn: Turn, options: GrantBookOptions): Shelf => {
  const { records, clock, rightsEpoch } = options;
  const shelf: Shelf = {
    options,
    grants: turn.map(),
    below: turn.map(),
    revocations: turn.map(),
    heldBack: turn.map(),
    uses: turn.map(),
    invites: turn.map(),
    spent: turn.map(),
    changes: turn.map(),
    held: turn.map(),
    invited: turn.map(),
    inviteRefs: turn.map(),
    cuts: turn.map(),
    worker: turn.cell<Ref<Worker> | undefined>(undefined),
    seen: turn.cell({ wallMs: latestIn(records), ticksMs: clock.now() }),
    latchedMs: turn.cell(records.clockMs),
    nextEndMs: turn.cell(Infinity),
    alerts: turn.map(),
    timer: turn.cell<{ cancel(): void } | undefined>(undefined),
  };
  // In the order in which they were made, which is that of lists; records are found in that of their ids.
  const grants = records.grants.map(({ grant }) => grant);
  for (const grant of grants.sort((a, b) => a.madeMs - b.madeMs)) putGrant(shelf, turn, grant);
  for (const entry of records.revocations) shelf.revocations.set(entry.id, entry);
  for (const entry of records.uses) shelf.uses.set(entry.id, entry);
  for (const entry of records.invites) putInvite(shelf, entry);
  // One of which no epoch was noted yet is older than any restore that was.
  for (const minted of options.minted)
    if ((minted.epoch ?? 0) < rightsEpoch.restored) shelf.heldBack.set(mintedId(minted.hash), true);
  return shelf;
};

/** The latest time that any record shows: that of the clock alone may be a minute older. */
const latestIn = ({ clockMs, grants, revocations, uses }: BookRecords): number => {
  let latestMs = clockMs;
  for (const { grant } of grants) latestMs = Math.max(latestMs, grant.madeMs);
  for (const { atMs } of revocations) latestMs = Math.max(latestMs, atMs);
  for (const { lastMs } of uses) latestMs = Math.max(latestMs, lastMs);
  return latestMs;
};

/** Keeps a grant in place of what it was. */
export const putGrant = (shelf: Shelf, turn: Turn, grant: GrantRecord): void => {
  const { id, parent = '' } = grant;
  const before = shelf.grants.get(id)?.hash;
  if (before !== undefined) shelf.held.delete(before);
  shelf.grants.set(id, grant);
  const known = shelf.below.get(parent);
  const siblings = known ?? turn.map<string, true>();
  siblings.set(id, true);
  if (known === undefined) shelf.below.set(parent, siblings);
  if (grant.hash !== undefined) shelf.held.set(grant.hash, grant.id);
};
/** Keeps an invite in place of what it was. */
export const putInvite = (shelf: Shelf, invite: InviteEntry): void => {
  shelf.invites.set(invite.id, invite);
  shelf.invited.set(invite.hash, invite.id);
};

/**
 * The time by which things are judged: the latest that the clock of the machine, or this life by its monotonic clock
 * since then, has ever seen. Whoever sets the clock back gives nobody more time.
 */
export const timeOf = ({ options: { clock }, seen }: Shelf): number => {
  const { wallMs, ticksMs } = seen.get();
  return Math.max(clock.wall(), wallMs + (clock.now() - ticksMs));
};
/** When something is judged, if it is now. */
export const momentAt = ({ options: { clock, rightsEpoch } }: Shelf, nowMs: number): Moment => ({
  nowMs,
  ticksMs: clock.now(),
  restored: rightsEpoch.restored,
});

/** A grant and those that it was narrowed from; undefined where it, or one of them, is not known. */
export const chainOf = (shelf: Shelf, id: string): Chain | undefined => {
  const first = linkOf(shelf, id);
  if (first === undefined) return undefined;
  const chain: [Link, ...Link[]] = [first];
  let { parent } = first.grant;
  while (parent !== undefined) {
    const link = linkOf(shelf, parent);
    if (link === undefined || chain.length >= limits.depth) return undefined;
    chain.push(link);
    ({ parent } = link.grant);
  }
  return chain;
};
const linkOf = (shelf: Shelf, id: string): Link | undefined => {
  const grant = shelf.grants.get(id);
  if (grant === undefined) return undefined;
  const minted = mintedAbove(grant);
  const revocation = shelf.revocations.get(id) ?? shelf.revocations.get(minted);
  const uses = shelf.uses.get(id);
  const spent = shelf.spent.get(id);
  return {
    grant,
    ...(revocation && { revocation }),
    ...(shelf.heldBack.has(minted) && { heldBack: minted }),
    ...(uses && { uses }),
    ...(spent && { spent }),
  };
};
/** The grant that all of a chain was narrowed from. */
export const topOf = (chain: Chain): GrantRecord => (chain[chain.length - 1] ?? chain[0]).grant;
/** Who answers for what is made along a chain: whoever the owner gave its top grant to, or minted a reference for. */
export const originOf = (chain: Chain): Principal => {
  const { id, issuer } = topOf(chain);
  return issuer === 'root' ? id : issuer;
};
/** The id of the minted reference that a grant was made out of, else empty. */
const mintedAbove = ({ parent, issuer }: GrantRecord): string =>
  parent === undefined && kindOf(issuer) === 'minted' ? idOf(issuer) : '';
/** Why a minted reference is of no use, by its id or as a principal; undefined where it stands. */
export const mintedEnd = (shelf: Shelf, id: string): ActorError | undefined => {
  if (kindOf(id) !== 'minted') return undefined;
  const minted = idOf(id);
  const revocation = shelf.revocations.get(minted);
  if (revocation !== undefined)
    return new Revocation(minted, revocation.atMs, nameOf(shelf, revocation.by));
  return shelf.heldBack.has(minted) ? new Unconfirmed(minted) : undefined;
};
/** A grant and all that was narrowed from it, each before what was narrowed from that; all, for the empty text. */
export const treeOf = (shelf: Shelf, id: string): readonly string[] => {
  const found = id === '' ? [] : [id];
  for (const child of shelf.below.get(id)?.keys() ?? []) found.push(...treeOf(shelf, child));
  return found;
};
/** As chainOf. @throws Refused where it is not known */
export const knownChain = (shelf: Shelf, id: string): Chain => {
  const chain = chainOf(shelf, id);
  if (chain === undefined) throw unknownGrant();
  return chain;
};

/** Whether a principal made a grant, or one that it was narrowed from, or holds one of those or itself. */
export const mayManage = (viewer: Principal, chain: Chain): boolean =>
  viewer === 'root' || chain.some(({ grant }) => grant.id === viewer || grant.issuer === viewer);

/** What people are told of a principal: the fingerprint of who holds a grant, the id of a minted reference. */
export const nameOf = (shelf: Shelf, principal: Principal): string => {
  const holder = shelf.grants.get(principal)?.holder;
  return holder === undefined
    ? idOf(principal)
    : fingerprintOf(shelf.options.crypto, bytesOf(holder));
};
/** A chain as the audit tells it, from its origin on. */
export const linksOf = (shelf: Shelf, chain: Chain): readonly AuditLink[] =>
  chain
    .map(({ grant: { id, issuer, holder } }) => ({
      grant: id,
      issuer: nameOf(shelf, issuer),
      ...(holder !== undefined && { holder: nameOf(shelf, id) }),
    }))
    .reverse();

/** What a viewer is told of a grant. */
export const factsOf = (
  shelf: Shelf,
  chain: Chain,
  viewer: Principal,
  nowMs: number,
): GrantFacts => {
  const [{ grant, uses }] = chain;
  const { hash: _hash, epoch: _epoch, issuer, holder, ...terms } = grant;
  const invite = shelf.invites.get(grant.id);
  const revoked = chain.findLast(({ revocation }) => revocation !== undefined)?.revocation;
  const state = stateOf(shelf, chain, nowMs);
  const isOver = state === 'lapsed' && (invite?.expiresMs ?? Infinity) <= nowMs;
  const isTold = state === 'invited' || isOver;
  return {
    ...terms,
    issuer: nameOf(shelf, issuer),
    ...(holder !== undefined && { holder: nameOf(shelf, grant.id) }),
    usedCount: uses?.count ?? 0,
    ...(uses && { lastUsedMs: uses.lastMs }),
    state,
    ...(revoked && { revoked: toldOf(shelf, revoked, viewer) }),
    ...(isTold && invite && { inviteExpiresMs: invite.expiresMs }),
  };
};
const toldOf = (shelf: Shelf, { id, atMs, by, reason }: RevocationEntry, viewer: Principal) => {
  const chain = chainOf(shelf, id);
  // Its holder is told that it was taken back; why is between those who could.
  const isTold =
    viewer === 'root' || (viewer !== id && chain !== undefined && mayManage(viewer, chain));
  return {
    grant: id,
    atMs,
    by: nameOf(shelf, by),
    ...(isTold && reason !== undefined && { reason }),
  };
};

/** How a grant stands. */
export const stateOf = (shelf: Shelf, chain: Chain, nowMs: number): GrantState => {
  const dead = standing(chain, momentAt(shelf, nowMs), String)?.code;
  const { id, hash } = chain[0].grant;
  const isLapsed = hash === undefined && !isOpen(shelf, id, nowMs);
  // To confirm it would open no invite.
  if (isLapsed && (dead === undefined || dead === 'unconfirmed')) return 'lapsed';
  if (dead !== undefined) return dead as 'revoked' | 'expired' | 'unconfirmed';
  if (hash === undefined) return 'invited';
  return chain.some(isUsedUp) ? 'used-up' : 'live';
};
/** Those of some grants that have not ended: what a revocation would end. */
export const livingIn = (shelf: Shelf, ids: readonly string[], nowMs: number): readonly string[] =>
  ids.filter((id) => {
    const state = stateOf(shelf, knownChain(shelf, id), nowMs);
    return state !== 'revoked' && !isTimeUp(state);
  });
/** Whether time alone has ended a grant, or its invite before anybody took it. */
export const isTimeUp = (state: GrantState): boolean => state === 'expired' || state === 'lapsed';
/** Whether the invite to a grant can still be redeemed, as far as its own time goes. */
export const isOpen = (shelf: Shelf, id: string, nowMs: number): boolean => {
  const invite = shelf.invites.get(id);
  return (
    invite !== undefined &&
    nowMs < invite.expiresMs &&
    invite.epoch >= shelf.options.rightsEpoch.restored
  );
};

/** When a grant ended, or a far future where it did not: by itself, or with one that it was narrowed from. */
export const endOf = (shelf: Shelf, chain: Chain, nowMs: number): number => {
  const { id, hash } = chain[0].grant;
  const ends = chain.map(({ grant, revocation }) =>
    Math.min(revocation?.atMs ?? Infinity, grant.expiresMs ?? Infinity),
  );
  if (hash === undefined) ends.push(shelf.invites.get(id)?.expiresMs ?? 0);
  const end = Math.min(...ends);
  return end <= nowMs ? end : Infinity;
};
