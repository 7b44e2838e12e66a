/** The daemon's own refs: what `ref('petname')` in its configuration means. The same kind of folder as a user's. */
import { Refused, type Answer, type Log } from '@bellwether/actors';
import type { Dial, RefStore as RefPower } from '@bellwether/fleet';
import { peerKey, peerUri, type Router, type Sturdyref, type SessionView } from '@bellwether/ocapn';
import { RefStore, sturdyrefOf, UnknownRef } from '../refs/ref-store.ts';
import { MovedPeers } from './moved-peers.ts';

/** The powers over the daemon's refs that its actors are given. */
export interface DaemonRefs extends RefPower {
  /** Where each petname leads now, for messages; reads the whole folder. */
  places(): ReadonlyMap<string, string>;
  readonly dial: Dial;
  /** Told of each session that opens: a peer that calls from another address is found there again. */
  met(session: SessionView): void;
}

/** Makes them over a folder. Dials wait for `serving`, which hands out the router once others may find this daemon. */
export const daemonRefs = (
  folder: string,
  uid: number,
  serving: (task: () => void) => void,
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
    places: () =>
      new Map(
        store
          .list()
          .flatMap((one) => ('ref' in one ? [[one.petname, peerKey(one.ref.peer)] as const] : [])),
      ),
    dial: (petname, reached, lost) => {
      let cancel = (): void => undefined;
      let isOff = false;
      serving(() => {
        if (!isOff) cancel = dial({ store, peers, log }, petname, reached, lost);
      });
      return () => {
        isOff = true;
        cancel();
      };
    },
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
): (() => void) => {
  const keep = (moved: Sturdyref): void => {
    try {
      store.add(petname, moved, true);
      log('ref.moved', { petname, to: peerUri(moved.peer) });
    } catch (error) {
      log('ref.not-kept', { petname, error }); // it is reached all the same
    }
  };
  try {
    return peers.dial(store.get(petname), keep, reached, lost);
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    const what = error instanceof UnknownRef ? `the shepherd has no ref of that name` : why;
    const reason = new Refused(`${what}; 'herd ref push ${petname}' gives it one`, {
      cause: error,
    });
    reached.broken(reason);
    lost.broken(reason);
    return () => undefined;
  }
};
