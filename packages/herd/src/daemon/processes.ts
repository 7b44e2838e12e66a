/**
 * What runs the services of a daemon: the keeper, which is their parent and outlives the daemon, or the daemon itself.
 *
 *     --keeper          the program is there     it is not, or does not come up
 *     absent            the keeper               said once, and the daemon itself
 *     PATH              the keeper               the daemon does not begin
 *     none              the daemon itself
 */
import fs from 'node:fs';
import path from 'node:path';
import type { Log } from '@bellwether/actors';
import type { ProcessBackend } from '@bellwether/shepherd';
import {
  KeeperFailed,
  KeptElsewhere,
  KeptHere,
  makeChildProcessBackend,
  openKeeper,
  type KeeperPowers,
} from '@bellwether/shepherd/node';
import { Locked } from '../places/lock.ts';
import { UsageError, type DaemonOptions } from './options.ts';

/** What a daemon has for its processes. */
export interface ProcessesParts extends Omit<KeeperPowers, 'keeper' | 'umask' | 'log'> {
  /** Where the keeper is if nobody says otherwise. */
  readonly usualKeeper: string;
  readonly log: Log;
  readonly say: (line: string) => void;
}
/** A backend, and what ends its connection where it has one. */
export interface Processes {
  readonly backend: ProcessBackend;
  readonly close: () => void;
  /** Why there is no keeper; absent: there is one. */
  readonly unkept?: string;
}

/**
 * Reaches the keeper, starts it, or goes without.
 * @throws UsageError where one that was named cannot be had, Locked where what runs has a keeper that is not to be had
 */
export const openProcesses = async (
  options: Pick<DaemonOptions, 'keeper' | 'state'>,
  parts: ProcessesParts,
): Promise<Processes> => {
  const { usualKeeper, say } = parts;
  if (options.keeper === 'none') return without(parts, '--keeper=none');
  const program = options.keeper ?? usualKeeper;
  const why = await opened(program, options, parts).catch((error: unknown) => {
    if (error instanceof KeptElsewhere)
      throw new Locked(copyWords(options.state), { cause: error });
    if (error instanceof KeptHere)
      throw new Locked(
        `lock: the keeper of ${options.state} lives, and is not reached: ${error.message}`,
      );
    if (!(error instanceof KeeperFailed)) throw error;
    return error.message;
  });
  if (typeof why !== 'string') return why;
  if (options.keeper !== undefined)
    throw new UsageError(`keeper: ${why}\n  hint: name another one, or go without: --keeper=none`);
  say(`No keeper (${why}): ${lacking}`);
  return without(parts, why);
};

const copyWords = (state: string): string =>
  `lock: services that ${state} tells of run under the keeper of another folder, of which this one is a copy; use ` +
  "that one, or stop them with its 'herd stop root' first; another shepherd begins with a folder of its own";

const lacking =
  'services are children of this shepherd. It does not learn how those end that outlive it, starts them more slowly ' +
  'the larger it is, and refuses what only the keeper can give them.';

const opened = async (
  program: string,
  { state }: Pick<DaemonOptions, 'state'>,
  parts: ProcessesParts,
): Promise<Processes> => {
  if (!fs.existsSync(program)) throw new KeeperFailed(`${program} is not there`);
  const keeper = { program, folder: path.join(state, 'keeper') };
  const backend = await openKeeper({ ...parts, keeper, umask: process.umask() });
  return { backend, close: () => backend.close() };
};

const without = (parts: ProcessesParts, why: string): Processes => {
  parts.log('keeper.none', { why });
  return { backend: makeChildProcessBackend(parts), close: () => undefined, unkept: why };
};
