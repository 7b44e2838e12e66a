/** What a `^direct-grants` is made of, and its contact with hosts: by petname, as long as there is something to say. */
import { fateOf, messageOf, type Ref, type Turn, type Vow } from '@bellwether/actors';
import type { GrantFacts, GrantSpec, Past } from '@bellwether/authority';
import { cutText } from '@bellwether/shepherd';
import { LIMITS } from '../limits.ts';
import {
  makeLiveRef,
  type Arrivals,
  type ContactFollower,
  type LiveRef,
} from '../reach/live-ref.ts';
import type { DirectMember } from './direct-members.ts';
import {
  isLeased,
  isLost,
  isOwed,
  partKey,
  partsOf,
  type DirectGrantsOptions,
  type DirectShelf,
  type PartEntry,
} from './direct-shelf.ts';
import type { HeldService, MadeDirect } from './types.ts';

/** Near only; what its methods are given was looked at by the local root. */
export interface DirectGrants extends Arrivals, ContactFollower {
  /** Has a grant made at the hosts of these, or at none. @throws Malformed, BadRequest, Limit */
  make(spec: GrantSpec, members: readonly DirectMember[], leaseMs?: number): Vow<MadeDirect>;
  list(): readonly GrantFacts[];
  /**
   * `isForced`: what is lost counts as ended, on the word of whoever has seen to it there. Kept once it is durable here
   * and each host has answered, or had its time. @throws Refused where there is none
   */
  revoke(id: string, reason?: string, isForced?: boolean): Vow<GrantFacts>;
  /** As that of the registry of minted references. @throws Refused */
  confirm(ids: readonly string[] | undefined, past?: Past): readonly string[];
}
/** Its options, and its memory. */
export interface DirectHeld extends DirectGrantsOptions {
  readonly shelf: DirectShelf;
}
/** A turn of its own. */
export type DirectTurn = Turn<DirectGrants>;

/** Keeps a part in place of what it was. */
export const keepPart = ({ shelf }: DirectHeld, turn: DirectTurn, part: PartEntry): void => {
  shelf.parts.get(part.id)?.set(part.member, part);
  turn.record(part);
};

/** Notes why a host could not be told. */
export const noteTrouble = ({ shelf }: DirectHeld, part: PartEntry, reason: Error): void => {
  shelf.troubles.set(partKey(part), troubleIn(reason));
};
/** The same, in words. */
export const troubleIn = (reason: Error): string =>
  fateOf(reason) === 'late'
    ? `no answer within ${LIMITS.directMs / 1_000} s`
    : cutText(messageOf(reason), LIMITS.textLength);

/** What there is at a host. */
export const partsAt = (shelf: DirectShelf, petname: string): readonly PartEntry[] =>
  [...shelf.directs.keys()].flatMap((id) =>
    partsOf(shelf, id).filter((part) => part.petname === petname),
  );

/** The way to a host. */
export const wayTo = (held: DirectHeld, turn: DirectTurn, petname: string): Ref<LiveRef> => {
  const known = held.shelf.ways.get(petname);
  if (known !== undefined) return known;
  const { dial, peers, entropy, clock } = held;
  const way = turn.spawn(makeLiveRef, {
    petname,
    dial,
    peers,
    entropy,
    clock,
    arrivals: turn.self,
  });
  held.shelf.ways.set(petname, way);
  return way;
};
/** What a way there leads to: a grant, or what was minted, which takes what facets take, and more. */
export const asHeld = (ref: Ref): Ref<HeldService> => ref as Ref<HeldService>;
/** Contact with a host at which something is to be said, also where no service leads there any more. */
export const keepContact = (held: DirectHeld, turn: DirectTurn, petname: string): void => {
  const { shelf } = held;
  if (shelf.followed.has(petname) || !needsContact(shelf, petname)) return;
  shelf.followed.set(petname, true);
  turn.call(wayTo(held, turn, petname), 'follow', turn.self);
};
/** Nothing is to be said there any more, if that is so. */
export const leaveContact = (held: DirectHeld, turn: DirectTurn, petname: string): void => {
  const { shelf } = held;
  if (!shelf.followed.has(petname) || needsContact(shelf, petname)) return;
  shelf.followed.delete(petname);
  turn.call(wayTo(held, turn, petname), 'leave');
};
const needsContact = (shelf: DirectShelf, petname: string): boolean =>
  partsAt(shelf, petname).some(
    (part) => (isOwed(shelf, part) && !isLost(shelf, part)) || isLeased(shelf, part),
  );
