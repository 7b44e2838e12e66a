/**
 * The `^log-stream`: the sender's end of one follower, for all the logs that it follows. What is passed
 * to it waits here until the follower has answered enough; whoever passes waits for that, and so reads
 * no faster than the follower. Nothing is dropped, and what waits is bounded by how much each who passes
 * may have unanswered.
 *
 *     pass          waits for credit; several that wait become one batch, as far as it has room
 *     answered      one batch of credit
 *     broken        over: what waits breaks, and who follows logs for it is told
 *     over          likewise; asked of the follower at once, and answered when it has had enough
 *     finish        nothing more is passed; over once what waits is sent, with credit as all of it
 */
import {
  Refused,
  type Bcom,
  type Behavior,
  type JournalCell,
  type JournalMap,
  type Ref,
  type Resolver,
  type Turn,
  type Vow,
} from '@bellwether/actors';
import { closeCredit, hasCredit, isOpen, openCredit, spend, type Credit } from './credit.ts';
import { limits } from '../limits.ts';
import { utf8Bytes } from '../text.ts';
import type { Follower, LogEvent, LogStream } from '../words/types.ts';

interface Waiting {
  readonly events: readonly LogEvent[];
  readonly sent: Resolver<void>;
}
interface Held {
  readonly follower: Ref<Follower>;
  readonly credit: Credit;
  /** By number, oldest first. */
  readonly waiting: JournalMap<number, Waiting>;
  readonly lastNumber: JournalCell<number>;
  readonly isFinishing: JournalCell<boolean>;
  readonly over: Vow<void>;
  readonly end: Resolver<void>;
}

/** Makes the stream to a follower, and asks it when it will have had enough. */
export const makeLogStream = (
  turn: Turn<LogStream>,
  _bcom: Bcom<LogStream>,
  follower: Ref<Follower>,
): Behavior<LogStream> => {
  const { vow: over, resolver: end } = turn.vow<void>();
  const held: Held = {
    follower,
    credit: openCredit(turn, limits.followBatchCount),
    waiting: turn.map(),
    lastNumber: turn.cell(0),
    isFinishing: turn.cell(false),
    over,
    end,
  };
  const stop = (): void => close(held);
  turn.when(turn.send(follower, 'over'), stop, stop);
  return {
    pass: (turn, events) => pass(held, turn, events),
    over: () => held.over,
    finish: (turn) => {
      held.isFinishing.set(true);
      pump(held, turn);
      return held.over;
    },
  };
};

const nobody = 'nobody follows any more';

const pass = (held: Held, turn: Turn, events: readonly LogEvent[]): Vow<void> => {
  if (!isOpen(held.credit) || held.isFinishing.get()) throw new Refused(nobody);
  const { vow, resolver } = turn.vow<void>();
  const number = held.lastNumber.get() + 1;
  held.lastNumber.set(number);
  held.waiting.set(number, { events, sent: resolver });
  pump(held, turn);
  return vow;
};

const pump = (held: Held, turn: Turn): void => {
  while (held.waiting.size > 0 && hasCredit(held.credit)) sendBatch(held, turn);
  if (held.isFinishing.get() && held.waiting.size === 0) close(held);
};

const sendBatch = (held: Held, turn: Turn): void => {
  const batch = nextBatch(held);
  spend(
    held.credit,
    turn,
    (sequence) => turn.send(held.follower, 'lines', batch, sequence),
    (turn) => pump(held, turn),
    () => close(held),
  );
};

/** What waits the longest, and what else fits. */
const nextBatch = ({ waiting }: Held): readonly LogEvent[] => {
  const batch: LogEvent[] = [];
  let batchBytes = 0;
  for (const [number, { events, sent }] of waiting.entries()) {
    const bytes = events.reduce((sum, event) => sum + bytesOf(event), 0);
    const fits =
      batch.length + events.length <= limits.batchEventCount &&
      batchBytes + bytes <= limits.batchBytes;
    if (batch.length > 0 && !fits) break;
    batchBytes += bytes;
    batch.push(...events);
    waiting.delete(number);
    sent.kept(undefined);
  }
  return batch;
};

const bytesOf = (event: LogEvent): number => {
  switch (event.kind) {
    case 'change':
      return 32 + utf8Bytes(event.service);
    case 'place':
      return 32 + utf8Bytes(event.about ?? '');
    default:
      return 32 + utf8Bytes(`${event.about ?? ''}${event.from}${event.text}`);
  }
};

const close = ({ credit, waiting, end }: Held): void => {
  closeCredit(credit);
  end.kept(undefined);
  for (const [number, { sent }] of waiting.entries()) {
    waiting.delete(number);
    sent.broken(new Refused(nobody));
  }
};
