/**
 * The `^service-facet`: what others hold of one service. Closed: no graph, no registry, no other
 * service; its methods answer with data only, and what is not about its service is taken out of that
 * (facet-view.ts).
 */
import type { Bcom, Behavior, Ref, Turn, Vow } from '@bellwether/actors';
import {
  facetEvents,
  facetOutcome,
  facetReason,
  facetReport,
  facetSight,
  facetSteps,
  facetView,
  type FacetSight,
} from './facet-view.ts';
import { BadRequest, unknownReference } from '../errors.ts';
import { limits } from '../limits.ts';
import { isName } from '../words/names.ts';
import { checkObserver, checkSink } from '../checks/sinks.ts';
import type {
  Asker,
  FacetBounds,
  Observer,
  Outcome,
  PlannedStep,
  Request,
  Returner,
  ServiceFacet,
  Shepherd,
  Sink,
  Status,
} from '../words/types.ts';
import type { Principal } from '../words/principal.ts';
import { questionMethods } from '../words/questions.ts';
import { sinceOf, type SessionMark } from '../words/session-mark.ts';

/** What a facet stands in front of. */
export interface FacetOptions extends FacetBounds {
  readonly shepherd: Ref<Shepherd>;
  /** Canonical. */
  readonly name: string;
  /**
   * Known near only: whoever holds this facet shares the memory of operations with nobody but its
   * other holders.
   */
  readonly principal: Principal;
}

/** Makes a facet of one service. It never becomes anything else, so whoever offers more can be made of it. */
export const makeServiceFacet = (
  turn: Turn<ServiceFacet>,
  _bcom: unknown,
  options: FacetOptions,
): Behavior<ServiceFacet> => {
  const { shepherd, name, principal, origin, members } = options;
  const asker: Asker = { principal, ...(origin !== undefined && { origin }) };
  const narrowed: Asker = { ...asker, ...(members && { members }) };
  const who: Returner = { ...asker, reach: 'own' };
  const probeCount = turn.cell(0);
  return whileThere(options, {
    perform: (turn, request, sink, mark) => perform(options, turn, request, sink, mark),
    plan: (turn, request) => foresee(options, turn, request),
    cancel: (turn, operation, goesOn) =>
      turn.call(shepherd, 'cancel', checkedId(operation, 'cancel'), who, goesOn === true),
    operations: (turn, query) => turn.call(shepherd, 'operations', query, who),
    operation: (turn, operation) => {
      const sight = sightOf(options, turn);
      const asked = checkedId(operation, 'operation');
      return turn.when(turn.call(shepherd, 'operation', asked, who), (_turn, report) =>
        facetReport(report, sight),
      );
    },
    retry: (turn, operation, sink, remainingMs) => {
      const asked = checkedId(operation, 'retry');
      return heard(options, turn, sink, (seen) =>
        turn.call(shepherd, 'retry', asked, seen, who, remainingMs),
      );
    },
    join: (turn, operation, sink, remainingMs) => {
      const asked = checkedId(operation, 'join');
      return heard(options, turn, sink, (seen) =>
        turn.call(shepherd, 'join', asked, seen, who, remainingMs),
      );
    },
    status: (turn) => facetView(turn.call(shepherd, 'status', name)),
    probe: (turn, timeoutMs, hops = []) => {
      const known = turn.call(shepherd, 'status', name);
      // Who asks that much gets what is known, with its age: each question may wait for its machine.
      if (probeCount.get() >= limits.askerProbeCount) return turn.kept(facetView(known));
      probeCount.set(probeCount.get() + 1);
      const isOver = (): void => probeCount.set(probeCount.get() - 1);
      const sight = facetSight(known, members);
      const answer = turn.send(shepherd, 'probe', name, timeoutMs, hops, asker);
      turn.when(answer, isOver, isOver);
      return turn.when(
        answer,
        (_turn, status) => facetView(status, principal),
        (turn, reason): Vow<Status> => turn.broken(facetReason(reason, sight)),
      );
    },
    watch: (turn, observer, heartbeatMs) => {
      checkObserver(observer);
      const seen = turn.spawn(makeFacetObserver, observer);
      turn.call(shepherd, 'watch', [name], seen, heartbeatMs, asker);
    },
    select: (turn, selector) =>
      turn.call(shepherd, 'select', { selector }, { aggregate: name, ...(members && { members }) }),
    ...questionMethods<ServiceFacet>(false, (turn, question, args) =>
      accepted(
        () => turn.call(shepherd, question, name, ...args, narrowed),
        () => sightOf(options, turn),
      ),
    ),
  });
};

/**
 * The behavior of a facet as long as its service is there. One that the configuration has no longer is,
 * for others, one that never was, whatever they ask.
 */
const whileThere = (
  { shepherd, name }: FacetOptions,
  behavior: Behavior<ServiceFacet>,
): Behavior<ServiceFacet> => {
  const guarded = Object.entries(behavior).map(([method, answer]) => [
    method,
    (turn: Turn<ServiceFacet>, ...args: readonly never[]): unknown => {
      if (!turn.call(shepherd, 'isRegistered', name)) throw unknownReference();
      return (answer as (turn: Turn<ServiceFacet>, ...args: readonly never[]) => unknown)(
        turn,
        ...args,
      );
    },
  ]);
  return Object.fromEntries(guarded) as Behavior<ServiceFacet>;
};

const sightOf = ({ shepherd, name, members }: FacetOptions, turn: Turn): FacetSight =>
  facetSight(turn.call(shepherd, 'status', name), members);

const checkedId = (operation: string, what: string): string => {
  if (!isName(operation)) throw new BadRequest(`${what}: the operation id is no name`);
  return operation;
};

const perform = (
  options: FacetOptions,
  turn: Turn,
  request: Request,
  sink: Ref<Sink>,
  mark: SessionMark | undefined,
): Vow<Outcome> => {
  const { shepherd, name, principal } = options;
  const asker = { principal, ...sinceOf(mark) };
  return heard(options, turn, sink, (seen) =>
    turn.call(shepherd, 'perform', { ...request, member: name }, seen, asker),
  );
};

/** The outcome of what is asked of the shepherd, as this facet shows it; so is what the sink hears. */
const heard = (
  options: FacetOptions,
  turn: Turn,
  sink: Ref<Sink>,
  ask: (seen: Ref<Sink>) => Vow<Outcome>,
): Vow<Outcome> => {
  checkSink(sink);
  const sight = sightOf(options, turn);
  const seen = turn.spawn(makeFacetSink, sink, sight);
  return turn.when(
    accepted(
      () => ask(seen),
      () => sight,
    ),
    (_turn, outcome) => facetOutcome(outcome, sight),
    (turn, reason): Vow<Outcome> => turn.broken(facetReason(reason, sight)),
  );
};

/** Near: whoever stands in front of this facet counts what is accepted, in the same turn. */
const accepted = <T>(ask: () => T, sight: () => FacetSight): T => {
  try {
    return ask();
  } catch (reason) {
    throw reason instanceof Error ? facetReason(reason, sight()) : reason;
  }
};

const foresee = (
  options: FacetOptions,
  turn: Turn,
  request: Request,
): Vow<readonly PlannedStep[]> => {
  const sight = sightOf(options, turn);
  const asked = { ...request, member: options.name };
  return turn.when(
    turn.send(options.shepherd, 'foresee', asked),
    (_turn, steps) => facetSteps(steps, sight),
    (turn, reason): Vow<readonly PlannedStep[]> => turn.broken(facetReason(reason, sight)),
  );
};

/** A batch of which nothing is left is passed on too: it has its number, and its answer is credit. */
const makeFacetSink = (
  _turn: Turn<Sink>,
  _bcom: Bcom<Sink>,
  sink: Ref<Sink>,
  sight: FacetSight,
): Behavior<Sink> => ({
  rows: (turn, batch, sequence, isEnding) => {
    const events = facetEvents(batch, sight);
    if (isEnding !== true) return turn.send(sink, 'rows', events, sequence);
    return turn.tell(sink, 'rows', events, sequence, true);
  },
});

const makeFacetObserver = (
  _turn: Turn<Observer>,
  _bcom: Bcom<Observer>,
  observer: Ref<Observer>,
): Behavior<Observer> => ({
  observed: (turn, sequence, statuses, isOneWay) => {
    const views = statuses.map((status) => facetView(status));
    if (isOneWay !== true) return turn.send(observer, 'observed', sequence, views);
    return turn.tell(observer, 'observed', sequence, views, true);
  },
});
