/** A plan in words: one line a step, in the order in which they could be taken. */
import type { PlannedStep } from '@bellwether/shepherd';
import { visible } from '../../client/escape.ts';
import { isRootName, type Command } from '../grammar/invocation.ts';
import type { Look, Style } from '../terminal/terminal.ts';
import { paintedWord, tableLines } from './table.ts';
import { ageText, counted, spanText } from './times.ts';

const words: Readonly<Record<PlannedStep['effect'], string>> = {
  change: 'to do',
  none: 'unchanged',
  refused: 'refused',
  unknown: 'unknown',
  skipped: 'skipped',
};
const styles: Readonly<Record<PlannedStep['effect'], Style>> = {
  change: 'bold',
  none: 'dim',
  refused: 'red',
  unknown: 'yellow',
  skipped: 'yellow',
};

/** The lines of a plan; the last one counts. */
export const planLines = (
  { action, service }: Command,
  steps: readonly PlannedStep[],
  look: Look,
): readonly string[] => {
  const rows = steps.map((step, at) => [
    `${at + 1}.`,
    `${step.action} ${step.service}`,
    words[step.effect],
    stageText(step),
    reasonText(step),
  ]);
  const lines = tableLines(rows, '  ').flatMap((line, at) => {
    const step = steps[at];
    if (step === undefined) return [line];
    const name = rows[at]?.[1] ?? '';
    const painted = paintedWord(line, name, words[step.effect], look, styles[step.effect]);
    return [...titleOf(step, steps[at - 1]), painted];
  });
  const counts = (['change', 'refused', 'skipped', 'unknown', 'none'] as const)
    .map((effect) => ({ effect, count: steps.filter((step) => step.effect === effect).length }))
    .filter(({ count }) => count > 0)
    .map(({ effect, count }) => `${count} ${words[effect]}`);
  const sum = `${counted(steps.length, 'step')}${counts.length === 0 ? '' : `: ${counts.join(', ')}`}`;
  return [
    `To ${visible(action)} ${visible(service)} now would be:`,
    ...lines,
    ...(endsShepherd({ action, service }) ? ['  Then the shepherd itself would end.'] : []),
    `${visible(service)}: ${sum}. Nothing was done.`,
  ];
};

/** Above the first step of a batch. */
const titleOf = (
  { batch, isCanary, pauseMs }: PlannedStep,
  before: PlannedStep | undefined,
): readonly string[] => {
  if (batch === before?.batch) return [];
  if (batch === undefined) return ['  In all:'];
  const pause = pauseMs === undefined ? '' : `, after ${spanText(pauseMs)}`;
  return [`  Batch ${batch}${isCanary === true ? ', the canary' : ''}${pause}:`];
};

/** No step of a plan, since it is no service's. */
export const endsShepherd = ({ action, service }: Pick<Command, 'action' | 'service'>): boolean =>
  action === 'stop' && isRootName(service);

const stageText = ({ stage, ageMs }: PlannedStep): string => {
  if (stage === undefined) return '';
  return ageMs === undefined || ageMs < 1_000 ? stage : `${stage}, seen ${ageText(ageMs)}`;
};

const reasonText = ({ why, of, note }: PlannedStep): string => {
  const reason = why === 'asked' ? '' : of === undefined ? why : `${why} of ${of}`;
  return [reason, note].filter((text) => text !== undefined && text !== '').join('; ');
};
