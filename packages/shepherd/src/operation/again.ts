/** An operation that somebody comes back to: to see how it goes on, to have it done after all, or to call it off. */
import type { Ref, Turn, Vow } from '@bellwether/actors';
import { command } from './commands.ts';
import { UnknownOperation } from '../errors.ts';
import { inOrder } from '../graph.ts';
import { limits } from '../limits.ts';
import { recalled, type Operation } from './kept/memory.ts';
import { isOver } from './outcomes.ts';
import { onceRecalled } from './kept/recall.ts';
import { cancel } from './operation.ts';
import { slowestOf } from './plan/patience.ts';
import type { Step } from './plan/plan.ts';
import { entryFor, resultOf } from './told/reports.ts';
import { witnessCancelled } from './told/witness.ts';
import type { Host } from './host.ts';
import { bare, plain } from '../words/outcome.ts';
import { isGood, worstOf, type Result } from '../words/vocabulary.ts';
import type { Outcome, RememberedOperation, Request, Returner, Writer } from '../words/types.ts';
import { listen, outcomeFor } from './told/callers.ts';
import type { Principal } from '../words/principal.ts';

/** Who comes back to what. */
export interface Return {
  readonly id: string;
  readonly who: Returner;
  readonly writer: Ref<Writer>;
}

/**
 * Asks those again who failed, could not be reached, were left out, or of whom nobody knows; nobody else.
 * @throws UnknownOperation, and what a command throws
 */
export const retry = (
  host: Host,
  turn: Turn,
  { id, who, writer }: Return,
  remainingMs: number | undefined,
): Vow<Outcome> => {
  const { asker } = entryFor(host, id, who);
  const giver = { principal: asker, by: who.principal };
  return onceRecalled(host, turn, asker, id, (turn) => {
    const operation = there(host, asker, id);
    const [first, ...others] = requestsOf(operation);
    if (first === undefined) throw new UnknownOperation(id);
    const again = (request: Request, heard?: Ref<Writer>): Vow<Outcome> => {
      const patientMs = remainingMs ?? request.remainingMs;
      return command(host, turn, giver, { ...request, remainingMs: patientMs }, heard);
    };
    // Whoever comes back need not know how much time was given before.
    if (remainingMs === undefined) {
      const givenMs = first.remainingMs;
      const who = slowestOf(host, turn, leftIn(operation), givenMs);
      turn.call(writer, 'pass', [{ kind: 'deadline', remainingMs: givenMs, ...who }]);
    }
    const answer = again(first, writer);
    if (others.length === 0) return answer;
    const answers = [answer, ...others.map((request) => again(request))];
    return turn.when(turn.all(answers), (_turn, all): Outcome => {
      const rows = all.map((one, at) =>
        one.kept ? bare(one.value) : failed([first, ...others][at], one.reason),
      );
      return { ...plain(first.member, worstOf(rows)), rows };
    });
  });
};
const leftIn = ({ steps }: Operation): readonly Step[] =>
  [...steps.values()].flatMap(({ step, outcome }) =>
    outcome !== undefined && isGood(outcome) ? [] : [step],
  );
const failed = (request: Request | undefined, { message }: Error) =>
  bare(plain(request?.member ?? '', 'failed', message));

const there = (host: Host, asker: Principal, id: string): Operation => {
  const operation = recalled(host.memory, asker, id);
  if (operation === undefined) throw new UnknownOperation(id);
  return operation;
};
/** What an operation in memory was asked for as. */
export const remembered = (
  host: Host,
  turn: Turn,
  principal: Principal,
  id: string,
): RememberedOperation | undefined => {
  const operation = recalled(host.memory, principal, id);
  if (operation === undefined) return undefined;
  const requests = requestsOf(operation);
  const graph = host.graph(turn);
  const names = requests.map(({ member }) => member);
  const there = new Set(inOrder(names, (name) => graph.members(name) ?? []));
  const gone = [...operation.steps.values()].flatMap(({ step: { isMember, isAsked, name } }) =>
    isMember && isAsked && !there.has(name) ? [name] : [],
  );
  return { requests, gone };
};
/**
 * What was asked, the first first, as it is to be asked again: nobody knows through which session, and whoever is away
 * is waited for anew.
 */
const requestsOf = ({ requests }: Operation): readonly Request[] =>
  [...requests.values()].map(
    ({ isRepeat: _isRepeat, sinceMs: _sinceMs, queueUntilMs: _until, ...request }) => request,
  );

/**
 * Calls off what has not begun of an operation. One that is over stays as it is: kept with what it came to, else once
 * those elsewhere have heard of it, whose answers are on their way before that.
 * `goesOn`: as of a facet's.
 * @throws UnknownOperation
 */
export const callOff = (
  host: Host,
  turn: Turn,
  id: string,
  who: Returner,
  goesOn: boolean,
): Vow<Result | undefined> => {
  const { asker, endedMs, result = 'unknown' } = entryFor(host, id, who);
  if (endedMs !== undefined) return turn.kept(resultOf(result));
  return onceRecalled(host, turn, asker, id, (turn) => {
    witnessCancelled(host, turn, { by: who.principal, whose: asker }, id);
    const heard = turn.all(cancel(host, turn, there(host, asker, id), goesOn));
    const over = (): undefined => undefined;
    return turn.when(turn.within(limits.callOffMs, heard), over, over);
  });
};

/**
 * Tells how an operation goes on: first the rows that are there, then what comes, and how it ended in the end. Asks
 * nobody for anything. @throws UnknownOperation, Limit
 */
export const join = (
  host: Host,
  turn: Turn,
  { id, who, writer }: Return,
  remainingMs: number = limits.remainingMs,
): Vow<Outcome> => {
  const { asker, service } = entryFor(host, id, who);
  return onceRecalled(host, turn, asker, id, (turn) => {
    const operation = there(host, asker, id);
    const request = operation.requests.get(service);
    if (request === undefined) throw new UnknownOperation(id);
    const events = [...operation.steps.values()].flatMap(({ step, phase, outcome }) =>
      step.isMember && outcome !== undefined && (phase === 'queued' || isOver(operation, step.key))
        ? [{ kind: 'row', row: bare(outcome) } as const]
        : [],
    );
    turn.call(writer, 'pass', events);
    if (operation.counts.get().openCount > 0) listen(host, turn, operation, writer);
    return outcomeFor(host, turn, operation, { ...request, remainingMs }, writer, true);
  });
};
