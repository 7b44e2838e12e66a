/** Which runs of a timer are remembered, whoever asks for how many. */
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { limits } from '../../../packages/shepherd/src/limits.ts';
import { withRun, type NotedRun } from '../../../packages/shepherd/src/timer/history.ts';
import type { RecordedRun } from '../../../packages/shepherd/src/words/timer-types.ts';

const { timerRunCount, timerOthersRunCount, timerAtOnceCount } = limits;
const runOf = (number: number, isByOther: boolean): NotedRun => ({
  ...{ number, startedMs: number, startId: `s${number}` },
  ...(isByOther && { isTriggered: true, isByOther }),
});
const none = (): boolean => false;
const after = (byOther: readonly boolean[], isLiving: (number: number) => boolean = none) =>
  byOther.reduce<readonly RecordedRun[]>(
    (runs, isByOther, at) => withRun(runs, runOf(at + 1, isByOther), isLiving).runs,
    [],
  );
const times = (count: number, isByOther: boolean): readonly boolean[] =>
  Array.from({ length: count }, () => isByOther);
const numbersOf = (runs: readonly RecordedRun[], isByOther: boolean): readonly number[] =>
  runs.filter((run) => (run.isByOther === true) === isByOther).map(({ number }) => number);

describe('what others ask for', () => {
  it('has all the room that nobody else needs', () => {
    expect(after(times(timerRunCount, true))).toHaveLength(timerRunCount);
  });
  it('takes no more than timerOthersRunCount of what alarms and the owner had, and not one more', () => {
    const own = times(timerRunCount, false);
    const most = after([...own, ...times(timerOthersRunCount, true)]);
    expect(numbersOf(most, true)).toHaveLength(timerOthersRunCount);
    const [oldest = 0] = numbersOf(most, false);
    expect(oldest).toBe(timerOthersRunCount + 1);
    const over = after([...own, ...times(timerOthersRunCount + 1, true)]);
    expect(numbersOf(over, false)).toEqual(numbersOf(most, false));
    expect(numbersOf(over, true)).toEqual(numbersOf(most, true).map((number) => number + 1));
  });
  it('makes room for alarms again, first of all where it is more than its share', () => {
    const runs = after([...times(timerRunCount, true), ...times(timerRunCount, false)]);
    expect(numbersOf(runs, true)).toEqual([]);
    const half = after([
      ...times(timerRunCount, true),
      ...times(timerRunCount - timerOthersRunCount, false),
    ]);
    expect(numbersOf(half, true)).toHaveLength(timerOthersRunCount);
  });
});

it('of whatever comes, the last of the owner, the last of others and all that live are remembered, each at a place of its own', () => {
  const life = fc.record({
    byOther: fc.array(fc.boolean(), { maxLength: 300 }),
    living: fc.uniqueArray(fc.integer({ min: 1, max: 300 }), { maxLength: timerAtOnceCount - 1 }),
  });
  fc.assert(
    fc.property(life, ({ byOther, living }) => {
      const runs = after(byOther, (number) => living.includes(number));
      expect(runs).toHaveLength(Math.min(byOther.length, timerRunCount));
      const places = runs.map(({ place }) => place);
      expect(new Set(places).size).toBe(runs.length);
      expect(places.every((place) => place >= 0 && place < timerRunCount)).toBe(true);
      const numbers = runs.map(({ number }) => number);
      expect(numbers).toEqual([...numbers].sort((one, other) => one - other));
      const all = byOther.map((isByOther, at) => ({ number: at + 1, isByOther }));
      const sure = timerRunCount - timerOthersRunCount - living.length;
      const own = all.filter(({ isByOther }) => !isByOther).slice(-sure);
      const lives = all.filter(({ number }) => living.includes(number));
      for (const { number } of [...own, ...lives]) expect(numbers).toContain(number);
    }),
  );
});

it('a run that is known keeps its place when more is known of it', () => {
  const runs = after(times(timerRunCount + 3, false));
  const [first] = runs;
  if (first === undefined) throw new Error('no run');
  const { place, ...run } = first;
  const changed = withRun(runs, { ...run, endedMs: 9 }, none);
  expect(changed.noted).toEqual({ ...run, endedMs: 9, place });
  expect(changed.runs.slice(1)).toEqual(runs.slice(1));
});
