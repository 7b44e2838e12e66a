/**
 * How a command becomes an operation, or finds the one that it repeats. An id that was seen means what
 * it meant; what is new is planned, and refused before anything is touched where it cannot be.
 *
 *     case        of this asker, the id                       a command                 one that says it is a repeat
 *     new         was never seen                              is planned and taken up   refused: unknown
 *                 is known, and this was not asked for        is planned, and what of   refused, unless it was pulled
 *                   by name; what was pulled in may be          it is not there yet       in: likewise
 *                   under way                                   is taken up
 *     under-way   was asked for this, and it goes on          joins                     joins
 *     left        is over, or waits for who is away, and
 *                   some failed or were not reached           asks those again          is answered as over
 *                   some could not tell                       asks those again          asks those again
 *     over        is over, and none of these                  is answered from record   the same
 */
import { Limit, Refused, type Ref, type Turn, type Vow } from '@bellwether/actors';
import { isBuiltIn, isStart } from '../action-table.ts';
import {
  BadRequest,
  Cycle,
  NotForAll,
  ShuttingDown,
  UnknownAction,
  UnknownOperation,
  UnknownService,
} from '../errors.ts';
import { inOrder, pathBetween, unique } from '../graph.ts';
import { limits } from '../limits.ts';
import { noteTaken, saveAtOnce } from './kept/durable.ts';
import {
  checkClaim,
  isAtRest,
  keepRequest,
  operationOf,
  recalled,
  type KeptRequest,
  type Operation,
} from './kept/memory.ts';
import { displace } from './queue.ts';
import { asksAnew, openEnds } from './ends.ts';
import { begin, tryAgain } from './operation.ts';
import { isOver } from './outcomes.ts';
import { isForAll, lackingIn, membersIn } from './plan/lacking.ts';
import { keyOf, narrowed, type Graph, type Step } from './plan/plan.ts';
import { planFor } from './plan/rolling.ts';
import { withTime } from './plan/patience.ts';
import type { Host } from './host.ts';
import type { Outcome, Request, RequestedAct, Writer } from '../words/types.ts';
import { isSelection } from '../words/selectors.ts';
import { listen, outcomeFor } from './told/callers.ts';
import { acceptAll, wisherOf } from './wishes.ts';
import { witnessAsked } from './told/witness.ts';
import type { Principal } from '../words/principal.ts';

/** Whose operation a command is, and who gives it: somebody else where he comes back to it. */
export interface Giver {
  readonly principal: Principal;
  readonly by: Principal;
}
/**
 * Carries out a request that was checked, or answers with what came of it. Its operation is in memory if it is
 * anywhere (recall.ts).
 * @throws BadRequest, Conflict, Cycle, ShuttingDown, Limit, and UnknownOperation for a repeat of what was never seen
 */
export const command = (
  host: Host,
  turn: Turn,
  { principal, by }: Giver,
  request: KeptRequest,
  writer: Ref<Writer> | undefined,
): Vow<Outcome> => {
  const { operation: id, action, member } = request;
  if (host.isClosing() && isStart(action)) throw new ShuttingDown(member);
  if (request.isRepeat === true && !hasStep(host, principal, id, keyOf(action, member)))
    throw new UnknownOperation(id);
  const operation = operationOf(host.memory, turn, principal, id);
  checkClaim(operation, request);
  const found = caseOf(host, turn, operation, request);
  if (found.is === 'new' || found.is === 'left') host.checkRoom?.(by, action, member);
  if (found.is === 'over') {
    keepMeaning(host, turn, operation, request);
    return outcomeFor(host, turn, operation, request, writer);
  }
  if (writer !== undefined) {
    if (isAllOwn(host, found.steps)) turn.call(writer, 'pass', [{ kind: 'alone' }]);
    listen(host, turn, operation, writer);
  }
  // One that came back to where it set out would wait for itself.
  refuseHops(host, request, found.steps);
  const timed = withQueue(host, withTime(host, turn, request, found.steps, writer));
  if (found.is !== 'under-way') {
    operation.account.set({ ...operation.account.get(), by });
    witnessAsked(host, turn, { by, whose: principal }, request);
  }
  if (found.is === 'left') tryAgain(host, turn, operation, timed, found.keys);
  if (found.is === 'new') takeUp(host, turn, operation, timed, found.steps);
  return outcomeFor(host, turn, operation, timed, writer);
};

/** Whether nothing of it is done elsewhere, or is about an aggregate. */
const isAllOwn = (host: Host, steps: readonly Step[]): boolean =>
  steps.every(({ name }) => host.own(name) !== undefined);

/** See the table above; `steps` are those that the answer rests on. */
type Case =
  | { readonly is: 'new' | 'under-way'; readonly steps: readonly Step[] }
  | { readonly is: 'left'; readonly steps: readonly Step[]; readonly keys: readonly string[] }
  | { readonly is: 'over' };
const caseOf = (host: Host, turn: Turn, operation: Operation, request: Request): Case => {
  const { action, member, isRepeat } = request;
  const key = keyOf(action, member);
  if (isIdle(operation, key)) {
    const keys = openEnds(operation, key, doubtsOf(isRepeat));
    return keys.length === 0
      ? { is: 'over' }
      : { is: 'left', keys, steps: stepsOf(operation, keys) };
  }
  if (operation.requests.has(member))
    return { is: 'under-way', steps: stepsBehind(operation, key) };
  return { is: 'new', steps: planned(host, turn, request) };
};
/** It may have been pulled in before: from now on the id means this for the member. */
const keepMeaning = (host: Host, turn: Turn, operation: Operation, request: Request): void => {
  if (operation.requests.has(request.member)) return;
  const { isPatient: _isPatient, ...kept } = request;
  keepRequest(host.memory, operation, kept);
  noteTaken(host, turn, operation, kept, []);
};

/** Whether a request repeats what is in memory, and nothing is done anew for it: see OperationDesk. */
export const isKnown = (
  host: Host,
  turn: Turn,
  principal: Principal,
  { operation: id, action, member: name, isRepeat }: RequestedAct,
): boolean => {
  const operation = recalled(host.memory, principal, id);
  if (operation === undefined) return false;
  const member = host.canonical(turn, name) ?? name;
  const key = keyOf(action, member);
  if (!isIdle(operation, key)) return operation.requests.has(member);
  return !asksAnew(host, operation, openEnds(operation, key, doubtsOf(isRepeat)));
};
/** Whether nothing goes on behind a step: it is over, or what it waits for waits for a machine that is away. */
const isIdle = (operation: Operation, key: string): boolean =>
  isOver(operation, key) || (operation.steps.has(key) && isAtRest(operation));

/** Until when it waits for who is away, by the wall clock: it may outlive this daemon. */
const withQueue = ({ clock }: Host, request: KeptRequest): KeptRequest =>
  request.queueMs === undefined
    ? request
    : { queueUntilMs: Math.floor(clock.wall()) + request.queueMs, ...request };

const planned = (host: Host, turn: Turn, request: Request): readonly Step[] => {
  refuseArguments(request);
  const graph = graphFor(host, turn, request);
  refuseNobody(request, graph);
  return planIn(host, turn, request, graph);
};
/**
 * The plan of a request that is only shown. @throws for members that cannot do it, and for a policy that they can never
 * meet, as when it is carried out; of arguments, and of a fleet without members, its steps tell
 */
export const planOf = (host: Host, turn: Turn, request: Request): readonly Step[] =>
  planIn(host, turn, request, graphFor(host, turn, request));
const planIn = (host: Host, turn: Turn, request: Request, graph: Graph): readonly Step[] => {
  refuseMinReady(request, graph);
  refuseUnknown(host, turn, request, graph);
  return planFor(request, graph);
};

/** The services as a request sees them. @throws BadRequest, UnknownService for members that are none */
const graphFor = (
  host: Host,
  turn: Turn,
  { member, onlyMembers: named }: Pick<Request, 'member' | 'onlyMembers'>,
): Graph => {
  const whole = host.graph(turn);
  if (named === undefined) return whole;
  const onlyMembers = named.map((name) => {
    const canonical = host.canonical(turn, name);
    if (canonical === undefined && isSelection(member)) throw new UnknownService(name);
    return canonical ?? name;
  });
  if (!isSelection(member)) refuseMembers({ member, onlyMembers }, whole);
  return narrowed(whole, { member, onlyMembers });
};

/** Who says that it was sent before wants to know no more than what came of that. */
const doubtsOf = (isRepeat: true | undefined): 'only-doubts' | 'all' =>
  isRepeat === true ? 'only-doubts' : 'all';

const hasStep = (host: Host, principal: Principal, id: string, key: string): boolean =>
  recalled(host.memory, principal, id)?.steps.has(key) === true;

/** As a service does; but what is refused here leaves nothing behind. */
const refuseArguments = ({ member, action, args }: Request): void => {
  if (args.length > 0 && isBuiltIn(action))
    throw new BadRequest(`service '${member}': ${action} takes no arguments`);
};
/** Of an aggregate elsewhere its own shepherd knows who is one. */
const refuseMembers = (
  { member, onlyMembers }: Required<Pick<Request, 'member' | 'onlyMembers'>>,
  graph: Graph,
): void => {
  const members = graph.members(member);
  if (members === undefined && graph.isOwn(member))
    throw new BadRequest(`service '${member}' is no fleet: it has no members to choose from`);
  const all = members && new Set(members);
  const stranger = all && onlyMembers.find((each) => !all.has(each));
  if (stranger !== undefined) throw new BadRequest(`'${stranger}' is no member of '${member}'`);
};

/** Nothing that is done to nobody has gone well, and what is told of too many could not be read. */
const refuseNobody = (
  { member, action, withMembers }: Pick<Request, 'member' | 'action' | 'withMembers'>,
  graph: Graph,
): void => {
  const count = withMembers === false ? undefined : graph.members(member)?.length;
  if (count === 0) throw new Refused(`${action} of '${member}' was not begun: it has no members`);
  if (count !== undefined && count > limits.rowCount)
    throw new Limit(`'${member}' has ${count} members, at most ${limits.rowCount} can be asked`);
};

/** A policy that nothing could ever meet, or that is for nobody, is a mistake to be told of now. */
const refuseMinReady = ({ member, minReady }: Request, graph: Graph): void => {
  if (minReady === undefined) return;
  const members = graph.members(member);
  if (members === undefined && graph.isOwn(member))
    throw new BadRequest(
      `service '${member}' is no fleet: how many members must be ready can be said of a fleet alone`,
    );
  if (members !== undefined && typeof minReady === 'number' && minReady > members.length)
    throw new BadRequest(
      `${minReady} members must be ready, but '${member}' has ${members.length}`,
    );
};

/**
 * As a service does: where all members were heard of and none has it, it is a slip that need reach nobody. Another
 * release is for all of them: there one that has no such action is enough.
 */
const refuseUnknown = (
  host: Host,
  turn: Turn,
  { member, action, withMembers }: Request,
  { members }: Graph,
): void => {
  if (isBuiltIn(action) || members(member) === undefined || withMembers === false) return;
  const all = membersIn(member, members);
  const lacking = lackingIn(host, turn, all, action);
  if (all.length === 0) return;
  if (lacking.length === all.length) throw new UnknownAction(member, action);
  if (lacking.length > 0 && isForAll(action)) throw new NotForAll(member, action, lacking);
};

/** Makes the plan the last word on its services, and sets out. @throws Limit */
export const takeUp = (
  host: Host,
  turn: Turn,
  operation: Operation,
  request: KeptRequest,
  steps: readonly Step[],
): void => {
  const fresh = steps.filter(({ key }) => !operation.steps.has(key));
  const isFleet = ({ name }: Step): boolean => host.aggregate(name) !== undefined;
  // What is asked of a part of a fleet is no wish for the whole.
  const isWhole = request.onlyMembers === undefined && request.withMembers !== false;
  for (const wish of ['start', 'stop'] as const) {
    const last = { wish, by: wisherOf(host, operation) };
    const wished = fresh.filter((step) => step.wish === wish && (isWhole || !isFleet(step)));
    const isLater = (step: Step): boolean => step.gate !== undefined && !isFleet(step);
    const atOnce = wished.filter((step) => !isLater(step));
    acceptAll(host, turn, unique(atOnce.map(({ name }) => name)), last);
    // Whose turn has not come is on the disk as it was: the next life would do it, and in no order.
    for (const step of wished) if (isLater(step)) host.wishes.set(step.name, last);
  }
  begin(host, turn, operation, request, steps);
  const displaced = new Set<Operation>();
  for (const step of fresh)
    for (const other of displace(host, turn, operation, step)) displaced.add(other);
  // In one batch with what stands in their place: else the next life would take them up beside it.
  for (const other of displaced) saveAtOnce(host, turn, other);
};

/** The steps that one rests on, itself the last. */
const stepsBehind = (operation: Operation, key: string): readonly Step[] =>
  stepsOf(
    operation,
    inOrder([key], (at) => operation.steps.get(at)?.step.after ?? []),
  );
const stepsOf = ({ steps }: Operation, keys: readonly string[]): readonly Step[] =>
  keys.flatMap((key) => steps.get(key)?.step ?? []);

/** A service that this request came through already would wait for itself. */
const refuseHops = (
  host: Host,
  { hops, action, member }: Request,
  steps: readonly Step[],
): void => {
  if (hops.length === 0) return;
  for (const { key, name } of steps) {
    const hop = host.hop(name);
    if (hop === undefined || !hops.includes(hop)) continue;
    const byKey = new Map(steps.map((step) => [step.key, step]));
    const path = pathBetween(keyOf(action, member), key, (at) => byKey.get(at)?.after ?? []) ?? [];
    const names = path.map((at) => byKey.get(at)?.name ?? at);
    throw new Cycle([name, '…', ...names.filter((each, at) => each !== names[at - 1])]);
  }
};
