/**
 * How an operation is carried out: its steps (plan.ts) are records, and `advance` moves them on.
 *
 *     phase       what happens                            next
 *     waiting     all of `after` are over, and then:
 *                   one that it needs is not well         settled, or in doubt as that one is
 *                   a later command wants otherwise       settled: superseded
 *                   it asks a service                     acting
 *                   it is a gate                          acting
 *                   it asks nobody                        settled, or in doubt as its parts are
 *                 it is cancelled                         cancelled
 *     acting      nobody was there to be asked, and he
 *                   is to be waited for                   queued
 *     queued      see queue.ts                            waiting, or over
 *     acting      the gate opens, or is shut for good     settled
 *                 the service answers                     settled
 *                   that it does not know how it ended    in doubt
 *     settled     somebody repeats the operation, and it
 *                   failed, could not be reached, was
 *                   left out or is not known              waiting
 *     in-doubt    somebody repeats the operation          waiting
 *     cancelled   -                                       for good
 *
 * The last three are over: what comes after them is moved on, their lines and rows are told, and
 * whoever waits for them is answered. Nobody is in doubt for good: a repeat asks those again, under the
 * same id, who had not answered, and they say from their own memory what came of it. It asks those
 * again, too, who failed or could not be reached, and nobody else; unless it says that it was sent
 * before, and wants to know no more than what came of that.
 *
 * The record is data, and what of it has to outlive the daemon is written down (durable.ts). What lives with it (who
 * waits, who listens) is rebuilt by whoever asks again.
 */
import type { ActorError, Turn, Vow } from '@bellwether/actors';
import { originOf, endOf } from './askers.ts';
import { come, isBarredBy, isOneOfMore, judged } from './gates.ts';
import {
  letGo,
  noteBegun,
  noteChanged,
  noteEnded,
  noteRest,
  noteTaken,
  save,
} from './kept/durable.ts';
import {
  isAtRest,
  kept,
  keepRequest,
  move,
  refile,
  type KeptRequest,
  type Operation,
  type StepEnd,
  type StepRecord,
} from './kept/memory.ts';
import { isDoubtful, isOver, notThere, refused, withAlso, withoutAsking } from './outcomes.ts';
import { layOut, openBefore } from './kept/layout.ts';
import { linesOfDisabled, withLines } from './told/last-lines.ts';
import { noteMoved } from './muster.ts';
import { partOf, promptingOf } from './part.ts';
import type { Step } from './plan/plan.ts';
import { callOffThere, dequeue, enqueue, givenUp, isWaitedFor, queuedOutcome } from './queue.ts';
import type { Host } from './host.ts';
import { limits } from '../limits.ts';
import { plain } from '../words/outcome.ts';
import type { Asker, Attempt, Outcome } from '../words/types.ts';
import { tell } from './told/telling.ts';
import { answerAtRest, listenersOf } from './told/callers.ts';
import { acceptAll, forgetRefused, lostBy, takeBack, wisherOf } from './wishes.ts';
import { sayingOf } from '../words/wording.ts';

/**
 * Adds the steps of a request that the operation does not have yet, and sets out.
 * @throws Limit when there is no room for them; nothing was asked of anybody then
 */
export const begin = (
  host: Host,
  turn: Turn,
  operation: Operation,
  request: KeptRequest,
  steps: readonly Step[],
): void => {
  const fresh = steps.filter(({ key }) => !operation.steps.has(key));
  addOpen(host, operation, fresh.length);
  renew(host, operation, request);
  layOut(host, operation, request.member, fresh);
  noteTaken(host, turn, operation, request, fresh);
  const keys = fresh.map(({ key }) => key);
  advance(host, turn, operation, keys);
};
/** A repeat may have come another way, and may have more time, than whoever asked first. */
const renew = (host: Host, operation: Operation, request: KeptRequest): void => {
  keepRequest(host.memory, operation, request);
  const account = operation.account.get();
  const deadlineAtMs = Math.max(account.deadlineAtMs, host.clock.now() + request.remainingMs);
  operation.account.set({ ...account, deadlineAtMs });
};
const addOpen = (
  host: Host,
  operation: Operation,
  count: number,
  phase?: StepRecord['phase'],
): void => {
  const { openCount, actingCount, queuedCount, dueCount } = operation.counts.get();
  operation.counts.set({
    openCount: openCount + count,
    dueCount,
    actingCount: actingCount - Number(phase === 'acting'),
    queuedCount: queuedCount - Number(phase === 'queued'),
  });
  // One of many steps changes nothing about whether it is over.
  if (openCount === 0 || openCount + count === 0) refile(host.memory, operation);
};
/** Tries steps again that are over, under the same id. */
export const tryAgain = (
  host: Host,
  turn: Turn,
  operation: Operation,
  request: KeptRequest,
  keys: readonly string[],
): void => {
  const { steps } = operation;
  const over = keys.filter((at) => isOver(operation, at));
  for (const at of keys) {
    const record = steps.get(at);
    if (record === undefined) continue;
    if (record.phase === 'queued') dequeue(host, record.step.name, operation, at);
    move(operation, forAnotherTry(record), 'waiting');
    noteMoved(operation, at);
  }
  addOpen(host, operation, over.length);
  renew(host, operation, request);
  const changed = new Set([...keys, ...keys.flatMap((at) => steps.get(at)?.followers ?? [])]);
  for (const at of changed) {
    const record = steps.get(at);
    if (record?.phase !== 'waiting') continue;
    steps.set(at, { ...record, openCount: openBefore(operation, record.step) });
  }
  noteChanged(operation, keys, 'due');
  advance(host, turn, operation, keys);
};

/** For how long it is waited for who is away, whoever tries again says anew. */
const forAnotherTry = ({ outcome, wasQueued: _wasQueued, ...record }: StepRecord): StepRecord => {
  if (outcome === undefined) return record;
  const { queuedUntilMs: _until, ...before } = outcome;
  return { ...record, outcome: before };
};

/**
 * Goes on with an operation of an earlier life, whose steps are laid out: these ended as is said, and of the others
 * those that are not over go on. @throws Limit
 */
export const goOn = (
  host: Host,
  turn: Turn,
  operation: Operation,
  endings: ReadonlyMap<string, StepEnd>,
): void => {
  const open = [...operation.steps.keys()].filter((key) => !isOver(operation, key));
  addOpen(host, operation, open.length);
  for (const [key, ending] of endings) end(host, operation, key, ending);
  // Those that ended come last: who follows them is looked at once they let it go, and once only.
  const waiting = open.filter((key) => !endings.has(key));
  for (const key of waiting) {
    const record = operation.steps.get(key);
    if (record?.phase !== 'queued') continue;
    // Nothing of an earlier life is counted yet.
    operation.steps.set(key, { ...record, phase: 'waiting' });
    park(host, turn, operation, record);
  }
  advance(host, turn, operation, [...waiting, ...endings.keys()]);
};

/**
 * Calls off what has not begun, here and at the shepherds that were asked already. What a service was
 * wished to be is then what it is. Who is at his turn behind a gate is not left half restarted. What an agent has
 * begun, here or there, it takes back, unless that `goesOn`, since it is a right that has ended.
 * `why`: whoever asked may not any more, and that is told with it. Kept each: a shepherd elsewhere has heard of it.
 */
export const cancel = (
  host: Host,
  turn: Turn,
  operation: Operation,
  goesOn: boolean,
  why?: ActorError,
): readonly Vow<void>[] => {
  operation.account.set({ ...operation.account.get(), isCancelled: true });
  noteChanged(operation, [], 'due');
  const cancelled: string[] = [];
  const heard: Vow<void>[] = [];
  for (const [key, record] of [...operation.steps.entries()]) {
    const { step, phase } = record;
    if (phase === 'acting' && !isOneOfMore(step)) {
      const elsewhere = host.elsewhere(step.name);
      const agent = host.own(step.name)?.agent;
      if (elsewhere !== undefined)
        heard.push(turn.send(elsewhere, 'cancel', operation.id, operation.principal, goesOn));
      else if (agent !== undefined)
        turn.tell(agent, 'cancel', operation.id, operation.principal, !goesOn);
    }
    if (phase === 'queued' && record.passedOn !== undefined) {
      heard.push(...callOffThere(host, turn, operation, record, goesOn));
      continue;
    }
    if ((phase !== 'waiting' && phase !== 'queued') || step.kind !== 'ask') continue;
    if (isOneOfMore(step) && !isBarredBy(operation, step)) continue;
    end(host, operation, key, calledOff(host, turn, operation, record, why));
    cancelled.push(key);
  }
  advance(host, turn, operation, cancelled);
  return heard;
};
/** How a step ends that is called off, and its wish with it. `why`: as of `cancel`. */
export const calledOff = (
  host: Host,
  turn: Turn,
  operation: Operation,
  record: StepRecord,
  why?: ActorError,
): StepEnd => {
  const { step } = record;
  const { name, action } = step;
  takeBack(host, turn, operation, step);
  const because = why === undefined ? '' : `: ${why.message}`;
  const reason = `Service ${name}: ${action} was cancelled before it began${because}.`;
  return record.phase === 'queued'
    ? givenUp(record, 'cancelled', reason)
    : { outcome: plain(name, 'cancelled', reason), isCancelled: true };
};

/**
 * Moves steps on, and those that follow them. No recursion: a chain of any length fits. Where many are at their turn
 * the others have a later one, so that the first of a thousand machines is asked before the last is thought of.
 */
const advance = (host: Host, turn: Turn, operation: Operation, keys: readonly string[]): void => {
  let queue = [...keys];
  let roomCount: number = limits.stepsPerTurn;
  const later: string[] = [];
  do {
    for (const key of queue) {
      const record = operation.steps.get(key);
      switch (record?.phase) {
        case undefined:
        case 'acting':
        case 'queued':
          break;
        case 'waiting':
          if (record.openCount > 0) break;
          roomCount -= 1;
          if (roomCount < 0 && !isWaitedFor(host, record.step.name)) later.push(key);
          else if (take(host, turn, operation, record)) queue.push(key);
          break;
        case 'settled':
        case 'in-doubt':
        case 'cancelled':
          tell(host, turn, operation, record);
          for (const next of record.followers) if (release(operation, next)) queue.push(next);
      }
    }
    queue = passed(host, turn, operation);
  } while (queue.length > 0);
  if (later.length > 0) advanceLater(host, turn, operation, later);
  if (isAtRest(operation)) noteRest(host, operation);
  save(host, turn, operation);
  if (isAtRest(operation)) answerAtRest(host, turn, operation);
  if (operation.counts.get().openCount > 0) return;
  operation.listeners.set(undefined);
  operation.muster.set(undefined);
  if (operation.account.get().weight > limits.lightWeight)
    turn.after(limits.repeatedMs, () => letGo(host, operation));
};
const advanceLater = (host: Host, turn: Turn, operation: Operation, keys: string[]): void => {
  const { steps, counts } = operation;
  const setDue = (dueCount: number): void => counts.set({ ...counts.get(), dueCount });
  setDue(counts.get().dueCount + keys.length);
  const go = (turn: Turn, from: number): void => {
    const next = from + limits.stepsPerTurn;
    const part = keys.slice(from, next);
    setDue(counts.get().dueCount - part.length);
    if (next < keys.length) turn.when(turn.kept(next), go);
    // Of those that were called off meanwhile it was told.
    const waiting = part.filter((key) => steps.get(key)?.phase === 'waiting');
    advance(host, turn, operation, waiting);
  };
  turn.when(turn.kept(0), go);
};
/** Gates that open now, or are shut for good. */
const passed = (host: Host, turn: Turn, operation: Operation): string[] => {
  if (operation.gates.size === 0) return [];
  const again = (turn: Turn): void => advance(host, turn, operation, []);
  return judged(host, turn, operation, again).map(([key, ending]) => {
    end(host, operation, key, ending);
    return key;
  });
};
/** Whether a step that waited has nothing to wait for any more. */
const release = ({ steps }: Operation, key: string): boolean => {
  const record = steps.get(key);
  if (record?.phase !== 'waiting') return false;
  const openCount = record.openCount - 1;
  const { step, by, phase, followers } = record;
  // Field by field: the step of a fleet is counted down by each of its members.
  steps.set(
    key,
    isFresh(record) ? { step, by, phase, openCount, followers } : { ...record, openCount },
  );
  return openCount === 0;
};
/** Whether a step was never tried. */
const isFresh = ({ outcome, refusal, atMs, isAgain, wasQueued, passedOn }: StepRecord): boolean =>
  (outcome ?? refusal ?? atMs ?? isAgain ?? wasQueued ?? passedOn) === undefined;

/** Ends a step, or asks its service. True: it is over at once. */
const take = (host: Host, turn: Turn, operation: Operation, record: StepRecord): boolean => {
  const { step } = record;
  const { key } = step;
  if (step.kind === 'gate') {
    move(operation, record, 'acting');
    come(host, operation, step);
    return false;
  }
  const ending = withoutAsking(host, turn, operation, step);
  const lines = ending?.outcome.isDisabled === true ? linesOfDisabled(host, turn, step) : undefined;
  if (ending !== undefined && lines !== undefined) {
    move(operation, record, 'acting');
    const over = (turn: Turn, output: readonly string[]): void => {
      end(host, operation, key, withLines(ending, output));
      advance(host, turn, operation, [key]);
    };
    turn.when(lines, over, (turn) => over(turn, []));
    return false;
  }
  const service = host.service(step.name);
  if (ending !== undefined || service === undefined) {
    end(host, operation, key, ending ?? notThere(step));
    return true;
  }
  const listeners = listenersOf(host, turn, operation);
  move(operation, record, 'acting');
  if (record.wasQueued === true) noteChanged(operation, [key], 'due');
  if (step.gate !== undefined && step.wish !== undefined)
    acceptAll(host, turn, [step.name], { wish: step.wish, by: wisherOf(host, operation) });
  noteBegun(host, operation, step);
  if (step.kind === 'ask' && step.note !== undefined)
    turn.call(listeners, 'tell', [sayingOf(step.note, step.name)]);
  const over = (turn: Turn, ending: StepEnd): void => {
    if (ending.outcome.result === 'failed') forgetRefused(host, operation, step);
    const acting = operation.steps.get(key);
    const queued = acting && queuedOutcome(host, operation, acting, ending.outcome);
    if (acting === undefined || queued === undefined) end(host, operation, key, ending);
    else waitFor(host, turn, operation, passedOn(operation, acting, ending.outcome), queued);
    advance(host, turn, operation, [key]);
  };
  const { principal, requests } = operation;
  const sinceMs = requests.get(record.by)?.sinceMs;
  const origin = originOf(host, turn, principal);
  const asker: Asker = {
    principal,
    ...(origin !== principal && { origin }),
    ...(sinceMs !== undefined && { sinceMs }),
  };
  const part = partOf(host, operation, record);
  const from = promptingOf(operation, record);
  turn.when(
    turn.send(service, 'perform', part, listeners, asker, from),
    (turn, outcome) => over(turn, { outcome }),
    (turn, reason) => over(turn, refused(step, reason)),
  );
  return false;
};

/** Whether its own shepherd has it now, and waits. Where it had it before, it still has. */
const passedOn = (
  { account }: Operation,
  record: StepRecord,
  { isPending }: Attempt,
): StepRecord => {
  const before = isPending === true ? 'waits' : record.passedOn;
  if (before === undefined) return record;
  return { ...record, passedOn: account.get().isCancelled ? 'called-off' : before };
};
/** Nobody was there: the step waits for its machine. Where it may have been asked for before, it still may. */
const waitFor = (
  host: Host,
  turn: Turn,
  operation: Operation,
  { isAgain, ...record }: StepRecord,
  queued: Outcome,
): void => {
  const { name, action, key } = record.step;
  const { queuedUntilMs } = queued;
  turn.effect(() =>
    host.log('operation.queued', { operation: operation.id, service: name, action, queuedUntilMs }),
  );
  const outcome = kept(host.memory, operation, queued, record.outcome);
  const doubt = isAgain === true && queued.result === 'unknown' ? { isAgain } : {};
  noteChanged(operation, [key], 'gathered');
  park(host, turn, operation, { ...record, ...doubt, outcome, wasQueued: true });
};
const park = (host: Host, turn: Turn, operation: Operation, record: StepRecord): void => {
  const { name, key } = record.step;
  move(operation, record, 'queued');
  const wake = (turn: Turn, ending: StepEnd | undefined): void => {
    const now = operation.steps.get(key);
    if (now?.phase !== 'queued') return;
    if (ending === undefined) unpark(host, operation, now);
    else end(host, operation, key, ending);
    advance(host, turn, operation, [key]);
  };
  const settle = (turn: Turn): Vow<Attempt> | undefined => {
    const now = operation.steps.get(key);
    const service = host.elsewhere(name);
    if (now === undefined || service === undefined) return undefined;
    const { id, principal } = operation;
    const listeners = listenersOf(host, turn, operation);
    const part = partOf(host, operation, now);
    const answer = turn.send(service, 'settle', part, listeners, { principal });
    // Behind the question: nobody knows whether it had arrived on the last session.
    const isEnded = endOf(host, turn, operation.account.get().by) !== undefined;
    if (now.passedOn === 'called-off') turn.tell(service, 'cancel', id, principal, isEnded);
    return answer;
  };
  enqueue(host, turn, name, { operation, key, wake, settle, isAsked: turn.cell(false) });
};
/** Its machine is there: it gets as much time as was given at first. */
const unpark = (host: Host, operation: Operation, record: StepRecord): void => {
  const { step, by } = record;
  dequeue(host, step.name, operation, step.key);
  move(operation, record, 'waiting');
  const account = operation.account.get();
  const { remainingMs = 0 } = operation.requests.get(by) ?? {};
  const deadlineAtMs = Math.max(account.deadlineAtMs, host.clock.now() + remainingMs);
  operation.account.set({ ...account, deadlineAtMs });
};

const end = (host: Host, operation: Operation, key: string, ending: StepEnd): void => {
  const { outcome: said, refusal } = ending;
  const before = operation.steps.get(key);
  if (before === undefined) return;
  const { step, by, openCount, followers, atMs, wasQueued } = before;
  if (before.phase === 'queued') dequeue(host, step.name, operation, key);
  const isPlainlySaid =
    (said.isUnmet ?? said.isPending ?? said.outdoneBy ?? said.isOutdone) === undefined;
  const told = isPlainlySaid ? said : lostBy(host, operation, step, met(said));
  const full = withAlso(operation, step, told);
  const phase = phaseAfter(ending);
  const last = kept(host.memory, operation, full, before.outcome);
  // Field by field: to leave out the others by a rest costs as much as all else that is done for a member.
  const record: StepRecord = { step, by, phase, openCount, followers, outcome: last };
  const isPlain = refusal === undefined && atMs === undefined && wasQueued === undefined;
  const more = (): Partial<StepRecord> => ({
    ...(refusal && { refusal }),
    ...(atMs !== undefined && { atMs }),
    ...(wasQueued && { wasQueued }),
  });
  operation.steps.set(key, isPlain ? record : { ...record, ...more() });
  noteEnded(host, operation, step);
  noteMoved(operation, key);
  addOpen(host, operation, -1, before.phase);
};
/** Nobody else needs to know that nothing was done by this attempt, or that it was to go on. */
const met = ({ isUnmet: _isUnmet, isPending: _isPending, ...outcome }: Attempt): Attempt => outcome;

const phaseAfter = (ending: StepEnd): StepRecord['phase'] => {
  const { outcome, isInDoubt = false, isFinal, isCancelled } = ending;
  if (isCancelled === true) return 'cancelled';
  return isFinal !== true && (isInDoubt || isDoubtful(outcome)) ? 'in-doubt' : 'settled';
};
