/** What a controller remembers of machines, and what is told of them. Everything in it is undone with its turn. */
import type { Answer, Clock, Entropy, JournalMap, Ref, Turn } from '@bellwether/actors';
import { audit, type GrantBook } from '@bellwether/authority';
import type { Crypto, PeerLocation } from '@bellwether/ocapn';
import type { ShepherdOptions } from '@bellwether/shepherd';
import type { ExportedSpec } from '../planned.ts';
import { LIMITS } from '../limits.ts';
import { routeOf, type DialRef } from '../reach/destination.ts';
import type { LiveRef } from '../reach/live-ref.ts';
import type { Peers } from '../reach/peer.ts';
import type { Standing } from '../reach/standing.ts';
import { joinedServices, routeTo, type LeftOut } from './joined.ts';
import type {
  DepartedEntry,
  GivenEntry,
  NodeDoorEntry,
  NodeEntry,
  NodeFacts,
  NodeRecords,
  PartedEntry,
  UnnodedEntry,
} from './types.ts';

/** Whom services are told to that machines give. Near only. */
export interface Joining {
  /** From now on these are what machines give, all together. */
  joined(specs: readonly ExportedSpec[]): void;
  /** Those of them that are not taken in. */
  leftOut(): readonly LeftOut[];
}
/** The power over what machines gave: secrets, each in a file. */
export interface GiftStore {
  /** Kept with the Destination once it is on disk. */
  keep(node: string, peer: PeerLocation, swissnum: Uint8Array, answer: Answer): void;
  /** Kept once there is none. */
  drop(node: string, answer: Answer): void;
}
/** What a `^nodes` is made from. */
export interface NodesOptions {
  /** As of a shepherd. */
  readonly checkRoom?: ShepherdOptions['checkRoom'];
  readonly records: NodeRecords;
  readonly rightsEpoch: { readonly now: number; readonly restored: number };
  /** What this controller calls itself. */
  readonly controller: string;
  readonly book: Ref<Pick<GrantBook, 'clock'>>;
  readonly crypto: Pick<Crypto, 'sha256'>;
  readonly entropy: Entropy;
  /** Only read. */
  readonly clock: Pick<Clock, 'now'>;
  /** The URI of a swissnum at this daemon: a secret. */
  readonly uriOf: (swissnum: Uint8Array) => string;
  /** By which transport machines come; undefined: by none, since this daemon listens on no network. */
  readonly transport: () => string | undefined;
  readonly gifts: GiftStore;
  /** Which gifts were there when this life began: fingerprints, by the name of the machine. */
  readonly giftsAtFirst: ReadonlyMap<string, string>;
  readonly joining: Ref<Joining>;
  readonly dial: DialRef;
  readonly peers: Ref<Peers>;
  /** Told in the turn in which a name means another machine, or nobody knows which. */
  readonly standing: Ref<Pick<Standing, 'note'>>;
}
/** The memory of a `^nodes`. */
export interface NodeShelf extends NodesOptions {
  readonly nodes: JournalMap<string, NodeEntry>;
  readonly given: JournalMap<string, GivenEntry>;
  /** By the hash of their door. */
  readonly departed: JournalMap<string, DepartedEntry>;
  /** Names, by the hashes of doors and open invites. */
  readonly doors: JournalMap<string, string>;
  /** The fingerprint of the gift that is kept, by name. */
  readonly held: JournalMap<string, string>;
  readonly contacts: JournalMap<string, Contact>;
  /** How often each door was used for something durable, by its hash; see rate.ts. */
  readonly rates: JournalMap<string, number>;
}
/** The way to a machine, and whether there is contact by it. */
export interface Contact {
  readonly way: Ref<LiveRef>;
  readonly isConnected: boolean;
}

/** Puts what the store found on a shelf. */
export const fillNodeShelf = (turn: Turn, options: NodesOptions): NodeShelf => {
  const shelf: NodeShelf = {
    ...options,
    nodes: turn.map(),
    given: turn.map(),
    departed: turn.map(),
    doors: turn.map(),
    held: turn.map(),
    contacts: turn.map(),
    rates: turn.map(),
  };
  const { nodes, given, departed } = options.records;
  for (const entry of [...nodes].sort(byName)) shelve(shelf, turn, entry);
  for (const entry of given) shelf.given.set(entry.name, entry);
  for (const entry of [...departed].sort(byTime)) shelf.departed.set(entry.hash, entry);
  for (const [name, gift] of options.giftsAtFirst) shelf.held.set(name, gift);
  return shelf;
};
const byName = (one: NodeEntry, other: NodeEntry): number => (one.name < other.name ? -1 : 1);
const byTime = (one: DepartedEntry, other: DepartedEntry): number => one.atMs - other.atMs;

const shelve = (shelf: NodeShelf, turn: Turn, entry: NodeEntry): void => {
  const { nodes, doors, standing } = shelf;
  const { name, door, leftMs, doubtMs } = entry;
  const hashes = hashesOf(entry);
  shut(
    shelf,
    hashesOf(nodes.get(name)).filter((hash) => !hashes.includes(hash)),
  );
  nodes.set(name, entry);
  for (const hash of hashes) doors.set(hash, name);
  const isThere = door !== undefined && leftMs === undefined;
  const stand = isThere ? { gift: door.gift, isInDoubt: doubtMs !== undefined } : undefined;
  turn.call(standing, 'note', name, stand);
};
const shut = ({ doors, rates }: NodeShelf, hashes: readonly string[]): void => {
  for (const hash of hashes) {
    doors.delete(hash);
    rates.delete(hash);
  }
};
const hashesOf = (entry: NodeEntry | undefined): readonly string[] =>
  [entry?.door?.hash, entry?.invite?.hash].filter((hash) => hash !== undefined);

/** Keeps a machine in place of what it was. */
export const keepNode = (shelf: NodeShelf, turn: Turn, entry: NodeEntry): void => {
  shelve(shelf, turn, entry);
  turn.record(entry);
};
/** Forgets a machine, and what it gave. */
export const forgetNode = (shelf: NodeShelf, turn: Turn, entry: NodeEntry): void => {
  shut(shelf, hashesOf(entry));
  shelf.nodes.delete(entry.name);
  shelf.given.delete(entry.name);
  turn.call(shelf.standing, 'note', entry.name, undefined);
  turn.record({ kind: 'unnoded', name: entry.name } satisfies UnnodedEntry);
};
/** It is to hear that it was removed, when it calls. */
export const depart = (
  shelf: NodeShelf,
  turn: Turn,
  name: string,
  { hash, designator }: NodeDoorEntry,
): void => {
  const entry: DepartedEntry = {
    kind: 'departed',
    hash,
    designator,
    name,
    atMs: timeOf(shelf, turn),
  };
  shelf.departed.set(hash, entry);
  turn.record(entry);
  const [oldest] = shelf.departed.keys();
  if (shelf.departed.size > LIMITS.departedCount && oldest !== undefined)
    parted(shelf, turn, oldest);
};
/** It has heard. */
export const parted = ({ departed }: NodeShelf, turn: Turn, hash: string): void => {
  if (departed.delete(hash)) turn.record({ kind: 'parted', hash } satisfies PartedEntry);
};

/** Milliseconds since 1970, by the time of grants: it never goes back. */
export const timeOf = ({ book }: NodeShelf, turn: Turn): number =>
  Math.floor(turn.call(book, 'clock').nowMs);

/** Tells what all machines give. */
export const announce = (shelf: NodeShelf, turn: Turn): void =>
  turn.call(shelf.joining, 'joined', specsIn([...shelf.nodes.values()], [...shelf.given.values()]));
/** What there is of it in records. */
export const specsIn = (
  nodes: readonly NodeEntry[],
  given: readonly GivenEntry[],
): readonly ExportedSpec[] => {
  const byNode = new Map(given.map((entry) => [entry.name, entry.services]));
  return nodes.flatMap((node) =>
    node.door === undefined || node.leftMs !== undefined
      ? []
      : joinedServices(node, byNode.get(node.name) ?? []).specs,
  );
};

/** Whether an open invite is of no use any more. */
export const isLapsed = (
  { rightsEpoch }: NodeShelf,
  { invite }: NodeEntry,
  nowMs: number,
): boolean =>
  invite === undefined || invite.expiresMs <= nowMs || invite.epoch < rightsEpoch.restored;

/** What is told of one. `leftOut`: of all machines, where many are told of. */
export const factsOf = (
  shelf: NodeShelf,
  turn: Turn,
  node: NodeEntry,
  leftOutOfAll = turn.call(shelf.joining, 'leftOut'),
): NodeFacts => {
  const { name, labels, madeMs, door, invite, isDialOut, leftMs } = node;
  const services = shelf.given.get(name)?.services ?? [];
  const isOpen = !isLapsed(shelf, node, timeOf(shelf, turn));
  const contact = shelf.contacts.get(name);
  const leftOut = leftOutOf(node, services, leftOutOfAll);
  return {
    name,
    labels,
    state: stateOf(node, isOpen),
    madeMs,
    serviceCount: leftMs === undefined ? services.length : 0,
    ...(leftOut.length > 0 && { leftOut }),
    ...(door && { designator: door.designator, joinedMs: door.joinedMs }),
    ...(isOpen && invite && { inviteExpiresMs: invite.expiresMs }),
    ...(isDialOut && { isDialOut }),
    ...(contact && { isConnected: contact.isConnected }),
    ...(isOpen && invite?.key !== undefined && { inviteKey: invite.key }),
    ...(door?.approvedMs !== undefined && { approvedMs: door.approvedMs }),
    ...alertOf(node),
  };
};
const alertOf = ({
  alertCount,
  alertMs,
  alertBy,
  doubtMs,
}: NodeEntry): Pick<NodeFacts, 'alertCount' | 'alertMs' | 'alertBy' | 'isInDoubt'> => ({
  ...(alertCount !== undefined && { alertCount }),
  ...(alertMs !== undefined && { alertMs }),
  ...(alertBy !== undefined && { alertBy }),
  ...(doubtMs !== undefined && { isInDoubt: true }),
});
const stateOf = ({ door, leftMs }: NodeEntry, isOpen: boolean): NodeFacts['state'] => {
  if (door !== undefined) return leftMs === undefined ? 'joined' : 'left';
  return isOpen ? 'invited' : 'lapsed';
};
const leftOutOf = (
  node: NodeEntry,
  services: readonly (readonly string[])[],
  leftOutOfAll: readonly LeftOut[],
): NonNullable<NodeFacts['leftOut']> => {
  const { leftOut } = joinedServices(node, services);
  const way = routeTo(node.name);
  return [...leftOut, ...leftOutOfAll.filter(({ name }) => routeOf(name) === way)]
    .slice(0, LIMITS.leftOutCount)
    .map(({ name, why }) => ({ service: name, why }));
};

/** The beginning of a designator, which is the hash of a certificate. */
export const fingerprintOf = (designator: string): string =>
  designator.slice(0, LIMITS.shownDesignator);

/** The same with as much of it as tells a key from one that somebody has searched for. */
export const keyText = (designator: string): string =>
  (designator.slice(0, LIMITS.keyCharacters).match(/.{1,4}/g) ?? []).join('-');

/** Writes what was done with a machine. */
export const auditNode = (
  turn: Turn,
  event: 'granted' | 'redeemed' | 'confirmed' | 'revoked',
  action: string,
  label: string,
  asker = 'root',
): void => audit(turn, { event, asker, service: 'root', action: `node ${action}`, label });
