/**
 * The `^fleet`: an aggregate of services of this shepherd, most of them exported ones. It has no
 * process and no state; every action goes down to the members, each through the shepherd and inside
 * the same operation, and what it is follows from what they are. GNU Shepherd's rule alone (a stop
 * takes down dependents) would leave every member running.
 */
import type { Bcom, Behavior, Ref, Settled, Turn, Vow } from '@bellwether/actors';
import type {
  Outcome,
  Request,
  Row,
  Service,
  Shepherd,
  Status,
  Writer,
} from '@bellwether/shepherd';
import { wordsOf } from './errors.ts';
import { fleetStatus, unknownStatus } from './fleet-status.ts';
import { LIMITS } from './limits.ts';
import { leftFor } from './remaining.ts';
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
  readonly shepherd: Ref<Pick<Shepherd, 'member' | 'status' | 'probe'>>;
}

/** Makes an aggregate. @throws RangeError for a `minReady` that its members can never meet. */
export const makeFleet = (
  _turn: Turn<Service>,
  _bcom: Bcom<Service>,
  fleet: FleetOptions,
): Behavior<Service> => {
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
    probe: (turn, timeoutMs) => probe(fleet, needed, turn, timeoutMs),
    perform: (turn, request, writer) => perform(fleet, turn, request, writer),
  };
};

const perform = (
  fleet: FleetOptions,
  turn: Turn<Service>,
  request: Request,
  writer: Ref<Writer>,
): Vow<Outcome> => {
  const [name] = fleet.provision;
  if (request.withMembers === false)
    return turn.kept({ member: name, result: 'ok', reason: 'members left as they are', rows: [] });
  const remainingMs = Math.max(1, leftFor(request.remainingMs, 0));
  const rows = fleet.members.map((member) => {
    const part = { ...request, member, remainingMs };
    return rowOf(fleet, turn, part, writer);
  });
  return turn.when(turn.all(rows), (_turn, settled) =>
    verdict(name, request.action, settled.map(rowIn), fleet.minReady),
  );
};

/**
 * One member's part. The shepherd tells its row the moment it is there, but for a part that it
 * refuses.
 */
const rowOf = (
  fleet: FleetOptions,
  turn: Turn<Service>,
  request: Request,
  writer: Ref<Writer>,
): Vow<Row> =>
  turn.when(
    turn.send(fleet.shepherd, 'member', request, writer),
    (_turn, outcome) => annotated(fleet, request, outcome),
    (turn, reason) => {
      const words = `${request.action} was refused: ${wordsOf(reason)}`;
      const row: Row = { member: request.member, result: 'failed', reason: words };
      turn.call(writer, 'pass', [{ kind: 'row', row }]);
      return row;
    },
  );

/**
 * A row is an outcome without its own rows. What went wrong below it is named, since this is the
 * last place that knows; and so are the other fleets of a member that changed.
 */
const annotated = (fleet: FleetOptions, request: Request, outcome: Outcome): Row => {
  const { rows, ...row } = outcome;
  const notes: string[] = [];
  const cause = isGood(row) ? undefined : rows.find((one) => !isGood(one));
  if (cause?.reason !== undefined) notes.push(`${cause.member}: ${cause.reason}`);
  const others = row.result === 'changed' ? (fleet.sharedWith[request.member] ?? []) : [];
  if (others.length > 0) notes.push(`shared with ${others.join(', ')}`);
  if (notes.length === 0) return row;
  const words = [...(row.reason === undefined ? [] : [row.reason]), ...notes].join('; ');
  return { ...row, reason: words.slice(0, LIMITS.textLength) };
};

const rowIn = (settled: Settled<Row>): Row => {
  if (settled.kept) return settled.value;
  throw settled.reason;
};

const probe = (
  fleet: FleetOptions,
  needed: number,
  turn: Turn<Service>,
  timeoutMs: number,
): Vow<Status> => {
  const asked = fleet.members.map((member) =>
    turn.within(timeoutMs, turn.send(fleet.shepherd, 'probe', member, leftFor(timeoutMs, 0))),
  );
  return turn.when(turn.all(asked), (_turn, settled) =>
    fleetStatus(fleet, settled.map(statusIn(fleet)), needed),
  );
};

const statusIn =
  (fleet: FleetOptions) =>
  (settled: Settled<Status>, at: number): Status =>
    settled.kept ? settled.value : unknownStatus(fleet.members[at] ?? '', wordsOf(settled.reason));
