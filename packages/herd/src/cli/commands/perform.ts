/**
 * start, stop, restart, enable, disable and custom actions: one operation. Its id is chosen here
 * and is what makes a repeat harmless; its lines are printed as they come; Ctrl-C leaves it
 * running.
 */
import crypto from 'node:crypto';
import { exitCodeOf } from '@bellwether/fleet';
import {
  isGood,
  isStart,
  type Event,
  type Outcome,
  type PlannedStep,
  type Request,
} from '@bellwether/shepherd';
import { isDetached, isNoAnswer } from '../../client/errors.ts';
import { actionMs, marginMs, mostActionMs, shutDownMs, startMs } from '../../client/limits.ts';
import type { Patience } from '../../client/line.ts';
import type { ServiceClient } from '../../client/service.ts';
import type { Told } from '../../client/sink.ts';
import { type Context, isPetnameWord, patienceOf, withRoot, withService } from '../context.ts';
import { documentOf, outcomeLines } from '../format/outcome.ts';
import { type Command, isRootName } from '../grammar/invocation.ts';
import { print, printErrors } from '../terminal/print.ts';
import { Progress } from '../operation/progress.ts';
import { rollingOf } from './rolling.ts';

/** Runs an action; the result is the exit code. */
export const runPerform = async (context: Context, command: Command): Promise<number> => {
  const request = requestOf(context, command);
  if (context.options.selector === undefined) return carryOut(context, command, request);
  return (await import('./selected.ts')).runSelected(context, command, request, carryOut);
};

const carryOut = async (context: Context, command: Command, request: Request): Promise<number> => {
  if (context.options['dry-run'] === true)
    return (await import('./plan.ts')).runPlan(context, command, request);
  if (isRootName(command.service) && command.action !== 'stop')
    return (await import('./root-action.ts')).runRootAction(context, command);
  if (context.options.verbose === true)
    context.terminal.err(`operation ${request.operation}, ${request.remainingMs} ms\n`);
  return carriedOut(context, command, {
    operation: request.operation,
    waitMs: request.remainingMs,
    mayTakeLonger: request.isPatient === true || request.rolling !== undefined,
    ask: (told, patience, progress) => asked(context, command, request, told, patience, progress),
  });
};

/** An id that nobody else chooses. */
export const freshOperation = (): string => `op-${crypto.randomBytes(8).toString('hex')}`;

/** An operation that is asked for, or gone on with. */
export interface Work {
  readonly operation: string;
  /** Milliseconds until the shepherd says how far it got. */
  readonly waitMs: number;
  /** It may say that it takes longer. */
  readonly mayTakeLonger: boolean;
  /** What becomes of it after Ctrl-C, where that is not what becomes of any operation. */
  readonly afterDetach?: readonly string[];
  readonly ask: (told: Told, patience: Patience, progress: Progress) => Promise<Outcome>;
}
/** Waits for an operation while it shows what that says, and tells what came of it; the result is the exit code. */
export const carriedOut = async (
  context: Context,
  command: Command,
  work: Work,
): Promise<number> => {
  const progress = new Progress(context, command.action, command.service);
  const deadline = new Deadline(work.waitMs);
  const told: Told = (events) => {
    deadline.take(events);
    progress.take(events);
  };
  const waiting = patienceOf(context, work.waitMs + marginMs);
  const patience = work.mayTakeLonger ? { ...waiting, onExtend: deadline.onExtend } : waiting;
  try {
    const outcome = await work.ask(told, patience, progress).finally(() => progress.end());
    const isStrict = context.options.strict === true;
    const exitCode = exitCodeOf(outcome, { isStrict });
    const news = progress.untold(outcome);
    const shown = outcomeLines(command, news, context.look, progress.seen, isStrict);
    print(context, shown.out, documentOf(work.operation, command, exitCode, outcome));
    const isWell = [outcome, ...outcome.rows].every(isGood);
    const next = isWell ? [] : (await afterwards()).nextWords(command, work.operation, outcome);
    printErrors(context, [...shown.err, ...next]);
    return exitCode;
  } catch (error) {
    if (isNoAnswer(error)) {
      const { unanswered } = await afterwards();
      const { ms: waitedMs } = deadline;
      return unanswered(context, command, { operation: work.operation, progress, waitedMs, error });
    }
    if (isDetached(error)) return (await afterwards()).detached(context, command, work, error);
    throw error;
  }
};
const afterwards = () => import('../operation/afterwards.ts');

const requestOf = ({ options }: Context, command: Command): Request => {
  const rolling = rollingOf(command.action, options);
  return {
    operation: freshOperation(),
    // What a petname leads to knows its own name and puts it here.
    member: isPetnameWord(command.service) ? command.service.slice(1) : command.service,
    action: command.action,
    args: command.args,
    remainingMs: options.timeout ?? usualMs(command),
    hops: [],
    ...(options.timeout === undefined && !isShutDown(command) ? { isPatient: true } : {}),
    ...(options['no-members'] === true ? { withMembers: false } : {}),
    ...(options['min-ready'] === undefined ? {} : { minReady: options['min-ready'] }),
    ...(rolling === undefined ? {} : { rolling }),
    ...(options['when-online'] === undefined ? {} : { queueMs: options['when-online'] }),
  };
};

const usualMs = (command: Command): number => {
  if (isShutDown(command)) return shutDownMs;
  return isStart(command.action) ? startMs : actionMs;
};

const isShutDown = ({ action, service }: Command): boolean =>
  action === 'stop' && isRootName(service);

/** When the shepherd will have said how far it got: later, once it says that it takes longer. */
export class Deadline {
  ms: number;
  #extend: ((waitMs: number) => void) | undefined;

  constructor(ms: number) {
    this.ms = ms;
    this.#extend = undefined;
  }

  /** Given to the question that it is the deadline of. */
  readonly onExtend = (extend: (waitMs: number) => void): void => {
    this.#extend = extend;
  };

  /** Once: whoever says it again and again is not waited for for ever. */
  take(events: readonly Event[]): void {
    for (const event of events) {
      if (event.kind !== 'deadline' || this.#extend === undefined) continue;
      this.ms = Math.min(event.remainingMs, mostActionMs);
      this.#extend(this.ms + marginMs);
      this.#extend = undefined;
    }
  }
}

const asked = (
  context: Context,
  command: Command,
  request: Request,
  told: Told,
  patience: Patience,
  progress: Progress,
): Promise<Outcome> => {
  const expect = (client: ServiceClient): Told =>
    expecting(client, request, told, patience, progress);
  if (isShutDown(command))
    return withRoot(context, (root) => {
      const heard = expect(root.service(command.service));
      return root.shutDown(heard, patience);
    });
  return withService(context, command.service, (client) => {
    const heard = expect(client);
    return client.perform(request, heard, patience);
  });
};

/** Hears of a request, and has those shown who will answer: asked of whoever is about to be asked for it. */
export const expecting = (
  client: ServiceClient,
  request: Request,
  told: Told,
  patience: Patience,
  progress: Progress,
): Told => {
  let isExpected = false;
  const once = (): void => {
    if (!isExpected) void expectTargets(client, request, progress, patience);
    isExpected = true;
  };
  if (progress.isLive || request.rolling !== undefined) once();
  return (events) => {
    told(events);
    // There are several: of one service alone nothing more is to be asked.
    if (events.some((event) => event.kind === 'row' && event.row.member !== request.member)) once();
  };
};
/** Asks who will answer, so that those can be shown who have not: beforehand, or with the first answer of many. */
const expectTargets = async (
  client: ServiceClient,
  request: Request,
  progress: Progress,
  { waitMs }: Patience,
): Promise<void> => {
  try {
    const steps = await client.plan(request, { waitMs });
    const members = steps.filter(({ why }) => why === 'member');
    const targets = isRootName(request.member) ? steps : members;
    progress.expect(
      targets.map(({ service }) => service),
      batchesIn(targets),
    );
  } catch {
    // Without it fewer lines are drawn; what is wrong the command itself will be told.
  }
};

const batchesIn = (steps: readonly PlannedStep[]): ReadonlyMap<string, number> =>
  new Map(steps.flatMap(({ service, batch }) => (batch === undefined ? [] : [[service, batch]])));
