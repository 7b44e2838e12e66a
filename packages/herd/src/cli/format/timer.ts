/** What the report of a service tells of its timer, in GNU's words where it has some. */
import type { TimerFacts } from '@bellwether/shepherd';
import { visible } from '../../client/escape.ts';
import type { Look } from '../terminal.ts';
import type { ShownStatus } from './shown-status.ts';
import { agoText, counted, spanText, timeText } from './times.ts';
import { commandText } from './typed.ts';

/** What it is doing, in place of the sentence of another service; where it is up. */
export const timerSentences = (
  { since }: ShownStatus,
  { executingMs }: TimerFacts,
  look: Look,
): readonly string[] => {
  const active = since === undefined ? '' : `; service active since ${whenText(since, look)}`;
  return [
    'Timed service.',
    executingMs === undefined
      ? `Awaiting next timer alarm${active}.`
      : `Executing timer action since ${whenText(executingMs, look)}.`,
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
    ...block(
      'Recent runs:',
      shown.map((run) => runText(run, look)),
    ),
    ...block(
      upcoming.length === 1 ? 'Upcoming timer alarm:' : 'Upcoming timer alarms:',
      upcoming.map(
        (at) => `${timeText(at, look.now)} (in ${spanText(Math.max(0, at - look.now))})`,
      ),
    ),
  ];
};

type Run = NonNullable<TimerFacts['runs']>[number];
const runText = (run: Run, look: Look): string => {
  const { startedMs, endedMs, isTriggered } = run;
  const took = endedMs === undefined ? '' : `, took ${spanText(Math.max(0, endedMs - startedMs))}`;
  const asked = isTriggered === true ? 'triggered ' : '';
  return `${asked}${whenText(startedMs, look)}${took}: ${endText(run)}`;
};
const endText = ({ endedMs, code, signal, reason, isOverdue, isLost }: Run): string => {
  const why = isOverdue === true ? ', since it took too long' : '';
  if (reason !== undefined) return `could not run: ${reason}`;
  if (signal !== undefined) return `terminated with signal ${signal}${why}`;
  if (code !== undefined)
    return code === 0 ? `exited successfully${why}` : `exited with code ${code}${why}`;
  if (isLost === true) return 'nobody has seen whether it ran';
  return endedMs === undefined ? 'goes on' : `ended while nobody watched it${why}`;
};

const whenText = (at: number, look: Look): string =>
  `${timeText(at, look.now)} (${agoText(at, look.now)})`;
