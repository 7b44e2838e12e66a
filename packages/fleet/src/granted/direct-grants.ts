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
import {
  codeOf,
  fateOf,
  Limit,
  Refused,
  type Bcom,
  type Behavior,
  type Clock,
  type Entropy,
  type Ref,
  type Turn,
  type Vow,
} from '@bellwether/actors';
import {
  audit,
  freshId,
  grantLimits,
  idBytes,
  readGrantSpec,
  type GrantFacts,
  type GrantSpec,
} from '@bellwether/authority';
import { BadRequest, cutText, readUpTo, type ServiceFacet } from '@bellwether/shepherd';
import { isDenial, wordsOf } from '../errors.ts';
import { LIMITS } from '../limits.ts';
import {
  makeLiveRef,
  type Arrivals,
  type ContactFollower,
  type LiveRef,
} from '../reach/live-ref.ts';
import type { Peers } from '../reach/peer.ts';
import type { DialRef } from '../reach/destination.ts';
import { readMadeThere, type MadeThere } from './direct-answers.ts';
import type { DirectMember } from './direct-members.ts';
import {
  directFacts,
  fillDirectShelf,
  forgetDirects,
  isLeased,
  isLost,
  isOwed,
  nowOf,
  partKey,
  partsOf,
  type DirectEntry,
  type DirectRecords,
  type DirectShelf,
  type PartEntry,
} from './direct-shelf.ts';
import type { DirectRow, MadeDirect } from './types.ts';

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
}
/** What it is made from. */
export interface DirectGrantsOptions {
  readonly records: DirectRecords;
  readonly dial: DialRef;
  readonly peers: Ref<Peers>;
  readonly entropy: Entropy;
  /** Only read. */
  readonly clock: Pick<Clock, 'now' | 'wall'>;
}
interface Held extends DirectGrantsOptions {
  readonly shelf: DirectShelf;
}
type Own = Turn<DirectGrants>;

/** Makes it from the records of earlier lives, and goes on with what they owed. */
export const makeDirectGrants = (
  turn: Own,
  _bcom: Bcom<DirectGrants>,
  options: DirectGrantsOptions,
): Behavior<DirectGrants> => {
  const shelf = fillDirectShelf(turn, options.clock, options.records);
  const held: Held = { ...options, shelf };
  forgetDirects(shelf, turn);
  for (const id of shelf.directs.keys()) takeUp(held, turn, id);
  return {
    make: (turn, spec, members, leaseMs) => make(held, turn, { spec, members, leaseMs }),
    list: () => [...shelf.directs.values()].map((direct) => directFacts(shelf, direct)),
    revoke: (turn, id, reason, isForced) => revoke(held, turn, id, reason, isForced === true),
    met: (turn, petname, ref, through) => met(held, turn, petname, ref, through),
    found: () => undefined, // `met` was told before
    missed: () => undefined, // whoever asks is told why, by the vow
  };
};

/** In the constructor nobody can be asked yet: dials wait until the daemon serves. */
const takeUp = (held: Held, turn: Own, id: string): void => {
  for (const part of partsOf(held.shelf, id)) keepContact(held, turn, part.petname);
  if (held.shelf.directs.get(id)?.leaseMs !== undefined) renewLater(held, turn, id);
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

const make = (held: Held, turn: Own, wanted: Wanted): Vow<MadeDirect> => {
  const spec = childSpec(wanted);
  forgetDirects(held.shelf, turn);
  const full = fullAt(held.shelf);
  if (full !== undefined) throw full;
  const asked = wanted.members.map((member) => askThere(held, turn, member, spec));
  const answers = asked.map(({ made }) => turn.within(LIMITS.directMs, made));
  const random = turn.ask<Uint8Array>((answer) => {
    const bytes = new Uint8Array(idBytes);
    held.entropy.fill(bytes);
    answer.kept(bytes);
  });
  const both = turn.when(turn.all(answers), (turn, settled) =>
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

const askThere = (held: Held, turn: Own, member: DirectMember, spec: GrantSpec): AskedThere => {
  const way = wayTo(held, turn, member.petname);
  const made = turn.when(turn.call(way, 'reach'), (turn, ref) => {
    const through = turn.call(way, 'through');
    return turn.when(turn.forward(ref, 'grant', [{ ...spec }]), (_turn, answer) => ({
      there: readMadeThere(answer, member.member),
      ref,
      through,
    }));
  });
  return { ...member, made };
};
/** Also of one whose answer comes too late. Should that get lost, nobody has its invite, which ends in minutes. */
const undo = (turn: Own, { made }: AskedThere): void => {
  const ignored = (): void => undefined;
  turn.when(
    made,
    (turn, { there, ref }) =>
      turn.when(turn.forward(ref, 'revoke-grant', [there.grant]), ignored, ignored),
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
  held: Held,
  turn: Own,
  wanted: Wanted,
  { asked, there, bytes }: AllMade,
): MadeDirect => {
  const { shelf } = held;
  const { spec, leaseMs } = wanted;
  const id = freshId(bytes, (id) => shelf.directs.has(id), 'd');
  if (id === undefined) throw new Limit('grant: found no id that is free; try again');
  const madeMs = nowOf(shelf);
  const { service, actions, label, lifetimeMs } = spec;
  const direct: DirectEntry = {
    kind: 'direct',
    id,
    service,
    actions,
    madeMs,
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
const keepPart = ({ shelf }: Held, turn: Own, part: PartEntry): void => {
  shelf.parts.get(part.id)?.set(part.member, part);
  turn.record(part);
};

const revoke = (
  held: Held,
  turn: Own,
  id: string,
  reason: string | undefined,
  isForced: boolean,
): Vow<GrantFacts> => {
  const { shelf } = held;
  const before = shelf.directs.get(id);
  if (before === undefined) throw new Refused('no such grant');
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
      const through = (turn: Own): string | undefined => turn.call(way, 'through');
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
interface Reaching {
  readonly reached: Vow<Ref<ServiceFacet>>;
  readonly through: (turn: Own) => string | undefined;
}
/** Has one host take its grant back; kept whatever comes of it, which is noted. */
const tellThere = (
  held: Held,
  turn: Own,
  part: PartEntry,
  { reached, through }: Reaching,
): Vow<void> => {
  const reason = held.shelf.directs.get(part.id)?.revoked?.reason;
  const args = reason === undefined ? [part.grant] : [part.grant, reason];
  const answer = turn.when(reached, (turn, ref) => turn.forward(ref, 'revoke-grant', args));
  return turn.when(
    answer,
    (turn) => ended(held, turn, part, 'changed'),
    (turn, why) => notTold(held, turn, part, { why, reached, through: through(turn) }),
  );
};
interface Untold {
  readonly why: Error;
  readonly reached: Vow<Ref<ServiceFacet>>;
  readonly through: string | undefined;
}
/** See the table above. */
const notTold = (
  held: Held,
  turn: Own,
  part: PartEntry,
  { why, reached, through }: Untold,
): Vow<void> => {
  const isAnswer = fateOf(why) === 'refused';
  // Before that was noted, nobody can tell.
  if (!isAnswer || part.through === undefined) return turn.kept(noteTrouble(held, part, why));
  if (part.through !== through) return turn.kept(lose(held, turn, part));
  if (isOver(codeOf(why))) return turn.kept(ended(held, turn, part, 'ok'));
  if (codeOf(why) !== 'refused') return turn.kept(noteTrouble(held, part, why));
  // It is the grant that is not there, and not the ref, if that is good for anything.
  const allows = turn.when(reached, (turn, ref) => turn.forward(ref, 'allows', []));
  return turn.when(
    allows,
    (turn) => ended(held, turn, part, 'ok'),
    () => noteTrouble(held, part, why),
  );
};
const isOver = (code: string): boolean => code === 'revoked' || code === 'expired';

const lose = (held: Held, turn: Own, part: PartEntry): void => {
  const { shelf } = held;
  shelf.lost.set(partKey(part), true);
  const there = `its host's owner can end it: herd grant revoke ${part.grant}`;
  shelf.troubles.set(
    partKey(part),
    `@${part.petname} is no longer the ref it was made through; ${there}`,
  );
  leaveContact(held, turn, part.petname);
};
const noteTrouble = ({ shelf }: Held, part: PartEntry, reason: Error): void => {
  shelf.troubles.set(partKey(part), troubleIn(reason));
};
const troubleIn = (reason: Error): string =>
  fateOf(reason) === 'late'
    ? `no answer within ${LIMITS.directMs / 1_000} s`
    : cutText(wordsOf(reason), LIMITS.textLength);
const ended = (
  held: Held,
  turn: Own,
  { id, member }: PartEntry,
  result: 'changed' | 'ok' | 'unknown',
): void => {
  const { shelf } = held;
  const part = shelf.parts.get(id)?.get(member);
  if (part === undefined || part.endedMs !== undefined) return;
  keepPart(held, turn, { ...part, endedMs: nowOf(shelf) });
  shelf.troubles.delete(partKey(part));
  shelf.lost.delete(partKey(part));
  audit(turn, {
    event: 'ended',
    asker: 'root',
    service: member,
    action: 'grant revoke',
    result,
    grant: id,
  });
  leaveContact(held, turn, part.petname);
};

/** Everything that is to be said at a host, before whoever has waited for contact says anything. */
const met = (
  held: Held,
  turn: Own,
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
const partsAt = (shelf: DirectShelf, petname: string): readonly PartEntry[] =>
  [...shelf.directs.keys()].flatMap((id) =>
    partsOf(shelf, id).filter((part) => part.petname === petname),
  );

/** Thrice in its time, until the grant ends. */
const renewLater = (held: Held, turn: Own, id: string): void => {
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
const renewThere = (
  held: Held,
  turn: Own,
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
    return turn.forward(ref, 'renew-grant', [part.grant, lifetimeMs]);
  });
  turn.when(
    answer,
    () => void shelf.troubles.delete(partKey(part)),
    (_turn, reason) => noteTrouble(held, part, reason),
  );
};

const wayTo = (held: Held, turn: Own, petname: string): Ref<LiveRef> => {
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
/** Contact with a host at which something is to be said, also where no service leads there any more. */
const keepContact = (held: Held, turn: Own, petname: string): void => {
  const { shelf } = held;
  if (shelf.followed.has(petname) || !needsContact(shelf, petname)) return;
  shelf.followed.set(petname, true);
  turn.call(wayTo(held, turn, petname), 'follow', turn.self);
};
const leaveContact = (held: Held, turn: Own, petname: string): void => {
  const { shelf } = held;
  if (!shelf.followed.has(petname) || needsContact(shelf, petname)) return;
  shelf.followed.delete(petname);
  turn.call(wayTo(held, turn, petname), 'leave');
};
const needsContact = (shelf: DirectShelf, petname: string): boolean =>
  partsAt(shelf, petname).some(
    (part) => (isOwed(shelf, part) && !isLost(shelf, part)) || isLeased(shelf, part),
  );
