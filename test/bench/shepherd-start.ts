/**
 * What it costs to start `shepherd` on an empty state until it is ready: CPU time of its process (`self`), and of the
 * programs that it has waited for by then (`children`), as ratios to the CPU time of `node -e 0` in the same round.
 *
 *     start                     `shepherd` on a configuration with one service
 *     start without its cache   the same from a copy of the bundle that has no code cache
 *
 *     npm run bench -- shepherd-start [ROUNDS]
 */
import { spawn, type ChildProcess } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';

const roundCount = Number(process.argv[2] ?? 15);
const herd = path.resolve('packages/herd');
const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'bellwether-start-'));
const state = path.join(folder, 'state');
const file = path.join(folder, 'shepherd.config.ts');
const config = `import { defineShepherd, exec, service } from 'bellwether';
export default defineShepherd({ services: [service({ provision: ['web'], start: exec(['sleep', '600']) })] });
`;

/** In ticks of 10 ms, as /proc counts. */
interface Ticks {
  readonly self: number;
  readonly children: number;
}
const ticksOf = ({ pid }: ChildProcess): Ticks => {
  const stat = fs.readFileSync(`/proc/${pid}/stat`, 'latin1');
  const [user = 0, system = 0, ofUsers = 0, ofSystem = 0] = stat
    .slice(stat.lastIndexOf(')') + 2)
    .split(' ')
    .slice(11, 15)
    .map(Number);
  return { self: user + system, children: ofUsers + ofSystem };
};
/** Until it prints something; then it is ended. */
const costOf = async (words: readonly string[]): Promise<Ticks> => {
  const child = spawn(process.execPath, words, { stdio: ['ignore', 'pipe', 'inherit'] });
  const ended = new Promise((resolve) => void child.once('exit', resolve));
  await Promise.race([ended, new Promise((resolve) => void child.stdout.once('data', resolve))]);
  if (child.exitCode !== null) throw new Error(`${words.join(' ')}: exit code ${child.exitCode}`);
  const ticks = ticksOf(child);
  child.kill();
  await ended;
  return ticks;
};
const start = (program: string) => async (): Promise<Ticks> => {
  fs.rmSync(state, { recursive: true, force: true });
  return costOf([program, '--config', file, '--state', state]);
};
/** Beside the other one, since it finds other packages from where it lies. */
const copyWithoutCache = (): string => {
  const copy = path.join(herd, `dist.${process.pid}`);
  fs.cpSync(path.join(herd, 'dist'), copy, { recursive: true });
  fs.rmSync(path.join(copy, 'shepherd.cache'));
  return copy;
};
const median = (values: readonly number[]): number =>
  [...values].sort((a, b) => a - b)[values.length >> 1] ?? NaN;
const round2 = (value: number): number => Math.round(value * 100) / 100;

fs.writeFileSync(file, config, { mode: 0o600 });
const copy = copyWithoutCache();
const cases = {
  node: () => costOf(['-e', 'process.stdout.write("."); setInterval(() => {}, 1_000)']),
  start: start(path.join(herd, 'dist/shepherd.cjs')),
  'start without its cache': start(path.join(copy, 'shepherd.cjs')),
};
type Case = keyof typeof cases;
const taken: Record<Case, Ticks[]> = { node: [], start: [], 'start without its cache': [] };
try {
  for (let round = -1; round < roundCount; round += 1) {
    const order = Object.keys(cases) as Case[];
    if (round % 2 === 1) order.reverse();
    for (const what of order) {
      const ticks = await cases[what]();
      if (round >= 0) taken[what].push(ticks); // the first round only fills the caches of the disk
    }
  }
} finally {
  for (const each of [copy, folder]) fs.rmSync(each, { recursive: true, force: true });
}
const node = median(taken.node.map(({ self }) => self));
for (const [what, ticks] of Object.entries(taken)) {
  const [self, children] = [
    median(ticks.map((one) => one.self)),
    median(ticks.map((one) => one.children)),
  ];
  const figures = {
    self: round2(self / node),
    children: round2(children / node),
    selfMs: self * 10,
  };
  process.stdout.write(`${JSON.stringify({ what, ...figures })}\n`);
}
