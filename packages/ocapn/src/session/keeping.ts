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
    const others = [...this.#sessions()].filter((session) => !isOwners(session));
    const total = others.reduce((sum, { keptBytes }) => sum + keptBytes, 0);
    if (total <= this.#limits.keptBytes) return undefined;
    return largestOfMost(others, sessionParty, ({ keptBytes }) => keptBytes);
  }
}

const isOwners = ({ meter }: Session): boolean => meter.lane === 0;
/** The name of its party, which may be told later than it comes: ask anew. Those who have fetched nothing are one. */
export const sessionParty = ({ origin, identity, meter }: Session): string =>
  origin?.name ?? (meter.isDialler ? `at ${identity?.designator ?? ''}` : '');
/**
 * Who gives up some of what there is no more room for: of the party that has most, who has most of that; the first of
 * equals. `comer`: a party for which one place is wanted; then undefined, where the other would be left less than it.
 */
export const largestOfMost = <T>(
  holders: Iterable<T>,
  nameOf: (holder: T) => string,
  weightOf: (holder: T) => number,
  comer?: string,
): T | undefined => {
  const parties = new Map<string, { weight: number; largest: T }>();
  for (const holder of holders) {
    const name = nameOf(holder);
    const party = parties.get(name) ?? { weight: 0, largest: holder };
    parties.set(name, party);
    party.weight += weightOf(holder);
    if (weightOf(holder) > weightOf(party.largest)) party.largest = holder;
  }
  let [most, largest]: [number, T | undefined] = [0, undefined];
  for (const party of parties.values())
    if (party.weight > most) [most, largest] = [party.weight, party.largest];
  const own = comer === undefined ? -1 : (parties.get(comer)?.weight ?? 0);
  return own + 1 < most ? largest : undefined;
};
