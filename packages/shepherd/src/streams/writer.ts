/**
 * The `^writer`: the sender's end of one operation's stream, with the credit of credit.ts:
 *
 *     line, pass   ->  backlog
 *     turn over    ->  batch of at most 64 KiB while there is credit
 *     no room          lines are dropped, and how many is said; a row of this side is told without its details
 *     a machine's      what a machine elsewhere says has a share of the room (shares.ts); beyond it its own lines and
 *                      rows are dropped, which a line says once, and an event of the daemon's log
 *     answer           gives one batch of credit
 *     sink broken      the stream ends; the operation goes on; where it was refused, an event of the daemon's log
 *     finish           what waits is sent without credit and wants no answer, nothing after it
 *
 * What an operation says in the turn in which it ends is therefore one message beside its outcome, and
 * one from each of a thousand members is read by the caller in as many batches as it has credit.
 */
import { codeOf, fateOf, type Bcom, type Behavior, type JournalCell } from '@bellwether/actors';
import type { Log, Ref, Turn } from '@bellwether/actors';
import {
  closeCredit,
  hasCredit,
  isOpen,
  lastSequence,
  openCredit,
  spend,
  type Credit,
} from './credit.ts';
import { limits } from '../limits.ts';
import { cut } from '../text.ts';
import type { Event, Sink, Writer } from '../words/types.ts';
import { bytesOf, withoutDetails } from './event-bytes.ts';
import { makeStreamShares, shareOf, type StreamShares } from './shares.ts';

/** What makes a writer. */
export interface WriterOptions {
  /** Stands in front of every line: the name of this shepherd. */
  readonly node: string;
  /**
   * The daemon's own log; every line of this shepherd goes there too, whatever becomes of the sink.
   */
  readonly log: Log;
  /** Absent: nobody listens. */
  readonly sink?: Ref<Sink>;
}
/** The backlog in two lists: what is sent next stands at the front of `oldest`, and all of `newest` behind it. */
interface Flow {
  readonly oldest: Link | undefined;
  /** The last one to come first: whoever adds has no need of all that waits. */
  readonly newest: Link | undefined;
  readonly lineBytes: number;
  readonly rowBytes: number;
  readonly droppedCount: number;
}
/** Events of the backlog that came together and fit into a batch, measured once. */
interface Waiting {
  readonly events: readonly Event[];
  readonly lineBytes: number;
  readonly rowBytes: number;
  /** Lines that are said in it to be lost; what waits has none. */
  readonly lostCount: number;
  /** Whose share it counts for; none of the lines of this side alone. */
  readonly share: string | undefined;
}
interface Link {
  readonly waiting: Waiting;
  readonly next: Link | undefined;
}
interface Held {
  readonly node: string;
  readonly log: Log;
  readonly sink: Ref<Sink> | undefined;
  readonly flow: JournalCell<Flow>;
  readonly shares: StreamShares;
  readonly credit: Credit;
  /** A turn of its own will send what waits. */
  readonly isPumpDue: JournalCell<boolean>;
}
interface Pumped extends Writer {
  /** Sends what there is credit for. */
  pump(): void;
}

/** Makes the writer of one operation; without a sink it only logs. */
export const makeWriter = (
  turn: Turn<Pumped>,
  _bcom: Bcom<Pumped>,
  { node, log, sink }: WriterOptions,
): Behavior<Pumped> => {
  const held: Held = {
    node,
    log,
    sink,
    flow: turn.cell(atFirst),
    shares: makeStreamShares(turn),
    credit: openCredit(turn, limits.batchCount, sink !== undefined),
    isPumpDue: turn.cell(false),
  };
  return {
    line: (turn, text, about = {}) => {
      const line = cut(text);
      turn.effect(() => held.log('operation.line', { text: line }));
      take(held, turn, [{ kind: 'line', from: held.node, text: line, ...about }]);
    },
    pass: (turn, events, from) => take(held, turn, events, from),
    finish: (turn) => finish(held, turn),
    pump: (turn) => {
      held.isPumpDue.set(false);
      pump(held, turn);
    },
  };
};

const atFirst: Flow = {
  oldest: undefined,
  newest: undefined,
  lineBytes: 0,
  rowBytes: 0,
  droppedCount: 0,
};

const take = (held: Held, turn: Turn<Pumped>, events: readonly Event[], from?: string): void => {
  if (events.length > 0) add(held, turn, events, from);
  if (held.isPumpDue.get() || !isWaiting(held) || !hasCredit(held.credit)) return;
  held.isPumpDue.set(true);
  turn.tell(turn.self, 'pump');
};

/** What came together waits together, where there is room and it fits into a batch; else each event for itself. */
const add = (held: Held, turn: Turn, given: readonly Event[], from: string | undefined): void => {
  if (!isOpen(held.credit)) return;
  const waiting = measured(given, from);
  const isLong = waiting.lineBytes + waiting.rowBytes > limits.batchBytes;
  const isWhole = !isLong && waiting.lostCount === 0 && !isOfSeveral(given, from);
  if (given.length > 1 && !(isWhole && fits(held, waiting))) {
    for (const event of given) add(held, turn, [event], from);
    return;
  }
  if (waiting.lostCount > 0) return lose(held, waiting.lostCount);
  if (fits(held, waiting)) return append(held, waiting);
  if (from !== undefined) return leaveOut(held, turn, from);
  const [event] = given;
  if (event?.kind !== 'row') return lose(held, 1);
  const bare = { ...measured([withoutDetails(event)], from), share: undefined };
  if (held.flow.get().rowBytes + bare.rowBytes <= limits.rowBytes) return append(held, bare);
  const { member } = event.row;
  turn.effect(() => held.log('stream.row-left-out', { member }));
  lose(held, 1);
};
const isOfSeveral = (given: readonly Event[], from: string | undefined): boolean =>
  from === undefined && given.length > 1 && given.filter(isRow).length > 1;
const isRow = ({ kind }: Event): boolean => kind === 'row';

const fits = ({ flow, shares }: Held, waiting: Waiting): boolean => {
  const all = flow.get();
  if (waiting.share !== undefined) return shares.fits(waiting.share, waiting, all);
  return all.lineBytes + waiting.lineBytes <= limits.backlogBytes;
};

const append = (held: Held, waiting: Waiting): void => {
  const { oldest, newest, droppedCount, ...all } = held.flow.get();
  if (waiting.share !== undefined) held.shares.add(waiting.share, waiting);
  // Field by field, as all that is done for each of a thousand members (`npm run bench -- fleet`).
  const lineBytes = all.lineBytes + waiting.lineBytes;
  const rowBytes = all.rowBytes + waiting.rowBytes;
  held.flow.set({ oldest, newest: { waiting, next: newest }, lineBytes, rowBytes, droppedCount });
};

const lose = ({ flow }: Held, count: number): void =>
  flow.set({ ...flow.get(), droppedCount: addedTo(flow.get().droppedCount, count) });

/** Something of a machine has no room: its own, and said once. */
const leaveOut = (held: Held, turn: Turn, from: string): void => {
  lose(held, 1);
  if (!held.shares.cut(shareOf(from, ''))) return;
  turn.effect(() => held.log('stream.left-out', { origin: from }));
  const text = cut(`Not all that ${from} says is told: it is more than the share of one machine.`);
  add(held, turn, [{ kind: 'line', from: held.node, text }], undefined);
};

const measured = (given: readonly Event[], from: string | undefined): Waiting => {
  let [lineBytes, rowBytes, lostCount] = [0, 0, 0];
  let share = from === undefined ? undefined : shareOf(from, '');
  const events = given.map(shortened);
  for (const event of events) {
    const bytes = bytesOf(event);
    if (event.kind === 'dropped') lostCount = addedTo(lostCount, event.count);
    else if (event.kind === 'row') {
      rowBytes += bytes;
      share ??= shareOf(from, event.row.member);
    } else lineBytes += bytes;
  }
  return { events, lineBytes, rowBytes, lostCount, share };
};
const shortened = (event: Event): Event => {
  if (event.kind !== 'line') return event;
  const text = cut(event.text);
  return text === event.text ? event : { ...event, text };
};

/** No member can count so far that the sum is no number of lines any more, which would end the stream. */
const addedTo = (droppedCount: number, more: number): number =>
  Math.min(droppedCount + more, Number.MAX_SAFE_INTEGER);

const pump = (held: Held, turn: Turn): void => {
  while (isWaiting(held) && hasCredit(held.credit)) sendBatch(held, turn);
};

const isWaiting = ({ credit, flow }: Held): boolean => {
  const { oldest, newest, droppedCount } = flow.get();
  return isOpen(credit) && ((oldest ?? newest) !== undefined || droppedCount > 0);
};

/** Sends the next batch. */
const sendBatch = (held: Held, turn: Turn): void => {
  const { sink, credit } = held;
  if (sink === undefined) return;
  const batch = nextBatch(held);
  spend(
    credit,
    turn,
    (sequence) => turn.send(sink, 'rows', batch, sequence),
    (turn) => pump(held, turn),
    (turn, reason) => {
      const code = codeOf(reason);
      if (fateOf(reason) === 'refused') turn.effect(() => held.log('stream.refused', { code }));
      close(held);
    },
  );
};

/**
 * Takes a batch off the backlog: what fits, but at least one event; the count of dropped lines goes
 * last.
 */
const nextBatch = (held: Held): readonly Event[] => {
  let { oldest, newest, lineBytes, rowBytes, droppedCount } = held.flow.get();
  const batch: Event[] = [];
  for (let batchBytes = 0; ; oldest = oldest.next) {
    if (oldest === undefined) {
      oldest = reversed(newest);
      newest = undefined;
    }
    if (oldest === undefined) break;
    const { waiting } = oldest;
    const bytes = waiting.lineBytes + waiting.rowBytes;
    if (batch.length > 0 && batchBytes + bytes > limits.batchBytes) break;
    batchBytes += bytes;
    lineBytes -= waiting.lineBytes;
    rowBytes -= waiting.rowBytes;
    if (waiting.share !== undefined) held.shares.sent(waiting.share, waiting);
    for (const event of waiting.events) batch.push(event);
  }
  if (oldest === undefined && droppedCount > 0) {
    batch.push({ kind: 'dropped', count: droppedCount });
    droppedCount = 0;
  }
  held.flow.set({ oldest, newest, lineBytes, rowBytes, droppedCount });
  return batch;
};
const reversed = (links: Link | undefined): Link | undefined => {
  let next: Link | undefined;
  for (let at = links; at !== undefined; at = at.next) next = { waiting: at.waiting, next };
  return next;
};

/** The stream is over then: whether its last batches arrive changes nothing any more. */
const finish = (held: Held, turn: Turn): void => {
  const { sink, credit } = held;
  while (sink !== undefined && isWaiting(held)) {
    const batch = nextBatch(held);
    turn.tell(sink, 'rows', batch, lastSequence(credit), true);
  }
  close(held);
};

const close = ({ flow, credit }: Held): void => {
  flow.set(atFirst);
  closeCredit(credit);
};

/** Makes a sink for an operation whose outcome says all that anybody wants to know: it keeps nothing. */
export const makeDeafSink = (_turn: Turn<Sink>, _bcom: Bcom<Sink>): Behavior<Sink> => ({
  rows: () => undefined,
});
