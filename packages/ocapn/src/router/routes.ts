/**
 * Which session leads to which peer, and which dial is to find one. At most one of each per peer.
 */
import { type PeerLocation, peerKey } from '../locator.ts';
import type { Session } from '../session/session.ts';
import type { Link } from './link.ts';

/** Somebody who waits for a session with one peer. One of `opened` and `failed` is called, once. */
export interface Waiter {
  /**
   * A dialled connection stands, and the transport proved its peer: what is asked now leaves with
   * our hello. The session may still end in the hello; what comes of it is told as ever. True: what was
   * asked cannot be asked on another session.
   */
  greeting(session: Session): boolean;
  opened(session: Session): void;
  failed(reason: Error): void;
}

/** An attempt to reach a peer. It outlives the connection that loses a crossing. */
export class Dial {
  readonly to: PeerLocation;
  /** When it began, in monotonic milliseconds. */
  readonly sinceMs: number;
  readonly waiters: Waiter[] = [];
  /** Those of our own code that wait for what a peer wants dialled: where it may not go, they may. */
  readonly ownWaiters = new Set<Waiter>();
  /** The connection in its hello, as long as there is one. */
  link: Link | undefined;
  /** Something was asked there that is lost with it. */
  isBound = false;
  attemptCount = 0;
  /**
   * Takes back whatever is under way: the netlayer's dial, or the wait for the winner of a
   * crossing.
   */
  cancel: () => void = () => undefined;
  stopTimer: () => void = () => undefined;
  /** As of a netlayer's `dial`. */
  readonly isForOthers: boolean;
  /** Our own code wants it, whoever wanted it first. */
  isOurs: boolean;
  constructor(to: PeerLocation, sinceMs: number, isForOthers: boolean, isOurs: boolean) {
    this.to = to;
    this.isForOthers = isForOthers;
    this.isOurs = isOurs;
    this.sinceMs = sinceMs;
  }
}

/** What leads to one peer. */
export interface Route {
  /** The session that messages take. */
  link: Link | undefined;
  /** A session that opened beside `link` and takes its place with the peer's first operation. */
  next: Link | undefined;
  /** The session that `link` has replaced; it leads again if `link` ends soon. */
  reserve: Link | undefined;
  dial: Dial | undefined;
}

/** All routes of a router. */
export class Routes {
  readonly #byPeer = new Map<string, Route>();

  /** The route to a peer, if there is any. */
  find(peer: PeerLocation): Route | undefined {
    return this.#byPeer.get(peerKey(peer));
  }
  /** The route to a peer, made when there is none. */
  of(peer: PeerLocation): Route {
    const known = this.find(peer);
    if (known !== undefined) return known;
    const made: Route = { link: undefined, next: undefined, reserve: undefined, dial: undefined };
    this.#byPeer.set(peerKey(peer), made);
    return made;
  }
  /** Forgets a route that leads nowhere any more. */
  tidy(peer: PeerLocation): void {
    const route = this.find(peer);
    if (route !== undefined && route.link === undefined && route.dial === undefined)
      this.#byPeer.delete(peerKey(peer));
  }
  /** Every dial that is under way. */
  dials(): Dial[] {
    return [...this.#byPeer.values()].flatMap(({ dial }) => (dial === undefined ? [] : [dial]));
  }
}
