/** start, stop, restart, enable, disable and custom actions. */
import { isStart, type Outcome, type Request } from '@bellwether/shepherd';
import { actionMs, shutDownMs, startMs } from '../../client/limits.ts';
import type { Patience } from '../../client/line.ts';
import type { ServiceClient } from '../../client/service.ts';
import type { Told } from '../../client/sink.ts';
import { type Context, withRoot, withService } from '../context.ts';
import { type Command, isRootName } from '../grammar/invocation.ts';
import { carriedOut, timesOf } from '../operation/carried-out.ts';
import { expecting } from '../operation/expecting.ts';
import type { Progress } from '../operation/progress.ts';
import { isShutDown, requestOf } from '../operation/request.ts';

/** Runs an action; the result is the exit code. */
export const runPerform = async (context: Context, command: Command): Promise<number> => {
  const request = requestOf(context, command, usualMs(command));
  if (context.options.selector === undefined) return carryOut(context, command, request);
  return (await import('./selected.ts')).runSelected(context, command, request, carryOut);
};

const carryOut = async (context: Context, command: Command, request: Request): Promise<number> => {
  if (context.options['dry-run'] === true)
    return (await import('./plan.ts')).runPlan(context, command, request);
  if (isRootName(command.service) && command.action !== 'stop')
    return (await import('./root-action.ts')).runRootAction(context, command);
  if (context.options.verbose === true)
    context.terminal.err(`operation ${request.operation}, ${request.remainingMs} ms\n`);
  return carriedOut(context, command, {
    operation: request.operation,
    ...timesOf(request),
    ask: (told, patience, progress) => asked(context, command, request, told, patience, progress),
  });
};

const usualMs = (command: Command): number => {
  if (isShutDown(command)) return shutDownMs;
  return isStart(command.action) ? startMs : actionMs;
};

const asked = (
  context: Context,
  command: Command,
  request: Request,
  told: Told,
  patience: Patience,
  progress: Progress,
): Promise<Outcome> => {
  const expect = (client: ServiceClient): Told =>
    expecting(client, request, told, patience, progress);
  if (isShutDown(command))
    return withRoot(context, (root) => {
      const heard = expect(root.service(command.service));
      return root.shutDown(heard, patience);
    });
  return withService(context, command.service, (client) => {
    const heard = expect(client);
    return client.perform(request, heard, patience);
  });
};
