/**
 * Performance row 9: encoding and decoding a call as an op:deliver, against JSON to a Buffer and
 * back. Rounds of both are interleaved, in changing order; what counts is the ratio within a round.
 * Prints one JSON line per message and per count of frames that leave in one write: 16 is a busy
 * tick, 1 pays for an array of its own.
 */
import { LIMITS } from '../../packages/ocapn/src/limits.ts';
import { Writer } from '../../packages/ocapn/src/syrup/write.ts';
import { Descriptor } from '../../packages/ocapn/src/wire/operations.ts';
import { OperationReader } from '../../packages/ocapn/src/wire/read.ts';
import { writeDeliver } from '../../packages/ocapn/src/wire/write.ts';

const ROUNDS = 15;
/** Both are multiples of 16. */
const CALLS = 40_000;
const WARM_UP_CALLS = 96_000;

interface Call {
  readonly to: number;
  readonly method: string;
  readonly args: readonly unknown[];
  readonly answer: number;
  readonly resolver: number;
}

/**
 * What the fleet sends most: a small call, a request with its deadline, a row of a status table.
 */
const CALLS_BY_NAME: Readonly<Record<string, Call>> = {
  small: { to: 7, method: 'echo', args: ['hello', 42, true], answer: 1204, resolver: 1205 },
  request: {
    to: 7,
    method: 'perform',
    args: [
      {
        operation: '01j9z3k4v8m2q6r7',
        action: 'start',
        service: 'web-server',
        args: [],
        remainingMs: 29_850,
        hops: 1,
      },
    ],
    answer: 1204,
    resolver: 1205,
  },
  status: {
    to: 31,
    method: 'rows',
    args: [
      Array.from({ length: 8 }, (_, i) => ({
        member: `host-${i}.example`,
        state: i === 3 ? 'starting' : 'running',
        pid: 20_411 + i * 37,
        ageMs: 1_250.5 + i,
        since: 1_764_062_437_000 + i,
      })),
      17,
    ],
    answer: 9,
    resolver: 88_010,
  },
};

const syrupRound = (call: Call, count: number, frames: number): number => {
  const out = new Writer();
  const reader = new OperationReader();
  const to = new Descriptor('export', call.to);
  let seen = 0;
  for (let i = 0; i < count; i += frames) {
    for (let k = 0; k < frames; k++) {
      out.begin();
      writeDeliver(out, undefined, to, call.method, call.args, call.answer, call.resolver);
    }
    const bytes = out.take(true);
    for (let at = 0; at < bytes.length; at = reader.end) {
      const op = reader.read(bytes, at, LIMITS.recordBytes, false);
      if (op?.op === 'deliver') seen += op.args.length;
    }
  }
  return seen;
};

const jsonRound = (call: Call, count: number): number => {
  let seen = 0;
  for (let i = 0; i < count; i++) {
    const bytes = Buffer.from(JSON.stringify(call));
    const read = JSON.parse(bytes.toString()) as Call;
    seen += read.args.length;
  }
  return seen;
};

/** Microseconds of CPU per call, those of the collector included: what others do is not in it. */
const timed = (round: () => number): number => {
  const start = process.cpuUsage();
  if (round() < CALLS) throw new Error('bench: a round lost arguments');
  const { user, system } = process.cpuUsage(start);
  return (user + system) / CALLS;
};

const median = (values: readonly number[]): number =>
  [...values].sort((a, b) => a - b)[values.length >> 1] ?? Number.NaN;
const rounded = (value: number): number => Math.round(value * 1_000) / 1_000;

const measure = (message: string, call: Call, frames: number): void => {
  const ours = (): number => syrupRound(call, CALLS, frames);
  const theirs = (): number => jsonRound(call, CALLS);
  syrupRound(call, WARM_UP_CALLS, frames);
  jsonRound(call, WARM_UP_CALLS);
  const pairs: { syrup: number; json: number }[] = [];
  for (let i = 0; i < ROUNDS; i++) {
    const first = timed(i % 2 === 0 ? ours : theirs);
    const second = timed(i % 2 === 0 ? theirs : ours);
    pairs.push(i % 2 === 0 ? { syrup: first, json: second } : { syrup: second, json: first });
  }
  const ratios = pairs.map(({ syrup, json }) => syrup / json);
  const line = {
    bench: 'syrup',
    message,
    frames,
    ratio: rounded(median(ratios)),
    min: rounded(Math.min(...ratios)),
    max: rounded(Math.max(...ratios)),
    must: 0.8,
    syrupUs: rounded(median(pairs.map(({ syrup }) => syrup))),
    jsonUs: rounded(median(pairs.map(({ json }) => json))),
  };
  process.stdout.write(`${JSON.stringify(line)}\n`);
};

for (const [message, call] of Object.entries(CALLS_BY_NAME)) {
  for (const frames of [16, 1]) measure(message, call, frames);
}
