/** What the report of a service tells of its timer, in GNU's words where it has some. */
import type { TimerFacts } from '@bellwether/shepherd';
import { visible } from '../../client/escape.ts';
import type { Look } from '../terminal/terminal.ts';
import type { ShownStatus } from './shown-status.ts';
import { counted, momentText, spanText, timeText, whenText } from './times.ts';
import { commandText } from './typed.ts';

/** What it is doing, in place of the sentence of another service; where it is up. */
export const timerSentences = (
  { since }: ShownStatus,
  { executingMs }: TimerFacts,
  look: Look,
): readonly string[] => {
  const active = since === undefined ? '' : `; service active since ${whenText(since, look.now)}`;
  return [
    'Timed service.',
    executingMs === undefined
      ? `Awaiting next timer alarm${active}.`
      : `Executing timer action since ${whenText(executingMs, look.now)}.`,
  ];
};

/** What it runs, and when. */
export const timerFacts = (
  { command, runsAs }: ShownStatus,
  { when, leftCount }: TimerFacts,
): readonly string[] => {
  const { user } = runsAs ?? {};
  const as = user === undefined ? '' : ` as "${user}"`;
  return [
    ...(command === undefined ? [] : [`Periodically running${as}: ${commandText(command)}`]),
    `When: ${when}`,
    ...(leftCount === undefined ? [] : [`${counted(leftCount, 'occurrence')} left.`]),
  ];
};

/** The blocks below all facts: the last runs, and the alarms to come. */
export const timerBlocks = (
  { timer }: ShownStatus,
  look: Look,
  lineCount: number,
): readonly string[] => {
  if (timer === undefined) return [];
  const { runs = [], upcoming = [] } = timer;
  const block = (title: string, lines: readonly string[]): readonly string[] =>
    lines.length === 0
      ? []
      : ['', look.paint('bold', title), ...lines.map((line) => `  ${visible(line)}`)];
  const shown = lineCount === 0 ? [] : runs.slice(-lineCount);
  return [
    ...block('Recent runs:', shown.map(runText)),
    ...block(
      upcoming.length === 1 ? 'Upcoming timer alarm:' : 'Upcoming timer alarms:',
      upcoming.map(
        (at) => `${timeText(at, look.now)} (in ${spanText(Math.max(0, at - look.now))})`,
      ),
    ),
  ];
};

type Run = NonNullable<TimerFacts['runs']>[number];

/** What `herd why` tells of its runs: how many of those that are remembered failed, and how the last one went. */
export const runWords = ({ timer }: ShownStatus): readonly string[] => {
  const over = (timer?.runs ?? []).filter(isOver);
  const last = over.at(-1);
  if (last === undefined) return [];
  const failedCount = over.filter(hasFailed).length;
  const failed =
    failedCount === 0 ? '' : `${failedCount} of its last ${counted(over.length, 'run')} failed. `;
  return [`${failed}The last: ${runText(last)}`];
};
/** Whether the last run that is over did not go well. */
export const isLastRunFailed = ({ timer }: ShownStatus): boolean => {
  const last = (timer?.runs ?? []).filter(isOver).at(-1);
  return last !== undefined && hasFailed(last);
};
const isOver = ({ endedMs, reason, isLost }: Run): boolean =>
  endedMs !== undefined || reason !== undefined || isLost === true;
const hasFailed = ({ code, signal, reason }: Run): boolean =>
  reason !== undefined || signal !== undefined || (code !== undefined && code !== 0);

/** `2026-11-26 08:19:19 Process exited with code 1 after 2 seconds.` */
const runText = (run: Run): string => {
  const { startedMs, endedMs, isTriggered, isOverdue, reason, isLost } = run;
  const at = momentText(startedMs);
  const notes = [
    ...(isTriggered === true ? ['it was triggered'] : []),
    ...(isOverdue === true ? ['it took too long'] : []),
  ];
  const note = notes.length === 0 ? '' : ` (${notes.join('; ')})`;
  if (reason !== undefined) return `${at} Process could not be run: ${reason}.${note}`;
  if (isLost === true) return `${at} Nobody has seen whether its process ran.${note}`;
  if (endedMs === undefined) return `${at} Process goes on.${note}`;
  const took = spanText(Math.max(0, endedMs - startedMs));
  return `${at} Process ${endText(run)} after ${took}.${note}`;
};
const endText = ({ code, signal }: Run): string => {
  if (signal !== undefined) return `terminated with signal ${signal}`;
  if (code === undefined) return 'ended while nobody watched it';
  return code === 0 ? 'exited successfully' : `exited with code ${code}`;
};
