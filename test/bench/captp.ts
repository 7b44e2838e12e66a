/**
 * Performance rows 1 and 4: a CapTP call beside the least that a unix socket can do.
 *
 *   raw     frames of the size of a call, echoed by a process that parses nothing; all frames of
 *           one wake-up leave in one write
 *   captp   `echo(42)` on an actor of another process: router, session, vat and back
 *
 * Two processes. Every round measures both, back to back, in changing order; what counts is the
 * ratio within a round. Prints one JSON line per row: the median with least and greatest. To keep
 * numbers pin both processes to one core (`taskset -c 0 npm run bench -- captp`): waking an idle
 * core costs 50 µs and hides everything.
 */
import { fork, type ChildProcess } from 'node:child_process';
import fs from 'node:fs';
import net from 'node:net';
import os from 'node:os';
import path from 'node:path';
import {
  createVat,
  type Bcom,
  type Behavior,
  type Frontier,
  type Ref,
  type Turn,
  type Vat,
  type Vow,
} from '@bellwether/actors';
import { createRouter, Sturdyref, type Router } from '@bellwether/ocapn';
import { nodeClock, nodeCrypto, nodeReaper, nodeSchedulers } from '@bellwether/netlayer-stream';
import { unixNetlayer, type SocketPlace } from '@bellwether/netlayer-unix';

const ROUNDS = Number(process.argv[2] ?? 5);
const PHASE_MS = 700;
const WARM_UP_MS = 3_000;
/** Bytes of `<op:deliver … echo 42 …>` with numbers of five digits. */
const FRAME_BYTES = 84;
const IN_FLIGHT = 64;
const SWISSNUM = new Uint8Array(32).fill(7);

interface Echo {
  echo(value: unknown): unknown;
}
const makeEcho = (): Behavior<Echo> => ({ echo: (_turn, value) => value });

interface Node {
  readonly vat: Vat & Frontier;
  readonly router: Router;
}
const makeNode = (name: string, place?: SocketPlace, offer?: () => Ref | undefined): Node => {
  const { vat: turns, flush } = nodeSchedulers();
  const clock = nodeClock();
  const log = (event: string, fields: object): void => {
    if (process.env['BENCH_LOG'] !== undefined)
      process.stderr.write(`${name} ${event} ${JSON.stringify(fields)}\n`);
  };
  const vat = createVat({ name, clock, scheduler: turns, log });
  const netlayer = unixNetlayer({ designator: name, ...(place === undefined ? {} : { place }) });
  const router = createRouter({
    vat,
    netlayers: [netlayer],
    crypto: nodeCrypto(),
    clock,
    scheduler: flush,
    reaper: nodeReaper(),
    log,
    fetch: () => offer?.(),
  });
  return { vat, router };
};

/** The other process: an echo of bytes at one socket and an echo of values at another. */
const serve = async (folder: string): Promise<void> => {
  process.once('disconnect', () => process.exit());
  const raw = net.createServer({ noDelay: true }, (socket) => {
    socket.on('data', (chunk) => socket.write(chunk));
    socket.on('error', () => socket.destroy());
  });
  raw.listen(path.join(folder, 'raw'));
  let echo: Ref<Echo> | undefined;
  const place: SocketPlace = {
    path: path.join(folder, 'captp'),
    mode: 'private',
    replaceStale: true,
  };
  const { vat, router } = makeNode('server', place, () => echo);
  echo = await vat.run((turn) => turn.spawn(makeEcho));
  router.listen(
    ([at]) => process.send?.(at),
    (reason) => {
      throw reason;
    },
  );
};

/** Runs calls, so many at a time, for a while. */
type Run = (inFlight: number, ms: number) => Promise<Result>;
interface Result {
  readonly perSecond: number;
  readonly p50us: number;
}

const rawRun =
  (socket: net.Socket): Run =>
  (inFlight, ms) =>
    new Promise((done) => {
      const frame = Buffer.alloc(FRAME_BYTES, 1);
      const frames = Buffer.alloc(FRAME_BYTES * inFlight, 1);
      const times: number[] = [];
      let count = 0;
      let partial = 0;
      const start = performance.now();
      let sent = start;
      const data = (chunk: Buffer): void => {
        partial += chunk.length;
        const whole = Math.floor(partial / FRAME_BYTES);
        partial -= whole * FRAME_BYTES;
        count += whole;
        const now = performance.now();
        if (inFlight === 1 && whole > 0) times.push(now - sent);
        if (now - start > ms) {
          if (count % inFlight !== 0 || partial > 0) return; // the rest of what is under way
          socket.off('data', data);
          return done(result(count, now - start, times));
        }
        sent = now;
        if (whole > 0) socket.write(whole === 1 ? frame : frames.subarray(0, whole * FRAME_BYTES));
      };
      socket.on('data', data);
      socket.write(frames);
    });

/** Calls as an actor makes them: each answer is a turn, and that turn sends the next call. */
interface Caller {
  run(inFlight: number, ms: number): Vow<Result>;
}
const makeCaller = (
  _turn: Turn<Caller>,
  _bcom: Bcom<Caller>,
  remote: Ref<Echo>,
): Behavior<Caller> => {
  const run = (turn: Turn<Caller>, inFlight: number, ms: number): Vow<Result> => {
    const { vow, resolver } = turn.vow<Result>();
    const times: number[] = [];
    let count = 0;
    let open = inFlight;
    const start = performance.now();
    let sent = start;
    const call = (turn: Turn<Caller>): void =>
      void turn.when(turn.send(remote, 'echo', 42), answered);
    const answered = (turn: Turn<Caller>): void => {
      count += 1;
      const now = performance.now();
      if (inFlight === 1) times.push(now - sent);
      sent = now;
      if (now - start < ms) return call(turn);
      open -= 1;
      if (open === 0) resolver.kept(result(count, now - start, times));
    };
    for (let at = 0; at < inFlight; at += 1) call(turn);
    return vow;
  };
  return { run };
};
const captpRun =
  (vat: Vat, caller: Ref<Caller>): Run =>
  (inFlight, ms) =>
    vat.run((turn) => turn.send(caller, 'run', inFlight, ms));

const result = (count: number, ms: number, times: number[]): Result => ({
  perSecond: (count / ms) * 1_000,
  p50us: median(times) * 1_000,
});
const median = (values: readonly number[]): number => {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? NaN;
};
const spread = (values: readonly number[]) => ({
  median: round2(median(values)),
  min: round2(Math.min(...values)),
  max: round2(Math.max(...values)),
});
const told = (child: ChildProcess): Promise<unknown> =>
  new Promise((done, failed) => {
    child.once('message', done);
    child.once('exit', (code) => failed(new Error(`the server ended with ${code}`)));
  });
const round2 = (value: number): number => Math.round(value * 1_000) / 1_000;

const measure = async (raw: Run, captp: Run): Promise<void> => {
  for (const run of [raw, captp])
    for (const depth of [1, IN_FLIGHT]) await run(depth, WARM_UP_MS / 2);
  const latency: number[] = [];
  const throughput: number[] = [];
  const seen = {
    rawP50us: [] as number[],
    captpP50us: [] as number[],
    captpPerSecond: [] as number[],
  };
  for (let round = 0; round < ROUNDS; round += 1) {
    const order = round % 2 === 0 ? [raw, captp] : [captp, raw];
    const one = new Map<Run, Awaited<ReturnType<Run>>>();
    const many = new Map<Run, Awaited<ReturnType<Run>>>();
    for (const run of order) one.set(run, await run(1, PHASE_MS));
    for (const run of order) many.set(run, await run(IN_FLIGHT, PHASE_MS));
    latency.push((one.get(captp)?.p50us ?? NaN) / (one.get(raw)?.p50us ?? NaN));
    throughput.push((many.get(captp)?.perSecond ?? NaN) / (many.get(raw)?.perSecond ?? NaN));
    seen.rawP50us.push(one.get(raw)?.p50us ?? NaN);
    seen.captpP50us.push(one.get(captp)?.p50us ?? NaN);
    seen.captpPerSecond.push(many.get(captp)?.perSecond ?? NaN);
  }
  const line = (row: number, what: string, values: number[], must: string, more: object): void =>
    void process.stdout.write(
      `${JSON.stringify({ row, what, must, ...spread(values), ...more })}\n`,
    );
  line(1, 'call p50 / raw p50', latency, '<= 1.4', {
    rawP50us: round2(median(seen.rawP50us)),
    captpP50us: round2(median(seen.captpP50us)),
  });
  line(4, 'calls per second, 64 in flight / raw', throughput, '>= 0.2', {
    captpPerSecond: Math.round(median(seen.captpPerSecond)),
  });
};

const main = async (): Promise<void> => {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'bellwether-captp-'));
  const child = fork(process.argv[1] ?? '', [folder], {
    env: { ...process.env, BENCH_ROLE: 'server' },
  });
  try {
    const at = (await told(child)) as Sturdyref['peer'];
    const { vat, router } = makeNode('client');
    const remote = await new Promise<Ref<Echo>>((kept, broken) =>
      router.dial(
        new Sturdyref(at, SWISSNUM),
        { kept: (value) => kept(value as Ref<Echo>), broken },
        { kept: () => undefined, broken: () => undefined },
      ),
    );
    const socket = net.connect({ path: path.join(folder, 'raw'), noDelay: true });
    await new Promise((done) => socket.once('connect', done));
    const caller = await vat.run((turn) => turn.spawn(makeCaller, remote));
    await measure(rawRun(socket), captpRun(vat, caller));
    socket.destroy();
    router.close();
  } finally {
    child.removeAllListeners('exit');
    child.disconnect(); // it ends with its parent
    fs.rmSync(folder, { recursive: true, force: true });
  }
};

await (process.env['BENCH_ROLE'] === 'server' ? serve(process.argv[2] ?? '') : main());
