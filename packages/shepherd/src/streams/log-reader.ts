/**
 * The `^log-reader`: follows the log of one service of this machine into a stream. It pulls: a piece is
 * read when the one before it is on its way, so a slow follower slows the reading of the file, and what
 * it has not read yet is nowhere but there.
 *
 *     state \ event   a piece, with lines   a piece, without   it is sent    nobody follows
 *     reading         → passing             → reading again    -             → over
 *     passing         -                     -                  → reading     → over
 *
 * Where only what is there is wanted, the end is the one of that moment: a service that writes faster
 * than anybody reads is not read for ever.
 */
import type { Bcom, Behavior, Clock, JournalCell, Resolver, Turn, Vow } from '@bellwether/actors';
import { cut } from '../text.ts';
import type { Follow, LogEvent, LogFiles, LogPiece, LogSpan } from '../words/types.ts';
import { goneText } from '../words/wording.ts';

/** What makes a reader. */
export interface LogReaderOptions {
  readonly files: LogFiles;
  readonly service: string;
  /** The name of this shepherd: it stands in front of every line. */
  readonly node: string;
  readonly clock: Pick<Clock, 'wall'>;
  readonly follow: Follow;
}
/** Reads until nobody follows, or to the end. */
export interface LogReader {
  /** To be called once. Kept when it is over; broken with what keeps the log from being read. */
  run(): Vow<void>;
}
interface Held extends LogReaderOptions {
  readonly isOver: JournalCell<boolean>;
  /** It is not known yet where it begins; until then it is not told that it is over. */
  readonly isAsking: JournalCell<boolean>;
  readonly end: Resolver<void>;
}

/** Makes a reader that does not read yet. */
export const makeLogReader = (
  turn: Turn<LogReader>,
  _bcom: Bcom<LogReader>,
  options: LogReaderOptions,
): Behavior<LogReader> => {
  const isOver = turn.cell(false);
  const isAsking = turn.cell(true);
  return {
    run: (turn) => {
      const { vow, resolver } = turn.vow<void>();
      const held: Held = { isOver, isAsking, end: resolver, ...options };
      const { files, service, follow } = options;
      const span = turn.ask<LogSpan>((answer) => files.begin(service, follow.query, answer));
      const stop = (turn: Turn): void => over(held, turn);
      turn.when(turn.call(follow.stream, 'over'), stop, stop);
      turn.when(
        span,
        (turn, span) => {
          answered(held);
          start(held, turn, span);
        },
        (turn, reason) => {
          answered(held);
          failed(held, turn, reason);
        },
      );
      return vow;
    },
  };
};

/** Looking for the beginning is work: whoever gives up meanwhile keeps its share until that is done. */
const answered = ({ isAsking, isOver, end }: Held): void => {
  isAsking.set(false);
  if (isOver.get()) end.kept(undefined);
};

/** Where a follower goes on that was here before. */
const placeIn = ({ query, about }: Follow): number | undefined =>
  query.after?.find((one) => one.about === about)?.place;

/** Says first where it begins: who loses contact before there is a line goes on from there. */
const start = (held: Held, turn: Turn, { begin, end }: LogSpan): void => {
  const { follow, isOver } = held;
  if (isOver.get()) return;
  const place = placeIn(follow) ?? begin;
  const until = follow.query.isOnce === true ? end : undefined;
  const goOn = (turn: Turn): void => read(held, turn, { place, until, isLive: false });
  if (follow.query.isOnce === true) return goOn(turn);
  const events = [{ kind: 'place', ...aboutOf(follow), place }] as const;
  turn.when(turn.call(follow.stream, 'pass', events), goOn, (turn) => over(held, turn));
};
const aboutOf = ({ about }: Follow): { readonly about?: string } =>
  about === undefined ? {} : { about };

interface At {
  readonly place: number;
  /** Where it ends; absent: where nobody follows any more. */
  readonly until: number | undefined;
  /** Everything before it was seen as it was written. */
  readonly isLive: boolean;
}
/** Reads a piece, or waits for one. */
const read = (held: Held, turn: Turn, at: At): void => {
  const { files, service, follow, isOver } = held;
  if (isOver.get()) return;
  turn.when(
    turn.ask<LogPiece>((answer) => files.read(follow.id, service, at.place, at.until, answer)),
    (turn, piece) => take(held, turn, piece, at),
    (turn, reason) => failed(held, turn, reason),
  );
};

const take = (held: Held, turn: Turn, piece: LogPiece, { until, isLive }: At): void => {
  const { follow, isOver } = held;
  if (isOver.get()) return;
  const goOn = (turn: Turn): void => {
    if (piece.isEnd && until !== undefined) over(held, turn);
    else read(held, turn, { place: piece.next, until, isLive: piece.isEnd });
  };
  const events = eventsOf(held, piece, isLive || piece.hasWaited);
  if (events.length === 0) return goOn(turn);
  turn.when(turn.call(follow.stream, 'pass', events), goOn, (turn) => over(held, turn));
};

const eventsOf = (held: Held, piece: LogPiece, isLive: boolean): readonly LogEvent[] => {
  const { node, follow, clock } = held;
  const { lines, next, lostBytes } = piece;
  const about = aboutOf(follow);
  const at = isLive ? { at: clock.wall() } : {};
  const events: LogEvent[] = lines.map((text) => ({
    kind: 'line',
    from: node,
    ...about,
    text: cut(text),
    ...at,
  }));
  if (lostBytes > 0) {
    const text = goneText(lostBytes);
    events.unshift({ kind: 'note', from: node, ...about, what: 'gone', text, lostBytes });
  }
  if (events.length > 0) events.push({ kind: 'place', ...about, place: next });
  return events;
};

const over = ({ files, follow, isOver, isAsking, end }: Held, turn: Turn): void => {
  if (isOver.get()) return;
  isOver.set(true);
  turn.effect(() => files.stop(follow.id));
  if (!isAsking.get()) end.kept(undefined);
};

const failed = (held: Held, turn: Turn, reason: Error): void => {
  if (held.isOver.get()) return;
  held.end.broken(reason);
  over(held, turn);
};
