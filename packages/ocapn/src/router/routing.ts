/**
 * From sessions to routes: which of the sessions with one peer its messages take. See crossing.ts
 * for the verdicts.
 *
 *   opened ─┬─► link: it leads ◄──────────────── first operation ─── next: it opened beside another
 *           └─► next                                                     │
 *               the old link ──► reserve: leads again if the new one ends soon, else it goes
 *
 * A link of ours that fell silent is dialled beside, and what opens so is a `next` that we ping ourselves.
 */
import type { PeerLocation } from '../locator.ts';
import { CROSSED, inboundStays, NO_DOUBT, REPLACED, RESERVE_MS } from './crossing.ts';
import { Dialling, type DiallingHost } from './dialling.ts';
import type { Link } from './link.ts';
import { type Dial, type Route, Routes, type Waiter } from './routes.ts';
import type { DialReason } from './types.ts';

/** What routing may ask of its router. */
export interface RoutingHost extends DiallingHost {
  /** Whether peers can dial us over this transport. */
  listensOn(transport: string): boolean;
}

/** The routes of a router, and the dials that make new ones. */
export class Routing {
  readonly #host: RoutingHost;
  readonly #routes = new Routes();
  readonly #dialling: Dialling;
  constructor(host: RoutingHost) {
    this.#host = host;
    this.#dialling = new Dialling(host, this.#routes);
  }
  /** A session with a peer, there or dialled. May call back at once. */
  connect(to: PeerLocation, because: DialReason, waiter: Waiter): void {
    this.#dialling.connect(to, because, waiter);
  }
  /** Every dial that is under way. */
  dials(): readonly Dial[] {
    return this.#routes.dials();
  }
  /** What a link is beside the one that leads, or what may still become of it; undefined: nothing special. */
  roleOf(link: Link): 'crossing' | 'beside' | 'draining' | undefined {
    const route = this.#routeOf(link);
    if (route?.next === link) return 'beside';
    if (route?.reserve === link) return 'draining';
    return this.#canLose(link) ? 'crossing' : undefined;
  }
  /** Whether there is one. */
  leadsTo(to: PeerLocation): boolean {
    return this.#routes.find(to)?.link !== undefined;
  }
  /** Gives up every dial. */
  close(reason: Error): void {
    this.#dialling.close(reason);
  }
  /** Whether what is asked on this session may have to be asked again on another. */
  mayLose(link: Link): boolean {
    const { openedAtMs, netlayer } = link;
    if (openedAtMs === undefined) return this.#host.listensOn(netlayer.facts.transport);
    return this.#canLose(link) || this.#routeOf(link)?.reserve !== undefined;
  }
  /**
   * Judges an inbound hello of a known peer. False: it lost a crossing. A rival of ours that loses
   * is aborted.
   */
  admit(link: Link, theirId: Uint8Array): boolean {
    const route = this.#routeOf(link);
    const rival = route === undefined ? undefined : this.#rivalOn(route);
    if (!inboundStays(rival, theirId)) return false;
    if (route !== undefined && rival !== undefined) this.#giveWay(route, rival);
    return true;
  }
  /** A session with a known peer has opened. */
  opened(link: Link, identity: PeerLocation): void {
    const route = this.#routes.of(identity);
    if (route.link === undefined) return this.#lead(route, link);
    const { next } = route;
    route.next = link;
    next?.session.abort(REPLACED);
    if (link.dialled === undefined) return;
    // Dialled in doubt. Either there is no doubt any more, or the peer has to say its first word.
    if (route.link.session.isLively) link.session.abort(NO_DOUBT);
    else link.session.ping();
  }
  /** The peer has said something on this session: if it waited beside another, it leads now. */
  confirmed(link: Link): void {
    const route = this.#routeOf(link);
    if (route === undefined || route.next !== link) return;
    const old = route.link;
    route.reserve?.session.abort(REPLACED);
    this.#lead(route, link);
    if (old === undefined) return;
    if (link.dialled !== undefined) return old.session.abort(REPLACED); // nobody crosses: it was silent
    route.reserve = old;
    old.stopTimer = this.#host.clock.after(RESERVE_MS, () => old.session.abort(REPLACED));
  }
  /**
   * The session that leads to a peer may be dead: the peer is dialled anew where it was dialled before.
   * What opens takes its place with the peer's first operation, like any other. Who has dialled us is
   * not dialled back: the place in its hello is its word alone, and might be anybody's.
   */
  dialBeside(link: Link): void {
    const route = this.#routeOf(link);
    const to = link.dialled;
    if (route?.link !== link || to === undefined || route.next !== undefined) return;
    this.#dialling.beside(route, to, link.isForOthers);
  }
  /** A session has ended, open or in its hello. */
  gone(link: Link, reason: Error): void {
    const peer = link.dialled ?? link.identity;
    const route = this.#routeOf(link);
    if (peer === undefined || route === undefined) return;
    if (route.next === link) route.next = undefined;
    if (route.reserve === link) route.reserve = undefined;
    if (route.link === link) this.#succeed(route);
    if (route.link === undefined && this.#canLose(link))
      this.#dialling.expectWinner(route, peer, link.isForOthers);
    const { dial } = route;
    if (dial?.link === link) this.#dialling.lost(route, dial, reason, link.session.endedHere);
    this.#routes.tidy(peer);
  }

  #routeOf({ identity, dialled }: Link): Route | undefined {
    const peer = identity ?? dialled;
    return peer === undefined ? undefined : this.#routes.find(peer);
  }
  /** From now on this session leads to its peer. */
  #lead(route: Route, link: Link): void {
    route.link = link;
    route.next = undefined;
    this.#dialling.reached(route, link.session);
  }
  /** The session that led to a peer has ended: another one may be there. */
  #succeed(route: Route): void {
    const { next, reserve } = route;
    route.link = undefined;
    if (next !== undefined) return this.#lead(route, next);
    if (reserve === undefined) return;
    route.reserve = undefined;
    reserve.stopTimer();
    this.#lead(route, reserve);
  }
  #rivalOn({ dial, link }: Route): Link | undefined {
    if (dial?.link !== undefined) return dial.link;
    return link !== undefined && this.#isRival(link) ? link : undefined;
  }
  /** A dialled session that its peer may not have read the hello of. */
  #isRival({ dialled, session, openedAtMs }: Link): boolean {
    if (dialled === undefined || session.isConfirmed || openedAtMs === undefined) return false;
    return this.#host.clock.now() - openedAtMs < this.#host.limits.unconfirmedMs;
  }
  /** The peer may be dialling us, and its connection may be the one that stays. */
  #canLose(link: Link): boolean {
    return this.#host.listensOn(link.netlayer.facts.transport) && this.#isRival(link);
  }
  /** A dialled connection loses a crossing: its dial stays, and follows the inbound session. */
  #giveWay(route: Route, rival: Link): void {
    if (route.dial?.link === rival) route.dial.link = undefined;
    if (route.link === rival) route.link = undefined;
    rival.session.abort(CROSSED);
  }
}
