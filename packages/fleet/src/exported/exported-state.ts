/**
 * What an `^exported-service` keeps: its last observation, whether there is contact, and who waits for what. Pushes
 * change it (watching.ts), and questions and commands (exported-service.ts).
 */
import type {
  Clock,
  Entropy,
  JournalCell,
  JournalMap,
  Ref,
  Resolver,
  Turn,
  Vow,
} from '@bellwether/actors';
import type {
  Carrier,
  Courier,
  Lines,
  Principal,
  Request,
  ServiceFacet,
  Sink,
  Status,
  StatusBoard,
} from '@bellwether/shepherd';
import type { FreshLines } from '../reach/fresh-lines.ts';
import type { LiveRef } from '../reach/live-ref.ts';
import type { MemberIds } from './member-operation.ts';
import { between, statusOf, type Exported, type Instant, type Observed } from './observed.ts';
import type { Pace } from '../reach/pace.ts';
import type { Peers } from '../reach/peer.ts';
import type { Standing } from '../reach/standing.ts';

/** What makes an exported service. */
export interface ExportedServiceOptions extends Exported {
  /** The name in the daemon's ref store, for messages. */
  readonly petname: string;
  /** Of a machine that has joined: the fingerprint of what it gave, by which it is this one and no other. */
  readonly gift?: string;
  readonly standing: Ref<Pick<Standing, 'of'>>;
  readonly remote: Ref<LiveRef>;
  /** What is confirmed there needs a session of its own. */
  readonly lines: Ref<FreshLines>;
  readonly entropy: Entropy;
  readonly peers: Ref<Pick<Peers, 'pace'>>;
  /** Told when something changes in its status. */
  readonly board: Ref<Pick<StatusBoard, 'touched'>>;
  readonly memberIds: MemberIds;
  /** Who has releases to bring to it. */
  readonly carrier?: Ref<Pick<Carrier, 'courier'>>;
  /** Only read: how much of a deadline is used up, how old an observation is. */
  readonly clock: Pick<Clock, 'now' | 'wall'>;
}
/** A question to the far end. */
export interface Question {
  /** Kept without a status where no answer comes in time. */
  readonly answer: Vow<Status | undefined>;
  /** Milliseconds that it was given. */
  readonly timeoutMs: number;
}
/** A command that may end in a release that waits to be confirmed. */
export interface Switching {
  readonly request: Request;
  readonly writer: Ref<Lines>;
  readonly principal: Principal;
  /** The id that the far end knows it by. */
  readonly operation: string;
}
/** How far its confirming is. */
export interface Confirming extends Switching {
  readonly step: 'looking' | 'pausing' | 'asking';
  readonly tryCount: number;
  /** What stood in the way last. */
  readonly trouble?: string;
}
/** What a member says in one command; each has one of its own. */
export interface MemberStream {
  readonly writer: Ref<Lines>;
}
/** A sink, and the command that has it. */
export interface MemberSeat {
  readonly sink: Ref<Sink>;
  readonly stream: JournalCell<MemberStream>;
}
/** A vow that there is contact. */
export interface Awaited {
  readonly vow: Vow<void>;
  readonly resolver: Resolver<void>;
}
/** Commands of one operation. */
export interface UnderWay {
  /** How many have its id. */
  readonly count: number;
  /** It was called off; `goesOn`: by a right that has ended, so that what was begun there is not taken back. */
  readonly calledOff?: { readonly goesOn: boolean };
}
/**
 * The watching whose pushes count, from 1, while the others are refused; in the dark none does, however many were asked
 * for (watching.ts). Undefined: nobody watches.
 */
export type WatchingState = number | 'in the dark' | undefined;
/** The state of an `^exported-service`. */
export interface ExportedHeld extends ExportedServiceOptions {
  readonly name: string;
  readonly observed: JournalCell<Observed>;
  /** Commands that are not over, by operation. */
  readonly underWay: JournalMap<string, UnderWay>;
  /** Those of them that may end in a release that waits to be confirmed, likewise. */
  readonly confirming: JournalMap<string, Confirming>;
  /** The sink that the next command may have; absent while one has it. */
  readonly freeSeat: JournalCell<MemberSeat | undefined>;
  /** Who brings a release before a command is sent, by operation. */
  readonly couriers: JournalMap<string, Ref<Courier>>;
  /** Commands that wait for contact; whoever comes meanwhile is sent behind them. */
  readonly waitingCount: JournalCell<number>;
  /** The question that is on its way, shared by all who ask meanwhile and have no more time. */
  readonly probing: JournalCell<Question | undefined>;
  /** The ref that there is contact by. */
  readonly contact: JournalCell<Ref<ServiceFacet> | undefined>;
  /** Who waits for contact, all by one vow. */
  readonly awaited: JournalCell<Awaited | undefined>;
  readonly watching: JournalCell<WatchingState>;
  readonly lastWatching: JournalCell<number>;
  /** That of the last watching: its far end sends heartbeats as it was asked to. */
  readonly pace: JournalCell<Pace | undefined>;
  /** Watchings that the far end has not answered yet. */
  readonly askingCount: JournalCell<number>;
  /** Goes off when what is known may be too old. */
  readonly doubt: JournalCell<{ cancel(): void } | undefined>;
  /** How long it is waited since a grant has refused to be watched; undefined where none has. Milliseconds. */
  readonly deniedMs: JournalCell<number | undefined>;
  /** Goes off when it is to be watched again. */
  readonly again: JournalCell<{ cancel(): void } | undefined>;
}

/** This moment. */
export const instant = ({ clock }: ExportedHeld): Instant => ({
  now: clock.now(),
  wall: clock.wall(),
});
/** How often to look: as it was agreed with the far end, or as it would be now. */
export const paceOf = (held: ExportedHeld, turn: Turn): Pace =>
  held.pace.get() ?? paceNow(held, turn);
/** How often to look, for as many machines as there are now. */
export const paceNow = ({ peers }: ExportedHeld, turn: Turn): Pace => turn.call(peers, 'pace');

/** The status that an observation means at this moment. */
export const shown = (held: ExportedHeld, turn: Turn, observed: Observed): Status =>
  statusOf(held, observed, instant(held), paceOf(held, turn).staleMs);

/** How long nothing was heard of the service; undefined where nothing ever was. */
export const silenceOf = (held: ExportedHeld): number | undefined => {
  const { contactAt } = held.observed.get();
  return contactAt === undefined ? undefined : between(contactAt, instant(held));
};
