/**
 * `herd reload [root]`: the shepherd reads its configuration again. What is different is told in words,
 * with `--dry-run` nothing else happens. `herd detach root`: the shepherd ends, its services go on.
 */
import { ActorError } from '@bellwether/actors';
import { exitCodeOf, type Reloaded } from '@bellwether/fleet';
import { isDetached, isNoAnswer } from '../../client/errors.ts';
import { shutDownMs } from '../../client/limits.ts';
import { evaluationMs } from '../../config/limits.ts';
import { type Context, patienceOf, withRoot } from '../context.ts';
import { reloadLines } from '../format/reload.ts';
import { print, printErrors } from '../terminal/print.ts';
import { Progress } from '../operation/progress.ts';

/** Runs `herd reload` or `herd detach`; the result is the exit code. */
export const runOnRoot = (context: Context, action: string): Promise<number> =>
  action === 'reload' ? runReload(context) : runDetach(context);

/**
 * Runs `reload`. Exit code 0 where the services are as the configuration says, changed or not; 1 or 3 where
 * one of them could not be stopped or started. @throws a `config` error, exit code 2, in the words of
 * `herd check`; nothing was changed then
 */
const runReload = async (context: Context): Promise<number> => {
  const isDryRun = context.options['dry-run'] === true;
  const progress = new Progress(context, 'reload', 'root');
  const patience = patienceOf(context, context.options.timeout ?? evaluationMs + shutDownMs);
  try {
    const reloaded = await withRoot(context, (root) =>
      root.reload(isDryRun, (events) => progress.take(events), patience),
    ).finally(() => progress.end());
    return told(context, reloaded, isDryRun, progress);
  } catch (error) {
    const isLost = isNoAnswer(error) && !error.isTimeUp;
    if (!isDryRun && isLost)
      printErrors(context, ["It may be done: 'herd reload --dry-run' shows what of it is not."]);
    else if (!isDryRun && wasSent(error))
      printErrors(context, ["The reload goes on; 'herd status' shows what became of it."]);
    throw error;
  }
};

/** The configuration cannot be read: every problem, and what that means for what runs. */
class Refusal extends ActorError {
  readonly hint: string;

  constructor(problems: readonly string[]) {
    super('config', problems.join('\n'));
    this.hint = 'Nothing was changed: the shepherd goes on with the configuration that it has.';
  }
}

const wasSent = (error: unknown): boolean =>
  isNoAnswer(error) || (isDetached(error) && error.wasSent);

const told = (
  context: Context,
  reloaded: Reloaded,
  isDryRun: boolean,
  { seen }: Progress,
): number => {
  if (reloaded.kind === 'refused') throw new Refusal(reloaded.problems);
  const { outcome, difference, pending } = reloaded;
  const exitCode = outcome === undefined ? 0 : exitCodeOf(outcome, { isStrict: false });
  const { out, err } = reloadLines(reloaded, isDryRun, context.look, seen);
  print(context, out, {
    kind: 'reload',
    isDryRun,
    exitCode,
    difference,
    pending,
    ...(outcome === undefined ? {} : { outcome }),
  });
  printErrors(context, err);
  return exitCode;
};

/** Runs `detach`. Exit code 0: the shepherd has heard it, and ends. */
const runDetach = async (context: Context): Promise<number> => {
  const patience = patienceOf(context);
  await withRoot(context, (root) => root.detach(patience));
  const text = 'The shepherd ends. Its services go on, and are left to the next one.';
  print(context, [text], { kind: 'detach' });
  return 0;
};
