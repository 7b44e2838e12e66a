/**
 * Sessions of their own: each has a router that nobody else uses, which dials once under an identity made for it, lets
 * nobody in, and is closed behind its one question. At the far end it is a stranger's until it has fetched something.
 */
import type { Answer } from '@bellwether/actors';
import type { Router, RouterPowers, Sturdyref } from '@bellwether/ocapn';
import type { Dialler } from '../client/line.ts';
import type { MovedPeers } from './moved-peers.ts';

/** Makes a router with a netlayer for this transport, if there is one, that proves an identity made for it. */
export type FreshRouter = (transport: string) => Router;

/** Those of one life. */
export class FreshSessions {
  readonly #router: FreshRouter;
  readonly #peers: MovedPeers;
  readonly #open: Set<Router>;

  constructor(router: FreshRouter, peers: MovedPeers) {
    this.#router = router;
    this.#peers = peers;
    this.#open = new Set();
  }

  /** Begins one, and fetches what the ref names. The result ends it. */
  dial(ref: Sturdyref, reached: Answer): () => void {
    const router = this.#router(ref.peer.transport);
    this.#open.add(router);
    // What is asked on it breaks when it ends, and that is all that anybody waits for.
    const lost: Answer = { kept: () => undefined, broken: () => undefined };
    // Where the peer is now, the session that stands to it keeps.
    const cancel = this.#peers.dial(ref, () => undefined, reached, lost, router);
    return () => {
      cancel();
      this.#open.delete(router);
      router.close(undefined, 'what was asked for is done');
    };
  }
  /** Ends all of them. */
  close(): void {
    for (const router of this.#open) router.close();
    this.#open.clear();
  }
}

/** What such a router is made of, with what dials, if anything: it has nothing to give, and dials for nobody else. */
export const freshRouterPowers = (
  powers: Omit<RouterPowers, 'netlayers' | 'designator' | 'fetch' | 'mayDial' | 'handoffs'>,
  dialler: Dialler | undefined,
): RouterPowers => ({
  ...powers,
  netlayers: dialler === undefined ? [] : [dialler.netlayer],
  ...(dialler?.designator !== undefined && { designator: dialler.designator }),
  fetch: () => undefined,
  mayDial: (_to, because) => because === 'asked',
});
