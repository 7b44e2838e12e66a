/**
 * Taking direct grants back.
 *
 * That a host was told, only its own answer proves. What its refusal means depends on the ref that asks, since another
 * one may be under that petname by now:
 *
 *     ref         answer                             the part
 *     the same    there is no such grant             has ended, and was forgotten there
 *     the same    the ref itself was taken back,     has ended with it
 *                 or is over
 *     another     any, or there is none any more     is lost: its host's owner alone can end it, until the ref is back
 *     either      anything else                      is owed
 */
import { codeOf, fateOf, type Ref, type Vow } from '@bellwether/actors';
import { audit, unknownGrant, type GrantFacts } from '@bellwether/authority';
import type { ServiceFacet } from '@bellwether/shepherd';
import { isEnd } from '../errors.ts';
import { LIMITS } from '../limits.ts';
import {
  asHeld,
  keepContact,
  keepPart,
  leaveContact,
  noteTrouble,
  wayTo,
  type DirectHeld,
  type DirectTurn,
} from './direct-held.ts';
import {
  directFacts,
  isLost,
  isOwed,
  nowOf,
  partKey,
  partsOf,
  type DirectEntry,
  type PartEntry,
} from './direct-shelf.ts';

/** See `DirectGrants.revoke`. */
export const revoke = (
  held: DirectHeld,
  turn: DirectTurn,
  id: string,
  reason: string | undefined,
  isForced: boolean,
): Vow<GrantFacts> => {
  const { shelf } = held;
  const before = shelf.directs.get(id);
  if (before === undefined) throw unknownGrant();
  const said = reason === undefined ? {} : { reason };
  if (before.revoked === undefined) {
    const revoked = { atMs: nowOf(shelf), by: 'root', ...said };
    const direct: DirectEntry = { ...before, revoked };
    shelf.directs.set(id, direct);
    turn.record(direct);
    audit(turn, { event: 'revoked', asker: 'root', service: direct.service, grant: id, ...said });
  }
  const told = partsOf(shelf, id)
    .filter((part) => isOwed(shelf, part))
    .map((part) => {
      keepContact(held, turn, part.petname);
      const way = wayTo(held, turn, part.petname);
      const through = (turn: DirectTurn): string | undefined => turn.call(way, 'through');
      const told = tellThere(held, turn, part, { reached: turn.call(way, 'reach'), through });
      return turn.when(
        turn.within(LIMITS.directMs, told),
        () => undefined,
        (_turn, reason) => noteTrouble(held, part, reason),
      );
    });
  return turn.when(turn.all(told), (turn) => {
    for (const part of isForced ? partsOf(shelf, id) : [])
      if (isOwed(shelf, part) && isLost(shelf, part)) ended(held, turn, part, 'unknown');
    return directFacts(shelf, shelf.directs.get(id) ?? before);
  });
};

/** How a host is reached, and by which ref, once it was. */
export interface Reaching {
  readonly reached: Vow<Ref<ServiceFacet>>;
  readonly through: (turn: DirectTurn) => string | undefined;
}
/** Has one host take its grant back; kept whatever comes of it, which is noted. */
export const tellThere = (
  held: DirectHeld,
  turn: DirectTurn,
  part: PartEntry,
  reaching: Reaching,
): Vow<void> => {
  const reason = held.shelf.directs.get(part.id)?.revoked?.reason;
  const said = reason === undefined ? [] : [reason];
  const answer = turn.when(reaching.reached, (turn, ref) =>
    turn.send(asHeld(ref), 'revokeGrant', part.grant, ...said),
  );
  return turn.when(
    answer,
    (turn) => ended(held, turn, part, 'changed'),
    (turn, why) => notTold(held, turn, part, reaching, why),
  );
};
/** See the table above. */
const notTold = (
  held: DirectHeld,
  turn: DirectTurn,
  part: PartEntry,
  { reached, through }: Reaching,
  why: Error,
): Vow<void> => {
  const isAnswer = fateOf(why) === 'refused';
  // Before that was noted, nobody can tell.
  if (!isAnswer || part.through === undefined) return turn.kept(noteTrouble(held, part, why));
  if (part.through !== through(turn)) return turn.kept(lose(held, turn, part));
  if (isEnd(codeOf(why))) return turn.kept(ended(held, turn, part, 'ok'));
  if (codeOf(why) !== 'refused') return turn.kept(noteTrouble(held, part, why));
  // It is the grant that is not there, and not the ref, if that is good for anything.
  const allows = turn.when(reached, (turn, ref) => turn.send(asHeld(ref), 'allows'));
  return turn.when(
    allows,
    (turn) => ended(held, turn, part, 'ok'),
    () => noteTrouble(held, part, why),
  );
};

const lose = (held: DirectHeld, turn: DirectTurn, part: PartEntry): void => {
  const { shelf } = held;
  shelf.lost.set(partKey(part), true);
  const there = `its host's owner can end it: herd grant revoke ${part.grant}`;
  const words = `@${part.petname} is no longer the ref it was made through; ${there}`;
  shelf.troubles.set(partKey(part), words);
  leaveContact(held, turn, part.petname);
};
const ended = (
  held: DirectHeld,
  turn: DirectTurn,
  { id, member }: PartEntry,
  result: 'changed' | 'ok' | 'unknown',
): void => {
  const { shelf } = held;
  const part = shelf.parts.get(id)?.get(member);
  if (part === undefined || part.endedMs !== undefined) return;
  keepPart(held, turn, { ...part, endedMs: nowOf(shelf) });
  shelf.troubles.delete(partKey(part));
  shelf.lost.delete(partKey(part));
  const about = { service: member, action: 'grant revoke', grant: id };
  audit(turn, { event: 'ended', asker: 'root', ...about, result });
  leaveContact(held, turn, part.petname);
};
