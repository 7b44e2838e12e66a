/**
 * How an operation goes through the graph: as a set of steps that is laid out in one turn, each
 * service once, every step with the steps that it waits for.
 *
 *     start S     a step for S and each requirement, direct or not; waits for its own requirements
 *     stop S      a step for S and each dependent, direct or not; waits for its own dependents
 *     restart S   stops S and those dependents that run, then starts these again
 *     other       one step for S
 *
 * A step whose requirement is not up is not taken: its service is left as it is. A step that waited
 * asks again whether its command is still the last one that was accepted for the service; if it is
 * not, it is `superseded`.
 */
import type { Turn, Vow } from '@bellwether/actors';
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
  type Step,
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
  /** Those of `after` that must have gone well. */
  readonly needed: readonly string[];
  /**
   * What the operation wants of the service in the end. A step that stands for no wish is always
   * taken.
   */
  readonly wish?: Wish;
  /** Only holds the order together: its service is left alone, and nothing is said. */
  readonly isPassive?: boolean;
  /** Stands for other steps, which have said all there is to say. */
  readonly isSilent?: boolean;
  /** Keys of the steps whose services the outcome names in `also`. */
  readonly touched?: readonly string[];
}
/** The key of the step of a walk for a name. */
type KeyOf = (name: string) => string;

/** Lays out what a request asks of its member; the answer is that of the member's step. */
export const runStep = (held: Held, turn: Turn, work: Work): Vow<Outcome> => {
  const { action, member } = work.request;
  const key = `${action}/${member}`;
  const before = work.operation.steps.get(key);
  if (before !== undefined) {
    // A repeat is answered from memory; a request that came back to where it set out would wait for itself.
    if (before.phase !== 'settled') refuseReturn(held, turn, work);
    return before.answer;
  }
  switch (action) {
    case 'start':
      return startOne(held, turn, work, member);
    case 'stop':
      return stopOne(held, turn, work, member);
    case 'restart':
      return restart(held, turn, work, member);
    default:
      refuseHops(held, work, [member], () => []);
      return take(held, turn, { work, key, name: member, action, after: [], needed: [] });
  }
};

const refuseReturn = (held: Held, turn: Turn, work: Work): void => {
  const { action, member } = work.request;
  const edges = action === 'stop' ? dependents(held, turn) : requirements(held, turn);
  refuseHops(held, work, inOrder([member], edges), edges);
};

/** What a name requires; nothing where it is not registered. */
export const requirements =
  (held: Held, turn: Turn): Edges =>
  (name) =>
    turn.call(held.registry, 'canonical', name) === undefined
      ? []
      : turn.call(held.registry, 'requirements', name);
const dependents =
  (held: Held, turn: Turn): Edges =>
  (name) =>
    turn.call(held.registry, 'dependents', name);
/** The names of a walk that have no step yet. */
const newNames = (work: Work, roots: readonly string[], edges: Edges, keyOf: KeyOf) =>
  inOrder(roots, edges, (name) => work.operation.steps.has(keyOf(name)));

const startOne = (held: Held, turn: Turn, work: Work, root: string): Vow<Outcome> => {
  const keyOf: KeyOf = (name) => `start/${name}`;
  const edges = requirements(held, turn);
  const order = newNames(work, [root], edges, keyOf);
  refuseHops(held, work, order, edges);
  for (const name of order) {
    const after = edges(name).map(keyOf);
    const task = { work, key: keyOf(name), name, action: 'start', after, needed: after };
    accept(held, turn, name, 'start');
    const touched = name === root ? { touched: order.map(keyOf) } : {};
    take(held, turn, { ...task, ...touched, wish: 'start' });
  }
  return answerOf(turn, work, keyOf(root));
};

const stopOne = (held: Held, turn: Turn, work: Work, root: string): Vow<Outcome> => {
  const keyOf: KeyOf = (name) => `stop/${name}`;
  const edges = dependents(held, turn);
  const order = newNames(work, [root], edges, keyOf);
  refuseHops(held, work, order, edges);
  for (const name of order) {
    const after = edges(name).map(keyOf);
    const task = { work, key: keyOf(name), name, action: 'stop', after, needed: [] };
    accept(held, turn, name, 'stop');
    const touched = name === root ? { touched: order.map(keyOf) } : {};
    take(held, turn, { ...task, ...touched, wish: 'stop' });
  }
  return answerOf(turn, work, keyOf(root));
};

/** How a stop that is only a part of something greater goes about it. */
export interface PartialStop {
  readonly keyOf: KeyOf;
  /** Services that are stopped; the others on the way only hold the order together. */
  readonly isTouched: (name: string) => boolean;
  readonly wish: Wish;
}
/** Stops the roots and their dependents in order, and leaves the wishes as they are. */
export const stopQuietly = (
  held: Held,
  turn: Turn,
  work: Work,
  roots: readonly string[],
  { keyOf, isTouched, wish }: PartialStop,
): void => {
  const edges = dependents(held, turn);
  for (const name of newNames(work, roots, edges, keyOf)) {
    const task = { work, key: keyOf(name), name, action: 'stop', needed: [], wish };
    take(held, turn, { ...task, after: edges(name).map(keyOf), isPassive: !isTouched(name) });
  }
};

/**
 * All steps are laid out at once, so that a later command meets the wish of this one. A service
 * that is elsewhere restarts itself: its own shepherd knows what hangs on it there.
 */
const restart = (held: Held, turn: Turn, work: Work, root: string): Vow<Outcome> => {
  const own = held.own.get(root);
  if (own !== undefined && !turn.call(own.service, 'status').isEnabled)
    return refuse(held, turn, work, root, `Service ${root} is currently disabled.`);
  const edges = dependents(held, turn);
  const others = inOrder([root], edges)
    .filter((name) => name !== root && isUp(held, turn, name))
    .reverse();
  const again = new Set([root, ...others]);
  refuseHops(held, work, again, edges);
  if (own !== undefined && !isUp(held, turn, root))
    turn.call(work.writer, 'line', `Service ${root} is not running.`);
  const stopKey: KeyOf = (name) => `restart/${root}/stop/${name}`;
  stopQuietly(held, turn, work, [root], {
    keyOf: stopKey,
    isTouched: (name) => again.has(name) && (name !== root || own !== undefined),
    wish: 'start',
  });
  const startKey: KeyOf = (name) =>
    again.has(name) ? `restart/${root}/start/${name}` : `start/${name}`;
  startAgain(held, turn, work, { root, again, startKey, stopKey });
  const keys = [...again].map(startKey);
  const back = turn.all(keys.map((key) => answerOf(turn, work, key)));
  const ran = turn.when(back, (turn) => answerOf(turn, work, startKey(root)));
  const task = { work, key: `restart/${root}`, name: root, action: 'restart' };
  const rest = { after: [], needed: [], isSilent: true, touched: keys };
  return conclude(held, turn, { ...task, ...rest }, ran, 'acting');
};

const startAgain = (
  held: Held,
  turn: Turn,
  work: Work,
  plan: {
    readonly root: string;
    readonly again: ReadonlySet<string>;
    readonly startKey: KeyOf;
    readonly stopKey: KeyOf;
  },
): void => {
  const { root, again, startKey, stopKey } = plan;
  const edges = requirements(held, turn);
  for (const name of newNames(work, [...again], edges, startKey)) {
    const needed = edges(name).map(startKey);
    const after = again.has(name) ? [...needed, stopKey(root)] : needed;
    const action = name === root && !held.own.has(name) ? 'restart' : 'start';
    accept(held, turn, name, 'start');
    take(held, turn, { work, key: startKey(name), name, action, after, needed, wish: 'start' });
  }
};

const isUp = (held: Held, turn: Turn, name: string): boolean => {
  const { stage } = turn.call(serviceOf(held, turn, name), 'status');
  return stage === 'running' || stage === 'starting';
};

/** A step that fails before anything was touched. */
const refuse = (held: Held, turn: Turn, work: Work, name: string, reason: string): Vow<Outcome> => {
  const { action } = work.request;
  const task = { work, key: `${action}/${name}`, name, action, after: [], needed: [] };
  return conclude(held, turn, task, turn.kept(plain(name, 'failed', reason)), 'acting');
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

/**
 * The last accepted command for a service is its wish; that of a local service outlives the daemon.
 */
const accept = (held: Held, turn: Turn, name: string, wish: Wish): void => {
  held.wishes.set(name, wish);
  const isWanted = wish === 'start';
  if (!held.own.has(name) || held.desired.get(name) === isWanted) return;
  held.desired.set(name, isWanted);
  turn.record({ kind: 'desired', service: name, isWanted } satisfies Entry);
};

const take = (held: Held, turn: Turn, task: Task): Vow<Outcome> => {
  const { steps } = task.work.operation;
  const before = task.after.flatMap((key) => steps.get(key)?.answer ?? []);
  if (before.length === 0) return conclude(held, turn, task, act(held, turn, task), 'acting');
  const ran = turn.when(turn.all(before), (turn) => afterwards(held, turn, task));
  return conclude(held, turn, task, ran, 'waiting');
};

/** All steps that come first are settled. */
const afterwards = (held: Held, turn: Turn, task: Task): Vow<Outcome> => {
  const { steps } = task.work.operation;
  const failed = task.needed
    .map((key) => steps.get(key))
    .find((step) => step?.outcome === undefined || !isGood(step.outcome));
  if (failed === undefined || !isCurrent(held, task)) return act(held, turn, task);
  const { name, outcome } = failed;
  const cause: Row = outcome === undefined ? plain(name, 'failed', 'it was refused') : outcome;
  return turn.kept<Outcome>({
    ...plain(task.name, 'failed', `Service ${task.name} depends on ${name}.`),
    rows: [bare(cause), ...(outcome?.rows ?? [])].slice(0, limits.causeCount),
  });
};
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
      // The arguments are meant for the member alone, not for what is pulled in along with it.
      args: name === request.member ? request.args : [],
      remainingMs: leftFor(held, work),
      hops: hop === undefined ? request.hops : [...request.hops, hop],
    },
    writer,
  );
};

/**
 * A little less than what is left, so that the answers of those who are asked come before our own
 * deadline.
 */
const leftFor = (held: Held, { deadlineAtMs }: Work): number => {
  const leftMs = deadlineAtMs - held.clock.now();
  return Math.max(1, Math.floor(leftMs - Math.min(limits.answerMarginMs, leftMs / 20)));
};

/** Whether what the operation wants of the service is still what was wanted last, by whomever. */
const isCurrent = (held: Held, { name, wish }: Task): boolean =>
  wish === undefined || (held.wishes.get(name) ?? wish) === wish;
const superseded = (held: Held, { name, action }: Task): Outcome => {
  const last = held.wishes.get(name) ?? 'command';
  return plain(name, 'superseded', `Service ${name}: ${action} lost to a later ${last}.`);
};

/** Opens a step around what it does, and notes how that ended. */
const conclude = (
  held: Held,
  turn: Turn,
  task: Task,
  ran: Vow<Outcome>,
  phase: Step['phase'],
): Vow<Outcome> => {
  const { work, key, name, action } = task;
  const isQuiet = task.isPassive === true || task.isSilent === true;
  const answer = turn.when(
    ran,
    (turn, outcome) => {
      const full = task.touched === undefined ? outcome : withAlso(work, outcome, task.touched);
      settleStep(held, work.operation, key, full);
      if (!isQuiet)
        for (const line of linesOf(action, full, name === work.request.member))
          turn.call(work.writer, 'line', line);
      return full;
    },
    (turn, reason): Vow<Outcome> => {
      settleStep(held, work.operation, key, undefined);
      if (!isQuiet)
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
