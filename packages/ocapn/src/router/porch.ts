/**
 * Who has come over one transport, and who goes when there are too many. Each transport has a porch of its own, so
 * that a crowd on one turns nobody away on another.
 *
 *     accepted ──► half-open ── hello ──► stranger ── fetched something ──► guest
 *                     │                      │                                │
 *     one too many:   the oldest goes        the oldest goes                  the oldest of the largest party goes
 *
 * Parties are told apart by what a guest fetched first, and only where the netlayer turns nobody away itself: who has
 * one reference and a thousand sessions pushes out his own, and so does who makes a hundred out of it, where somebody
 * knows what they come from. That is told a moment later. A client that means it is half-open and a stranger for a
 * round trip each, so whoever wants to push it out has to bring a thousand hellos within one.
 */
import { hex } from '../identity/base.ts';
import type { Limits } from '../limits.ts';
import type { Crypto } from '../powers.ts';
import type { Link } from './link.ts';

/** Finds out what a swissnum comes from; `told` is called later, or never where nobody knows. */
export type PartyFor = (swissnum: Uint8Array, told: (party: string) => void) => void;

/** The connections that peers have opened over one transport. */
export class Porch {
  readonly #limits: Limits;
  readonly #crypto: Crypto;
  readonly #isOpenToAll: boolean;
  readonly #partyFor: PartyFor;
  /** Each oldest first. */
  readonly #halfOpen = new Set<Link>();
  readonly #strangers = new Set<Link>();
  /** By what they come from, or a digest of what was fetched first: a table of swissnums would be one of secrets. */
  readonly #parties = new Map<string, Set<Link>>();
  readonly #partyOf = new Map<Link, string>();

  /** `isOpenToAll`: as the netlayer says of itself. `partyFor` is asked only there. */
  constructor(limits: Limits, crypto: Crypto, isOpenToAll: boolean, partyFor: PartyFor) {
    this.#partyFor = partyFor;
    this.#limits = limits;
    this.#crypto = crypto;
    this.#isOpenToAll = isOpenToAll;
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
  /** It has fetched something with this swissnum. */
  known(link: Link, swissnum: Uint8Array): void {
    this.#strangers.delete(link);
    if (!this.#isOpenToAll) return;
    this.#enter(link, hex(this.#crypto.sha256(swissnum)));
    if (this.#partyOf.size > this.#limits.guestSessions)
      cutOldest(this.#largest(), 'captp: too many sessions; this reference had most of them');
    if (!this.#partyOf.has(link)) return;
    this.#partyFor(swissnum, (party) => {
      if (!this.#partyOf.has(link)) return;
      this.#leave(link);
      // Apart from all digests.
      this.#enter(link, `of ${party}`);
    });
  }
  /** It has ended. */
  gone(link: Link): void {
    this.#halfOpen.delete(link);
    this.#strangers.delete(link);
    this.#leave(link);
  }

  #enter(link: Link, party: string): void {
    this.#partyOf.set(link, party);
    const members = this.#parties.get(party) ?? new Set();
    this.#parties.set(party, members.add(link));
  }
  #leave(link: Link): void {
    const party = this.#partyOf.get(link);
    if (party === undefined) return;
    this.#partyOf.delete(link);
    const members = this.#parties.get(party);
    members?.delete(link);
    if (members?.size === 0) this.#parties.delete(party);
  }
  /** The first of equals is the one whose party has been there longest. */
  #largest(): ReadonlySet<Link> {
    let found: ReadonlySet<Link> = new Set();
    for (const members of this.#parties.values()) if (members.size > found.size) found = members;
    return found;
  }
}

const cutOldest = (links: ReadonlySet<Link>, reason: string): void => {
  for (const { session } of links) return session.abort(reason);
};
