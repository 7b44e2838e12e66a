/**
 * Who waits for an operation, and who hears what is said in it. All of them may come and go; what is
 * being done goes on. A caller is answered once:
 *
 *     his step is over                                  with its outcome, or the refusal of its service
 *     nothing goes on before a machine is there that    with how far it is, and until when it is waited for; not
 *       is away                                           one who stays on
 *     his deadline has passed                           with what there is by then: rows of who is late, too
 */
import { ActorError, Limit, type Ref, type Turn, type Vow } from '@bellwether/actors';
import { limits } from '../../limits.ts';
import { makeListeners } from './listeners.ts';
import { isAtRest } from '../kept/memory.ts';
import type { Caller, Listeners, Operation, StepRecord } from '../kept/memory.ts';
import { noteChanged, save } from '../kept/durable.ts';
import { isOver, summed } from '../outcomes.ts';
import { inOrder } from '../../graph.ts';
import { keyOf, type Step } from '../plan/plan.ts';
import { sayingOf } from '../../words/wording.ts';
import type { Host } from '../host.ts';
import { bare, plain } from '../../words/outcome.ts';
import type { Outcome, Request, Row, Writer } from '../../words/types.ts';

/** The writer of the operation while something is under way. */
export const listenersOf = (
  host: Host,
  turn: Turn,
  { id, listeners }: Operation,
): Ref<Listeners> => {
  const before = listeners.get();
  if (before !== undefined) return before;
  const made = turn.spawn(makeListeners, { node: host.name, log: host.log, operation: id });
  listeners.set(made);
  return made;
};
/** From now on this one hears what is said in the operation. */
export const listen = (host: Host, turn: Turn, operation: Operation, writer: Ref<Writer>): void =>
  turn.call(listenersOf(host, turn, operation), 'add', writer);

/**
 * The outcome of what was asked for; after the deadline what is still going on: the work itself is not
 * stopped by it. Where nothing goes on before a machine is there, he is told so at once, unless he `staysOn`. The
 * stream of `writer` ends with the answer. @throws Limit for too many who wait
 */
export const outcomeFor = (
  host: Host,
  turn: Turn,
  operation: Operation,
  request: Request,
  writer: Ref<Writer> | undefined,
  staysOn = false,
): Vow<Outcome> => {
  const key = keyOf(request.action, request.member);
  const record = operation.steps.get(key);
  if (operation.callers.size >= limits.waiterCount)
    throw new Limit(`operation ${operation.id}: ${limits.waiterCount} wait for it already`);
  const { vow, resolver } = turn.vow<Outcome>();
  const before = operation.account.get();
  const at = before.lastCaller + 1;
  operation.account.set({ ...before, lastCaller: at });
  const timer = turn.after(request.remainingMs, (turn) => late(host, turn, operation, at, request));
  const caller: Caller = { key, resolver, timer, staysOn, ...(writer && { writer }) };
  operation.callers.set(at, caller);
  if (record !== undefined && isOver(operation, key)) answer(turn, operation, at, caller, record);
  else if (isAtRest(operation)) answerAtRest(host, turn, operation);
  return vow;
};
/** Nothing goes on before a machine is there that is away: whoever waits is told who is waited for. */
export const answerAtRest = (host: Host, turn: Turn, operation: Operation): void => {
  for (const [at, caller] of [...operation.callers.entries()]) {
    if (caller.staysOn || isOver(operation, caller.key)) continue;
    caller.timer.cancel();
    leave(turn, operation, at, caller);
    caller.resolver.kept(atRest(host, turn, operation, caller.key));
  }
};
const atRest = (host: Host, turn: Turn, operation: Operation, key: string): Outcome => {
  const sum = sumBehind(operation, key);
  if (sum === undefined) return restOf(operation, key);
  const outcomes = sum.parts.map((part) => restOf(operation, part));
  return summed(host, turn, sum, outcomes);
};
/** How far one step is: it waits for its machine, or for a service that does. */
const restOf = ({ steps }: Operation, key: string): Outcome => {
  const record = steps.get(key);
  if (record === undefined) return plain(key, 'unknown');
  const { step, phase, outcome } = record;
  if (phase !== 'waiting' && outcome !== undefined) return outcome;
  const behind = inOrder([key], (at) => steps.get(at)?.step.after ?? []);
  const queued = behind.flatMap((at) => {
    const before = steps.get(at);
    return before?.phase === 'queued' && before.outcome !== undefined ? [before.outcome] : [];
  });
  const [first] = queued;
  if (first === undefined) return plain(step.name, 'unknown');
  const { member: on, queuedUntilMs } = first;
  const until = queuedUntilMs === undefined ? {} : { queuedUntilMs };
  const { text } = sayingOf('depends', step.name, on);
  const rows = queued.slice(0, limits.causeCount).map(bare);
  return { ...plain(step.name, 'unreachable', text), dependsOn: on, ...until, rows };
};
/** Answers all who wait for a step that is over. */
export const answerAll = (turn: Turn, operation: Operation, record: StepRecord): void => {
  const { key, name } = record.step;
  // Nobody waits for what was not asked for by its own name, as the members of a fleet are not.
  if (!operation.requests.has(name)) return;
  for (const [at, caller] of [...operation.callers.entries()])
    if (caller.key === key) answer(turn, operation, at, caller, record);
};
const answer = (
  turn: Turn,
  operation: Operation,
  at: number,
  caller: Caller,
  { step, outcome, refusal }: StepRecord,
): void => {
  caller.timer.cancel();
  leave(turn, operation, at, caller);
  if (refusal === undefined) return caller.resolver.kept(outcome ?? plain(step.name, 'unknown'));
  caller.resolver.follow(turn.broken(new ActorError(refusal.code, refusal.message)));
};
/** Near and in this turn: the last batch is on its way before the answer is. */
const leave = (turn: Turn, operation: Operation, at: number, { writer }: Caller): void => {
  operation.callers.delete(at);
  const listeners = operation.listeners.get();
  if (writer === undefined) return;
  if (listeners !== undefined) turn.call(listeners, 'remove', writer);
  turn.call(writer, 'finish');
};

const late = (host: Host, turn: Turn, operation: Operation, at: number, request: Request): void => {
  const caller = operation.callers.get(at);
  if (caller === undefined) return;
  if (operation.counts.get().queuedCount > 0) {
    // That somebody is waited for is on the disk before it is told.
    noteChanged(operation, [], 'due');
    save(host, turn, operation);
  }
  const { outcome, news } = unfinished(host, turn, operation, request);
  const events = news.map((row) => ({ kind: 'row', row }) as const);
  if (caller.writer !== undefined) turn.call(caller.writer, 'pass', events);
  leave(turn, operation, at, caller);
  caller.resolver.kept(outcome);
};
/** The outcome so far, and the rows in it that nobody was told yet. */
const unfinished = (
  host: Host,
  turn: Turn,
  operation: Operation,
  { member, action, remainingMs }: Request,
): { readonly outcome: Outcome; readonly news: readonly Row[] } => {
  const words = `${action} is not over after ${remainingMs} ms; it goes on.`;
  const lateOne = (name: string): Outcome => ({
    ...plain(name, 'timed-out', `Service ${name}: ${words}`),
    isLate: true,
  });
  const sum = sumBehind(operation, keyOf(action, member));
  if (sum === undefined) {
    const open = [...operation.steps.values()].filter(
      ({ step, phase }) => isOpen(phase) && isTold(step),
    );
    const rows = open.slice(0, limits.alsoCount).map((record) => rowOf(host, turn, record));
    return { outcome: { ...lateOne(member), rows }, news: [] };
  }
  const parts = sum.parts.flatMap((key) => operation.steps.get(key) ?? []);
  const outcomes = parts.map(({ step, phase, outcome }) =>
    isOpen(phase) || outcome === undefined ? lateOne(step.name) : outcome,
  );
  const news = outcomes.filter((_outcome, at) => isOpen(parts[at]?.phase ?? 'settled')).map(bare);
  return { outcome: summed(host, turn, sum, outcomes), news };
};
/** The step that sums up what answers a request for an aggregate. */
const sumBehind = ({ steps }: Operation, key: string): (Step & { kind: 'sum' }) | undefined => {
  const step = steps.get(key)?.step;
  const behind = step?.kind === 'same' ? steps.get(step.part)?.step : step;
  return behind?.kind === 'sum' ? behind : undefined;
};
const isOpen = (phase: StepRecord['phase']): boolean => phase === 'waiting' || phase === 'acting';
const isTold = ({ kind }: Step): boolean => kind === 'ask' || kind === 'sum';

const rowOf = (host: Host, turn: Turn, { step, phase }: StepRecord): Row => {
  const { name, action } = step;
  const what = phase === 'waiting' ? 'waits for other services' : 'is under way';
  const row = plain(name, 'timed-out', `Service ${name}: ${action} ${what}.`);
  const service = host.service(name);
  const stage = service && turn.call(service, 'status').stage;
  return bare({ ...row, ...(stage && { stage }) });
};
