/** What is said of an operation that did not go well, or whose end we did not hear: read when it is needed. */
import { isGood, isSwitch, type Outcome, type Row } from '@bellwether/shepherd';
import type { Detached, NoAnswer } from '../../client/errors.ts';
import { visible } from '../../client/escape.ts';
import { type Context, isPetnameWord } from '../context.ts';
import { enableWords, isAnyDisabled, type Allowance } from '../format/disabled.ts';
import { isBack, isInVain } from '../format/in-vain.ts';
import { lostWords } from '../format/lost.ts';
import { documentOf, outcomeLines } from '../format/outcome.ts';
import { waitedLines, type WaitedFor } from '../format/waited.ts';
import { type Command, isRootName } from '../grammar/invocation.ts';
import { print, printErrors } from '../terminal/print.ts';
import type { Deadline } from './deadline.ts';
import type { Progress } from './progress.ts';
import { mayEnable } from './rights.ts';
import type { Work } from './carried-out.ts';

/** Who was waited for; then the same, once who leads to it has said what he allows, where that decides what to type. */
export const nextLines = async (
  context: Context,
  command: Command,
  operation: string,
  outcome: Outcome,
  waitedFor: WaitedFor | undefined,
): Promise<readonly string[]> => {
  const isAsked = isAnyDisabled([outcome, ...outcome.rows]);
  const isAllowed = isAsked ? await mayEnable(context, command.service) : true;
  return [...waitedLines(waitedFor), ...nextWords(command, operation, outcome, isAllowed)];
};
/** Some were not reached, or left behind: what becomes of them, or how to come back to those alone. */
export const nextWords = (
  command: Command,
  operation: string,
  outcome: Outcome,
  isAllowed: Allowance = true,
): readonly string[] => {
  const { service } = command;
  if (isRootName(service)) return [];
  const { rows } = outcome;
  const targets = rows.length === 0 ? [outcome] : rows;
  const queued = targets.filter(isQueued);
  // Who lost to a later command loses again, and who went back from a release would again.
  const left = targets.filter(
    (row) => !isGood(row) && !isQueued(row) && row.result !== 'superseded' && !isBack(row),
  );
  const waits =
    queued.length === 0
      ? []
      : [
          `  Queued as ${operation}: it is sent once there is contact.`,
          `  '${lookWords(command, operation)}' shows what became of it,`,
          `  '${cancelWords(command, operation)}' calls it off.`,
        ];
  const again =
    rows.length > 0
      ? [`  'herd retry ${named(command, operation)}' asks those again, and nobody else.`]
      : outcome.result === 'failed'
        ? [`  '${lookWords(command, operation)}' tells this again.`]
        : [];
  const retry = isInVain(left, targets) ? [] : again;
  const isAway = left.some(({ result }) => result === 'unreachable');
  // Nobody is queued for while another release goes round.
  const online =
    isAway && !isSwitch(command.action)
      ? ["  With '--when-online 2h' it is done by itself once they are back."]
      : [];
  const isStopped = isAway && left.some(({ result }) => result === 'skipped');
  const around = isStopped
    ? [
        "  Who is out of reach counts as unavailable: '--max-unavailable N' allows for so many,",
        "  '-l SELECTOR' leaves them out.",
      ]
    : [];
  const enabling = enableWords(command, targets, outcome.dependsOn !== undefined, isAllowed);
  return [...waits, ...around, ...enabling, ...retry, ...online, ...lostWords(command, targets)];
};
const isQueued = ({ queuedUntilMs }: Row): boolean => queuedUntilMs !== undefined;

/** What is known of an operation that we heard no end of; the result is the exit code. */
export const unanswered = (
  context: Context,
  command: Command,
  { operation }: Work,
  progress: Progress,
  deadline: Deadline,
  error: NoAnswer,
): number => {
  const exitCode = error.isTimeUp ? 6 : 4;
  const reason = error.isTimeUp ? `no outcome within ${deadline.ms} ms` : error.message;
  const rows = [...progress.rows(), ...progress.unheard()];
  const outcome: Outcome = { member: command.service, result: 'unknown', reason, rows };
  const shown = outcomeLines(command, progress.untold(outcome), context.look, progress.seen);
  const waitedFor = error.isTimeUp ? deadline.waitedFor(outcome) : undefined;
  print(context, shown.out, documentOf(operation, command, exitCode, { outcome, waitedFor }));
  printErrors(context, [...shown.err, ...waitedLines(waitedFor), ...lookAgain(command, operation)]);
  return exitCode;
};

const lookAgain = (command: Command, operation: string): readonly string[] => [
  `  It may still happen (operation ${operation}).`,
  `  '${lookWords(command, operation)}' shows what is.`,
];
const lookWords = (command: Command, operation: string): string =>
  `herd op show ${named(command, operation)}`;
const cancelWords = (command: Command, operation: string): string =>
  `herd op cancel ${named(command, operation)}`;
/** An id means something to whoever the command was asked through. */
const named = ({ service }: Command, operation: string): string =>
  isPetnameWord(service) ? `${operation} ${visible(service)}` : operation;

/** What becomes of it after Ctrl-C. */
export const detached = (
  context: Context,
  command: Command,
  work: Work,
  progress: Progress,
  error: Detached,
): number => {
  const { operation, afterDetach = [] } = work;
  const lines = error.wasSent
    ? [
        `herd: detached; operation ${operation} goes on: ${progress.state()}.`,
        ...afterDetach,
        `  '${lookWords(command, operation)}' shows what became of it,`,
        `  '${cancelWords(command, operation)}' calls off what has not begun.`,
      ]
    : ['herd: interrupted before anything was asked.'];
  print(context, [], documentOf(operation, command, 130));
  printErrors(context, lines);
  return 130;
};
