/**
 * The `^door-root`: what a door of this machine leads to that is none of OCapN's. Near only; what it is asked comes
 * from a door that the configuration has opened, and goes the ways of all other commands: the same operations, quotas
 * and audit, under the name of that door.
 *
 *     bounds         it may use                           of the shepherd itself      what it is shown
 *     none           every service                        its end, a reload           as the owner
 *     services       those, each through a facet          nothing                     as the holder of a reference
 *     actions        of those, or of all, these alone     nothing
 *
 * Beyond its bounds nothing is there: a service that it may not use is one that is unknown.
 */
import { type Bcom, type Behavior, type Ref, type Turn, type Vow } from '@bellwether/actors';
import { Denied } from '@bellwether/authority';
import {
  checkedRequest,
  isName,
  isSelection,
  UnknownService,
  type Change,
  type LogQuery,
  type Outcome,
  type Principal,
  type Request,
  type ServiceFacet,
  type Shepherd,
  type Sink,
  type Status,
} from '@bellwether/shepherd';
import { makeWitness, witnessRefused, type Tally } from '../granted/witness.ts';
import { orDoubted, reload, shutDown, statuses } from './by-owner.ts';
import type { Composition } from './composition.ts';
import type { Reloaded } from './types.ts';

/** What of the owner's authority goes through a door. */
export interface DoorBounds {
  /** Absent: every service. One that is not there is nothing. */
  readonly services?: readonly string[];
  /** What may be done, beside looking. Absent: everything. */
  readonly actions?: readonly string[];
}
/** What a door may ask. */
export interface DoorRoot {
  /** All that it may see, in order of registration; who does not answer in time is unknown. */
  statuses(timeoutMs: number): Vow<readonly Status[]>;
  /** Broken with UnknownService. */
  status(name: string, timeoutMs: number): Vow<Status>;
  /** Broken with UnknownService, Denied, and whatever a command is refused with. */
  perform(request: Request, sink: Ref<Sink>): Vow<Outcome>;
  /** Status changes of what it may see, oldest first. */
  history(): Vow<readonly Change[]>;
  /** The last lines of a log. Broken with UnknownService. */
  log(name: string, query: LogQuery): Vow<readonly string[]>;
  /** Broken with Denied where there are bounds. */
  reload(sink: Ref<Sink>): Vow<Reloaded>;
  /** Stops everything and ends the daemon. Broken with Denied where there are bounds. */
  shutDown(sink: Ref<Sink>): Vow<Outcome>;
}
/** What it stands in front of. */
export interface DoorRootOptions {
  readonly shepherd: Ref<Shepherd>;
  readonly composition: Ref<Composition>;
  /** Ends the daemon. */
  readonly end: () => void;
  readonly principal: Principal;
  readonly bounds: DoorBounds;
}

/** Makes what a door leads to. */
export const makeDoorRoot = (
  turn: Turn<DoorRoot>,
  _bcom: Bcom<DoorRoot>,
  options: DoorRootOptions,
): Behavior<DoorRoot> => {
  const { shepherd, principal, bounds } = options;
  const asker = { principal };
  // The shepherd itself is nobody's who has but a part of it.
  const isBounded = bounds.services !== undefined || bounds.actions !== undefined;
  const tally = { witness: turn.spawn(makeWitness), origin: principal };
  const facets = turn.map<string, Ref<ServiceFacet>>();
  const facetOf = (turn: Turn, canonical: string): Ref<ServiceFacet> => {
    const made = facets.get(canonical) ?? turn.call(shepherd, 'facet', canonical, principal);
    facets.set(canonical, made);
    return made;
  };
  const facet = (turn: Turn, name: string): Ref<ServiceFacet> =>
    facetOf(turn, canonicalIn(options, turn, name));
  return {
    statuses: (turn, timeoutMs) => {
      if (bounds.services === undefined) return statuses(shepherd, turn, [], timeoutMs, asker);
      const all = seen(options, turn).map((name) => facetOf(turn, name));
      return probed(turn, all, timeoutMs);
    },
    status: (turn, name, timeoutMs) => {
      const one =
        bounds.services === undefined
          ? statuses(shepherd, turn, [known(name)], timeoutMs, asker)
          : probed(turn, [facet(turn, name)], timeoutMs);
      return turn.when(one, (_turn, [status]) => {
        if (status === undefined) throw new UnknownService(name);
        return status;
      });
    },
    perform: (turn, request, sink) => {
      known(request.member);
      const { member, action } = checkedRequest(request);
      const to = bounds.services === undefined ? undefined : facet(turn, member);
      if (bounds.actions?.includes(action) === false)
        return denied(tally, turn, action, canonicalIn(options, turn, member));
      if (to !== undefined) return turn.call(to, 'perform', request, sink);
      return turn.send(shepherd, 'perform', request, sink, asker);
    },
    history: (turn) =>
      turn.when(turn.send(shepherd, 'history'), (turn, changes): readonly Change[] => {
        if (bounds.services === undefined) return changes;
        const names = new Set(seen(options, turn));
        return changes.filter(({ service }) => names.has(service));
      }),
    log: (turn, name, query) =>
      bounds.services === undefined
        ? turn.send(shepherd, 'log', known(name), query, asker)
        : turn.call(facet(turn, name), 'log', query),
    reload: (turn, sink) => {
      if (isBounded) return denied(tally, turn, 'reload', 'root');
      return reload(options, turn, false, sink, principal);
    },
    shutDown: (turn, sink) => {
      if (isBounded) return denied(tally, turn, 'stop', 'root');
      return shutDown(options, turn, sink, principal);
    },
  };
};

/** What these tell of their services. */
const probed = (
  turn: Turn,
  facets: readonly Ref<ServiceFacet>[],
  timeoutMs: number,
): Vow<readonly Status[]> =>
  orDoubted(
    turn,
    timeoutMs,
    facets.map((one) => turn.send(one, 'probe', timeoutMs)),
    (turn, at) => {
      const facet = facets[at];
      if (facet === undefined) throw new UnknownService('');
      return turn.call(facet, 'status');
    },
  );

/** What has been picked out is nobody's name here. @throws UnknownService, also for what can be no name */
const known = (name: string): string => {
  if (!isName(name) || isSelection(name)) throw new UnknownService(name);
  return name;
};

/** Canonical names of what is within bounds and there. */
const within = (
  { shepherd, bounds: { services = [] } }: DoorRootOptions,
  turn: Turn,
): ReadonlySet<string | undefined> =>
  new Set(
    services
      .filter((name) => turn.call(shepherd, 'isRegistered', name))
      .map((name) => turn.call(shepherd, 'status', name).provision[0]),
  );
/** The same in order of registration. */
const seen = (options: DoorRootOptions, turn: Turn): readonly string[] => {
  const names = within(options, turn);
  return turn.call(options.shepherd, 'names').filter((name) => names.has(name));
};
/** The canonical name of what is there, and within bounds. @throws UnknownService */
const canonicalIn = (options: DoorRootOptions, turn: Turn, name: string): string => {
  const { shepherd, bounds } = options;
  const [canonical] = turn.call(shepherd, 'isRegistered', known(name))
    ? turn.call(shepherd, 'status', name).provision
    : [];
  if (canonical === undefined) throw new UnknownService(name);
  if (bounds.services !== undefined && !within(options, turn).has(canonical))
    throw new UnknownService(name);
  return canonical;
};

/** An answer and no throw: that it was refused shall stay written down. */
const denied = (tally: Tally, turn: Turn, action: string, service: string): Vow<never> => {
  const code = 'denied';
  witnessRefused(tally, turn, { event: 'denied', asker: tally.origin, service, action, code });
  return turn.broken(new Denied(`'${action}' of '${service}' is not for who comes by this door`));
};
