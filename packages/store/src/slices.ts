/**
 * Long work in slices, so that nobody else waits for all of it: a start of a thousand services is a batch of as many
 * records, which have to be encoded and handed over (`npm run bench -- shepherd 3 16`).
 */
import { limits } from './limits.ts';

/** What it takes to let others go first. */
export interface Pauses {
  /** Milliseconds of a clock that never goes back. */
  readonly now: () => number;
  /** Settles once others were served. */
  readonly rest: () => Promise<void>;
}
/** Nobody else is there: all of it in one slice. For tests, simulations, and programs that do nothing else. */
export const withoutPauses: Pauses = { now: () => 0, rest: () => Promise.resolve() };

/**
 * Takes one step after another, and a rest after each millisecond. The first slice is taken at once: undefined where
 * that was all. @throws what the first slice throws; later ones reject
 */
export const inSlices = (steps: Iterator<unknown>, pauses: Pauses): Promise<void> | undefined =>
  isTaken(steps, pauses) ? undefined : restOf(steps, pauses);

const restOf = async (steps: Iterator<unknown>, pauses: Pauses): Promise<void> => {
  do await pauses.rest();
  while (!isTaken(steps, pauses));
};

/** One slice; true where nothing is left. */
const isTaken = (steps: Iterator<unknown>, pauses: Pauses): boolean => {
  const untilMs = pauses.now() + limits.sliceMs;
  do if (steps.next().done === true) return true;
  while (pauses.now() < untilMs);
  return false;
};
