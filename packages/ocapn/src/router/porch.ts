/**
 * Who has come over one transport, and who goes when there are too many. Each transport has a porch of its own, so
 * that a crowd on one turns nobody away on another.
 *
 *     accepted ──► half-open ── hello ──► stranger ── fetched something ──► guest
 *                     │                      │                                │
 *     one too many:   the oldest goes        the oldest goes                  the oldest of the largest party goes
 *
 * Parties are told apart by what a guest fetched first (session/keeping.ts goes by them, too), and give way here only
 * where the netlayer turns nobody away itself: who has one reference and a thousand sessions pushes out his own, and
 * so does who makes a hundred out of it, where somebody knows what they come from. That is told a moment later. Whoever
 * was let in by a gift is of the party of who gave it.
 * A client that means it is half-open and a stranger for a round trip each, so whoever wants to push it out has to
 * bring a thousand hellos within one.
 */
import { hex } from '../identity/base.ts';
import type { Limits } from '../limits.ts';
import type { NetlayerFacts } from '../netlayer.ts';
import type { Crypto } from '../powers.ts';
import { largestOfMost } from '../session/keeping.ts';
import { Origin } from '../session/origin.ts';
import type { Link } from './link.ts';

/** Finds out what a swissnum comes from; `told` is called later, or never where nobody knows. */
export type PartyFor = (swissnum: Uint8Array, told: (party: string) => void) => void;

/** The connections that peers have opened over one transport. */
export class Porch {
  readonly #limits: Limits;
  readonly #crypto: Crypto;
  /** How many may have fetched something; undefined: the netlayer has a limit of its own. */
  readonly #guestCount: number | undefined;
  readonly #partyFor: PartyFor;
  /** Each oldest first. */
  readonly #halfOpen = new Set<Link>();
  readonly #strangers = new Set<Link>();
  /** Only where everybody may connect. Names are digests: a table of swissnums would be one of secrets. */
  readonly #guests = new Map<Link, Origin>();

  /** `facts`: of its netlayer. */
  constructor(limits: Limits, crypto: Crypto, facts: NetlayerFacts, partyFor: PartyFor) {
    const { guestSessions, localGuestSessions } = limits;
    const guestCount = facts.namesThisMachine ? localGuestSessions : guestSessions;
    this.#guestCount = facts.isOpenToAll ? guestCount : undefined;
    this.#partyFor = partyFor;
    this.#limits = limits;
    this.#crypto = crypto;
  }
  /** A connection was accepted that has not said hello. */
  came(link: Link): void {
    this.#halfOpen.add(link);
    if (this.#halfOpen.size > this.#limits.halfOpenSessions)
      cutOldest(this.#halfOpen, 'captp: too many connections without a hello');
  }
  /** Its hello was admitted; a stranger has fetched nothing yet. */
  greeted(link: Link): void {
    this.#halfOpen.delete(link);
    if (!link.session.isStranger) return;
    this.#strangers.add(link);
    if (this.#strangers.size > this.#limits.strangerSessions)
      cutOldest(this.#strangers, 'captp: too many peers that have fetched nothing');
  }
  /** It has fetched something with this swissnum, or was given something by who has that origin. */
  known(link: Link, by: Uint8Array | Origin): void {
    this.#strangers.delete(link);
    const isGiven = by instanceof Origin;
    const origin = isGiven ? by : new Origin(hex(this.#crypto.sha256(by)));
    link.session.origin = origin;
    if (this.#guestCount !== undefined) {
      this.#guests.set(link, origin);
      if (this.#guests.size > this.#guestCount) {
        const [oldest] =
          largestOfMost(
            this.#guests,
            ([, { name }]) => name,
            () => 1,
          ) ?? [];
        oldest?.session.abort('captp: too many sessions; this reference had most of them');
      }
    }
    // The owner is asked about nothing of his own.
    if (isGiven || link.session.isClosed || link.session.meter.lane === 0) return;
    // Apart from all digests.
    this.#partyFor(by, (party) => (origin.name = `of ${party}`));
  }
  /** It has ended. */
  gone(link: Link): void {
    this.#halfOpen.delete(link);
    this.#strangers.delete(link);
    this.#guests.delete(link);
  }
}

const cutOldest = (links: ReadonlySet<Link>, reason: string): void => {
  for (const { session } of links) return session.abort(reason);
};
