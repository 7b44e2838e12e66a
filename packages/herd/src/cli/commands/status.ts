/** `herd status [SERVICE]`: asks live, and prints unknown for what does not answer. */
import { limits, type Status } from '@bellwether/shepherd';
import { aboutIn, linesIn, statusesIn, statusIn } from '../../client/answers.ts';
import type { Line } from '../../client/line.ts';
import { defaultLineCount, marginMs, probeMs, questionMs } from '../../client/limits.ts';
import { type Context, isPetnameWord, withRoot, withService } from '../context.ts';
import { aboutLines } from '../format/about.ts';
import type { ShownStatus } from '../format/shown-status.ts';
import { statusListLines } from '../format/status-list.ts';
import { statusReportLines } from '../format/status-report.ts';
import { isRootName } from '../invocation.ts';
import { print } from '../print.ts';

/**
 * Runs the command. Exit code 0, or 4 where the service asked for, or a member of it, is unknown.
 */
export const runStatus = async (context: Context, words: readonly string[]): Promise<number> => {
  const [service] = words;
  if (service === undefined) return statusOfAll(context);
  if (isRootName(service)) return statusOfRoot(context);
  const lineCount = context.options['log-history'] ?? defaultLineCount;
  const status = await withService(context, service, async (line) => {
    const found = await askStatus(context, line, service);
    return isPetnameWord(service) ? found : withLines(line, found, service, lineCount);
  });
  print(context, statusReportLines(status, context.look, lineCount), {
    kind: 'status',
    services: [status],
  });
  return isKnown(status) ? 0 : 4;
};

/**
 * The status of one service over a line that leads to it: by name at a root, else what the facet
 * stands for.
 */
export const askStatus = async (context: Context, line: Line, service: string): Promise<Status> => {
  const { wait, probe } = patience(context);
  if (isPetnameWord(service))
    return statusIn(
      await line.ask({
        method: 'probe',
        args: [probe],
        waitMs: wait,
        onInterrupt: context.terminal.onInterrupt,
      }),
    );
  const answer = await line.ask({
    method: 'status',
    args: [[service], probe],
    waitMs: wait,
    onInterrupt: context.terminal.onInterrupt,
  });
  return statusIn(statusesIn(answer)[0]);
};

const statusOfAll = async (context: Context): Promise<number> => {
  const { wait, probe } = patience(context);
  const services = await withRoot(context, async (line) =>
    statusesIn(
      await line.ask({
        method: 'status',
        args: [[], probe],
        waitMs: wait,
        onInterrupt: context.terminal.onInterrupt,
      }),
    ),
  );
  print(context, statusListLines(services, context.look), { kind: 'status', services });
  return 0;
};

const statusOfRoot = async (context: Context): Promise<number> => {
  const about = await withRoot(context, async (line) =>
    aboutIn(
      await line.ask({
        method: 'about',
        args: [],
        waitMs: questionMs,
        onInterrupt: context.terminal.onInterrupt,
      }),
    ),
  );
  print(context, aboutLines(about, context.look), { kind: 'about', ...about });
  return 0;
};

/**
 * `--timeout` is how long the far ends may take to answer; we wait a little longer, so that the
 * rest is still shown.
 */
const patience = ({ options }: Context): { readonly wait: number; readonly probe: number } => {
  const { timeout } = options;
  if (timeout === undefined) return { wait: questionMs, probe: probeMs };
  return { wait: timeout + marginMs, probe: Math.min(timeout, limits.probeMs) };
};

/** A status brings the last few lines along; more are asked for. */
const withLines = async (
  line: Line,
  status: Status,
  service: string,
  lineCount: number,
): Promise<Status> => {
  if (lineCount <= defaultLineCount || status.kind === 'fleet' || status.logFile === undefined)
    return status;
  const lines = linesIn(
    await line.ask({ method: 'log', args: [service, lineCount], waitMs: questionMs }),
  );
  return { ...status, recentLines: lines };
};

const isKnown = ({ stage, members }: ShownStatus): boolean =>
  stage !== 'unknown' && (members ?? []).every((member) => member.stage !== 'unknown');
