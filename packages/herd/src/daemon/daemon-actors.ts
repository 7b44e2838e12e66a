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
import { makeGrantBook, type BookRecords, type GrantBookOptions } from '@bellwether/authority';
import type { Clock, Entropy, Frontier, Ref, Turn, Vat } from '@bellwether/actors';
import {
  makeComposition,
  makeDirectGrants,
  makeFreshLines,
  makeHomes,
  makeLocalRoot,
  makeNodes,
  makeNonceRegistry,
  makePeers,
  specsIn,
  type Composition,
  type CompositionOptions,
  type Destination,
  type DirectRecords,
  type HomeEntry,
  type Homes,
  type HomesOptions,
  type LocalRoot,
  type LocalRootOptions,
  type MintEntry,
  type NodeRecords,
  type Nodes,
  type NodesOptions,
  type NonceRegistry,
  type Peers,
  type SlotAgents,
} from '@bellwether/fleet';
import { Sturdyref, sturdyrefUri, type PeerLocation, type RouterPowers } from '@bellwether/ocapn';
import {
  makeProcessMonitor,
  makeShepherd,
  type ProcessBackend,
  type Shepherd,
  type ShepherdOptions,
} from '@bellwether/shepherd';
import type { DaemonRefs } from './daemon-refs.ts';
import { makeCarrier, type CarrierOptions } from '@bellwether/deploy';
import type { JoinSecrets } from './join-secrets.ts';
import { makeSlots, type SlotsOptions } from './slots.ts';

/** What the actors of a life are made from. */
export interface ActorParts
  extends
    Omit<ShepherdOptions, 'monitor' | 'clock' | 'grants'>,
    Pick<CompositionOptions, 'planned' | 'load' | 'keep'>,
    Pick<LocalRootOptions, 'about' | 'backup' | 'lastOfAudit' | 'pastOf' | 'end' | 'leave'> {
  readonly backend: ProcessBackend;
  /** Only read. */
  readonly clock: Pick<Clock, 'now' | 'wall' | 'after'>;
  readonly entropy: Entropy;
  readonly crypto: RouterPowers['crypto'];
  /** What was minted in earlier lives. */
  readonly minted: readonly MintEntry[];
  /** What was granted in earlier lives, and the epoch of the store: see `GrantBookOptions`. */
  readonly granted: BookRecords;
  /** What was granted at hosts elsewhere. */
  readonly directs: DirectRecords;
  /** Machines that have joined, and controllers that this one has joined. */
  readonly nodes: NodeRecords;
  readonly homes: readonly HomeEntry[];
  readonly rightsEpoch: GrantBookOptions['rightsEpoch'];
  /** Of this node: what whoever accepts an invite has dialled. */
  readonly designator: string;
  readonly refs: Pick<DaemonRefs, 'put' | 'list' | 'dial' | 'fresh' | 'gifts' | 'doors'>;
  /** Where those led when this life began: read outside of all turns. */
  readonly destinations: ReadonlyMap<string, Destination>;
  readonly secretsAtFirst: JoinSecrets;
  /** By which transport others come over the network; undefined where there is none. */
  readonly transport: () => string | undefined;
  /** By which ones this machine may join a controller. */
  readonly transports: readonly string[];
  /** Where refs for others lead; see LocalRootOptions.uriOf. */
  readonly location: (isLocal: boolean) => PeerLocation;
  readonly isShared: () => boolean;
  /** Of slots: this machine, what earlier lives have left, and what of the disk is theirs. */
  readonly slotParts: Pick<SlotsOptions, 'platform' | 'records' | 'depotOf'>;
  /** The same of what is kept for services elsewhere. */
  readonly carrierParts: Pick<CarrierOptions, 'shelf' | 'record'>;
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
}

/** Makes the actors, with every service registered. Nothing is adopted or started yet: that is `restore`. */
export const makeActors = (turn: Turn, parts: ActorParts): DaemonActors => {
  const { life, backend, clock, entropy, crypto, refs, destinations } = parts;
  const { planned, load, keep, location, isShared } = parts;
  const { name, prober, logFiles, log, records, archive } = parts;
  const { about, backup, lastOfAudit, pastOf, end, leave, carrierParts } = parts;
  const { running } = records;
  const monitor = turn.spawn(makeProcessMonitor, { backend, clock, life, running });
  const common = { name, life, prober, logFiles, clock, log, records, archive };
  const uriOf = (swissnum: Uint8Array, isLocal: boolean): string =>
    sturdyrefUri(new Sturdyref(location(isLocal), swissnum));
  const book = turn.spawn(makeGrantBook, {
    records: parts.granted,
    minted: parts.minted,
    rightsEpoch: parts.rightsEpoch,
    designator: parts.designator,
    clock,
    crypto,
    uriOf,
  });
  const carrier = turn.spawn(makeCarrier, { ...carrierParts, name, clock, crypto, log });
  const shepherd = turn.spawn(makeShepherd, { ...common, monitor, grants: book, carrier });
  turn.call(carrier, 'attend', shepherd);
  turn.call(book, 'attend', shepherd);
  const peers = turn.spawn(makePeers, { clock, entropy, destinations });
  const reaching = { dial: refs.dial, peers, clock, entropy };
  const { directs, rightsEpoch } = parts;
  const direct = turn.spawn(makeDirectGrants, { ...reaching, records: directs, rightsEpoch });
  const lines = turn.spawn(makeFreshLines, refs.fresh);
  const elsewherePowers = { ...reaching, lines, crypto, arrivals: direct, carrier };
  const slotPowers = { prober, clock, crypto, log, shepherd, carrier };
  const slots = turn.spawn(makeSlots, { ...parts.slotParts, ...slotPowers });
  const composition = turn.spawn(makeComposition, {
    shepherd,
    slots,
    planned,
    joined: specsIn(parts.nodes.nodes, parts.nodes.given),
    elsewherePowers,
    load,
    keep,
  });
  const granting = { book, shepherd, uriOf, isShared };
  const mint = turn.spawn(makeNonceRegistry, {
    ...granting,
    clock,
    entropy,
    crypto,
    entries: parts.minted,
    rightsEpoch: parts.rightsEpoch.now,
  });
  const joining = { ...reaching, crypto, rightsEpoch: parts.rightsEpoch };
  const { nodes, homes } = makeJoining(turn, parts, { ...joining, book, composition, mint, uriOf });
  const root = turn.spawn(makeLocalRoot, {
    ...granting,
    nodes,
    homes,
    mint,
    direct,
    composition,
    slots,
    refs,
    peers,
    about,
    backup,
    lastOfAudit,
    pastOf,
    end,
    leave,
  });
  return { mint, root, shepherd, peers, nodes, slots };
};

interface JoiningParts
  extends
    Pick<NodesOptions, 'rightsEpoch' | 'book' | 'crypto' | 'entropy' | 'dial' | 'peers'>,
    Pick<HomesOptions, 'clock'> {
  readonly composition: Ref<Composition>;
  readonly mint: Ref<NonceRegistry>;
  readonly uriOf: (swissnum: Uint8Array, isLocal: boolean) => string;
}
/** Machines that have joined this one, and controllers that it has joined: their doors and gifts can be fetched. */
const makeJoining = (
  turn: Turn,
  { nodes, homes, refs, name, transport, transports, secretsAtFirst }: ActorParts,
  { composition, mint, uriOf, ...common }: JoiningParts,
): { readonly nodes: Ref<Nodes>; readonly homes: Ref<Homes> } => {
  const made = {
    nodes: turn.spawn(makeNodes, {
      ...common,
      records: nodes,
      controller: name,
      uriOf: (swissnum) => uriOf(swissnum, false),
      transport,
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
      transport,
      transports,
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
  'vat' | 'fetch' | 'partyOf' | 'designator' | 'mayDial' | 'opened'
> {
  readonly vat: Vat & Frontier;
  /** Of this node: a hello must name what the certificate proves, also where it only dials. */
  readonly designator: string;
  readonly refs: Pick<DaemonRefs, 'met'>;
  /** Undefined until this life serves. */
  readonly mint: () => Ref<NonceRegistry> | undefined;
}

/** What a router is made from that lets others into a life. */
export const routerPowers = ({ refs, mint, ...powers }: RouterParts): RouterPowers => ({
  ...powers,
  fetch: (swissnum, openedMs, peer) => {
    const registry = mint();
    return registry && powers.vat.deliver(registry, 'fetch', [swissnum, openedMs, peer]);
  },
  partyOf: (swissnum) => {
    const registry = mint();
    return registry && powers.vat.deliver(registry, 'originOf', [swissnum]);
  },
  // What a peer passes in an argument makes this daemon dial nobody.
  mayDial: (_to, because) => because === 'asked',
  opened: (session) => refs.met(session),
});
