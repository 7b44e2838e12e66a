/** `herd spawn` and `herd schedule`: commands that the shepherd runs once, now or at a time. */
import path from 'node:path';
import type { Context } from '../context.ts';
import { Usage } from '../grammar/usage.ts';

/** Runs the command: asks the parent of what is run once. Exit code 0, or 1 where nothing runs. @throws Usage */
export const runSpawn = async (
  context: Context,
  action: string,
  words: readonly string[],
): Promise<number> => {
  // Whom it is asked of: GNU's `herd` has the name between action and command.
  const service = action === 'spawn' ? 'transient' : 'timer';
  const wanted = words[0] === service && words.length > 1 ? words.slice(1) : words;
  if (action === 'schedule' && wanted[0] !== 'at' && wanted[0] !== 'in')
    throw new Usage(
      `expected at or in, found '${wanted[0] ?? ''}'`,
      "As in 'herd schedule at 03:15 -- COMMAND', or 'herd schedule in 10m -- COMMAND'.",
    );
  const args = [...optionWords(context), '--', ...wanted];
  return (await import('./perform.ts')).runPerform(context, { action, service, args });
};

const optionWords = ({ options }: Context): readonly string[] => [
  ...(options.name === undefined ? [] : ['-N', options.name]),
  ...(options.directory === undefined ? [] : ['-d', path.resolve(options.directory)]),
  ...(options.env ?? []).flatMap((variable) => ['-E', variable]),
  ...(options['log-file'] === undefined ? [] : ['--log-file', path.resolve(options['log-file'])]),
  ...(options.user === undefined ? [] : ['--user', options.user]),
  ...(options.group === undefined ? [] : ['--group', options.group]),
];
