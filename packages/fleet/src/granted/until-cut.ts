/** Streams through a grant or a minted reference: they end with it, and never reach who holds it as they are. */
import type { Ref, Turn, Vow } from '@bellwether/actors';
import type {
  Follower,
  LogEvent,
  LogQuery,
  Observer,
  ServiceFacet,
  Status,
} from '@bellwether/shepherd';
import { untilCut, type BookedGrant, type Gate } from './gate.ts';
import { makeGrantedFollower, makeGrantedObserver } from './streams.ts';

/** What they pass. */
export interface Cutting extends BookedGrant {
  readonly gate: Ref<Gate>;
  readonly facet: Ref<ServiceFacet>;
  /** Canonical. */
  readonly service: string;
}

/** Watches; the vow is kept when nobody watches any more. */
export const watchUntilCut = (
  cutting: Cutting,
  turn: Turn,
  observer: Ref<Observer>,
  heartbeatMs: number,
  view: (status: Status) => Status,
): Vow<void> => {
  const { facet, gate, service } = cutting;
  const { vow: over, resolver } = turn.vow<void>();
  const seen = turn.spawn(makeGrantedObserver, {
    booked: cutting,
    observer,
    view,
    service,
    over: resolver,
  });
  turn.call(facet, 'watch', seen, heartbeatMs);
  const number = turn.call(gate, 'enter', (turn, why) => turn.call(seen, 'end', why));
  turn.when(over, (turn) => turn.call(gate, 'leave', number));
  return over;
};

/** Follows; `answer` is the shepherd's own, `told` what the holder is told. */
export const followUntilCut = (
  cutting: Cutting,
  turn: Turn,
  query: LogQuery,
  follower: Ref<Follower>,
  shows: (event: LogEvent) => boolean,
): { readonly answer: Vow<void>; readonly told: Vow<void> } => {
  const { vow: over, resolver } = turn.vow<void>();
  const enough = (): void => resolver.kept(undefined);
  turn.when(turn.send(follower, 'over'), enough, enough);
  const seen = turn.spawn(makeGrantedFollower, { booked: cutting, follower, shows, over });
  const answer = turn.call(cutting.facet, 'follow', query, seen);
  return { answer, told: untilCut(cutting, turn, answer, enough) };
};
