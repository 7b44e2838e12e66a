/**
 * The `^remote-log`: follows the log of a service elsewhere into a stream of this shepherd, across the
 * ends of sessions. It notes how far each log behind it has come, and goes on there.
 *
 *     state \ event   reached       no contact        no            session lost      an answer       nobody
 *                                                                                                     follows
 *     dialling        → following   → resting, note   → over, note  -                 -               → over
 *     following       -             -                 → over, note  → resting, note   → over, note    → over
 *     resting         after its time, and once all that was passed on is on its way → dialling        → over
 *
 * So a host that comes and goes has no more of its log wait here for a slow reader than one that stays, and a note.
 *
 * A note is told once for each time that contact is lost, and once when it is there again. Where only
 * what is there is wanted, nothing is tried twice: what keeps it from coming breaks the answer.
 */
import {
  fateOf,
  Unreachable,
  type Bcom,
  type Behavior,
  type JournalCell,
  type JournalMap,
  type Ref,
  type Resolver,
  type Turn,
  type Vow,
} from '@bellwether/actors';
import {
  cutText,
  placeWeight,
  type Follow,
  type LogEvent,
  type LogNote,
  type LogQuery,
  type ServiceFacet,
} from '@bellwether/shepherd';
import { LIMITS } from '../limits.ts';
import type { LiveRef } from '../reach/live-ref.ts';
import { makeMemberFollower, type Taker } from './member-follower.ts';
import { troubleOf, type Place } from './without-answer.ts';

/** What makes a remote log. */
export interface RemoteLogOptions {
  readonly place: Place;
  readonly remote: Ref<LiveRef>;
  readonly follow: Follow;
}
/** Follows until nobody does, or nothing comes any more. */
export interface RemoteLog extends Taker {
  /** To be called once. Kept when it is over; broken with what keeps the log from coming. */
  run(): Vow<void>;
}
interface Held extends RemoteLogOptions {
  readonly isOver: JournalCell<boolean>;
  readonly end: Resolver<void>;
  /** Tells the far end that no more is wanted. */
  readonly enough: Resolver<void>;
  readonly enoughTold: Vow<void>;
  /** Whether the last that was told of the host is that it is not there. */
  readonly isGone: JournalCell<boolean>;
  readonly waitMs: JournalCell<number>;
  readonly retry: JournalCell<{ cancel(): void } | undefined>;
  /** Kept when all that was passed on is on its way. */
  readonly sent: JournalCell<Vow<void>>;
  /** How far each log behind it has come, by what that end calls it; empty for the service itself. */
  readonly places: JournalMap<string, number>;
  /** Of those, as a query counts it. */
  readonly weight: JournalCell<number>;
}

/** Makes one that does not follow yet. */
export const makeRemoteLog = (
  turn: Turn<RemoteLog>,
  _bcom: Bcom<RemoteLog>,
  options: RemoteLogOptions,
): Behavior<RemoteLog> => {
  const end = turn.vow<void>();
  const enough = turn.vow<void>();
  const held: Held = {
    isOver: turn.cell(false),
    end: end.resolver,
    enough: enough.resolver,
    enoughTold: enough.vow,
    isGone: turn.cell(false),
    waitMs: turn.cell(LIMITS.firstRetryMs),
    retry: turn.cell<{ cancel(): void } | undefined>(undefined),
    sent: turn.cell(turn.kept(undefined)),
    places: turn.map(),
    weight: turn.cell(0),
    ...options,
  };
  return {
    run: (turn) => {
      for (const { about, place } of held.follow.query.after ?? [])
        keep(held, farName(held, about), place);
      const stop = (): void => over(held);
      turn.when(turn.call(held.follow.stream, 'over'), stop, stop);
      dial(held, turn);
      return end.vow;
    },
    take: (turn, events) => take(held, turn, events),
  };
};

/** What the far end calls something that this side names. */
const farName = ({ follow }: Held, about: string | undefined): string => {
  const prefix = follow.about;
  if (about === prefix) return '';
  return prefix === undefined ? (about ?? '') : (about ?? '').slice(prefix.length + 1);
};

const dial = (held: Held, turn: Turn<RemoteLog>): void => {
  turn.when(
    turn.when(held.sent.get(), (turn) => turn.call(held.remote, 'reachToAsk')),
    (turn, ref) => ask(held, turn, ref),
    (turn, reason) => fail(held, turn, reason),
  );
};

const ask = (held: Held, turn: Turn<RemoteLog>, ref: Ref<ServiceFacet>): void => {
  const { follow, place, isOver } = held;
  if (isOver.get()) return;
  const follower = turn.spawn(makeMemberFollower, {
    about: follow.about,
    origin: place.origin,
    taker: turn.self,
    over: held.enoughTold,
  });
  turn.when(
    turn.send(ref, 'follow', queryOf(held), follower),
    (turn) => answered(held, turn),
    (turn, reason) => fail(held, turn, reason),
  );
};

/** What was heard already is not asked for again. */
const queryOf = ({ follow, places }: Held): LogQuery => {
  const { after: _before, ...query } = follow.query;
  const after = [...places.entries()].map(([about, place]) =>
    about === '' ? { place } : { about, place },
  );
  return after.length === 0 ? query : { ...query, after };
};

const take = (held: Held, turn: Turn<RemoteLog>, events: readonly LogEvent[]): Vow<void> => {
  for (const event of events)
    if (event.kind === 'place') keep(held, farName(held, event.about), event.place);
  held.waitMs.set(LIMITS.firstRetryMs);
  const back = isBack(held);
  return pass(held, turn, [...back, ...events]);
};
const pass = ({ follow, sent }: Held, turn: Turn, events: readonly LogEvent[]): Vow<void> => {
  sent.set(turn.send(follow.stream, 'pass', events));
  return sent.get();
};
/** A far end cannot make this one keep more than can be asked for again. */
const keep = ({ places, weight }: Held, name: string, place: number): void => {
  if (!places.has(name)) {
    const more = weight.get() + placeWeight(name);
    if (places.size >= LIMITS.logPlaceCount || more > LIMITS.logPlaceWeight) return;
    weight.set(more);
  }
  places.set(name, place);
};

const isBack = (held: Held): readonly LogEvent[] => {
  if (!held.isGone.get()) return [];
  held.isGone.set(false);
  return [noteOf(held, 'back', 'it is there again')];
};

const answered = (held: Held, turn: Turn<RemoteLog>): void => {
  if (held.isOver.get()) return;
  const { isOnce } = held.follow.query;
  if (isOnce !== true) tell(held, turn, 'ended', 'the other side sends no more of its log');
  over(held);
};

const fail = (held: Held, turn: Turn<RemoteLog>, reason: Error): void => {
  if (held.isOver.get()) return;
  const fate = fateOf(reason);
  const what = fate === 'refused' ? 'ended' : fate === 'in-doubt' ? 'lost' : 'unreachable';
  const isFinal = fate === 'refused' || held.follow.query.isOnce === true;
  const more = isFinal ? '' : '; trying again';
  if (!held.isGone.get()) tell(held, turn, what, `${troubleOf(held.place, reason)}${more}`);
  held.isGone.set(true);
  if (isFinal) {
    held.end.broken(fate === 'in-doubt' ? lostOf(held, reason) : reason);
    return over(held);
  }
  const waitMs = held.waitMs.get();
  held.waitMs.set(Math.min(2 * waitMs, LIMITS.lastRetryMs));
  held.retry.set(turn.after(waitMs, (turn) => dial(held, turn)));
};
/** Reading can be asked for again without harm, so nothing is in doubt. */
const lostOf = ({ place }: Held, cause: Error): Error =>
  new Unreachable(troubleOf(place, cause), { cause });

/** Whether the follower takes it or not: who has had enough says so in another way. */
const tell = (held: Held, turn: Turn<RemoteLog>, what: LogNote, text: string): void =>
  void turn.when(pass(held, turn, [noteOf(held, what, text)]), ignored, ignored);
const ignored = (): void => undefined;
const noteOf = ({ follow, place }: Held, what: LogNote, text: string): LogEvent => ({
  kind: 'note',
  from: place.origin,
  ...(follow.about === undefined ? {} : { about: follow.about }),
  what,
  text: cutText(text, LIMITS.textLength),
});

const over = (held: Held): void => {
  if (held.isOver.get()) return;
  held.isOver.set(true);
  held.retry.get()?.cancel();
  held.enough.kept(undefined);
  held.end.kept(undefined);
};
