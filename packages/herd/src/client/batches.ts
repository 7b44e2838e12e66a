/** Batches of a stream: they come in order, and the answer to one, once it was taken, is the credit for another. */
import type { Turn, Vow } from '@bellwether/actors';
import { BadAnswer } from './answers.ts';

interface Counter {
  get(): number;
  set(count: number): void;
}

/** Counts one that has come; `what`: as in `log: expected batch`. @throws BadAnswer where it is not the next one */
export const inOrder = (what: string, counter: Counter, sequence: number): void => {
  const next = counter.get();
  if (sequence !== next) throw new BadAnswer(`${what} ${next}, found ${String(sequence)}`);
  counter.set(next + 1);
};
/** Kept when it was taken, broken where nobody takes any more. */
export const whenTaken = (turn: Turn, take: () => Promise<void>): Vow<void> =>
  turn.ask<void>((answer) => {
    take().then(
      () => answer.kept(undefined),
      (reason: unknown) => answer.broken(reason),
    );
  });
