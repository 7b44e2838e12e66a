/**
 * Runs seeds of chaos (test/sim/chaos*.test.ts): `npm run chaos -- COUNT [FIRST]`. Prints what befell the fleets and how
 * commands ended; a seed that fails prints the command that repeats it.
 */
import { spawnSync } from 'node:child_process';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '..');
const [count = '200', first = '1'] = process.argv.slice(2);
if (![count, first].every((each) => /^[1-9][0-9]*$/.test(each))) {
  process.stderr.write('usage: npm run chaos -- COUNT [FIRST]\n');
  process.exit(2);
}
const { status } = spawnSync(
  process.execPath,
  // One of its two files is of `npm run long`.
  [
    path.join(root, 'node_modules/vitest/vitest.mjs'),
    ...['run', '--project', 'real', '--project', 'long', 'test/sim/chaos'],
  ],
  {
    cwd: root,
    stdio: 'inherit',
    env: { ...process.env, SEEDS: count, FIRST: first, VERBOSE: '1' },
  },
);
process.exitCode = status ?? 1;
