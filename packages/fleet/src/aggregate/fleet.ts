/**
 * The `^fleet`: an aggregate of services of its shepherd, most of them exported ones. It has no process
 * and no state: what it is follows from what its members are, and what came of a command from what
 * came of it for each of them. Who passes the command on is the shepherd's planner. GNU Shepherd's rule
 * alone (a stop takes down dependents) would leave every member running.
 */
import {
  messageOf,
  type Bcom,
  type Behavior,
  type JournalCell,
  type Ref,
  type Settled,
  type Turn,
  type Vow,
} from '@bellwether/actors';
import { doubted, itself, leftFor, memberRow, neededOf, verdict } from '@bellwether/shepherd';
import type {
  Aggregate,
  FleetStatus,
  MinReady,
  Outcome,
  Row,
  Shepherd,
  Status,
} from '@bellwether/shepherd';
import { fleetStatus, type FleetFacts } from './fleet-status.ts';
import { judge, type HealthTerms } from './health.ts';
import { LIMITS } from '../limits.ts';

/** What a fleet asks its shepherd. */
export type AskedByFleet = Pick<Shepherd, 'status' | 'probe' | 'board' | 'grounds'>;
/** What makes a fleet. */
export interface FleetOptions extends FleetFacts {
  /** Canonical names at this shepherd. */
  readonly members: readonly string[];
  readonly minReady: MinReady;
  /** Milliseconds for which fewer may be ready before the fleet counts as failed. */
  readonly settleMs: number;
  readonly shepherd: Ref<AskedByFleet>;
}

/** Makes an aggregate. @throws RangeError for a `minReady` that its members can never meet. */
export const makeFleet = (
  turn: Turn<Aggregate>,
  _bcom: Bcom<Aggregate>,
  fleet: FleetOptions,
): Behavior<Aggregate> => {
  const neededCount = neededOf(fleet.minReady, fleet.members.length);
  const held: Held = { ...fleet, neededCount, settling: turn.cell(undefined) };
  return {
    canonicalName: () => fleet.provision[0],
    provision: () => fleet.provision,
    requirement: () => [],
    status: (turn) =>
      judged(
        held,
        turn,
        fleet.members.map((member) => turn.call(fleet.shepherd, 'status', member)),
      ),
    probe: (turn, timeoutMs, hops = []) => probe(held, turn, timeoutMs, hops),
    members: () => fleet.members,
    sum: (_turn, action, outcomes, minReady = fleet.minReady) => {
      const rows = outcomes.map((outcome) => annotated(fleet, outcome));
      return verdict(fleet.provision[0], action, rows, minReady);
    },
  };
};

/** The row of a member; the other fleets of one that changed are named. */
const annotated = (fleet: FleetOptions, outcome: Outcome): Row => {
  const row = memberRow(outcome);
  const others = row.result === 'changed' ? (fleet.sharedWith[row.member] ?? []) : [];
  return others.length === 0 ? row : { ...row, sharedWith: others.slice(0, LIMITS.nameCount) };
};

interface Held extends FleetOptions, HealthTerms {
  /** Somebody will look again once it may no longer settle. */
  readonly settling: JournalCell<{ cancel(): void } | undefined>;
}

/**
 * The status from those of the members. Where it will be worse with time alone, who watches is told
 * so then: no member has anything new to say.
 */
const judged = (held: Held, turn: Turn<Aggregate>, members: readonly Status[]): FleetStatus => {
  const { neededCount, settleMs } = held;
  const terms = { neededCount, settleMs, isStopped: () => isStopped(held, turn) };
  const judgement = judge(members, terms);
  const { health, failsInMs } = judgement;
  held.settling.get()?.cancel();
  if (health !== undefined && failsInMs > 0 && failsInMs < Infinity) {
    const touch = (turn: Turn): void =>
      turn.tell(turn.call(held.shepherd, 'board'), 'touched', held.provision);
    held.settling.set(turn.after(failsInMs, touch));
  }
  return fleetStatus(held, members, terms, judgement);
};

/** Whether the last command for it as a whole was a stop. */
const isStopped = ({ shepherd, provision }: Held, turn: Turn<Aggregate>): boolean =>
  turn.call(shepherd, 'grounds', provision[0]).wish === 'stop';

const probe = (
  held: Held,
  turn: Turn<Aggregate>,
  timeoutMs: number,
  hops: readonly string[],
): Vow<Status> => {
  const leftMs = leftFor(timeoutMs, 0);
  const known = held.members.map((member) => turn.call(held.shepherd, 'status', member));
  const asked = held.members.map((member) =>
    turn.send(held.shepherd, 'probe', member, leftMs, hops, { principal: itself }),
  );
  return turn.when(turn.allWithin(timeoutMs, asked), (turn, settled) =>
    judged(held, turn, statusesIn(settled, known)),
  );
};

/** Who did not answer is as he was known, and in doubt. */
const statusesIn = (
  settled: readonly Settled<Status>[],
  known: readonly Status[],
): readonly Status[] =>
  settled.flatMap((one, at) => {
    const before = known[at];
    if (one.kept) return [one.value];
    return before === undefined ? [] : [doubted(before, messageOf(one.reason))];
  });
