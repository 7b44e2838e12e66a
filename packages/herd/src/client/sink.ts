/**
 * The receiver of an operation's stream: hands every batch to the terminal, and gives credit by
 * answering.
 */
import type { Bcom, Behavior, Turn } from '@bellwether/actors';
import type { Event, Sink } from '@bellwether/shepherd';
import { batchIn } from './answers.ts';
import { inOrder } from './batches.ts';

/** Hears of the events of a stream, batch by batch. Must not throw. */
export type Told = (events: readonly Event[]) => void;

/**
 * Makes a sink. `told` must not throw: it is an effect. What is no batch, or not the next one, is
 * refused, which ends the stream.
 */
export const makeClientSink = (turn: Turn<Sink>, _bcom: Bcom<Sink>, told: Told): Behavior<Sink> => {
  const batchCount = turn.cell(0);
  return {
    rows: (turn, batch, sequence) => {
      inOrder('sink: expected batch', batchCount, sequence);
      const events = batchIn(batch);
      turn.effect(() => told(events));
    },
  };
};
