/**
 * Pages that were refused by their origin, for the log: whoever has forgotten to name his own sees it there. Anybody
 * can have any of them refused, so that a minute has as many lines as of anything else that peers bring about.
 */
import type { Clock, Log } from '@bellwether/actors';
import { LIMITS, quietLog } from '@bellwether/ocapn';

/** Tells the log of the pages of one door, by the origin that each has said, whatever that is. */
export const refusedPages = (log: Log, clock: Pick<Clock, 'now'>): ((origin: string) => void) => {
  const say = quietLog(log, clock, LIMITS);
  return (origin) =>
    say('', 'websocket.refused', { origin: origin.replace(/[^\x20-\x7e]/gu, '?') });
};
