/**
 * One run of `herd`: reads the command line, does what it asks for, and says with which code to
 * exit.
 */
import { placesOf } from '../client/place.ts';
import { openRoot } from '../client/root.ts';
import { runStatus } from './commands/status.ts';
import type { Connections, Context } from './context.ts';
import { interpret, type Invocation } from './invocation.ts';
import { lookOf } from './look.ts';
import { parseQuickly, type Typed } from './parse.ts';
import { printJson } from './print.ts';
import type { Terminal } from './terminal.ts';

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
    typed = parseQuickly(argv) ?? (await import('./full.ts')).parseFully(argv);
    invocation = interpret(typed);
    return await run(invocation, terminal, program, connections);
  } catch (error) {
    const wantsJson = typed === undefined ? argv.includes('--json') : typed.options.json === true;
    const { namesNothing, report } = await import('./report.ts');
    const meant =
      invocation && namesNothing(error)
        ? await meantBy(error, invocation, terminal, connections)
        : undefined;
    return report(terminal, wantsJson, error, invocation, meant);
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
    const { helpText } = await import('./full.ts');
    const { topic } = invocation;
    const text = await helpText(topic, terminal.columns);
    if (options.json === true) printJson(terminal, { kind: 'help', topic, text });
    else terminal.out(text);
    return 0;
  }
  const context: Context = { terminal, look: lookOf(terminal), options, connections };
  if (invocation.kind === 'perform')
    return (await import('./commands/perform.ts')).runPerform(context, invocation.command);
  return runOwn(context, invocation.action, invocation.words);
};

const runOwn = async (
  context: Context,
  action: string,
  words: readonly string[],
): Promise<number> => {
  const [group] = action.split(' ', 1);
  if (group === 'op' || group === 'retry')
    return (await import('./commands/op.ts')).runOperation(context, action, words);
  if (group === 'grant' || group === 'who-can')
    return (await import('./commands/grant.ts')).runGrant(context, action, words);
  if (group === 'net') return (await import('./commands/net.ts')).runNet(context, action, words);
  if (group === 'node') return (await import('./commands/node.ts')).runNode(context, action, words);
  if (group === 'state')
    return (await import('./commands/state.ts')).runState(context, action, words);
  if (group === 'release') return runReleaseGroup(context, action, words);
  switch (action) {
    case 'status':
      return runStatus(context, words);
    case 'detailed-status':
      return (await import('./commands/service-status.ts')).runDetailedStatus(context, words);
    case 'graph':
      return (await import('./commands/graph.ts')).runGraph(context, words);
    case 'why':
      return (await import('./commands/why.ts')).runWhy(context, words);
    case 'top':
      return (await import('./commands/top.ts')).runTop(context);
    case 'log':
      return (await import('./commands/log.ts')).runLog(context, words);
    case 'doc':
      return (await import('./commands/doc.ts')).runDoc(context, words);
    case 'spawn':
    case 'schedule':
      return (await import('./commands/spawn.ts')).runSpawn(context, action, words);
    case 'check':
      return (await import('./commands/check.ts')).runCheck(context, words);
    case 'import':
      return (await import('./commands/import.ts')).runImport(context, words);
    case 'reload':
    case 'detach':
      return (await import('./commands/reload.ts')).runOnRoot(context, action);
    case 'completion':
      return (await import('./commands/completion.ts')).runCompletion(context, words);
    case 'audit':
      return (await import('./commands/audit.ts')).runAudit(context, words);
    case 'audit verify':
      return (await import('./commands/audit.ts')).runVerify(context, words);
    case 'accept':
      return (await import('./commands/accept.ts')).runAccept(context, words);
    case 'deploy':
    case 'stage':
      return context.options.machines === undefined
        ? (await import('./commands/deploy.ts')).runDeploy(context, action, words)
        : (await import('./commands/machines.ts')).runMachines(context, words);
    case 'rollback':
      return (await import('./commands/deploy.ts')).runRollback(context, words);
    default:
      return (await import('./commands/ref.ts')).runRef(context, action, words);
  }
};

/** What there is of releases: on nodes, and in files. */
const runReleaseGroup = async (
  context: Context,
  action: string,
  words: readonly string[],
): Promise<number> => {
  switch (action) {
    case 'release ls':
      return (await import('./commands/slot-releases.ts')).runReleases(context, words);
    case 'release left':
      return (await import('./commands/left-slots.ts')).runLeft(context);
    case 'release free':
      return (await import('./commands/left-slots.ts')).runFree(context, words);
    default:
      return (await import('./commands/release.ts')).runRelease(context, action, words);
  }
};
