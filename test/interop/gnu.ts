/**
 * GNU Shepherd 1.0.9 and this shepherd, both driven by the real `herd`, command by command: what it prints and how it ends.
 * Where it is another than with GNU Shepherd a row says why; a row that says so and is the same is wrong, too. Before that
 * S-expressions: what Guile reads of what is written here, and the other way round. Ends with 1 where anything is other
 * than it should.
 *
 *     debootstrap --variant=minbase --include=shepherd sid ROOT
 *     npm run interop -- gnu ROOT
 */
import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import * as fc from 'fast-check';
import {
  Dotted,
  Keyword,
  Sym,
  sym,
  Vector,
  type Datum,
} from '../../packages/herd/src/gnu/wire/datum.ts';
import { datumText } from '../../packages/herd/src/gnu/wire/write.ts';
import { anyDatum, oddText, plain, readText } from '../support/gnu-datum.ts';
import { configOf } from '../support/programs.ts';
import { commands, services, type Row } from './gnu/commands.ts';

const [root = ''] = process.argv.slice(2);
if (!fs.existsSync(path.join(root, 'usr/bin/herd'))) {
  process.stderr.write(
    'usage: npm run interop -- gnu ROOT\nROOT is a Debian with shepherd; see the top of test/interop/gnu.ts\n',
  );
  process.exit(2);
}
const seed = 7;
const datumCount = 2_000;
let failureCount = 0;
const fail = (text: string): void => {
  failureCount += 1;
  process.stdout.write(`FAIL ${text}\n`);
};
const inRoot = (command: string, args: readonly string[], input?: string) =>
  spawnSync('chroot', [root, 'env', 'LC_ALL=C.UTF-8', 'TZ=UTC', command, ...args], {
    encoding: 'utf8',
    input,
    maxBuffer: 64 * 1024 * 1024,
  });

/** What Guile tells of what it has read of each text: see read-write.scm. */
const throughGuile = (texts: readonly string[]): readonly string[] => {
  const script = fs.readFileSync('test/interop/gnu/read-write.scm', 'utf8');
  const input = texts.map((text) => `${datumText(text)}\n`).join('');
  const { stdout, stderr } = inRoot('guile', ['--no-auto-compile', '-c', script], input);
  const lines = stdout.slice(0, -1).split('\n');
  if (lines.length !== texts.length)
    throw new Error(`Guile wrote ${lines.length} lines for ${texts.length}: ${stderr}`);
  return lines;
};
/** The same of ours. */
const apart = (datum: Datum): Datum => {
  if (datum instanceof Sym) return [sym('s'), datum.name];
  if (datum instanceof Keyword) return [sym('k'), datum.name];
  if (datum instanceof Vector) return [sym('v'), ...datum.items.map(apart)];
  if (datum instanceof Dotted) return [sym('d'), apart(datum.tail), ...datum.items.map(apart)];
  return Array.isArray(datum) ? [sym('l'), ...(datum as readonly Datum[]).map(apart)] : datum;
};
const isSame = (told: string | undefined, datum: Datum): boolean =>
  told !== undefined && isDeepStrictEqual(plain(readText(told) ?? false), plain(apart(datum)));
const compareReaders = (): void => {
  const datums = fc.sample(anyDatum, { seed, numRuns: datumCount });
  throughGuile(datums.map(datumText)).forEach((text, at) => {
    const datum = datums[at] ?? false;
    if (!isSame(text, datum)) fail(`written: ${datumText(datum)} is read by Guile as ${text}`);
  });
  const texts = fc.sample(oddText, { seed, numRuns: datumCount }).map((text) => `${text}\n`);
  let readCount = 0;
  let refusedCount = 0;
  throughGuile(texts).forEach((text, at) => {
    const given = texts[at] ?? '';
    let datum;
    try {
      datum = readText(given);
    } catch {
      refusedCount += 1; // more than Guile refuses: see read.ts
      return;
    }
    if (datum === undefined) return;
    readCount += 1;
    if (!isSame(text, datum))
      fail(`read: ${JSON.stringify(given)} is ${datumText(datum)} here, and ${text} to Guile`);
  });
  process.stdout.write(
    `S-expressions: ${datumCount} written here and read by Guile; of ${datumCount} odd texts ${readCount} read by both, ` +
      `${refusedCount} refused here\n\n`,
  );
};

/** A folder inside of the Debian that is the owner's alone; `inside` is what it is called there. */
const outside = fs.mkdtempSync(path.join(fs.realpathSync(root), 'tmp', 'bellwether-gnu-'));
const inside = path.join('/tmp', path.basename(outside));
const children: ChildProcess[] = [];
const until = async (what: string, isSo: () => boolean): Promise<void> => {
  for (let tries = 0; !isSo(); tries += 1) {
    if (tries > 300) throw new Error(`waited too long for ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
};
const begin = (command: string, args: readonly string[]): void => {
  const child = spawn(command, args, { stdio: ['ignore', 'inherit', 'ignore'] });
  children.push(child);
};
const startBoth = async (): Promise<void> => {
  const [gnu, ours, state] = ['gnu', 'ours', 'state'].map((name) => {
    const folder = path.join(outside, name);
    fs.mkdirSync(folder, { mode: 0o700 });
    return folder;
  });
  const scheme = fs.readFileSync('test/interop/gnu/config.scm', 'utf8');
  fs.writeFileSync(
    path.join(outside, 'gnu.scm'),
    `(define folder ${JSON.stringify(inside)})\n${scheme}`,
  );
  const shepherd = ['shepherd', '-S', '-c', `${inside}/gnu.scm`, '-l', `${inside}/shepherd.log`];
  const env = ['env', 'LC_ALL=C.UTF-8', 'TZ=UTC', `HOME=${inside}`];
  begin('chroot', [root, ...env, ...shepherd, '-s', `${inside}/gnu/socket`]);
  const config = path.join(outside, 'shepherd.config.ts');
  fs.writeFileSync(config, configOf('a', services), { mode: 0o600 });
  const program = path.resolve('packages/herd/bin/shepherd.cjs');
  const options = ['--state', String(state), '--gnu-socket', path.join(String(ours), 'socket')];
  begin(process.execPath, [program, '-S', '--config', config, ...options]);
  await until('both', () =>
    [gnu, ours].every((one) => fs.existsSync(path.join(String(one), 'socket'))),
  );
  const log = path.join(outside, 'shepherd.log');
  await until('the configuration', () =>
    fs.readFileSync(log, 'utf8').includes('successfully loaded'),
  );
};

/** What is another each time. */
const steady = (text: string, isSorted: boolean): string => {
  const lines = text
    .split('\n')
    .filter((line) => !line.startsWith('GC Warning'))
    .map((line) =>
      line
        .replace(/\d{4}-\d\d-\d\d \d\d:\d\d:\d\d/, 'DATE')
        .replace(/^ ?\d+ \w+ \d{4} \d\d:\d\d:\d\d/, 'DATE')
        .replace(/\d\d:\d\d:\d\d \(\d+ seconds? ago\)/, 'TIME (AGO)')
        .replace(/Main PID: \d+/, 'Main PID: PID')
        .replace(/Log file: .*/, 'Log file: FILE'),
    );
  return (isSorted ? lines.sort() : lines).join('\n').trim();
};
interface Told {
  readonly text: string;
  readonly code: number | null;
}
const herd = (whose: 'gnu' | 'ours', { words, isSorted = false }: Row): Told => {
  const { stdout, stderr, status } = inRoot('herd', ['-s', `${inside}/${whose}/socket`, ...words]);
  return { text: steady(`${stdout}\n${stderr}`, isSorted), code: status };
};

const indented = (text: string): string => text.replace(/^/gm, '      ');
const runAll = async (): Promise<void> => {
  for (const row of commands) {
    await new Promise((resolve) => setTimeout(resolve, row.afterMs ?? 0));
    const gnu = herd('gnu', row);
    const ours = herd('ours', row);
    const isText = gnu.text === ours.text;
    const isCode = gnu.code === ours.code;
    const verdict = isText && isCode ? 'same' : (row.differs ?? 'OTHER');
    const codes = isCode ? `${ours.code}` : `${ours.code}, GNU ${gnu.code}`;
    process.stdout.write(
      `${`herd ${row.words.join(' ')}`.padEnd(34)}${codes.padEnd(9)}${verdict}\n`,
    );
    if (verdict === 'OTHER' || (verdict === 'same' && row.differs !== undefined))
      fail(
        `${row.words.join(' ')}\n   GNU Shepherd:\n${indented(gnu.text)}\n   here:\n${indented(ours.text)}`,
      );
    else if (verdict !== 'same' && process.env['VERBOSE'] !== undefined)
      process.stdout.write(
        `   GNU Shepherd:\n${indented(gnu.text)}\n   here:\n${indented(ours.text)}\n`,
      );
  }
};

try {
  compareReaders();
  await startBoth();
  await runAll();
  await until('the end of both', () => children.every(({ exitCode }) => exitCode !== null));
} finally {
  for (const child of children) child.kill('SIGKILL');
  fs.rmSync(outside, { recursive: true, force: true });
}
process.stdout.write(`\n${commands.length} commands, ${failureCount} failures\n`);
process.exit(failureCount === 0 ? 0 : 1);
