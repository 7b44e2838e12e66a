/**
 * Row 27: `herd status`, the whole process with its socket exchange, beside `node -e 0`.
 *
 *     what                       one operation is
 *     node                       `node -e 0`
 *     status                     `herd status` of a shepherd with ten services
 *     status without its cache   the same from a copy of the bundle that has no code cache
 *     version                    `herd --version`: loading alone
 *
 * All are started back to back in every round, in turned order every other one, so that a busy
 * machine slows all alike; figures are ratios to `node -e 0` of the same round. The shepherd runs
 * meanwhile and its work counts.
 */
import { spawn, spawnSync } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';

const roundCount = Number(process.argv[2] ?? 25);
const herd = path.resolve('packages/herd/bin/herd.cjs');
const dist = path.resolve('packages/herd/dist');
const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'bellwether-herd-'));

const config = `import { defineShepherd, service } from 'bellwether';
export default defineShepherd({
  services: Array.from({ length: 10 }, (_, at) => service({ provision: ['service-' + at] })),
});
`;

const milliseconds = (args: readonly string[]): number => {
  const start = process.hrtime.bigint();
  const { status, stderr } = spawnSync(process.execPath, args, { encoding: 'utf8' });
  const tookMs = Number(process.hrtime.bigint() - start) / 1e6;
  if (status !== 0) throw new Error(`${args.join(' ')}: exit code ${status}: ${stderr}`);
  return tookMs;
};

const startShepherd = async (): Promise<{ readonly socket: string; stop(): Promise<void> }> => {
  const file = path.join(folder, 'shepherd.config.ts');
  fs.writeFileSync(file, config, { mode: 0o600 });
  const state = path.join(folder, 'state');
  const words = ['packages/herd/bin/shepherd.cjs', '--config', file, '--state', state];
  const child = spawn(process.execPath, words, { stdio: ['ignore', 'pipe', 'inherit'] });
  await new Promise<void>((ready, failed) => {
    child.stdout.once('data', () => ready());
    child.once('exit', (code) => failed(new Error(`shepherd ended with ${code}`)));
  });
  child.removeAllListeners('exit');
  const ended = new Promise<void>((resolve) => void child.once('exit', () => resolve()));
  // Until it has ended it writes into its folder, which is removed then.
  const stop = (): Promise<void> => (child.kill(), ended);
  return { socket: path.join(state, 'run', 'socket'), stop };
};

const copyWithoutCache = (): string => {
  const copy = path.join(folder, 'dist');
  fs.cpSync(dist, copy, { recursive: true });
  fs.rmSync(path.join(copy, 'herd.cache'));
  return path.join(copy, 'herd.cjs');
};

const median = (values: readonly number[]): number =>
  [...values].sort((a, b) => a - b)[values.length >> 1] ?? NaN;
const round2 = (value: number): number => Math.round(value * 100) / 100;

const measure = (cases: ReadonlyMap<string, readonly string[]>): void => {
  const took = new Map([...cases.keys()].map((what) => [what, [] as number[]]));
  const ratios = new Map([...cases.keys()].map((what) => [what, [] as number[]]));
  for (let round = -1; round < roundCount; round += 1) {
    const order = [...cases];
    if (round % 2 === 1) order.reverse();
    const times = new Map(order.map(([what, args]) => [what, milliseconds(args)]));
    if (round < 0) continue; // the first round only fills the caches of the disk
    for (const [what, ms] of times) {
      took.get(what)?.push(ms);
      ratios.get(what)?.push(ms / (times.get('node') ?? NaN));
    }
  }
  for (const [what, values] of ratios) {
    const must = what === 'status' ? '<= 1.5' : undefined;
    const ms = round2(median(took.get(what) ?? []));
    const figures = {
      median: round2(median(values)),
      min: round2(Math.min(...values)),
      max: round2(Math.max(...values)),
    };
    process.stdout.write(`${JSON.stringify({ row: 27, what, must, ...figures, ms })}\n`);
  }
};

const shepherd = await startShepherd();
try {
  const status = ['--socket', shepherd.socket, 'status'];
  measure(
    new Map([
      ['node', ['-e', '0']],
      ['status', [herd, ...status]],
      ['status without its cache', [copyWithoutCache(), ...status]],
      ['version', [herd, '--version']],
    ]),
  );
} finally {
  await shepherd.stop();
  fs.rmSync(folder, { recursive: true, force: true });
}
