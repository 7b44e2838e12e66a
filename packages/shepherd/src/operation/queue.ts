/**
 * Steps that wait for a machine that is away. What each comes to:
 *
 *     while it waits                                       what becomes of it
 *     there is contact, by now or once more                it is taken (operation.ts), or waits on
 *     a later command wants something of the service,      superseded
 *       or the same action of it
 *     the wall clock has passed its time                   unreachable: nothing was sent
 *     who asked may not any more                           denied
 *     it is called off                                     cancelled
 *     the operation is repeated                            tried at once
 *     a reload replaces the service, or takes it out       waits for the new one; or failed
 *     the daemon ends                                      waits on in the next life
 *
 * Where an earlier life may have asked already, nobody can say that nothing was sent: what would have been superseded,
 * unreachable, denied or cancelled is unknown then. Time is looked at every now and then and not slept for, since wall
 * clocks step. Contact is asked for once for each service, and again in each life: what is on the disk is the step.
 */
import type { JournalCell, JournalMap, Turn } from '@bellwether/actors';
import { limits } from '../limits.ts';
import { endOf } from './askers.ts';
import type { Operation, StepRecord } from './memory.ts';
import { notThere, type StepEnd } from './outcomes.ts';
import type { Step } from './plan.ts';
import type { Host } from './host.ts';
import { plain } from '../words/outcome.ts';
import { timeText } from '../text.ts';
import { lostWords, wisherOf } from './wishes.ts';
import type { Outcome, Result } from '../words/types.ts';

/** A step that waits. */
export interface Waiting {
  readonly operation: Operation;
  readonly key: string;
  /** Goes on with it: as it is, or with its end. */
  readonly wake: (turn: Turn, ending: StepEnd | undefined) => void;
}
/** Those of one service. */
interface Place {
  readonly waiting: JournalMap<string, Waiting>;
  /** Whether somebody will say when there is contact. */
  readonly isAsking: JournalCell<boolean>;
}
/** All steps that wait, and when time is looked at next. */
export interface Queue {
  /** By the name of their service. */
  readonly places: JournalMap<string, Place>;
  readonly look: JournalCell<{ readonly atMs: number; cancel(): void } | undefined>;
}

/** A queue in which nobody waits. */
export const openQueue = (turn: Turn): Queue => ({
  places: turn.map(),
  look: turn.cell<{ readonly atMs: number; cancel(): void } | undefined>(undefined),
});

const idOf = ({ principal, id }: Operation, key: string): string => `${principal}/${id}/${key}`;

/** From now on this step waits, for contact with its machine or the end of its time. */
export const enqueue = (host: Host, turn: Turn, name: string, waiting: Waiting): void => {
  const { places } = host.queue;
  const place = places.get(name) ?? { waiting: turn.map(), isAsking: turn.cell(false) };
  places.set(name, place);
  place.waiting.set(idOf(waiting.operation, waiting.key), waiting);
  askForContact(host, turn, name, place);
  const { outcome } = waiting.operation.steps.get(waiting.key) ?? {};
  lookLater(host, turn, (outcome?.queuedUntilMs ?? 0) - host.clock.wall());
};
/** It does not wait any more. */
export const dequeue = ({ queue }: Host, name: string, operation: Operation, key: string): void => {
  const place = queue.places.get(name);
  place?.waiting.delete(idOf(operation, key));
  if (place?.waiting.size === 0 && !place.isAsking.get()) queue.places.delete(name);
};

const askForContact = (host: Host, turn: Turn, name: string, place: Place): void => {
  if (place.isAsking.get()) return;
  const service = host.elsewhere(name);
  // Whoever is woken finds out that there is no such service.
  if (service === undefined) return void turn.after(1, (turn) => wakeAll(host, turn, name));
  place.isAsking.set(true);
  turn.when(
    turn.send(service, 'contact'),
    (turn) => {
      place.isAsking.set(false);
      wakeAll(host, turn, name);
    },
    (turn) => {
      place.isAsking.set(false);
      // It was replaced; another one may stand under its name by now.
      if (place.waiting.size === 0) host.queue.places.delete(name);
      else askForContact(host, turn, name, place);
    },
  );
};
const wakeAll = (host: Host, turn: Turn, name: string): void => {
  const place = host.queue.places.get(name);
  if (place === undefined) return;
  for (const waiting of [...place.waiting.values()]) wake(host, turn, waiting);
  if (place.waiting.size === 0 && !place.isAsking.get()) host.queue.places.delete(name);
};
const wake = (host: Host, turn: Turn, waiting: Waiting): void => {
  const record = waiting.operation.steps.get(waiting.key);
  if (record === undefined) return;
  waiting.wake(turn, endingOf(host, turn, waiting.operation, record));
};

/** A later command is taken on: those that it stands in place of are over. Whose they were. */
export const displace = (
  host: Host,
  turn: Turn,
  operation: Operation,
  step: Step,
): readonly Operation[] => {
  const place = step.kind === 'ask' ? host.queue.places.get(step.name) : undefined;
  if (place === undefined) return [];
  const displaced: Operation[] = [];
  for (const waiting of [...place.waiting.values()]) {
    if (waiting.operation === operation) continue;
    const record = waiting.operation.steps.get(waiting.key);
    if (record === undefined) continue;
    if (step.wish === undefined && record.step.action !== step.action) continue;
    const by = wisherOf(host, operation);
    const words = lostWords(host, waiting.operation, record.step, step.action, by);
    waiting.wake(turn, givenUp(record, 'superseded', words));
    displaced.push(waiting.operation);
  }
  return displaced;
};

/** Why a step that waits is not to be taken any more; undefined where it is. */
const endingOf = (
  host: Host,
  turn: Turn,
  { principal }: Operation,
  record: StepRecord,
): StepEnd | undefined => {
  const { step, outcome } = record;
  if (host.elsewhere(step.name) === undefined) return notThere(step);
  const why = endOf(host, turn, principal);
  if (why !== undefined) {
    const words = `Service ${step.name}: ${step.action} is not allowed any more: ${why.message}`;
    return givenUp(record, 'denied', words);
  }
  const untilMs = outcome?.queuedUntilMs ?? 0;
  if (host.clock.wall() < untilMs) return undefined;
  const words = `Service ${step.name}: its machine was not online until ${timeText(untilMs)}`;
  return givenUp(record, 'unreachable', `${words}; nothing was sent.`);
};
/** How a step ends for which nobody will be asked any more. */
export const givenUp = (
  { step, outcome, isAgain }: StepRecord,
  result: Result,
  words: string,
): StepEnd => {
  const { lastSeenMs } = outcome ?? {};
  const seen = lastSeenMs === undefined ? {} : { lastSeenMs };
  if (isAgain !== true) {
    const isCancelled = result === 'cancelled' ? { isCancelled: true as const } : {};
    return { outcome: { ...plain(step.name, result, words), ...seen }, ...isCancelled };
  }
  const doubt = words.replace('; nothing was sent', '');
  const whole = `${doubt} It may have been asked for before the shepherd ended last.`;
  return { outcome: { ...plain(step.name, 'unknown', whole), ...seen }, isFinal: true };
};

/** Looks at the clock, and at who may still ask, when the next of those that wait is due, or a while has passed. */
const lookLater = (host: Host, turn: Turn, dueMs: number): void => {
  const { look } = host.queue;
  const inMs = Math.max(1, Math.min(Math.ceil(dueMs), limits.queueLookMs));
  const atMs = host.clock.now() + inMs;
  const before = look.get();
  if (before !== undefined && before.atMs <= atMs) return;
  before?.cancel();
  const timer = turn.after(inMs, (turn) => lookNow(host, turn));
  look.set({ atMs, cancel: () => timer.cancel() });
};
const lookNow = (host: Host, turn: Turn): void => {
  host.queue.look.set(undefined);
  let soonestMs = Infinity;
  for (const place of [...host.queue.places.values()])
    for (const waiting of [...place.waiting.values()]) {
      const { operation, key } = waiting;
      const record = operation.steps.get(key);
      if (record === undefined) continue;
      const ending = endingOf(host, turn, operation, record);
      if (ending !== undefined) waiting.wake(turn, ending);
      else soonestMs = Math.min(soonestMs, record.outcome?.queuedUntilMs ?? 0);
    }
  if (soonestMs < Infinity) lookLater(host, turn, soonestMs - host.clock.wall());
};

/** The row of a step that begins to wait; undefined where it is not to. */
export const queuedOutcome = (
  { clock }: Host,
  { requests }: Operation,
  { by, outcome: before }: StepRecord,
  given: Outcome,
): Outcome | undefined => {
  if (given.isUnmet !== true) return undefined;
  const { queueMs, queueUntilMs } = requests.get(by) ?? {};
  if (queueMs === undefined) return undefined;
  const { isUnmet: _isUnmet, isLate: _isLate, ...outcome } = given;
  const queuedUntilMs = before?.queuedUntilMs ?? queueUntilMs ?? 0;
  if (clock.wall() >= queuedUntilMs) return undefined;
  const result = outcome.result === 'unknown' ? 'unknown' : 'unreachable';
  return { ...outcome, result, queuedUntilMs };
};
/** Whether a step that waits may have been asked for by an earlier life. */
export const mayBeBegun = ({ outcome }: StepRecord): boolean => outcome?.result === 'unknown';
