/**
 * Performance rows 15 to 23: what a shepherd is to its services. Rows 16 and 18 to 23 are of whole shepherds, beside GNU
 * Shepherd where GNU_ROOT names a folder that has it installed (support/supervised.ts). Here are rows 15 to 17: 1,000
 * trivial services are started, and all of their ends are heard.
 *
 *     what            who starts `true` 1,000 times, and hears that each has ended
 *     posix_spawn     a C program: one posix_spawn after another, then waitpid until none is left
 *     keeper          a process backend on the keeper: with its checks, a log file, a record and the ends
 *     keeper, 1 GiB   the same in a process that has 1 GiB of memory in use
 *     child           the backend on child_process, for information
 *
 * Each of the last three is a process of its own, which stands from the beginning. All are run back to back in every
 * round, in turned order every other one; figures are ratios within a round. How long a call keeps others waiting is the
 * time that passed without that for which its thread was kept from running: what others take from it on a busy machine is
 * not its doing. What a host takes from its guest is counted, so `ofNothingMs` is the same of pieces that do nothing for half
 * a millisecond. In the end it says which figures are not what they must be.
 * `npm run bench -- shepherd [ROUNDS [starts|shepherds|ROW]]`,
 * with 16 or 18 to 23 for one row of whole shepherds alone, takes a C compiler, and the build.
 */
import { fork, spawnSync, type ChildProcess } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import type { ProcessBackend } from '@bellwether/shepherd';
import {
  makeChildProcessBackend,
  makeLogFiles,
  openKeeper,
  Starts,
} from '@bellwether/shepherd/node';
import { withFolder } from './support/other-end.ts';
import { print, ratios, type Print } from './support/rounds.ts';
import { measureSupervised } from './support/supervised.ts';
import { gnuRoot } from './support/supervisors.ts';

const START_COUNT = 1_000;
const WARM_UPS = 2;
const GIBIBYTE = 2 ** 30;
/** Pieces of nothing, as many and as long as those in which starts are made. */
const [NOTHING_COUNT, NOTHING_MS] = [300, 0.5];
const program = '/bin/true';
const keeper = path.resolve('packages/keeper/dist/keeper');

/** What one go of 1,000 starts took. */
interface Go {
  readonly ms: number;
  /** The longest call that starts one or some: its own time, and with what others took of it. */
  readonly longestCallMs: number;
  readonly longestWaitMs: number;
  /** The longest of as many pieces that do nothing, just before: its own time. */
  readonly nothingMs: number;
}
type Kind = 'keeper' | 'large' | 'child';

const backendIn = async (folder: string, kind: Kind): Promise<ProcessBackend> => {
  const powers = {
    env: { PATH: process.env['PATH'] },
    cwd: folder,
    logFiles: makeLogFiles({ folder: path.join(folder, 'log'), wall: Date.now }),
    starts: new Starts(path.join(folder, 'starts')),
  };
  if (kind === 'child') return makeChildProcessBackend(powers);
  const place = { program: keeper, folder: path.join(folder, 'keeper') };
  return openKeeper({ ...powers, keeper: place, umask: 0o022, uid: process.getuid?.() ?? 0 });
};

const go = async (backend: ProcessBackend, round: number): Promise<Go> => {
  const nothingMs = await longestOfNothing();
  const longest = new Longest();
  const watched = watching(longest);
  const begun = performance.now();
  const ends = Array.from({ length: START_COUNT }, (_none, at) => {
    const end = new Promise<void>((kept, broken) => {
      const start = {
        startId: `${round}-${at}`,
        service: 's',
        command: { argv: [program] as const },
      };
      const ended = (ending: unknown): void => {
        const { code } = ending as { readonly code?: number };
        if (code === 0) kept();
        else broken(new Error(`ended with ${code}`));
      };
      const begin = (): void =>
        backend.start(start, { kept: () => undefined, broken }, { kept: ended, broken });
      longest.of(begin);
    });
    return end;
  });
  await Promise.all(ends);
  watched();
  const { ownMs, waitMs } = longest;
  return { ms: performance.now() - begun, longestCallMs: ownMs, longestWaitMs: waitMs, nothingMs };
};
const longestOfNothing = async (): Promise<number> => {
  const longest = new Longest();
  const wait = (): void => {
    const untilMs = performance.now() + NOTHING_MS;
    while (performance.now() < untilMs);
  };
  for (let count = 0; count < NOTHING_COUNT; count += 1) {
    longest.of(wait);
    await new Promise((done) => setImmediate(done));
  }
  return longest.ownMs;
};
/** Of all that the event loop does meanwhile in its check phase, where starts are made: the longest. */
class Longest {
  ownMs = 0;
  waitMs = 0;
  of(task: () => void): void {
    const [before, begun] = [keptWaitingMs(), performance.now()];
    task();
    const waitMs = performance.now() - begun;
    this.waitMs = Math.max(this.waitMs, waitMs);
    this.ownMs = Math.max(this.ownMs, waitMs - (keptWaitingMs() - before));
  }
}
/**
 * For how long this thread could have run, and something else did: another process, or another thread of this one. What it
 * waits for itself, as for those that help it to collect, is not in it.
 */
const keptWaitingMs = (): number => {
  const length = fs.readSync(schedule, text, 0, text.length, 0);
  return Number(text.toString('latin1', 0, length).split(' ')[1]) / 1e6;
};
const schedule = fs.openSync(`/proc/self/task/${process.pid}/schedstat`, 'r');
const text = Buffer.alloc(100);
/** Until the result is called. */
const watching = (longest: Longest): (() => void) => {
  const plain = globalThis.setImmediate;
  const timed = (task: () => void): NodeJS.Immediate => plain(() => longest.of(task));
  globalThis.setImmediate = timed as typeof plain;
  return () => (globalThis.setImmediate = plain);
};

/** In the child: one go for each message. */
const serve = async (folder: string, kind: Kind): Promise<void> => {
  // Pages that are in use: a fork would have to copy what leads to them.
  const held = kind === 'large' ? Buffer.alloc(GIBIBYTE, 1) : Buffer.alloc(0);
  const backend = await backendIn(folder, kind);
  process.on('message', (round: number) => {
    void go(backend, round).then((one) => process.send?.({ ...one, held: held.length }));
  });
  process.once('disconnect', () => process.exit());
  process.send?.('ready');
};

/** Runs one go in the other process. */
const goIn = (child: ChildProcess, round: number): Promise<Go> =>
  new Promise((done, failed) => {
    child.once('exit', failed);
    child.once('message', (one) => {
      child.off('exit', failed);
      done(one as Go);
    });
    child.send(round);
  });

const source = `#include <spawn.h>
#include <sys/wait.h>
extern char **environ;
int main(void) {
  for (int n = 0; n < ${START_COUNT}; n++) {
    pid_t pid;
    char *words[] = {"true", 0};
    if (posix_spawn(&pid, "${program}", 0, 0, words, environ)) return 1;
  }
  while (wait(0) > 0);
  return 0;
}
`;
const compile = (folder: string): string => {
  const file = path.join(folder, 'spawner');
  fs.writeFileSync(`${file}.c`, source);
  const { status, stderr } = spawnSync('cc', ['-O2', '-o', file, `${file}.c`], {
    encoding: 'utf8',
  });
  if (status !== 0) throw new Error(`cc: ${stderr}`);
  return file;
};
const spawnAll = (file: string): Go => {
  const begun = performance.now();
  if (spawnSync(file).status !== 0) throw new Error('the C program failed');
  return { ms: performance.now() - begun, longestCallMs: 0, longestWaitMs: 0, nothingMs: 0 };
};

const tell = (goes: ReadonlyMap<string, readonly Go[]>, print: Print): void => {
  const of = (name: string, what: keyof Go): readonly number[] =>
    (goes.get(name) ?? []).map((one) => one[what]);
  const [spawnMs, keeperMs, largeMs, childMs] = ['posix_spawn', 'keeper', 'large', 'child'].map(
    (name) => of(name, 'ms'),
  );
  if (!spawnMs || !keeperMs || !largeMs || !childMs) throw new Error('nothing was measured');
  print(15, `posix_spawn / keeper, ${START_COUNT} starts`, '>= 0.6', ratios(spawnMs, keeperMs), {
    spawnMs,
    keeperMs,
  });
  print(15, 'posix_spawn / child_process', 'for information', ratios(spawnMs, childMs), {
    childMs,
  });
  const calls = of('keeper', 'longestCallMs');
  print(16, 'longest call that starts some, ms', '<= 2', calls, {
    withOthersMs: of('keeper', 'longestWaitMs'),
    ofNothingMs: of('keeper', 'nothingMs'),
    childMs: of('child', 'longestCallMs'),
  });
  print(17, 'keeper, 1 GiB / keeper', '<= 1.5', ratios(largeMs, keeperMs), { largeMs });
};

const startsOf = async (roundCount: number, print: Print): Promise<void> => {
  await withFolder(async (folder) => {
    const file = compile(folder);
    const children: ChildProcess[] = [];
    const started = async (kind: Kind): Promise<ChildProcess> => {
      const home = path.join(folder, kind);
      fs.mkdirSync(home, { mode: 0o700 });
      const child = fork(process.argv[1] ?? '', ['serve', home, kind]);
      children.push(child);
      await new Promise((done) => child.once('message', done));
      return child;
    };
    const ways = new Map<string, (round: number) => Go | Promise<Go>>([
      ['posix_spawn', () => spawnAll(file)],
    ]);
    for (const kind of ['keeper', 'large', 'child'] as const) {
      const child = await started(kind);
      ways.set(kind, (round) => goIn(child, round));
    }
    const goes = new Map([...ways.keys()].map((name) => [name, [] as Go[]]));
    for (let round = 0; round < roundCount + WARM_UPS; round += 1) {
      const order = round % 2 === 0 ? [...ways] : [...ways].reverse();
      for (const [name, way] of order) {
        const one = await way(round);
        if (round >= WARM_UPS) goes.get(name)?.push(one);
      }
    }
    tell(goes, print);
    const gone = children.map((child) => new Promise((done) => child.once('exit', done)));
    for (const child of children) child.disconnect();
    await Promise.all(gone);
  });
};

const main = async (roundCount: number, part: string | undefined): Promise<void> => {
  const missed: string[] = [];
  const judging: Print = (...line) => {
    const found = print(...line);
    if (found !== undefined) missed.push(found);
  };
  const row = part && /^\d+$/.test(part) ? Number(part) : undefined;
  const place = path.join(gnuRoot ?? '/', 'tmp');
  if (part !== 'shepherds' && row === undefined) await startsOf(roundCount, judging);
  if (part !== 'starts')
    await withFolder((within) => measureSupervised(within, roundCount, judging, row), place);
  process.stdout.write(missed.map((each) => `missed: ${each}\n`).join(''));
};

const [first, folder = '', kind = 'keeper'] = process.argv.slice(2);
if (first === 'serve') await serve(folder, kind as Kind);
else await main(Number(first ?? 5), folder);
