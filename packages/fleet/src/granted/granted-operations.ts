/**
 * Operations through a grant: asked for, tried again, watched. Each id means one that was asked for through this grant.
 * What is tried again is judged as if it were asked for now, and a use is counted with whatever is done anew.
 */
import { ActorError, type Behavior, type Ref, type Turn, type Vow } from '@bellwether/actors';
import type { Wish } from '@bellwether/authority';
import {
  BadRequest,
  checkSink,
  readName,
  UnknownOperation,
  unknownReference,
  type Event,
  type Outcome,
  type PlannedStep,
  type RememberedOperation,
  type Request,
  type SessionMark,
  type Sink,
} from '@bellwether/shepherd';
import { ReachesOutside } from '../errors.ts';
import { open, refusalOf, whoOf, type GrantedHeld } from './front.ts';
import { commandUntilCut, untilCut } from './gate.ts';
import { beyond } from './outside.ts';
import { comingBack } from './passages.ts';
import { makeGrantedSink } from './streams.ts';
import type { Commands, HeldService } from './types.ts';
import { witnessLook, witnessRefused } from './witness.ts';
import { grantedOutcome, grantedRequest, grantedRowEvent } from './view.ts';

/** The commands of a grant. */
export const commands = (held: GrantedHeld): Pick<Behavior<HeldService>, Commands> => ({
  perform: (turn, request, sink, mark) => perform(held, turn, request, sink, mark),
  plan: (turn, request) => plan(held, turn, request),
  retry: (turn, operation, sink, remainingMs) =>
    retry(held, turn, readName(operation, 'operation'), sink, remainingMs),
  join: (turn, operation, sink, remainingMs) =>
    join(held, turn, readName(operation, 'operation'), sink, remainingMs),
});

/** A terminal asks for the plan and then for the action, which is what was denied: that is recorded once. */
const plan = (held: GrantedHeld, turn: Turn, request: Request): Vow<readonly PlannedStep[]> => {
  const wanted = wantedOf(held, turn, request);
  const { action, args } = wanted;
  const why = refusalOf(held, turn, { action, args }) ?? beyond(held, turn, [wanted]);
  if (why !== undefined) return turn.broken(why);
  witnessLook(held.tally, turn, { event: 'asked', ...whoOf(held, turn), action: 'plan' });
  return untilCut(held, turn, turn.call(held.facet, 'plan', wanted));
};

/** A request as it goes to the service of the grant. @throws BadRequest */
const wantedOf = (
  { shepherd, service, terms }: GrantedHeld,
  turn: Turn,
  request: Request,
): Request => grantedRequest(terms, service, request, turn.call(shepherd, 'status', service));

/** Carries one out, or answers with what came of it. @throws BadRequest */
const perform = (
  held: GrantedHeld,
  turn: Turn,
  request: Request,
  sink: Ref<Sink>,
  mark: SessionMark | undefined,
): Vow<Outcome> => {
  const wanted = wantedOf(held, turn, request);
  checkSink(sink);
  const { action, operation } = wanted;
  return open(held, turn, action, { operation }, () =>
    // Only then can be told what a repeat of it would cost.
    onceRecalled(held, turn, operation, (turn, before) => {
      const ask = (turn: Turn, seen: Ref<Sink>): Vow<Outcome> =>
        turn.call(held.facet, 'perform', wanted, seen, mark);
      return tried(held, turn, { requests: [wanted], before, ask }, sink);
    }),
  );
};

/** Does something with an operation of this grant, or with none of that id, once it is in memory. */
const onceRecalled = (
  { shepherd, principal }: GrantedHeld,
  turn: Turn,
  operation: string,
  then: (turn: Turn, before: RememberedOperation | undefined) => Vow<Outcome>,
): Vow<Outcome> => {
  const read = turn.call(shepherd, 'recall', operation, principal);
  const go = (turn: Turn): Vow<Outcome> =>
    then(turn, turn.call(shepherd, 'remembered', operation, principal));
  return read === undefined ? go(turn) : turn.when(read, go);
};

/** The very requests that one was, judged as if they were made now. @throws BadRequest */
const retry = (
  held: GrantedHeld,
  turn: Turn,
  operation: string,
  sink: Ref<Sink>,
  remainingMs: number | undefined,
): Vow<Outcome> => {
  checkSink(sink);
  const wish = { ...comingBack(held, 'retry'), operation };
  return open(held, turn, 'retry', wish, () =>
    onceRecalled(held, turn, operation, (turn, before) => {
      if (before === undefined) return turn.broken(new UnknownOperation(operation));
      const ask = (turn: Turn, seen: Ref<Sink>): Vow<Outcome> =>
        turn.call(held.facet, 'retry', operation, seen, remainingMs);
      return tried(held, turn, { requests: before.requests, before, ask }, sink);
    }),
  );
};

/** Tells how one goes on. @throws BadRequest */
const join = (
  held: GrantedHeld,
  turn: Turn,
  operation: string,
  sink: Ref<Sink>,
  remainingMs: number | undefined,
): Vow<Outcome> => {
  checkSink(sink);
  return open(held, turn, 'op watch', {}, () =>
    onceRecalled(held, turn, operation, (turn, before) => {
      const [first] = before?.requests ?? [];
      if (first === undefined) return turn.broken(new UnknownOperation(operation));
      const answer = heard(held, turn, first.action, sink, (seen) =>
        turn.call(held.facet, 'join', operation, seen, remainingMs),
      );
      const action = 'op watch';
      witnessLook(held.tally, turn, { event: 'asked', ...whoOf(held, turn), action, operation });
      return commandUntilCut(held, turn, answer);
    }),
  );
};

/** Asks with a sink of ours before the holder's, and shows both of them as the grant does. */
const heard = (
  held: GrantedHeld,
  turn: Turn,
  action: string,
  sink: Ref<Sink>,
  ask: (seen: Ref<Sink>) => Vow<Outcome>,
): Vow<Outcome> => {
  const { terms } = held;
  const view = (event: Event): Event => grantedRowEvent(terms, action, event);
  const answer = ask(turn.spawn(makeGrantedSink, held, sink, view));
  return turn.when(answer, (_turn, outcome) => grantedOutcome(terms, action, outcome));
};

/** What is to be carried out, and how the facet is asked for it. */
interface Trial {
  /** All under one id. */
  readonly requests: readonly Request[];
  /** What the operation was before. */
  readonly before: RememberedOperation | undefined;
  readonly ask: (turn: Turn, seen: Ref<Sink>) => Vow<Outcome>;
}
const tried = (held: GrantedHeld, turn: Turn, trial: Trial, sink: Ref<Sink>): Vow<Outcome> => {
  const { requests, before } = trial;
  const [first, ...others] = requests;
  if (first === undefined) return turn.broken(unknownReference());
  const { shepherd, principal } = held;
  const isKnown = requests.every((each) => turn.call(shepherd, 'isKnown', each, principal));
  const { action, args, operation } = first;
  // Who left the fleet since is not reached any more by a grant that is to the fleet.
  const [gone] = (isKnown ? undefined : before?.gone) ?? [];
  if (gone !== undefined) return turn.broken(memberGone(held.service, gone));
  // What is known and was never allowed was free when it was taken on.
  const isFree =
    turn.call(shepherd, 'endsOwn', held.service, action, principal) ||
    (isKnown && !held.terms.actions.includes(action));
  const wish: Wish = isFree ? {} : { action, args, operation, isKnown, isTry: true };
  // They are one operation, and one use.
  return openAll(held, turn, others, () =>
    open(held, turn, action, wish, () => accept(held, turn, trial, isKnown || isFree, sink)),
  );
};
/** What each of these asks for has to be allowed. */
const openAll = (
  held: GrantedHeld,
  turn: Turn,
  [next, ...others]: readonly Request[],
  then: () => Vow<Outcome>,
): Vow<Outcome> => {
  if (next === undefined) return then();
  const { action, args } = next;
  return open(held, turn, action, { action, args }, () => openAll(held, turn, others, then));
};
const memberGone = (service: string, gone: string): BadRequest =>
  new BadRequest(
    `it was for '${gone}', too, which is no member of '${service}' any more: this needs an id of its own`,
  );
const accept = (
  held: GrantedHeld,
  turn: Turn,
  { requests, ask }: Trial,
  isKnown: boolean,
  sink: Ref<Sink>,
): Vow<Outcome> => {
  const { book, grant } = held;
  const { action = '', operation = '' } = requests[0] ?? {};
  const about = { ...whoOf(held, turn), action, operation };
  const { vow, resolver } = turn.vow<Outcome>();
  try {
    const why = isKnown ? undefined : beyond(held, turn, requests);
    if (why !== undefined) throw why;
    // First: where too much is under way nothing is accepted.
    const told = commandUntilCut(held, turn, vow, action);
    // Near: a use is counted with what is accepted for it, or not at all.
    resolver.follow(heard(held, turn, action, sink, (seen) => ask(turn, seen)));
    if (!isKnown) turn.call(book, 'count', grant, operation);
    else witnessLook(held.tally, turn, { event: 'asked', ...about });
    return told;
  } catch (reason) {
    // No throw, which would undo that it was tried, and what it has cost.
    if (!(reason instanceof ActorError)) throw reason;
    const { code } = reason;
    const stops = reason instanceof ReachesOutside ? reason.members.join(', ') : undefined;
    const beside = stops === undefined ? {} : { reason: `it would stop ${stops}` };
    witnessRefused(held.tally, turn, { event: 'denied', ...about, code, ...beside });
    resolver.broken(reason);
    return turn.broken(reason);
  }
};
