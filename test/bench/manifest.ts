/**
 * What reading the manifest of a release of 100,000 files costs, and how long it holds up everybody else: in the thread
 * that asks, and in the one that a daemon has for it.
 *
 *     npm run bench -- manifest
 */
import { createHash } from 'node:crypto';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { pathToFileURL } from 'node:url';
import type { Answer } from '@bellwether/actors';
import { releaseLimits, type Inspected } from '@bellwether/deploy';
import { nodeCrypto } from '@bellwether/netlayer-stream';
import { inspected } from '../../packages/deploy/src/slot/inspect.ts';
import { threadDepots } from '../../packages/herd/src/daemon/depot-thread.ts';
import { fileOf, manifestOf, rawManifest } from '../support/releases.ts';

const root = process.env['BELLWETHER_ROOT'] ?? '.';
const files = Array.from({ length: releaseLimits.entryCount }, (_, n) =>
  fileOf(`node_modules/package-${n % 997}/lib/deep/file-${n}.js`, `${n}`),
);
const bytes = rawManifest(manifestOf(files));
const sha256 = createHash('sha256').update(bytes).digest('hex');
const release = `rel:sha256-${sha256}` as const;
const said = <T>(ask: (answer: Answer) => void): Promise<T> =>
  new Promise((resolve, reject) =>
    ask({ kept: (value) => resolve(value as T), broken: (reason) => reject(reason as Error) }),
  );
const rest = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

interface Took {
  readonly wholeMs: number;
  /** The longest time for which nothing else was done: also because another program had the processor. */
  readonly stepMs: number;
  /** The most processor time of this thread in one round of its event loop. */
  readonly ownMs: number;
}
/** Milliseconds for which this thread has run on a processor (`proc(5)`, the main thread has the id of its process). */
const runMs = (): number =>
  Number(fs.readFileSync(`/proc/self/task/${process.pid}/schedstat`, 'latin1').split(' ')[0]) / 1e6;
/** What some work costs everybody else of this thread. */
const taking = async (work: () => Promise<unknown>): Promise<Took> => {
  const delay = monitorEventLoopDelay({ resolution: 1 });
  const startedAt = performance.now();
  const own = { most: 0, last: runMs(), isOver: false };
  const look = (): void => {
    const now = runMs();
    own.most = Math.max(own.most, now - own.last);
    own.last = now;
    if (!own.isOver) setTimeout(look, 0);
  };
  delay.enable();
  look();
  await rest(5);
  await work();
  await rest(5);
  own.isOver = true;
  delay.disable();
  return { wholeMs: performance.now() - startedAt, stepMs: delay.max / 1e6, ownMs: own.most };
};
const told = (what: string, { wholeMs, stepMs, ownMs }: Took): void =>
  console.log(
    `${what.padEnd(40)} ${wholeMs.toFixed(0).padStart(6)} ms, longest step ${stepMs.toFixed(1)} ms, ` +
      `of this thread ${ownMs.toFixed(1)} ms`,
  );

const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'bellwether-manifest-'));
try {
  const depots = threadDepots({
    file: pathToFileURL(path.join(root, 'packages/herd/dist/depot-worker.mjs')),
    folder,
    log: () => undefined,
  });
  for (let offset = 0; offset < bytes.length; offset += 65_536) {
    const piece = {
      sha256,
      size: bytes.length,
      offset,
      bytes: bytes.slice(offset, offset + 65_536),
    };
    await said((answer) => depots.of('web').put('root', piece, answer));
  }
  console.log(`${files.length} files, a manifest of ${(bytes.length / 1_048_576).toFixed(1)} MiB`);
  told('nothing at all, beside what else runs', await taking(() => rest(3_000)));
  told('read here', await taking(async () => inspected(release, bytes, nodeCrypto())));
  const inThread = (): Promise<Inspected> =>
    said((answer) => depots.of('web').inspect(release, answer));
  told('read in the thread of the depots', await taking(inThread));
  const { contents } = await inThread();
  const missing = (): Promise<unknown> =>
    said((answer) => depots.of('web').missing('root', contents, answer));
  told('what is missing of it', await taking(missing));
} finally {
  fs.rmSync(folder, { recursive: true, force: true });
  process.exit();
}
