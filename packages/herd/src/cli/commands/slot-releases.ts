/** `herd release ls SERVICE`: the releases that a slot has, as it tells them in lines of words. */
import { isGood, type Outcome } from '@bellwether/shepherd';
import { questionMs } from '../../client/limits.ts';
import { type Context, patienceOf, withService } from '../context.ts';
import { outcomeLines } from '../format/outcome.ts';
import { bytesText } from '@bellwether/deploy';
import { tableLines } from '../format/table.ts';
import { print, printErrors } from '../terminal/print.ts';
import { exitCodeOf } from '@bellwether/fleet';
import { plainRequest } from '../operation/request.ts';

/** Shows them, the newest first; the result is the exit code. */
export const runReleases = async (
  context: Context,
  [service = '']: readonly string[],
): Promise<number> => {
  const waitMs = context.options.timeout ?? questionMs;
  const request = plainRequest({ action: 'releases', service, args: [] }, waitMs);
  const outcome = await withService(context, service, (client) =>
    client.perform(request, () => undefined, patienceOf(context, waitMs)),
  );
  const exitCode = exitCodeOf(outcome, { isStrict: false });
  const releases = releasesIn(outcome);
  print(context, isGood(outcome) ? shown(releases) : [], {
    kind: 'releases',
    service,
    exitCode,
    releases,
  });
  if (!isGood(outcome)) {
    const command = { action: 'release ls', service, args: [] };
    printErrors(context, outcomeLines(command, outcome, context.look, new Set()).err);
  }
  return exitCode;
};

interface Listed {
  readonly digest: string;
  readonly app: string;
  readonly version?: string;
  readonly bytes: number;
  /** What it is to the slot: `current, pinned`. */
  readonly state: string;
}
/** `DIGEST APP VERSION BYTES STATE…`; a line that is none is left out. */
const releasesIn = ({ output = [] }: Outcome): readonly Listed[] =>
  output.flatMap((line) => {
    const found = /^(rel:sha256-[0-9a-f]{64}) (\S+) (\S+) (\d{1,15}) (.+)$/.exec(line);
    const [, digest, app, version, bytes, state] = found ?? [];
    if (digest === undefined || app === undefined || state === undefined) return [];
    const given = version !== undefined && version !== '-' && { version };
    return [{ digest, app, ...given, bytes: Number(bytes), state }];
  });
const shown = (releases: readonly Listed[]): readonly string[] =>
  releases.length === 0
    ? ['No releases yet.']
    : tableLines(
        releases.map(({ digest, app, version = '-', bytes, state }) => [
          digest,
          app,
          version,
          bytesText(bytes),
          state,
        ]),
        '',
      );
