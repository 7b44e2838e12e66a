/**
 * Fleets of slots that get good and bad releases while everything breaks, by seed; `ROLL_SEEDS` and `FIRST` say which. A seed
 * that fails prints the command that repeats it.
 */
import { expect, it } from 'vitest';
import { runRollChaos } from '../support/roll-chaos.ts';

const seedCount = Number(process.env['ROLL_SEEDS'] ?? 20);
/** Fewer seeds than this need not see everything happen. */
const wholeCount = 15;
const firstSeed = Number(process.env['FIRST'] ?? 1);

it(
  `${seedCount} seeds of rolling deploys break no promise`,
  async () => {
    const failures: string[] = [];
    const results = new Map<string, number>();
    let [partCount, beginCount] = [0, 0];
    for (let seed = firstSeed; seed < firstSeed + seedCount; seed += 1) {
      await new Promise((resolve) => setImmediate(resolve));
      try {
        const report = runRollChaos(seed);
        for (const [key, count] of report.results)
          results.set(key, (results.get(key) ?? 0) + count);
        partCount += report.partCount;
        beginCount += report.beginCount;
      } catch (reason) {
        const words = reason instanceof Error ? (reason.stack ?? '') : '';
        failures.push(`${words}\n    again: FIRST=${seed} ROLL_SEEDS=1`);
      }
    }
    if (process.env['VERBOSE'] !== undefined)
      process.stdout.write(`${JSON.stringify({ results: [...results], partCount, beginCount })}\n`);
    expect(failures.slice(0, 5), `${failures.length} of ${seedCount} seeds`).toEqual([]);
    if (seedCount < wholeCount) return;
    // A run in which nothing happened proves nothing.
    for (const result of ['changed', 'rolled-back', 'unreachable', 'error'])
      expect(results.get(result) ?? 0, result).toBeGreaterThan(0);
    expect(partCount).toBeGreaterThan(0);
    expect(beginCount).toBeGreaterThan(seedCount);
  },
  seedCount * 60_000,
);
