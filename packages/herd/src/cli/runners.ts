/**
 * Who carries out each of herd's own actions, in one table: by its name, or by its first word where all of a group
 * are in one file. Each file is read when it is asked for, since what is typed all day needs one of them.
 */
import { runStatus } from './commands/status.ts';
import type { Context } from './context.ts';

/** Carries out an action, of which `words` is what followed it; the result is the exit code. */
export type Runner = (
  context: Context,
  action: string,
  words: readonly string[],
) => number | Promise<number>;

/** The runner of one of herd's own actions; undefined where it is none. */
export const runnerOf = (action: string): Runner | undefined =>
  runners.get(sharing.get(action) ?? action) ?? runners.get(action.split(' ', 1)[0] ?? '');
/** Who is carried out as another one, which is told which of them it is. */
const sharing = new Map(Object.entries({ detach: 'reload', retry: 'op', schedule: 'spawn' }));

/** One that is alone in its file, or says itself which of it is meant. */
const alone =
  (
    load: () => Promise<(context: Context, words: readonly string[]) => number | Promise<number>>,
  ): Runner =>
  async (context, _action, words) =>
    (await load())(context, words);
/** One for several actions, which it is told. */
const several =
  (load: () => Promise<Runner>): Runner =>
  async (context, action, words) =>
    (await load())(context, action, words);

const runners: ReadonlyMap<string, Runner> = new Map<string, Runner>([
  ['status', (context, _action, words) => runStatus(context, words)],
  [
    'detailed-status',
    alone(async () => (await import('./commands/service-status.ts')).runDetailedStatus),
  ],
  ['graph', alone(async () => (await import('./commands/graph.ts')).runGraph)],
  ['why', alone(async () => (await import('./commands/why.ts')).runWhy)],
  ['top', alone(async () => (await import('./commands/top.ts')).runTop)],
  ['log', alone(async () => (await import('./commands/log.ts')).runLog)],
  ['doc', alone(async () => (await import('./commands/doc.ts')).runDoc)],
  ['spawn', several(async () => (await import('./commands/spawn.ts')).runSpawn)],
  ['check', alone(async () => (await import('./commands/check.ts')).runCheck)],
  ['import', alone(async () => (await import('./commands/import.ts')).runImport)],
  ['reload', several(async () => (await import('./commands/reload.ts')).runOnRoot)],
  ['completion', alone(async () => (await import('./commands/completion.ts')).runCompletion)],
  ['audit', alone(async () => (await import('./commands/audit.ts')).runAudit)],
  ['audit verify', alone(async () => (await import('./commands/audit.ts')).runVerify)],
  ['op', several(async () => (await import('./commands/op.ts')).runOperation)],
  ['ref', several(async () => (await import('./commands/ref.ts')).runRef)],
  ['grant', several(async () => (await import('./commands/grant.ts')).runGrant)],
  ['who-can', several(async () => (await import('./commands/grant.ts')).runGrant)],
  ['accept', alone(async () => (await import('./commands/accept.ts')).runAccept)],
  ['node', several(async () => (await import('./commands/node.ts')).runNode)],
  ['net', several(async () => (await import('./commands/net.ts')).runNet)],
  ['state', several(async () => (await import('./commands/state.ts')).runState)],
  ['stage', several(async () => (await import('./commands/deploy.ts')).runDeploy)],
  [
    'deploy',
    async (context, action, words) =>
      context.options.machines === undefined
        ? (await import('./commands/deploy.ts')).runDeploy(context, action, words)
        : (await import('./commands/machines.ts')).runMachines(context, words),
  ],
  ['rollback', alone(async () => (await import('./commands/deploy.ts')).runRollback)],
  ['release', several(async () => (await import('./commands/release.ts')).runRelease)],
  ['release ls', alone(async () => (await import('./commands/slot-releases.ts')).runReleases)],
  ['release left', alone(async () => (await import('./commands/left-slots.ts')).runLeft)],
  ['release free', alone(async () => (await import('./commands/left-slots.ts')).runFree)],
]);
