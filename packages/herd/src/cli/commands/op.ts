/** `herd op cancel OPERATION [@PETNAME]`: calls off what has not begun of a command. */
import { questionMs } from '../../client/limits.ts';
import { type Context, isPetnameWord, patienceOf, withService } from '../context.ts';
import { print } from '../print.ts';
import { Usage } from '../usage.ts';

/**
 * Runs the command. An id means something to whoever the command was asked through: the petname says
 * so, without one it was the local root.
 */
export const runCancel = async (context: Context, words: readonly string[]): Promise<number> => {
  const [operation = '', way = 'root'] = words;
  if (way !== 'root' && !isPetnameWord(way))
    throw new Usage(
      `'${way}' is no @PETNAME`,
      'The petname is needed where the command was given to one.',
    );
  const patience = patienceOf(context, context.options.timeout ?? questionMs);
  await withService(context, way, (client) => client.cancel(operation, patience));
  print(context, [`Operation ${operation}: what had not begun is called off.`], {
    kind: 'cancel',
    operation,
  });
  return 0;
};
