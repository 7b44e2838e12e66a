/**
 * Which session leads to whom. A hello proves a fresh key and nothing else; who the peer is comes
 * from the transport:
 *
 *   connection                            identity                  its session
 *   dialled                               whom we dialled; the      routed to
 *                                         hello must name it
 *   accepted, the transport proved it     what was proved; the same routed to
 *   accepted, the netlayer believes it    what the hello says       routed to
 *   accepted, anything else               none: anonymous           may call, is never routed to
 *
 * At most one session per identity; see crossing.ts for which one stays.
 *
 * An identity says nothing of what somebody may: anybody can make a key. Whoever comes is a stranger
 * until he has fetched something, and strangers have little room, are few, and are cut first.
 */
import {
  reasonOf,
  type Answer,
  type Clock,
  type Frontier,
  type Log,
  type Ref,
  Severed,
  type Vow,
} from '@bellwether/actors';
import type { JudgedHello } from '../identity/hello.ts';
import { LIMITS, type Limits } from '../limits.ts';
import { type PeerLocation, peerKey, samePeer, type Sturdyref } from '../locator.ts';
import type { Connection, Netlayer } from '../netlayer.ts';
import type { Crypto, Reaper } from '../powers.ts';
import type { SessionHost } from '../session/host.ts';
import { Faults } from '../session/faults.ts';
import { Flow } from '../session/flow.ts';
import type { Origin } from '../session/origin.ts';
import type { Outbox } from '../session/outbox.ts';
import { Keeping } from '../session/keeping.ts';
import { Partials } from '../session/partials.ts';
import { Signatures } from '../session/signatures.ts';
import { Session } from '../session/session.ts';
import { NOBODY } from '../session/vow-from.ts';
import { type Room, roomOf } from '../session/tables.ts';
import type { OperationReader } from '../wire/read.ts';
import type { RouterHandoffs } from '../handoff/handoffs.ts';
import type { Withdrawal } from '../handoff/taker.ts';
import { ask, type AskingHost, named, type Wanted } from './asking.ts';
import { Bootstrap } from './bootstrap.ts';
import { makeBuffers, type WireBuffers } from './buffers.ts';
import { Opening } from '../session/opening.ts';
import { CROSSED } from './crossing.ts';
import { Enlivened } from './enlivened.ts';
import { Hellos } from './hellos.ts';
import { Link, noTimer } from './link.ts';
import { Liveness } from './liveness.ts';
import type { DialLog } from './failures.ts';
import type { RouterInside } from './net-view.ts';
import { OwnPlaces } from './own-places.ts';
import { quietLog } from './quiet-log.ts';
import { NoHandoffs } from './no-handoffs.ts';
import { Porch } from './porch.ts';
import type { Dial, Waiter } from './routes.ts';
import { Routing, type RoutingHost } from './routing.ts';
import type { DialReason, Router, RouterPowers, SessionView } from './types.ts';
import { Watched } from './watched.ts';

/**
 * Makes a router on the given powers; it does nothing until it is asked to listen or to dial. The
 * caller owns it, and ends it with `close`, also when its vat has halted. @throws RangeError for
 * two netlayers of one transport.
 */
export const createRouter = (powers: RouterPowers): Router => new PeerRouter(powers);

class PeerRouter implements Router, SessionHost, RoutingHost, AskingHost, RouterInside {
  readonly frontier: Frontier;
  readonly crypto: Crypto;
  readonly clock: Clock;
  readonly limits: Limits;
  readonly buffers: WireBuffers;
  readonly reader: OperationReader;
  readonly outbox: Outbox;
  readonly flow: Flow;
  readonly partials: Partials;
  readonly keeping: Keeping;
  readonly signatures: Signatures;
  readonly reaper: Reaper;
  readonly log: Log;
  readonly faults: Faults;
  readonly handoffs: RouterHandoffs;
  readonly bootstrap: Ref;
  readonly dialLog: DialLog | undefined;
  readonly #powers: RouterPowers;
  readonly #netlayers: ReadonlyMap<string, Netlayer>;
  readonly #hellos: Hellos;
  readonly #places: OwnPlaces;
  readonly #routing: Routing;
  readonly #liveness: Liveness;
  readonly wholeRoom: Room;
  readonly #strangersRoom: Room;
  /** Every connection, oldest first. */
  readonly #links = new Map<Session, Link>();
  /** Who was accepted, by netlayer. */
  readonly #porches: ReadonlyMap<Netlayer, Porch>;
  readonly #say: ReturnType<typeof quietLog>;
  #isClosed = false;
  #hasDialled = false;
  #linkCount = 0;
  /** Who watches references that are our own: they are lost when the router closes. */
  readonly #toldAtClose = new Set<(reason: unknown) => void>();

  constructor(powers: RouterPowers) {
    this.#powers = powers;
    this.frontier = powers.vat;
    this.crypto = powers.crypto;
    this.clock = powers.clock;
    this.limits = { ...LIMITS, ...powers.limits };
    this.wholeRoom = roomOf(this.limits, 1);
    this.#strangersRoom = roomOf(this.limits, this.limits.strangerDivisor);
    this.buffers = powers.buffers ?? makeBuffers(powers.scheduler, powers.clock, this.limits);
    this.reader = this.buffers.reader;
    this.outbox = this.buffers.outbox;
    this.flow = new Flow(powers.vat, this.limits);
    this.partials = new Partials(powers.clock, this.limits);
    this.keeping = new Keeping(this.limits, () => this.#links.keys());
    this.signatures = new Signatures(powers.clock);
    this.reaper = powers.reaper;
    this.#say = quietLog(powers.log, powers.clock, this.limits);
    this.log = (event, fields) => this.#say('', event, fields);
    this.faults = new Faults(powers.crypto, this.log);
    this.handoffs = powers.handoffs?.(this) ?? new NoHandoffs(powers.vat);
    const bootstrap = new Bootstrap(powers.vat, powers.fetch, this.limits.swissnumBytes);
    this.bootstrap = powers.vat.far(bootstrap, { slot: 0 });
    this.#netlayers = byTransport(powers.netlayers);
    this.#porches = new Map(
      powers.netlayers.map((each) => [
        each,
        new Porch(this.limits, powers.crypto, each.facts, (swissnum, told) =>
          this.#partyFor(swissnum, told),
        ),
      ]),
    );
    this.#hellos = new Hellos(powers.crypto, powers.scheduler, powers.clock);
    this.#places = new OwnPlaces(powers, this.#hellos);
    this.dialLog = powers.dialLog;
    this.#routing = new Routing(this);
    this.#liveness = new Liveness(powers.clock, this.limits, this.outbox);
  }

  get locations(): readonly PeerLocation[] {
    return this.#places.all;
  }
  get keepsKeys(): boolean {
    return this.#powers.handoffs !== undefined;
  }
  get isClosed(): boolean {
    return this.#isClosed;
  }

  listen(
    ready: (at: readonly PeerLocation[]) => void,
    failed: (reason: Error) => void,
    transports: readonly string[] = [...this.#netlayers.keys()],
  ): void {
    const chosen = [...this.#netlayers.values()].filter((one) =>
      transports.includes(one.facts.transport),
    );
    if (chosen.length === 0) return ready(this.locations);
    let missing = chosen.length;
    let isTold = false;
    const settle = (tell: () => void): void => {
      if (isTold) return;
      isTold = true;
      tell();
    };
    for (const netlayer of chosen)
      netlayer.listen(
        (connection) => this.#accept(netlayer, connection),
        (at) => {
          this.#places.opened(netlayer.facts.transport, at);
          missing -= 1;
          if (missing === 0) settle(() => ready(this.locations));
        },
        (reason) => settle(() => failed(reason)),
      );
  }
  enliven<I = unknown>(to: Sturdyref, because: DialReason = 'asked'): Vow<Ref<I>> {
    if (this.isMe(to.peer)) return this.#fetchHere(to) as Vow<Ref<I>>;
    return this.#vowOf(new Enlivened(), named(to), because) as Vow<Ref<I>>;
  }
  dial(to: Sturdyref, reached: Answer, lost: Answer): () => void {
    const watched = new Watched(reached, lost);
    if (this.isMe(to.peer))
      this.frontier.listen(this.#fetchHere(to), {
        kept: (value) => watched.found(value, (told) => this.#atClose(told)),
        broken: (reason) => watched.broken(reason),
      });
    else ask(this, named(to), 'asked', watched);
    return () => watched.cancel();
  }
  leadsTo(peer: PeerLocation): boolean {
    return this.#routing.leadsTo(peer);
  }
  get seconds(): number {
    return this.#liveness.seconds;
  }
  get lap(): number {
    return this.#liveness.lap;
  }
  silentMs(session: Session): number {
    return this.#liveness.silentMs(session);
  }
  get inside(): RouterInside {
    return this;
  }
  links(): Iterable<Link> {
    return this.#links.values();
  }
  dials(): readonly Dial[] {
    return this.#routing.dials();
  }
  roleOf(link: Link): ReturnType<RouterInside['roleOf']> {
    return this.#routing.roleOf(link);
  }
  sessions(): readonly SessionView[] {
    return [...this.#links.values()].filter(({ session }) => session.isOpen).map(viewOf);
  }
  close(done: () => void = () => undefined, why = 'the peer closes'): void {
    if (this.#isClosed) return done();
    this.#isClosed = true;
    const reason = new Severed('captp: the router was closed');
    this.#routing.close(reason);
    this.#hellos.clear();
    this.handoffs.close();
    for (const session of [...this.#links.keys()]) session.abort(`captp: ${why}`);
    if (this.#powers.buffers === undefined) this.outbox.close();
    const watchers = [...this.#toldAtClose];
    this.#toldAtClose.clear();
    for (const told of watchers) told(reason);
    let missing = this.#netlayers.size;
    if (missing === 0) return done();
    for (const netlayer of this.#netlayers.values())
      netlayer.close(() => {
        missing -= 1;
        if (missing === 0) done();
      });
  }

  connect(to: PeerLocation, because: DialReason, waiter: Waiter): void {
    this.#routing.connect(to, because, waiter);
  }
  mayLose(session: Session): boolean {
    const link = this.#links.get(session);
    return link !== undefined && this.#routing.mayLose(link);
  }
  listensOn(transport: string): boolean {
    return this.#places.listensOn(transport);
  }
  isMe(peer: PeerLocation): boolean {
    return this.#places.isMe(peer);
  }

  netlayerFor(transport: string): Netlayer | undefined {
    return this.#netlayers.get(transport);
  }
  mayDial(to: PeerLocation, because: DialReason): boolean {
    const { mayDial } = this.#powers;
    if (mayDial !== undefined) return mayDial(to, because);
    return because === 'asked' || this.netlayerFor(to.transport)?.facts.namesThisMachine !== true;
  }
  isForOthers(because: DialReason): boolean {
    return because !== 'asked' && this.#powers.mayDial === undefined;
  }
  start(netlayer: Netlayer, connection: Connection, dialled: PeerLocation | undefined): Link {
    const hello = this.#places.helloTo(dialled, netlayer, this.#links.values());
    const session = new Session(this, connection, hello, dialled === undefined);
    this.#linkCount += 1;
    const link = new Link(this.#linkCount, netlayer, session, hello.publicId, dialled);
    this.#links.set(session, link);
    this.#choose(session, dialled ?? connection.proved);
    // Whoever has dialled twice will dial again.
    if (dialled !== undefined && this.#hasDialled)
      this.#places.prepareLater(netlayer.facts.transport);
    this.#hasDialled ||= dialled !== undefined;
    return link;
  }
  has(session: Session): boolean {
    return this.#links.has(session);
  }
  allSessions(): Iterable<Session> {
    return this.#links.keys();
  }
  mayFetch(exporter: PeerLocation): boolean {
    return this.mayDial(exporter, 'handoff');
  }
  withdraw(withdrawal: Withdrawal): Vow {
    const enlivened = new Enlivened(() => withdrawal.over());
    const wanted: Wanted = { method: 'withdraw-gift', mayPipe: false, ...withdrawal };
    const vow = this.#vowOf(enlivened, wanted, 'handoff');
    // Whoever passes it on gives what it has become, and not a vow of ours.
    this.frontier.listen(vow, NOBODY);
    return vow;
  }
  greets(): void {
    this.#powers.asks?.();
  }
  push(session: Session): void {
    this.outbox.push(session);
  }
  prepare(transport: string): void {
    this.#places.prepare(transport);
  }

  admit(session: Session, peer: JudgedHello): Room | undefined {
    const link = this.#links.get(session);
    if (link === undefined || this.#isClosed) return undefined;
    const refusal = this.#identify(link, peer.claims);
    if (refusal !== undefined) {
      session.abort(refusal);
      return undefined;
    }
    const isInbound = link.dialled === undefined && link.identity !== undefined;
    if (isInbound && !this.#routing.admit(link, peer.publicId)) {
      session.abort(CROSSED);
      return undefined;
    }
    return session.isStranger ? this.#strangersRoom : this.wholeRoom;
  }
  opened(session: Session): void {
    const link = this.#links.get(session);
    if (link === undefined) return;
    link.stopTimer();
    link.stopTimer = noTimer;
    link.openedAtMs = this.clock.now();
    link.silence = this.#liveness.enter(
      session,
      !link.netlayer.facts.tellsEnds,
      link.dialled !== undefined,
    );
    const { identity } = link;
    this.#note('session.opened', link);
    this.#powers.asks?.();
    this.#powers.opened?.(viewOf(link));
    if (identity !== undefined) this.#routing.opened(link, identity);
    this.#porchOf(link)?.greeted(link);
  }
  known(session: Session, by: Uint8Array | Origin): Room {
    const link = this.#links.get(session);
    if (link !== undefined) this.#porchOf(link)?.known(link, by);
    return this.wholeRoom;
  }
  confirmed(session: Session): void {
    const link = this.#links.get(session);
    if (link !== undefined) this.#routing.confirmed(link);
  }
  doubt(session: Session): void {
    const link = this.#links.get(session);
    if (link?.silence === undefined || this.#isClosed) return;
    this.#liveness.doubt(link.silence, () => this.#routing.dialBeside(link));
  }
  gone(session: Session, reason: Error): void {
    const link = this.#links.get(session);
    if (link === undefined) return;
    this.#links.delete(session);
    link.stopTimer();
    if (link.silence !== undefined) this.#liveness.leave(link.silence);
    this.#porchOf(link)?.gone(link);
    this.#note('session.ended', link, reason);
    this.handoffs.gone(session);
    this.#routing.gone(link, reason);
  }

  #accept(netlayer: Netlayer, connection: Connection): Session {
    const link = this.start(netlayer, connection, undefined);
    if (this.#isClosed) {
      link.session.abort('captp: the peer closes');
      return link.session;
    }
    this.#places.prepareLater(netlayer.facts.transport);
    link.stopTimer = this.clock.after(this.limits.helloMs, () =>
      link.session.abort('captp: no hello in time'),
    );
    this.#porchOf(link)?.came(link);
    return link.session;
  }
  /** Finds out who the peer is. The result says why it may not be. */
  #identify(link: Link, claims: PeerLocation): string | undefined {
    const { netlayer, dialled, session } = link;
    const { proved } = session.connection;
    for (const known of [dialled, proved])
      if (known !== undefined && !samePeer(known, claims))
        return 'captp: the hello names another peer than this connection leads to';
    const isKnown = dialled !== undefined || proved !== undefined || netlayer.facts.believesClaims;
    if (!isKnown) {
      session.label = 'anonymous';
      link.claims = claims;
      return undefined;
    }
    if (claims.transport !== netlayer.facts.transport)
      return 'captp: the hello names another transport than this connection has';
    if (this.isMe(claims)) return 'captp: the hello names this peer itself';
    link.identity = claims;
    session.identity = claims;
    this.#choose(session, claims);
    session.label = peerKey(claims);
    return undefined;
  }
  #choose(session: Session, peer: PeerLocation | undefined): void {
    const { dialectOf } = this.#powers;
    if (dialectOf !== undefined) session.dialect = dialectOf(peer);
  }
  #partyFor(swissnum: Uint8Array, told: (party: string) => void): void {
    const party = this.#powers.partyOf?.(swissnum);
    if (party === undefined) return;
    this.frontier.listen(party, {
      kept: (value) => typeof value === 'string' && told(value),
      // What nobody can tell is told apart by itself.
      broken: (reason) => this.log('router.unknown-party', { reason: reasonOf(reason).message }),
    });
  }
  /** Undefined for what we dialled: that is counted by who dials. */
  #porchOf({ dialled, netlayer }: Link): Porch | undefined {
    return dialled === undefined ? this.#porches.get(netlayer) : undefined;
  }
  #vowOf(enlivened: Enlivened, wanted: Wanted, because: DialReason): Vow {
    const vow = this.frontier.farVow(enlivened, enlivened.root);
    this.reaper.watch(vow, () => enlivened.release(enlivened.root));
    ask(this, wanted, because, enlivened);
    return vow;
  }
  #atClose(told: (reason: unknown) => void): () => void {
    this.#toldAtClose.add(told);
    return () => void this.#toldAtClose.delete(told);
  }
  #fetchHere(to: Sturdyref): Vow {
    const opening = new Opening(this.clock.now(), undefined);
    return this.frontier.deliver(this.bootstrap, 'fetch', [to.reveal(), opening]);
  }
  /**
   * One line for each session that came over a network or was dialled; those of a private socket
   * are the operator's own commands.
   */
  #note(event: string, { session, netlayer, dialled }: Link, reason?: Error): void {
    const isDialled = dialled !== undefined;
    if (netlayer.facts.believesClaims && !isDialled) return;
    const direction = isDialled ? 'dialled' : 'accepted';
    const fields = { peer: session.label, transport: netlayer.facts.transport, direction };
    const key = session.isStranger ? 'stranger' : '';
    this.#say(key, event, reason === undefined ? fields : { ...fields, reason: reason.message });
  }
}

const byTransport = (netlayers: readonly Netlayer[]): ReadonlyMap<string, Netlayer> => {
  const found = new Map<string, Netlayer>();
  for (const netlayer of netlayers) {
    const { transport } = netlayer.facts;
    if (found.has(transport)) throw new RangeError(`captp: two netlayers for ${transport}`);
    found.set(transport, netlayer);
  }
  return found;
};

const viewOf = ({ session, netlayer, identity, dialled }: Link): SessionView => ({
  peer: identity,
  transport: netlayer.facts.transport,
  direction: dialled === undefined ? 'accepted' : 'dialled',
  isConfirmed: session.isConfirmed,
  tables: session.counts,
  abort: (reason) => session.abort(reason),
});
