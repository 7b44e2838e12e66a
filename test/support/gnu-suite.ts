/** What the tests of test/cli/gnu have in common: they ask a shepherd as the shell tests of GNU Shepherd do. */
import fs from 'node:fs';
import path from 'node:path';
import { replyTo, requestText } from './gnu-client.ts';
import { configOf, type Daemon, type Ended } from './programs.ts';

/** The report of one service. */
export const reportOf = async (daemon: Daemon, service: string): Promise<string> =>
  (await daemon.herd('status', service)).stdout;
/** Where a daemon of these tests serves GNU Shepherd's clients. */
export const doorOf = ({ folder }: Pick<Daemon, 'folder'>): string =>
  path.join(folder, 'gnu', 'socket');
/** The process that a client of GNU Shepherd is told; NaN where there is none. It starts no program, so it is quick. */
export const pidOf = async (daemon: Daemon, service: string): Promise<number> =>
  Number(/\(id (\d+)\)/.exec(await replyTo(doorOf(daemon), requestText('status', service)))?.[1]);
/** A configuration with a door for that. */
export const suiteConfig = (services: string): string =>
  configOf('A', services, "{ gnu: { path: 'gnu/socket' } }");
/** Everything that a command has printed. */
export const saidBy = ({ stdout, stderr }: Ended): string => stdout + stderr;
/** A file that a service leaves beside its configuration; undefined: it is not there. */
export const leftBy = (daemon: Daemon, name: string): string | undefined => {
  const file = path.join(daemon.folder, name);
  return fs.existsSync(file) ? fs.readFileSync(file, 'utf8') : undefined;
};
/** Writes the configuration anew and has it read. */
export const reload = async (daemon: Daemon, config: string): Promise<Ended> => {
  fs.writeFileSync(path.join(daemon.folder, 'shepherd.config.ts'), config, { mode: 0o600 });
  return daemon.herd('reload', 'root');
};
