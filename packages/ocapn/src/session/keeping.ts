/**
 * What the peers of a router have it keep: messages that wait and answers that nobody has collected. Each session has a
 * limit of its own; here it is seen to that many sessions are not many limits. Whose rights come from one grant, or one
 * reference, is one party, and so is a peer that we dialled: the party that holds most gives way, and nobody else.
 */
import type { Limits } from '../limits.ts';
import type { Session } from './session.ts';

/** Between two looks so much of the limit may come. */
const STEP = 64;

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
    const { keptBytes } = this.#limits;
    if (this.#grownBytes * STEP < keptBytes) return;
    this.#grownBytes = 0;
    let { total, largest } = this.#weighed();
    while (total > keptBytes && largest !== undefined) {
      largest.abort(
        'captp: too many bytes of messages that wait and of answers, in all of its sessions',
      );
      ({ total, largest } = this.#weighed());
    }
  }

  #weighed(): { readonly total: number; readonly largest: Session | undefined } {
    const parties = new Map<string, { byteCount: number; largest: Session }>();
    let total = 0;
    for (const session of this.#sessions()) {
      const { keptBytes } = session;
      if (keptBytes === 0 || isOwners(session)) continue;
      total += keptBytes;
      const party = parties.get(partyOf(session));
      if (party === undefined) {
        parties.set(partyOf(session), { byteCount: keptBytes, largest: session });
        continue;
      }
      party.byteCount += keptBytes;
      if (keptBytes > party.largest.keptBytes) party.largest = session;
    }
    let [most, largest]: [number, Session | undefined] = [0, undefined];
    for (const party of parties.values())
      if (party.byteCount > most) [most, largest] = [party.byteCount, party.largest];
    return { total, largest };
  }
}

const isOwners = ({ meter }: Session): boolean => meter.lane === 0;
/** Those who have fetched nothing are one. */
const partyOf = ({ origin, identity, meter }: Session): string =>
  origin?.name ?? (meter.isDialler ? `at ${identity?.designator ?? ''}` : '');
