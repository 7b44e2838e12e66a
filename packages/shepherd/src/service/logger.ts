/** The `^logger` of one service: where its output goes, and its last lines. */
import type { Bcom, Behavior, Turn, Vow } from '@bellwether/actors';
import { limits } from '../limits.ts';
import { checkedQuery } from '../checks/log-query.ts';
import type { LogFiles, Logger, LogQuery } from '../words/types.ts';

/** Makes the logger of the service with this name. */
export const makeLogger = (
  turn: Turn<Logger>,
  _bcom: Bcom<Logger>,
  files: LogFiles,
  service: string,
): Behavior<Logger> => {
  const reading = turn.cell<Vow<readonly string[]> | undefined>(undefined);
  const ask = (turn: Turn, query: LogQuery): Vow<readonly string[]> =>
    turn.ask<readonly string[]>((answer) => files.lines(service, query, answer));
  return {
    path: () => files.pathOf(service),
    isSilent: () => files.isSilent(service),
    lines: (turn, query) => ask(turn, checkedQuery(query)),
    recent: (turn) => {
      const known = reading.get();
      if (known !== undefined) return known;
      const lines = ask(turn, { lineCount: limits.recentLineCount });
      const isRead = (): void => reading.set(undefined);
      reading.set(lines);
      turn.when(lines, isRead, isRead);
      return lines;
    },
  };
};
