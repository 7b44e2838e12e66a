/**
 * Commands that were given before, by their ids: `herd op ls`, `op show`, `op watch`, `op cancel`, and `herd retry`.
 * The shepherd remembers each of them, whoever gave it.
 */
import type { OperationReport } from '@bellwether/shepherd';
import { actionMs, mostActionMs, questionMs, startMs } from '../../client/limits.ts';
import { visible } from '../../client/escape.ts';
import { type Context, isPetnameWord, patienceOf, withRoot, withService } from '../context.ts';
import { operationLines, operationReport, undoneIn } from '../format/operations.ts';
import { counted } from '../format/times.ts';
import type { Command } from '../invocation.ts';
import { maxGroupNames, maxOperations } from '../limits.ts';
import { print, printErrors } from '../print.ts';
import { Usage } from '../usage.ts';
import { carriedOut } from './perform.ts';

/** Operations in a list where nobody says: a screen. */
const defaultCount = 20;

/** Runs one of them; the result is the exit code. */
export const runOperation = (
  context: Context,
  action: string,
  words: readonly string[],
): Promise<number> => {
  const [id = ''] = words;
  switch (action) {
    case 'op ls':
      return runList(context);
    case 'op show':
      return runShow(context, id);
    case 'op watch':
      return runWatch(context, id);
    case 'retry':
      return runRetry(context, id);
    default:
      return runCancel(context, words);
  }
};

const runList = async (context: Context): Promise<number> => {
  const { options, look } = context;
  const count = Math.min(options['log-history'] ?? defaultCount, maxOperations);
  const patience = patienceOf(context, options.timeout ?? questionMs);
  const operations = await withRoot(context, (root) => root.operations({ count }, patience));
  print(context, operationLines(operations, look), { kind: 'operations', operations });
  return 0;
};

const runShow = async (context: Context, id: string): Promise<number> => {
  const report = await reportOf(context, id);
  print(context, operationReport(report, context.look), { kind: 'operation', ...report });
  return 0;
};
const reportOf = (context: Context, id: string): Promise<OperationReport> =>
  withRoot(context, (root) =>
    root.operation(id, patienceOf(context, context.options.timeout ?? questionMs)),
  );
const commandOf = ({ action, service, args }: OperationReport): Command => ({
  action,
  service,
  args,
});

const runWatch = async (context: Context, id: string): Promise<number> => {
  const report = await reportOf(context, id);
  return carriedOut(context, commandOf(report), {
    operation: id,
    waitMs: context.options.timeout ?? mostActionMs,
    mayTakeLonger: false,
    ask: (told, patience, progress) => {
      progress.expect(report.steps.flatMap((step) => (isTarget(step) ? [step.service] : [])));
      return withRoot(context, (root) => root.join(id, told, patience));
    },
  });
};
const isTarget = ({ isAsked, isAnswer }: OperationReport['steps'][number]): boolean =>
  isAsked && !isAnswer;

/** Says beforehand who is going to be asked: it is not what the first command said. */
const runRetry = async (context: Context, id: string): Promise<number> => {
  const { options } = context;
  const report = await reportOf(context, id);
  const { action, service } = report;
  const names = [...new Set(undoneIn(report).map((step) => step.service))];
  if (options.quiet !== true)
    printErrors(context, [`herd: ${retryText(report, names)} (${visible(id)})`]);
  return carriedOut(context, commandOf(report), {
    operation: id,
    waitMs: options.timeout ?? (action === 'start' || action === 'restart' ? startMs : actionMs),
    mayTakeLonger: options.timeout === undefined,
    ask: (told, patience, progress) => {
      progress.expect(names.filter((name) => name !== service));
      return withRoot(context, (root) => root.retry(id, options.timeout, told, patience));
    },
  });
};
const retryText = (report: OperationReport, names: readonly string[]): string => {
  const what = `${visible(report.action)} ${visible(report.service)}`;
  if (report.endedMs === undefined && report.queuedUntilMs === undefined)
    return `${what} is under way: going on with it`;
  if (names.length === 0) return `${what}: nothing is left to be done again`;
  const shown = names.slice(0, maxGroupNames).map(visible).join(', ');
  const more = names.length > maxGroupNames ? ` and ${names.length - maxGroupNames} more` : '';
  return `trying ${what} again at ${counted(names.length, 'service')}: ${shown}${more}`;
};

/**
 * An id means something to whoever the command was asked through: the petname says so, without one it was the local
 * root.
 */
const runCancel = async (context: Context, words: readonly string[]): Promise<number> => {
  const [operation = '', way = 'root'] = words;
  if (way !== 'root' && !isPetnameWord(way))
    throw new Usage(
      `'${way}' is no @PETNAME`,
      'The petname is needed where the command was given to one.',
    );
  const patience = patienceOf(context, context.options.timeout ?? questionMs);
  await withService(context, way, (client) => client.cancel(operation, patience));
  print(context, [`Operation ${operation}: what had not begun is called off.`], {
    kind: 'cancel',
    operation,
  });
  return 0;
};
