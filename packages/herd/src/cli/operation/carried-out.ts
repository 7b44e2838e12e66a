/**
 * One operation, whoever has asked for it: its lines are printed as they come, what came of it is told at the end, and
 * Ctrl-C leaves it running.
 */
import { exitCodeOf } from '@bellwether/fleet';
import { isGood, isSwitch, type Outcome, type Request } from '@bellwether/shepherd';
import { isDetached, isNoAnswer } from '../../client/errors.ts';
import { marginMs } from '../../client/limits.ts';
import type { Patience } from '../../client/line.ts';
import type { Told } from '../../client/sink.ts';
import { type Context, patienceOf } from '../context.ts';
import { documentOf, outcomeLines } from '../format/outcome.ts';
import type { Command } from '../grammar/invocation.ts';
import { print, printErrors } from '../terminal/print.ts';
import { Deadline } from './deadline.ts';
import { Progress } from './progress.ts';

/** An operation that is asked for, or gone on with. */
export interface Work {
  readonly operation: string;
  /** Milliseconds until the shepherd says how far it got. */
  readonly waitMs: number;
  /** It may say that it takes longer. */
  readonly mayTakeLonger: boolean;
  /** It is done batch by batch, with so many milliseconds between two. */
  readonly batchPauseMs?: number;
  /** What becomes of it after Ctrl-C, where that is not what becomes of any operation. */
  readonly afterDetach?: readonly string[];
  readonly ask: (told: Told, patience: Patience, progress: Progress) => Promise<Outcome>;
}
/** How long a request may take, as its work says it. */
export const timesOf = ({ remainingMs, action, isPatient, rolling }: Request) => ({
  waitMs: remainingMs,
  mayTakeLonger: isPatient === true || rolling !== undefined,
  ...((rolling !== undefined || isSwitch(action)) && { batchPauseMs: rolling?.pauseMs ?? 0 }),
});

/** Waits for an operation while it shows what that says, and tells what came of it; the result is the exit code. */
export const carriedOut = async (
  context: Context,
  command: Command,
  work: Work,
): Promise<number> => {
  const deadline = new Deadline({ ...work, now: context.terminal.now });
  const progress = new Progress(context, command.action, command.service, deadline);
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
    const waitedFor = deadline.waitedFor(outcome);
    const document = documentOf(work.operation, command, exitCode, { outcome, waitedFor });
    print(context, shown.out, document);
    const isWell = [outcome, ...outcome.rows].every(isGood) && waitedFor === undefined;
    const next = isWell
      ? []
      : await (await afterwards()).nextLines(context, command, work.operation, outcome, waitedFor);
    printErrors(context, [...shown.err, ...next]);
    return exitCode;
  } catch (error) {
    if (isNoAnswer(error)) {
      const { unanswered } = await afterwards();
      return unanswered(context, command, work, progress, deadline, error);
    }
    if (isDetached(error))
      return (await afterwards()).detached(context, command, work, progress, error);
    throw error;
  }
};
const afterwards = () => import('./afterwards.ts');
