/**
 * What a request for a transient service says, as words:
 *
 *     [-N NAME] [-d DIR] [-E VAR=VALUE]… [--log-file FILE] [--user USER] [--group GROUP] [--]
 *     [at TIME | in SPAN] COMMAND [ARG…]
 *
 * The options are those of GNU's `herd`, which has the time with `schedule` alone.
 */
import { keptNames } from '../action-table.ts';
import { BadRequest } from '../errors.ts';
import { limits } from '../limits.ts';
import { cutText } from '../text.ts';
import { givenNameForm, isName } from '../words/names.ts';
import type { SpawnSpec } from '../words/transient-types.ts';

/** What stands before the command. */
interface Said {
  name?: string;
  directory?: string;
  logFile?: string;
  user?: string;
  group?: string;
  readonly env: Record<string, string>;
}

/** Reads options, and what follows them. @throws BadRequest */
export const readSpawnWords = (
  args: readonly string[],
): { readonly said: Omit<SpawnSpec, 'argv'>; readonly words: readonly string[] } => {
  const said: Said = { env: {} };
  for (let at = 0; at < args.length; at += 2) {
    const word = args[at] ?? '';
    if (word === '--') return { said, words: args.slice(at + 1) };
    const take = Object.hasOwn(options, word) ? options[word as keyof typeof options] : undefined;
    if (take === undefined && word.startsWith('-'))
      throw new BadRequest(`there is no option ${cutText(word, 40)} before a command`);
    if (take === undefined) return { said, words: args.slice(at) };
    const value = args[at + 1];
    if (value === undefined || value === '') throw new BadRequest(`${word} needs a value`);
    take(said, value);
  }
  return { said, words: [] };
};

/** A program and its arguments. @throws BadRequest */
export const readSpawnCommand = (words: readonly string[]): SpawnSpec['argv'] => {
  const [program = '', ...args] = words;
  if (program === '') throw new BadRequest("a command is missing, as in '-- make backup'");
  return [program, ...args];
};

const options: Readonly<Record<string, (said: Said, value: string) => void>> = {
  '-N': (said, value) => {
    if (!isSpawnName(value))
      throw new BadRequest(
        `'${cutText(value, 40)}' is no name for a service: letters, digits and _ . + : @ - are`,
      );
    said.name = value;
  },
  '-d': (said, value) => {
    if (!value.startsWith('/')) throw new BadRequest('-d takes an absolute folder');
    said.directory = value;
  },
  '-E': (said, value) => {
    const at = value.indexOf('=');
    if (at < 1) throw new BadRequest('-E takes VAR=VALUE');
    if (Object.keys(said.env).length >= limits.spawnVariableCount)
      throw new BadRequest(`over ${limits.spawnVariableCount} variables are given with -E`);
    said.env[value.slice(0, at)] = value.slice(at + 1);
  },
  '--log-file': (said, value) => {
    if (!value.startsWith('/')) throw new BadRequest('--log-file takes an absolute path');
    said.logFile = value;
  },
  '--user': (said, value) => {
    said.user = value;
  },
  '--group': (said, value) => {
    said.group = value;
  },
};
/** Whether a transient service may be called so. */
export const isSpawnName = (name: string): boolean =>
  isName(name) && givenNameForm.test(name) && !keptNames.includes(name);
