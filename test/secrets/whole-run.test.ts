/** Runs when all tests of real programs are over, and searches what they left behind. */
import fs from 'node:fs';
import path from 'node:path';
import { expect, it } from 'vitest';
import { sweep } from '../support/sweep.ts';
import { notedIn, tracesFolder } from '../support/traces.ts';

const root = path.resolve(import.meta.dirname, '..', '..');
const cliTests = fs.readdirSync(path.join(root, 'test', 'cli')).map((name) => `test/cli/${name}`);

/** Whether all tests of the programs ran, not some that somebody chose. */
const isWhole = (traces: string): boolean => {
  const ran = notedIn(traces, 'ran').map((file) => fs.readFileSync(file, 'utf8'));
  const names = new Set(ran.flatMap((text) => text.split('\n')));
  return cliTests.every((name) => names.has(name));
};

it('case 24: no secret that was issued is in any output, log, audit, record, core or process list', ({
  skip,
}) => {
  const traces = tracesFolder();
  if (traces === undefined) return skip('no test of real programs ran before');
  const startedAt = performance.now();
  const { leaks, secrets, bytes } = sweep(traces);
  const elapsedMs = Math.round(performance.now() - startedAt);
  console.log(`searched for secrets: ${JSON.stringify({ secrets, bytes, elapsedMs })}`);
  expect(leaks).toEqual([]);
  if (!isWhole(traces)) return;
  // A search that has nothing to look for, or nothing to look in, finds nothing.
  for (const [kind, least] of Object.entries(leastSecrets))
    expect.soft(Object.entries(secrets), kind).toContainEqual([kind, atLeast(least)]);
  for (const [kind, least] of Object.entries(leastBytes))
    expect.soft(Object.entries(bytes), kind).toContainEqual([kind, atLeast(least)]);
});

const atLeast = (least: number): unknown =>
  expect.toSatisfy((found: number) => found >= least, `at least ${least}`);
/** Less than half of what there is when all tests run. */
const leastSecrets = { swissnum: 300, 'holder key': 8, 'node key': 150 };
const leastBytes = {
  arguments: 100_000,
  audits: 150_000,
  backups: 500,
  cmdline: 100_000,
  environ: 300_000,
  logs: 1_000_000,
  records: 500_000,
  stderr: 30_000,
  stdout: 1_000_000,
};
