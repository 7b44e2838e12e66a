/**
 * The receiver's side of handoffs. A give that comes in stands for a vow at once, whatever it takes
 * to get there:
 *
 *     give ─► is it for us? ─► the exporter is this router: its own table has the gift
 *                          └─► a session with the exporter, there or dialled ─► withdraw-gift ─► the reference
 *
 * What is sent to the vow waits until then, and goes where the gift is afterwards: nothing of it is
 * ever sent twice, nor into an answer that breaks. A Goblins exporter has one count for all
 * receivers of one gifter, and refuses who is behind it without a word of why; so who hears such a
 * break asks once more, with a count well ahead.
 *
 * An exporter judges so many withdrawals of a session in a minute and no more, so no gifter may have us use them up:
 * each has as many gifts of one exporter in that time as it could have left there.
 *
 * Nothing is believed of a give but that its sender wants us to go there: whom it leads to shows in
 * the session, and what is there the exporter judges.
 */
import { type Clock, type Frontier, isRemote, Refused, type Vow } from '@bellwether/actors';
import { Forged, Limit } from '../errors.ts';
import { hashOf } from '../identity/base.ts';
import { checkSigned, giveFrom, type HandoffGive, signReceive } from '../identity/certificates.ts';
import type { Limits } from '../limits.ts';
import { type PeerLocation, peerKey } from '../locator.ts';
import type { Crypto } from '../powers.ts';
import type { Session } from '../session/session.ts';
import { compareBytes, Raw } from '../syrup/values.ts';
import type { Envelope } from '../wire/operations.ts';
import type { Gifts } from './gifts.ts';
import type { MayIntroduce } from './introduction.ts';

/** Something to be asked of a peer's bootstrap object. */
export interface Withdrawal {
  readonly peer: PeerLocation;
  /** What is said on a session; undefined as long as that is not open. */
  args(session: Session): readonly unknown[] | undefined;
  /** Whether to ask once more after this break. */
  isWorthAnother(reason: unknown): boolean;
  /** It has been answered, one way or the other. */
  over(): void;
}

/** What a taker needs of its router. */
export interface TakerHost {
  readonly frontier: Frontier;
  readonly crypto: Crypto;
  readonly clock: Clock;
  readonly limits: Limits;
  isMe(peer: PeerLocation): boolean;
  leadsTo(peer: PeerLocation): boolean;
  /** Whether a gift may be fetched there. */
  mayFetch(exporter: PeerLocation): boolean;
  /** A vow of what is withdrawn. */
  withdraw(withdrawal: Withdrawal): Vow;
}

/** What one session has us fetch. */
class Errands {
  count = 0;
  /** Exporters that no session led to, and how many gifts are fetched there. */
  readonly away = new Map<string, number>();
  /** Gifts since then, by their exporter: those whose keys have the same hash share one count. */
  readonly #counts = new Uint32Array(EXPORTERS);
  #sinceMs = -Infinity;
  /** One more gift of that exporter; how many there were in this time of `giftMs`. */
  countOf(exporter: string, nowMs: number, giftMs: number): number {
    if (nowMs - this.#sinceMs >= giftMs) {
      this.#sinceMs = nowMs;
      this.#counts.fill(0);
    }
    const at = hashOf(exporter) % EXPORTERS;
    const count = (this.#counts[at] ?? 0) + 1;
    this.#counts[at] = count;
    return count;
  }
}
/** Exporters that are told apart. */
const EXPORTERS = 64;

/** Takes gifts. */
export class Taker {
  readonly #host: TakerHost;
  readonly #gifts: Gifts;
  readonly #errands = new WeakMap<Session, Errands>();
  #count = 0;
  readonly #mayIntroduce: MayIntroduce;
  constructor(host: TakerHost, gifts: Gifts, mayIntroduce: MayIntroduce) {
    this.#host = host;
    this.#gifts = gifts;
    this.#mayIntroduce = mayIntroduce;
  }
  /** What a give stands for. @throws Decode, Limit for what is no give; Forged; Refused */
  receive(signed: Envelope, from: Session): Vow {
    const host = this.#host;
    const give = giveFrom(signed);
    const { credentials } = from;
    if (credentials === undefined)
      throw new Refused('handoff: this peer takes no part in handoffs');
    if (compareBytes(give.receiverKey, credentials.keys.publicKey) !== 0)
      throw new Forged('handoff: the gift is for somebody else');
    if (!host.isMe(give.exporter)) {
      // It goes on as it came: with whatever else in place of a signature, the exporter would end our session.
      checkSigned(signed);
      return this.#fetch(give, signed, from);
    }
    if (!this.#mayIntroduce({ as: 'exporter', peer: from.identity, receiver: undefined }))
      throw new Refused('handoff: this peer lets nobody be introduced to what it has');
    return this.#gifts.claim(from, give, signed);
  }

  #fetch({ exporter }: HandoffGive, signed: Envelope, from: Session): Vow {
    const { credentials } = from;
    if (!this.#host.mayFetch(exporter))
      throw new Refused('handoff: this peer goes nowhere because another wants it');
    const errand = this.#enter(from, exporter);
    let isAgain = false;
    return this.#host.withdraw({
      peer: exporter,
      args: (session) => {
        const here = session.credentials;
        if (here === undefined || credentials === undefined) return undefined;
        const sessionId = here.sessionId(this.#host.crypto);
        const count = this.#count;
        this.#count += 1;
        const receive = { sessionId, receiverId: here.ownId, count, give: signed };
        return [new Raw(signReceive(receive, credentials.keys))];
      },
      isWorthAnother: (reason) => {
        if (isAgain || !isMystery(reason)) return false;
        isAgain = true;
        this.#count += LEAP;
        return true;
      },
      over: errand,
    });
  }
  /** Counts a gift in that is to be fetched; the result counts it out. @throws Limit */
  #enter(from: Session, exporter: PeerLocation): () => void {
    const { limits } = this.#host;
    const errands = this.#errands.get(from) ?? new Errands();
    this.#errands.set(from, errands);
    const { count, away } = errands;
    if (count >= from.giftCount)
      throw new Limit(`handoff: more than ${from.giftCount} gifts that are being fetched`);
    const key = peerKey(exporter);
    if (errands.countOf(key, this.#host.clock.now(), limits.giftMs) > from.giftCount)
      throw new Limit(
        `handoff: more than ${from.giftCount} gifts of one exporter in ${limits.giftMs} ms`,
      );
    const isAway = away.has(key) || !this.#host.leadsTo(exporter);
    if (isAway && !away.has(key) && away.size >= limits.giftDials)
      throw new Limit(`handoff: more than ${limits.giftDials} peers that are being dialled`);
    errands.count += 1;
    if (isAway) away.set(key, (away.get(key) ?? 0) + 1);
    return () => {
      errands.count -= 1;
      if (!isAway) return;
      const left = (away.get(key) ?? 1) - 1;
      if (left > 0) away.set(key, left);
      else away.delete(key);
    };
  }
}

/** Beyond what other receivers of one gifter have counted to meanwhile, and no further: it leaves them behind. */
const LEAP = 256;

/** Goblins' word for whatever an object has thrown; its bootstrap object throws where it refuses a withdrawal. */
const isMystery = (reason: unknown): boolean =>
  isRemote(reason) && reason instanceof Error && reason.message === '';
