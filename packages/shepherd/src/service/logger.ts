/** The `^logger` of one service: where its output goes, and its last lines. */
import {
  sharing,
  type Bcom,
  type Behavior,
  type JournalCell,
  type SharedMethods,
  type Turn,
  type Vow,
} from '@bellwether/actors';
import { limits } from '../limits.ts';
import { checkedQuery } from '../checks/log-query.ts';
import type { LogFiles, Logger, LogQuery } from '../words/types.ts';

interface Held {
  readonly files: LogFiles;
  readonly service: string;
  /** Of the last lines, while those are read. */
  readonly reading: JournalCell<Vow<readonly string[]> | undefined>;
}
/** Makes the logger of the service with this name. */
export const makeLogger = (
  turn: Turn<Logger>,
  _bcom: Bcom<Logger>,
  files: LogFiles,
  service: string,
): Behavior<Logger> => sharing(methods, { files, service, reading: turn.cell(undefined) });

const methods: SharedMethods<Logger, Held> = {
  path: ({ files, service }) => files.pathOf(service),
  isSilent: ({ files, service }) => files.isSilent(service),
  end: ({ files, service }) => files.end(service),
  lines: (held, turn, query) => ask(held, turn, checkedQuery(query)),
  recent: (held, turn) => {
    const { reading } = held;
    const known = reading.get();
    if (known !== undefined) return known;
    const lines = ask(held, turn, { lineCount: limits.recentLineCount });
    const isRead = (): void => reading.set(undefined);
    reading.set(lines);
    turn.when(lines, isRead, isRead);
    return lines;
  },
};

const ask = ({ files, service }: Held, turn: Turn, query: LogQuery): Vow<readonly string[]> =>
  turn.ask<readonly string[]>((answer) => files.lines(service, query, answer));
