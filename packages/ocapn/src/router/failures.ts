/** Which peers could not be reached, and why: for whoever looks, and forgotten as soon as there is a session. */
import { type PeerLocation, peerKey } from '../locator.ts';

/** What came of the last dials of one peer. */
export interface DialFailure {
  readonly peer: PeerLocation;
  /** Why the last one failed, in words that other peers may hear. */
  readonly reason: string;
  /** When, by the router's clock, in monotonic milliseconds. */
  readonly atMs: number;
  /** Dials that have failed since there was a session, or since anybody remembers. */
  readonly count: number;
}

/** The last failures of a router. */
export class DialFailures {
  readonly #most: number;
  /** By peer; whoever failed last stands last. */
  readonly #byPeer = new Map<string, DialFailure>();
  /** `most`: peers that are remembered; one more, and the one that failed longest ago is forgotten. */
  constructor(most: number) {
    this.#most = most;
  }
  /** A dial has failed. */
  add(peer: PeerLocation, reason: string, atMs: number): void {
    const key = peerKey(peer);
    const count = (this.#byPeer.get(key)?.count ?? 0) + 1;
    this.#byPeer.delete(key);
    this.#byPeer.set(key, { peer, reason, atMs, count });
    const [oldest] = this.#byPeer.keys();
    if (this.#byPeer.size > this.#most && oldest !== undefined) this.#byPeer.delete(oldest);
  }
  /** There is a session. */
  forget(peer: PeerLocation): void {
    this.#byPeer.delete(peerKey(peer));
  }
  /** Those that failed longest ago first. */
  list(): readonly DialFailure[] {
    return [...this.#byPeer.values()];
  }
}
