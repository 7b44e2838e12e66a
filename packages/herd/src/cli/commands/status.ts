/** `herd status`: asks live, and prints unknown for what does not answer. Of one service: service-status.ts. */
import { type Context, withRoot } from '../context.ts';
import { rootStatus, statusListLines } from '../format/status-list.ts';
import { lookFor } from './looking.ts';
import { print } from '../terminal/print.ts';

/** Runs the command. Of all services: exit code 0, with `--strict` as in health-code.ts; else see service-status.ts. */
export const runStatus = async (context: Context, words: readonly string[]): Promise<number> => {
  const { watch, selector } = context.options;
  if (words.length > 0 || watch === true || selector !== undefined)
    return (await import('./service-status.ts')).runServiceStatus(context, words);
  const { probe, patience } = lookFor(context);
  const services = await withRoot(context, (root) => root.glance(probe, patience));
  const lines = statusListLines([...services, rootStatus], context.look);
  print(context, lines, { kind: 'status', services });
  if (context.options.strict !== true) return 0;
  return (await import('./health-code.ts')).healthCode(services);
};
