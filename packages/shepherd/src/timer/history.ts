/**
 * Which runs of a timer are remembered: the last ones, at so many places of the disk. What others than the owner of the
 * machine have asked for has to make room for itself once it is more than a share: whoever may only trigger a timer
 * does not have what its alarms and its owner did forgotten. Pure.
 */
import { limits } from '../limits.ts';
import type { RecordedRun } from '../words/timer-types.ts';

/** What is known of a run, whether it is new or known already. */
export type NotedRun = Omit<RecordedRun, 'place'>;

/**
 * The runs with this one, by their numbers, and this one with its place. `isLiving`: of those that go on none is
 * forgotten, since the next life would not know what to take over.
 */
export const withRun = (
  runs: readonly RecordedRun[],
  run: NotedRun,
  isLiving: (number: number) => boolean,
): { readonly runs: readonly RecordedRun[]; readonly noted: RecordedRun } => {
  const known = runs.find(({ number }) => number === run.number);
  const gone = known ?? victimOf(runs, run, isLiving);
  const noted: RecordedRun = { ...run, place: gone?.place ?? freePlace(runs, run.number) };
  const others = runs.filter((each) => each !== gone);
  return { runs: [...others, noted].sort((one, other) => one.number - other.number), noted };
};

/** Who has to go for it, while there is no room. */
const victimOf = (
  runs: readonly RecordedRun[],
  run: NotedRun,
  isLiving: (number: number) => boolean,
): RecordedRun | undefined => {
  if (runs.length < limits.timerRunCount) return undefined;
  const others = runs.filter((each) => each.isByOther === true);
  const otherCount = others.length + (run.isByOther === true ? 1 : 0);
  const pool = otherCount > limits.timerOthersRunCount ? others : runs;
  return pool.find(({ number }) => !isLiving(number)) ?? pool[0];
};

/** One that nobody has, near to where it would be if none was ever skipped. */
const freePlace = (runs: readonly RecordedRun[], number: number): number => {
  const taken = new Set(runs.map(({ place }) => place));
  const places = Array.from(
    { length: limits.timerRunCount },
    (_none, at) => (number + at) % limits.timerRunCount,
  );
  return places.find((place) => !taken.has(place)) ?? 0;
};
