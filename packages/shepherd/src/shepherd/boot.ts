/**
 * The beginning and the end of a shepherd: finding what still runs, starting what is wanted,
 * stopping everything.
 */
import type { Ref, Settled, Turn, Vow } from '@bellwether/actors';
import { itself } from '../words/principal.ts';
import { endOf } from '../operation/askers.ts';
import { takeUp } from '../operation/commands.ts';
import { Cycle } from '../errors.ts';
import { inOrder } from '../graph.ts';
import { limits } from '../limits.ts';
import { forgetWhole } from '../operation/durable.ts';
import { expiredIn, openIn } from '../operation/ledger.ts';
import { operationOf } from '../operation/memory.ts';
import { begin } from '../operation/operation.ts';
import { accept } from '../operation/wishes.ts';
import { bare, plain } from '../words/outcome.ts';
import { timeFor } from '../operation/patience.ts';
import type { Recorded } from '../operation/pieces.ts';
import { read, recollect } from '../operation/recall.ts';
import { keyOf, planAll, planEnd, rooted, type Step } from '../operation/plan.ts';
import { isGood } from '../words/shapes.ts';
import { allOwn, isWanted, type ShepherdHeld } from './shepherd-state.ts';
import { broken } from '../vows.ts';
import type { AcceptedRecord, Outcome, Request, Row, Run, Sink, Writer } from '../words/types.ts';
import { listen, outcomeFor } from '../operation/callers.ts';
import { makeWriter } from '../streams/writer.ts';

/** Kept once adoption is done and every wanted start is under way; none of those is waited for. */
export const restore = (held: ShepherdHeld, turn: Turn): Vow<void> => {
  for (const entry of expiredIn(held.ledger, held.clock.wall())) forgetWhole(held, turn, entry);
  const left = openIn(held.ledger);
  const found = turn.all(left.map((entry) => read(held, turn, entry)));
  return turn.when(turn.send(held.monitor, 'adopt'), (turn, runs) => {
    for (const run of runs) if (!adopts(held, turn, run)) endOrphan(held, turn, run);
    return turn.when(found, (turn, all) => {
      const taken = left.map((entry, at): Left => ({ entry, found: all[at] }));
      const isOff = ({ entry }: Left): boolean => endOf(held, turn, entry.asker) !== undefined;
      const on = taken.filter((each) => !isOff(each));
      const before = new Map(held.desired.entries());
      // First: what had not begun for somebody who may not any more is not started as a wish of this machine.
      return turn.when(takeUpLeft(held, turn, taken.filter(isOff)), (turn) => {
        wishAgain(held, turn, on, before);
        setOutAll(held, turn);
        return takeUpLeft(held, turn, on);
      });
    });
  });
};
/** An operation that the last life left under way, and what the disk has of it. */
interface Left {
  readonly entry: AcceptedRecord;
  readonly found: Settled<Recorded> | undefined;
}

/** What others wish for stays what it was, whoever wished for the same. */
const wishAgain = (
  held: ShepherdHeld,
  turn: Turn,
  left: readonly Left[],
  before: ReadonlyMap<string, boolean>,
): void => {
  for (const { entry, found } of left) {
    if (found?.kept !== true) continue;
    const { intents, states } = found.value;
    const { asker, operation, atMs } = entry;
    for (const { key, kind, name, wish, gate } of intents.flatMap(({ steps }) => steps)) {
      const isOpen = (states.get(key)?.phase ?? 'waiting') === 'waiting';
      if (!isOpen || kind !== 'ask' || wish === undefined || gate !== undefined) continue;
      if (before.get(name) === (wish === 'start'))
        accept(held, turn, name, { wish, by: { asker, operation, atMs } });
    }
  }
};

const setOutAll = (held: ShepherdHeld, turn: Turn): void => {
  const names = allOwn(held).map(([name]) => name);
  const isStopped = (name: string): boolean => stageOf(held, turn, name) === 'stopped';
  const wanted = names.filter((name) => isWanted(held, name));
  const needed = new Set(inOrder(wanted, held.graph(turn).requirements));
  setOut(held, turn, 'start', wanted.filter(isStopped));
  // Their stop was accepted, and the daemon died before it was done.
  setOut(
    held,
    turn,
    'stop',
    names.filter((name) => !needed.has(name) && !isStopped(name)),
  );
};

/**
 * Takes up what the last life left under way, in the order in which it was taken on. What cannot be read, or has no
 * room, is left as it is on the disk, and holds up nobody.
 */
const takeUpLeft = (held: ShepherdHeld, turn: Turn, left: readonly Left[]): Vow<void> => {
  const taken = left.map(({ entry, found }) =>
    turn.when(readOf(turn, found), (turn, recorded) => recollect(held, turn, entry, recorded)),
  );
  return turn.when(turn.all(taken), (turn, all) => {
    for (const [at, one] of all.entries()) {
      if (one.kept) continue;
      const operation = left[at]?.entry.operation;
      turn.effect(() =>
        held.log('operation.not-resumed', { operation, reason: one.reason.message }),
      );
    }
  });
};
const readOf = (turn: Turn, one: Settled<Recorded> | undefined): Vow<Recorded> => {
  if (one?.kept === true) return turn.kept(one.value);
  return broken(turn, one?.reason ?? new Error('not read'));
};

const stageOf = (held: ShepherdHeld, turn: Turn, name: string) => {
  const own = held.own(name);
  return own === undefined ? 'unknown' : turn.call(own.service, 'status').stage;
};

const adopts = (
  held: ShepherdHeld,
  turn: Turn,
  run: Run & { readonly service: string },
): boolean => {
  const own = held.own(run.service);
  if (own === undefined || turn.call(own.service, 'status').stage !== 'stopped') return false;
  turn.call(own.service, 'adopt', run);
  return true;
};

/** A process whose service is gone from the configuration, or has another process already. */
const endOrphan = (
  held: ShepherdHeld,
  turn: Turn,
  run: Run & { readonly service: string },
): void => {
  const { service, pid, startId } = run;
  turn.effect(() => held.log('service.orphaned', { service, pid, startId }));
  turn.tell(held.monitor, 'signal', startId, 'SIGTERM');
  const timer = turn.after(limits.orphanGraceMs, (turn) =>
    turn.tell(held.monitor, 'signal', startId, 'SIGKILL'),
  );
  turn.when(run.ended, () => timer.cancel());
};

/** One operation for all, so that what they share is done once. */
const setOut = (
  held: ShepherdHeld,
  turn: Turn,
  action: 'start' | 'stop',
  names: readonly string[],
): void => {
  if (names.length === 0) return;
  const request = ownRequest(ownId(held, `boot-${action}`), action);
  const operation = operationOf(held.memory, turn, itself, request.operation);
  takeUp(held, turn, operation, request, planFor(held, turn, action, names));
};

/**
 * Starts services in one operation, and answers how it ended for each that the graph can start. One that
 * is not ready in its time is a row, too; its start goes on.
 */
export const bringBack = (
  held: ShepherdHeld,
  turn: Turn,
  id: string,
  names: readonly string[],
  writer: Ref<Writer>,
): Vow<readonly Row[]> => {
  if (names.length === 0) return turn.kept<readonly Row[]>([]);
  const operation = operationOf(held.memory, turn, itself, id);
  listen(held, turn, operation, writer);
  const steps = planFor(held, turn, 'start', names);
  const remainingMs = timeFor(held, turn, steps) + limits.turnoverMarginMs;
  const request = ownRequest(id, 'start', remainingMs);
  takeUp(held, turn, operation, request, rooted(steps, 'start'));
  return turn.when(outcomeFor(held, turn, operation, request, undefined), () =>
    names.flatMap((name): readonly Row[] => {
      const record = operation.steps.get(keyOf('start', name));
      if (record === undefined) return [];
      const late = `Service ${name}: start is not over after ${request.remainingMs} ms; it goes on.`;
      return [bare(record.outcome ?? plain(name, 'timed-out', late))];
    }),
  );
};

/** A service that the graph cannot start is told in the log, and holds up none of the others. */
const planFor = (
  held: ShepherdHeld,
  turn: Turn,
  action: 'start' | 'stop',
  names: readonly string[],
): readonly Step[] => {
  const graph = held.graph(turn);
  try {
    return planAll({ action, names }, graph);
  } catch (reason) {
    if (!(reason instanceof Cycle)) throw reason;
    const [name = '', ...others] = names;
    if (others.length === 0) {
      const { message } = reason;
      turn.effect(() => held.log('service.failed', { service: name, reason: message }));
      return [];
    }
    const steps = names.flatMap((name) => planFor(held, turn, action, [name]));
    return [...new Map(steps.map((step) => [step.key, step])).values()];
  }
};

/**
 * The id of an operation of its own. A member remembers longer than one life of this daemon: under the
 * id of an earlier boot it would answer what came of that one, and do nothing.
 */
export const ownId = ({ life }: ShepherdHeld, what: string): string => `${what}-${life}`;

/** What the shepherd asks of itself. */
export const ownRequest = (
  operation: string,
  action: string,
  remainingMs: number = limits.remainingMs,
): Request => ({
  operation,
  member: 'root',
  action,
  args: [],
  remainingMs: Math.min(remainingMs, limits.remainingMs),
  hops: [],
});

/**
 * Stops all local services, dependents first and independent ones at once. Their wishes stay on
 * disk, so the next daemon brings them back. What fails is noted and holds up nobody.
 */
export const shutDown = (held: ShepherdHeld, turn: Turn, sink: Ref<Sink>): Vow<Outcome> => {
  const before = held.closing.get();
  if (before !== undefined) return before;
  const request = ownRequest('end', 'end');
  const operation = operationOf(held.memory, turn, itself, request.operation);
  const writer = turn.spawn(makeWriter, { node: held.name, log: held.log, sink });
  listen(held, turn, operation, writer);
  for (const [name, { service }] of allOwn(held)) {
    held.wishes.set(name, { wish: 'stop' });
    turn.tell(service, 'retire', 'The shepherd is shutting down.');
  }
  const names = allOwn(held).map(([name]) => name);
  begin(held, turn, operation, request, planEnd(names, held.graph(turn)));
  const over = outcomeFor(held, turn, operation, request, writer);
  const closing = turn.when(over, (): Outcome => {
    const rows = names.flatMap((name): readonly Row[] => {
      const outcome = operation.steps.get(keyOf('stop', name))?.outcome;
      return outcome === undefined ? [] : [bare(outcome)];
    });
    return summaryOf('not stopped', rows);
  });
  held.closing.set(closing);
  return closing;
};

/** The outcome of what concerned many services: rows for those that changed, or are not as they should be. */
export const summaryOf = (bad: string, all: readonly Row[]): Outcome => {
  const rows = all.filter((row) => row.result !== 'ok');
  const names = rows.filter((row) => !isGood(row)).map((row) => row.member);
  if (names.length > 0) return { ...plain('root', 'failed', `${bad}: ${names.join(', ')}`), rows };
  return { ...plain('root', rows.length === 0 ? 'ok' : 'changed'), rows };
};
