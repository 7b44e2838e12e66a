/**
 * What the peers of a router have it keep: messages that wait and answers that nobody has collected. Each session has a
 * limit of its own; here it is seen to that many sessions are not many limits. Whose rights come from one grant, or one
 * reference, is one party, and so is a peer that we dialled: the party that holds most gives way, and nobody else.
 */
import type { Limits } from '../limits.ts';
import type { Session } from './session.ts';

/** Between two looks so much of the limit may come. */
const STEP = 64;
const TOO_MUCH =
  'captp: too many bytes of messages that wait and of answers, in all of its sessions';

/** All of what is kept for others than the owner. */
export class Keeping {
  readonly #limits: Limits;
  readonly #sessions: () => Iterable<Session>;
  #grownBytes = 0;
  constructor(limits: Limits, sessions: () => Iterable<Session>) {
    this.#limits = limits;
    this.#sessions = sessions;
  }
  /** So much more may be kept for a session. May abort any, this one too. */
  grew(session: Session, byteCount: number): void {
    if (isOwners(session)) return;
    this.#grownBytes += byteCount;
    if (this.#grownBytes * STEP < this.#limits.keptBytes) return;
    this.#grownBytes = 0;
    for (let over = this.#over(); over !== undefined; over = this.#over()) over.abort(TOO_MUCH);
  }

  /** Who gives way; undefined where nobody has to. */
  #over(): Session | undefined {
    const parties = new Map<string, { byteCount: number; largest: Session }>();
    let total = 0;
    for (const session of this.#sessions()) {
      const { keptBytes } = session;
      if (keptBytes === 0 || isOwners(session)) continue;
      total += keptBytes;
      const name = partyOf(session);
      const party = parties.get(name) ?? { byteCount: 0, largest: session };
      parties.set(name, party);
      party.byteCount += keptBytes;
      if (keptBytes > party.largest.keptBytes) party.largest = session;
    }
    let [most, largest]: [number, Session | undefined] = [0, undefined];
    for (const party of parties.values())
      if (party.byteCount > most) [most, largest] = [party.byteCount, party.largest];
    return total > this.#limits.keptBytes ? largest : undefined;
  }
}

const isOwners = ({ meter }: Session): boolean => meter.lane === 0;
/** Those who have fetched nothing are one. */
const partyOf = ({ origin, identity, meter }: Session): string =>
  origin?.name ?? (meter.isDialler ? `at ${identity?.designator ?? ''}` : '');
