/** Vitest's global set-up around the tests of real programs: makes the folder of the run, and looks while it lasts. */
import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { Processes, SecretFiles } from './sightings.ts';
import { beginTraces, note } from './traces.ts';

const sampleEveryMs = 50;

/** What it answers is done at the end. */
export default (): (() => void) => {
  // Whoever runs a single file tests what he has written, and not what was built before.
  execFileSync(process.execPath, [path.resolve('scripts/bootstrap.mjs'), 'build'], {
    stdio: 'inherit',
  });
  const home = fs.realpathSync(fs.mkdtempSync(path.join(os.tmpdir(), 'bw-')));
  fs.chmodSync(home, 0o1777); // as the folder that it stands for: some programs run as other users
  beginTraces(home);
  const files = new SecretFiles(home, (file, text) => note('seen', file, text));
  const processes = new Processes((kind, pid, bytes) => note(kind, `process ${pid}`, bytes));
  const timer = setInterval(() => processes.sample(), sampleEveryMs);
  timer.unref();
  return () => {
    clearInterval(timer);
    files.close();
    fs.rmSync(home, { recursive: true, force: true });
  };
};
