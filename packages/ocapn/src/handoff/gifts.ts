/**
 * The exporter's side of handoffs: gifts that were left here for somebody, and whoever asks for one.
 *
 *     a gift                     deposited                  withdrawn                          its time is over
 *     nobody spoke of            waits                      its withdrawal waits               –
 *     waits                      refused: it is there       given, and gone                    gone
 *     found no room              waits                      refused                            –
 *     its withdrawal waits       given, and gone            the later one waits in its place   that breaks
 *       on a session that ended  waits                      the same                           gone
 *
 * A gift is named by the session that gives it and an id; nobody but who deposits on that session,
 * or holds what its key has signed, can name it. A withdrawal is believed in this order, the cheap
 * proofs first:
 *
 *     receive    made for this session, by the peer of it
 *     give       made for this peer of ours, in a session that is known, by the peer of that
 *     signed     the give by the key of the gifter's session, the receive by the key that the give names
 *     count      not used before, see counts.ts
 *
 * What fails breaks the answer of its sender and nothing else, but for a peer that does nothing but fail. A give
 * that proves nothing is no failure of whoever withdraws it, who cannot tell: any gifter could cost it this session.
 */
import {
  type Answer,
  type Clock,
  type Frontier,
  type Ref,
  Refused,
  type Vow,
} from '@bellwether/actors';
import { Decode, Forged, Limit } from '../errors.ts';
import { hashOf, hex } from '../identity/base.ts';
import {
  giveFrom,
  type HandoffGive,
  type HandoffReceive,
  isSignedBy,
  receiveFrom,
} from '../identity/certificates.ts';
import type { Credentials } from '../identity/credentials.ts';
import type { Limits } from '../limits.ts';
import type { PeerLocation } from '../locator.ts';
import type { Crypto } from '../powers.ts';
import { largestOfMost, sessionParty } from '../session/keeping.ts';
import { Origin } from '../session/origin.ts';
import type { Session } from '../session/session.ts';
import { laterVow, NOBODY, vowFrom } from '../session/vow-from.ts';
import { compareBytes } from '../syrup/values.ts';
import { Envelope } from '../wire/operations.ts';
import { Counts } from './counts.ts';
import type { MayIntroduce } from './introduction.ts';

/** What the table of gifts needs of its router. */
export interface GiftsHost {
  readonly frontier: Frontier;
  readonly crypto: Crypto;
  readonly clock: Clock;
  readonly limits: Limits;
  /** What every peer has anyway. */
  readonly bootstrap: Ref;
  /** Whether a location names this router. */
  isMe(peer: PeerLocation): boolean;
  /** Every session of this router, open or not. */
  allSessions(): Iterable<Session>;
}

/** A gift, or a place where one is waited for. */
interface Gift {
  readonly gifter: Gifter;
  readonly name: string;
  readonly dueMs: number;
  /** What was deposited; undefined: it is waited for. */
  value: object | undefined;
  /** Who waits for it, on which session. */
  waiter: { readonly answer: Answer; readonly asker: Session } | undefined;
}

/** A session that has given something, or may have. It outlives its end as long as it has gifts here. */
class Gifter {
  readonly credentials: Credentials;
  readonly identity: PeerLocation | undefined;
  /** The id of its session in hexadecimal. */
  readonly key: string;
  readonly gifts = new Map<string, Gift>();
  /** Undefined once it has ended. */
  session: Session | undefined;
  /** By the receiver's session: its id stands in what it signs, so that nothing of it is good on another one. */
  readonly counts = new Map<Session, Counts>();
  /** Hashes of ids of gifts that found no room: of 4 million other gifts one is taken for one of these. */
  readonly #refused: number[] = [];
  #origin: Origin | undefined;
  constructor(credentials: Credentials, session: Session, key: string) {
    this.credentials = credentials;
    this.identity = session.identity;
    this.key = key;
    this.session = session;
  }
  /** What its rights come from, and so those of whoever it gives something to. */
  get origin(): Origin {
    this.#origin ??= this.session?.origin ?? new Origin(this.party);
    return this.#origin;
  }
  /** Who answers for what it has here. */
  get party(): string {
    return this.session === undefined ? (this.#origin?.name ?? '') : sessionParty(this.session);
  }
  /** A gift found no room, or had to make some: whoever comes for it shall not wait. */
  refuse(name: string, most: number): void {
    if (this.#refused.push(hashOf(name)) > most) this.#refused.shift();
  }
  hasRefused(name: string): boolean {
    return this.#refused.includes(hashOf(name));
  }
  /** Its session has ended. */
  ended(): void {
    this.#origin = this.origin;
    this.session = undefined;
  }
}

/** What one session has asked for, as long as it lasts. */
class Asker {
  /** Whose counts of it are kept. */
  readonly gifters = new Set<Gifter>();
  failureCount = 0;
  /** Since when withdrawals are counted, and gifts to us, that were judged. */
  sinceMs = -Infinity;
  judgedCount = 0;
}

/** All gifts of a router. */
export class Gifts {
  readonly #host: GiftsHost;
  /** By the id of their session. Sessions come in when somebody names one that is not there. */
  readonly #gifters = new Map<string, Gifter>();
  /** Oldest first: all have the same time. */
  readonly #all = new Set<Gift>();
  readonly #known = new WeakMap<Session, Gifter>();
  readonly #askers = new Map<Session, Asker>();
  /** Of all gifters. */
  #countsCount = 0;
  #stopTimer: (() => void) | undefined;
  readonly #mayIntroduce: MayIntroduce;
  constructor(host: GiftsHost, mayIntroduce: MayIntroduce) {
    this.#host = host;
    this.#mayIntroduce = mayIntroduce;
  }

  /**
   * `deposit-gift`: leaves a reference of ours for whoever shows what that session's key has signed.
   * @throws Limit, Refused
   */
  deposit(from: Session, [giftId, value]: readonly unknown[]): void {
    const { limits } = this.#host;
    if (!(giftId instanceof Uint8Array) || giftId.length > limits.certificateBytes)
      throw new Refused(`handoff: expected a gift id of at most ${limits.certificateBytes} bytes`);
    if (!this.#isOurs(value, from))
      throw new Refused('handoff: only a reference of ours can be a gift');
    const gifter = this.#gifterOf(from);
    if (gifter === undefined) throw new Refused('handoff: this peer takes no part in handoffs');
    const name = hex(giftId);
    const known = gifter.gifts.get(name);
    // Whoever waited on a session that has ended may come back on another one.
    if (known?.waiter?.asker.isClosed === false) {
      this.#forget(known);
      return known.waiter.answer.kept(value);
    }
    if (known?.value !== undefined) throw new Refused('handoff: the id is that of another gift');
    try {
      (known ?? this.#add(gifter, name, from.giftCount)).value = value;
    } catch (error) {
      gifter.refuse(name, limits.gifts);
      throw error;
    }
  }
  /**
   * `withdraw-gift`: a vow of what was, or will be, deposited.
   * @throws Decode, Limit for what is no certificate; Forged for one that proves too little; Refused
   */
  withdraw(from: Session, [signed]: readonly unknown[]): Vow {
    const { crypto } = this.#host;
    if (!(signed instanceof Envelope))
      throw new Refused('handoff: expected a signed desc:handoff-receive');
    const receive = this.#orBlamed(from, () => this.#receiveOf(from, signed));
    // What is wrong with the give is not said of whoever withdraws: it cannot know, and another may have had it come.
    this.#checkPace(from);
    const give = giveFrom(receive.give);
    const gifter = this.#named(give);
    this.#judge(gifter, receive.give);
    this.#orBlamed(from, () => {
      if (!isSignedBy(crypto, signed, give.receiverKey))
        throw new Forged('handoff: the withdrawal is not signed by whom the gift is for');
    });
    if (!this.#mayIntroduce({ as: 'exporter', peer: gifter.identity, receiver: from.identity }))
      throw new Refused('handoff: this peer lets nobody be introduced to what it has');
    if (!this.#countsOf(gifter, from).use(receive.count)) {
      this.#blame(from);
      throw new Forged('handoff: the count of the withdrawal was used before');
    }
    const found = this.#take(gifter, give, from);
    // Whoever has been given something here is no stranger; what it comes from is who gave it. A stranger has nothing
    // to give: two of them, or one alone, would be let in by each other.
    if (from.isStranger && gifter.session?.isStranger !== true)
      this.#host.frontier.listen(found, { ...NOBODY, kept: () => from.know(gifter.origin) });
    return found;
  }
  /**
   * The same for this router itself, to whom `from` has given what it exports. The caller has
   * checked that the give is for it. What is waited for already is refused. @throws Forged, Limit, Refused
   */
  claim(from: Session, give: HandoffGive, signed: Envelope): Vow {
    return this.#orBlamed(from, () => {
      const gifter = this.#named(give);
      this.#checkPlace(gifter, give);
      this.#checkPace(from);
      this.#judge(gifter, signed);
      return this.#take(gifter, give, from);
    });
  }
  /** Gifts of a session that lie here, or are waited for. */
  countOf(session: Session): number {
    return this.#known.get(session)?.gifts.size ?? 0;
  }
  /** A session has ended. What it has deposited stays, unless it was a stranger's. */
  gone(session: Session): void {
    this.#forgetAsker(session);
    const gifter = this.#known.get(session);
    if (gifter === undefined) return;
    gifter.ended();
    for (const gift of [...gifter.gifts.values()])
      if (gift.value === undefined || session.isStranger)
        this.#drop(gift, 'handoff: who gives this has gone');
    this.#tidy(gifter);
  }
  /** Drops everything, and leaves no timer. */
  close(): void {
    for (const gift of [...this.#all]) this.#drop(gift, 'handoff: the exporter closes');
    this.#gifters.clear();
    this.#askers.clear();
    this.#countsCount = 0;
    this.#stopTimer?.();
    this.#stopTimer = undefined;
  }

  /** What a withdrawal says, where it was made for this session by the peer of it. */
  #receiveOf({ credentials }: Session, signed: Envelope): HandoffReceive {
    if (credentials === undefined)
      throw new Refused('handoff: this peer takes no part in handoffs');
    const receive = receiveFrom(signed);
    if (!isSame(receive.sessionId, credentials.sessionId(this.#host.crypto)))
      throw new Forged('handoff: the withdrawal was made for another session');
    if (!isSame(receive.receiverId, credentials.peerId))
      throw new Forged('handoff: the withdrawal was made by another peer');
    return receive;
  }
  /** What proves nothing costs us a signature to judge, so it is counted; one message can hold thousands. */
  #orBlamed<T>(from: Session, attempt: () => T): T {
    if (from.isClosed) throw new Refused('handoff: this session has ended');
    try {
      return attempt();
    } catch (error) {
      if (error instanceof Forged || error instanceof Decode) this.#blame(from);
      throw error;
    }
  }
  #blame(from: Session): void {
    const asker = this.#askerOf(from);
    asker.failureCount += 1;
    const { forgedHandoffs } = this.#host.limits;
    if (asker.failureCount > forgedHandoffs)
      from.abort(
        `captp: more than ${forgedHandoffs} withdrawals, or gifts to this peer, that prove nothing`,
      );
  }
  /** What proves everything costs one or two. */
  #checkPace(from: Session): void {
    const { clock, limits } = this.#host;
    const asker = this.#askerOf(from);
    const nowMs = clock.now();
    if (nowMs - asker.sinceMs >= limits.giftMs) {
      asker.sinceMs = nowMs;
      asker.judgedCount = 0;
    }
    const most = from.giftCount * limits.withdrawalsPerGift;
    if (asker.judgedCount >= most)
      throw new Limit(
        `handoff: more than ${most} withdrawals, or gifts to this peer, in ${limits.giftMs} ms`,
      );
    asker.judgedCount += 1;
  }
  #askerOf(session: Session): Asker {
    const known = this.#askers.get(session) ?? new Asker();
    this.#askers.set(session, known);
    return known;
  }
  #forgetAsker(session: Session): void {
    for (const { counts } of this.#askers.get(session)?.gifters ?? [])
      if (counts.delete(session)) this.#countsCount -= 1;
    this.#askers.delete(session);
  }
  #countsOf(gifter: Gifter, from: Session): Counts {
    const known = gifter.counts.get(from);
    if (known !== undefined) return known;
    const { gifters } = this.#askerOf(from);
    if (gifters.size >= from.giftCount)
      throw new Limit(`handoff: gifts of more than ${from.giftCount} sessions`);
    this.#checkCounts(from);
    const made = new Counts();
    gifters.add(gifter);
    gifter.counts.set(from, made);
    this.#countsCount += 1;
    return made;
  }
  #checkCounts(from: Session): void {
    const { allGifts } = this.#host.limits;
    if (this.#countsCount < allGifts) return;
    const countOf = (session: Session): number => this.#askers.get(session)?.gifters.size ?? 0;
    const most = largestOfMost(this.#askers.keys(), sessionParty, countOf, sessionParty(from));
    if (most === undefined)
      throw new Limit(`handoff: more than ${allGifts} counts of withdrawals, of all peers`);
    // Without its counts what it has shown would be good once more.
    most.abort('captp: too many counts of withdrawals, in all of its sessions');
  }
  /** A message may hold the same give a thousand times: before its signature is judged there has to be a use for it. */
  #checkPlace({ gifts, session }: Gifter, { giftId }: HandoffGive): void {
    const known = gifts.get(hex(giftId));
    if (known?.value !== undefined) return;
    if (known !== undefined) throw new Refused('handoff: the gift is waited for already');
    if (session === undefined) throw new Refused(NO_SUCH_GIFT);
    this.#checkRoom(gifts, session.giftCount);
  }
  #checkRoom(gifts: ReadonlyMap<string, Gift>, count: number): void {
    if (gifts.size >= count) throw new Limit(`handoff: more than ${count} gifts that wait`);
  }
  /** Who has signed this give, as it says. */
  #named(give: HandoffGive): Gifter {
    if (!this.#host.isMe(give.exporter)) throw new Forged('handoff: the gift is at another peer');
    const key = hex(give.sessionId);
    if (!this.#gifters.has(key)) this.#meetAll();
    const gifter = this.#gifters.get(key);
    if (gifter === undefined) throw new Forged('handoff: no such session gives anything here');
    if (!isSame(give.gifterId, gifter.credentials.peerId))
      throw new Forged('handoff: the gift was made by another peer');
    return gifter;
  }
  #judge({ credentials }: Gifter, signed: Envelope): void {
    if (!isSignedBy(this.#host.crypto, signed, credentials.peerKey))
      throw new Forged('handoff: the gift is not signed by who gives it');
  }
  #take(gifter: Gifter, give: HandoffGive, from: Session): Vow {
    const { frontier } = this.#host;
    const name = hex(give.giftId);
    const gift = gifter.gifts.get(name);
    if (gift?.value !== undefined) {
      const { value } = gift;
      this.#forget(gift);
      return vowFrom(frontier, (answer) => answer.kept(value));
    }
    const { session } = gifter;
    if (gift === undefined && gifter.hasRefused(name)) throw new Limit(NO_ROOM);
    if (session === undefined) throw new Refused(NO_SUCH_GIFT);
    const place = gift ?? this.#add(gifter, name, session.giftCount);
    place.waiter?.answer.broken(new Refused('handoff: the gift was asked for again'));
    const { vow, answer } = laterVow(frontier);
    place.waiter = { answer, asker: from };
    return vow;
  }
  #add(gifter: Gifter, name: string, count: number): Gift {
    const { clock, limits } = this.#host;
    this.#checkRoom(gifter.gifts, count);
    if (this.#all.size >= limits.allGifts) this.#makeRoom(gifter);
    const dueMs = clock.now() + limits.giftMs;
    const gift: Gift = { gifter, name, dueMs, value: undefined, waiter: undefined };
    gifter.gifts.set(name, gift);
    this.#all.add(gift);
    this.#stopTimer ??= clock.after(limits.giftMs, () => this.#expire());
    return gift;
  }
  /** The party that has most loses its oldest gift of those of its largest session. */
  #makeRoom(gifter: Gifter): void {
    const nameOf = ({ party }: Gifter): string => party;
    const countOf = ({ gifts }: Gifter): number => gifts.size;
    const most = largestOfMost(this.#gifters.values(), nameOf, countOf, gifter.party);
    const [oldest] = most?.gifts.values() ?? [];
    const { allGifts, gifts } = this.#host.limits;
    if (most === undefined || oldest === undefined)
      throw new Limit(`handoff: more than ${allGifts} gifts that wait, of all peers`);
    most.refuse(oldest.name, gifts);
    this.#drop(oldest, NO_ROOM);
  }
  #drop(gift: Gift, why: string): void {
    this.#forget(gift);
    gift.waiter?.answer.broken(new Refused(why));
  }
  #forget(gift: Gift): void {
    this.#all.delete(gift);
    gift.gifter.gifts.delete(gift.name);
    this.#tidy(gift.gifter);
  }
  #tidy(gifter: Gifter): void {
    if (gifter.session !== undefined || gifter.gifts.size > 0) return;
    this.#gifters.delete(gifter.key);
    // Nobody can name it any more.
    for (const asker of gifter.counts.keys()) this.#askers.get(asker)?.gifters.delete(gifter);
    this.#countsCount -= gifter.counts.size;
    gifter.counts.clear();
  }
  #expire(): void {
    const { clock } = this.#host;
    this.#stopTimer = undefined;
    const nowMs = clock.now();
    for (const gift of this.#all) {
      if (gift.dueMs > nowMs) {
        this.#stopTimer = clock.after(gift.dueMs - nowMs, () => this.#expire());
        return;
      }
      this.#drop(gift, 'handoff: the gift was not deposited in time');
    }
  }
  /** Every session may have signed something. */
  #meetAll(): void {
    for (const session of this.#host.allSessions())
      if (!this.#known.has(session)) this.#gifterOf(session);
  }
  #gifterOf(session: Session): Gifter | undefined {
    const { credentials } = session;
    if (credentials === undefined) return undefined;
    const key = hex(credentials.sessionId(this.#host.crypto));
    const known = this.#gifters.get(key);
    if (known !== undefined || session.isClosed) return known;
    const gifter = new Gifter(credentials, session, key);
    this.#gifters.set(key, gifter);
    this.#known.set(session, gifter);
    return gifter;
  }
  /** What the gifter has of us: an object, a promise, what that has become, what we pass on to another peer. */
  #isOurs(value: unknown, from: Session): value is object {
    const { bootstrap, frontier } = this.#host;
    const place = frontier.whatIs(value, from.connector);
    return place !== undefined && place.kind !== 'mine' && value !== bootstrap;
  }
}

const NO_ROOM = 'handoff: the gift found no room here: whoever gives it has to give it once more';
const NO_SUCH_GIFT = 'handoff: there is no such gift';
const isSame = (a: Uint8Array, b: Uint8Array): boolean => compareBytes(a, b) === 0;
