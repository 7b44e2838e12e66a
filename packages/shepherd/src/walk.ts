/**
 * How an operation goes through the graph: as a set of steps that is laid out in one turn, each service once, every step
 * with the steps that it waits for.
 *
 *     start S     a step for S and each requirement, direct or not; each waits for its own requirements
 *     stop S      a step for S and each dependent, direct or not; each waits for its own dependents
 *     restart S   stops S and those dependents that run, then starts these again
 *     other       one step for S
 *
 * A step whose requirement is not up is not taken: its service is left as it is. A step that waited asks again whether
 * its command is still the last one that was accepted for the service; if it is not, it is `superseded`.
 */
import type { Settled, Turn, Vow } from '@bellwether/actors';
import { Cycle } from './errors.ts';
import { inOrder, pathBetween, type Edges } from './graph.ts';
import { limits } from './limits.ts';
import { actStep, openStep, settleStep } from './operations.ts';
import {
  broken,
  isGood,
  plain,
  serviceOf,
  type Held,
  type Wish,
  type Work,
} from './shepherd-state.ts';
import type { Entry, Outcome, Row } from './types.ts';
import { linesOf } from './wording.ts';

/** A step before it is taken. */
interface Task {
  readonly work: Work;
  readonly key: string;
  readonly name: string;
  readonly action: string;
  /** Keys of the steps that come first. */
  readonly after: readonly string[];
  /** Asked for by its name, not pulled in by another service. */
  readonly isAsked: boolean;
  /** Only holds the order together: its service is left alone. */
  readonly isPassive?: boolean;
  /** Keys of the steps whose services the outcome names in `also`. */
  readonly touched?: readonly string[];
}

/** Lays out what a request asks of one service, whose canonical name this is; the answer is the step's. */
export const runStep = (held: Held, turn: Turn, work: Work, name: string): Vow<Outcome> => {
  const { action } = work.request;
  const key = `${action}/${name}`;
  const before = work.operation.steps.get(key);
  if (before !== undefined) return before.answer;
  switch (action) {
    case 'start':
      return startAll(held, turn, work, [name], keysOf('start'));
    case 'stop':
      return stopAll(held, turn, work, [name], keysOf('stop'));
    case 'restart':
      return restart(held, turn, work, name);
    default:
      refuseHops(held, work, [name], () => []);
      return take(held, turn, { work, key, name, action, after: [], isAsked: true });
  }
};

/** The keys of the steps of a walk. */
type KeyOf = (name: string) => string;
const keysOf =
  (action: string): KeyOf =>
  (name) =>
    `${action}/${name}`;

const requirements =
  (held: Held, turn: Turn): Edges =>
  (name) =>
    turn.call(held.registry, 'canonical', name) === undefined
      ? []
      : turn.call(held.registry, 'requirements', name);
const dependents =
  (held: Held, turn: Turn): Edges =>
  (name) =>
    turn.call(held.registry, 'dependents', name);

/** The answer is that of the first root. `restarting` is a root that is elsewhere and restarts itself. */
const startAll = (
  held: Held,
  turn: Turn,
  work: Work,
  roots: readonly string[],
  keyOf: KeyOf,
  restarting?: string,
): Vow<Outcome> => {
  const edges = requirements(held, turn);
  const { steps } = work.operation;
  const order = inOrder(roots, edges, (name) => steps.has(keyOf(name)));
  refuseHops(held, work, order, edges);
  const keys = order.map(keyOf);
  for (const name of order) {
    accept(held, turn, work, name, 'start');
    take(held, turn, {
      work,
      key: keyOf(name),
      name,
      action: name === restarting ? 'restart' : 'start',
      after: edges(name).map(keyOf),
      isAsked: roots.includes(name),
      ...(name === roots[0] ? { touched: keys } : {}),
    });
  }
  return answerOf(turn, work, keyOf(roots[0] ?? ''));
};

const stopAll = (
  held: Held,
  turn: Turn,
  work: Work,
  roots: readonly string[],
  keyOf: KeyOf,
): Vow<Outcome> => {
  const edges = dependents(held, turn);
  const { steps } = work.operation;
  const order = inOrder(roots, edges, (name) => steps.has(keyOf(name)));
  refuseHops(held, work, order, edges);
  const keys = order.map(keyOf);
  for (const name of order) {
    accept(held, turn, work, name, 'stop');
    take(held, turn, {
      work,
      key: keyOf(name),
      name,
      action: 'stop',
      after: edges(name).map(keyOf),
      isAsked: roots.includes(name),
      ...(name === roots[0] ? { touched: keys } : {}),
    });
  }
  return answerOf(turn, work, keyOf(roots[0] ?? ''));
};

/** Stops in order without a wish: `isTouched` says which services; the others only hold the order together. */
export const stopQuietly = (
  held: Held,
  turn: Turn,
  work: Work,
  roots: readonly string[],
  keyOf: KeyOf,
  isTouched: (name: string) => boolean,
): readonly string[] => {
  const edges = dependents(held, turn);
  const order = inOrder(roots, edges, (name) => work.operation.steps.has(keyOf(name)));
  for (const name of order) {
    const after = edges(name).map(keyOf);
    const isPassive = !isTouched(name);
    take(held, turn, {
      work,
      key: keyOf(name),
      name,
      action: 'stop',
      after,
      isAsked: false,
      isPassive,
    });
  }
  return order;
};

const restart = (held: Held, turn: Turn, work: Work, name: string): Vow<Outcome> => {
  const edges = dependents(held, turn);
  const isUp = (each: string): boolean => {
    const { stage } = turn.call(serviceOf(held, turn, each), 'status');
    return stage === 'running' || stage === 'starting';
  };
  const own = held.own.get(name);
  if (own !== undefined && !turn.call(own.service, 'status').isEnabled)
    return turn.kept(plain(name, 'failed', `Service ${name} is currently disabled.`));
  const others = inOrder([name], edges).filter((each) => each !== name && isUp(each));
  const again = new Set([name, ...others]);
  refuseHops(held, work, again, edges);
  for (const each of again) accept(held, turn, work, each, 'start');
  if (own !== undefined && !isUp(name))
    turn.call(work.writer, 'line', `Service ${name} is not running.`);
  const stopKey: KeyOf = (each) => `restart/${name}/stop/${each}`;
  const startKey: KeyOf = (each) =>
    again.has(each) ? `restart/${name}/start/${each}` : `start/${each}`;
  const isStopped = (each: string): boolean =>
    again.has(each) && (each !== name || own !== undefined);
  stopQuietly(held, turn, work, [name], stopKey, isStopped);
  const restarting = own === undefined ? name : undefined;
  const ran = turn.when(answerOf(turn, work, stopKey(name)), (turn) => {
    const answer = startAll(held, turn, work, [...again], startKey, restarting);
    // The dependents are part of the answer: it comes when they are back.
    const all = turn.all([...again].map((each) => answerOf(turn, work, startKey(each))));
    return turn.when(all, (turn) =>
      turn.when(answer, (_turn, outcome) => withAlso(work, outcome, others.map(startKey))),
    );
  });
  const key = `restart/${name}`;
  return conclude(
    held,
    turn,
    { work, key, name, action: 'restart', after: [], isAsked: false },
    ran,
  );
};

const answerOf = (turn: Turn, work: Work, key: string): Vow<Outcome> =>
  work.operation.steps.get(key)?.answer ?? broken(turn, new Cycle([key]));

/** A service that this request came through already would wait for itself. */
const refuseHops = (held: Held, work: Work, names: Iterable<string>, edges: Edges): void => {
  const { hops, member } = work.request;
  if (hops.length === 0) return;
  for (const name of names) {
    const hop = held.hops.get(name);
    if (hop === undefined || !hops.includes(hop)) continue;
    throw new Cycle([name, '…', ...(pathBetween(member, name, edges) ?? [member, name])]);
  }
};

/** The last accepted command for a service is its wish; that of a local service outlives the daemon. */
const accept = (
  held: Held,
  turn: Turn,
  { operation }: Work,
  name: string,
  action: Wish['action'],
): void => {
  held.wishes.set(name, { operation: operation.id, action });
  const isWanted = action === 'start';
  if (!held.own.has(name) || held.desired.get(name) === isWanted) return;
  held.desired.set(name, isWanted);
  turn.record({ kind: 'desired', service: name, isWanted } satisfies Entry);
};

const take = (held: Held, turn: Turn, task: Task): Vow<Outcome> => {
  const { work, after } = task;
  const before = after.flatMap((key) => work.operation.steps.get(key)?.answer ?? []);
  const ran =
    before.length === 0
      ? act(held, turn, task)
      : turn.when(turn.all(before), (turn, settled) => afterwards(held, turn, task, settled));
  return conclude(held, turn, task, ran, before.length === 0 ? 'acting' : 'waiting');
};

const afterwards = (
  held: Held,
  turn: Turn,
  task: Task,
  settled: readonly Settled<Outcome>[],
): Vow<Outcome> => {
  const failed =
    task.action === 'stop' ? undefined : settled.find((one) => !one.kept || !isGood(one.value));
  if (failed === undefined || !isCurrent(held, task)) return act(held, turn, task);
  const name = nameOf(task, settled.indexOf(failed));
  const row: Row = failed.kept
    ? { ...failed.value, member: name }
    : { member: name, result: 'failed', reason: failed.reason.message };
  return turn.kept<Outcome>({
    ...plain(task.name, 'failed', `Service ${task.name} depends on ${name}.`),
    rows: [bare(row), ...(failed.kept ? failed.value.rows : [])].slice(0, limits.causeCount),
  });
};
const nameOf = ({ work, after }: Task, at: number): string =>
  work.operation.steps.get(after[at] ?? '')?.name ?? '';
/** A row without the rows of an outcome. */
const bare = (row: Row): Row => {
  const { rows: _rows, ...rest } = { rows: [], ...row };
  return rest;
};

const act = (held: Held, turn: Turn, task: Task): Vow<Outcome> => {
  const { work, name, action } = task;
  actStep(work.operation, task.key);
  if (task.isPassive === true) return turn.kept(plain(name, 'ok'));
  if (!isCurrent(held, task)) return turn.kept(superseded(held, task));
  if (turn.call(held.registry, 'canonical', name) === undefined)
    return turn.kept(plain(name, 'failed', `service '${name}' could not be found`));
  const hop = held.hops.get(name);
  const { request, writer } = work;
  return turn.send(
    serviceOf(held, turn, name),
    'perform',
    {
      ...request,
      member: name,
      action,
      remainingMs: leftFor(held, work),
      hops: hop === undefined ? request.hops : [...request.hops, hop],
    },
    writer,
  );
};

/** A little less than what is left, so that the answers of those who are asked come before our own deadline. */
const leftFor = (held: Held, { deadlineAtMs }: Work): number => {
  const leftMs = deadlineAtMs - held.clock.now();
  return Math.max(1, leftMs - Math.min(limits.answerMarginMs, leftMs / 20));
};

const isCurrent = (held: Held, { work, name, action }: Task): boolean => {
  if (action !== 'start' && action !== 'stop' && action !== 'restart') return true;
  const wish = held.wishes.get(name);
  if (wish === undefined || wish.operation === work.operation.id) return true;
  return wish.action === (action === 'stop' ? 'stop' : 'start');
};
const superseded = (held: Held, { name, action }: Task): Outcome =>
  plain(
    name,
    'superseded',
    `Service ${name}: ${action} lost to a later ${held.wishes.get(name)?.action ?? 'command'}.`,
  );

/** Opens a step around what it does, and notes how that ended. */
const conclude = (
  held: Held,
  turn: Turn,
  task: Task,
  ran: Vow<Outcome>,
  phase: 'waiting' | 'acting' = 'acting',
): Vow<Outcome> => {
  const { work, key, name, action } = task;
  const answer = turn.when(
    ran,
    (turn, outcome) => {
      const full = task.touched === undefined ? outcome : withAlso(work, outcome, task.touched);
      settleStep(held, work.operation, key, full);
      if (task.isPassive !== true)
        for (const line of linesOf(action, full, task.isAsked))
          turn.call(work.writer, 'line', line);
      return full;
    },
    (turn, reason): Vow<Outcome> => {
      settleStep(held, work.operation, key, undefined);
      turn.call(work.writer, 'line', `Service ${name}: ${action}: ${reason.message}.`);
      return broken(turn, reason);
    },
  );
  openStep(held, work.operation, key, { name, action, answer, phase });
  return answer;
};

/** The outcome with the names of the other services that changed on the way. */
const withAlso = (work: Work, outcome: Outcome, keys: readonly string[]): Outcome => {
  const also: string[] = [];
  for (const key of keys) {
    const step = work.operation.steps.get(key);
    if (step?.name !== outcome.member && step?.outcome?.result === 'changed') also.push(step.name);
  }
  return also.length === 0 ? outcome : { ...outcome, also: also.slice(0, limits.alsoCount) };
};
