/** A real process with a real database, killed in the middle of what it acknowledges. */
import { spawn } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { DamagedState, DiskFailed, openState } from '@bellwether/store';
import { build } from 'esbuild';
import { describe, expect, it } from 'vitest';
import { temporaryFolder } from '../support/store-folder.ts';

const root = path.resolve(import.meta.dirname, '..', '..');
const at = temporaryFolder();

/** Bundled, since Node 20 runs no TypeScript; LevelDB is found by NODE_PATH. */
const writer = async (): Promise<string> => {
  const outfile = at('writer.mjs');
  await build({
    entryPoints: [path.join(root, 'test', 'support', 'store-writer.ts')],
    outfile,
    bundle: true,
    platform: 'node',
    format: 'esm',
    external: ['classic-level'],
    banner: {
      js: "import { createRequire } from 'node:module'; const require = createRequire(import.meta.url);",
    },
  });
  // Packages of ESM are looked for beside the file alone.
  fs.symlinkSync(path.join(root, 'node_modules'), at('node_modules'));
  return outfile;
};
/** Runs it until `until` settles after its first acknowledgement; the last number that it printed. */
const killed = (
  file: string,
  state: string,
  until: (acknowledged: () => number) => Promise<void>,
): Promise<number> =>
  new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [file, state], { stdio: ['ignore', 'pipe', 'inherit'] });
    let printed = '';
    const last = (): number =>
      Number(printed.slice(0, printed.lastIndexOf('\n')).split('\n').at(-1));
    child.stdout.once('data', () => void until(last).finally(() => child.kill('SIGKILL')));
    child.stdout.on('data', (chunk: Buffer) => (printed += chunk.toString()));
    child.once('error', reject);
    child.once('close', () => resolve(last()));
  });
/** The last batch that is there, once all of it is found to be there. */
const numberIn = async (state: string): Promise<number> => {
  const store = await openState(state);
  try {
    const clock = store.held('clock')[0]?.wallMs ?? 0;
    const pids = store.held('running').map(({ running }) => running.pid ?? 0);
    expect(Math.max(0, ...pids)).toBe(clock);
    let operationCount = 0;
    for await (const { atMs } of store.read('accepted')) {
      expect(atMs).toBeLessThanOrEqual(clock);
      operationCount += 1;
    }
    expect(operationCount).toBe(clock);
    return clock;
  } finally {
    await store.close();
  }
};
const wait = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

describe('case 22: a process that is killed while it writes', () => {
  it('loses nothing that it acknowledged, in 50 kills', { timeout: 120_000 }, async () => {
    const file = await writer();
    const state = at('state');
    fs.mkdirSync(state);
    let acknowledged = 0;
    for (let kill = 0; kill < 50; kill += 1) {
      acknowledged = await killed(file, state, () => wait(1 + ((kill * 7) % 45)));
      const found = await numberIn(state);
      // One more may have been written, and not told.
      expect([acknowledged, acknowledged + 1]).toContain(found);
    }
    expect(acknowledged).toBeGreaterThan(500);
  });

  it('leaves a folder that, copied at any moment, opens on that moment or not at all', async () => {
    const file = await writer();
    const state = at('state');
    fs.mkdirSync(state);
    let refused = 0;
    for (let round = 0; round < 8; round += 1) {
      const copies: { readonly place: string; readonly least: number }[] = [];
      await killed(file, state, async (acknowledged) => {
        for (let copy = 0; copy < 4; copy += 1) {
          await wait(3);
          const place = at(`copy-${round}-${copy}`);
          const least = acknowledged();
          try {
            fs.cpSync(state, place, { recursive: true });
          } catch {
            continue; // a file of LevelDB went away meanwhile: this copy is none
          }
          copies.push({ place, least });
        }
      });
      const most = await numberIn(state);
      for (const { place, least } of copies) {
        const found = await numberIn(place).catch((error: unknown) => error);
        if (found instanceof DamagedState || found instanceof DiskFailed) refused += 1;
        else {
          expect(found).toBeGreaterThanOrEqual(least);
          expect(found).toBeLessThanOrEqual(most);
        }
      }
    }
    // Most are good: a test in which all were refused would show nothing.
    expect(refused).toBeLessThan(8);
  });
});
