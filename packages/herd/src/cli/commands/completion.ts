/** `herd completion SHELL`: prints the script that makes a shell complete command lines of herd. */
import { scriptOf, shells } from '../complete/scripts.ts';
import type { Context } from '../context.ts';
import { print } from '../terminal/print.ts';
import { Usage } from '../grammar/usage.ts';

/** Runs the command. @throws Usage for a shell that there is no script for */
export const runCompletion = (context: Context, words: readonly string[]): number => {
  const shell = shells.find((each) => each === words[0]);
  if (shell === undefined)
    throw new Usage(
      `no completion for '${words[0] ?? ''}'`,
      `There is one for ${shells.join(', ')}.`,
    );
  const script = scriptOf(shell);
  print(context, [script.trimEnd()], { kind: 'completion', shell, script });
  return 0;
};
