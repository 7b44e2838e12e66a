/**
 * The gifter's side of handoffs. A reference of one peer that is sent to another is left for the
 * other at the peer that has it, and what is sent is a give that says so:
 *
 *     to the exporter    deposit-gift id reference, one way
 *     to the receiver    the signed give, where the reference would stand
 *
 * The deposit leaves when the frame with the give is complete, and not if that is taken back. Where
 * no give can be made the reference is exported, and what is sent to it passes through us:
 *
 *     the exporter is anonymous, or has ended     nobody could find it
 *     its transport needs hints, and it has none  it only dials
 *     it is on this machine, the receiver not     its place is nobody's business, and would lead elsewhere there
 *     we may not introduce the two                somebody has to be able to cut what goes between them
 *     too many of its references are under way    its table of gifts is full, or soon will be
 */
import type { Clock } from '@bellwether/actors';
import { signGive } from '../identity/certificates.ts';
import type { Limits } from '../limits.ts';
import type { PeerLocation } from '../locator.ts';
import type { Netlayer } from '../netlayer.ts';
import type { Crypto } from '../powers.ts';
import type { Elsewhere, GiftInFrame } from '../session/host.ts';
import { Outgoing } from '../session/outgoing.ts';
import type { Session } from '../session/session.ts';
import type { MayIntroduce } from './introduction.ts';

/** What a giver needs of its router. */
export interface GiverHost {
  readonly crypto: Crypto;
  readonly clock: Clock;
  readonly limits: Limits;
  netlayerFor(transport: string): Netlayer | undefined;
  /** Whether this router made the session. */
  has(session: Session): boolean;
}

/** Makes gifts. */
export class Giver {
  readonly #host: GiverHost;
  readonly #mayIntroduce: MayIntroduce;
  /** When gifts were left at an exporter that may lie there still; oldest first. */
  readonly #recent = new WeakMap<Session, number[]>();
  constructor(host: GiverHost, mayIntroduce: MayIntroduce) {
    this.#host = host;
    this.#mayIntroduce = mayIntroduce;
  }
  /** What to send of a reference that another session leads to; undefined: export it. */
  give(value: object, { connector }: Elsewhere, to: Session): GiftInFrame | undefined {
    const { crypto } = this.#host;
    if (!(connector instanceof Outgoing)) return undefined;
    const exporter = connector.session;
    const place = this.#placeOf(exporter, to);
    const there = exporter.credentials;
    const receiver = to.credentials;
    if (place === undefined || there === undefined || receiver === undefined) return undefined;
    const introduction = { as: 'gifter', peer: place, receiver: to.identity } as const;
    if (!this.#mayIntroduce(introduction) || !this.#hasRoom(exporter)) return undefined;
    const giftId = crypto.random(GIFT_ID_BYTES);
    const give = {
      receiverKey: receiver.peerKey,
      exporter: place,
      sessionId: there.sessionId(crypto),
      gifterId: there.ownId,
      giftId,
    };
    const deposit = (): void =>
      connector.deliver(connector.bootstrap, 'deposit-gift', [giftId, value]);
    return { bytes: signGive(give, there.keys), deposit };
  }

  /** Where the receiver finds the peer of a session. */
  #placeOf(exporter: Session, to: Session): PeerLocation | undefined {
    const { identity, isOpen } = exporter;
    if (identity === undefined || !isOpen || !this.#host.has(exporter)) return undefined;
    const facts = this.#host.netlayerFor(identity.transport)?.facts;
    const factsOfReceiver = this.#host.netlayerFor(to.identity?.transport ?? '')?.facts;
    if (facts?.namesThisMachine === true && factsOfReceiver?.namesThisMachine !== true)
      return undefined;
    const isFound = Object.keys(identity.hints).length > 0 || facts?.needsHints !== true;
    return isFound ? identity : undefined;
  }
  /** Counts one more gift at this exporter, where it lies for `giftMs` if nobody fetches it. */
  #hasRoom(exporter: Session): boolean {
    const { clock, limits } = this.#host;
    const nowMs = clock.now();
    const recent = this.#recent.get(exporter) ?? [];
    this.#recent.set(exporter, recent);
    while (nowMs - (recent[0] ?? Infinity) >= limits.giftMs) recent.shift();
    if (recent.length >= limits.gifts) return false;
    recent.push(nowMs);
    return true;
  }
}

/** As many as Goblins makes; Endo makes 16. */
const GIFT_ID_BYTES = 32;
