/** What a machine remembers of its controllers, and what is told of them. Everything in it is undone with its turn. */
import type { Answer, Clock, Entropy, JournalMap, Ref, Resolver, Turn } from '@bellwether/actors';
import { audit } from '@bellwether/authority';
import type { Crypto, Sturdyref } from '@bellwether/ocapn';
import type { DialRef, FreshDial } from '../reach/destination.ts';
import type { LiveRef } from '../reach/live-ref.ts';
import type { Peers } from '../reach/peer.ts';
import { fingerprintOf, type NodesOptions } from './node-shelf.ts';
import type { HomeEntry, HomeFacts, NodeDoor, NodeSelf } from './types.ts';

/** What of a machine can be given. Near only. */
export interface Configured {
  /** The names of each service of its configuration, the canonical one first. */
  configured(): readonly (readonly [string, ...string[]])[];
}
/** Who gives facets of services, and takes them back. Near only. */
export interface Giving {
  /**
   * A facet of a service for the controller that has this gift; kept as a minted reference, found again after a
   * restart. `sinceMs` as of an Asker; `home`: its designator. @throws Refused for a service that there is not, and one
   * that was taken back; Limit
   */
  give(gift: string, service: string, sinceMs: number | undefined, home: string): Ref;
  /** Takes back all that were given by it. */
  takeBack(gift: string, reason: string): void;
}
/** The power over the doors of controllers: secrets, each in a file. */
export interface DoorStore {
  /** Kept with the Destination once it is on disk. */
  keep(door: Sturdyref, answer: Answer): void;
  /** Kept once there is none. */
  drop(designator: string, answer: Answer): void;
}
/** What a `^homes` is made from. */
export interface HomesOptions extends Pick<NodesOptions, 'checkRoom'> {
  readonly records: readonly HomeEntry[];
  readonly rightsEpoch: { readonly now: number; readonly restored: number };
  readonly crypto: Pick<Crypto, 'sha256'>;
  readonly entropy: Entropy;
  /** Only read. */
  readonly clock: Pick<Clock, 'now' | 'wall'>;
  readonly configured: Ref<Configured>;
  readonly giving: Ref<Giving>;
  readonly doors: DoorStore;
  /** Designators of those whose doors there were when this life began. */
  readonly doorsAtFirst: readonly string[];
  /** Of this machine. */
  readonly designator: string;
  /** By which transport others reach this machine; undefined: by none, since it listens on no network. */
  readonly transport: () => string | undefined;
  /** By which transports a controller may be reached. */
  readonly transports: readonly string[];
  readonly dial: DialRef;
  readonly fresh: FreshDial;
  readonly peers: Ref<Peers>;
}
/** One controller, in this life. */
export interface Home {
  readonly entry: HomeEntry;
  readonly way: Ref<LiveRef>;
  /** Its door, while there is contact. */
  readonly door: Ref<NodeDoor> | undefined;
  readonly trouble: string | undefined;
  /** It will be spoken to by itself: it has said that it was too often. */
  readonly isLater: boolean;
  /** Who waits for the first answer, or the next one. */
  readonly waiting: Resolver<HomeFacts> | undefined;
}
/** The memory of a `^homes`. */
export interface HomeShelf extends HomesOptions {
  /** By designator. */
  readonly homes: JournalMap<string, Home>;
  /** How often each was given something anew without the owner's doing, by designator; see rate.ts. */
  readonly regivings: JournalMap<string, number>;
}

/** What a home is called among the daemon's refs. */
export const doorTo = (designator: string): string => `home:${designator}`;

/** Changes one, where it is still there. */
export const changeHome = (
  { homes }: HomeShelf,
  designator: string,
  change: Partial<Home>,
): Home | undefined => {
  const home = homes.get(designator);
  if (home === undefined) return undefined;
  const next = { ...home, ...change };
  homes.set(designator, next);
  return next;
};
/** The same with its record. */
export const keepHome = (shelf: HomeShelf, turn: Turn, entry: HomeEntry): void => {
  changeHome(shelf, entry.designator, { entry });
  turn.record(entry);
};

/** The one that a gift is of. */
export const homeOfGift = ({ homes }: HomeShelf, gift: string): Home | undefined =>
  [...homes.values()].find(({ entry }) => entry.gift === gift);
/** Whether it comes from a backup that was restored. */
export const isHeldBack = ({ rightsEpoch }: HomeShelf, { epoch }: HomeEntry): boolean =>
  epoch < rightsEpoch.restored;

/** What this machine gives one: of its choice what the configuration has now. */
export const givenTo = (
  { configured }: HomeShelf,
  turn: Turn,
  { services }: Pick<HomeEntry, 'services'>,
): NodeSelf['services'] => {
  const all = turn.call(configured, 'configured');
  if (services === undefined) return all;
  const chosen = new Set(services);
  return all.filter(([name]) => chosen.has(name));
};

/** Whether a controller cannot dial this machine, or is not to. */
export const onlyDialsOut = (
  { transport }: HomeShelf,
  { isDialOut }: Pick<HomeEntry, 'isDialOut'>,
): boolean => isDialOut === true || transport() === undefined;

/** What is told of one. */
export const homeFacts = (
  shelf: HomeShelf,
  turn: Turn,
  { entry, door, trouble }: Home,
): HomeFacts => {
  const { designator, isJoined, madeMs, name, controller, labels, services } = entry;
  return {
    designator,
    state: isHeldBack(shelf, entry) ? 'unconfirmed' : isJoined ? 'joined' : 'joining',
    madeMs,
    ...(name !== undefined && { name }),
    ...(controller !== undefined && { controller }),
    ...(labels !== undefined && { labels }),
    ...(services !== undefined && { services }),
    serviceCount: givenTo(shelf, turn, entry).length,
    ...(onlyDialsOut(shelf, entry) && { isDialOut: true }),
    isConnected: door !== undefined,
    ...(trouble !== undefined && { trouble }),
  };
};

/** Writes what was done about a controller. */
export const auditHome = (
  turn: Turn,
  event: 'granted' | 'confirmed' | 'revoked',
  action: string,
  { designator }: Pick<HomeEntry, 'designator'>,
  asker = 'root',
): void =>
  audit(turn, {
    event,
    asker,
    service: 'root',
    action: `node ${action}`,
    label: fingerprintOf(designator),
  });
