/** `herd why SERVICE`: why it runs or does not, from what its shepherd knows; see format/why.ts. */
import type { Grounds, Status } from '@bellwether/shepherd';
import { questionMs } from '../../client/limits.ts';
import { rootClient } from '../../client/local-root.ts';
import { machineClient } from '../../client/machine.ts';
import { type Context, isPetnameWord, patienceOf, withRootLine, withService } from '../context.ts';
import type { ShownStatus } from '../format/shown-status.ts';
import { causeOf, namesBelow, whyLines, type Cause, type Known } from '../format/why.ts';
import { isRootName } from '../grammar/invocation.ts';
import { mayEnable } from '../operation/rights.ts';
import { askStatus, lookFor } from '../looking.ts';
import { print } from '../terminal/print.ts';
import { Usage } from '../grammar/usage.ts';

/** Runs the command. Exit code 0 where the service serves, or is as it was wished; 1 where it does not; 4 unknown. */
export const runWhy = async (
  context: Context,
  [service = '']: readonly string[],
): Promise<number> => {
  if (isRootName(service))
    throw new Usage('whoever answers runs: the shepherd itself', "More of it: 'herd status root'.");
  const known = isPetnameWord(service)
    ? await knownOfRef(context, service)
    : await knownHere(context, service);
  const cause = causeOf(service, known, context.look);
  print(context, whyLines(cause, context.look), { kind: 'why', ...cause });
  return exitCodeOf(cause, known.status(service));
};

const exitCodeOf = ({ verdict }: Cause, status: ShownStatus | undefined): number => {
  if (verdict === 'unknown') return 4;
  const isGood = verdict === 'running' || verdict === 'done';
  return isGood || (verdict === 'stopped' && status?.isWanted !== true) ? 0 : 1;
};

/** Of a ref its own service is known, and nothing of what else there is. */
const knownOfRef = async (context: Context, service: string): Promise<Known> => {
  const status = await withService(context, service, (client) => askStatus(context, client));
  const isAllowed = status.isEnabled ? true : await mayEnable(context, service);
  const of = (name: string): ShownStatus | undefined => (name === service ? status : undefined);
  return { status: of, ...nothingElse, mayEnable: isAllowed, through: service };
};
const nothingElse = { grounds: () => undefined };

const knownHere = (context: Context, service: string): Promise<Known> => {
  const { probe } = lookFor(context);
  const patience = patienceOf(context, context.options.timeout ?? questionMs);
  return withRootLine(context, async (line) => {
    const root = rootClient(line);
    const machine = machineClient(line);
    // Refuses a name that is none, before anybody is asked.
    const [, statuses] = await Promise.all([
      machine.grounds(service, patience),
      root.status([], probe, patience),
    ]);
    const listed = namesOf(statuses);
    // What ran once and has ended is in no list.
    const asked = listed.get(service) ?? (await askStatus(context, root.service(service)));
    const byName = new Map(listed).set(service, asked);
    const status = (name: string): ShownStatus | undefined => byName.get(name);
    const names = namesBelow(asked, { status });
    const all = await Promise.all(
      names
        .filter((name) => byName.has(name))
        .map(async (name): Promise<readonly [string, Grounds]> => [
          name,
          await machine.grounds(name, patience),
        ]),
    );
    const grounds = new Map(all);
    return { status, grounds: (name) => grounds.get(name) };
  });
};
const namesOf = (statuses: readonly Status[]): ReadonlyMap<string, Status> =>
  new Map(statuses.flatMap((one) => one.provision.map((name) => [name, one] as const)));
