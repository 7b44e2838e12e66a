/**
 * The `^trace-stream`: tells one tracer what a session says, with the credit of the streams of logs. Whoever looks may
 * be slow, and the session must not be: what has no room is dropped, and counted.
 *
 *     state \ event   woken         a moment later       more waits         answered    time is over   over, broken
 *     resting         → gathering   -                    the next batch     -           → ended        → ended
 *                                                        no credit: → owing
 *     gathering       -             a batch, → resting   -                  -           → ended        → ended
 *                                   no credit: → owing
 *     owing           -             -                    -                  a batch     → ended        → ended
 *
 * A batch gathers for a while, so that a trace of the very session that it is told over, which is one message for each
 * batch and its answer, stays a few lines in a second.
 */
import type { Bcom, Behavior, JournalCell, Ref, Resolver, Turn, Vow } from '@bellwether/actors';
import {
  closeCredit,
  hasCredit,
  isOpen,
  openCredit,
  spend,
  type Credit,
} from '@bellwether/shepherd';
import { LIMITS } from '../limits.ts';
import { TraceBuffer, type Heard, type TapSession } from './trace-buffer.ts';
import type { TraceEnd, TraceQuery, Tracer } from './types.ts';

/** What makes a stream. */
export interface TraceStreamOptions {
  readonly tap: TapSession;
  /** Only read. */
  readonly wall: () => number;
  readonly session: string;
  readonly query: TraceQuery;
  readonly tracer: Ref<Tracer>;
}
/** Tells until it is over. */
export interface TraceStream {
  /** To be called once. Kept when it is over; broken where the session cannot be listened in on. */
  run(): Vow<TraceEnd>;
  /** There is something to be told. For its own buffer. */
  woken(): void;
}

interface Held extends TraceStreamOptions {
  readonly credit: Credit;
  readonly state: JournalCell<'resting' | 'gathering' | 'owing'>;
  /** How many messages were told. */
  readonly messageCount: JournalCell<number>;
  readonly buffer: JournalCell<TraceBuffer | undefined>;
  /** Ends it when its time is over. */
  readonly timer: JournalCell<{ cancel(): void } | undefined>;
  readonly end: Resolver<TraceEnd>;
  readonly over: Vow<TraceEnd>;
}

/** Makes a stream that does not listen yet. */
export const makeTraceStream = (
  turn: Turn<TraceStream>,
  _bcom: Bcom<TraceStream>,
  options: TraceStreamOptions,
): Behavior<TraceStream> => {
  const { vow: over, resolver: end } = turn.vow<TraceEnd>();
  const held: Held = {
    ...options,
    credit: openCredit(turn, LIMITS.traceUnansweredCount),
    state: turn.cell<'resting' | 'gathering' | 'owing'>('resting'),
    messageCount: turn.cell(0),
    buffer: turn.cell<TraceBuffer | undefined>(undefined),
    timer: turn.cell<{ cancel(): void } | undefined>(undefined),
    end,
    over,
  };
  return {
    run: (turn) => run(held, turn),
    woken: (turn) => {
      if (held.state.get() === 'resting') gather(held, turn);
    },
  };
};

const run = (held: Held, turn: Turn<TraceStream>): Vow<TraceEnd> => {
  const { tap, wall, session, query, tracer } = held;
  const wake = turn.door('woken');
  const begun = turn.ask<TraceBuffer>((answer) => {
    try {
      answer.kept(new TraceBuffer(tap, session, query.detail, wall, wake));
    } catch (error) {
      answer.broken(error);
    }
  });
  return turn.when(begun, (turn, buffer) => {
    held.buffer.set(buffer);
    const close = (turn: Turn): void => finish(held, turn, 'closed');
    turn.when(turn.send(tracer, 'over'), close, close);
    held.timer.set(turn.after(query.forMs, (turn) => lastly(held, turn, 'time')));
    return held.over;
  });
};

const gather = (held: Held, turn: Turn): void => {
  held.state.set('gathering');
  turn.after(LIMITS.traceGatherMs, (turn) => {
    if (isOpen(held.credit)) tellOrOwe(held, turn);
  });
};
const tellOrOwe = (held: Held, turn: Turn): void => {
  if (hasCredit(held.credit)) tell(held, turn);
  else held.state.set('owing');
};

const tell = (held: Held, turn: Turn): void => {
  held.state.set('resting');
  turn.when(taken(held, turn), (turn, heard) => {
    if (!isOpen(held.credit)) return;
    send(held, turn, heard);
    if (heard.isOver !== undefined) finish(held, turn, heard.isOver);
    else if (heard.hasMore) tellOrOwe(held, turn);
  });
};
const taken = ({ buffer }: Held, turn: Turn): Vow<Heard> => {
  const source = buffer.get();
  return turn.ask<Heard>((answer) => answer.kept(source?.take() ?? NOTHING));
};
const NOTHING: Heard = { lines: [], droppedCount: 0, hasMore: false };

const send = (held: Held, turn: Turn, { lines, droppedCount }: Heard): void => {
  if (lines.length === 0 && droppedCount === 0) return;
  const { credit, tracer, messageCount } = held;
  messageCount.set(messageCount.get() + lines.length);
  spend(
    credit,
    turn,
    (sequence) => turn.send(tracer, 'traced', lines, sequence, droppedCount),
    (turn) => {
      if (held.state.get() === 'owing') tell(held, turn);
    },
    (turn) => finish(held, turn, 'closed'),
  );
};

/** What has come until now is told first, as far as one batch has room. */
const lastly = (held: Held, turn: Turn, why: TraceEnd['why']): void => {
  if (!isOpen(held.credit)) return;
  turn.when(taken(held, turn), (turn, heard) => {
    if (!isOpen(held.credit)) return;
    if (hasCredit(held.credit)) send(held, turn, heard);
    finish(held, turn, why);
  });
};
/** What was heard and not told by now was left out, whether it had room or not. */
const finish = (held: Held, turn: Turn, why: TraceEnd['why']): void => {
  const { credit, buffer, timer, end } = held;
  if (!isOpen(credit)) return;
  closeCredit(credit);
  timer.get()?.cancel();
  const source = buffer.get();
  const messageCount = held.messageCount.get();
  const heard = turn.ask<number>((answer) => answer.kept(source?.stop() ?? 0));
  turn.when(heard, (_turn, count) =>
    end.kept({ why, messageCount, droppedCount: count - messageCount }),
  );
};
