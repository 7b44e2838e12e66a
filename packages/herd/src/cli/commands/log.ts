/**
 * `herd log [SERVICE]`. GNU has no log of one service; ours is asked of the shepherd, which owns
 * the file.
 */
import { defaultLogLines, questionMs } from '../../client/limits.ts';
import { type Context, isPetnameWord, patienceOf, withRoot } from '../context.ts';
import { historyLines, logLines } from '../format/log.ts';
import { print } from '../print.ts';
import { Usage } from '../usage.ts';

/**
 * Runs the command.
 * @throws Usage for a petname: a ref stands for actions and status, not for a log
 */
export const runLog = async (context: Context, words: readonly string[]): Promise<number> => {
  const [service] = words;
  const patience = patienceOf(context, context.options.timeout ?? questionMs);
  if (service === undefined) {
    const all = await withRoot(context, (root) => root.history(patience));
    const count = context.options['log-history'];
    const changes = count === undefined ? all : all.slice(Math.max(0, all.length - count));
    print(context, historyLines(changes), { kind: 'history', changes });
    return 0;
  }
  if (isPetnameWord(service))
    throw new Usage(
      `a ref gives no log: ${service}`,
      `'herd status ${service}' shows the last lines that its shepherd tells.`,
    );
  const count = context.options['log-history'] ?? defaultLogLines;
  const lines = await withRoot(context, (root) => root.log(service, count, patience));
  print(context, logLines(lines), { kind: 'log', service, lines });
  return 0;
};
