/** How hosts hear that direct grants still hold: leases, and the owner's word after a restored backup. */
import type { Ref, Vow } from '@bellwether/actors';
import { audit, endedSince, unknownGrant, type Past } from '@bellwether/authority';
import type { ServiceFacet } from '@bellwether/shepherd';
import { LIMITS } from '../limits.ts';
import {
  asHeld,
  keepContact,
  leaveContact,
  noteTrouble,
  wayTo,
  type DirectHeld,
  type DirectTurn,
} from './direct-held.ts';
import {
  isLeased,
  isUnconfirmed,
  nowOf,
  partKey,
  partsOf,
  type DirectEntry,
  type PartEntry,
} from './direct-shelf.ts';

/** Thrice in its time, until the grant ends. */
export const renewLater = (held: DirectHeld, turn: DirectTurn, id: string): void => {
  const { leaseMs } = held.shelf.directs.get(id) ?? {};
  if (leaseMs === undefined) return;
  turn.after(leaseMs / LIMITS.renewalCount, (turn) => {
    const parts = partsOf(held.shelf, id).filter((part) => isLeased(held.shelf, part));
    for (const part of parts)
      renewThere(held, turn, part, turn.call(wayTo(held, turn, part.petname), 'reachToAsk'));
    if (parts.length > 0) renewLater(held, turn, id);
    else for (const part of partsOf(held.shelf, id)) leaveContact(held, turn, part.petname);
  });
};
/** Once, by what was reached. */
export const renewThere = (
  held: DirectHeld,
  turn: DirectTurn,
  part: PartEntry,
  reached: Vow<Ref<ServiceFacet>>,
): void => {
  const { shelf } = held;
  const { leaseMs = 0, expiresMs = Infinity } = shelf.directs.get(part.id) ?? {};
  const answer = turn.when(reached, (turn, ref) => {
    // It may have been taken back while there was no contact.
    const lifetimeMs = Math.floor(Math.min(leaseMs, expiresMs - nowOf(shelf)));
    if (!isLeased(shelf, part) || lifetimeMs < 1_000) return undefined;
    shelf.leases.set(partKey(part), nowOf(shelf) + lifetimeMs);
    return turn.send(asHeld(ref), 'renewGrant', part.grant, lifetimeMs);
  });
  turn.when(
    answer,
    () => void shelf.troubles.delete(partKey(part)),
    (_turn, reason) => noteTrouble(held, part, reason),
  );
};

/** See `DirectGrants.confirm`. A lease that has run out meanwhile, its host has ended. */
export const confirm = (
  held: DirectHeld,
  turn: DirectTurn,
  ids: readonly string[] | undefined,
  past: Past | undefined,
): readonly string[] => {
  const { shelf, rightsEpoch } = held;
  const confirmed: string[] = [];
  for (const id of ids ?? [...shelf.directs.keys()]) {
    const before = shelf.directs.get(id);
    if (before === undefined) throw unknownGrant();
    if (!isUnconfirmed(shelf, before)) continue;
    const why = past?.revoked.get(id);
    if (why !== undefined && ids === undefined) continue;
    if (why !== undefined) throw endedSince(id, why);
    const direct: DirectEntry = { ...before, epoch: rightsEpoch.now };
    shelf.directs.set(id, direct);
    turn.record(direct);
    audit(turn, { event: 'confirmed', asker: 'root', service: direct.service, grant: id });
    confirmed.push(id);
    for (const part of partsOf(shelf, id).filter((each) => isLeased(shelf, each))) {
      keepContact(held, turn, part.petname);
      const way = wayTo(held, turn, part.petname);
      renewThere(held, turn, part, turn.call(way, 'reachToAsk'));
    }
    renewLater(held, turn, id);
  }
  return confirmed;
};
