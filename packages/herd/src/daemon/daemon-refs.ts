/** The daemon's own refs: what `ref('petname')` in its configuration means. The same kind of folder as a user's. */
import { Refused, type Answer, type Log } from '@bellwether/actors';
import type { Dial, RefStore as RefPower } from '@bellwether/fleet';
import { peerKey, peerUri, type Router, type Sturdyref, type SessionView } from '@bellwether/ocapn';
import { RefStore, sturdyrefOf } from '../refs/ref-store.ts';
import { MovedPeers } from './moved-peers.ts';

/** The powers over the daemon's refs that its actors are given. */
export interface DaemonRefs extends RefPower {
  /** Where a petname leads, for messages; undefined for one that is not there. */
  peerOf(petname: string): string | undefined;
  readonly dial: Dial;
  /** Told of each session that opens: a peer that calls from another address is found there again. */
  met(session: SessionView): void;
}

/** Makes them over a folder. `router` is asked for at each dial, since it is made after the actors that dial. */
export const daemonRefs = (
  folder: string,
  uid: number,
  router: () => Router,
  log: Log,
): DaemonRefs => {
  const store = new RefStore(folder, uid);
  const peers = new MovedPeers(router);
  return {
    put: (petname, uri, answer) =>
      settle(answer, () => store.add(petname, sturdyrefOf(uri, 'the ref that was pushed'), true)),
    list: (answer) =>
      settle(answer, () =>
        store
          .list()
          .map((one) =>
            'ref' in one ? { petname: one.petname, peer: peerKey(one.ref.peer) } : one,
          ),
      ),
    peerOf: (petname) => {
      const found = store.list().find((one) => one.petname === petname);
      return found !== undefined && 'ref' in found ? peerKey(found.ref.peer) : undefined;
    },
    dial: (petname, reached, lost) => dial({ store, peers, log }, petname, reached, lost),
    met: (session) => peers.met(session),
  };
};

interface Dialling {
  readonly store: RefStore;
  readonly peers: MovedPeers;
  readonly log: Log;
}

/** A power answers; it never throws into the vat. */
const settle = (answer: Answer, body: () => unknown): void => {
  try {
    answer.kept(body());
  } catch (error) {
    answer.broken(error);
  }
};

const dial = (
  { store, peers, log }: Dialling,
  petname: string,
  reached: Answer,
  lost: Answer,
): void => {
  const keep = (moved: Sturdyref): void => {
    try {
      store.add(petname, moved, true);
      log('ref.moved', { petname, to: peerUri(moved.peer) });
    } catch (error) {
      log('ref.not-kept', { petname, error }); // it is reached all the same
    }
  };
  try {
    peers.dial(store.get(petname), keep, reached, lost);
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    const reason = new Refused(`${why}; push one with 'herd ref push ${petname}'`, {
      cause: error,
    });
    reached.broken(reason);
    lost.broken(reason);
  }
};
