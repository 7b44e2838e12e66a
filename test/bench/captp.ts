/**
 * Performance rows 1 and 4: a CapTP call beside the least that a unix socket can do.
 *
 *   raw     frames of the size of a call, handled one by one and answered by a copy; all frames of
 *           one wake-up leave in one write, in the check phase: what any protocol has to do
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
    const answers = new Coalesced(socket);
    eachFrame(socket, (frame) => answers.add(frame));
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

/** Frames of one wake-up in one write. */
class Coalesced {
  readonly #socket: net.Socket;
  readonly #bytes = Buffer.alloc(64 * 1024);
  #length = 0;
  constructor(socket: net.Socket) {
    this.#socket = socket;
  }
  add(frame: Uint8Array): void {
    if (this.#length === 0) setImmediate(() => this.#flush());
    this.#bytes.set(frame, this.#length);
    this.#length += frame.length;
  }
  #flush(): void {
    this.#socket.write(Buffer.from(this.#bytes.subarray(0, this.#length)));
    this.#length = 0;
  }
}
/** Calls back for every frame, also for one that comes in two chunks. */
const eachFrame = (socket: net.Socket, take: (frame: Uint8Array) => void): void => {
  let rest = Buffer.alloc(0);
  socket.on('data', (chunk) => {
    const bytes = rest.length === 0 ? chunk : Buffer.concat([rest, chunk]);
    let at = 0;
    for (; at + FRAME_BYTES <= bytes.length; at += FRAME_BYTES)
      take(bytes.subarray(at, at + FRAME_BYTES));
    rest = bytes.subarray(at);
  });
};

const rawRun = (socket: net.Socket): Run => {
  const calls = new Coalesced(socket);
  const call = Buffer.alloc(FRAME_BYTES, 1);
  let answered: () => void = () => undefined;
  eachFrame(socket, () => answered());
  return (inFlight, ms) =>
    new Promise((done) => {
      const times: number[] = [];
      let count = 0;
      let open = inFlight;
      const start = performance.now();
      let sent = start;
      answered = () => {
        count += 1;
        const now = performance.now();
        if (inFlight === 1) times.push(now - sent);
        sent = now;
        if (now - start < ms) return calls.add(call);
        open -= 1;
        if (open === 0) done(result(count, now - start, times));
      };
      for (let at = 0; at < inFlight; at += 1) calls.add(call);
    });
};

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
    rawPerSecond: [] as number[],
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
    seen.rawPerSecond.push(many.get(raw)?.perSecond ?? NaN);
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
    rawPerSecond: Math.round(median(seen.rawPerSecond)),
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
