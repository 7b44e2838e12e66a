/** A shepherd between two of its lives: its socket comes back, so whoever wants it waits as for any dial. */
import { Detached, isNoShepherd, type NoShepherd } from '../client/errors.ts';
import { connectMs, socketLookMs } from '../client/limits.ts';
import type { Line } from '../client/line.ts';
import type { Context } from './context.ts';

/**
 * The line to the local root as soon as it has its socket. Rejects with the last NoShepherd when the time to
 * connect, or `--timeout`, is over; with Detached at Ctrl-C.
 */
export const rootLineAgain = (
  { connections, options, terminal }: Context,
  before: NoShepherd,
): Promise<Line> =>
  new Promise((resolve, reject) => {
    let last: unknown = before;
    const endsAt = terminal.now() + Math.min(connectMs, options.timeout ?? connectMs);
    const end = (act: () => void): void => {
      stop();
      release();
      act();
    };
    const look = (): void => {
      try {
        const line = connections.root(options.socket);
        return end(() => resolve(line));
      } catch (error) {
        last = error;
      }
      const isRestarting = isNoShepherd(last) && last.isRestarting;
      if (!isRestarting || terminal.now() >= endsAt) end(() => reject(last as Error));
    };
    const stop = terminal.every(socketLookMs, look);
    const release = terminal.onInterrupt(() => end(() => reject(new Detached(false))));
  });
