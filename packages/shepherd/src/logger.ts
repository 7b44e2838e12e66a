/** The `^logger` of one service: where its output goes, and its last lines. */
import type { Bcom, Behavior, Turn } from '@bellwether/actors';
import { checkedQuery } from './log-query.ts';
import type { LogFiles, Logger } from './types.ts';

/** Makes the logger of the service with this name. */
export const makeLogger = (
  _turn: Turn<Logger>,
  _bcom: Bcom<Logger>,
  files: LogFiles,
  service: string,
): Behavior<Logger> => ({
  path: () => files.pathOf(service),
  lines: (turn, query) => {
    const checked = checkedQuery(query);
    return turn.ask<readonly string[]>((answer) => files.lines(service, checked, answer));
  },
});
