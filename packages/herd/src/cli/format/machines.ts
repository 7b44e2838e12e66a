/** What `herd deploy --machines FILE --dry-run` has found, in words. */
import type { PlannedStep, Row } from '@bellwether/shepherd';
import { visible } from '../../client/escape.ts';
import type { Look } from '../terminal/terminal.ts';
import { resultWords, styleOf } from './outcome.ts';
import { paintedWord, tableLines } from './table.ts';
import { counted } from './times.ts';
import { sendWords, type ToSend } from './to-send.ts';

/** What would be done with one machine. */
export interface Foreseen {
  readonly name: string;
  readonly system: string;
  readonly send?: ToSend;
  readonly steps: readonly PlannedStep[];
  /** Why nothing would be done. */
  readonly problem?: Row;
}

/** A line for each machine; the last one counts. */
export const machinePlanLines = (
  file: string,
  all: readonly Foreseen[],
  look: Look,
): readonly string[] => {
  const word = ({ problem, steps }: Foreseen): string =>
    problem !== undefined
      ? resultWords[problem.result]
      : steps.every(({ effect }) => effect === 'none')
        ? 'unchanged'
        : 'to do';
  const lines = tableLines(
    all.map((each) => [each.name, each.system, word(each), detailOf(each)]),
    '  ',
  );
  const painted = lines.map((line, at) => {
    const each = all[at];
    if (each?.problem === undefined) return line;
    return paintedWord(line, each.system, word(each), look, styleOf(each.problem.result));
  });
  const counts = [...new Set(all.map(word))]
    .map((one) => `${all.filter((each) => word(each) === one).length} ${one}`)
    .join(', ');
  return [
    ...painted,
    `${visible(file)}: ${counted(all.length, 'machine')}: ${counts}. Nothing was done.`,
  ];
};
const detailOf = ({ problem, send, steps }: Foreseen): string => {
  if (problem !== undefined) return problem.reason ?? '';
  const notes = steps.flatMap(({ note }) => (note === undefined ? [] : [note]));
  return [...(send === undefined ? [] : [sendWords(send).replace(/\.$/, '')]), ...notes].join('; ');
};
