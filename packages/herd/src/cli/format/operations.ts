/** Operations for people: a list of them, and one with what it did and why. */
import {
  isGood,
  isLeftUndone,
  results,
  type OperationFacts,
  type OperationReport,
  type OperationStep,
  type Row,
} from '@bellwether/shepherd';
import { visible } from '../../client/escape.ts';
import { groupFromCount } from '../limits.ts';
import type { Look } from '../terminal/terminal.ts';
import { nameOf } from './audit.ts';
import { enableWords, isAnyDisabled, type Allowance } from './disabled.ts';
import { isInVain } from './in-vain.ts';
import { lostWords } from './lost.ts';
import { detailOf, paintedResult, resultWords, styleOf, withoutEcho } from './outcome.ts';
import { paintedWord, tableLines } from './table.ts';
import { tailsOf } from './tails.ts';
import { ageText, counted, momentText, spanText } from './times.ts';
import { typedWord } from './typed.ts';

/** One line for each, the newest last. */
export const operationLines = (
  operations: readonly OperationFacts[],
  look: Look,
): readonly string[] => {
  const lines = tableLines(
    operations.map((each) => [
      each.operation,
      `${each.action} ${each.service}`,
      ageText(Math.max(0, look.now - each.atMs)),
      `by ${nameOf(each.asker)}`,
      stateOf(each),
    ]),
    '',
  );
  return operations.map((each, at) => {
    const isShort = each.result === undefined || each.worst !== undefined;
    const style = isShort ? 'yellow' : styleOf(each.result);
    return paintedWord(lines[at] ?? '', `by ${nameOf(each.asker)}`, stateOf(each), look, style);
  });
};

const stateOf = ({
  endedMs,
  queuedUntilMs,
  result = 'unknown',
  worst,
  isCancelled,
}: OperationFacts): string => {
  const open = queuedUntilMs === undefined ? 'under way' : 'queued';
  const ended = worst === undefined ? resultWords[result] : `${resultWords[result]}, degraded`;
  const state = endedMs === undefined ? open : ended;
  return isCancelled === true && state !== resultWords.cancelled ? `${state}, called off` : state;
};

/**
 * What it was, then a row a service, what went wrong first; of many that went well their number. `way`: the petname
 * that it was asked for through; `isAllowed`: whether by that what is disabled may be enabled.
 */
export const operationReport = (
  report: OperationReport,
  look: Look,
  way?: string,
  isAllowed: Allowance = true,
): readonly string[] => {
  const { operation, action, service, args, asker, atMs, endedMs, queuedUntilMs } = report;
  const words = [action, service, ...args.map(typedWord)].map(visible).join(' ');
  const age = ageText(Math.max(0, look.now - atMs));
  const spanMs = (endedMs ?? look.now) - atMs;
  const span = spanMs < 1_000 ? 'at once' : `after ${spanText(spanMs)}`;
  const until = queuedUntilMs === undefined ? '' : `, until ${momentText(queuedUntilMs)}`;
  const state =
    endedMs === undefined
      ? `${stateOf(report)} for ${spanText(Math.max(0, spanMs))}${until}`
      : `${stateOf(report)} ${span}`;
  return [
    `Operation ${visible(operation)}: ${words}`,
    `  asked for by ${nameOf(asker)}, ${age} (${momentText(atMs)})`,
    `  ${state}`,
    ...stepLines(report, look),
    ...nextLines(report, way, isAllowed),
  ];
};

/** One table; of a restart batch by batch one for each of them, and one of what belongs to none. */
const stepLines = (report: OperationReport, look: Look): readonly string[] => {
  const told = leanSteps(toldIn(report.steps));
  const isLong = told.length >= groupFromCount;
  const tableFor = (steps: readonly OperationStep[], indent: string): readonly string[] =>
    stepTable(steps, report.action, look, isLong, indent);
  const { batches, others } = batchesIn(told);
  const batchCount = batches.at(-1)?.[0];
  if (batchCount === undefined) return tableFor(told, '    ');
  return [
    ...batches.flatMap(([batch, steps]) => [
      batchTitle(report, batch, batchCount, steps),
      ...tableFor(steps, '      '),
    ]),
    ...(others.length === 0 ? [] : ['    In no batch:', ...tableFor(others, '      ')]),
  ];
};
/** In order. Each step is looked at once: a peer may tell of 20,000, each in a batch of its own. */
const batchesIn = (steps: readonly OperationStep[]) => {
  const found = new Map<number, OperationStep[]>();
  const others: OperationStep[] = [];
  for (const step of steps) {
    const { batch } = step;
    const own = batch === undefined ? others : (found.get(batch) ?? []);
    own.push(step);
    if (batch !== undefined) found.set(batch, own);
  }
  return { batches: [...found].sort(([a], [b]) => a - b), others };
};
/** `Batch 2 of 3, begun 2026-11-25 10:04:05:` */
const batchTitle = (
  { endedMs }: OperationReport,
  batch: number,
  batchCount: number,
  steps: readonly OperationStep[],
): string => {
  const openedMs = Math.min(...steps.map((step) => step.openedMs ?? Infinity));
  const canary = steps.some(({ isCanary }) => isCanary === true) ? ', the canary' : '';
  const shut = endedMs === undefined ? 'not begun yet' : 'not begun';
  const begun = openedMs < Infinity ? `begun ${momentText(openedMs)}` : shut;
  return `    Batch ${batch} of ${batchCount}${canary}, ${begun}:`;
};

const stepTable = (
  steps: readonly OperationStep[],
  action: string,
  look: Look,
  isLong: boolean,
  indent: string,
): readonly string[] => {
  const ranked = steps.toSorted((a, b) => rankOf(a) - rankOf(b));
  const good = ranked.filter(isWell);
  const shown = isLong ? ranked.filter((step) => !isWell(step)) : ranked;
  const lines = tableLines(
    shown.map((step) => [
      step.service,
      wordOf(step),
      [step.action === action ? undefined : step.action, detailOfStep(step)]
        .filter((text) => text !== undefined && text !== '')
        .join(': '),
    ]),
    indent,
  );
  const endOf = (step: OperationStep): Row | undefined => (isSettled(step) ? step.row : undefined);
  const tails = tailsOf(
    shown.map((step) => ({ names: [step.service], row: endOf(step) })),
    indent,
  );
  const table = shown.flatMap((step, at) => {
    const line = lines[at] ?? '';
    const row = endOf(step);
    return [
      row === undefined ? line : paintedResult(line, rowOf(step, row), look),
      ...(tails.below[at] ?? []),
    ];
  });
  const painted = [...table, ...tails.behind];
  if (!isLong || good.length === 0) return painted;
  const rest = `${counted(good.length, 'service')} of which all is well`;
  return [...painted, `${indent}${shown.length === 0 ? '' : 'and '}${rest}`];
};
/** All but the sums of others, which have said nothing of their own; a restart has one before dependents start, too. */
const toldIn = (steps: readonly OperationStep[]): readonly OperationStep[] => {
  const asked = steps.filter(({ isAsked, isAnswer }) => isAsked && !isAnswer);
  if (asked.length === 0) return steps;
  const summed = steps.find(({ isAnswer }) => isAnswer)?.service;
  const isSummed = asked.some(({ service }) => service !== summed);
  return steps.filter(({ service, isAnswer }) => !isAnswer && !(isSummed && service === summed));
};
const leanSteps = (steps: readonly OperationStep[]): readonly OperationStep[] => {
  const lean = withoutEcho(rowsOf(steps));
  return steps.map((step) =>
    step.row === undefined ? step : { ...step, row: lean(rowOf(step, step.row)) },
  );
};
const rowOf = ({ service }: OperationStep, row: Row): Row => ({ ...row, member: service });
const isSettled = ({ phase }: OperationStep): boolean =>
  phase !== 'waiting' && phase !== 'acting' && phase !== 'queued';
const isWell = (step: OperationStep): boolean =>
  isSettled(step) && step.row !== undefined && isGood(step.row);
/** What failed first, then what nobody knows, what is under way, and what went well. */
const rankOf = (step: OperationStep): number => {
  if (step.phase === 'queued') return results.indexOf('unreachable');
  if (!isSettled(step)) return results.indexOf('changed') - 0.5;
  return results.indexOf(step.row?.result ?? 'unknown');
};
const wordOf = (step: OperationStep): string => {
  if (step.phase === 'waiting') return 'waits';
  if (step.phase === 'acting') return 'under way';
  if (step.phase === 'queued') return 'queued';
  return resultWords[step.row?.result ?? 'unknown'];
};
const detailOfStep = (step: OperationStep): string =>
  step.row === undefined || !(isSettled(step) || step.phase === 'queued')
    ? ''
    : detailOf(step.row, step.action);

const nextLines = (
  report: OperationReport,
  way: string | undefined,
  isAllowed: Allowance,
): readonly string[] => {
  const { operation, endedMs, queuedUntilMs } = report;
  const id = visible(way === undefined ? operation : `${operation} ${way}`);
  if (endedMs === undefined && queuedUntilMs !== undefined)
    return [`  'herd retry ${id}' tries it now, 'herd op cancel ${id}' calls it off.`];
  if (endedMs === undefined) return [`  'herd op watch ${id}' shows how it goes on.`];
  const { action, service, args } = report;
  const command = { action, service: way ?? service, args };
  const rows = rowsIn(report);
  const isBelow = rows.some(({ dependsOn }) => dependsOn !== undefined);
  const told = [...lostWords(command, rows), ...enableWords(command, rows, isBelow, isAllowed)];
  const left = undoneIn(report);
  const count = left.length;
  if (left.every(({ row }) => row !== undefined) && isInVain(rowsOf(left), rows)) return told;
  return [
    ...told,
    `  'herd retry ${id}' asks ${count === 1 ? 'the one' : `those ${count}`} again who did not do it.`,
  ];
};

const rowsIn = ({ steps }: OperationReport): readonly Row[] => rowsOf(toldIn(steps));
const rowsOf = (steps: readonly OperationStep[]): readonly Row[] =>
  steps.flatMap((step) => (step.row === undefined ? [] : [rowOf(step, step.row)]));

/** Whether something of it was refused since it is disabled. */
export const isOfDisabled = (report: OperationReport): boolean => isAnyDisabled(rowsIn(report));

/** The services that a retry asks again. */
export const undoneIn = ({ steps }: OperationReport): readonly OperationStep[] => {
  return toldIn(steps).filter(
    ({ phase, row }) =>
      phase === 'in-doubt' ||
      phase === 'queued' ||
      (phase === 'settled' && row !== undefined && isLeftUndone(row)),
  );
};
