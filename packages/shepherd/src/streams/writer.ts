/**
 * The `^writer`: the sender's end of one operation's stream, with the credit of credit.ts:
 *
 *     line, pass   ->  backlog
 *     turn over    ->  batch of at most 64 KiB while there is credit
 *     backlog full     lines are dropped, and how many is said; rows stay
 *     answer           gives one batch of credit
 *     sink broken      the stream ends; the operation goes on
 *     finish           what waits is sent without credit and wants no answer, nothing after it
 *
 * What an operation says in the turn in which it ends is therefore one message beside its outcome, and
 * one from each of a thousand members is read by the caller in as many batches as it has credit.
 */
import type { Bcom, Behavior, JournalCell, Log, Ref, Turn } from '@bellwether/actors';
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
import { cut, utf8Bytes } from '../text.ts';
import type { Event, Row, Sink, Writer } from '../words/types.ts';

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
    credit: openCredit(turn, limits.batchCount, sink !== undefined),
    isPumpDue: turn.cell(false),
  };
  return {
    line: (turn, text, about = {}) => {
      const line = cut(text);
      turn.effect(() => held.log('operation.line', { text: line }));
      take(held, turn, [{ kind: 'line', from: held.node, text: line, ...about }]);
    },
    pass: (turn, events) => take(held, turn, events),
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

const take = (held: Held, turn: Turn<Pumped>, events: readonly Event[]): void => {
  if (events.length > 0) add(held, events);
  if (held.isPumpDue.get() || !isWaiting(held) || !hasCredit(held.credit)) return;
  held.isPumpDue.set(true);
  turn.tell(turn.self, 'pump');
};

/** What came together waits together, where there is room and it fits into a batch; else each event for itself. */
const add = (held: Held, given: readonly Event[]): void => {
  if (!isOpen(held.credit)) return;
  const flow = held.flow.get();
  const waiting = measured(given);
  const lineBytes = flow.lineBytes + waiting.lineBytes;
  const rowBytes = flow.rowBytes + waiting.rowBytes;
  const isTooMuch = lineBytes > limits.backlogBytes || rowBytes > limits.rowBytes;
  const isLong = waiting.lineBytes + waiting.rowBytes > limits.batchBytes;
  if (given.length > 1 && (isTooMuch || isLong || waiting.lostCount > 0)) {
    for (const event of given) add(held, [event]);
    return;
  }
  if (rowBytes > limits.rowBytes) return close(held);
  const lostCount = isTooMuch ? 1 : waiting.lostCount;
  if (lostCount > 0)
    return held.flow.set({ ...flow, droppedCount: addedTo(flow.droppedCount, lostCount) });
  const { oldest, newest, droppedCount } = flow;
  // Field by field, as all that is done for each of a thousand members (`npm run bench -- fleet`).
  held.flow.set({ oldest, newest: { waiting, next: newest }, lineBytes, rowBytes, droppedCount });
};
const measured = (given: readonly Event[]): Waiting => {
  let [lineBytes, rowBytes, lostCount] = [0, 0, 0];
  const events = given.map(shortened);
  for (const event of events) {
    const bytes = bytesOf(event);
    if (event.kind === 'dropped') lostCount = addedTo(lostCount, event.count);
    else if (event.kind === 'row') rowBytes += bytes;
    else lineBytes += bytes;
  }
  return { events, lineBytes, rowBytes, lostCount };
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
    () => close(held),
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

/** What an event takes on the wire, roughly: its texts, and a few bytes for each of its parts. */
const bytesOf = (event: Event): number => {
  switch (event.kind) {
    case 'line':
      return (
        32 +
        textBytes(event.from) +
        textBytes(event.text) +
        textBytes(event.about) +
        textBytes(event.what) +
        textBytes(event.on)
      );
    case 'row':
      return 64 + rowBytesOf(event.row);
    case 'deadline':
      return 32 + textBytes(event.slowest);
    case 'dropped':
    case 'alone':
      return 32;
  }
};
const rowBytesOf = (row: Row): number =>
  textBytes(row.member) +
  textBytes(row.result) +
  textBytes(row.reason) +
  textBytes(row.dependsOn) +
  textBytes(row.stage) +
  textBytes(row.cause?.member) +
  textBytes(row.cause?.reason) +
  listBytes(row.also) +
  listBytes(row.output) +
  listBytes(row.sharedWith);
const listBytes = (texts: readonly string[] = []): number =>
  texts.reduce((sum, text) => sum + textBytes(text), 0);
const textBytes = (text: string | undefined): number =>
  text === undefined ? 0 : 8 + utf8Bytes(text);
