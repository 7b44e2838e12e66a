/**
 * The `^fleet`: an aggregate of services of its shepherd, most of them exported ones. It has no process
 * and no state: what it is follows from what its members are, and what came of a command from what
 * came of it for each of them. Who passes the command on is the shepherd's planner. GNU Shepherd's rule
 * alone (a stop takes down dependents) would leave every member running.
 */
import type { Bcom, Behavior, Ref, Settled, Turn, Vow } from '@bellwether/actors';
import { leftFor } from '@bellwether/shepherd';
import type { Aggregate, Cause, Outcome, Row, Shepherd, Status } from '@bellwether/shepherd';
import { wordsOf } from './errors.ts';
import { fleetStatus, unknownStatus } from './fleet-status.ts';
import { LIMITS } from './limits.ts';
import { isGood, neededOf, verdict, type MinReady } from './summary.ts';

/** What makes a fleet. */
export interface FleetOptions {
  readonly provision: readonly [string, ...string[]];
  readonly documentation: string;
  /** Canonical names at this shepherd. */
  readonly members: readonly string[];
  readonly minReady: MinReady;
  /** For members that other fleets share: which ones. */
  readonly sharedWith: Readonly<Record<string, readonly string[]>>;
  readonly shepherd: Ref<Pick<Shepherd, 'status' | 'probe'>>;
}

/** Makes an aggregate. @throws RangeError for a `minReady` that its members can never meet. */
export const makeFleet = (
  _turn: Turn<Aggregate>,
  _bcom: Bcom<Aggregate>,
  fleet: FleetOptions,
): Behavior<Aggregate> => {
  const needed = neededOf(fleet.minReady, fleet.members.length);
  return {
    canonicalName: () => fleet.provision[0],
    provision: () => fleet.provision,
    requirement: () => [],
    status: (turn) =>
      fleetStatus(
        fleet,
        fleet.members.map((member) => turn.call(fleet.shepherd, 'status', member)),
        needed,
      ),
    probe: (turn, timeoutMs, hops = []) => probe(fleet, needed, turn, timeoutMs, hops),
    members: () => fleet.members,
    sum: (_turn, action, outcomes, minReady = fleet.minReady) => {
      const rows = outcomes.map((outcome) => annotated(fleet, outcome));
      return verdict(fleet.provision[0], action, rows, minReady);
    },
  };
};

/**
 * A row is an outcome without its own rows. What went wrong below it is named, since this is the
 * last place that knows; and so are the other fleets of a member that changed.
 */
const annotated = (fleet: FleetOptions, outcome: Outcome): Row => {
  const { rows, ...row } = outcome;
  const bad = isGood(row) ? undefined : rows.find((one) => !isGood(one));
  const others = row.result === 'changed' ? (fleet.sharedWith[row.member] ?? []) : [];
  return {
    ...row,
    ...(bad !== undefined && { cause: causeOf(bad) }),
    ...(others.length > 0 && { sharedWith: others.slice(0, LIMITS.nameCount) }),
  };
};
/** The deepest thing that is known to be wrong. */
const causeOf = ({ member, reason, cause }: Row): Cause =>
  cause ?? { member, ...(reason !== undefined && { reason }) };

const probe = (
  fleet: FleetOptions,
  needed: number,
  turn: Turn,
  timeoutMs: number,
  hops: readonly string[],
): Vow<Status> => {
  const leftMs = leftFor(timeoutMs, 0);
  const asked = fleet.members.map((member) =>
    turn.within(timeoutMs, turn.send(fleet.shepherd, 'probe', member, leftMs, hops)),
  );
  return turn.when(turn.all(asked), (_turn, settled) =>
    fleetStatus(fleet, settled.map(statusIn(fleet)), needed),
  );
};

const statusIn =
  (fleet: FleetOptions) =>
  (settled: Settled<Status>, at: number): Status =>
    settled.kept ? settled.value : unknownStatus(fleet.members[at] ?? '', wordsOf(settled.reason));
