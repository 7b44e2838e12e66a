/**
 * The records of a daemon: what a commit costs, and what a start reads.
 *
 *     npm run bench -- store [FOLDER]
 *
 * On LevelDB in a temporary folder, or in FOLDER for another disk. Medians of 30; ratios within one run are what counts.
 */
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { openState, type Store, type StoreEntry } from '@bellwether/store';

const state = fs.mkdtempSync(path.join(process.argv[2] ?? os.tmpdir(), 'bellwether-bench-'));
const commit = (store: Store, entries: readonly StoreEntry[]): Promise<void> =>
  new Promise((resolve, reject) =>
    store.commit(entries, (failure) => (failure === undefined ? resolve() : reject(failure))),
  );
const median = (times: readonly number[]): number =>
  [...times].sort((a, b) => a - b)[times.length >> 1] ?? 0;
const timed = async (work: () => Promise<unknown>): Promise<number> => {
  const start = performance.now();
  await work();
  return performance.now() - start;
};
const say = (what: string, ms: number): void =>
  void process.stdout.write(`${what.padEnd(44)} ${ms.toFixed(2)} ms\n`);
const runningAt = (pid: number, count: number): readonly StoreEntry[] =>
  Array.from({ length: count }, (_none, at) => ({
    kind: 'running',
    running: { startId: `0123456789abcdef-${at}`, service: `web-${at}`, pid, startTime: '123456' },
  }));
const operationsFrom = (first: number, count: number): readonly StoreEntry[] =>
  Array.from({ length: count }, (_none, at) => ({
    kind: 'outcome',
    asker: 'root',
    operation: `op-${first + at}`,
    piece: 0,
    bytes: new Uint8Array(100),
  }));

try {
  say(
    'the first start, which makes the database',
    await timed(async () => (await openState(state)).close()),
  );
  const store = await openState(state);
  for (const count of [1, 1_000]) {
    const times: number[] = [];
    for (let pid = 1; pid <= 30; pid += 1)
      times.push(await timed(() => commit(store, runningAt(pid, count))));
    say(`a commit of ${count} changes`, median(times));
  }
  const same = runningAt(30, 1_000);
  say('a commit of 1000 that says nothing new', await timed(() => commit(store, same)));
  await store.close();
  const openings: number[] = [];
  for (let at = 0; at < 9; at += 1)
    openings.push(await timed(async () => (await openState(state)).close()));
  say('a start with 1000 running services', median(openings));
  const again = await openState(state);
  for (let first = 0; first < 100_000; first += 1_000)
    await commit(again, operationsFrom(first, 1_000));
  await again.close();
  say(
    'a start with 100000 outcomes, after writing',
    await timed(async () => (await openState(state)).close()),
  );
  say('and the next one', await timed(async () => (await openState(state)).close()));
} finally {
  fs.rmSync(state, { recursive: true, force: true });
}
