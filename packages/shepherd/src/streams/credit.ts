/**
 * The sender's end of any stream of batches. OCapN has no flow control of its own, so every batch waits
 * for its answer, and at most so many are unanswered; batches are numbered, so that the receiver knows
 * that it has all.
 *
 *     send         one credit less
 *     last         the batches that end the stream need neither credit nor an answer
 *     answered     one credit more
 *     broken       the stream is over
 */
import type { JournalCell, Turn, Vow } from '@bellwether/actors';

interface Sent {
  readonly isOpen: boolean;
  readonly sequence: number;
  readonly unansweredCount: number;
}
/** How much of a stream is sent, and how much may be. */
export interface Credit {
  readonly mostCount: number;
  readonly sent: JournalCell<Sent>;
}

/** A stream of which nothing is sent yet; one that is not open never sends anything. */
export const openCredit = (turn: Turn, mostCount: number, isOpen = true): Credit => ({
  mostCount,
  sent: turn.cell({ isOpen, sequence: 0, unansweredCount: 0 }),
});

/** Whether anything may be sent at all. */
export const isOpen = ({ sent }: Credit): boolean => sent.get().isOpen;

/** Whether the receiver has answered enough to be sent more. */
export const hasCredit = ({ mostCount, sent }: Credit): boolean =>
  sent.get().isOpen && sent.get().unansweredCount < mostCount;

/**
 * Sends the next batch; `more` is told when its answer gives some, `over` when
 * there is no receiver any more.
 */
export const spend = (
  credit: Credit,
  turn: Turn,
  send: (sequence: number) => Vow<unknown>,
  more: (turn: Turn) => void,
  over: (turn: Turn, reason: unknown) => void,
): void => {
  const { sent } = credit;
  const { sequence, unansweredCount } = sent.get();
  sent.set({ ...sent.get(), sequence: sequence + 1, unansweredCount: unansweredCount + 1 });
  turn.when(
    send(sequence),
    (turn) => {
      if (!isOpen(credit)) return;
      sent.set({ ...sent.get(), unansweredCount: sent.get().unansweredCount - 1 });
      more(turn);
    },
    (turn, reason) => {
      if (isOpen(credit)) over(turn, reason);
    },
  );
};

/** The number of a batch that ends the stream: it is sent whatever the credit, and nobody waits for its answer. */
export const lastSequence = ({ sent }: Credit): number => {
  const { sequence } = sent.get();
  sent.set({ ...sent.get(), sequence: sequence + 1 });
  return sequence;
};

/** Nothing is sent any more. */
export const closeCredit = ({ sent }: Credit): void => sent.set({ ...sent.get(), isOpen: false });
