/** The command line of `shepherd`: GNU's option names where GNU has them. */
import path from 'node:path';
import { parseArgs } from 'node:util';
import { ActorError } from '@bellwether/actors';
import type { Places } from '../places/paths.ts';

/** The command line cannot be used; the message says which word and what there is instead. */
export class UsageError extends ActorError {
  constructor(message: string, options?: ErrorOptions) {
    super('usage', message, options);
  }
}

/** Where a daemon finds and leaves things; all paths absolute. */
export interface DaemonOptions {
  readonly config: string;
  readonly socket: string;
  /** Used where the configuration asks for it. */
  readonly sharedSocket: string;
  /** For GNU Shepherd's clients; absent: as the configuration says. */
  readonly gnuSocket: string | undefined;
  readonly state: string;
  readonly logs: string;
  /** The daemon's own log; absent: `shepherd.log` among the logs. */
  readonly logFile: string;
  /** Written once the daemon is ready; empty: what would be in it is printed. */
  readonly pidFile: string | undefined;
  readonly isSilent: boolean;
  /** The program that is the parent of all services, or 'none'; absent: the usual one, where it is there. */
  readonly keeper: string | undefined;
}
/** What the command line asks for. */
export type Parsed =
  | { readonly kind: 'run'; readonly options: DaemonOptions }
  | { readonly kind: 'print'; readonly text: string };

/** What `shepherd --help` prints; its manual page is made of it. */
export const shepherdHelp = `Usage: shepherd [OPTION...]
       shepherd join|give|leave|home|key [OPTION...]
Runs the services of a configuration until it is told to stop. The second form
asks the one that runs here to join a controller (shepherd join < INVITE), to
give it other services, to leave it, which it has joined, and what its own key
is; more of that: herd help node join.

  -c, --config=FILE   the configuration, a module that exports defineShepherd(...)
  -s, --socket=FILE   the socket that herd talks to (also: SHEPHERD_SOCKET)
      --shared-socket=FILE
                      the socket for other users of this machine, if the
                      configuration says listen: { unix: 'shared' }
      --gnu-socket=FILE
                      a socket for the herd of GNU Shepherd, as listen: { gnu }
      --state=FOLDER  identity, records and refs; one daemon per folder
      --logs=FOLDER   one log file per service
  -l, --logfile=FILE  the daemon's own log
      --keeper=FILE   the program that is the parent of all services; none: the
                      shepherd itself is, which it is too where there is none
      --pid[=FILE]    written, with the process id, once the daemon is ready;
                      without a FILE the number is printed
  -S, --silent, --quiet
                      nothing on standard output
      --help, --usage this text
      --version       the version

Long options may be abbreviated, as long as one alone is meant.
Defaults follow XDG for users, and /etc, /run, /var/lib, /var/log for root.

Examples:
  shepherd --config ./shepherd.config.ts
  shepherd --config ./a.config.ts --state ./a --socket ./a/run/socket
  shepherd join < web-07.join
`;

/**
 * Reads the command line.
 * @throws UsageError
 */
export const readOptions = (words: readonly string[], places: Places, version: string): Parsed => {
  const { values } = parse(words);
  if (values.help === true || values.usage === true) return { kind: 'print', text: shepherdHelp };
  if (values.version === true) return { kind: 'print', text: `shepherd (Bellwether) ${version}\n` };
  const state = path.resolve(values.state ?? places.state);
  const logs = path.resolve(
    values.logs ?? (values.state === undefined ? places.logs : `${state}/log`),
  );
  const socket =
    values.socket ?? (values.state === undefined ? places.socket : `${state}/run/socket`);
  return {
    kind: 'run',
    options: {
      config: path.resolve(values.config ?? places.config),
      socket: path.resolve(socket),
      sharedSocket: path.resolve(values['shared-socket'] ?? places.sharedSocket),
      gnuSocket: resolved(values['gnu-socket']),
      state,
      logs,
      logFile: path.resolve(values.logfile ?? path.join(logs, 'shepherd.log')),
      pidFile: values.pid === '' ? '' : resolved(values.pid),
      isSilent: values.silent === true || values.quiet === true,
      keeper: keeperOf(values.keeper),
    },
  };
};

const resolved = (file: string | undefined): string | undefined =>
  file === undefined ? undefined : path.resolve(file);
const keeperOf = (word: string | undefined): string | undefined =>
  word === undefined || word === 'none' ? word : path.resolve(word);

const known = {
  config: { type: 'string', short: 'c' },
  socket: { type: 'string', short: 's' },
  'shared-socket': { type: 'string' },
  'gnu-socket': { type: 'string' },
  state: { type: 'string' },
  logs: { type: 'string' },
  logfile: { type: 'string', short: 'l' },
  pid: { type: 'string' },
  keeper: { type: 'string' },
  silent: { type: 'boolean', short: 'S' },
  quiet: { type: 'boolean' },
  help: { type: 'boolean' },
  usage: { type: 'boolean' },
  version: { type: 'boolean' },
} as const;
const closed = 'the folder of a socket must be closed to others; --socket=FILE names one elsewhere';
/** Options of GNU Shepherd that there are not, and why. */
const notHere: ReadonlyMap<string, string> = new Map([
  ['--syslog', 'the shepherd has a log of its own (--logfile), and prints what happens'],
  ['--insecure', closed],
  ['-I', closed],
]);

/** What was typed of a long option, in full. @throws Error where there are several such options, or none here */
const inFull = (word: string): string => {
  const [, typed = word, rest = ''] = /^(--[^=]+)(.*)$/s.exec(word) ?? [];
  const names = [...Object.keys(known).map((name) => `--${name}`), ...notHere.keys()];
  const meant = names.filter((name) => typed.length > 2 && name.startsWith(typed));
  const [name = typed] = meant.includes(typed) ? [typed] : meant;
  if (meant.length > 1 && name !== typed)
    throw new Error(`Option '${typed}' is ambiguous: ${meant.join(', ')}`);
  if (notHere.has(name)) throw new Error(`There is no ${name}: ${notHere.get(name)}`);
  return `${name}${rest}`;
};

const parse = (words: readonly string[]) => {
  try {
    const all = words.map(inFull);
    const isAlone = (at: number): boolean =>
      all[at] === '--pid' && !/^[^-]/.test(all[at + 1] ?? '');
    const args = all.map((word, at) => (isAlone(at) ? '--pid=' : word));
    return parseArgs({ args, options: known });
  } catch (error) {
    throw new UsageError(`${(error as Error).message}\nTry 'shepherd --help'.`, { cause: error });
  }
};
