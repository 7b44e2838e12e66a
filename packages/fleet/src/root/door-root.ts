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
import { reload, shutDown, statuses } from './by-owner.ts';
import type { Composition } from './composition.ts';
import type { Reloaded } from '../types.ts';

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
  const facet = (turn: Turn, name: string): Ref<ServiceFacet> => {
    const canonical = canonicalIn(options, turn, name);
    const made = facets.get(canonical) ?? turn.call(shepherd, 'facet', canonical, principal);
    facets.set(canonical, made);
    return made;
  };
  return {
    statuses: (turn, timeoutMs) => {
      if (bounds.services === undefined) return statuses(shepherd, turn, [], timeoutMs, asker);
      const asked = seen(options, turn).map((name) =>
        turn.call(facet(turn, name), 'probe', timeoutMs),
      );
      return turn.when(turn.all(asked), (_turn, settled) =>
        settled.flatMap((one) => (one.kept ? [one.value] : [])),
      );
    },
    status: (turn, name, timeoutMs) => {
      if (bounds.services !== undefined) return turn.call(facet(turn, name), 'probe', timeoutMs);
      const one = statuses(shepherd, turn, [known(name)], timeoutMs, asker);
      return turn.when(one, (_turn, [status]) => {
        if (status === undefined) throw new UnknownService(name);
        return status;
      });
    },
    perform: (turn, request, sink) => {
      const { member, action } = request;
      known(member);
      const to = bounds.services === undefined ? undefined : facet(turn, member);
      if (bounds.actions?.includes(action) === false) return denied(tally, turn, action, member);
      if (to !== undefined) return turn.call(to, 'perform', request, sink);
      return turn.send(shepherd, 'perform', request, sink, principal);
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

/** What has been picked out is nobody's name here. @throws UnknownService */
const known = (name: string): string => {
  if (isSelection(name)) throw new UnknownService(name);
  return name;
};

/** Canonical names of what is within bounds and there. */
const seen = ({ shepherd, bounds: { services = [] } }: DoorRootOptions, turn: Turn): string[] => {
  const wanted = services
    .filter((name) => turn.call(shepherd, 'isRegistered', name))
    .map((name) => turn.call(shepherd, 'status', name).provision[0]);
  return turn.call(shepherd, 'names').filter((name) => wanted.includes(name));
};
/** The canonical name of what is within bounds. @throws UnknownService */
const canonicalIn = (options: DoorRootOptions, turn: Turn, name: string): string => {
  const { shepherd } = options;
  const [canonical] = turn.call(shepherd, 'isRegistered', known(name))
    ? turn.call(shepherd, 'status', name).provision
    : [];
  if (canonical === undefined || !seen(options, turn).includes(canonical))
    throw new UnknownService(name);
  return canonical;
};

/** An answer and no throw: that it was refused shall stay written down. */
const denied = (tally: Tally, turn: Turn, action: string, service: string): Vow<never> => {
  const code = 'denied';
  witnessRefused(tally, turn, { event: 'denied', asker: tally.origin, service, action, code });
  return turn.broken(new Denied(`'${action}' of '${service}' is not for who comes by this door`));
};
