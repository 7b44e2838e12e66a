/**
 * The `^member-follower`: what a controller gives to one member whose log it follows; as a `^member-sink`
 * it keeps caller and member apart. It checks what comes, puts it under the names of this side and hands
 * it on; the answer to a batch, which is the credit for another, comes when that is on its way.
 *
 * A note of the far end is what that machine says of its log, or of one behind it. Of which kind it is, and how much is
 * gone, is taken over; its words are not, and whose word it is goes with it (`saidBy`). So no member speaks as the
 * shepherd that passes it on, which has notes of its own (remote-log.ts).
 */
import type { Bcom, Behavior, Ref, Turn, Vow } from '@bellwether/actors';
import { goneText, limits, type Follower, type LogEvent, type LogNote } from '@bellwether/shepherd';
import { Malformed } from '../errors.ts';
import { LIMITS } from '../limits.ts';
import { reader, weightOf } from '../read.ts';

/** Whose log this is, and who takes it. */
export interface MemberFollowerOptions {
  /** What the events are about on this side; absent where the stream has but this service. */
  readonly about: string | undefined;
  /** The operator's own label for the machine: what a peer calls itself counts for nothing. */
  readonly origin: string;
  readonly taker: Ref<Taker>;
  /** Kept when no more is wanted. */
  readonly over: Vow<void>;
}
/** Whoever takes what a member tells. */
export interface Taker {
  /** Kept when it is on its way. */
  take(events: readonly LogEvent[]): Vow<void>;
}

/** Makes a follower. What is out of order, out of shape or beyond the limits ends it at its sender. */
export const makeMemberFollower = (
  turn: Turn<Follower>,
  _bcom: Bcom<Follower>,
  { about, origin, taker, over }: MemberFollowerOptions,
): Behavior<Follower> => {
  const batchCount = turn.cell(0);
  const waitingCount = turn.cell(0);
  const isTaken = (): void => waitingCount.set(waitingCount.get() - 1);
  return {
    lines: (turn, batch, sequence) => {
      const next = batchCount.get();
      if (sequence !== next)
        throw new Malformed(`log: expected batch ${next}, found ${String(sequence)}`);
      if (waitingCount.get() >= limits.followBatchCount)
        throw new Malformed(`log: more than ${limits.followBatchCount} batches are unanswered`);
      // The history of the far end is no log of a service, and nobody has asked for it.
      const events = reader.logBatch(batch, 'batch').filter(({ kind }) => kind !== 'change');
      if (weightOf(events) > LIMITS.logBatchWeight)
        throw new Malformed(`log: a batch weighs more than ${LIMITS.logBatchWeight}`);
      batchCount.set(next + 1);
      waitingCount.set(waitingCount.get() + 1);
      const taken = turn.call(
        taker,
        'take',
        events.map((event) => relabelled(event, about, origin)),
      );
      turn.when(taken, isTaken, isTaken);
      return taken;
    },
    over: () => over,
  };
};

const relabelled = (event: LogEvent, about: string | undefined, origin: string): LogEvent => {
  if (event.kind === 'change') return event;
  const way = [about, event.about].filter((part) => part !== undefined).join('/');
  const named = way === '' ? {} : { about: way };
  switch (event.kind) {
    case 'place':
      return { kind: 'place', ...named, place: event.place };
    case 'line': {
      const { about: _theirs, ...rest } = event;
      return { ...rest, ...named, from: origin };
    }
    case 'note': {
      const { what, lostBytes } = event;
      const gone = what === 'gone' && lostBytes !== undefined ? { lostBytes } : {};
      const text = farWords[what](lostBytes);
      return { kind: 'note', from: origin, ...named, what, text, ...gone, saidBy: origin };
    }
  }
};
/** What a far end may say of a log, in words of this side. */
const farWords: Readonly<Record<LogNote, (lostBytes: number | undefined) => string>> = {
  unreachable: () => 'it cannot be reached from there',
  lost: () => 'the connection from there to it was lost',
  back: () => 'it is there again',
  gone: goneText,
  ended: () => 'nothing more of it comes',
};
