/** How often a file is looked at that somebody waits for. */
import fs from 'node:fs';
import path from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { untilSeen } from '../../../packages/shepherd/src/node/file-watch.ts';
import { lastLookPauseMs, lookPauseMs } from '../../../packages/shepherd/src/node/limits.ts';
import { makeFolder } from './support.ts';

let folder: string;
beforeEach(() => {
  folder = makeFolder();
});
afterEach(() => fs.rmSync(folder, { recursive: true, force: true }));

/** Looks for a newline in a file to which dots are written for a while, one every two milliseconds. */
const dotted = async (forMs: number) => {
  const file = path.join(folder, 'dots.log');
  fs.writeFileSync(file, '');
  const looks: number[] = [];
  const { seen, stop } = untilSeen(file, () => {
    looks.push(performance.now());
    return Promise.resolve(fs.readFileSync(file, 'utf8').endsWith('\n'));
  });
  const dots = setInterval(() => fs.appendFileSync(file, '.'), 2);
  await new Promise((resolve) => setTimeout(resolve, forMs));
  clearInterval(dots);
  return { file, looks, seen, stop };
};

// Again where the machine was too busy to look in time: then the next pause is shorter.
it(
  'a file that changes without end is looked at ever more rarely, five times a second in the end',
  { retry: 3 },
  async () => {
    const { looks, seen, stop } = await dotted(1_500);
    const pauses = looks.slice(1).map((at, index) => at - (looks[index] ?? 0));
    // A timer may be early by less than a millisecond.
    for (const [at, pauseMs] of pauses.entries())
      expect(pauseMs).toBeGreaterThan(Math.min(lookPauseMs * 2 ** at, lastLookPauseMs) - 2);
    expect(looks.length).toBeGreaterThan(2);
    stop();
    expect(await seen).toBe(false);
  },
);

it('after a while without a change a file is looked at as soon as it changes', async () => {
  const { file, looks, seen } = await dotted(700);
  await new Promise((resolve) => setTimeout(resolve, 3 * lastLookPauseMs));
  const before = looks.length;
  fs.appendFileSync(file, '.');
  await new Promise((resolve) => setTimeout(resolve, 3 * lastLookPauseMs));
  expect(looks.length).toBeGreaterThan(before);
  fs.appendFileSync(file, '\n');
  expect(await seen).toBe(true);
});
