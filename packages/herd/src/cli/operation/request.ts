/** What is asked of a shepherd, out of what was typed. */
import crypto from 'node:crypto';
import type { Request } from '@bellwether/shepherd';
import { type Context, isPetnameWord } from '../context.ts';
import { type Command, isRootName } from '../grammar/invocation.ts';
import { rollingOf } from './rolling.ts';

/** A command as it is asked for, under an id of its own, which makes a repeat harmless. */
export const requestOf = ({ options }: Context, command: Command, usualMs: number): Request => {
  const rolling = rollingOf(command.action, options);
  return {
    ...plainRequest(command, options.timeout ?? usualMs),
    ...(options.timeout === undefined && !isShutDown(command) ? { isPatient: true } : {}),
    ...(options['no-members'] === true ? { withMembers: false } : {}),
    ...(options['min-ready'] === undefined ? {} : { minReady: options['min-ready'] }),
    ...(rolling === undefined ? {} : { rolling }),
    ...(options['when-online'] === undefined ? {} : { queueMs: options['when-online'] }),
  };
};

/** The same, of a command that takes none of these options. */
export const plainRequest = ({ action, service, args }: Command, remainingMs: number): Request => ({
  operation: freshOperation(),
  // What a petname leads to knows its own name and puts it here.
  member: isPetnameWord(service) ? service.slice(1) : service,
  action,
  args,
  remainingMs,
  hops: [],
});

/** An id that nobody else chooses. */
export const freshOperation = (): string => `op-${crypto.randomBytes(8).toString('hex')}`;

/** The shepherd itself is to end. */
export const isShutDown = ({ action, service }: Command): boolean =>
  action === 'stop' && isRootName(service);
