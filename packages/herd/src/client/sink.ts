/**
 * The receiver of an operation's stream: hands every batch to the terminal, and gives credit by
 * answering.
 */
import type { Bcom, Behavior, Turn } from '@bellwether/actors';
import type { Event, Sink } from '@bellwether/shepherd';
import { batchIn } from './answers.ts';

/**
 * Makes a sink. `told` must not throw: it is an effect. What is no batch is refused, which ends the
 * stream.
 */
export const makeClientSink = (
  _turn: Turn<Sink>,
  _bcom: Bcom<Sink>,
  told: (events: readonly Event[]) => void,
): Behavior<Sink> => ({
  rows: (turn, batch, _sequence) => {
    const events = batchIn(batch);
    turn.effect(() => told(events));
  },
});
