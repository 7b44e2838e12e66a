/**
 * How long a plan may take by what its services say of themselves:
 *
 *     start      until it is ready
 *     stop       its grace
 *     restart    both; of a service elsewhere, which restarts itself
 *     others     nothing: what takes long has its own end
 *
 * One after the other where a step waits for another, else at once. Batch by batch each member may take as long as the
 * request says for all, one after the other; pauses are nobody's patience, so those are added in any case.
 */
import type { Ref, Turn } from '@bellwether/actors';
import { isSwitch } from '../action-table.ts';
import { limits } from '../limits.ts';
import type { Step } from './plan.ts';
import type { Host } from './host.ts';
import type { Request, Writer } from '../words/types.ts';

/** Milliseconds that services may take for these steps, at most. */
export const timeFor = (host: Host, turn: Turn, steps: readonly Step[]): number =>
  spanOf(steps, (step) => timeOf(host, turn, step));
const timeOf = (host: Host, turn: Turn, { kind, name, action }: Step): number => {
  const service = kind === 'ask' ? host.service(name) : undefined;
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
};

/** The same of one batch after the other, with the pauses between; these alone for who `isPatient` is not. */
const timeForBatches = (
  host: Host,
  turn: Turn,
  { member, remainingMs, rolling, isPatient }: Request,
  steps: readonly Step[],
): number => {
  const gates = steps.flatMap((step) => (step.kind === 'gate' ? [step] : []));
  // How it is laid out elsewhere is not known here.
  const service = gates.length > 0 ? undefined : host.service(member);
  const status = service && turn.call(service, 'status');
  const members = status === undefined || status.kind === 'local' ? [] : (status.members ?? []);
  const count = Math.max(1, gates.length, members.length);
  const pausesMs =
    gates.length > 0
      ? gates.reduce((sum, { pauseMs = 0 }) => sum + pauseMs, 0)
      : (count - 1) * (rolling?.pauseMs ?? 0);
  if (isPatient !== true) return pausesMs;
  const servicesMs = steps.reduce((sum, step) => sum + timeOf(host, turn, step), 0);
  return pausesMs + (count - 1) * remainingMs + servicesMs;
};

/** The request with the deadline that these steps need, which is told, where it can wait for that. */
export const withTime = (
  host: Host,
  turn: Turn,
  request: Request,
  steps: readonly Step[],
  writer: Ref<Writer> | undefined,
): Request => {
  const isInBatches = request.rolling !== undefined || isSwitch(request.action);
  if (request.isPatient !== true && !isInBatches) return request;
  const { isPatient: _isPatient, ...rest } = request;
  const neededMs = isInBatches
    ? timeForBatches(host, turn, request, steps)
    : timeFor(host, turn, steps);
  if (neededMs === 0 && rest.rolling === undefined) return rest;
  const remainingMs = Math.min(rest.remainingMs + neededMs, limits.remainingMs);
  if (writer !== undefined) turn.call(writer, 'pass', [{ kind: 'deadline', remainingMs }]);
  return { ...rest, remainingMs };
};

/** How long a plan takes at most, where a step takes so long after those that it waits for. */
const spanOf = (steps: readonly Step[], timeOf: (step: Step) => number): number => {
  const ends = new Map<string, number>();
  for (const step of steps) {
    const begin = step.after.reduce((latest, key) => Math.max(latest, ends.get(key) ?? 0), 0);
    ends.set(step.key, begin + timeOf(step));
  }
  return [...ends.values()].reduce((latest, end) => Math.max(latest, end), 0);
};
