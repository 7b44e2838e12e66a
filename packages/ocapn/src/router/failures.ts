/** Which peers could not be reached, and why: for whoever looks, and forgotten as soon as there is a session. */
import type { Clock } from '@bellwether/actors';
import { LIMITS } from '../limits.ts';
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

/** Told what comes of dials. Must not throw. */
export interface DialLog {
  /** Nobody was reached. `isOurs`: our own code wanted it, and not only a peer. */
  failed(peer: PeerLocation, reason: string, isOurs: boolean): void;
  /** There is a session. */
  reached(peer: PeerLocation): void;
}

/** The last failures of a router. */
export class DialFailures implements DialLog {
  readonly #most: number;
  readonly #clock: Pick<Clock, 'now'>;
  /** By peer; whoever failed last stands last. */
  readonly #byPeer = new Map<string, DialFailure>();
  /** Of those, whom only peers had us dial; whoever failed last stands last. */
  readonly #ofOthers = new Set<string>();
  /**
   * `most`: peers that are remembered; one more, and the one that failed longest ago is forgotten, of those whom only
   * peers had us dial while there is one: they may name any number.
   */
  constructor(clock: Pick<Clock, 'now'>, most: number = LIMITS.failedPeers) {
    this.#clock = clock;
    this.#most = most;
  }
  failed(peer: PeerLocation, reason: string, isOurs: boolean): void {
    const atMs = this.#clock.now();
    const key = peerKey(peer);
    const count = (this.#byPeer.get(key)?.count ?? 0) + 1;
    const isOthers = !isOurs && (count === 1 || this.#ofOthers.has(key));
    this.#forget(key);
    this.#byPeer.set(key, { peer, reason, atMs, count });
    if (isOthers) this.#ofOthers.add(key);
    if (this.#byPeer.size <= this.#most) return;
    const [oldest] = this.#ofOthers.size > 0 ? this.#ofOthers : this.#byPeer.keys();
    if (oldest !== undefined) this.#forget(oldest);
  }
  reached(peer: PeerLocation): void {
    this.#forget(peerKey(peer));
  }
  /** Those that failed longest ago first. */
  list(): readonly DialFailure[] {
    return [...this.#byPeer.values()];
  }

  #forget(key: string): void {
    this.#byPeer.delete(key);
    this.#ofOthers.delete(key);
  }
}
