/** What is told of a start that has ended and of which processes live on. */
import { expect, it } from 'vitest';
import { makeLeftBehind } from '../../../packages/shepherd/src/node/keeper/left-behind.ts';
import { leftLookCount } from '../../../packages/shepherd/src/node/keeper/limits.ts';
import { makeProc } from '../../../packages/shepherd/src/node/proc.ts';

it('is looked for among as many orphans as its limit, the youngest, however many there are', async () => {
  const proc = makeProc('/nowhere');
  const read: number[] = [];
  const counting = {
    ...proc,
    nameOf: () => 'sleep',
    findByEnvironment: (_name: string, _wanted: ReadonlySet<string>, among?: readonly number[]) => {
      read.push(...(among ?? []));
      const [pid = 0] = among ?? [];
      return [{ pid, startTime: '1', group: pid, session: pid, parent: 1, value: 'start' }];
    },
  };
  let orphans: readonly number[] = [];
  let lookCount = 0;
  const left = makeLeftBehind(counting, () => {
    lookCount += 1;
    return orphans;
  });
  for (const over of [0, 1]) {
    orphans = Array.from({ length: leftLookCount + over }, (_, at) => 100 + at);
    read.length = 0;
    expect(left('start')).toEqual([`${100 + over} (sleep)`]);
    expect(read).toEqual(orphans.slice(over));
    // One look at them is enough for all that end in one go.
    expect(left('other')).toHaveLength(1);
    expect(lookCount).toBe(over + 1);
    await Promise.resolve();
  }
});
