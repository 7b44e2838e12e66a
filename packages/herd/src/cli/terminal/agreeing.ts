/** What a person is asked before it is done. */
import type { Context } from '../context.ts';
import { printErrors } from './print.ts';

/**
 * Whether to go on; where not, it is said that nothing was done. Nobody is asked who has said `--yes`, or cannot
 * answer: a script has said what it means. Rejects with Detached at Ctrl-C.
 */
export const isAgreed = async (context: Context, question: string): Promise<boolean> => {
  const { options, terminal } = context;
  if (options.yes === true) return true;
  if ((await terminal.agrees(`herd: ${question} [y/N] `)) !== false) return true;
  printErrors(context, ['herd: nothing was done']);
  return false;
};
