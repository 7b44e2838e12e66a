import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { buildSync } from 'esbuild';
import { afterAll, expect, it, vi } from 'vitest';
import { makeFolder } from './support.ts';

// Real processes are as fast as the machine lets them be.
afterAll(() => vi.resetConfig());

const source = path.resolve(import.meta.dirname, '../../../packages/shepherd/src/node/index.ts');

// Opens files until there are no more, then starts a service with none, one, two, … given back.
const daemon = `
  import fs from 'node:fs';
  import { makeChildProcessBackend, makeLogFiles, Starts } from ${JSON.stringify(source)};
  const [folder] = process.argv.slice(2);
  const logFiles = makeLogFiles({ folder, wall: Date.now });
  const starts = new Starts(folder + '/starts');
  const backend = makeChildProcessBackend({ env: process.env, cwd: folder, logFiles, starts });
  const taken = [];
  try { for (;;) taken.push(fs.openSync('/dev/null')); } catch {}
  const reasons = [];
  const attempt = () => new Promise((resolve) => backend.start(
    { startId: 'w-1', service: 'web', command: { argv: ['/bin/true'] } },
    { kept: () => {}, broken: (error) => resolve(reasons.push(error) < 0) },
    { kept: () => resolve(true), broken: () => {} }));
  while (!(await attempt())) fs.closeSync(taken.pop());
  console.log(JSON.stringify(reasons.map(({ code, message }) => code + ' ' + message)));`;

it('case 23: a daemon without file descriptors fails starts in words, until it has some again', () => {
  const folder = makeFolder();
  const file = path.join(folder, 'daemon.mjs');
  const stdin = { contents: daemon, resolveDir: path.dirname(source) };
  buildSync({ stdin, bundle: true, platform: 'node', format: 'esm', outfile: file });
  const script = 'ulimit -n 64; exec "$0" "$@"';
  const told = execFileSync('sh', ['-c', script, process.execPath, file, folder]).toString();
  fs.rmSync(folder, { recursive: true });
  const reasons = JSON.parse(told) as string[];
  const words = 'this daemon has too many files open (EMFILE)';
  expect(reasons[0]).toBe(`start-failed exec: log file ${folder}/web.log: ${words}`);
  expect(reasons.at(-1)).toBe(`start-failed exec: /bin/true: ${words}`);
});
