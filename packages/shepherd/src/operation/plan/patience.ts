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
import { isSwitch } from '../../action-table.ts';
import { limits } from '../../limits.ts';
import type { Step } from './plan.ts';
import type { Host } from '../host.ts';
import type { Extension, Request, Writer } from '../../words/types.ts';

/** Milliseconds that services may take for these steps, at most. */
export const timeFor = (host: Host, turn: Turn, steps: readonly Step[]): number =>
  spanOf(steps, (step) => timeOf(host, turn, step)).ms;
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

/** How long something may take, and the step that may take longest of it, where any says that it takes time. */
interface Span {
  readonly ms: number;
  readonly slowest: Slow | undefined;
}
interface Slow {
  readonly name: string;
  readonly ms: number;
}
const slower = (one: Slow | undefined, name: string, ms: number): Slow | undefined =>
  ms > (one?.ms ?? 0) ? { name, ms } : one;

/** The same of one batch after the other, with the pauses between; these alone for who `isPatient` is not. */
const timeForBatches = (
  host: Host,
  turn: Turn,
  { member, remainingMs, rolling, isPatient }: Request,
  steps: readonly Step[],
): Span => {
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
  if (isPatient !== true) return { ms: pausesMs, slowest: undefined };
  let [ms, slowest] = [pausesMs + (count - 1) * remainingMs, undefined as Slow | undefined];
  for (const step of steps) {
    const stepMs = timeOf(host, turn, step);
    ms += stepMs;
    slowest = slower(slowest, step.name, stepMs);
  }
  return { ms, slowest };
};

/** Whoever of these says that it may take longest, where that is within the time that was given. */
export const slowestOf = (
  host: Host,
  turn: Turn,
  steps: readonly Step[],
  givenMs: number,
): Pick<Extension, 'slowest' | 'slowestMs'> => {
  const { slowest } = spanOf(steps, (step) => timeOf(host, turn, step));
  return slowest === undefined || slowest.ms > givenMs ? {} : named(slowest);
};
const named = ({ name, ms }: Slow) => ({ slowest: name, slowestMs: ms });

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
  const { ms: neededMs, slowest } = isInBatches
    ? timeForBatches(host, turn, request, steps)
    : spanOf(steps, (step) => timeOf(host, turn, step));
  if (neededMs === 0 && rest.rolling === undefined) return rest;
  const remainingMs = Math.min(rest.remainingMs + neededMs, limits.remainingMs);
  const who = slowest === undefined ? {} : named(slowest);
  if (writer !== undefined) turn.call(writer, 'pass', [{ kind: 'deadline', remainingMs, ...who }]);
  return { ...rest, remainingMs };
};

/** How long a plan takes at most, where a step takes so long after those that it waits for. */
const spanOf = (steps: readonly Step[], timeOf: (step: Step) => number): Span => {
  const none: Span = { ms: 0, slowest: undefined };
  const later = (one: Span, other: Span): Span => (other.ms > one.ms ? other : one);
  const ends = new Map<string, Span>();
  for (const step of steps) {
    const begin = step.after.reduce((latest, key) => later(latest, ends.get(key) ?? none), none);
    const ms = timeOf(step);
    ends.set(step.key, { ms: begin.ms + ms, slowest: slower(begin.slowest, step.name, ms) });
  }
  return [...ends.values()].reduce(later, none);
};
