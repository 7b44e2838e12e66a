/**
 * The planner: what a command means, as a list of steps. A pure function of a request and the graph,
 * so that a plan can be shown without being carried out, written down, and taken up again.
 *
 *     start S     S and each requirement, direct or not; each after its own requirements, which it needs. Where a
 *                 process is enough of one, a step that begins its start is needed in place of that
 *     stop S      S and each dependent, direct or not; each after its own dependents
 *     restart S   S and those dependents that run are stopped as above, then started again
 *     other       S alone
 *
 * An aggregate, or what a selector has picked out, is laid out with its members, whatever the action: a step for each
 * of them as if it had been asked for itself, and one that sums up their rows. Where a stop or a restart has to wait
 * for the aggregate's dependents, its members wait for a step that holds the order.
 *
 * Every step is there once and after all that it waits for; a plan is linear in the names and edges
 * that it touches, and no recursion bounds the length of a chain.
 */
import { inOrder, once, unique, type Edges } from '../../graph.ts';
import { isSelection } from '../../words/selectors.ts';
import { beginAction, type Step, type StepBase, type Wish } from '../../words/steps.ts';
import type { Request, Topic } from '../../words/types.ts';

export type { Gate, Step, StepBase, Wish } from '../../words/steps.ts';

/** What a planner may ask about services. Names that are not registered lead nowhere. */
export interface Graph {
  readonly requirements: Edges;
  readonly dependents: Edges;
  /** How a requirement of a service binds it: what of it a start has to wait for. */
  readonly waitsFor: (name: string, requirement: string) => 'all' | 'process' | 'nothing';
  /** The members of an aggregate; undefined for every other service. */
  readonly members: (name: string) => readonly string[] | undefined;
  /** Whether the service is at home here; others start again by themselves what hangs on them. */
  readonly isOwn: (name: string) => boolean;
  readonly isEnabled: (name: string) => boolean;
  /** Why it is not, in words for a row. */
  readonly whyDisabled: (name: string) => string;
  /** Whether it runs, or is about to. */
  readonly isUp: (name: string) => boolean;
  /** Whether it runs and is ready, as far as is known; undefined: nobody can tell. */
  readonly isServing: (name: string) => boolean | undefined;
}
/** What of a request its plan depends on. */
export type Wanted = Pick<Request, 'action' | 'withMembers' | 'minReady'> & {
  /** One name for what comes from outside; a boot starts many. */
  readonly names: readonly string[];
};

/**
 * The graph as a request sees it: of an aggregate that it is for, the members that it may reach, and an aggregate for
 * what it has picked out.
 */
export const narrowed = (
  graph: Graph,
  { member, onlyMembers }: Pick<Request, 'member' | 'onlyMembers'>,
): Graph => {
  if (onlyMembers === undefined) return graph;
  const only = new Set(onlyMembers);
  const reached = isSelection(member)
    ? [...only]
    : graph.members(member)?.filter((each) => only.has(each));
  return { ...graph, members: (name) => (name === member ? reached : graph.members(name)) };
};

/** The key of the step that stands for an action on a service: its outcome answers the request. */
export const keyOf = (action: string, name: string): string => `${action}/${name}`;
/** The same for many, each key made once: steps know one another by them. */
const keysOf = (action: string): ((name: string) => string) => once((name) => keyOf(action, name));

/** The steps of a request. @throws Cycle, with its path */
export const plan = ({ member, ...rest }: Request, graph: Graph): readonly Step[] =>
  planAll({ ...rest, names: [member] }, graph);

/** The steps of one command to many services. @throws Cycle, with its path */
export const planAll = (wanted: Wanted, graph: Graph): readonly Step[] => {
  const draft = draftOf(wanted, graph);
  switch (wanted.action) {
    case 'start':
      return starts(draft);
    case 'stop':
      return stops(draft);
    case 'restart':
      return wanted.names.flatMap((name) =>
        restarts(draftOf({ ...wanted, names: [name] }, graph), name),
      );
    default:
      return simple(draft);
  }
};

/**
 * Stops what is at home here and leaves alone all else: the end of a daemon. The last step, `end` of
 * `root`, is over when all are.
 */
export const planEnd = (names: readonly string[], graph: Graph): readonly Step[] => {
  const draft = draftOf({ action: 'stop', names }, graph);
  const steps = downward(draft, names, {
    keyFor: (name) => keyOf('stop', name),
    isTouched: graph.isOwn,
    wish: 'stop',
  });
  return rooted(steps, 'end');
};

/**
 * Stops services of this machine for good. Those that require them and run are stopped before, and wished
 * to be started again. The last step, `stop` of `root`, is over when all are.
 */
export const planRemoval = (names: readonly string[], graph: Graph): readonly Step[] => {
  const draft = draftOf({ action: 'stop', names }, graph);
  const isTouched = (name: string): boolean =>
    draft.asked.has(name) || (graph.isOwn(name) && graph.isUp(name));
  const keyFor = (name: string): string => keyOf('stop', name);
  const steps = downward(draft, names, { keyFor, isTouched, wish: 'start' }).map((step): Step => {
    if (!draft.asked.has(step.name)) return step;
    // Whatever was commanded since: it goes.
    const { wish: _wish, ...rest } = step;
    return rest;
  });
  return rooted(steps, 'stop');
};

/** Steps, and after them one of `root` that is over when they are. */
export const rooted = (steps: readonly Step[], action: string): readonly Step[] => {
  const after = steps.map(({ key }) => key);
  const common = { name: 'root', action, needed: [], isAsked: false, isMember: false };
  return [...steps, { ...common, key: keyOf(action, 'root'), after, kind: 'order' }];
};

/** A plan in the making. */
export interface Draft extends Wanted {
  readonly graph: Graph;
  /** Names that were asked for: the roots, and the members of aggregates among them. */
  readonly targets: readonly string[];
  readonly asked: ReadonlySet<string>;
  /** Members as this request is to reach them: none where they are left alone. */
  readonly membersOf: Edges;
  readonly isAggregate: (name: string) => boolean;
}
/** The beginning of a plan. */
export const draftOf = (wanted: Wanted, graph: Graph): Draft => {
  const membersOf: Edges = (name) =>
    wanted.withMembers === false ? [] : unique(graph.members(name) ?? []);
  const isAggregate = (name: string): boolean => graph.members(name) !== undefined;
  const targets = inOrder(wanted.names, membersOf);
  return { ...wanted, graph, targets, asked: new Set(targets), membersOf, isAggregate };
};

const base = (
  { asked }: Draft,
  key: string,
  name: string,
  action: string,
  after: readonly string[],
  needed: readonly string[] = [],
): StepBase => ({
  key,
  name,
  action,
  after: needed.length === 0 ? unique(after) : unique([...needed, ...after]),
  needed,
  isAsked: asked.has(name),
  isMember: false,
});

/** The step of an aggregate over the steps of its members. */
export const sumOf = (
  draft: Draft,
  name: string,
  action: string,
  keyFor: (name: string) => string,
  after: readonly string[] = [],
): Step => {
  const reason = 'nothing to do: a fleet runs by its members alone, and they are left as they are';
  const left = { kind: 'known', result: 'ok', reason } as const;
  if (draft.withMembers === false)
    return { ...left, ...base(draft, keyFor(name), name, action, after) };
  const parts = (draft.graph.members(name) ?? []).map(keyFor);
  const common = base(draft, keyFor(name), name, action, [...after, ...parts]);
  const isRoot = draft.names.includes(name) && draft.minReady !== undefined;
  const policy = isRoot ? { minReady: draft.minReady } : {};
  return { kind: 'sum', parts, ...common, ...policy };
};

/** Of what was picked out nobody keeps what was wished: each of them has that himself. */
export const wished = (step: Step, wish: Wish): Step =>
  isSelection(step.name) ? step : { ...step, wish };

const starts = (draft: Draft): readonly Step[] => {
  const keyFor = keysOf('start');
  const steps = upward(draft, draft.names, {
    keyFor,
    stepFor: (name, needed) => ({
      kind: 'ask',
      wish: 'start',
      ...base(draft, keyFor(name), name, 'start', [], needed),
    }),
  });
  return finished(draft, steps, 'start');
};

interface Up {
  readonly keyFor: (name: string) => string;
  /** The step of what is no aggregate. */
  readonly stepFor: (name: string, needed: readonly string[]) => Step;
}
/** The roots and what they need, requirements first. */
const upward = (
  draft: Draft,
  roots: readonly string[],
  { keyFor, stepFor }: Up,
): readonly Step[] => {
  const { graph, membersOf, isAggregate } = draft;
  const needsOf: Edges = (name) =>
    graph.requirements(name).filter((each) => graph.waitsFor(name, each) !== 'nothing');
  const edges: Edges = once((name) => (isAggregate(name) ? membersOf(name) : needsOf(name)));
  const order = inOrder(roots, edges);
  const begun = new Set<string>();
  const asked = new Set<string>();
  const neededBy = (name: string): readonly string[] =>
    edges(name).map((each) => {
      // What may not start has no beginning.
      if (graph.waitsFor(name, each) !== 'process' || !asked.has(each)) return keyFor(each);
      begun.add(each);
      return beginKeyOf(keyFor(each));
    });
  const steps = order.map((name): Step => {
    const step = isAggregate(name)
      ? sumOf(draft, name, 'start', keyFor)
      : stepFor(name, neededBy(name));
    if (step.kind === 'ask') asked.add(name);
    return step.kind === 'sum' ? wished(step, 'start') : step;
  });
  return begun.size === 0 ? steps : steps.flatMap((step) => withBeginning(step, begun));
};
const beginKeyOf = (key: string): string => `${key}/begin`;
/** The start of what others need a process of, in two: what it waits for, its beginning does. */
const withBeginning = (step: Step, begun: ReadonlySet<string>): readonly Step[] => {
  if (!begun.has(step.name) || step.kind !== 'ask') return [step];
  const { note: _note, ...begin } = step;
  const key = beginKeyOf(step.key);
  return [
    { ...begin, key, action: beginAction, isAsked: false, isMember: false },
    { ...step, after: [key], needed: [] },
  ];
};

const stops = (draft: Draft): readonly Step[] => {
  const stopKey = keysOf('stop');
  const keyFor = (name: string): string =>
    draft.isAggregate(name) ? `gate/${stopKey(name)}` : stopKey(name);
  const steps = downward(draft, draft.targets, { keyFor, isTouched: () => true, wish: 'stop' });
  const laid = new Set(steps.map(({ key }) => key));
  const sums = draft.targets.filter(draft.isAggregate).map((name): Step => {
    const gate = laid.has(keyFor(name)) ? [keyFor(name)] : [];
    const sum = sumOf(draft, name, 'stop', stopKey, gate);
    return sum.kind === 'known' ? sum : wished(sum, 'stop');
  });
  return finished(draft, [...steps, ...sums], 'stop');
};

/** Aggregates before their members; `targets` have them the other way round. */
const outerFirst = ({ isAggregate }: Draft, names: readonly string[]): readonly string[] => [
  ...names.filter(isAggregate).toReversed(),
  ...names.filter((name) => !isAggregate(name)),
];

interface Down {
  readonly keyFor: (name: string) => string;
  /** Services that are stopped; the others on the way only hold the order together. */
  readonly isTouched: (name: string) => boolean;
  readonly wish: Wish;
  readonly noteFor?: (name: string) => Topic | undefined;
}
/**
 * The roots and what depends on them, dependents first, and those of an aggregate before its members.
 * An aggregate with nothing to wait for has no step here.
 */
const downward = (
  draft: Draft,
  roots: readonly string[],
  { keyFor, isTouched, wish, noteFor }: Down,
): readonly Step[] => {
  const { graph, membersOf, isAggregate } = draft;
  const order = inOrder(outerFirst(draft, roots), graph.dependents);
  const gates = new Map<string, string[]>();
  const steps: Step[] = [];
  for (const name of order) {
    const after = graph
      .dependents(name)
      .map(keyFor)
      .concat(gates.get(name) ?? []);
    const common = base(draft, keyFor(name), name, 'stop', after);
    if (!isAggregate(name)) {
      const note = noteFor?.(name);
      if (!isTouched(name)) steps.push({ kind: 'order', ...common });
      else steps.push({ kind: 'ask', wish, ...common, ...(note !== undefined && { note }) });
      continue;
    }
    if (after.length === 0) continue;
    steps.push({ kind: 'order', ...common });
    for (const member of membersOf(name))
      gates.set(member, [...(gates.get(member) ?? []), common.key]);
  }
  return steps;
};

/**
 * All steps are laid out at once, so that a later command meets the wish of this one. A service that
 * is elsewhere restarts itself: its own shepherd knows what hangs on it there.
 */
const restarts = (draft: Draft, root: string): readonly Step[] => {
  const key = keyOf('restart', root);
  if (isBarred(draft, root)) return [barredStep(draft, key, root)];
  const { steps, others, keys, startKey } = restartSteps(draft, key);
  const { byMember, rest } = restoredBy(draft, root, others);
  const last: Step = {
    ...base(draft, key, root, 'restart', keys),
    kind: 'same',
    part: startKey(root),
    touched: rest.map(startKey),
    ...(byMember.length > 0 && {
      touchedBy: Object.fromEntries(byMember.map(([name, names]) => [name, names.map(startKey)])),
    }),
  };
  return [...membersMarked(steps), last];
};
/** What may not be started is not stopped for a restart, either. */
const isBarred = ({ asked, graph }: Draft, name: string): boolean =>
  asked.has(name) && graph.isOwn(name) && !graph.isEnabled(name);

/** Restarts services together, each of which answers for itself by the step of this name. */
export const restartsTogether = (draft: Draft): readonly Step[] => {
  const { names, graph } = draft;
  const [first = ''] = names;
  if (names.length === 1 && !graph.isOwn(first) && graph.dependents(first).length === 0)
    return restartElsewhere(draft, first);
  const key = keyOf('restart', first);
  const { steps, others, keys, startKey } = restartSteps(draft, key);
  let touched = others.map(startKey);
  const answers = names.map((name): Step => {
    const answer = keyOf('restart', name);
    if (isBarred(draft, name)) return barredStep(draft, answer, name);
    const common = base(draft, answer, name, 'restart', keys);
    const step: Step = { kind: 'same', part: startKey(name), touched, ...common };
    touched = [];
    return step;
  });
  return [...steps, ...answers];
};

/** Nothing hangs on it here: one step is all. */
const restartElsewhere = (draft: Draft, name: string): readonly Step[] => {
  const actionFor = (each: string): string => (each === name ? 'restart' : 'start');
  const keyFor = (each: string): string => keyOf(actionFor(each), each);
  const stepFor = (each: string, needed: readonly string[]): Step => ({
    kind: 'ask',
    wish: 'start',
    ...base(draft, keyFor(each), each, actionFor(each), [], needed),
  });
  return upward(draft, [name], { keyFor, stepFor });
};

interface Restart {
  readonly steps: readonly Step[];
  /** What was not asked for, and is stopped and started again along with it. */
  readonly others: readonly string[];
  /** Of the last steps of all that starts again. */
  readonly keys: readonly string[];
  readonly startKey: (name: string) => string;
}
/** `key` begins the keys of all steps that no other command shares. */
const restartSteps = (draft: Draft, key: string): Restart => {
  const { graph, targets, asked, isAggregate } = draft;
  const isBarredHere = (name: string): boolean => isBarred(draft, name);
  const live = targets.filter((name) => !isBarredHere(name));
  const others = inOrder(live, graph.dependents)
    .filter((name) => !asked.has(name) && graph.isUp(name))
    .toReversed();
  const again = new Set([...live, ...others]);
  const stopKey = (name: string): string => `${key}/stop/${name}`;
  const down = downward(draft, live, {
    keyFor: stopKey,
    isTouched: (name) => again.has(name) && (!asked.has(name) || graph.isOwn(name)),
    wish: 'start',
    noteFor: (name) => (asked.has(name) && !graph.isUp(name) ? 'not-running' : undefined),
  });
  const stopped = new Set(down.map((step) => step.key));
  const startKey = (name: string): string =>
    again.has(name) || isBarredHere(name) ? `${key}/start/${name}` : keyOf('start', name);
  // What may not start pulls in nothing.
  const requirements: Edges = (name) => (isBarredHere(name) ? [] : graph.requirements(name));
  const up = upward({ ...draft, graph: { ...graph, requirements } }, [...again], {
    keyFor: startKey,
    stepFor: (name, needed) => {
      if (isBarredHere(name)) return barredStep(draft, startKey(name), name);
      const action = asked.has(name) && !graph.isOwn(name) ? 'restart' : 'start';
      const after = stopped.has(stopKey(name)) ? [stopKey(name)] : [];
      const common = base(draft, startKey(name), name, action, after, needed);
      return { kind: 'ask', wish: 'start', ...common };
    },
  }).map((step) =>
    asked.has(step.name) && isAggregate(step.name) ? { ...step, action: 'restart' } : step,
  );
  return { steps: [...down, ...up], others, keys: [...again].map(startKey), startKey };
};

/** Who came along with which member, each with one: the row of a member is there before they are. */
const restoredBy = ({ graph, membersOf }: Draft, root: string, others: readonly string[]) => {
  const owners = new Map<string, string>();
  // What has an owner is not looked at again, and neither is what hangs on it.
  const edges: Edges = (name) =>
    [...membersOf(name), ...graph.dependents(name)].filter((each) => !owners.has(each));
  for (const member of membersOf(root))
    if (!owners.has(member)) for (const name of inOrder([member], edges)) owners.set(name, member);
  const byMember = new Map<string, string[]>();
  const rest: string[] = [];
  for (const name of others) {
    const owner = owners.get(name);
    if (owner === undefined) rest.push(name);
    else if (byMember.get(owner)?.push(name) === undefined) byMember.set(owner, [name]);
  }
  return { byMember: [...byMember], rest };
};

const barredStep = (draft: Draft, key: string, name: string): Step => ({
  ...base(draft, key, name, 'restart', []),
  kind: 'known',
  result: 'failed',
  reason: draft.graph.whyDisabled(name),
  isDisabled: true,
});

/** An action of which the graph knows nothing: enable, disable, and what a configuration adds. */
export const simple = (draft: Draft): readonly Step[] => {
  const { action, targets, isAggregate } = draft;
  const keyFor = keysOf(action);
  const steps = targets.map((name): Step => {
    if (isAggregate(name)) return sumOf(draft, name, action, keyFor);
    return { kind: 'ask', ...base(draft, keyFor(name), name, action, []) };
  });
  return membersMarked(steps);
};

/**
 * The plan with what its steps name in `also`: what came along is told with whoever was asked for and
 * rests on it, each thing once; what came along with nobody but an aggregate, with the roots.
 */
const finished = (draft: Draft, steps: readonly Step[], action: string): readonly Step[] => {
  const marked = membersMarked(steps);
  if (!marked.some(isPulledIn)) return marked;
  const owners = ownersIn(marked);
  const touched = new Map<string, string[]>();
  const ownerless: string[] = [];
  for (const step of marked) {
    if (!isPulledIn(step)) continue;
    const owner = owners.get(step.key);
    const before = owner === undefined ? ownerless : touched.get(owner);
    if (before !== undefined) before.push(step.key);
    else if (owner !== undefined) touched.set(owner, [step.key]);
  }
  const roots = new Set(draft.names.map((name) => keyOf(action, name)));
  return marked.map((step): Step => {
    const own = touched.get(step.key) ?? (step.kind === 'sum' ? ownerless : []);
    return own.length > 0 && (roots.has(step.key) || step.kind === 'ask')
      ? { ...step, touched: own }
      : step;
  });
};
const isPulledIn = ({ isAsked, isMember, kind }: Step): boolean =>
  !isAsked && !isMember && kind !== 'order';
/** By the key of a step that was pulled in: that of one that was asked for and rests on it. */
const ownersIn = (steps: readonly Step[]): ReadonlyMap<string, string> => {
  const owners = new Map<string, string>();
  for (const step of steps.toReversed()) {
    const owner = step.isAsked && step.kind === 'ask' ? step.key : owners.get(step.key);
    // What waits for a gate hangs on the aggregate as a whole.
    if (owner === undefined || step.kind === 'order') continue;
    for (const before of step.after) if (!owners.has(before)) owners.set(before, owner);
  }
  return owners;
};

/** Members of the aggregates in a plan tell their rows; steps that hold an order have none. */
export const membersMarked = (steps: readonly Step[]): readonly Step[] => {
  const parts = new Set<string>();
  for (const step of steps) if (step.kind === 'sum') for (const part of step.parts) parts.add(part);
  return steps.map((step) => (parts.has(step.key) ? { ...step, isMember: true } : step));
};
