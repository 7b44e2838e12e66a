/**
 * `herd release ls SERVICE`: the releases that a slot has, as it tells them in lines of words; of a fleet, and of whom
 * a selector picks out, those of each slot below its name.
 */
import { isGood, type Outcome } from '@bellwether/shepherd';
import { visible } from '../../client/escape.ts';
import { questionMs } from '../../client/limits.ts';
import { type Context, patienceOf, withService } from '../context.ts';
import { outcomeLines, rowLines } from '../format/outcome.ts';
import { bytesText, readReleaseLines, type ListedRelease } from '@bellwether/deploy';
import { tableLines } from '../format/table.ts';
import { counted } from '../format/times.ts';
import { print, printErrors } from '../terminal/print.ts';
import { exitCodeOf } from '@bellwether/fleet';
import { plainRequest } from '../operation/request.ts';
import { picked } from './selected.ts';

/** Shows them, the newest first; the result is the exit code. @throws Usage, NothingSelected as a Remote, … */
export const runReleases = async (
  context: Context,
  [named = '']: readonly string[],
): Promise<number> => {
  const waitMs = context.options.timeout ?? questionMs;
  const asked = { action: 'releases', service: named, args: [] };
  const chosen = context.options.selector === undefined ? undefined : await picked(context, asked);
  const service = chosen?.service ?? named;
  const request = {
    ...plainRequest({ ...asked, service }, waitMs),
    ...(chosen && { onlyMembers: chosen.names }),
  };
  const outcome = await withService(context, service, (client) =>
    client.perform(request, () => undefined, patienceOf(context, waitMs)),
  );
  const exitCode = exitCodeOf(outcome, { isStrict: false });
  if (outcome.rows.length > 0) ofMany(context, service, outcome, exitCode);
  else ofOne(context, service, outcome, exitCode);
  return exitCode;
};

const ofOne = (context: Context, service: string, outcome: Outcome, exitCode: number): void => {
  const releases = readReleaseLines(outcome.output ?? []);
  print(context, isGood(outcome) ? shown(releases, '') : [], {
    kind: 'releases',
    service,
    exitCode,
    releases,
  });
  if (isGood(outcome)) return;
  const command = { action: 'release ls', service, args: [] };
  printErrors(context, outcomeLines(command, outcome, context.look, new Set()).err);
};

/** Who could not tell comes first, and is no reason to say nothing of the others. */
const ofMany = (context: Context, service: string, { rows }: Outcome, exitCode: number): void => {
  const { look } = context;
  const bad = rows.filter((row) => !isGood(row));
  const some = `${bad.length} of ${counted(rows.length, 'slot')} did not tell`;
  if (bad.length > 0)
    printErrors(context, [
      `${look.paint('red', 'herd: error:')} release ls ${visible(service)}: ${some} what is there`,
      ...rowLines(bad, look, 'release ls', '  '),
    ]);
  const lines = rows
    .filter(isGood)
    .flatMap((row) => [
      `${visible(row.member)}:`,
      ...shown(readReleaseLines(row.output ?? []), '  '),
    ]);
  const members = rows.map((row) => ({
    member: row.member,
    result: row.result,
    ...(row.reason !== undefined && { reason: row.reason }),
    ...(isGood(row) && { releases: readReleaseLines(row.output ?? []) }),
  }));
  print(context, lines, { kind: 'releases', service, exitCode, members });
};

const shown = (releases: readonly ListedRelease[], indent: string): readonly string[] =>
  releases.length === 0
    ? [`${indent}No releases yet.`]
    : tableLines(
        releases.map(({ digest, app, version = '-', bytes, state }) => [
          digest,
          app,
          version,
          bytesText(bytes),
          state,
        ]),
        indent,
      );
