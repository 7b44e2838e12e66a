/**
 * Builds the keeper into dist/, where there is a C compiler: static, so that one file serves on every Linux of this kind
 * of machine, and hardened. Warnings are errors. What is there already is replaced in one step; a keeper that runs
 * goes on with what it was made from.
 */
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

const home = path.dirname(fileURLToPath(import.meta.url));
const source = path.join(home, 'src');
const program = path.join(home, 'dist', 'keeper');

/** Also of the fuzzer. */
export const warnings = [
  ...[
    '-Wall',
    '-Wextra',
    '-Wshadow',
    '-Wconversion',
    '-Wstrict-prototypes',
    '-Wmissing-prototypes',
  ],
  ...['-Wvla', '-Wformat=2', '-Wundef', '-Werror'],
];
const hardening = [
  ...['-fstack-protector-strong', '-fstack-clash-protection', '-D_FORTIFY_SOURCE=2'],
  ...['-fPIE', '-static-pie', '-Wl,-z,relro,-z,now,-z,noexecstack', '-s'],
];
/** All parts of the program; the fuzzer has another beginning than keeper.c. */
export const parts = () =>
  fs
    .readdirSync(source)
    .filter((name) => name.endsWith('.c'))
    .map((name) => path.join(source, name));

/** What the program is made from, in short: daemons tell by it whether a keeper that runs is theirs. */
const buildOf = () => {
  const hash = createHash('sha256');
  for (const name of fs.readdirSync(source).sort())
    hash.update(fs.readFileSync(path.join(source, name)));
  return hash.digest('hex').slice(0, 16);
};

/** The compiler that is asked for, or the first one that is there; undefined where none is. */
const compiler = () =>
  [process.env['CC'], 'cc', 'gcc', 'clang'].find(
    (name) =>
      name !== undefined && name !== '' && spawnSync(name, ['--version']).error === undefined,
  );

const lacking =
  'build: without the keeper services are children of the shepherd: it starts them more slowly, does not learn how ' +
  'those ended that outlive it, and cannot give them limits, a root or supplementary groups\n';

/** Whether it was built; where not, a line on stderr says why, and what that means. */
export const buildKeeper = () => {
  const say = (text) => process.stderr.write(text);
  if (process.platform !== 'linux') {
    say(`build: the keeper is for Linux, not for ${process.platform}\n${lacking}`);
    return false;
  }
  const cc = compiler();
  if (cc === undefined) {
    say(`build: no C compiler (cc, gcc, clang; Debian: apt-get install gcc libc6-dev)\n${lacking}`);
    return false;
  }
  fs.mkdirSync(path.dirname(program), { recursive: true });
  const fresh = `${program}.${process.pid}`;
  const what = ['-std=c11', '-D_GNU_SOURCE', `-DBUILD="${buildOf()}"`];
  const args = [...what, '-O2', ...warnings, ...hardening, '-o', fresh];
  const { status, stderr } = spawnSync(cc, [...args, ...parts()], { encoding: 'utf8' });
  if (status === 0) {
    fs.renameSync(fresh, program);
    return true;
  }
  fs.rmSync(fresh, { force: true });
  say(`${stderr}build: ${cc} cannot build the keeper\n${lacking}`);
  return false;
};

if (process.argv[1] === fileURLToPath(import.meta.url)) process.exitCode = buildKeeper() ? 0 : 1;
