/**
 * Commands that were given before, by their ids: `herd op ls`, `op show`, `op watch`, `op cancel`, and `herd retry`.
 * The shepherd remembers each of them, whoever gave it; through a petname it tells of those that were given to that.
 */
import { actionFacts, isRepeatable, isStart, type OperationReport } from '@bellwether/shepherd';
import { actionMs, mostActionMs, startMs } from '../../client/limits.ts';
import { visible } from '../../client/escape.ts';
import { type Context, isPetnameWord, patienceOf, withOperations } from '../context.ts';
import { cancelEffect, cancelWords, shownNames } from '../format/called-off.ts';
import { isOfDisabled, operationLines, operationReport, undoneIn } from '../format/operations.ts';
import { resultWords } from '../format/outcome.ts';
import { counted } from '../format/times.ts';
import type { Command } from '../grammar/invocation.ts';
import { maxOperations } from '../limits.ts';
import { print, printErrors } from '../terminal/print.ts';
import { Usage } from '../grammar/usage.ts';
import { carriedOut } from '../operation/carried-out.ts';
import { mayEnable } from '../operation/rights.ts';

/** Operations in a list where nobody says: a screen. */
const defaultCount = 20;

/** Runs one of them; the result is the exit code. */
export const runOperation = (
  context: Context,
  action: string,
  words: readonly string[],
): Promise<number> => {
  if (action === 'op ls') return runList(context, wayIn(words, 0));
  const meant = meantBy(action, words);
  switch (action) {
    case 'op show':
      return runShow(context, meant);
    case 'op watch':
      return runWatch(context, meant);
    case 'retry':
      return runRetry(context, meant);
    default:
      return runCancel(context, meant);
  }
};

/** An operation, and the petname that it was asked for through; none: at the local root. */
interface Meant {
  readonly id: string;
  readonly way: string | undefined;
}
/** In either order: no id begins with `@`. @throws Usage */
const meantBy = (action: string, words: readonly string[]): Meant => {
  const way = wayIn(words, 1);
  const id = words.find((word) => !isPetnameWord(word));
  if (id === undefined)
    throw new Usage(
      `'${action}' needs the id of an operation: herd ${action} OPERATION ${way ?? ''}`.trimEnd(),
      `'herd op ls ${way ?? ''}' lists them.`,
    );
  return { id, way };
};
/** The petname among words of which so many others may be. @throws Usage */
const wayIn = (words: readonly string[], otherCount: number): string | undefined => {
  const others = words.filter((word) => !isPetnameWord(word));
  const wrong = others[otherCount];
  if (wrong !== undefined)
    throw new Usage(
      `'${wrong}' is no @PETNAME`,
      'The petname is needed where the command was given to one.',
    );
  return words.find(isPetnameWord);
};

const runList = async (context: Context, way: string | undefined): Promise<number> => {
  const { options, look } = context;
  const count = Math.min(options['log-history'] ?? defaultCount, maxOperations);
  const patience = patienceOf(context);
  const operations = await withOperations(context, way, (client) =>
    client.operations({ count }, patience),
  );
  print(context, operationLines(operations, look), { kind: 'operations', operations });
  return 0;
};

const runShow = async (context: Context, meant: Meant): Promise<number> => {
  const report = await reportOf(context, meant);
  const { way } = meant;
  const isAsked = way !== undefined && isOfDisabled(report);
  const isAllowed = isAsked ? await mayEnable(context, way) : true;
  const lines = operationReport(report, context.look, way, isAllowed);
  print(context, lines, { kind: 'operation', ...report });
  return 0;
};
const reportOf = (context: Context, { id, way }: Meant): Promise<OperationReport> =>
  withOperations(context, way, (client) => client.operation(id, patienceOf(context)));
const commandOf = ({ action, service, args }: OperationReport, { way }: Meant): Command => ({
  action,
  service: way ?? service,
  args,
});

const runWatch = async (context: Context, meant: Meant): Promise<number> => {
  const { id, way } = meant;
  const report = await reportOf(context, meant);
  return carriedOut(context, commandOf(report, meant), {
    operation: id,
    waitMs: context.options.timeout ?? mostActionMs,
    mayTakeLonger: false,
    ask: (told, patience, progress) => {
      progress.expect(report.steps.flatMap((step) => (isTarget(step) ? [step.service] : [])));
      return withOperations(context, way, (client) => client.join(id, told, patience));
    },
  });
};
const isTarget = ({ isAsked, isAnswer }: OperationReport['steps'][number]): boolean =>
  isAsked && !isAnswer;

/** Says beforehand who is going to be asked: it is not what the first command said. */
const runRetry = async (context: Context, meant: Meant): Promise<number> => {
  const { options } = context;
  const { id, way } = meant;
  const report = await reportOf(context, meant);
  const { action, service } = report;
  const names = [...new Set(undoneIn(report).map((step) => step.service))];
  const twice = twiceIn(report);
  if (options.quiet !== true)
    printErrors(context, [
      `herd: ${retryText(report, commandOf(report, meant).service, names)} (${visible(id)})`,
      ...(twice.length === 0
        ? []
        : [
            `herd: nobody knows whether it was done at ${shownNames(twice)}: there it may be done a second time`,
          ]),
    ]);
  return carriedOut(context, commandOf(report, meant), {
    operation: id,
    waitMs: options.timeout ?? (isStart(action) ? startMs : actionMs),
    mayTakeLonger: options.timeout === undefined,
    ask: (told, patience, progress) => {
      progress.expect(names.filter((name) => name !== service));
      return withOperations(context, way, (client) =>
        client.retry(id, options.timeout, told, patience),
      );
    },
  });
};
const retryText = (report: OperationReport, service: string, names: readonly string[]): string => {
  const what = `${visible(report.action)} ${visible(service)}`;
  if (report.endedMs === undefined && report.queuedUntilMs === undefined)
    return `${what} is under way: going on with it`;
  if (names.length === 0) return `${what}: nothing is left to be done again`;
  return `trying ${what} again at ${counted(names.length, 'service')}: ${shownNames(names)}`;
};
/**
 * Who may have done already what is asked of him again: his shepherd, or the way to it, ended in the middle. It does
 * not matter of what says how a service shall be, and a slot knows how far it got.
 */
const twiceIn = (report: OperationReport): readonly string[] => {
  const isOnce = (action: string): boolean =>
    !isRepeatable(action) && actionFacts(action)?.by !== 'slot';
  const doubtful = undoneIn(report).filter(
    ({ action, phase, row }) =>
      isOnce(action) && (phase === 'in-doubt' || row?.result === 'unknown'),
  );
  return [...new Set(doubtful.map(({ service }) => service))];
};

/** An id means something to whoever the command was asked through. */
const runCancel = async (context: Context, { id, way }: Meant): Promise<number> => {
  const patience = patienceOf(context);
  const { result, report } = await withOperations(context, way, async (client) => {
    const result = await client.cancel(id, patience);
    if (result !== undefined) return { result };
    // Who may call it off may not be allowed to look at it.
    return { result, report: await client.operation(id, patience).catch(() => undefined) };
  });
  const effect = report && cancelEffect(report);
  const text =
    result !== undefined
      ? `it is over: ${resultWords[result]}. There is nothing to call off.`
      : report === undefined || effect === undefined
        ? 'what had not begun is called off.'
        : cancelWords(report, effect, way);
  print(context, [`Operation ${visible(id)}: ${text}`], {
    kind: 'cancel',
    operation: id,
    ...(result !== undefined && { result }),
    ...effect,
  });
  return 0;
};
