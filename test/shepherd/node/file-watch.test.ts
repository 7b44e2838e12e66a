/** How often a file is looked at that somebody waits for. */
import fs from 'node:fs';
import path from 'node:path';
import { afterEach, beforeEach, expect, it, onTestFinished } from 'vitest';
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
  onTestFinished(stop); // also where the test fails: the folder is going to be gone
  const written: number[] = [];
  const dots = setInterval(() => {
    written.push(performance.now());
    fs.appendFileSync(file, '.');
  }, 2);
  await new Promise((resolve) => setTimeout(resolve, forMs));
  clearInterval(dots);
  return { file, looks, written, seen, stop };
};

it('a file that changes without end is looked at ever more rarely, five times a second in the end', async () => {
  const { looks, written, seen, stop } = await dotted(1_500);
  // Where this process got no time for so long no dot was written either, and that is a while without a change.
  const isQuiet = (from: number, to: number): boolean => {
    const dots = [from, ...written.filter((at) => at > from && at < to), to];
    return dots.some((at, index) => at - (dots[index - 1] ?? at) > 0.75 * lastLookPauseMs);
  };
  let leastMs = lookPauseMs;
  for (const [index, to] of looks.entries()) {
    const from = looks[index - 1];
    if (from === undefined) continue;
    // A timer may be early by less than a millisecond.
    expect(to - from).toBeGreaterThan(leastMs - 2);
    leastMs = isQuiet(from, to) ? lookPauseMs : Math.min(2 * leastMs, lastLookPauseMs);
  }
  expect(looks.length).toBeGreaterThan(2);
  stop();
  expect(await seen).toBe(false);
});

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
