/**
 * What the disk has of a transient service, read again: what differs between them, and nothing else. All other parts
 * of its description follow from these.
 */
import { Malformed } from '../errors.ts';
import { limits } from '../limits.ts';
import { list, readIf, readWhole, struct, textOf, type Read } from '../read.ts';
import { readAccount } from '../words/shapes.ts';
import type {
  Command,
  ConnectionConfig,
  RunAs,
  SignalName,
  StopConfig,
} from '../words/service-config.ts';
import type { Arrival, SocketPlace } from '../words/socket-types.ts';

/** How one transient service differs from another, but for its name. */
export interface RunOnce {
  readonly command: Command;
  /** When it runs, milliseconds since 1970. Absent: at once. */
  readonly atMs?: number;
  /** Absolute. Absent: its log lies with the others. */
  readonly logFile?: string;
  /** Both of a connection: which one it is, and how it is stopped. */
  readonly connection?: ConnectionConfig;
  readonly stop?: PlainStop;
}
/** Of one that no command stops. */
export type PlainStop = Omit<StopConfig, 'run'>;

/** Reads it out of the JSON of a description. @throws Malformed */
export const readRunOnce = (text: string): RunOnce => {
  if (text.length > limits.transientCharacters)
    throw new Malformed(`description: over ${limits.transientCharacters} characters`);
  const { start, timer, log, connection, stop } = readDescription(parsed(text), 'description');
  const logged = log === undefined ? {} : { logFile: log.file };
  if (timer !== undefined) return { command: timer.run, atMs: timer.when.atMs, ...logged };
  if (start === undefined) throw new Malformed('description: expected something that it runs');
  if (connection === undefined) return { command: start, ...logged };
  if (stop === undefined) throw new Malformed('description: expected how it is stopped');
  return { command: start, connection, stop };
};

const parsed = (text: string): unknown => {
  try {
    return JSON.parse(text);
  } catch {
    // What V8 says of it would show a part of the text, and commands are nobody's business.
    throw new Malformed('description: expected JSON');
  }
};

/** None is longer than the whole. */
const words: Read<string> = textOf(limits.transientCharacters);
const readArgv: Read<Command['argv']> = (value, what) => {
  const [program, ...args] = list(words, limits.argumentCount)(value, what);
  if (program === undefined) throw new Malformed(`${what}: expected a program`);
  return [program, ...args];
};
const readVariables: Read<Readonly<Record<string, string>>> = (value, what) => {
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw new Malformed(`${what}: expected variables`);
  return Object.fromEntries(
    Object.entries(value).map(([name, each]) => [name, words(each, `${what}.${name}`)]),
  );
};
type PlainCommand = Pick<Command, 'argv' | 'env' | 'cwd' | 'runAs'>;
const readCommand = struct<PlainCommand>(
  { argv: readArgv },
  {
    env: readVariables,
    cwd: words,
    runAs: struct<RunAs>({}, { user: readAccount(words), group: readAccount(words) }),
  },
);

interface Description {
  readonly start?: PlainCommand;
  readonly timer?: { readonly when: { readonly atMs: number }; readonly run: PlainCommand };
  readonly log?: { readonly file: string };
  readonly connection?: ConnectionConfig;
  readonly stop?: PlainStop;
}
const readFamily = readIf(
  (value): value is SocketPlace['family'] => value === 'unix' || value === 4 || value === 6,
  'unix, 4 or 6',
);
const readPlace = struct<SocketPlace>({ family: readFamily, host: words, port: readWhole }, {});
const readArrival = struct<Arrival>({ number: readWhole }, { peer: readPlace, local: readPlace });
const readSignal = readIf(
  (value): value is SignalName => typeof value === 'string' && /^SIG[A-Z0-9+]+$/.test(value),
  'the name of a signal',
);
const readDescription = struct<Description>(
  {},
  {
    start: readCommand,
    timer: struct({ when: struct({ atMs: readWhole }, {}), run: readCommand }, {}),
    log: struct({ file: words }, {}),
    connection: struct<ConnectionConfig>({ of: words, arrival: readArrival }, {}),
    stop: struct<PlainStop>({ signal: readSignal, graceMs: readWhole }, {}),
  },
);
