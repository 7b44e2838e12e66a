/** The daemon's own refs: what `ref('petname')` in its configuration means. The same kind of folder as a user's. */
import { Refused, type Answer, type Log } from '@bellwether/actors';
import type { Destination, DialRef, FreshDial, RefStore as RefPower } from '@bellwether/fleet';
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
import { MovedPeers } from './moved-peers.ts';

/** The powers over the daemon's refs that its actors are given. */
export interface DaemonRefs extends RefPower {
  /** Where each petname leads now; reads the whole folder, so it is not for a turn. */
  destinations(): ReadonlyMap<string, Destination>;
  readonly dial: DialRef;
  readonly fresh: FreshDial;
  /** Ends the sessions that `fresh` has made; to be called when the life is over. */
  close(): void;
  /** Told of each session that opens: a peer that calls from another address is found there again. */
  met(session: SessionView): void;
}

/** Where the refs are kept; its methods throw as those of RefStore do. */
export type KeptRefs = Pick<RefStore, 'get' | 'add' | 'list'>;

/** What the daemon's refs are made of. */
export interface DaemonRefsOptions {
  readonly store: KeptRefs;
  /** Carries a task out once others may find this daemon. */
  readonly serving: (task: () => void) => void;
  readonly router: () => Router;
  readonly freshRouter: FreshRouter;
  /** Told where a ref leads now whose peer was found at another address. */
  readonly moved: (petname: string, destination: Destination) => void;
  readonly log: Log;
}

/** Makes them over a store. */
export const daemonRefs = ({
  store,
  serving,
  router,
  freshRouter,
  moved,
  log,
}: DaemonRefsOptions): DaemonRefs => {
  const peers = new MovedPeers(router);
  const sessions = new FreshSessions(freshRouter, peers);
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
      new Map(
        store
          .list()
          .flatMap((one) => ('ref' in one ? [[one.petname, destinationOf(one.ref)] as const] : [])),
      ),
    dial: (petname, reached, lost, through) =>
      onceServing(() => dial({ store, peers, moved, log }, petname, { reached, lost, through })),
    fresh: (petname, reached) =>
      onceServing(() => {
        try {
          return sessions.dial(store.get(petname), reached);
        } catch (error) {
          reached.broken(noSuchRef(petname, error));
          return () => undefined;
        }
      }),
    close: () => sessions.close(),
    met: (session) => peers.met(session),
  };
};

interface Dialling {
  readonly store: KeptRefs;
  readonly peers: MovedPeers;
  readonly moved: (petname: string, destination: Destination) => void;
  readonly log: Log;
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

/** A power answers; it never throws into the vat. */
const settle = (answer: Answer, body: () => unknown): void => {
  try {
    answer.kept(body());
  } catch (error) {
    answer.broken(error);
  }
};

const dial = (
  { store, peers, moved, log }: Dialling,
  petname: string,
  { reached, lost, through }: Answers,
): (() => void) => {
  // Whoever was dialled has no say in what the operator has put in its place meanwhile, or taken away.
  const keep = (dialled: Sturdyref, there: Sturdyref): void => {
    try {
      if (sturdyrefUri(store.get(petname)) !== sturdyrefUri(dialled)) {
        log('ref.not-kept', { petname, why: 'another was put in its place while it was dialled' });
        return;
      }
      store.add(petname, there, true);
      moved(petname, destinationOf(there));
      log('ref.moved', { petname, to: peerUri(there.peer) });
    } catch (error) {
      log('ref.not-kept', { petname, error }); // it is reached all the same
    }
  };
  try {
    const dialled = store.get(petname);
    through.kept(dialled.fingerprint(nodeCrypto()));
    return peers.dial(dialled, (there) => keep(dialled, there), reached, lost);
  } catch (error) {
    through.kept(undefined);
    const reason = noSuchRef(petname, error);
    reached.broken(reason);
    lost.broken(reason);
    return () => undefined;
  }
};

const noSuchRef = (petname: string, error: unknown): Refused => {
  const why = error instanceof Error ? error.message : String(error);
  const what = error instanceof UnknownRef ? `the shepherd has no ref of that name` : why;
  return new Refused(`${what}; 'herd ref push ${petname}' gives it one`, { cause: error });
};
