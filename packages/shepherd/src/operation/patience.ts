/**
 * How long a plan may take by what its services say of themselves:
 *
 *     start      until it is ready
 *     stop       its grace
 *     restart    both; of a service elsewhere, which restarts itself
 *
 * One after the other where a step waits for another, else at once.
 */
import type { Ref, Turn } from '@bellwether/actors';
import { limits } from '../limits.ts';
import { spanOf, type Step } from './plan.ts';
import { serviceOf, type Held } from '../shepherd/shepherd-state.ts';
import type { Request, Writer } from '../words/types.ts';

/** Milliseconds that services may take for these steps, at most. */
export const timeFor = (held: Held, turn: Turn, steps: readonly Step[]): number =>
  spanOf(steps, ({ kind, name, action }) => {
    const service = kind === 'ask' ? serviceOf(held, name) : undefined;
    if (service === undefined) return 0;
    const { readyMs = 0, graceMs = 0 } = turn.call(service, 'status');
    switch (action) {
      case 'start':
        return readyMs;
      case 'stop':
        return graceMs;
      case 'restart':
        return graceMs + readyMs;
      default:
        return 0;
    }
  });

/** The request with the deadline that these steps need, which is told, where it can wait for that. */
export const withTime = (
  held: Held,
  turn: Turn,
  request: Request,
  steps: readonly Step[],
  writer: Ref<Writer> | undefined,
): Request => {
  const { isPatient, ...rest } = request;
  if (isPatient !== true) return rest;
  const neededMs = timeFor(held, turn, steps);
  if (neededMs === 0) return rest;
  const remainingMs = Math.min(rest.remainingMs + neededMs, limits.remainingMs);
  if (writer !== undefined) turn.call(writer, 'pass', [{ kind: 'deadline', remainingMs }]);
  return { ...rest, remainingMs };
};
