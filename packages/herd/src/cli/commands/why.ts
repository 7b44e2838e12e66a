/** `herd why SERVICE`, and `-l`: why they run or do not, from what their shepherd knows; see format/why.ts. */
import type { Grounds, Status } from '@bellwether/shepherd';
import { rootClient } from '../../client/local-root.ts';
import { machineClient } from '../../client/machine.ts';
import { type Context, isPetnameWord, patienceOf, withRootLine, withService } from '../context.ts';
import type { ShownStatus } from '../format/shown-status.ts';
import { causeOf, namesBelow, whyLines, type Cause, type Known } from '../format/why.ts';
import { isRootName } from '../grammar/invocation.ts';
import { mayEnable } from '../operation/rights.ts';
import { askStatus, lookFor } from './looking.ts';
import { choose, ofMembersOnly, tellSlips } from './selecting.ts';
import { print } from '../terminal/print.ts';
import { Usage } from '../grammar/usage.ts';

/**
 * Runs the command. Exit code 0 where the service serves, or is as it was wished; 1 where it does not; 4 unknown. Of
 * several 1 where none does, 3 where some do not. @throws Usage, NothingSelected as a Remote, …
 */
export const runWhy = async (context: Context, [named]: readonly string[]): Promise<number> => {
  if (context.options.selector !== undefined) return whyOfChosen(context, named);
  const service = named ?? '';
  if (isRootName(service))
    throw new Usage('whoever answers runs: the shepherd itself', "More of it: 'herd status root'.");
  const known = isPetnameWord(service)
    ? await knownOfRef(context, service)
    : await knownHere(context, [service]);
  const cause = causeOf(service, known, context.look);
  print(context, whyLines(cause, context.look), { kind: 'why', ...cause });
  return exitCodeOf(cause, known.status(service));
};

/** One after the other, each with what to do about it. */
const whyOfChosen = async (context: Context, named: string | undefined): Promise<number> => {
  if (named !== undefined && isPetnameWord(named)) throw ofMembersOnly('why', named);
  const chosen = await choose(context, named);
  tellSlips(context, chosen);
  const known = await knownHere(context, chosen.names);
  const causes = chosen.names.map((name) => causeOf(name, known, context.look));
  const reports = causes.map((cause) => whyLines(cause, context.look));
  const lines = reports.flatMap((report, at) => (at === 0 ? report : ['', ...report]));
  print(context, lines, { kind: 'why', services: causes });
  const codes = causes.map((cause, at) => exitCodeOf(cause, known.status(chosen.names[at] ?? '')));
  if (codes.includes(1)) return codes.every((code) => code === 1) ? 1 : 3;
  return codes.includes(4) ? 4 : 0;
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

/** What the shepherd here knows of these, and of what has a part in how they are. */
const knownHere = (context: Context, services: readonly string[]): Promise<Known> => {
  const { probe } = lookFor(context);
  const patience = patienceOf(context);
  return withRootLine(context, async (line) => {
    const root = rootClient(line);
    const machine = machineClient(line);
    // Refuses a name that is none, before anybody is asked.
    const [, statuses] = await Promise.all([
      machine.grounds(services[0] ?? '', patience),
      root.status([], probe, patience),
    ]);
    const byName = new Map(namesOf(statuses));
    const status = (name: string): ShownStatus | undefined => byName.get(name);
    const grounds = new Map<string, Grounds>();
    for (const service of services) {
      // What ran once and has ended is in no list.
      const asked = byName.get(service) ?? (await askStatus(context, root.service(service)));
      byName.set(service, asked);
      const names = namesBelow(asked, { status }).filter((name) => byName.has(name));
      const found = await Promise.all(names.map((name) => machine.grounds(name, patience)));
      names.forEach((name, at) => {
        const each = found[at];
        if (each !== undefined) grounds.set(name, each);
      });
    }
    return { status, grounds: (name) => grounds.get(name) };
  });
};
const namesOf = (statuses: readonly Status[]): ReadonlyMap<string, Status> =>
  new Map(statuses.flatMap((one) => one.provision.map((name) => [name, one] as const)));
