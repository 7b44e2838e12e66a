/**
 * The kill series: parts of the keeper are killed again and again, with a writer at full speed and services that end
 * meanwhile, each with a code of its own. It prints what it has counted.
 */
import fs from 'node:fs';
import path from 'node:path';
import { afterAll, afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { makeLogFiles, openKeeper, Starts } from '../../../packages/shepherd/src/node/index.ts';
import type { KeeperBackend } from '../../../packages/shepherd/src/node/index.ts';
import { isWithoutKeeper, keeperPids, keptFrom, whyNoKeeper } from '../../support/keepers.ts';
import { makeFolder, node, startOf, textOf } from './support.ts';

// Real processes are as fast as the machine lets them be.
vi.setConfig({ testTimeout: 300_000 });
afterAll(() => vi.resetConfig());

const killCount = 24;
const serviceCount = 120;
const pauseMs = 250;

describe.skipIf(isWithoutKeeper)(`a series of kills${whyNoKeeper}`, () => {
  let folder: string;
  let backend: KeeperBackend;
  beforeEach(async () => {
    folder = makeFolder();
    backend = await openKeeper({
      env: { PATH: process.env['PATH'] },
      cwd: folder,
      logFiles: makeLogFiles({ folder: path.join(folder, 'log'), wall: Date.now }),
      starts: new Starts(path.join(folder, 'starts')),
      ...keptFrom(path.join(folder, 'keeper')),
    });
  });
  afterEach(() => {
    backend.close();
    fs.rmSync(folder, { recursive: true, force: true });
  });
  const kill = (role: 'anchor' | 'main'): number =>
    keeperPids(path.join(folder, 'keeper'))[role].filter((pid) => {
      try {
        return process.kill(pid, 'SIGKILL');
      } catch {
        return false; // it has ended since
      }
    }).length;

  it.each(['main', 'anchor'] as const)(
    'of its %s costs no line, no start and no exit',
    async (role) => {
      const writer = startOf(
        backend,
        'writer',
        node(`process.on('SIGTERM', () => process.exit(9)); let n = 0;
        const go = () => { if (n >= 3_000_000) return setInterval(() => {}, 1000); let text = ''; for (let i = 0; i < 500; i++) text += ++n + '\\n';
          process.stdout.write(text, () => setImmediate(go)); }; go();`),
        'writer',
      );
      await writer.started;
      const codes = Array.from({ length: serviceCount }, (_, at) => 40 + (at % 100));
      const ends = codes.map((code, at) => {
        const seconds = ((at * killCount * pauseMs) / serviceCount / 1_000).toFixed(2);
        const argv = ['sh', '-c', `echo ran; sleep ${seconds}; exit ${code}`] as const;
        return startOf(backend, `s-${at}`, { argv }, `s-${at}`).ended;
      });
      let killed = 0;
      for (let round = 0; round < killCount; round += 1) {
        await new Promise((resolve) => setTimeout(resolve, pauseMs));
        killed += kill(role);
      }
      const found = await Promise.all(ends);
      backend.signal('writer', 'SIGTERM');
      const last = await writer.ended;
      const lines = textOf(path.join(folder, 'log/writer.log')).trimEnd().split('\n');
      const gapCount = lines.filter((line, at) => line !== String(at + 1)).length;
      const ranTwice = codes.filter(
        (_code, at) => textOf(path.join(folder, `log/s-${at}.log`)) !== 'ran\n',
      ).length;
      const unknownCount = [...found, last].filter((end) => end.code === undefined).length;
      process.stdout.write(
        `${JSON.stringify({ role, killed, lines: lines.length, gapCount, ranTwice, unknownCount })}\n`,
      );
      expect(killed).toBeGreaterThan(killCount / 2);
      expect(gapCount).toBe(0);
      expect(ranTwice).toBe(0);
      // An anchor that was killed is no parent any more: from Linux 6.15 on the kernel tells nevertheless.
      const unknown = role === 'anchor' ? '{}' : 'nothing else';
      const expected = [...codes, 9].map((code) => JSON.stringify({ code }));
      const said = [...found, last].map((end) => JSON.stringify(end));
      expect(said.filter((end, at) => end !== expected[at] && end !== unknown)).toEqual([]);
    },
  );
});
