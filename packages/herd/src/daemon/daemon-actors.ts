/**
 * What a life of a daemon consists of, as a function of powers alone: its actors, and what its router has to know of
 * them. Simulated machines are made of the same (test/support/fleet-node.ts).
 *
 *     swissnum ──► ^nonce-registry ──► ^local-root ──► ^shepherd ──► services, proxies, fleets
 *                        │                  └────────► ^grant-book
 *                        └──► ^invite, ^granted-service ─────┘
 *                                           └────────► ^composition ──► ^slots
 *                                                      ^direct-grants, ^peers, ^carrier, the daemon's refs
 */
import { makeGrantBook, type GrantBook, type GrantBookOptions } from '@bellwether/authority';
import { deliverTo } from '@bellwether/actors';
import type { Clock, Entropy, Frontier, Ref, Turn, Vat } from '@bellwether/actors';
import { makeCarrier } from '@bellwether/deploy';
import {
  makeComposition,
  makeDirectGrants,
  makeDoorRoot,
  makeFreshLines,
  makeHomes,
  makeLocalRoot,
  makeNet,
  makeNodes,
  makeNonceRegistry,
  makePeers,
  makeStanding,
  specsIn,
  type Composition,
  type CompositionOptions,
  type Destination,
  type DoorBounds,
  type DoorRoot,
  type Homes,
  type HomesOptions,
  type LocalRoot,
  type LocalRootOptions,
  type MintWay,
  type NetPowers,
  type Nodes,
  type NodesOptions,
  type NonceRegistry,
  type Peers,
  type SlotAgents,
} from '@bellwether/fleet';
import { Sturdyref, sturdyrefUri, type PeerLocation, type RouterPowers } from '@bellwether/ocapn';
import {
  gnuDoor,
  makeProcessMonitor,
  makeShepherd,
  type ChorePowers,
  type ProcessBackend,
  type Shepherd,
  type ShepherdOptions,
} from '@bellwether/shepherd';
import type { Found } from '../store/records.ts';
import type { DaemonRefs } from './daemon-refs.ts';
import type { JoinSecrets } from './join-secrets.ts';
import type { LazyDepots } from './lazy-depots.ts';
import { makeChores } from './chores.ts';
import { makeSlots } from './slots.ts';

/** What the actors of a life are made from. */
export interface ActorParts
  extends
    Omit<ShepherdOptions, 'monitor' | 'clock' | 'grants' | 'carrier' | 'records'>,
    Pick<CompositionOptions, 'planned' | 'load' | 'keep'> {
  readonly backend: ProcessBackend;
  /** Only read. */
  readonly clock: Pick<Clock, 'now' | 'wall' | 'after'>;
  readonly entropy: Entropy;
  readonly crypto: RouterPowers['crypto'];
  /** What earlier lives have left, and the epoch of the store: see `GrantBookOptions`. */
  readonly found: Omit<Found, 'port' | 'websocketPort'>;
  readonly rightsEpoch: GrantBookOptions['rightsEpoch'];
  readonly place: Place;
  readonly refs: Pick<DaemonRefs, 'put' | 'list' | 'dial' | 'fresh' | 'gifts' | 'doors'>;
  /** Where those led when this life began: read outside of all turns. */
  readonly destinations: ReadonlyMap<string, Destination>;
  readonly secretsAtFirst: JoinSecrets;
  /** What the owner of the machine may ask of the daemon itself. */
  readonly owner: Pick<
    LocalRootOptions,
    'about' | 'usage' | 'backup' | 'lastOfAudit' | 'pastOf' | 'end' | 'leave'
  >;
  /** What the owner sees of the router of this life. */
  readonly net: NetPowers;
  /** Of this machine, as releases are built for it. */
  readonly platform: string;
  /** What of the disk is for releases. */
  readonly depots: LazyDepots;
  /** What it does chores with; absent: it does none. */
  readonly chores?: ChorePowers;
  /** What the door for GNU Shepherd's clients leads to; absent where there is none. */
  readonly gnu: DoorBounds | undefined;
}
/** Where others find this machine, and it finds others. */
export interface Place {
  /** Of this node: what whoever accepts an invite has dialled. */
  readonly designator: string;
  /** By which transport others come over the network; undefined where there is none. */
  readonly transport: () => string | undefined;
  /** By which ones this machine may join a controller. */
  readonly transports: readonly string[];
  /** Where refs for others lead; see LocalRootOptions.uriOf. 'proved': to where whoever comes can prove a key. */
  readonly location: (way: MintWay | 'proved') => PeerLocation;
  readonly hasWay: LocalRootOptions['hasWay'];
}
/** The actors of a life that what is around them speaks to. */
export interface DaemonActors {
  readonly mint: Ref<NonceRegistry>;
  readonly root: Ref<LocalRoot>;
  readonly shepherd: Ref<Shepherd>;
  readonly peers: Ref<Peers>;
  readonly nodes: Ref<Nodes>;
  /** To be resumed once what runs is adopted. */
  readonly slots: Ref<SlotAgents>;
  /** For the door of GNU Shepherd's clients, where there is one. */
  readonly door: Ref<DoorRoot> | undefined;
}

/** Makes the actors, with every service registered. Nothing is adopted or started yet: that is `restore`. */
export const makeActors = (turn: Turn, all: ActorParts): DaemonActors => {
  const { backend, clock, entropy, crypto, refs, found, rightsEpoch, place, ...parts } = all;
  const { name, life, boot, prober, log, checkRoom } = parts;
  const { records, minted, carried, nodes: joined } = found;
  const { running } = records;
  const monitor = turn.spawn(makeProcessMonitor, { backend, clock, life, running });
  const plain = { clock, crypto, log };
  const common = { ...shepherdPowers(all), name, life, boot, records };
  const uriOf = urisAt(place);
  const book = makeBook(turn, all);
  const record = carried === undefined ? {} : { record: carried };
  const carrier = turn.spawn(makeCarrier, { ...plain, name, shelf: parts.depots.shelf, ...record });
  const shepherd = turn.spawn(makeShepherd, { ...common, monitor, grants: book, carrier });
  turn.call(carrier, 'attend', shepherd);
  turn.call(book, 'attend', shepherd);
  const peers = turn.spawn(makePeers, { clock, entropy, destinations: parts.destinations });
  const reaching = { dial: refs.dial, peers, clock, entropy };
  const direct = turn.spawn(makeDirectGrants, { ...reaching, records: found.directs, rightsEpoch });
  const lines = turn.spawn(makeFreshLines, refs.fresh, peers);
  const standing = turn.spawn(makeStanding);
  const elsewherePowers = { ...reaching, lines, standing, crypto, arrivals: direct, carrier };
  const slots = turn.spawn(makeSlots, {
    platform: parts.platform,
    records: found.slots,
    depotOf: (slot) => parts.depots.of(slot),
    prober,
    shepherd,
    carrier,
    ...plain,
  });
  const { chores: powers } = parts;
  const chores = powers && turn.spawn(makeChores, { shepherd, monitor, clock, powers });
  const composition = turn.spawn(makeComposition, {
    shepherd,
    slots,
    ...(chores && { chores }),
    planned: parts.planned,
    joined: specsIn(joined.nodes, joined.given),
    elsewherePowers,
    load: parts.load,
    keep: parts.keep,
  });
  const granting = { book, shepherd, uriOf: provedUris(uriOf), hasWay: place.hasWay, checkRoom };
  const mint = turn.spawn(makeNonceRegistry, {
    ...granting,
    clock,
    entropy,
    crypto,
    entries: minted,
    rightsEpoch: rightsEpoch.now,
  });
  const joining = { ...reaching, standing, crypto, rightsEpoch, checkRoom };
  const { nodes, homes } = makeJoining(turn, all, { ...joining, book, composition, mint, uriOf });
  const machines = { nodes, homes, peers };
  const root = turn.spawn(makeLocalRoot, {
    ...granting,
    // What is minted is for whoever comes.
    mintedUriOf: uriOf,
    ...machines,
    net: turn.spawn(makeNet, { ...all.net, ...machines, refs }),
    mint,
    direct,
    composition,
    slots,
    refs,
    ...parts.owner,
  });
  const door = makeDoor(turn, all, shepherd, composition);
  return { mint, root, shepherd, peers, nodes, slots, door };
};

const makeDoor = (
  turn: Turn,
  { gnu: bounds, owner: { end } }: ActorParts,
  shepherd: Ref<Shepherd>,
  composition: Ref<Composition>,
): Ref<DoorRoot> | undefined =>
  bounds && turn.spawn(makeDoorRoot, { shepherd, composition, end, principal: gnuDoor, bounds });

const shepherdPowers = (all: ActorParts) => {
  const { prober, webhooks, logFiles, clock, zone, spawning, log, archive, checkRoom } = all;
  return {
    ...{ prober, webhooks, logFiles, clock, zone, spawning, log, archive },
    ...(checkRoom && { checkRoom }),
  };
};

const urisAt =
  ({ location }: Place) =>
  (swissnum: Uint8Array, way: MintWay | 'proved'): string =>
    sturdyrefUri(new Sturdyref(location(way), swissnum));
type Uris = ReturnType<typeof urisAt>;
/** Of what is for whoever proves a key first. */
const provedUris =
  (uriOf: Uris) =>
  (swissnum: Uint8Array, isLocal: boolean): string =>
    uriOf(swissnum, isLocal ? 'local' : 'proved');

const makeBook = (
  turn: Turn,
  { found, rightsEpoch, place, clock, crypto, checkRoom }: ActorParts,
): Ref<GrantBook> =>
  turn.spawn(makeGrantBook, {
    records: found.granted,
    minted: found.minted,
    rightsEpoch,
    checkRoom,
    designator: place.designator,
    clock,
    crypto,
    uriOf: provedUris(urisAt(place)),
  });

interface JoiningParts
  extends
    Pick<
      NodesOptions,
      'rightsEpoch' | 'book' | 'crypto' | 'entropy' | 'dial' | 'peers' | 'standing' | 'checkRoom'
    >,
    Pick<HomesOptions, 'clock'> {
  readonly composition: Ref<Composition>;
  readonly mint: Ref<NonceRegistry>;
  readonly uriOf: Uris;
}
/** Machines that have joined this one, and controllers that it has joined: their doors and gifts can be fetched. */
const makeJoining = (
  turn: Turn,
  { found: { nodes, homes }, refs, name, place, secretsAtFirst }: ActorParts,
  { composition, mint, uriOf, ...common }: JoiningParts,
): { readonly nodes: Ref<Nodes>; readonly homes: Ref<Homes> } => {
  const made = {
    nodes: turn.spawn(makeNodes, {
      ...common,
      records: nodes,
      controller: name,
      uriOf: (swissnum) => uriOf(swissnum, 'proved'),
      transport: place.transport,
      gifts: refs.gifts,
      giftsAtFirst: secretsAtFirst.gifts,
      joining: composition,
    }),
    homes: turn.spawn(makeHomes, {
      ...common,
      fresh: refs.fresh,
      records: homes,
      configured: composition,
      giving: mint,
      doors: refs.doors,
      doorsAtFirst: secretsAtFirst.doors,
      designator: place.designator,
      transport: place.transport,
      transports: place.transports,
    }),
  };
  turn.call(mint, 'attend', made.nodes);
  turn.call(mint, 'attend', made.homes);
  turn.call(composition, 'attend', made.homes);
  return made;
};

/** What the router of a life is made from. */
export interface RouterParts extends Omit<
  RouterPowers,
  'vat' | 'fetch' | 'partyOf' | 'designator' | 'mayDial' | 'handoffs' | 'opened'
> {
  readonly vat: Vat & Frontier;
  /** Of this node: a hello must name what the certificate proves, also where it only dials. */
  readonly designator: string;
  readonly refs: Pick<DaemonRefs, 'met'>;
  /** Undefined until this life serves. */
  readonly mint: () => Ref<NonceRegistry> | undefined;
}

/**
 * What a router is made from that lets others into a life. It hands nothing off: what passes here can be cut here, and
 * nobody is to go on without us.
 */
export const routerPowers = ({ refs, mint, ...powers }: RouterParts): RouterPowers => ({
  ...powers,
  fetch: (swissnum, openedMs, peer) => {
    const registry = mint();
    return registry && deliverTo(powers.vat, registry, 'fetch', swissnum, openedMs, peer);
  },
  partyOf: (swissnum) => {
    const registry = mint();
    return registry && deliverTo(powers.vat, registry, 'originOf', swissnum);
  },
  // What a peer passes in an argument makes this daemon dial nobody.
  mayDial: (_to, because) => because === 'asked',
  opened: (session) => refs.met(session),
});
