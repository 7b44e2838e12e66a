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

/** The longest time for which nothing else was done, while some work was; milliseconds. */
const longestMs = async (work: () => Promise<unknown>): Promise<readonly [number, number]> => {
  const delay = monitorEventLoopDelay({ resolution: 1 });
  const startedAt = performance.now();
  delay.enable();
  await rest(5);
  await work();
  await rest(5);
  delay.disable();
  return [performance.now() - startedAt, delay.max / 1e6];
};
const told = (what: string, [wholeMs, stallMs]: readonly [number, number]): void =>
  console.log(
    `${what.padEnd(40)} ${wholeMs.toFixed(0).padStart(6)} ms, longest step ${stallMs.toFixed(1)} ms`,
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
  told('nothing at all, beside what else runs', await longestMs(() => rest(3_000)));
  told('read here', await longestMs(async () => inspected(release, bytes, nodeCrypto())));
  const inThread = (): Promise<Inspected> =>
    said((answer) => depots.of('web').inspect(release, answer));
  told('read in the thread of the depots', await longestMs(inThread));
  const { contents } = await inThread();
  const missing = (): Promise<unknown> =>
    said((answer) => depots.of('web').missing('root', contents, answer));
  told('what is missing of it', await longestMs(missing));
} finally {
  fs.rmSync(folder, { recursive: true, force: true });
  process.exit();
}
