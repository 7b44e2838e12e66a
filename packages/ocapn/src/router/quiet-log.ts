/**
 * The log of a router: whatever a peer can bring about is a line, and a peer can bring about
 * anything any number of times. Of each event so many lines are written in a while; then nothing,
 * and the first line of the next while says how many were not.
 */
import type { Clock, Log } from '@bellwether/actors';
import type { Limits } from '../limits.ts';

interface Tally {
  sinceMs: number;
  count: number;
  unlogged: number;
}

/**
 * A log that counts what it leaves out, by event and `key`: strangers do not use up the lines of
 * others. The keys and the events are this package's own, so that the table stays small.
 */
export const quietLog = (
  log: Log,
  clock: Pick<Clock, 'now'>,
  { logMs, logLines }: Limits,
): ((key: string, event: string, fields: Readonly<Record<string, unknown>>) => void) => {
  const tallies = new Map<string, Tally>();
  return (key, event, fields) => {
    const nowMs = clock.now();
    const name = `${event} ${key}`;
    const tally = tallies.get(name) ?? { sinceMs: nowMs, count: 0, unlogged: 0 };
    tallies.set(name, tally);
    if (nowMs - tally.sinceMs >= logMs) {
      tally.sinceMs = nowMs;
      tally.count = 0;
    }
    tally.count += 1;
    if (tally.count > logLines) {
      tally.unlogged += 1;
      return;
    }
    const { unlogged } = tally;
    tally.unlogged = 0;
    log(event, unlogged === 0 ? fields : { ...fields, unlogged });
  };
};
