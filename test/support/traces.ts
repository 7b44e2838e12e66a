/**
 * What a run of the tests of real programs leaves behind, kept until its end for one question: is a secret in it?
 * All temporary folders of such a run lie in one (TMPDIR), with a folder `.traces` beside them:
 *
 *     .traces/spent/NAME        a place whose test is over, in place of its removal
 *     .traces/KIND.PID          what was noted by a process: a line that begins with the mark, then the text
 *
 * The kinds of `searched` must not have secrets in them. Those of `sources` are where secrets are allowed to be, so they
 * say which ones there are. Nothing is kept outside of such a run, of a benchmark for example.
 */
import fs from 'node:fs';
import path from 'node:path';

/** Notes that must not have secrets in them. */
export const searched = [
  'arguments', // of every program: command line and what was added to its environment
  'stdout',
  'stderr',
  'cmdline', // of every process that was seen
  'environ',
  'reported', // errors and lines of the tests themselves
] as const;
/** Notes that have secrets in them. */
export const sources = [
  'stdin',
  'revealed', // stdout of what was asked with --reveal to show a secret
  'seen', // files while they were there
] as const;
/** What else is noted: the files that programs were told to put a secret into or to take one from; which tests ran. */
type Kind = (typeof searched)[number] | (typeof sources)[number] | 'named' | 'ran';

const root = path.resolve(import.meta.dirname, '..', '..');
/** Folders of the project itself, of which a test may have a copy; what is in them by way of example is no secret. */
export const isOfProject = (name: string): boolean =>
  name === 'node_modules' || fs.existsSync(path.join(root, name));

/** Begins the line before each note. */
export const mark = '\n== ';
const variable = 'BELLWETHER_TRACES';

/** The folder `.traces` of this run; undefined where nothing is kept. */
export const tracesFolder = (): string | undefined => process.env[variable];

/** Makes the folders of a run, and lets everything that this process starts know of them. */
export const beginTraces = (home: string): void => {
  process.env['TMPDIR'] = home;
  process.env[variable] = path.join(home, '.traces');
  fs.mkdirSync(path.join(home, '.traces', 'spent'), { recursive: true, mode: 0o700 });
};

/** An environment without the sign that this is a run. */
export const withoutTraces = (env: NodeJS.ProcessEnv): NodeJS.ProcessEnv => {
  const { [variable]: _traces, ...others } = env;
  return others;
};

/** Adds to what is noted under a kind. */
export const note = (kind: Kind, what: string, content: string | Uint8Array): void => {
  const folder = tracesFolder();
  if (folder === undefined) return;
  const parts = [`${mark}${what}\n`, content, '\n'].map((part) => Buffer.from(part));
  const file = path.join(folder, `${kind}.${process.pid}`);
  fs.appendFileSync(file, Buffer.concat(parts), { mode: 0o600 });
};

/** Everything that was noted under a kind, with the files it stands in. */
export const notedIn = (folder: string, kind: Kind): readonly string[] =>
  fs
    .readdirSync(folder)
    .filter((name) => name.startsWith(`${kind}.`))
    .map((name) => path.join(folder, name));

/** A program that was started: its words, and what was added to its environment. */
export interface Started {
  readonly words: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  readonly cwd: string;
  readonly input: string;
}

/** Notes a program that begins. */
export const noteStart = ({ words, env, cwd, input }: Started): void => {
  if (tracesFolder() === undefined) return;
  const added = Object.entries(env).map(([name, value]) => `${name}=${value}`);
  note('arguments', nameOf(words), [...words, ...added].join('\n'));
  if (input !== '') note('stdin', nameOf(words), input);
  for (const [at, word] of words.entries())
    if (word === '--out' || word === '--from')
      note('named', nameOf(words), path.resolve(cwd, words[at + 1] ?? ''));
};

/** Notes what a program has printed. */
export const noteEnd = (words: readonly string[], stdout: Uint8Array, stderr: Uint8Array): void => {
  note(words.includes('--reveal') ? 'revealed' : 'stdout', nameOf(words), stdout);
  note('stderr', nameOf(words), stderr);
};

/** A program by those of its words that no secret looks like. */
const nameOf = (words: readonly string[]): string =>
  words
    .map((word) => path.basename(word))
    .filter((word) => /^[a-z@-][a-z.-]{0,30}$/.test(word))
    .join(' ');

/** Removes a folder of a test; within a run it is kept for the end. */
export const discard = (folder: string): void => {
  const traces = tracesFolder();
  const home = traces === undefined ? undefined : path.dirname(traces);
  if (traces === undefined || path.dirname(folder) !== home)
    return fs.rmSync(folder, { recursive: true, force: true });
  fs.renameSync(folder, path.join(traces, 'spent', path.basename(folder)));
};
