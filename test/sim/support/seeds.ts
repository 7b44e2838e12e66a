/** Seeds of chaos as a test: which, how many, and how a failing one is told. */
import { expect, it } from 'vitest';
import { runChaos, type ChaosReport } from '../../support/fleet-chaos.ts';
import { faultNames } from '../../support/fleet-faults.ts';

/** How many seeds `npm test` runs, and which. */
const seedCount = Number(process.env['SEEDS'] ?? 20);
const firstSeed = Number(process.env['FIRST'] ?? 1);
/** Milliseconds: a seed takes a fifth of a second, and on the busiest of machines 25 times as long. */
const longestMs = 5_000 * Math.max(48, seedCount);
/** Fewer seeds than this need not see everything happen. */
const wholeCount = 20;

/** Adds counts by name. */
const add = (into: Map<string, number>, counts: ReadonlyMap<string, number>): void => {
  for (const [key, count] of counts) into.set(key, (into.get(key) ?? 0) + count);
};
const wordsOf = (seed: number, reason: unknown): string => {
  const isVerdict = reason instanceof Error && reason.name === 'Verdict';
  const words = reason instanceof Error ? (isVerdict ? reason.message : reason.stack) : '';
  return `${words ?? ''}\n    again: npm run chaos -- 1 ${seed}`;
};

/** Runs all seeds. @throws where one of them breaks a promise, or where nothing has happened */
const run = async (faultRate: number): Promise<void> => {
  const failures: string[] = [];
  const results = new Map<string, number>();
  const faults = new Map<string, number>();
  const totals = { processCount: 0, viewCount: 0, pushCount: 0 };
  const tally = (report: ChaosReport): void => {
    add(results, report.results);
    add(faults, report.faults);
    totals.processCount += report.processCount;
    totals.viewCount += report.viewCount;
    totals.pushCount += report.pushCount;
  };
  for (let seed = firstSeed; seed < firstSeed + seedCount; seed += 1) {
    // What promises and weak references hold goes with the end of a job: in one alone each seed takes 10 MB for good.
    await new Promise((resolve) => setImmediate(resolve));
    try {
      tally(runChaos(seed, { faultRate }));
    } catch (reason) {
      failures.push(wordsOf(seed, reason));
    }
  }
  if (process.env['VERBOSE'] !== undefined)
    process.stdout.write(
      `${JSON.stringify({ ...totals, results: [...results], faults: [...faults] })}\n`,
    );
  expect(failures.slice(0, 5), `${failures.length} of ${seedCount} seeds`).toEqual([]);
  if (seedCount < wholeCount) return;
  // A run in which nothing happened proves nothing.
  const all = ['ok', 'changed', 'superseded', 'unreachable', 'timed-out', 'error', 'queued'];
  for (const result of all) expect(results.get(result) ?? 0, result).toBeGreaterThan(0);
  for (const name of faultNames) expect(faults.get(name) ?? 0, name).toBeGreaterThan(0);
  expect(totals.processCount).toBeGreaterThan(seedCount);
  expect(totals.viewCount).toBeGreaterThan(seedCount);
  expect(totals.pushCount).toBeGreaterThan(10 * seedCount);
};

/** One test that runs them all, with a part of all turns made to throw; `what` completes "200 seeds …". */
export const itHoldsFor = (what: string, faultRate: number): void =>
  it(`${seedCount} seeds ${what} break no promise`, () => run(faultRate), longestMs);
