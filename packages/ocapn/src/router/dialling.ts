/**
 * Reaching peers. A dial ends in exactly one of these ways:
 *
 *   dial ─► connected ─► hello ─► open           the waiters get the session
 *    │          │          └─ the peer ends it ─► pause ─► dial once more
 *    │          │                                  └ the winner of a crossing opens first:
 *    │          └ an inbound session of that peer opens:    the waiters get that one
 *    │                     no hello for a while ─► pause ─► dial once more in what time is left
 *    └ the netlayer fails, time is over, or the hello is not that peer's: the waiters hear why
 */
import { type Clock, Refused, Unreachable } from '@bellwether/actors';
import type { Limits } from '../limits.ts';
import { type PeerLocation, peerKey } from '../locator.ts';
import type { Connection, Netlayer } from '../netlayer.ts';
import type { Session } from '../session/session.ts';
import type { DialLog } from './failures.ts';
import type { Link } from './link.ts';
import { Dial, type Route, type Routes, type Waiter } from './routes.ts';
import type { DialReason } from './types.ts';

const ATTEMPTS = 2;

/** What dialling may ask of its router. */
export interface DiallingHost {
  readonly clock: Clock;
  readonly limits: Limits;
  readonly isClosed: boolean;
  readonly dialLog: DialLog | undefined;
  netlayerFor(transport: string): Netlayer | undefined;
  mayDial(to: PeerLocation, because: DialReason): boolean;
  /** Whether a dial is a peer's idea, which the router's owner has not judged. */
  isForOthers(because: DialReason): boolean;
  /** A connection of this transport will soon need a hello. */
  prepare(transport: string): void;
  /** From now on something may be asked on a session that has yet to open. */
  greets(): void;
  /** What was written on a session leaves now, not at the end of the tick. */
  push(session: Session): void;
  /** Begins a session on a connection that was dialled. */
  start(netlayer: Netlayer, connection: Connection, dialled: PeerLocation): Link;
}

/** All dials of a router. */
export class Dialling {
  readonly #host: DiallingHost;
  readonly #routes: Routes;
  constructor(host: DiallingHost, routes: Routes) {
    this.#host = host;
    this.#routes = routes;
  }
  /**
   * A session with `to`: the one that is open, or the one that a dial finds. May call back at once.
   */
  connect(to: PeerLocation, because: DialReason, waiter: Waiter): void {
    const known = this.#routes.find(to);
    if (known?.link !== undefined) return waiter.opened(known.link.session);
    if (known?.dial !== undefined) return this.#join(known.dial, because, waiter);
    const refusal = this.#refusal(to, because);
    if (refusal !== undefined) return waiter.failed(refusal);
    const route = this.#routes.of(to);
    const { clock } = this.#host;
    const isOurs = because === 'asked';
    const dial = new Dial(to, clock.now(), this.#host.isForOthers(because), isOurs);
    dial.waiters.push(waiter);
    route.dial = dial;
    this.#attempt(route, dial);
  }
  /** Dials a peer again that a session leads to. Nobody waits for it. `isForOthers`: as of the first dial. */
  beside(route: Route, to: PeerLocation, isForOthers: boolean): void {
    if (route.dial !== undefined || this.#refusal(to, 'asked') !== undefined) return;
    const dial = new Dial(to, this.#host.clock.now(), isForOthers, !isForOthers);
    dial.attemptCount = 1; // this one is the last
    route.dial = dial;
    this.#attempt(route, dial);
  }
  /**
   * A session with the peer of this route has opened: whoever waited gets it, and the dial is over.
   */
  reached(route: Route, session: Session): void {
    const { dial } = route;
    if (session.identity !== undefined) this.#host.dialLog?.reached(session.identity);
    if (dial === undefined) return;
    this.#finish(route, dial);
    for (const waiter of dial.waiters) waiter.opened(session);
  }
  /** A dialled connection has ended in its hello. `isOver`: trying again would not help. */
  lost(route: Route, dial: Dial, reason: Error, isOver: boolean): void {
    dial.link = undefined;
    dial.stopTimer();
    if (isOver || this.#host.isClosed || dial.attemptCount >= ATTEMPTS)
      return this.#fail(route, dial, new Unreachable(reason.message, { cause: reason }));
    const { clock, limits } = this.#host;
    dial.cancel = clock.after(limits.crossingRetryMs, () => this.#attempt(route, dial));
  }
  /**
   * A session of this route has ended that may have lost a crossing. Whoever connects now waits a
   * little for the winner: a dial at once would only cross it again.
   */
  expectWinner(route: Route, to: PeerLocation, isForOthers: boolean): void {
    if (route.dial !== undefined || this.#host.isClosed) return;
    const dial = new Dial(to, this.#host.clock.now(), isForOthers, !isForOthers);
    dial.attemptCount = 1;
    route.dial = dial;
    const { clock, limits } = this.#host;
    dial.cancel = clock.after(limits.crossingRetryMs, () => {
      if (dial.waiters.length > 0) this.#attempt(route, dial);
      else this.#fail(route, dial, new Unreachable('captp: nobody waits'));
    });
  }
  /** Gives up every dial. */
  close(reason: Error): void {
    for (const dial of this.#routes.dials()) this.#fail(this.#routes.of(dial.to), dial, reason);
  }

  #join(dial: Dial, because: DialReason, waiter: Waiter): void {
    dial.waiters.push(waiter);
    if (because === 'asked') {
      dial.isOurs = true;
      if (dial.isForOthers) dial.ownWaiters.add(waiter);
    }
    const session = dial.link?.session;
    if (session !== undefined && isProved(session) && waiter.greeting(session)) dial.isBound = true;
  }
  #refusal(to: PeerLocation, because: DialReason): Error | undefined {
    const host = this.#host;
    const peer = peerKey(to);
    if (host.isClosed) return new Unreachable(`captp: cannot reach ${peer}: the router is closed`);
    if (host.netlayerFor(to.transport) === undefined)
      return new Refused(`captp: cannot reach ${peer}: there is no netlayer for ${to.transport}`);
    if (!host.mayDial(to, because)) return new Refused(`captp: ${peer} may not be dialled`);
    return undefined;
  }
  #attempt(route: Route, dial: Dial): void {
    const netlayer = this.#host.netlayerFor(dial.to.transport);
    if (netlayer === undefined) return;
    const { clock, limits } = this.#host;
    dial.stopTimer = clock.after(limits.dialMs, () => this.#expire(route, dial));
    this.#open(route, dial, netlayer);
  }
  #open(route: Route, dial: Dial, netlayer: Netlayer): void {
    dial.attemptCount += 1;
    dial.isBound = false;
    dial.cancel = () => undefined;
    const cancel = netlayer.dial(
      dial.to,
      (connection) => {
        dial.cancel = () => undefined;
        const link = this.#host.start(netlayer, connection, dial.to);
        dial.link = link;
        link.isForOthers = dial.isForOthers;
        this.#greet(route, dial, link);
        // It may have ended meanwhile, where more was asked than the transport takes.
        return link.session;
      },
      (reason) => {
        if (route.dial === dial) this.#failToConnect(route, dial, reason);
      },
      dial.isForOthers,
    );
    if (route.dial !== dial || dial.link !== undefined) return;
    dial.cancel = cancel;
    this.#host.prepare(netlayer.facts.transport);
  }
  /** The connection stands: what leaves with our hello is asked, and theirs is waited for. */
  #greet(route: Route, dial: Dial, link: Link): void {
    const { session } = link;
    const { clock, limits } = this.#host;
    link.stopTimer = clock.after(limits.greetingMs, () => this.#doubt(route, dial, link));
    if (isProved(session)) {
      this.#host.greets();
      for (const waiter of dial.waiters) if (waiter.greeting(session)) dial.isBound = true;
    }
    // TLS has the end of its handshake still in hand: our hello and what is asked with it go along in one write.
    this.#host.push(session);
  }
  /**
   * Whoever lost power in its hello tells nobody, and all who dial it would wait for the deadline. A
   * connection that is given up is as one that the peer has ended: both follow the winner of a crossing.
   */
  #doubt(route: Route, dial: Dial, link: Link): void {
    const netlayer = this.#host.netlayerFor(dial.to.transport);
    if (route.dial !== dial || dial.link !== link || netlayer === undefined) return;
    if (dial.isBound || dial.attemptCount >= ATTEMPTS) return;
    dial.link = undefined;
    const { clock, limits } = this.#host;
    dial.cancel = clock.after(limits.crossingRetryMs, () => this.#open(route, dial, netlayer));
    link.session.abort('captp: no hello for a while');
  }
  #expire(route: Route, dial: Dial): void {
    const { link } = dial;
    this.#fail(route, dial, this.#unreachable(dial, new NoHello()));
    link?.session.abort('captp: no hello in time');
  }
  /** Our own code waits for the outcome of a dial that may go where a peer may not send us. */
  #failToConnect(route: Route, dial: Dial, reason: Error): void {
    const { ownWaiters } = dial;
    const waiters = dial.waiters.splice(0);
    dial.waiters.push(...waiters.filter((each) => !ownWaiters.has(each)));
    this.#fail(route, dial, this.#unreachable(dial, reason));
    for (const waiter of ownWaiters) this.connect(dial.to, 'asked', waiter);
  }
  #unreachable(dial: Dial, cause: Error): Error {
    const found = summaryOf(cause);
    return new Unreachable(`captp: cannot reach ${peerKey(dial.to)}: ${found}`, { cause });
  }
  #fail(route: Route, dial: Dial, reason: Error): void {
    this.#finish(route, dial);
    this.#routes.tidy(dial.to);
    if (dial.waiters.length > 0) this.#host.dialLog?.failed(dial.to, reason.message, dial.isOurs);
    for (const waiter of dial.waiters) waiter.failed(reason);
  }
  #finish(route: Route, dial: Dial): void {
    route.dial = undefined;
    dial.stopTimer();
    if (dial.link === undefined) dial.cancel();
  }
}

/** Whether a dialled session leads to its peer for sure, whatever the hello will say. */
const isProved = ({ connection }: Session): boolean => connection.proved !== undefined;

/** The deadline of a dial has passed. */
class NoHello extends Error {
  readonly summary = 'no answer in time';
}
/**
 * What may be said of a failed dial. Whoever waits may be on another machine: the message of a
 * netlayer can name a socket, and stays with the cause.
 */
const summaryOf = (reason: Error): string =>
  'summary' in reason && typeof reason.summary === 'string' ? reason.summary : 'the dial failed';
