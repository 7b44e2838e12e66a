/**
 * What the shepherd asks of itself: many services in one operation, at its beginning and its end and when they are
 * exchanged. Nobody else knows such an operation, and none is written down.
 */
import type { Ref, Turn, Vow } from '@bellwether/actors';
import { Cycle } from '../errors.ts';
import { limits } from '../limits.ts';
import { listen, outcomeFor } from '../operation/told/callers.ts';
import { takeUp } from '../operation/commands.ts';
import { operationOf, type KeptRequest } from '../operation/kept/memory.ts';
import { timeFor } from '../operation/plan/patience.ts';
import { keyOf, planAll, rooted, type Step } from '../operation/plan/plan.ts';
import type { ShepherdHeld } from './shepherd-state.ts';
import { bare, plain } from '../words/outcome.ts';
import { itself } from '../words/principal.ts';
import { isGood } from '../words/vocabulary.ts';
import type { Outcome, Prompting, Row, Writer } from '../words/types.ts';

/** One operation for all, so that what they share is done once. */
export const setOut = (
  held: ShepherdHeld,
  turn: Turn,
  action: 'start' | 'stop',
  names: readonly string[],
): void => {
  if (names.length === 0) return;
  const request = ownRequest(ownId(held, `boot-${action}`), action, { kind: 'boot' });
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
  const request = ownRequest(id, 'start', { kind: 'reload' }, remainingMs);
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

/** What the shepherd asks of itself, and what that comes from. */
export const ownRequest = (
  operation: string,
  action: string,
  prompting: Prompting,
  remainingMs: number = limits.remainingMs,
): KeptRequest => ({
  prompting,
  operation,
  member: 'root',
  action,
  args: [],
  remainingMs: Math.min(remainingMs, limits.remainingMs),
  hops: [],
});

/** The outcome of what concerned many services: rows for those that changed, or are not as they should be. */
export const summaryOf = (bad: string, all: readonly Row[]): Outcome => {
  const rows = all.filter((row) => row.result !== 'ok');
  const names = rows.filter((row) => !isGood(row)).map((row) => row.member);
  if (names.length > 0) return { ...plain('root', 'failed', `${bad}: ${names.join(', ')}`), rows };
  return { ...plain('root', rows.length === 0 ? 'ok' : 'changed'), rows };
};
