/**
 * The `^member-sink`: what a controller gives to one member for one command at a time. A caller's own
 * sink is never passed on, since that would introduce the member to the caller. It is nothing but a
 * filter in front of the operation's writer.
 *
 *     a command            the sink that is free, or a new one
 *     the member answers   free: it has said all that it will say, and the next command may have it
 *     it does not          left to the member, who may say more
 *
 * So a thousand members that are asked again and again are given, and give back, nothing new.
 */
import type { Bcom, Behavior, JournalCell, Ref, Turn, Vow } from '@bellwether/actors';
import type { Event, Lines, Sink, Topic } from '@bellwether/shepherd';
import { Malformed } from '../errors.ts';
import { LIMITS } from '../limits.ts';
import { reader } from '../read.ts';
import { orMalformed } from './answered.ts';
import { relabelledRow } from './relabel.ts';
import type { MemberStream, MemberSeat } from './exported-state.ts';

/** Whose stream this is. */
export interface MemberSinkOptions {
  /** The member's name at this shepherd. */
  readonly member: string;
  /**
   * The operator's own label for the member's machine: what a peer calls itself counts for nothing.
   */
  readonly origin: string;
  readonly stream: Pick<JournalCell<MemberStream>, 'get'>;
}
interface Host {
  readonly name: string;
  readonly origin: string;
  readonly freeSeat: JournalCell<MemberSeat | undefined>;
}

/** A sink for one command of the actor whose turn this is. */
export const takeSeat = (
  { name: member, origin, freeSeat }: Host,
  turn: Turn,
  writer: Ref<Lines>,
): MemberSeat => {
  const free = freeSeat.get();
  if (free !== undefined) {
    freeSeat.set(undefined);
    free.stream.set({ writer });
    return free;
  }
  const stream = turn.cell<MemberStream>({ writer });
  return { sink: turn.spawn(makeMemberSink, { member, origin, stream }), stream };
};

/**
 * Takes batches in order and passes them on under the names of this side; the answer to a batch is
 * the credit for another. A batch out of order, out of shape or beyond the limits is refused, which
 * ends the stream at its sender; a line says so once to those who listen. How much of what it says may wait,
 * the stream that it is passed to decides for all services of its machine together.
 */
const makeMemberSink = (
  turn: Turn<Sink>,
  _bcom: Bcom<Sink>,
  { member, origin, stream }: MemberSinkOptions,
): Behavior<Sink> => {
  const taken = turn.cell(nothingOf(stream.get()));
  return {
    rows: (turn, batch, sequence): void | Vow<void> => {
      const now = stream.get();
      const before = taken.get().stream === now ? taken.get() : nothingOf(now);
      if (sequence !== before.batchCount)
        throw new Malformed(`sink: expected batch ${before.batchCount}, found ${String(sequence)}`);
      const events = orMalformed(() => {
        const heard = relabelled(reader.batch(batch, 'batch'), member, origin);
        if (before.eventCount + heard.length > LIMITS.streamEventCount)
          throw new Malformed(`sink: more than ${LIMITS.streamEventCount} events of ${member}`);
        return heard;
      });
      if (events instanceof Malformed) {
        taken.set({ ...before, isCut: true });
        if (!before.isCut)
          turn.call(now.writer, 'line', cutWords(member, origin), { about: member });
        return turn.broken(events);
      }
      const eventCount = before.eventCount + events.length;
      taken.set({ ...before, batchCount: before.batchCount + 1, eventCount });
      turn.call(now.writer, 'pass', events, origin);
    },
  };
};
const nothingOf = (stream: MemberStream) => ({
  stream,
  batchCount: 0,
  eventCount: 0,
  isCut: false,
});
const cutWords = (member: string, origin: string): string =>
  `Service ${member}: what ${origin} goes on to say of it is not told: it has no such form, or is too much.`;

const relabelled = (events: readonly Event[], member: string, origin: string): readonly Event[] => {
  const own: Event[] = [];
  for (const event of events) if (!isOurs(event)) own.push(named(event, member, origin));
  return own;
};
/**
 * The deadline of the whole; that it is done on one machine; and that it is disabled, has refused or failed, or has
 * lost to a later command, which its outcome tells: the ids in that are ours here.
 */
const isOurs = (event: Event): boolean =>
  event.kind === 'deadline' ||
  event.kind === 'alone' ||
  (event.kind === 'line' && event.what !== undefined && toldByOutcome.has(event.what));
const toldByOutcome: ReadonlySet<Topic> = new Set(['is-disabled', 'refused', 'lost', 'failed']);
const named = (event: Event, member: string, origin: string): Event => {
  switch (event.kind) {
    case 'line': {
      const { about, on } = event;
      const line =
        about === undefined
          ? { about: member, ...event, from: origin }
          : { ...event, from: origin, about: `${member}/${about}` };
      return on === undefined ? line : { ...line, on: `${member}/${on}` };
    }
    case 'row':
      return { ...event, row: relabelledRow(event.row, member) };
    default:
      return event;
  }
};
