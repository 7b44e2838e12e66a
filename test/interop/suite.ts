/**
 * OCapN's own conformance suite against a peer of ours, as separate processes on the loopback.
 *
 *     npm run interop -- suite PATH [MODULE]
 *
 * PATH is a folder with ocapn/ocapn-test-suite, branch remove-op-deliver-only; it is run as it is there. MODULE is one of its
 * test modules, such as tests.op_gc. Python 3.10 with cryptography and stem runs it; PYTHON names another one.
 *
 * As of November 2026 that branch still says op:gc-export and op:gc-answer, where Goblins 0.18 and Endo 1.1 say
 * op:gc-exports and op:gc-answers and understand nothing else: the four tests of garbage pass where both labels were made
 * plural in utils/captp_types.py. The eight tests of op:get and op:index are on another branch, add-referencing-tests: their
 * module tests/referencing_ops.py and the classes OpGet and OpIndex of its captp_types.py pass here once OpDeliverOnly, which
 * is gone, is an OpDeliver whose last two fields are False, and both operations are in CAPTP_TYPES.
 */
import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { createInterface } from 'node:readline';

const fail = (text: string): never => {
  process.stderr.write(text);
  process.exit(2);
};
const [folder = fail('usage: npm run interop -- suite PATH [MODULE]\n'), module] =
  process.argv.slice(2);
if (!fs.existsSync(path.join(folder, 'test_runner.py')))
  fail(`${folder} holds no OCapN test suite; see the top of test/interop/suite.ts\n`);
const types = fs.readFileSync(path.join(folder, 'utils/captp_types.py'), 'utf8');
if (!types.includes('op:gc-exports'))
  process.stdout.write(
    'This suite has the old labels op:gc-export and op:gc-answer, which no peer understands:\n' +
      'its tests of garbage fail. See the top of test/interop/suite.ts.\n\n',
  );

/** A Python that has what the suite imports. */
const findPython = (): string => {
  const { PYTHON } = process.env;
  const names = PYTHON === undefined ? ['python3', '/usr/bin/python3'] : [PYTHON];
  const has = (name: string): boolean =>
    spawnSync(name, ['-c', 'import cryptography, stem'], { stdio: 'ignore' }).status === 0;
  return (
    names.find(has) ??
    fail(
      `${names.join(' and ')}: no Python 3 with cryptography and stem; hint: apt-get install python3-cryptography python3-stem\n`,
    )
  );
};

/** Starts the peer; the result is its locator and what ends it. */
const startPeer = async (): Promise<{ locator: string; end(): void }> => {
  const child = spawn(
    process.execPath,
    ['scripts/bundled.mjs', 'interop', 'conformance-peer', '--designator', 'bellwether'],
    { stdio: ['ignore', 'pipe', 'inherit'] },
  );
  let locator = '';
  for await (const line of createInterface({ input: child.stdout })) {
    if (line.startsWith('ocapn://')) locator = line;
    if (line === 'READY') return { locator, end: () => void child.kill('SIGTERM') };
  }
  return fail('the conformance peer did not start\n');
};

interface Outcome {
  readonly name: string;
  readonly result: string;
  readonly ms: number;
}
/** Reads what Python's unittest says with -v: a line that names a test, then how it ended, perhaps with its docstring. */
const outcomesOf = async (child: ChildProcess, rest: string[]): Promise<readonly Outcome[]> => {
  const found: Outcome[] = [];
  let name = '';
  let sinceMs = performance.now();
  if (child.stderr === null) return found;
  for await (const line of createInterface({ input: child.stderr })) {
    name = /^\w+ \((?<test>[\w.]+)\)/u.exec(line)?.groups?.['test'] ?? name;
    const result = / \.\.\. (?<result>ok|FAIL|ERROR|skipped.*)$/u.exec(line)?.groups?.['result'];
    if (result === undefined) rest.push(line);
    else {
      const nowMs = performance.now();
      found.push({ name, result, ms: nowMs - sinceMs });
      sinceMs = nowMs;
    }
  }
  return found;
};

const python = findPython();
const peer = await startPeer();
const startMs = performance.now();
const only = module === undefined ? [] : ['--test-module', module];
const child = spawn(python, ['-u', 'test_runner.py', '-v', ...only, peer.locator], {
  cwd: folder,
  stdio: ['ignore', 'ignore', 'pipe'],
});
const rest: string[] = [];
const outcomes = await outcomesOf(child, rest);
const totalMs = performance.now() - startMs;
peer.end();

const nameWidth = Math.max(...outcomes.map(({ name }) => name.length), 0);
for (const { name, result, ms } of outcomes)
  process.stdout.write(
    `${name.padEnd(nameWidth)}  ${result.padEnd(5)} ${(ms / 1_000).toFixed(2).padStart(6)} s\n`,
  );
const passedCount = outcomes.filter(({ result }) => result === 'ok').length;
const isWhole = passedCount === outcomes.length && passedCount > 0;
if (!isWhole) process.stdout.write(`\n${rest.join('\n')}\n`);
process.stdout.write(
  `\n${passedCount} of ${outcomes.length} in ${(totalMs / 1_000).toFixed(1)} s\n`,
);
process.exit(isWhole ? 0 : 1);
