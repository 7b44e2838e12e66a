/** The `^logger` of one service: where its output goes, and its last lines. */
import type { Bcom, Behavior, Turn } from '@bellwether/actors';
import { limits } from './limits.ts';
import { checkedCount } from './requests.ts';
import type { LogFiles, Logger } from './types.ts';

/** Makes the logger of the service with this name. */
export const makeLogger = (
  _turn: Turn<Logger>,
  _bcom: Bcom<Logger>,
  files: LogFiles,
  service: string,
): Behavior<Logger> => ({
  path: () => files.pathOf(service),
  tail: (turn, lineCount) => {
    const count = checkedCount('log: line count', lineCount, limits.logLineCount);
    return turn.ask<readonly string[]>((answer) => files.tail(service, count, answer));
  },
});
