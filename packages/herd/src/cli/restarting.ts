/** A shepherd between two of its lives: its socket and its key come back, so whoever wants it waits as for any dial. */
import { Detached, isNoShepherd, type NoShepherd } from '../client/errors.ts';
import { connectMs, marginMs, socketLookMs } from '../client/limits.ts';
import type { Context } from './context.ts';
import { pause } from './terminal/pause.ts';

/**
 * The same again, every 50 ms, for as long as it fails by a shepherd that is restarting. Rejects with what it failed
 * with at last when the time to connect, or `--timeout` but for half a second, is over; with Detached at Ctrl-C.
 */
export const onceRestarted = async <T>(
  context: Context,
  before: NoShepherd,
  work: () => Promise<T>,
): Promise<T> => {
  const { options, terminal } = context;
  // What is begun with less time than that may be over before it hears that it is refused, and end as if it were well.
  const leftMs = options.timeout === undefined ? connectMs : options.timeout - marginMs;
  const endsAt = terminal.now() + Math.min(connectMs, leftMs);
  for (let last = before; ;) {
    if (!(await pause(context, socketLookMs))) throw new Detached(false);
    if (terminal.now() >= endsAt) throw last;
    try {
      return await work();
    } catch (error) {
      if (!isNoShepherd(error) || !error.isRestarting) throw error;
      last = error;
    }
  }
};
