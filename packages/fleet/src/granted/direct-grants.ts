/**
 * The `^direct-grants` of a controller: grants of a fleet that its members' own hosts have made, each through the ref
 * that the controller has there. Whoever holds them asks those hosts, and not the controller, which may be dead.
 *
 *     make      every host is asked ──► all have made one: kept, and only then are the invites told
 *                                  └──► one has not: the others take theirs back; nobody was told of it
 *     revoke    kept ──► every host is told ──► says so: that part has ended
 *                                          └──► cannot be reached, or says no: the part is owed
 *     met       there is contact with a host, in this life or a later one: what is owed there is said first
 *     lease     renewed at the hosts thrice in its time, as long as the grant holds; else they end it by themselves
 *     confirm   after a backup was put back: what was made before may have been taken back since, and is not renewed
 */
import {
  codeOf,
  fateOf,
  Limit,
  type Bcom,
  type Behavior,
  type Ref,
  type Vow,
} from '@bellwether/actors';
import {
  audit,
  freshId,
  grantLimits,
  idBytes,
  readGrantSpec,
  type GrantSpec,
} from '@bellwether/authority';
import { BadRequest, readUpTo, type ServiceFacet } from '@bellwether/shepherd';
import { isDenial } from '../errors.ts';
import { LIMITS } from '../limits.ts';
import { randomBytes } from '../random.ts';
import { readMadeThere, type MadeThere } from './direct-answers.ts';
import { revoke, tellThere, type Reaching } from './direct-ends.ts';
import {
  asHeld,
  keepContact,
  keepPart,
  partsAt,
  troubleIn,
  wayTo,
  type DirectGrants,
  type DirectHeld,
  type DirectTurn,
} from './direct-held.ts';
import { confirm, renewLater, renewThere } from './direct-leases.ts';
import type { DirectMember } from './direct-members.ts';
import {
  directFacts,
  fillDirectShelf,
  forgetDirects,
  isLeased,
  isOwed,
  nowOf,
  partsOf,
  type DirectEntry,
  type DirectGrantsOptions,
  type DirectShelf,
} from './direct-shelf.ts';
import type { DirectRow, MadeDirect } from './types.ts';

/** Makes it from the records of earlier lives, and goes on with what they owed. */
export const makeDirectGrants = (
  turn: DirectTurn,
  _bcom: Bcom<DirectGrants>,
  options: DirectGrantsOptions,
): Behavior<DirectGrants> => {
  const shelf = fillDirectShelf(turn, options);
  const held: DirectHeld = { ...options, shelf };
  forgetDirects(shelf, turn);
  for (const id of shelf.directs.keys()) takeUp(held, turn, id);
  return {
    make: (turn, spec, members, leaseMs) => make(held, turn, { spec, members, leaseMs }),
    list: () => [...shelf.directs.values()].map((direct) => directFacts(shelf, direct)),
    revoke: (turn, id, reason, isForced) => revoke(held, turn, id, reason, isForced === true),
    confirm: (turn, ids, past) => confirm(held, turn, ids, past),
    met: (turn, petname, ref, through) => met(held, turn, petname, ref, through),
    found: () => undefined, // `met` was told before
    missed: () => undefined, // whoever asks is told why, by the vow
  };
};

/** In the constructor nobody can be asked yet: dials wait until the daemon serves. */
const takeUp = (held: DirectHeld, turn: DirectTurn, id: string): void => {
  const { shelf } = held;
  for (const part of partsOf(shelf, id)) keepContact(held, turn, part.petname);
  // Who confirms it begins with that.
  if (partsOf(shelf, id).some((part) => isLeased(shelf, part))) renewLater(held, turn, id);
};

interface Wanted {
  readonly spec: GrantSpec;
  readonly members: readonly DirectMember[];
  readonly leaseMs: number | undefined;
}
/** What one host was asked for. */
interface AskedThere extends DirectMember {
  /** Whatever it answers, however late. */
  readonly made: Vow<{
    readonly there: MadeThere;
    readonly ref: Ref<ServiceFacet>;
    readonly through: string | undefined;
  }>;
}

const make = (held: DirectHeld, turn: DirectTurn, wanted: Wanted): Vow<MadeDirect> => {
  const spec = childSpec(wanted);
  forgetDirects(held.shelf, turn);
  const full = fullAt(held.shelf);
  if (full !== undefined) throw full;
  const asked = wanted.members.map((member) => askThere(held, turn, member, spec));
  const answers = asked.map(({ made }) => made);
  const random = randomBytes(turn, held.entropy, idBytes);
  const both = turn.when(turn.allWithin(LIMITS.directMs, answers), (turn, settled) =>
    turn.when(random, (_turn, bytes) => ({ settled, bytes })),
  );
  return turn.when(both, (turn, { settled, bytes }): MadeDirect | Vow<MadeDirect> => {
    const there = settled.flatMap((one) =>
      one.kept ? [{ ...one.value.there, through: one.value.through }] : [],
    );
    // Others may have been made meanwhile.
    const full = fullAt(held.shelf);
    if (there.length === asked.length && full === undefined)
      return made(held, turn, wanted, { asked, there, bytes });
    for (const one of asked) undo(turn, one);
    // No throw, which would undo that, too.
    if (full !== undefined) return turn.broken(full);
    return {
      kind: 'not-made',
      rows: settled.map((one, at) =>
        rowOf(asked[at]?.member ?? '', one.kept ? undefined : one.reason),
      ),
    };
  });
};

const fullAt = ({ directs }: DirectShelf): Limit | undefined =>
  directs.size < LIMITS.directCount
    ? undefined
    : new Limit(`grant: ${LIMITS.directCount} direct ones are kept here, no more are made`);

/** What each host is asked for: it calls its service as it does. @throws Malformed, BadRequest */
const childSpec = ({ spec, leaseMs }: Wanted): GrantSpec => {
  const { members: _members, isLocal, ...own } = readGrantSpec(spec);
  if (isLocal === true) throw new BadRequest('a direct grant leads to other machines: not local');
  if (leaseMs === undefined) return own;
  readUpTo(LIMITS.leaseMostMs)(leaseMs, 'lease');
  if (leaseMs < LIMITS.leaseLeastMs)
    throw new BadRequest(`lease: ${LIMITS.leaseLeastMs} ms is the shortest one`);
  const { lifetimeMs: renewableMs = grantLimits.lifetimeMostMs } = own;
  return { ...own, renewableMs, lifetimeMs: Math.min(leaseMs, renewableMs) };
};

const askThere = (
  held: DirectHeld,
  turn: DirectTurn,
  member: DirectMember,
  spec: GrantSpec,
): AskedThere => {
  const way = wayTo(held, turn, member.petname);
  const made = turn.when(turn.call(way, 'reach'), (turn, ref) => {
    const through = turn.call(way, 'through');
    return turn.when(turn.send(asHeld(ref), 'grant', { ...spec }), (_turn, answer) => ({
      there: readMadeThere(answer, member.member),
      ref,
      through,
    }));
  });
  return { ...member, made };
};
/** Also of one whose answer comes too late. Should that get lost, nobody has its invite, which ends in minutes. */
const undo = (turn: DirectTurn, { made }: AskedThere): void => {
  const ignored = (): void => undefined;
  turn.when(
    made,
    (turn, { there, ref }) =>
      turn.when(turn.send(asHeld(ref), 'revokeGrant', there.grant), ignored, ignored),
    ignored,
  );
};
const rowOf = (member: string, reason: Error | undefined): DirectRow => {
  if (reason === undefined) return { member, result: 'undone' };
  const said = { member, reason: troubleIn(reason) };
  if (fateOf(reason) !== 'refused') return { ...said, result: 'unreachable' };
  return { ...said, result: isDenial(codeOf(reason)) ? 'denied' : 'failed' };
};

interface AllMade {
  readonly asked: readonly AskedThere[];
  readonly there: readonly (MadeThere & { readonly through: string | undefined })[];
  readonly bytes: Uint8Array;
}
const made = (
  held: DirectHeld,
  turn: DirectTurn,
  wanted: Wanted,
  { asked, there, bytes }: AllMade,
): MadeDirect => {
  const { shelf } = held;
  const { spec, leaseMs } = wanted;
  const id = freshId(bytes, (id) => shelf.directs.has(id), 'direct');
  if (id === undefined) throw new Limit('grant: found no id that is free; try again');
  const madeMs = nowOf(shelf);
  const { service, actions, label, lifetimeMs } = spec;
  const direct: DirectEntry = {
    kind: 'direct',
    id,
    service,
    actions,
    madeMs,
    epoch: held.rightsEpoch.now,
    ...(label !== undefined && { label }),
    ...(lifetimeMs !== undefined && { expiresMs: madeMs + lifetimeMs }),
    ...(leaseMs !== undefined && { leaseMs }),
  };
  shelf.directs.set(id, direct);
  turn.record(direct);
  shelf.parts.set(id, turn.map());
  for (const [at, { member, petname }] of asked.entries()) {
    const { grant, expiresMs, through } = there[at] ?? {};
    if (grant === undefined) continue;
    const isFixed = leaseMs === undefined && expiresMs !== undefined;
    keepPart(held, turn, {
      kind: 'part',
      id,
      member,
      petname,
      grant,
      ...(through !== undefined && { through }),
      ...(isFixed && { expiresMs }),
    });
    keepContact(held, turn, petname);
  }
  audit(turn, {
    event: 'granted',
    asker: 'root',
    service,
    action: actions.join(' '),
    ...(label !== undefined && { label }),
    grant: id,
  });
  if (leaseMs !== undefined) renewLater(held, turn, id);
  return {
    kind: 'made',
    grant: directFacts(shelf, direct),
    invites: asked.map(({ member }, at) => ({ member, invite: there[at]?.invite ?? '' })),
    inviteExpiresMs: Math.min(...there.map(({ inviteExpiresMs }) => inviteExpiresMs)),
  };
};
/** Everything that is to be said at a host, before whoever has waited for contact says anything. */
const met = (
  held: DirectHeld,
  turn: DirectTurn,
  petname: string,
  ref: Ref<ServiceFacet>,
  through: string | undefined,
): void => {
  const reaching: Reaching = { reached: turn.kept(ref), through: () => through };
  for (const part of partsAt(held.shelf, petname)) {
    if (isOwed(held.shelf, part)) tellThere(held, turn, part, reaching);
    else if (isLeased(held.shelf, part)) renewThere(held, turn, part, turn.kept(ref));
  }
};
