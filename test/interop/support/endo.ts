/**
 * Endo's OCapN 1.1.1 as peers in processes of their own, from a folder whose node_modules has @endo/ocapn and its
 * neighbours. The registry has none: it is packages/ocapn of github.com/endojs/endo, for example at 1fa6c227e of August
 * 2026, with each package of that repository linked into node_modules/@endo (and ses), beside @noble/curves 1.9,
 * @noble/hashes 1.8 and ws 8.
 *
 * VERBOSE in the environment shows what Endo says of itself.
 */
import { spawn } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { createInterface } from 'node:readline';
import type { Script } from './verdicts.ts';

const isVerbose = process.env['VERBOSE'] !== undefined;
const home = path.resolve('test/interop/endo');

/** The folder in whose node_modules Endo is, from the command line of `npm run interop`; ends the program where there is none. */
export const endoFrom = (): string => {
  const [folder = ''] = process.argv.slice(2);
  if (fs.existsSync(path.join(folder, 'node_modules/@endo/ocapn'))) return folder;
  process.stderr.write(
    'usage: npm run interop -- endo FOLDER\nFOLDER/node_modules has @endo/ocapn; see the top of test/interop/support/endo.ts\n',
  );
  return process.exit(2);
};

/** Starts a script of ../endo; `input`: the line that it reads. */
export const startEndo = (folder: string, script: string, input = ''): Script => {
  const read = (name: string): string => fs.readFileSync(path.join(home, `${name}.mjs`), 'utf8');
  const text = `${read('peer')}${read(script)}`;
  const child = spawn(process.execPath, ['--input-type=module', '-e', text], {
    cwd: folder,
    stdio: ['pipe', 'pipe', isVerbose ? 'inherit' : 'ignore'],
  });
  child.stdin.end(`${input}\n`);
  return { child, lines: createInterface({ input: child.stdout }) };
};
