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
 * A machine may be that of another controller, which has been asked and waits for one of its own. Then the step is
 * passed on: with contact that one is asked how it ends, until it is over there.
 *
 *     a later command, or it is called off                 that is called off there; it ends as that tells
 *     the wall clock has passed its time, and a while      unknown: it may have been done
 *     its service is taken out by a reload                 unknown, likewise
 *
 * Where an earlier life may have asked already, nobody can say that nothing was sent: what would have been superseded,
 * unreachable, denied or cancelled is unknown then. Time is looked at every now and then and not slept for, since wall
 * clocks step. Contact is asked for once for each service, and again in each life: what is on the disk is the step.
 */
import type { Turn, Vow } from '@bellwether/actors';
import { limits } from '../limits.ts';
import { endOf } from './askers.ts';
import { noteChanged, save } from './kept/durable.ts';
import type { Operation, StepEnd, StepRecord } from './kept/memory.ts';
import { notThere } from './outcomes.ts';
import type { Step } from './plan/plan.ts';
import type { Host, Place, Queue, Waiting } from './host.ts';
import { plain } from '../words/outcome.ts';
import { timeText } from '../text.ts';
import { askedAction, winnerFor, wisherOf } from './wishes.ts';
import type { Attempt, Outcome, Result } from '../words/types.ts';
import { lostWords } from '../words/wording.ts';

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
  lookLater(host, turn, dueMs(waiting.operation.steps.get(waiting.key)) - host.clock.wall());
};
/** When a step gives up waiting, by the wall clock. Who was to wait elsewhere may say so a little later than here. */
const dueMs = ({ outcome, passedOn }: Pick<StepRecord, 'outcome' | 'passedOn'> = {}): number =>
  (outcome?.queuedUntilMs ?? 0) + (passedOn === undefined ? 0 : limits.settleGraceMs);

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
  const ending = endingOf(host, turn, waiting.operation, record);
  if (ending === undefined && record.passedOn !== undefined)
    askHowItEnds(host, turn, record.step.name, waiting);
  else waiting.wake(turn, ending);
};

/** Asks the shepherd that a step was passed on to, with each contact anew. */
const askHowItEnds = (host: Host, turn: Turn, name: string, waiting: Waiting): void => {
  const { operation, key, isAsked } = waiting;
  const answer = isAsked.get() ? undefined : waiting.settle(turn);
  if (answer === undefined) return;
  isAsked.set(true);
  const place = (): Place | undefined => {
    const found = host.queue.places.get(name);
    return found?.waiting.get(idOf(operation, key)) === waiting ? found : undefined;
  };
  const later = (turn: Turn): void => {
    isAsked.set(false);
    turn.after(limits.settleGapMs, (turn) => {
      const still = place();
      if (still !== undefined) askForContact(host, turn, name, still);
    });
  };
  turn.when(
    answer,
    (turn, outcome) => {
      if (place() === undefined) return;
      if (outcome.isPending === true) later(turn);
      else waiting.wake(turn, { outcome });
    },
    (turn) => {
      if (place() !== undefined) later(turn);
    },
  );
};
/** Has the shepherd that a step was passed on to call it off: it says how it ends. Kept once it has heard that. */
export const callOffThere = (
  host: Host,
  turn: Turn,
  operation: Operation,
  record: StepRecord,
  goesOn = false,
): readonly Vow<void>[] => {
  const { key, name } = record.step;
  operation.steps.set(key, { ...record, passedOn: 'called-off' });
  noteChanged(operation, [key], 'due');
  save(host, turn, operation);
  const service = host.elsewhere(name);
  if (service === undefined) return [];
  return [turn.send(service, 'cancel', operation.id, operation.principal, goesOn)];
};

/** Whether a command waits for the machine of this service, of which a later one is sent before it is called off. */
export const isWaitedFor = ({ queue }: Host, name: string): boolean => queue.places.has(name);
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
    if (record.passedOn !== undefined) {
      callOffThere(host, turn, waiting.operation, record);
      continue;
    }
    const lostTo = winnerFor(host, waiting.operation, step.action, wisherOf(host, operation));
    const asked = askedAction(waiting.operation, record.step);
    const ending = givenUp(record, 'superseded', lostWords(step.name, asked, lostTo));
    const { outcome } = ending;
    const isSure = outcome.result === 'superseded';
    waiting.wake(turn, isSure ? { ...ending, outcome: { ...outcome, lostTo } } : ending);
    displaced.push(waiting.operation);
  }
  return displaced;
};

/** Why a step that waits is not to be taken any more; undefined where it is. */
const endingOf = (
  host: Host,
  turn: Turn,
  { account }: Operation,
  record: StepRecord,
): StepEnd | undefined => {
  const { step, outcome } = record;
  const isThere = host.elsewhere(step.name) !== undefined;
  if (record.passedOn !== undefined) {
    if (isThere && host.clock.wall() < dueMs(record)) return undefined;
    return givenUp(record, 'unknown', `Service ${step.name}: nothing was heard of ${step.action}`);
  }
  if (!isThere) return notThere(step);
  const why = endOf(host, turn, account.get().by);
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
  { step, outcome, isAgain, passedOn }: StepRecord,
  result: Result,
  words: string,
): StepEnd => {
  const { lastSeenMs } = outcome ?? {};
  const seen = lastSeenMs === undefined ? {} : { lastSeenMs };
  if (passedOn !== undefined) {
    const whole = `${words} from the shepherd that waits for a machine there; it may have been done.`;
    return { outcome: { ...plain(step.name, 'unknown', whole), ...seen } };
  }
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
      else soonestMs = Math.min(soonestMs, dueMs(record));
    }
  if (soonestMs < Infinity) lookLater(host, turn, soonestMs - host.clock.wall());
};

/** The row of a step that begins to wait; undefined where it is not to. */
export const queuedOutcome = (
  { clock }: Host,
  { requests }: Operation,
  { by, outcome: before, passedOn }: StepRecord,
  given: Attempt,
): Outcome | undefined => {
  if (given.isUnmet !== true && given.isPending !== true) return undefined;
  const { queueMs, queueUntilMs } = requests.get(by) ?? {};
  if (queueMs === undefined) return undefined;
  const { isUnmet: _isUnmet, isPending, isLate: _isLate, ...outcome } = given;
  const queuedUntilMs = before?.queuedUntilMs ?? queueUntilMs ?? 0;
  const there = isPending === true ? 'waits' : passedOn;
  const until = { queuedUntilMs };
  if (
    clock.wall() >= dueMs({ outcome: { ...outcome, ...until }, ...(there && { passedOn: there }) })
  )
    return undefined;
  const isTold = isPending === true || outcome.result === 'unknown';
  return { ...outcome, ...until, result: isTold ? outcome.result : 'unreachable' };
};
/** Whether a step that waits may have been asked for by an earlier life. */
export const mayBeBegun = ({ outcome }: StepRecord): boolean => outcome?.result === 'unknown';
