/**
 * Whether the tests would notice: breaks one rule at a time in a throw-away copy of the tree and runs the tests that
 * are to catch it. `npm run mutants` runs all, `npm run mutants -- NAME…` some of them.
 *
 *     copy of the tree ──► the tests pass ──► one change ──► each test file named for it must fail ──► the table
 *
 * Fails where a test file passes over a broken rule, and where a change finds nothing to change any more.
 */
import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { mutants, type Mutant } from './support/mutants.ts';

/** Seeds of chaos for each mutant that names no other number. */
const usualSeedCount = 40;
/** A mutant that hangs is caught, too; milliseconds. */
const longestMs = 300_000;
/** For each test that asks for no other; milliseconds. A busy machine must not look like a rule that is broken. */
const patienceMs = 60_000;

interface Ran {
  /** Titles of the tests that failed; `hung` where they did not come to an end. */
  readonly failed: readonly string[];
  readonly passedCount: number;
}

const root = process.cwd();

/** The files of the tree as they are now, with the packages of others linked in. */
const copyTree = (to: string): void => {
  const args = ['ls-files', '--cached', '--others', '--exclude-standard', '-z'];
  const { stdout } = spawnSync('git', args, { cwd: root, encoding: 'utf8', maxBuffer: 1 << 26 });
  for (const file of stdout.split('\0')) {
    const from = path.join(root, file);
    if (file === '' || !fs.existsSync(from)) continue;
    fs.mkdirSync(path.dirname(path.join(to, file)), { recursive: true });
    fs.copyFileSync(from, path.join(to, file));
  }
  linkModules(path.join(root, 'node_modules'), path.join(to, 'node_modules'));
};
/** Links of workspaces stay relative, so that they lead into the copy. */
const linkModules = (from: string, to: string): void => {
  fs.mkdirSync(to, { recursive: true });
  for (const entry of fs.readdirSync(from, { withFileTypes: true })) {
    const [source, target] = [path.join(from, entry.name), path.join(to, entry.name)];
    if (entry.isSymbolicLink()) fs.symlinkSync(fs.readlinkSync(source), target);
    else if (entry.name === '@bellwether') linkModules(source, target);
    else if (!entry.name.startsWith('.')) fs.symlinkSync(source, target);
  }
};

/** Runs one test file in the copy. */
const runTests = (copy: string, file: string, seedCount = usualSeedCount): Ran => {
  const report = path.join(copy, 'report.json');
  fs.rmSync(report, { force: true });
  const runner = path.join(root, 'node_modules/vitest/vitest.mjs');
  const patience = `--testTimeout=${patienceMs}`;
  const args = ['run', file, patience, '--reporter=json', `--outputFile=${report}`];
  const env = { ...process.env, SEEDS: String(seedCount) };
  spawnSync(process.execPath, [runner, ...args], {
    cwd: copy,
    env,
    stdio: 'ignore',
    timeout: longestMs,
    killSignal: 'SIGKILL',
  });
  if (!fs.existsSync(report)) return { failed: ['hung, or fell over'], passedCount: 0 };
  return readReport(JSON.parse(fs.readFileSync(report, 'utf8')) as Report);
};
interface Report {
  readonly numPassedTests: number;
  readonly testResults: readonly {
    readonly status: string;
    readonly message: string;
    readonly assertionResults: readonly { readonly status: string; readonly fullName: string }[];
  }[];
}
const readReport = ({ numPassedTests, testResults }: Report): Ran => ({
  passedCount: numPassedTests,
  failed: testResults.flatMap(({ status, message, assertionResults }) => {
    const failed = assertionResults.filter((one) => one.status === 'failed');
    if (failed.length > 0) return failed.map(({ fullName }) => fullName.trim());
    return status === 'failed' ? [message.split('\n')[0] ?? 'failed'] : [];
  }),
});

/** Breaks the rule, runs a body, and mends it again. @throws Error where there is nothing to change */
const withMutant = <T>(copy: string, { name, file, find, replace }: Mutant, body: () => T): T => {
  const place = path.join(copy, file);
  const whole = fs.readFileSync(place, 'utf8');
  const count = whole.split(find).length - 1;
  if (count !== 1)
    throw new Error(
      `mutant ${name}: ${file} has ${count} places that read ${JSON.stringify(find)}`,
    );
  fs.writeFileSync(
    place,
    whole.replace(find, () => replace),
  );
  try {
    return body();
  } finally {
    fs.writeFileSync(place, whole);
  }
};

const say = (line: string): void => void process.stdout.write(`${line}\n`);

/** Whether every test file that is to notice a mutant does. */
const judge = (copy: string, mutant: Mutant): boolean => {
  say(`${mutant.name}: ${mutant.rule}`);
  const verdicts = mutant.tests.map((file) => {
    const begun = Date.now();
    const { failed, passedCount } = withMutant(copy, mutant, () =>
      runTests(copy, file, mutant.seedCount),
    );
    const seconds = Math.round((Date.now() - begun) / 1_000);
    const isCaught = failed.length > 0;
    const count = `${failed.length} of ${failed.length + passedCount} tests, ${seconds} s`;
    say(`    ${isCaught ? 'caught by ' : 'SURVIVES  '} ${file} (${count})`);
    for (const title of failed.slice(0, 3)) say(`                 ${title}`);
    return isCaught;
  });
  return verdicts.every((isCaught) => isCaught);
};

/** The test files of these mutants, with the most seeds that one of them asks for: all of those must hold. */
const mostSeeds = (chosen: readonly Mutant[]): ReadonlyMap<string, number> => {
  const counts = new Map<string, number>();
  for (const { tests, seedCount = usualSeedCount } of chosen)
    for (const file of tests) counts.set(file, Math.max(seedCount, counts.get(file) ?? 0));
  return counts;
};

const main = (): number => {
  const wanted = process.argv.slice(2);
  const chosen = mutants.filter(({ name }) => wanted.length === 0 || wanted.includes(name));
  if (chosen.length < wanted.length || chosen.length === 0) {
    say(`usage: npm run mutants -- [NAME…]\nnames: ${mutants.map(({ name }) => name).join(' ')}`);
    return 2;
  }
  const copy = fs.mkdtempSync(path.join(os.tmpdir(), 'bellwether-mutants-'));
  try {
    copyTree(copy);
    for (const [file, seedCount] of mostSeeds(chosen)) {
      const { failed, passedCount } = runTests(copy, file, seedCount);
      if (failed.length === 0 && passedCount > 0) continue;
      say(`${file} must pass before anything is broken: ${failed.join('; ')}`);
      return 1;
    }
    const survivors = chosen.filter((mutant) => !judge(copy, mutant));
    say(
      `${chosen.length - survivors.length} of ${chosen.length} mutants are caught by every test named for them`,
    );
    return survivors.length === 0 ? 0 : 1;
  } finally {
    fs.rmSync(copy, { recursive: true, force: true });
  }
};

process.exitCode = main();
