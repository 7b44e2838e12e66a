/**
 * What a daemon makes durable: few kinds of records, not images of actors. An entry is what a turn writes; it puts a
 * record, or erases some.
 *
 *     kind         key                        what it is
 *     desired      service                    the last explicit start or stop           unwished erases it
 *     wished       number                     the last wish for services elsewhere      outdated erases some
 *     enabled      service                    whether it may be started
 *     prompted     service                    what it was started and stopped by last   unprompted erases it
 *     timer        service                    how far its alarms are                    untimed erases it
 *     timed        service, place             one of the last runs of a timer           with those
 *     running      start id                   enough to find a process again            ended erases it
 *     transient    service                    what was run that nobody configured       untransient erases both
 *     minted       hash of a swissnum         the service that it names                 unminted erases it
 *     port         -                          the port that was chosen once
 *     websocketPort  -                        the same of WebSockets
 *     accepted     asker, operation           a command that was taken on               forgotten erases
 *     intent       asker, operation, piece    what it takes                             all three
 *     outcome      asker, operation, piece    what came of it
 *     grant        grant id                   a right that was given                    purged erases it with
 *     revocation   grant id, m-…              a right that was taken back               what hangs on it:
 *     uses         grant id                   how often it was used                     revocation, uses, invite
 *     invite       grant id                   a way to receive a grant, once            all of it
 *     direct       id                         a grant that was made at hosts elsewhere   undirected erases it
 *     part         id, member                 what it is at one of them                  with its parts
 *     slot         service                    its releases, and what it is about
 *     node         name                       a machine that has joined, or is invited       unnoded erases both
 *     given        name                       what it gives
 *     departed     hash of a swissnum         one that was removed and has not heard of it   parted erases it
 *     home         designator                 a controller that this machine has joined      unhomed erases it
 *     carrier      -                          releases that are kept for others
 *     clock        -                          the latest time that was seen
 *     audited      number                     a line of the audit that its log may lack  filed erases them
 *
 * `isHeld`: a start needs all of them, so they are kept in memory; the others are read one by one. `takesAway`: such
 * a record moves the epoch on (mark.ts), so that a database from before it is known to be old: a revocation, the last
 * use of a grant, an invite that was redeemed.
 */
import { auditLimits } from '@bellwether/authority';
import { carrierRecord, slotRecord } from './deploy-shapes.ts';
import { departedNode, joinedHome, joinedNode, nodeGift } from './join-shapes.ts';
import { limits } from './limits.ts';
import { enabledRecord, promptRecord } from './prompt-shapes.ts';
import { timedRecord, timerRecord } from './timer-shapes.ts';
import {
  bytesUpTo,
  flag,
  list,
  name,
  object,
  oneOf,
  plain,
  text,
  whole,
  type Plain,
  type Reader,
} from './shape.ts';

/** Milliseconds since 1970, by the clock of the machine. */
const wallMs = whole(0);

const service = text(limits.keyCharacters / 4);
const pieceCount = whole(0, limits.pieceCount);
/** One command, of whatever steps. */
const accepted = object(
  {
    asker: name,
    operation: name,
    atMs: wallMs,
    /** Of what was asked for first. */
    action: name,
    service,
    intentCount: pieceCount,
    outcomeCount: pieceCount,
  },
  {
    intentBytes: whole(0),
    outcomeBytes: whole(0),
    /** When it was over, and what it came to; absent while it is under way. */
    endedMs: wallMs,
    result: name,
    /** Of what is done, but degraded: the worst that came of somebody. */
    worst: name,
    isCancelled: oneOf(true),
    /** Nothing was left to call off. */
    isInVain: oneOf(true),
    /** Who had it tried again last, where that was somebody else. */
    retriedBy: name,
    /** Until when it waits for who is away, where it does nothing else. */
    queuedUntilMs: wallMs,
  },
);
/** A part of a text that is too long for one value: its number, and its bytes. */
const piece = {
  asker: name,
  operation: name,
  piece: whole(0, limits.pieceCount - 1),
  bytes: bytesUpTo(limits.pieceBytes),
};
/** In keys numbers stand in their order as text, too. */
const pieceKey = (piece: number): string => String(piece).padStart(6, '0');

/** Which command says what is wished of a service. */
const wisher = object({ asker: name, operation: name, atMs: wallMs });
/** The last explicit start or stop of a service of this machine. */
const desired = object({ service, isWanted: flag }, { by: wisher });
/** What one command wishes of services elsewhere, which are many. */
const wished = object({
  number: whole(1),
  wish: oneOf('start', 'stop'),
  by: wisher,
  names: list(service),
});

/** What is on disk of a start. */
const running = object(
  { startId: name, service },
  {
    pid: whole(1, 2 ** 31 - 1),
    startTime: name,
    bootId: name,
    isCommand: oneOf(true),
    isReady: oneOf(true),
    isDone: oneOf(true),
    handsOver: oneOf(true),
    remains: oneOf(true),
    cgroup: text(),
    madeFrom: name,
    since: wallMs,
  },
);

/** A command that was run once, or waits for its time. */
const transient = object(
  {
    service,
    /** Its description, as JSON. */
    text: text(),
    operation: name,
  },
  { ended: object({ at: wallMs }, { code: whole(0), signal: name }) },
);

/** How a grant may be used, beside by whom. All of it is judged where the resource is. */
const grant = object(
  {
    id: name,
    /** The epoch that it was made or confirmed in: one from before a restored backup is not believed. */
    epoch: whole(1),
    service,
    actions: list(name),
    madeMs: wallMs,
    /** Who gave it: the local root, a minted reference, or the grant that it was narrowed from. */
    issuer: name,
  },
  {
    /** SHA-256 of the holder's swissnum, as hex; nobody has one before the invite is redeemed. */
    hash: name,
    parent: name,
    /** The holder's key, as hex. */
    holder: name,
    label: name,
    /** Patterns of arguments, by the authority's own rules. */
    arguments: plain,
    members: list(name),
    expiresMs: wallMs,
    renewableUntilMs: wallMs,
    maxUses: whole(1),
    rate: object({ count: whole(1), windowMs: whole(1) }),
    isLocal: oneOf(true),
  },
);
/** A reference that was minted. */
const minted = object(
  { hash: name, service },
  {
    madeMs: wallMs,
    /** As of a grant. */
    epoch: whole(1),
    /** The hash of what it was given by, where it is a controller's. */
    gift: name,
    /** The key of that controller. */
    home: name,
  },
);
/** A right that was taken back. */
const revocation = object({ id: name, atMs: wallMs, by: name }, { reason: text(1_024) });
/** How much of a grant is used, its children's uses included. */
const uses = object(
  { id: name, count: whole(1), lastMs: wallMs, recent: list(name) },
  { isLast: oneOf(true) },
);
/** A way to receive a grant, under the id of that. */
const invite = object(
  { id: name, hash: name, epoch: whole(1), expiresMs: wallMs },
  /** The key that it was redeemed by, as hex. */
  { holder: name },
);

/** A grant of a fleet that its members' own hosts have made: what their controller remembers of it. */
const direct = object(
  { id: name, service, actions: list(name), madeMs: wallMs },
  {
    label: name,
    expiresMs: wallMs,
    /** How long a host keeps it without hearing from the controller. */
    leaseMs: whole(1),
    /** As of a grant. */
    epoch: whole(1),
    revoked: object({ atMs: wallMs, by: name }, { reason: text(1_024) }),
  },
);
/** What such a grant is at the host of one member. */
const part = object(
  /** The controller's ref to it, and the grant there. */
  { id: name, member: name, petname: name, grant: name },
  {
    /** Which ref that was: another may have come in its place. */
    through: name,
    expiresMs: wallMs,
    /** When the host has said that it holds no more. */
    endedMs: wallMs,
  },
);

/** Each kind: its version, where it lies, and the shape of its record beside `kind`. */
export const kinds = {
  desired: shaped(
    { isHeld: true },
    ({ service }: ReturnType<typeof desired>) => [service],
    desired,
  ),
  wished: shaped(
    { isHeld: true },
    ({ number }: ReturnType<typeof wished>) => [String(number)],
    wished,
  ),
  enabled: shaped(
    { isHeld: true },
    ({ service }: ReturnType<typeof enabledRecord>) => [service],
    enabledRecord,
  ),
  prompted: shaped(
    { isHeld: true },
    ({ service }: ReturnType<typeof promptRecord>) => [service],
    promptRecord,
  ),
  running: kind({ isHeld: true }, ({ running }) => [running.startId], {
    running,
  }),
  timer: shaped(
    { isHeld: true },
    ({ service }: ReturnType<typeof timerRecord>) => [service],
    timerRecord,
  ),
  timed: shaped(
    { isHeld: true },
    ({ service, place }: ReturnType<typeof timedRecord>) => [service, String(place)],
    timedRecord,
  ),
  transient: shaped(
    { isHeld: true },
    ({ service }: ReturnType<typeof transient>) => [service],
    transient,
  ),
  minted: shaped({ isHeld: true }, ({ hash }: ReturnType<typeof minted>) => [hash], minted),
  port: kind({ isHeld: true }, () => [], { port: whole(1, 65_535) }),
  websocketPort: kind({ isHeld: true }, () => [], { port: whole(1, 65_535) }),
  accepted: shaped(
    { isHeld: true },
    ({ asker, operation }: ReturnType<typeof accepted>) => [asker, operation],
    accepted,
  ),
  intent: kind({}, ({ asker, operation, piece }) => [asker, operation, pieceKey(piece)], piece),
  outcome: kind({}, ({ asker, operation, piece }) => [asker, operation, pieceKey(piece)], piece),
  grant: kind({ isHeld: true }, ({ grant }) => [grant.id], { grant }),
  revocation: shaped(
    { isHeld: true, takesAway: true },
    ({ id }: ReturnType<typeof revocation>) => [id],
    revocation,
  ),
  uses: shaped(
    // Each use would cost a second write; the last one ends a right, and that alone must outlive every copy.
    { isHeld: true, takesAway: ({ isLast }) => isLast === true },
    ({ id }: ReturnType<typeof uses>) => [id],
    uses,
  ),
  invite: shaped(
    // To redeem is to take the invite from everybody else who may have it.
    { isHeld: true, takesAway: ({ holder }) => holder !== undefined },
    ({ id }: ReturnType<typeof invite>) => [id],
    invite,
  ),
  direct: shaped(
    { isHeld: true, takesAway: ({ revoked }) => revoked !== undefined },
    ({ id }: ReturnType<typeof direct>) => [id],
    direct,
  ),
  part: shaped({ isHeld: true }, ({ id, member }: ReturnType<typeof part>) => [id, member], part),
  slot: shaped({ isHeld: true }, ({ slot }: ReturnType<typeof slotRecord>) => [slot], slotRecord),
  node: shaped(
    // Whoever uses an invite takes it from everybody else who may have it.
    { isHeld: true, takesAway: ({ door }) => door !== undefined },
    ({ name }: ReturnType<typeof joinedNode>) => [name],
    joinedNode,
  ),
  given: shaped({ isHeld: true }, ({ name }: ReturnType<typeof nodeGift>) => [name], nodeGift),
  departed: shaped(
    { isHeld: true, takesAway: true },
    ({ hash }: ReturnType<typeof departedNode>) => [hash],
    departedNode,
  ),
  home: shaped(
    { isHeld: true },
    ({ designator }: ReturnType<typeof joinedHome>) => [designator],
    joinedHome,
  ),
  carrier: shaped({ isHeld: true }, () => [], carrierRecord),
  clock: kind({ isHeld: true }, () => [], { wallMs }),
  audited: kind({ isHeld: true }, ({ number }) => [String(number)], {
    number: whole(1),
    text: text(auditLimits.lineCharacters),
    hash: name,
  }),
} as const;

/** The name of a kind. */
export type KindName = keyof typeof kinds;
type Shape<K extends KindName> = ReturnType<(typeof kinds)[K]['read']>;
/** Any record. */
export type StoreRecord = { readonly [K in KindName]: { readonly kind: K } & Shape<K> }[KindName];
/** A record of a kind, as it is written and as it is found again. */
export type RecordOf<K extends KindName> = Extract<StoreRecord, { readonly kind: K }>;
/** What erases records. */
export type Erasure =
  | { readonly kind: 'ended'; readonly startId: string }
  | { readonly kind: 'unwished'; readonly service: string }
  | { readonly kind: 'unprompted'; readonly service: string }
  /** With what it was started and stopped by. */
  | { readonly kind: 'untransient'; readonly service: string }
  /** A timer, with its runs: at places below this. */
  | { readonly kind: 'untimed'; readonly service: string; readonly placeCount: number }
  /** Wishes of which every one was followed by another. */
  | { readonly kind: 'outdated'; readonly numbers: readonly number[] }
  /** An operation with all its pieces, of which the one that forgets it knows how many there are. */
  | {
      readonly kind: 'forgotten';
      readonly asker: string;
      readonly operation: string;
      readonly intentCount: number;
      readonly outcomeCount: number;
    }
  /** A grant with its revocation, its uses and its invite. */
  | { readonly kind: 'purged'; readonly id: string }
  /** A grant that was made elsewhere, with its parts. */
  | { readonly kind: 'undirected'; readonly id: string; readonly members: readonly string[] }
  /** A machine, with what it gives. */
  | { readonly kind: 'unnoded'; readonly name: string }
  | { readonly kind: 'parted'; readonly hash: string }
  | { readonly kind: 'unhomed'; readonly designator: string }
  | { readonly kind: 'unminted'; readonly hash: string }
  /** Lines of the audit that its log has for good. */
  | { readonly kind: 'filed'; readonly numbers: readonly number[] };
/** Everything that a turn may write. */
export type StoreEntry = StoreRecord | Erasure;
export type { Plain };

/** What the store knows of a kind. */
export interface Kind<T> {
  /** Of the shape. A record of a higher one is refused; the reader of an older one is added beside `read`. */
  readonly version: number;
  readonly isHeld: boolean;
  /** Whether a record ends a right of somebody, which must not come back with an older database. */
  readonly takesAway: (record: T) => boolean;
  /** All records of this kind do: one that may be on the disk is never taken back. */
  readonly isFinal: boolean;
  /** What tells this record from others of its kind. */
  readonly partsOf: (record: T) => readonly string[];
  readonly read: Reader<T>;
}

interface How<T> {
  readonly isHeld?: boolean;
  readonly takesAway?: boolean | ((record: T) => boolean);
}
function kind<const M extends Readonly<Record<string, Reader<unknown>>>>(
  how: How<ReturnType<ReturnType<typeof object<M>>>>,
  partsOf: (record: ReturnType<ReturnType<typeof object<M>>>) => readonly string[],
  members: M,
): Kind<ReturnType<ReturnType<typeof object<M>>>> {
  return shaped(how, partsOf, object(members));
}
function shaped<T>(
  how: How<T>,
  partsOf: (record: T) => readonly string[],
  read: Reader<T>,
): Kind<T> {
  const { isHeld = false, takesAway = false } = how;
  const isFinal = takesAway === true;
  const judged = typeof takesAway === 'function' ? takesAway : () => isFinal;
  return { version: 1, isHeld, isFinal, takesAway: judged, partsOf, read };
}

/** The rules of a kind by its name, or undefined where there is no such kind. */
export const kindOf = (word: string): Kind<unknown> | undefined =>
  Object.hasOwn(kinds, word) ? (kinds[word as KindName] as Kind<unknown>) : undefined;

/** What an erasure takes away: kinds and the parts of keys. Undefined for what is none. */
export const erased = (entry: {
  readonly kind?: unknown;
}): readonly (readonly [KindName, readonly string[]])[] | undefined => {
  switch (entry.kind) {
    case 'ended': {
      const { startId } = erasures.ended(entry, 'ended');
      return [['running', [startId]]];
    }
    case 'unwished':
      return [['desired', [erasures.unwished(entry, 'unwished').service]]];
    case 'unprompted':
      return [['prompted', [erasures.unprompted(entry, 'unprompted').service]]];
    case 'untransient': {
      const { service } = erasures.untransient(entry, 'untransient');
      return (['transient', 'prompted'] as const).map((each) => [each, [service]]);
    }
    case 'untimed': {
      const { service, placeCount } = erasures.untimed(entry, 'untimed');
      const places = Array.from({ length: placeCount }, (_none, at) => String(at));
      return [['timer', [service]], ...places.map((at) => ['timed', [service, at]] as const)];
    }
    case 'outdated': {
      const { numbers } = erasures.outdated(entry, 'outdated');
      return numbers.map((number) => ['wished', [String(number)]]);
    }
    case 'forgotten': {
      const { asker, operation, ...counts } = erasures.forgotten(entry, 'forgotten');
      const pieces = (kind: 'intent' | 'outcome', count: number) =>
        Array.from({ length: count }, (_none, at) => {
          return [kind, [asker, operation, pieceKey(at)]] as const;
        });
      return [
        ['accepted', [asker, operation]],
        ...pieces('intent', counts.intentCount),
        ...pieces('outcome', counts.outcomeCount),
      ];
    }
    case 'purged': {
      const { id } = erasures.purged(entry, 'purged');
      return (['grant', 'revocation', 'uses', 'invite'] as const).map((each) => [each, [id]]);
    }
    case 'undirected': {
      const { id, members } = erasures.undirected(entry, 'undirected');
      return [['direct', [id]], ...members.map((each) => ['part', [id, each]] as const)];
    }
    case 'unnoded': {
      const { name } = erasures.unnoded(entry, 'unnoded');
      return (['node', 'given'] as const).map((each) => [each, [name]]);
    }
    case 'parted':
      return [['departed', [erasures.parted(entry, 'parted').hash]]];
    case 'unminted':
      return [['minted', [erasures.unminted(entry, 'unminted').hash]]];
    case 'unhomed':
      return [['home', [erasures.unhomed(entry, 'unhomed').designator]]];
    case 'filed': {
      const { numbers } = erasures.filed(entry, 'filed');
      return numbers.map((number) => ['audited', [String(number)]]);
    }
    default:
      return undefined;
  }
};

const erasures = {
  ended: object({ kind: oneOf('ended'), startId: name }),
  unwished: object({ kind: oneOf('unwished'), service }),
  unprompted: object({ kind: oneOf('unprompted'), service }),
  untransient: object({ kind: oneOf('untransient'), service }),
  untimed: object({ kind: oneOf('untimed'), service, placeCount: whole(0, 1_000) }),
  outdated: object({ kind: oneOf('outdated'), numbers: list(whole(1), limits.changeCount) }),
  forgotten: object({
    kind: oneOf('forgotten'),
    asker: name,
    operation: name,
    intentCount: pieceCount,
    outcomeCount: pieceCount,
  }),
  purged: object({ kind: oneOf('purged'), id: name }),
  undirected: object({ kind: oneOf('undirected'), id: name, members: list(name) }),
  unnoded: object({ kind: oneOf('unnoded'), name }),
  parted: object({ kind: oneOf('parted'), hash: name }),
  unminted: object({ kind: oneOf('unminted'), hash: name }),
  unhomed: object({ kind: oneOf('unhomed'), designator: name }),
  filed: object({ kind: oneOf('filed'), numbers: list(whole(1), limits.changeCount) }),
} as const;
