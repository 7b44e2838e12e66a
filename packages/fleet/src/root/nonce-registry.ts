/**
 * The `^nonce-registry` of a daemon: what swissnums name. A swissnum is 32 random bytes and exists
 * in the URI alone; what is kept, in memory and on disk, is its SHA-256, so that a stolen table
 * opens nothing.
 *
 *     mint     random → hash recorded → kept    a facet of one service; found again after a restart
 *     admit    random or given → kept           for this life of the daemon only; nothing is written
 *     fetch    hash → facet, grant, invite,     one answer for all that is unknown, gone or malformed; what an agent
 *              door, gift                       answers for is told through which session it is asked
 *     give     gift, service → facet, kept      as if it were minted, under a hash that no swissnum has
 *     confirm  after a backup was put back: what was minted before may have been taken back since
 */
import {
  Limit,
  type Bcom,
  type Behavior,
  type Clock,
  type Entropy,
  type JournalMap,
  type Ref,
  type Turn,
  type Vow,
} from '@bellwether/actors';
import {
  audit,
  endedSince,
  hexOf,
  mintedId,
  unknownGrant,
  type GrantFacts,
  type Past,
} from '@bellwether/authority';
import { encode, type Crypto, type PeerLocation } from '@bellwether/ocapn';
import { SessionMark, unknownReference, type Shepherd } from '@bellwether/shepherd';
import { makeGrantedService, type GrantedOptions } from '../granted/granted-service.ts';
import { makeWitness, type Witness } from '../granted/witness.ts';
import type { Issuing } from '../granted/granter.ts';
import { makeMintedService, type MintedOptions } from '../granted/minted-service.ts';
import { LIMITS } from '../limits.ts';
import { keyText } from '../nodes/node-shelf.ts';
import { randomBytes } from '../random.ts';
import { makeSessionFacet, type Commanded } from './session-facet.ts';

/** Of its methods only `fetch` may be reached from outside of the daemon. */
export interface NonceRegistry {
  /**
   * A fresh swissnum for one service, kept once its hash is durable. The bytes are a secret and
   * belong to the caller.
   * @throws UnknownService, Limit
   */
  mint(service: string): Vow<Uint8Array>;
  /** A swissnum for an actor, good until the daemon ends: the one that is given, else a fresh one. */
  admit(root: Ref, swissnum?: Uint8Array): Vow<Uint8Array>;
  /**
   * What a swissnum names. `sinceMs`: since when the session stands that it is asked through, as of an Asker; `peer`:
   * whose that is, where it is proved. @throws Refused, in the same words for everything that it does not know.
   */
  fetch(swissnum: Uint8Array, sinceMs?: number, peer?: PeerLocation): Ref;
  /** From now on what this one knows is fetched, too. Near only. */
  attend(keeper: Ref<Doorkeeper>): void;
  /** See Giving. Near only. */
  give(gift: string, service: string, sinceMs: number | undefined, home: string): Ref;
  takeBack(gift: string, reason: string): void;
  /**
   * What a swissnum comes from: the id of a grant that the owner gave, or of a minted reference; undefined for what is
   * neither, or unknown.
   */
  originOf(swissnum: Uint8Array): string | undefined;
  /** Ids of the references that were minted for a service and stand. */
  mintedFor(service: string): readonly string[];
  /** All that were minted, as grants of everything; of those that were revoked the ones of the last days. */
  list(): readonly GrantFacts[];
  /** Takes one back, with all that was made out of it: itself and those grants. @throws Refused for an unknown id */
  revoke(id: string, reason?: string): readonly GrantFacts[];
  /**
   * After a restored backup: these hold again, or the first `mostCount` that wait. Gives the ids that had waited. What
   * was revoked since that backup, as far as its audit tells, is refused where it is named, and goes on waiting
   * otherwise. @throws Refused, for an unknown id, too
   */
  confirm(ids: readonly string[] | undefined, mostCount: number, past?: Past): readonly string[];
}
/** Who knows what other swissnums lead to, and judges by whose session it is. Near only. */
export interface Doorkeeper {
  /** By the hash of the swissnum; undefined for one that it does not know. */
  find(hash: string, sinceMs: number | undefined, peer: PeerLocation | undefined): Ref | undefined;
}
/** The record of a reference that was minted. Only the hash of its swissnum is kept, anywhere. */
export type MintEntry = {
  readonly kind: 'minted';
  /** Lower-case hex of SHA-256 of the swissnum. */
  readonly hash: string;
  readonly service: string;
  /** Milliseconds since 1970; absent where that was not noted yet. */
  readonly madeMs?: number;
  /** Of the store, in which it was minted or confirmed; likewise. */
  readonly epoch?: number;
  /** The hash of the gift that it was given by; absent where somebody has a swissnum that leads to it. */
  readonly gift?: string;
  /** The designator of that controller; absent where that was not noted yet. */
  readonly home?: string;
};
/** One is forgotten that was given and taken back. */
export type UnmintedEntry = { readonly kind: 'unminted'; readonly hash: string };
/** What the registry is made from. */
export interface MintOptions extends Issuing {
  readonly entropy: Entropy;
  /** Only read. */
  readonly clock: Pick<Clock, 'wall'>;
  readonly crypto: Pick<Crypto, 'sha256'>;
  /** What the store found at boot. */
  readonly entries: readonly MintEntry[];
  /** Of the store, when this life began: what is minted now is of it. */
  readonly rightsEpoch: number;
  readonly shepherd: GrantedOptions['shepherd'] &
    MintedOptions['shepherd'] &
    Ref<Pick<Shepherd, 'hasAgent'>>;
}

const swissnumBytes = 32;

/** Makes the registry from the records of earlier lives. */
export const makeNonceRegistry = (
  turn: Turn<NonceRegistry>,
  _bcom: Bcom<NonceRegistry>,
  options: MintOptions,
): Behavior<NonceRegistry> => {
  const held: Held = {
    options,
    services: turn.map<string, MintEntry>(),
    found: turn.map<string, Ref>(),
    bySession: turn.map<string, readonly BySession[]>(),
    witness: turn.spawn(makeWitness),
    keepers: turn.map<Ref<Doorkeeper>, true>(),
  };
  for (const entry of options.entries) held.services.set(entry.hash, entry);
  return {
    mint: (turn, service) => mint(held, turn, service),
    admit: (turn, root, given) =>
      turn.when(given === undefined ? fresh(held, turn) : turn.kept(given), (_turn, swissnum) => {
        held.found.set(hashOf(held, swissnum), root);
        return swissnum;
      }),
    fetch: (turn, swissnum, sinceMs, peer) => fetch(held, turn, { swissnum, sinceMs, peer }),
    attend: (_turn, keeper) => held.keepers.set(keeper, true),
    give: (turn, gift, service, sinceMs, home) =>
      give(held, turn, { gift, service, sinceMs, home }),
    takeBack: (turn, gift, reason) => {
      forgetGiven(held, turn, isOld(held));
      for (const entry of [...held.services.values()])
        if (entry.gift === gift) turn.call(options.book, 'revokeMinted', entry.hash, reason);
    },
    originOf: (turn, swissnum) => originOf(held, turn, swissnum),
    mintedFor: (turn, service) =>
      [...held.services.values()].flatMap(({ hash, service: name }) =>
        name === service && turn.call(options.book, 'mintedState', hash).state === 'live'
          ? [mintedId(hash)]
          : [],
      ),
    list: (turn) => [...held.services.values()].flatMap((entry) => told(held, turn, entry)),
    revoke: (turn, id, reason) => revoke(held, turn, id, reason),
    confirm: (turn, ids, mostCount, past) => confirm(held, turn, ids, mostCount, past),
  };
};

interface Held {
  readonly options: MintOptions;
  /** What was minted, by hash: the durable half. */
  readonly services: JournalMap<string, MintEntry>;
  /** Actors by hash: facets that were asked for in this life, and what was admitted. */
  readonly found: JournalMap<string, Ref>;
  /** What stands before those for one session each, by hash, the newest last. */
  readonly bySession: JournalMap<string, readonly BySession[]>;
  readonly witness: Ref<Witness>;
  readonly keepers: JournalMap<Ref<Doorkeeper>, true>;
}
interface BySession {
  readonly sinceMs: number;
  readonly target: Ref;
  readonly facet: Ref;
}

const mint = (held: Held, turn: Turn, service: string): Vow<Uint8Array> => {
  checkRoom(held);
  return turn.when(fresh(held, turn), (turn, swissnum) => {
    // Others may have been made meanwhile.
    checkRoom(held);
    const hash = hashOf(held, swissnum);
    const facet = facetOf(held, turn, service, hash);
    const madeMs = Math.floor(held.options.clock.wall());
    const { rightsEpoch: epoch } = held.options;
    const entry: MintEntry = { kind: 'minted', hash, service, madeMs, epoch };
    held.services.set(hash, entry);
    held.found.set(hash, facet);
    turn.record(entry);
    audit(turn, { event: 'granted', asker: 'root', service, action: 'ref mint', label: hash });
    return swissnum;
  });
};

const checkRoom = ({ services }: Held): void => {
  if (services.size >= LIMITS.mintCount)
    throw new Limit(`mint: ${LIMITS.mintCount} references exist, no more are made`);
};

const told = (
  { options: { book, clock } }: Held,
  turn: Turn,
  { hash, service, madeMs = 0, gift, home }: MintEntry,
): readonly GrantFacts[] => {
  const stands = turn.call(book, 'mintedState', hash);
  const revoked = stands.state === 'revoked' ? stands.revoked : undefined;
  if (revoked !== undefined && revoked.atMs + LIMITS.directEndedMs <= clock.wall()) return [];
  const id = mintedId(hash);
  const { state } = stands;
  const facts = { id, service, actions: [], issuer: 'root', madeMs, usedCount: 0, state } as const;
  const whose = home === undefined ? 'a controller' : `controller ${keyText(home)}`;
  const label = gift === undefined ? {} : { label: whose };
  return [{ ...facts, isMinted: true, ...label, ...(revoked !== undefined && { revoked }) }];
};

/** The first twelve digits of a hash are one reference's alone, but for a chance of one in a million. */
const named = ({ services }: Held, id: string): readonly MintEntry[] => {
  const entries = [...services.values()].filter(({ hash }) => mintedId(hash) === id);
  if (entries.length === 0) throw unknownGrant();
  return entries;
};
const revoke = (
  held: Held,
  turn: Turn,
  id: string,
  reason: string | undefined,
): readonly GrantFacts[] => {
  const { book } = held.options;
  return named(held, id).flatMap((entry) => {
    if (turn.call(book, 'mintedState', entry.hash).state === 'revoked') return [];
    const ended = turn.call(book, 'revokeMinted', entry.hash, reason);
    return [...told(held, turn, entry), ...ended.map((each) => turn.call(book, 'facts', each))];
  });
};

const confirm = (
  held: Held,
  turn: Turn,
  ids: readonly string[] | undefined,
  mostCount: number,
  past: Past | undefined,
): readonly string[] => {
  const { book, rightsEpoch: epoch } = held.options;
  const wanted = ids?.flatMap((id) => named(held, id)) ?? [...held.services.values()];
  const confirmed: string[] = [];
  for (const entry of wanted) {
    if (confirmed.length >= mostCount) break;
    const { hash, service } = entry;
    if (turn.call(book, 'mintedState', hash).state !== 'unconfirmed') continue;
    const id = mintedId(hash);
    const why = past?.revoked.get(id);
    if (why !== undefined && ids === undefined) continue;
    if (why !== undefined) throw endedSince(id, why);
    turn.call(book, 'confirmMinted', hash);
    const again: MintEntry = { ...entry, epoch };
    held.services.set(hash, again);
    turn.record(again);
    audit(turn, { event: 'confirmed', asker: 'root', service, grant: id });
    confirmed.push(id);
  }
  return confirmed;
};

interface Question {
  readonly swissnum: unknown;
  readonly sinceMs: number | undefined;
  readonly peer: PeerLocation | undefined;
}
const fetch = (held: Held, turn: Turn, { swissnum, sinceMs, peer }: Question): Ref => {
  if (!isSwissnum(swissnum)) throw unknownReference();
  const hash = hashOf(held, swissnum);
  const known = held.found.get(hash);
  const service = held.services.get(hash)?.service;
  if (service === undefined) {
    const target = granted(held, turn, hash, sinceMs) ?? kept(held, turn, hash, sinceMs, peer);
    if (target !== undefined) return target;
    return known === undefined
      ? unknown()
      : inSession(held, turn, { hash, target: known, sinceMs });
  }
  checkThere(held, turn, service);
  const target = known ?? facetOf(held, turn, service, hash);
  if (known === undefined) held.found.set(hash, target);
  return inSession(held, turn, { hash, target, service, sinceMs });
};

interface Fetched {
  readonly hash: string;
  readonly target: Ref;
  /** Absent: it stands before all of them. */
  readonly service?: string;
  readonly sinceMs: number | undefined;
}
/**
 * What an agent answers for is told through which session it is asked: each has a facet of its own, and what stands
 * behind it is one for all. Only the last ones of each hash are kept here.
 */
const inSession = (
  { options, bySession }: Held,
  turn: Turn,
  { hash, target, service, sinceMs }: Fetched,
): Ref => {
  if (sinceMs === undefined || !turn.call(options.shepherd, 'hasAgent', service)) return target;
  const kept = bySession.get(hash) ?? [];
  const known = kept.find((each) => each.sinceMs === sinceMs && each.target === target);
  if (known !== undefined) return known.facet;
  const mark = new SessionMark(sinceMs);
  const facet = turn.spawn(makeSessionFacet, target as Ref<Commanded>, mark);
  bySession.set(hash, [...kept, { sinceMs, target, facet }].slice(-LIMITS.sessionFacetCount));
  return facet;
};
const isSwissnum = (value: unknown): value is Uint8Array =>
  value instanceof Uint8Array && value.length === swissnumBytes;
const unknown = (): never => {
  throw unknownReference();
};
/** One that the configuration has no longer is as unknown to strangers as one that never was. */
const checkThere = ({ options }: Held, turn: Turn, service: string): void => {
  if (!turn.call(options.shepherd, 'isRegistered', service)) throw unknownReference();
};
const facetOf = ({ options }: Held, turn: Turn, service: string, hash: string): Ref => {
  const name = turn.call(options.shepherd, 'status', service).provision[0] ?? service;
  return turn.spawn(makeMintedService, { ...options, name, principal: hash });
};

const kept = (
  { keepers }: Held,
  turn: Turn,
  hash: string,
  sinceMs: number | undefined,
  peer: PeerLocation | undefined,
): Ref | undefined => {
  for (const keeper of keepers.keys()) {
    const found = turn.call(keeper, 'find', hash, sinceMs, peer);
    if (found !== undefined) return found;
  }
  return undefined;
};

interface Given {
  readonly gift: string;
  readonly service: string;
  readonly sinceMs: number | undefined;
  readonly home: string;
}
/**
 * What a controller gets of one service is a minted reference like any other: it can be listed and taken back by its
 * id, grants are made out of it, and its operations are its own. Only nobody can fetch it but through the gift.
 */
const give = (held: Held, turn: Turn, { gift, service, sinceMs, home }: Given): Ref => {
  checkThere(held, turn, service);
  const { crypto, clock, rightsEpoch: epoch, book } = held.options;
  const hash = hexOf(crypto.sha256(encode([givenDomain, gift, service])));
  if (turn.call(book, 'mintedState', hash).state === 'revoked') throw unknownReference();
  if (!held.services.has(hash)) {
    checkRoomOf(held, turn, home);
    checkRoom(held);
    held.options.checkRoom?.(home);
    const madeMs = Math.floor(clock.wall());
    const entry: MintEntry = { kind: 'minted', hash, service, madeMs, epoch, gift, home };
    held.services.set(hash, entry);
    turn.record(entry);
    audit(turn, { event: 'granted', asker: 'root', service, action: 'node join', label: hash });
  }
  const target = held.found.get(hash) ?? facetOf(held, turn, service, hash);
  held.found.set(hash, target);
  return inSession(held, turn, { hash, target, service, sinceMs });
};
/** What one controller had before, and has no more, makes room for what it has: nobody else's does. @throws Limit */
const checkRoomOf = (held: Held, turn: Turn, home: string): void => {
  const count = (): number =>
    [...held.services.values()].filter((entry) => entry.home === home).length;
  if (count() < LIMITS.homeMintCount) return;
  forgetGiven(held, turn, (entry) => entry.home === home);
  if (count() < LIMITS.homeMintCount) return;
  throw new Limit(`mint: one controller has ${LIMITS.homeMintCount} references, it gets no more`);
};
/** What was given and taken back is listed for some days; then nobody asks for it, since no swissnum leads there. */
const forgetGiven = (
  { options, services, found, bySession }: Held,
  turn: Turn,
  isToGo: (entry: MintEntry, revokedMs: number) => boolean,
): void => {
  for (const entry of [...services.values()]) {
    const { hash, gift } = entry;
    if (gift === undefined) continue;
    const stands = turn.call(options.book, 'mintedState', hash);
    if (stands.state !== 'revoked' || !isToGo(entry, stands.revoked.atMs)) continue;
    services.delete(hash);
    found.delete(hash);
    bySession.delete(hash);
    turn.record({ kind: 'unminted', hash } satisfies UnmintedEntry);
  }
};
const isOld =
  ({ options: { clock } }: Held) =>
  (_entry: MintEntry, revokedMs: number): boolean =>
    revokedMs + LIMITS.directEndedMs <= clock.wall();
const givenDomain = 'bellwether-given-1';

const originOf = (held: Held, turn: Turn, swissnum: unknown): string | undefined => {
  if (!isSwissnum(swissnum)) return undefined;
  const hash = hashOf(held, swissnum);
  if (held.services.has(hash)) return mintedId(hash);
  return turn.call(held.options.book, 'originUnder', hash);
};

/** What the grant book knows under a hash: an invite, or a grant that somebody holds. */
const granted = (
  held: Held,
  turn: Turn,
  hash: string,
  sinceMs: number | undefined,
): Ref | undefined => {
  const { options, found } = held;
  const named = turn.call(options.book, 'find', hash);
  if (named === undefined) return undefined;
  if (named.kind === 'invite') return named.invite;
  checkThere(held, turn, named.service);
  const { grant, service } = named;
  const target =
    found.get(hash) ??
    turn.spawn(makeGrantedService, { ...options, grant, hash, witness: held.witness });
  found.set(hash, target);
  return inSession(held, turn, { hash, target, service, sinceMs });
};

const fresh = ({ options }: Held, turn: Turn): Vow<Uint8Array> =>
  randomBytes(turn, options.entropy, swissnumBytes);

const hashOf = ({ options }: Held, swissnum: Uint8Array): string =>
  hexOf(options.crypto.sha256(swissnum));
