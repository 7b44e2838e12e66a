/** Actions of a service that are asked of the shepherd itself: all but its stop, which is an operation. */
import { ActorError } from '@bellwether/actors';
import { UnknownAction } from '@bellwether/shepherd';
import { type Context, patienceOf, withRoot } from '../context.ts';
import type { Command } from '../grammar/invocation.ts';
import { notHere } from '../grammar/not-here.ts';
import { print } from '../terminal/print.ts';

/** GNU's answer to a start of the shepherd itself; it has no other action that is a service's. */
export const runRootAction = async (
  context: Context,
  { action, service }: Command,
): Promise<number> => {
  const why = notHere.get(action);
  if (why !== undefined) throw new ActorError('refused', why);
  await withRoot(context, (root) => root.about(patienceOf(context)));
  if (action === 'restart')
    throw new ActorError(
      'refused',
      `the shepherd does not restart itself: 'herd reload' takes over its configuration,\n` +
        `'herd detach root' ends it and leaves its services running for the next one`,
    );
  if (action !== 'start') throw new UnknownAction(service, action);
  print(context, [`Service ${service} is already running.`], {
    kind: 'outcome',
    action,
    service,
    exitCode: 0,
    outcome: { member: service, result: 'ok', rows: [] },
  });
  return 0;
};
