/**
 * What stands between a shepherd and the sinks, observers and followers that came through a grant.
 * Each asks before it passes anything on whether the grant still holds, so that nothing overtakes its
 * end; and each answers with nothing, so that nothing of the holder's comes in as an answer.
 */
import type { Bcom, Behavior, JournalCell, Ref, Resolver, Turn, Vow } from '@bellwether/actors';
import {
  unknownStatus,
  type Event,
  type Follower,
  type LogEvent,
  type Observer,
  type Sink,
  type Status,
} from '@bellwether/shepherd';
import { closedBy, type BookedGrant } from './gate.ts';

const nothing = (): void => undefined;

/** The rows and lines of one operation. */
export const makeGrantedSink = (
  _turn: Turn<Sink>,
  _bcom: Bcom<Sink>,
  booked: BookedGrant,
  sink: Ref<Sink>,
  /** How an event is shown. */
  view: (event: Event) => Event,
): Behavior<Sink> => ({
  rows: (turn, events, sequence, isEnding) => {
    const reason = closedBy(booked, turn);
    if (reason !== undefined) return turn.broken<void>(reason);
    const batch = events.map(view);
    if (isEnding === true) return turn.tell(sink, 'rows', batch, sequence, true);
    return turn.when(turn.send(sink, 'rows', batch, sequence), nothing);
  },
});

/** An observer that can be told that the grant has ended. Near only. */
export interface GrantedObserver extends Observer {
  /** Says so to who observes, and ends. */
  end(reason: Error): void;
}
/** What an observer through a grant is made of. */
export interface GrantedObserverOptions {
  readonly booked: BookedGrant;
  readonly observer: Ref<Observer>;
  /** What of a status is shown. */
  readonly view: (status: Status) => Status;
  readonly service: string;
  /** Kept when nobody observes any more. */
  readonly over: Resolver<void>;
}

/** One watching. */
export const makeGrantedObserver = (
  turn: Turn<GrantedObserver>,
  _bcom: Bcom<GrantedObserver>,
  options: GrantedObserverOptions,
): Behavior<GrantedObserver> => {
  const next: JournalCell<number> = turn.cell(0);
  const { booked, observer, view, service, over } = options;
  return {
    observed: (turn, sequence, statuses, isOneWay) => {
      const reason = closedBy(booked, turn);
      if (reason !== undefined) return turn.broken<void>(reason);
      next.set(sequence + 1);
      if (isOneWay === true)
        return turn.tell(observer, 'observed', sequence, statuses.map(view), true);
      return turn.when(
        turn.send(observer, 'observed', sequence, statuses.map(view)),
        nothing,
        (turn, reason): Vow<void> => {
          over.kept(undefined);
          return turn.broken(reason);
        },
      );
    },
    // One push beyond its credit, and the last: whoever looks is told at once why nothing comes any more.
    end: (turn, { message }) => {
      turn.tell(observer, 'observed', next.get(), [unknownStatus(service, message)]);
      over.kept(undefined);
    },
  };
};

/** What a follower through a grant is made of. */
export interface GrantedFollowerOptions {
  readonly booked: BookedGrant;
  readonly follower: Ref<Follower>;
  /** Which events are shown. */
  readonly shows: (event: LogEvent) => boolean;
  /** Kept when no more is wanted, or may be had. */
  readonly over: Vow<void>;
}

/** One following of logs. */
export const makeGrantedFollower = (
  _turn: Turn<Follower>,
  _bcom: Bcom<Follower>,
  { booked, follower, shows, over }: GrantedFollowerOptions,
): Behavior<Follower> => ({
  lines: (turn, batch, sequence) => {
    const reason = closedBy(booked, turn);
    if (reason !== undefined) return turn.broken<void>(reason);
    // An empty batch is passed on, too: it has its number, and its answer is credit.
    return turn.when(turn.send(follower, 'lines', batch.filter(shows), sequence), nothing);
  },
  over: () => over,
});
