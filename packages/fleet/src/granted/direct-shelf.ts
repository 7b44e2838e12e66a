/** What a controller remembers of grants that members' own hosts have made, and what is told of them. */
import type { Clock, Entropy, JournalMap, Ref, Turn } from '@bellwether/actors';
import type { GrantBookOptions, GrantFacts, GrantPart } from '@bellwether/authority';
import { LIMITS } from '../limits.ts';
import type { DialRef } from '../reach/destination.ts';
import type { LiveRef } from '../reach/live-ref.ts';
import type { Peers } from '../reach/peer.ts';

/** Such a grant, as it is kept. */
export interface DirectEntry {
  readonly kind: 'direct';
  /** `d-…` */
  readonly id: string;
  /** The fleet, or the one service elsewhere. */
  readonly service: string;
  readonly actions: readonly string[];
  readonly label?: string;
  /** Milliseconds since 1970, as all the times here, by the clock of this controller. */
  readonly madeMs: number;
  readonly expiresMs?: number;
  readonly leaseMs?: number;
  /** Of the store, in which it was made or confirmed. */
  readonly epoch?: number;
  readonly revoked?: { readonly atMs: number; readonly by: string; readonly reason?: string };
}
/** What it is at the host of one member. */
export interface PartEntry {
  readonly kind: 'part';
  /** Of the direct grant. */
  readonly id: string;
  readonly member: string;
  /** This controller's own ref to it: the grant there was made through that. */
  readonly petname: string;
  /** Which ref that was, as LiveRef tells: another may be under that petname by now. */
  readonly through?: string;
  /** Its id there. */
  readonly grant: string;
  /** By the clock of that host; absent with a lease, which moves on. */
  readonly expiresMs?: number;
  /** When that host said that it holds no more. */
  readonly endedMs?: number;
}
/** It is forgotten, with its parts. */
export interface UndirectedEntry {
  readonly kind: 'undirected';
  readonly id: string;
  readonly members: readonly string[];
}
/** What the store found at boot. */
export interface DirectRecords {
  readonly directs: readonly DirectEntry[];
  readonly parts: readonly PartEntry[];
}

/** What a `^direct-grants` is made from. */
export interface DirectGrantsOptions {
  readonly records: DirectRecords;
  /** Of the store, when this life began: see `GrantBookOptions`. */
  readonly rightsEpoch: GrantBookOptions['rightsEpoch'];
  readonly dial: DialRef;
  readonly peers: Ref<Peers>;
  readonly entropy: Entropy;
  /** Only read. */
  readonly clock: Pick<Clock, 'now' | 'wall'>;
}
/** The memory of a `^direct-grants`. */
export interface DirectShelf {
  /** Only read. */
  readonly clock: Pick<Clock, 'wall'>;
  /** The epoch of the store since which they are believed. */
  readonly restored: number;
  readonly directs: JournalMap<string, DirectEntry>;
  /** By the grant's id, then by member. */
  readonly parts: JournalMap<string, JournalMap<string, PartEntry>>;
  /** Why a host could not be told last, by part. */
  readonly troubles: JournalMap<string, string>;
  /** Parts that the ref under their petname has no power over, as its host has said in this life. */
  readonly lost: JournalMap<string, true>;
  /** By when the lease of a part ends, as far as this life knows. */
  readonly leases: JournalMap<string, number>;
  /** By petname. */
  readonly ways: JournalMap<string, Ref<LiveRef>>;
  /** Petnames that contact is kept by, since something has to be said there. */
  readonly followed: JournalMap<string, true>;
}

/** Puts what the store found on a shelf, the oldest first. */
export const fillDirectShelf = (
  turn: Turn,
  { clock, rightsEpoch, records: { directs, parts } }: DirectGrantsOptions,
): DirectShelf => {
  const shelf: DirectShelf = {
    clock,
    restored: rightsEpoch.restored,
    directs: turn.map(),
    parts: turn.map(),
    troubles: turn.map(),
    lost: turn.map(),
    leases: turn.map(),
    ways: turn.map(),
    followed: turn.map(),
  };
  for (const direct of [...directs].sort((a, b) => a.madeMs - b.madeMs)) {
    shelf.directs.set(direct.id, direct);
    shelf.parts.set(direct.id, turn.map());
  }
  for (const part of parts) shelf.parts.get(part.id)?.set(part.member, part);
  return shelf;
};

/** The time by the clock of this machine, in whole milliseconds since 1970. */
export const nowOf = ({ clock }: DirectShelf): number => Math.floor(clock.wall());

/** Tells a part from all others. */
export const partKey = ({ id, member }: Pick<PartEntry, 'id' | 'member'>): string =>
  `${id} ${member}`;
/** The parts of a grant. */
export const partsOf = ({ parts }: DirectShelf, id: string): readonly PartEntry[] => [
  ...(parts.get(id)?.values() ?? []),
];
/** Whether its host has to be told that it was taken back. */
export const isOwed = ({ directs }: DirectShelf, { id, endedMs }: PartEntry): boolean =>
  endedMs === undefined && directs.get(id)?.revoked !== undefined;
/** Whether it can only be ended at its host. */
export const isLost = (shelf: DirectShelf, part: PartEntry): boolean =>
  shelf.lost.has(partKey(part));
/** Whether it waits for the owner's word since a backup was restored. */
export const isUnconfirmed = (
  { restored }: DirectShelf,
  { epoch = 0, revoked }: DirectEntry,
): boolean => revoked === undefined && epoch < restored;
/** Whether it is one whose lease goes on. */
export const isLeased = (shelf: DirectShelf, { id }: PartEntry): boolean => {
  const direct = shelf.directs.get(id);
  if (direct?.leaseMs === undefined || direct.revoked !== undefined) return false;
  if (isUnconfirmed(shelf, direct)) return false;
  return (direct.expiresMs ?? Infinity) > nowOf(shelf);
};

/** What is told of one. */
export const directFacts = (shelf: DirectShelf, direct: DirectEntry): GrantFacts => {
  const { kind: _kind, epoch: _epoch, revoked, ...terms } = direct;
  const parts = partsOf(shelf, direct.id);
  const told = parts.map((part) => partFacts(shelf, direct, part));
  return {
    ...terms,
    issuer: 'root',
    usedCount: 0,
    state: stateOf(shelf, direct, parts),
    ...(revoked !== undefined && { revoked: { grant: direct.id, ...revoked } }),
    parts: told,
  };
};
const stateOf = (
  shelf: DirectShelf,
  direct: DirectEntry,
  parts: readonly PartEntry[],
): GrantFacts['state'] => {
  const { revoked, expiresMs = Infinity } = direct;
  if (revoked !== undefined) {
    const open = parts.filter(({ endedMs }) => endedMs === undefined);
    if (open.length === 0) return 'revoked';
    return open.every((part) => isLost(shelf, part)) ? 'lost' : 'revoking';
  }
  if (expiresMs <= nowOf(shelf)) return 'expired';
  return isUnconfirmed(shelf, direct) ? 'unconfirmed' : 'live';
};
const partFacts = (shelf: DirectShelf, direct: DirectEntry, part: PartEntry): GrantPart => {
  const { member, grant, endedMs } = part;
  const untilMs = untilOf(shelf, direct, part);
  const reason = shelf.troubles.get(partKey(part));
  return {
    member,
    grant,
    state: partState(shelf, direct, part),
    ...(untilMs !== undefined && { untilMs }),
    ...(endedMs === undefined && reason !== undefined && { reason }),
  };
};
const partState = (shelf: DirectShelf, direct: DirectEntry, part: PartEntry) => {
  if (part.endedMs !== undefined) return 'revoked';
  if (direct.revoked === undefined) return 'live';
  return isLost(shelf, part) ? 'lost' : 'revoking';
};
/** No renewal left after it was taken back: so a lease ends by then, whatever this life remembers of it. */
const untilOf = (
  { leases }: DirectShelf,
  { leaseMs, expiresMs, revoked, madeMs }: DirectEntry,
  part: PartEntry,
): number | undefined => {
  if (leaseMs === undefined) return part.expiresMs;
  const leasedMs = leases.get(partKey(part)) ?? (revoked?.atMs ?? madeMs) + leaseMs;
  return Math.min(leasedMs, expiresMs ?? Infinity);
};

/** Forgets what holds nowhere any more, and has not for a while. */
export const forgetDirects = (shelf: DirectShelf, turn: Turn): void => {
  const nowMs = nowOf(shelf);
  for (const direct of [...shelf.directs.values()]) {
    const parts = partsOf(shelf, direct.id);
    if (overSince(direct, parts) + LIMITS.directEndedMs > nowMs) continue;
    shelf.directs.delete(direct.id);
    shelf.parts.delete(direct.id);
    for (const part of parts) {
      shelf.troubles.delete(partKey(part));
      shelf.lost.delete(partKey(part));
      shelf.leases.delete(partKey(part));
    }
    const entry: UndirectedEntry = {
      kind: 'undirected',
      id: direct.id,
      members: parts.map(({ member }) => member),
    };
    turn.record(entry);
  }
};
/** Where a host was never told, its own end counts, if it has one. */
const overSince = (
  { expiresMs = Infinity, revoked, leaseMs }: DirectEntry,
  parts: readonly PartEntry[],
): number => {
  const leasedMs =
    revoked !== undefined && leaseMs !== undefined ? revoked.atMs + leaseMs : expiresMs;
  const ends = parts.map(({ endedMs }) => endedMs ?? Math.min(leasedMs, expiresMs));
  return Math.max(...ends);
};
