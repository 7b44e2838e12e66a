import { describe, expect, it } from 'vitest';
import { Malformed } from '../../../packages/shepherd/src/errors.ts';
import { limits } from '../../../packages/shepherd/src/limits.ts';
import { textOf } from '../../../packages/shepherd/src/read.ts';
import { timerReader } from '../../../packages/shepherd/src/words/timer-shapes.ts';

describe('what a peer tells of a timer', () => {
  const read = timerReader(textOf(100));
  const told = (count: number) => ({
    when: 'minute 0',
    event: { kind: 'calendar', seconds: Array.from({ length: count }, (_, at) => at) },
  });
  it(`has ${limits.calendarNumberCount} numbers of a kind in its calendar, and not one more`, () => {
    expect(read(told(limits.calendarNumberCount), 'timer')).toEqual(
      told(limits.calendarNumberCount),
    );
    expect(() => read(told(limits.calendarNumberCount + 1), 'timer')).toThrow(Malformed);
  });
  it('may be of no calendar', () => {
    expect(read({ when: 'every hour' }, 'timer')).toEqual({ when: 'every hour' });
  });
});
