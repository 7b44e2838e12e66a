/**
 * The `^shepherd`: the coordinator of one machine. It holds all services and knows the graph; what
 * a service does with an action is the service's affair. Nobody on another machine is ever handed
 * one: they get a facet of one service.
 */
import { type Bcom, type Behavior, type Ref, type Turn, type Vow } from '@bellwether/actors';
import { rootNames } from '../action-table.ts';
import { hasFailed, isLost, isUp } from './attend.ts';
import { restore, shutDown } from './boot.ts';
import { connect } from './connections.ts';
import { callOff, join, remembered, retry, type Return } from '../operation/again.ts';
import { command, isKnown, planOf } from '../operation/commands.ts';
import { UnknownAction } from '../errors.ts';
import { makeServiceFacet } from '../facet/facet.ts';
import { groundsOf } from '../operation/told/grounds.ts';
import { foreseen } from '../operation/plan/foresight.ts';
import { openAskersIn, openIn } from '../operation/kept/memory.ts';
import { cancel } from '../operation/operation.ts';
import { onceRecalled, recall } from '../operation/kept/recall.ts';
import { listed, reported } from '../operation/told/reports.ts';
import { wallMs } from '../operation/kept/durable.ts';
import { acceptAll } from '../operation/wishes.ts';
import { endsOwn, hasAgent, offerTo, putTo } from './transfers.ts';
import { follow, followHistory } from './follow.ts';
import { limits } from '../limits.ts';
import { askLog } from './log-question.ts';
import { planEnd } from '../operation/plan/plan.ts';
import { define, register, registerAggregate } from './registering.ts';
import {
  checkedHops,
  checkedOperations,
  checkedProbe,
  checkedRequest,
  checkHeartbeat,
  checkRemaining,
} from '../checks/requests.ts';
import {
  allOwn,
  canonicalOf,
  holdShepherd,
  providerOf,
  type ShepherdHeld,
  type ShepherdOptions,
} from './shepherd-state.ts';
import { checkObserver, checkSink } from '../checks/sinks.ts';
import { isSelection } from '../words/selectors.ts';
import { readSlotWords } from '../words/slot-words.ts';
import { select } from './select.ts';
import { hasEnded, haveParent, spawn, spawnedBy, transientEnded } from './transients.ts';
import { isOwn } from '../words/principal.ts';
import { checkNames, swapServices } from './swap.ts';
import { through } from '../operation/trail.ts';
import { giveBack, noRoomFor, takeShare } from '../checks/shares.ts';
import type {
  Asker,
  Change,
  Outcome,
  PlannedStep,
  OperationDesk,
  Prompting,
  Returner,
  Request,
  Shepherd,
  Sink,
  Status,
  Watching,
} from '../words/types.ts';
import { makeWriter } from '../streams/writer.ts';

/**
 * Makes a shepherd without services. To be used: `define` and `register`, then `restore`, then
 * serve.
 */
export const makeShepherd = (
  turn: Turn<Shepherd>,
  _bcom: Bcom<Shepherd>,
  options: ShepherdOptions,
): Behavior<Shepherd> => {
  const held = holdShepherd(turn, turn.self, options);
  return {
    ...agentMethods(held),
    ...operationMethods(held),
    ...transientMethods(held),
    define: (turn, config, agent) => define(held, turn, config, agent),
    serviceIsUp: (turn, name) => isUp(held, turn, name),
    serviceIsLost: (turn, name, comesBack) => isLost(held, turn, name, comesBack),
    serviceIsOver: (_turn, name) => void held.desired.set(name, false),
    serviceFailed: (turn, name, failure) => hasFailed(held, turn, name, failure),
    register: (turn, service) => register(held, turn, service),
    registerAggregate: (turn, aggregate) => registerAggregate(held, turn, aggregate),
    perform: (turn, request, sink, asker, prompting) =>
      perform(held, turn, request, sink, asker, prompting),
    foresee: (turn, request) => foresee(held, turn, request),
    select: (turn, wanted, within) => select(held, turn, wanted, within),
    status: (turn, name) => turn.call(providerOf(held, turn, name), 'status'),
    grounds: (turn, name) => groundsOf(held, turn, canonicalOf(held, turn, name)),
    names: (turn) => turn.call(held.registry, 'names').filter((name) => !hasEnded(held, name)),
    glance: (turn, name, timeoutMs, hops, asker) => {
      const provider = providerOf(held, turn, name);
      return held.own(turn.call(provider, 'canonicalName')) === undefined
        ? probe(held, turn, { name, timeoutMs, hops, asker })
        : turn.kept(turn.call(provider, 'status'));
    },
    probe: (turn, name, timeoutMs, hops, asker) =>
      probe(held, turn, { name, timeoutMs, hops, asker }),
    watch: (turn, names, observer, heartbeatMs, asker) =>
      watch(held, turn, { ...asker, names, observer, heartbeatMs }),
    board: () => held.board,
    facet: (turn, name, principal, bounds) =>
      turn.spawn(makeServiceFacet, {
        shepherd: turn.self,
        name: canonicalOf(held, turn, name),
        principal,
        ...bounds,
      }),
    log: (turn, name, query, asker) => askLog(held, turn, { name, query, asker }),
    follow: (turn, name, query, follower, asker) =>
      follow(held, turn, { name, query, follower, asker }),
    history: (turn) => history(held, turn),
    followHistory: (turn, query, follower) =>
      followHistory(held, turn, query, follower, history(held, turn)),
    isRegistered: (turn, name) => held.canonical(turn, name) !== undefined,
    swap: (turn, swap, sink) => {
      checkSink(sink);
      return swapServices(held, turn, swap, sink);
    },
    checkNames: (_turn, names) => checkNames(held, names),
    restore: (turn) => restore(held, turn),
    shutDown: (turn, sink) => {
      checkSink(sink);
      return shutDown(held, turn, sink);
    },
  };
};

/** What was asked for before. */
const operationMethods = (
  held: ShepherdHeld,
): Pick<Behavior<Shepherd>, 'cancel' | keyof OperationDesk> => ({
  cancel: (turn, operation, who, goesOn = false) => callOff(held, turn, operation, who, goesOn),
  openAskers: () => openAskersIn(held.memory),
  callOff: (turn, principal, why) => {
    for (const operation of openIn(held.memory, principal))
      // What somebody else has had tried again is his doing.
      if (operation.account.get().by === principal) cancel(held, turn, operation, true, why);
  },
  operations: (_turn, query, who) => listed(held, checkedOperations(query), who),
  operation: (turn, operation, who) => reported(held, turn, operation, who),
  remembered: (turn, operation, principal) => remembered(held, turn, principal, operation),
  recall: (turn, operation, principal) => recall(held, turn, principal, operation),
  isKnown: (turn, request, principal) => isKnown(held, turn, principal, request),
  retry: (turn, operation, sink, who, remainingMs) => {
    if (remainingMs !== undefined) checkRemaining(remainingMs);
    return retry(held, turn, returnTo(held, turn, operation, sink, who), remainingMs);
  },
  join: (turn, operation, sink, who, remainingMs) => {
    if (remainingMs !== undefined) checkRemaining(remainingMs);
    return join(held, turn, returnTo(held, turn, operation, sink, who), remainingMs);
  },
});

const transientMethods = (
  held: ShepherdHeld,
): Pick<Behavior<Shepherd>, 'spawn' | 'spawnedBy' | 'transientEnded' | 'connect'> => ({
  connect: (turn, connecting) => connect(held, turn, connecting),
  spawn: (turn, spec, atMs, operation) => spawn(held, turn, spec, atMs, operation),
  spawnedBy: (_turn, operation) => spawnedBy(held, operation),
  transientEnded: (turn, name) => transientEnded(held, turn, name),
});

/** What agents want of the shepherd, and what others want of them. */
const agentMethods = (
  held: ShepherdHeld,
): Pick<Behavior<Shepherd>, 'wish' | 'hasAgent' | 'endsOwn' | 'awaits' | 'offer' | 'put'> => ({
  wish: (turn, name, wish, by) => {
    const last = { wish, by: { ...by, atMs: wallMs(held.clock) } };
    acceptAll(held, turn, [canonicalOf(held, turn, name)], last);
  },
  hasAgent: (turn, name) => hasAgent(held, turn, name),
  endsOwn: (turn, name, action, principal) => endsOwn(held, turn, name, action, principal),
  awaits: (_turn, release) =>
    openIn(held.memory).some(({ requests }) =>
      [...requests.values()].some(({ args }) => readSlotWords(args).release === release),
    ),
  offer: (turn, name, offer, asker) => offerTo(held, turn, name, offer, asker),
  put: (turn, name, sha256, offset, bytes, asker) =>
    putTo(held, turn, name, { sha256, offset, bytes }, asker),
});

const perform = (
  held: ShepherdHeld,
  turn: Turn<Shepherd>,
  request: Request,
  sink: Ref<Sink>,
  { principal, sinceMs }: Asker,
  prompting: Prompting | undefined,
): Vow<Outcome> => {
  const checked = checkedRequest(request);
  checkSink(sink);
  if (isOwn(principal)) haveParent(held, turn, checked.member, checked.action);
  const member = memberOf(held, turn, checked);
  const more = {
    ...(sinceMs !== undefined && { sinceMs }),
    ...(prompting !== undefined && { prompting }),
  };
  const writer = turn.spawn(makeWriter, { node: held.name, log: held.log, sink });
  return onceRecalled(held, turn, principal, checked.operation, (turn) =>
    command(held, turn, { principal, by: principal }, { ...checked, member, ...more }, writer),
  );
};

/** What has been picked out has the name that it was given. @throws UnknownService */
const memberOf = (held: ShepherdHeld, turn: Turn, { member }: Pick<Request, 'member'>): string =>
  isSelection(member) ? member : canonicalOf(held, turn, member);

const returnTo = (
  held: ShepherdHeld,
  turn: Turn,
  id: string,
  sink: Ref<Sink>,
  who: Returner,
): Return => {
  checkSink(sink);
  return { id, who, writer: turn.spawn(makeWriter, { node: held.name, log: held.log, sink }) };
};

const watch = (
  held: ShepherdHeld,
  turn: Turn,
  { names, ...watching }: Watching & { readonly names: readonly string[] },
): void => {
  checkObserver(watching.observer);
  checkHeartbeat(watching.heartbeatMs);
  const canonical = names.map((name) => canonicalOf(held, turn, name));
  turn.call(held.board, 'watch', {
    ...watching,
    names: canonical.length === 0 ? undefined : canonical,
  });
};

interface Probing {
  readonly name: string;
  readonly timeoutMs: number;
  readonly hops: readonly string[];
  readonly asker: Asker;
}
/** Of one grant alone its facet has the count. */
const probeBounds = {
  each: limits.originProbeCount,
  origin: limits.originProbeCount,
  grants: limits.grantProbeCount,
  all: limits.grantProbeCount,
};
const probe = (
  held: ShepherdHeld,
  turn: Turn,
  { name, timeoutMs, hops, asker }: Probing,
): Vow<Status> => {
  const waitMs = checkedProbe(timeoutMs);
  const provider = providerOf(held, turn, name);
  const canonical = turn.call(provider, 'canonicalName');
  const way = through(checkedHops(hops), canonical, held.hop(canonical));
  if (way.length > limits.probeHopCount) return turn.kept(turn.call(provider, 'status'));
  if (asker.origin === undefined) {
    const own = held.own(canonical);
    return own === undefined
      ? turn.send(provider, 'probe', waitMs, way)
      : turn.call(own.service, 'probe', waitMs, way);
  }
  const isFull = noRoomFor(held.probes.owners.values(), asker, probeBounds) !== undefined;
  if (isFull) return turn.kept(turn.call(provider, 'status'));
  const number = takeShare(held.probes, asker, probeBounds, 'probe: too many questions');
  const answer = turn.send(provider, 'probe', waitMs, way);
  const isOver = (): void => giveBack(held.probes, number);
  turn.when(answer, isOver, isOver);
  return answer;
};

const foresee = (held: ShepherdHeld, turn: Turn, request: Request): readonly PlannedStep[] => {
  const checked = checkedRequest(request);
  const { member, action, args } = checked;
  const sight = (name: string): Status | undefined =>
    held.canonical(turn, name) === undefined
      ? undefined
      : turn.call(providerOf(held, turn, name), 'status');
  if (rootNames.includes(member)) {
    if (action !== 'stop') throw new UnknownAction(member, action);
    const names = allOwn(held).map(([name]) => name);
    return foreseen(planEnd(names, held.graph(turn)), names, [], sight);
  }
  const name = memberOf(held, turn, checked);
  return foreseen(planOf(held, turn, { ...checked, member: name }), [name], args, sight);
};

const history = (held: ShepherdHeld, turn: Turn): readonly Change[] =>
  [
    ...allOwn(held).flatMap(([, { service }]) => turn.call(service, 'history')),
    ...turn.call(held.chronicle, 'history'),
  ]
    .sort((a, b) => a.at - b.at || a.number - b.number)
    .slice(-limits.changeCount)
    .map(({ number: _number, ...change }) => change);
