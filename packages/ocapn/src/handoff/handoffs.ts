/**
 * References between three peers: the gifter has a session with each of the other two, and gives
 * the receiver what the exporter has; from then on these two talk to each other. Each role stands
 * in a file of its own; here they meet.
 *
 *     gifter ──── deposit-gift id reference ────► exporter        giver.ts
 *        └─ signed give ─► receiver ─ withdraw-gift ──┘           taker.ts, gifts.ts
 *
 * All bytes and proofs are those of the OCapN draft and Goblins 0.18. A router may be forbidden any
 * of the roles: whoever stands between two peers to be able to cut them off must not introduce
 * them.
 */
import { codeOf, type Frontier, type Log, reasonOf, type Vow } from '@bellwether/actors';
import type { Elsewhere, GiftInFrame, Handoffs } from '../session/host.ts';
import type { Session } from '../session/session.ts';
import { brokenVow, vowFrom } from '../session/vow-from.ts';
import type { Envelope } from '../wire/operations.ts';
import { Gifts, type GiftsHost } from './gifts.ts';
import { Giver, type GiverHost } from './giver.ts';
import type { MayIntroduce } from './introduction.ts';
import { Taker, type TakerHost } from './taker.ts';

/** What handoffs need of their router. */
export type HandoffsHost = GiftsHost & GiverHost & TakerHost & { readonly log: Log };
/** What a router has of its handoffs. */
export type RouterHandoffs = Handoffs & Pick<ThreeWays, 'giftCountOf' | 'gone' | 'close'>;
/** Makes what one router hands references off with. */
export type MakeHandoffs = (host: HandoffsHost) => RouterHandoffs;

/**
 * The power to introduce peers to each other. Where `mayIntroduce` says no as the gifter, messages pass through us; as
 * the exporter, the gift is refused. Absent: all may be introduced.
 */
export const threeWays =
  (mayIntroduce: MayIntroduce = () => true): MakeHandoffs =>
  (host) =>
    new ThreeWays(host, mayIntroduce);

/** All three roles of one router. */
class ThreeWays implements Handoffs {
  readonly #frontier: Frontier;
  readonly #log: Log;
  readonly #gifts: Gifts;
  readonly #giver: Giver;
  readonly #taker: Taker;
  constructor(host: HandoffsHost, mayIntroduce: MayIntroduce) {
    this.#frontier = host.frontier;
    this.#log = host.log;
    this.#gifts = new Gifts(host, mayIntroduce);
    this.#giver = new Giver(host, mayIntroduce);
    this.#taker = new Taker(host, this.#gifts, mayIntroduce);
  }
  give(value: object, place: Elsewhere, to: Session): GiftInFrame | undefined {
    return this.#giver.give(value, place, to);
  }
  receive(gift: Envelope, from: Session): Vow {
    return this.#orBroken('receive', from, () => this.#taker.receive(gift, from));
  }
  deposit(from: Session, args: readonly unknown[]): Vow {
    return this.#orBroken('deposit', from, () => {
      this.#gifts.deposit(from, args);
      return vowFrom(this.#frontier, (answer) => answer.kept(undefined));
    });
  }
  withdraw(from: Session, args: readonly unknown[]): Vow {
    return this.#orBroken('withdraw', from, () => this.#gifts.withdraw(from, args));
  }
  /** Gifts of a session that lie here, or are waited for. */
  giftCountOf(session: Session): number {
    return this.#gifts.countOf(session);
  }
  /** A session has ended. */
  gone(session: Session): void {
    this.#gifts.gone(session);
  }
  /** Drops everything, and leaves no timer. */
  close(): void {
    this.#gifts.close();
  }

  /** What fails breaks what was asked for, and no session. */
  #orBroken(step: string, from: Session, attempt: () => Vow): Vow {
    try {
      return attempt();
    } catch (error) {
      const reason = String(error);
      this.#log('handoff.refused', { peer: from.label, step, code: codeOf(error), reason });
      return brokenVow(this.#frontier, reasonOf(error));
    }
  }
}
