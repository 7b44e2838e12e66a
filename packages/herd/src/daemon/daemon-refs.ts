/**
 * The refs of a daemon, and how they are followed: its own, which `ref('petname')` in its configuration means, in the
 * same kind of folder as a user's; and the secrets of machines that join (destination.ts of fleet, join-secrets.ts).
 */
import {
  deliverTo,
  messageOf,
  Refused,
  Unreachable,
  type Answer,
  type Frontier,
  type Log,
  type Ref,
} from '@bellwether/actors';
import {
  doorTo,
  routeTo,
  type Destination,
  type DialRef,
  type DoorStore,
  type FreshDial,
  type Gift,
  type GiftStore,
  type RefStore as RefPower,
} from '@bellwether/fleet';
import { nodeCrypto } from '@bellwether/netlayer-stream';
import {
  peerKey,
  peerUri,
  sturdyrefUri,
  type Router,
  type SessionView,
  type Sturdyref,
} from '@bellwether/ocapn';
import { sturdyrefOf, UnknownRef, type RefStore } from '../refs/ref-store.ts';
import { FreshSessions, type FreshRouter } from './fresh-sessions.ts';
import {
  doorStore,
  giftStore,
  secretsIn,
  settle,
  type JoinSecrets,
  type JoinStores,
} from './join-secrets.ts';
import { MovedPeers } from './moved-peers.ts';

/** The powers over the daemon's refs that its actors are given. */
export interface DaemonRefs extends RefPower {
  /** Where each leads now, by its way; reads whole folders, so it is not for a turn. */
  destinations(): ReadonlyMap<string, Destination>;
  /** Likewise. */
  secrets(): JoinSecrets;
  readonly dial: DialRef;
  readonly fresh: FreshDial;
  /** Ends the sessions that `fresh` has made; to be called when the life is over. */
  close(): void;
  readonly gifts: GiftStore;
  readonly doors: DoorStore;
  /** Told of each session that opens: a peer that calls from another address is found there again. */
  met(session: SessionView): void;
}

/** Where the refs are kept; its methods throw as those of RefStore do. */
export type KeptRefs = Pick<RefStore, 'get' | 'add' | 'list'>;

/** What the daemon's refs are made of. */
export interface DaemonRefsOptions {
  readonly store: KeptRefs;
  readonly joinStores: JoinStores;
  /** Carries a task out once others may find this daemon. */
  readonly serving: (task: () => void) => void;
  readonly router: () => Router;
  readonly freshRouter: FreshRouter;
  /** Of the daemon's vat. */
  readonly frontier: () => Pick<Frontier, 'deliver' | 'listen'>;
  /** Has a machine that only dials out open a session; as of FreshDial, of one of its services. */
  readonly callBack: (node: string, service: string, reached: Answer) => () => void;
  /** Told where a ref leads now whose peer was found at another address. */
  readonly moved: (petname: string, destination: Destination) => void;
  /** Told of each peer that has called, by its key. */
  readonly called: (key: string) => void;
  readonly log: Log;
}

/** Makes them over a store. */
export const daemonRefs = (options: DaemonRefsOptions): DaemonRefs => {
  const { store, joinStores, serving, router, freshRouter, called } = options;
  const peers = new MovedPeers(router);
  const sessions = new FreshSessions(freshRouter, peers);
  const dialling = { ...options, peers, sessions };
  /** Begins once others may find this daemon, unless it was called off by then. */
  const onceServing = (begin: () => () => void): (() => void) => {
    let cancel = (): void => undefined;
    let isOff = false;
    serving(() => {
      if (!isOff) cancel = begin();
    });
    return () => {
      isOff = true;
      cancel();
    };
  };
  return {
    put: (petname, uri, answer) =>
      settle(answer, () => {
        const ref = sturdyrefOf(uri, 'the ref that was pushed');
        store.add(petname, ref, true);
        return destinationOf(ref);
      }),
    list: (answer) =>
      settle(answer, () =>
        store
          .list()
          .map((one) =>
            'ref' in one ? { petname: one.petname, peer: peerKey(one.ref.peer) } : one,
          ),
      ),
    destinations: () =>
      new Map([
        ...destinationsIn(store, (petname) => petname),
        ...destinationsIn(joinStores.gifts, routeTo),
        ...destinationsIn(joinStores.doors, doorTo),
      ]),
    secrets: () => secretsIn(joinStores),
    gifts: giftStore(joinStores.gifts, destinationOf),
    doors: doorStore(joinStores.doors, destinationOf),
    dial: (petname, reached, lost, through) =>
      onceServing(() => dial(dialling, petname, { reached, lost, through })),
    fresh: (petname, reached) => onceServing(() => dialFresh(dialling, petname, reached)),
    close: () => sessions.close(),
    met: (session) => {
      peers.met(session);
      const { peer, direction } = session;
      if (peer !== undefined && direction === 'accepted') called(peerKey(peer));
    },
  };
};

const destinationsIn = (
  store: Pick<RefStore, 'list'>,
  wayOf: (petname: string) => string,
): readonly (readonly [string, Destination])[] =>
  store
    .list()
    .flatMap((one) =>
      'ref' in one ? [[wayOf(one.petname), destinationOf(one.ref)] as const] : [],
    );

interface Dialling extends DaemonRefsOptions {
  readonly peers: MovedPeers;
  readonly sessions: FreshSessions;
}

interface Answers {
  readonly reached: Answer;
  readonly lost: Answer;
  readonly through: Answer;
}

/** A socket of this machine is nobody's business; an address of the network tells more than a key. */
const destinationOf = ({ peer }: Sturdyref): Destination => {
  const { host, port } = peer.hints;
  const isKnown = host !== undefined && port !== undefined;
  return { peer: peerKey(peer), ...(isKnown && { address: `${host}:${port}` }) };
};

/** Where a petname is looked for. */
interface Place {
  readonly store: KeptRefs;
  readonly key: string;
  /** Its way, for whoever waits for it. */
  readonly way: string;
  /** Which service of what the ref leads to; absent: that itself. */
  readonly service?: string;
  /** What to say where there is none. */
  readonly hint: string;
}
const placeOf = ({ store, joinStores }: Dialling, petname: string): Place => {
  const at = petname.lastIndexOf('@');
  if (at !== -1) {
    const [service, node] = [petname.slice(0, at), petname.slice(at + 1)];
    const hint = `what machine ${node} has given is not here; it gives it anew when it calls`;
    const way = routeTo(node);
    return { store: joinStores.gifts, key: node, way, hint, ...(service !== '' && { service }) };
  }
  const designator = petname.slice(doorTo('').length);
  if (petname === doorTo(designator)) {
    const hint = 'the way to that controller is not here; shepherd join with another invite';
    return { store: joinStores.doors, key: designator, way: petname, hint };
  }
  const hint = `the shepherd has no ref of that name; 'herd ref push ${petname}' gives it one`;
  return { store, key: petname, way: petname, hint };
};

const dial = (dialling: Dialling, petname: string, answers: Answers): (() => void) => {
  const place = placeOf(dialling, petname);
  const { lost, through } = answers;
  try {
    const dialled = place.store.get(place.key);
    through.kept(dialled.fingerprint(nodeCrypto()));
    const reached = serviceOf(dialling, place, answers.reached);
    const cancel = reach(dialling, place, dialled, reached.answer, lost);
    return () => {
      reached.isOff = true;
      cancel();
    };
  } catch (error) {
    through.kept(undefined);
    const reason = noSuchRef(place, error);
    answers.reached.broken(reason);
    lost.broken(reason);
    return () => undefined;
  }
};

const dialFresh = (dialling: Dialling, petname: string, answer: Answer): (() => void) => {
  const place = placeOf(dialling, petname);
  try {
    const dialled = place.store.get(place.key);
    if (isAddressless(dialled) && place.service !== undefined)
      return dialling.callBack(place.key, place.service, answer);
    const reached = serviceOf(dialling, place, answer);
    const end = dialling.sessions.dial(dialled, reached.answer);
    return () => {
      reached.isOff = true;
      end();
    };
  } catch (error) {
    answer.broken(noSuchRef(place, error));
    return () => undefined;
  }
};

const noSuchRef = ({ hint }: Place, error: unknown): Refused => {
  const why = messageOf(error);
  return new Refused(error instanceof UnknownRef ? hint : why, { cause: error });
};

/** Reaches what a ref leads to; where that is found at another address, the ref gets it. */
const reach = (
  { peers, router, moved, log }: Dialling,
  { store, key, way }: Place,
  dialled: Sturdyref,
  reached: Answer,
  lost: Answer,
): (() => void) => {
  if (isAddressless(dialled)) {
    if (router().leadsTo(dialled.peer)) return router().dial(dialled, reached, lost);
    const reason = new Unreachable('it only dials out', { cause: new NotCalled() });
    reached.broken(reason);
    lost.broken(reason);
    return () => undefined;
  }
  // Whoever was dialled has no say in what the operator has put in its place meanwhile, or taken away.
  const keep = (there: Sturdyref): void => {
    try {
      if (sturdyrefUri(store.get(key)) !== sturdyrefUri(dialled)) {
        const why = 'another was put in its place while it was dialled';
        log('ref.not-kept', { petname: way, why });
        return;
      }
      store.add(key, there, true);
      moved(way, destinationOf(there));
      log('ref.moved', { petname: way, to: peerUri(there.peer) });
    } catch (error) {
      log('ref.not-kept', { petname: way, error }); // it is reached all the same
    }
  };
  return peers.dial(dialled, keep, reached, lost);
};

/** Nobody dials a machine that only dials out. */
const isAddressless = ({ peer }: Sturdyref): boolean => Object.keys(peer.hints).length === 0;
class NotCalled extends Error {
  readonly summary = 'it only dials out, and has no connection to this shepherd now';
}

/** Asks what a ref leads to for the service that is wanted of it, if one is; nobody is told once it is off. */
interface Reaching {
  readonly answer: Answer;
  isOff: boolean;
}
const serviceOf = ({ frontier }: Dialling, { service }: Place, reached: Answer): Reaching => {
  if (service === undefined) return { answer: reached, isOff: false };
  const told: Answer = {
    kept: (value) => {
      if (!reaching.isOff) reached.kept(value);
    },
    broken: (reason) => {
      if (!reaching.isOff) reached.broken(reason);
    },
  };
  const ask = (gift: unknown): void => {
    if (!reaching.isOff)
      frontier().listen(deliverTo(frontier(), gift as Ref<Gift>, 'service', service), told);
  };
  const reaching: Reaching = { answer: { kept: ask, broken: told.broken }, isOff: false };
  return reaching;
};
