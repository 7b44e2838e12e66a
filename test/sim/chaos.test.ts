/**
 * Fleets under cuts, crashes, slow and failing disks, over real session bytes, by seed; then the
 * same seeds with a part of all turns made to throw. A failing seed names itself: `FIRST=17
 * SEEDS=1` runs it alone, `SEEDS=2000` runs long.
 */
import { expect, it } from 'vitest';
import { runChaos } from '../support/fleet-chaos.ts';

const seedCount = Number(process.env['SEEDS'] ?? 200);
const firstSeed = Number(process.env['FIRST'] ?? 1);
const longestMs = 1_000 * Math.max(60, seedCount);

const run = (faultRate: number): void => {
  const failures: string[] = [];
  const results = new Map<string, number>();
  let crashCount = 0;
  let processCount = 0;
  for (let seed = firstSeed; seed < firstSeed + seedCount; seed += 1) {
    try {
      const report = runChaos(seed, { faultRate });
      for (const [key, count] of report.results) results.set(key, (results.get(key) ?? 0) + count);
      crashCount += report.crashCount;
      processCount += report.processCount;
    } catch (reason) {
      failures.push(
        reason instanceof Error
          ? reason.name === 'Verdict'
            ? reason.message
            : `seed ${seed}: ${reason.stack}`
          : `seed ${seed}`,
      );
    }
  }
  if (process.env['VERBOSE'] !== undefined)
    process.stdout.write(
      `${JSON.stringify([...results])} crashes ${crashCount}, processes ${processCount}\n`,
    );
  expect(failures.slice(0, 5), `${failures.length} of ${seedCount} seeds`).toEqual([]);
  // A run in which nothing happened proves nothing.
  for (const result of ['ok', 'changed', 'unreachable', 'timed-out', 'error'])
    expect(results.get(result) ?? 0, result).toBeGreaterThan(0);
  expect(crashCount).toBeGreaterThan(seedCount);
  expect(processCount).toBeGreaterThan(seedCount);
};

it(`${seedCount} seeds of cuts, crashes and bad disks break no promise`, () => run(0), longestMs);
it(
  `${seedCount} seeds with 0.2 % of all turns made to throw break no promise`,
  () => run(0.002),
  longestMs,
);
