/** `herd status SERVICE`, of those that a selector picks out, and `herd detailed-status`. */
import type { ShepherdFacts } from '@bellwether/fleet';
import type { Status } from '@bellwether/shepherd';
import { defaultLineCount } from '../../client/limits.ts';
import { type Context, isPetnameWord, withRoot, withService } from '../context.ts';
import { aboutLines } from '../format/about.ts';
import { statusListLines } from '../format/status-list.ts';
import { statusReportLines } from '../format/status-report.ts';
import { healthCode } from './health-code.ts';
import type { ShownStatus } from '../format/shown-status.ts';
import { isRootName } from '../grammar/invocation.ts';
import { askStatus, lookFor } from './looking.ts';
import { mayEnable } from '../operation/rights.ts';
import { print } from '../terminal/print.ts';
import { choose, isKnown, ofMembers, tellSlips, type Chosen } from './selecting.ts';
import { Usage } from '../grammar/usage.ts';

/**
 * Runs the command. Exit code 0, or 4 where the service asked for, or a member of it, is unknown; with
 * `--strict` see `healthCode`.
 */
export const runServiceStatus = async (
  context: Context,
  words: readonly string[],
): Promise<number> => {
  const [service] = words;
  if (context.options.watch === true) return watch(context, service);
  if (context.options.selector !== undefined)
    return statusOfChosen(context, await choose(context, service));
  if (service === undefined) return 0;
  if (isRootName(service)) return statusOfRoot(context);
  const lineCount = context.options['log-history'] ?? defaultLineCount;
  const status = isPetnameWord(service)
    ? await withService(context, service, (client) => askStatus(context, client))
    : await statusWithLines(context, service, lineCount);
  const enabled = await enableWord(context, service, status);
  print(context, statusReportLines(status, context.look, lineCount, enabled), {
    kind: 'status',
    services: [status],
  });
  if (context.options.strict === true) return healthCode([status]);
  return isKnown(status) ? 0 : 4;
};

/** What is typed to enable it; false: nothing by whoever asks, as far as is known. */
const enableWord = async (
  context: Context,
  service: string,
  { provision: [name = service], disabledReason }: ShownStatus,
): Promise<string | false> => {
  if (!isPetnameWord(service)) return name;
  if (disabledReason === undefined) return false;
  return (await mayEnable(context, service)) === true && service;
};

const watch = async (context: Context, service: string | undefined): Promise<number> => {
  if (context.options.strict === true)
    throw new Usage(
      '--strict judges the end, and --watch has none',
      "'herd status --strict' ends.",
    );
  if (service !== undefined && isRootName(service))
    throw new Usage(
      'of the shepherd itself nothing changes that could be watched',
      "Its services: 'herd status --watch'.",
    );
  const chosen =
    context.options.selector === undefined ? undefined : await choose(context, service);
  if (chosen !== undefined) tellSlips(context, chosen);
  return (await import('./watch.ts')).runWatch(context, service, chosen);
};

/** Of a fleet elsewhere its report, with those alone; else a list. */
const statusOfChosen = async (context: Context, chosen: Chosen): Promise<number> => {
  tellSlips(context, chosen);
  const services = await chosenServices(context, chosen);
  const lines = isPetnameWord(chosen.service)
    ? services.flatMap((status) => statusReportLines(status, context.look, 0, false))
    : statusListLines(services, context.look);
  print(context, lines, { kind: 'status', services });
  if (context.options.strict === true) return healthCode(services);
  return services.every(isKnown) ? 0 : 4;
};
const chosenServices = async (
  context: Context,
  { service, names }: Chosen,
): Promise<readonly Status[]> => {
  if (isPetnameWord(service))
    return [
      ofMembers(await withService(context, service, (client) => askStatus(context, client)), names),
    ];
  const { probe, patience } = lookFor(context);
  return withRoot(context, (root) => root.status(names, probe, patience));
};

/** `herd detailed-status [SERVICE]`: the report of each, without its messages unless `-n` asks. */
export const runDetailedStatus = async (
  context: Context,
  words: readonly string[],
): Promise<number> => {
  const [service] = words;
  const isChosen = context.options.selector !== undefined;
  if (service !== undefined && !isChosen) return runServiceStatus(context, words);
  const { about, services } = isChosen
    ? { about: [], services: await chosenServices(context, await choose(context, service)) }
    : await everything(context);
  const lineCount = context.options['log-history'] ?? 0;
  const all = [
    ...about.map((facts) => aboutLines(facts, context.look)),
    ...services.map((status) => statusReportLines(status, context.look, lineCount)),
  ];
  const lines = all.flatMap((report, at) => (at === 0 ? report : ['', ...report]));
  print(context, lines, { kind: 'status', services });
  return services.every(isKnown) ? 0 : 4;
};

/** The shepherd itself comes first, as it does with GNU `herd`. */
const everything = (
  context: Context,
): Promise<{
  readonly about: readonly ShepherdFacts[];
  readonly services: readonly Status[];
}> => {
  const { probe, patience } = lookFor(context);
  return withRoot(context, async (root) => {
    const [about, services] = await Promise.all([
      root.about(patience),
      root.status([], probe, patience),
    ]);
    return { about: [about], services };
  });
};

const statusOfRoot = async (context: Context): Promise<number> => {
  const { patience } = lookFor(context);
  const about = await withRoot(context, (root) => root.about(patience));
  print(context, aboutLines(about, context.look), { kind: 'about', ...about });
  return 0;
};

/** A status brings the last few lines along; more are asked for. */
const statusWithLines = (context: Context, service: string, lineCount: number): Promise<Status> =>
  withRoot(context, async (root) => {
    const status = await askStatus(context, root.service(service));
    if (lineCount <= defaultLineCount || status.kind === 'fleet' || status.logFile === undefined)
      return status;
    const { patience } = lookFor(context);
    return { ...status, recentLines: await root.log(service, lineCount, patience) };
  });
