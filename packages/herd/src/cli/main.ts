/**
 * One run of `herd`: reads the command line, does what it asks for, and says with which code to
 * exit.
 */
import { placesOf } from '../client/place.ts';
import { openRoot } from '../client/root.ts';
import type { Connections, Context } from './context.ts';
import { interpret, type Invocation } from './grammar/invocation.ts';
import { lookOf } from './terminal/look.ts';
import { parseQuickly, type Typed } from './grammar/parse.ts';
import { printJson } from './terminal/print.ts';
import { runnerOf } from './runners.ts';
import type { Terminal } from './terminal/terminal.ts';

/** What the program is, for `--version`. */
export interface Program {
  readonly version: string;
}

/**
 * Runs one command line; the result is the exit code. Never rejects: an error is told and becomes a
 * code.
 */
export const main = async (
  argv: readonly string[],
  terminal: Terminal,
  program: Program,
  connections: Connections = connectionsOf(terminal),
): Promise<number> => {
  if (argv[0] === '__complete' && argv[1] === '--')
    return complete(argv.slice(2), terminal, connections);
  let typed: Typed | undefined;
  let invocation: Invocation | undefined;
  try {
    typed = parseQuickly(argv) ?? (await import('./help/full.ts')).parseFully(argv);
    invocation = interpret(typed);
    return await run(invocation, terminal, program, connections);
  } catch (error) {
    const wantsJson = typed === undefined ? argv.includes('--json') : typed.options.json === true;
    const { namesNothing, report } = await import('./report.ts');
    const meant =
      invocation && namesNothing(error)
        ? await meantBy(error, invocation, terminal, connections)
        : undefined;
    return report(terminal, wantsJson, error, invocation, meant, typed?.words);
  }
};

const meantBy = async (
  error: unknown,
  invocation: Invocation,
  terminal: Terminal,
  connections: Connections,
): Promise<string | undefined> => {
  const { options } = invocation;
  const context = { terminal, look: lookOf(terminal), options, connections };
  return (await import('./meant.ts')).wordMeant(error, invocation, context);
};

/** Asked by the scripts of `herd completion`, at every key that is pressed. */
const complete = async (
  words: readonly string[],
  terminal: Terminal,
  connections: Connections,
): Promise<number> => {
  const { runComplete } = await import('./complete/complete.ts');
  return runComplete(words, terminal, connections, () => placesOf(terminal).refs);
};

const connectionsOf = (terminal: Terminal): Connections => ({
  root: (socket) => openRoot(terminal, socket),
  petname: async (word) => (await import('../client/petname.ts')).openPetname(terminal, word),
  sturdyref: async (ref, what) => (await import('../client/petname.ts')).openRef(ref, what),
});

const run = async (
  invocation: Invocation,
  terminal: Terminal,
  program: Program,
  connections: Connections,
): Promise<number> => {
  const { options } = invocation;
  if (invocation.kind === 'version') {
    const { version } = program;
    if (options.json === true) printJson(terminal, { kind: 'version', version });
    else terminal.out(`herd (Bellwether) ${version}\n`);
    return 0;
  }
  if (invocation.kind === 'help') {
    const { helpText } = await import('./help/full.ts');
    const { topic } = invocation;
    const text = await helpText(topic, terminal.columns);
    if (options.json === true) printJson(terminal, { kind: 'help', topic, text });
    else terminal.out(text);
    return 0;
  }
  const context: Context = { terminal, look: lookOf(terminal), options, connections };
  if (invocation.kind === 'perform')
    return (await import('./commands/perform.ts')).runPerform(context, invocation.command);
  const { action, words } = invocation;
  const runner = runnerOf(action);
  if (runner === undefined) throw new TypeError(`nobody carries out '${action}'`);
  return runner(context, action, words);
};
