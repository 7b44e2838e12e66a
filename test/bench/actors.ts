/**
 * What a turn costs beside the cheapest thing that the platform can wait for.
 *
 *   row                     one operation is
 *   await                   `await undefined` in a loop
 *   tell                    a turn that another turn sent one way, with the event ring on
 *   tell-set                the same, changing a cell
 *   tell-fan                one of 20,000 turns that a single turn sent
 *   tell-far                a one-way message that leaves through a connector
 *   send-when               a request and the turn that takes its answer: two turns
 *   call                    a near call with its savepoint
 *   throw                   a request whose turn is undone
 *
 * Every round runs all of them, each round from another one on, so that a busy machine slows all
 * alike. `throw` has rounds of its own at the end: 20,000 errors with their stacks slow down what
 * runs next (`await undefined` from 40 to 700 ns). A figure is the median of the rounds with their
 * least and greatest. Pin the process to one core for numbers to keep.
 */
import {
  createVat,
  EventRing,
  Refused,
  type Behavior,
  type Ref,
  type Turn,
} from '@bellwether/actors';

const roundCount = Number(process.argv[2] ?? 41);
const operationCount = 20_000;

interface Worker {
  idle(): void;
  count(): void;
  chain(left: number): void;
  chainSet(left: number): void;
  refuse(): void;
}
const makeWorker = (turn: Turn<Worker>): Behavior<Worker> => {
  const cell = turn.cell(0);
  return {
    idle: () => undefined,
    count: () => cell.set(cell.get() + 1),
    chain: (turn, left) => {
      if (left > 0) turn.tell(turn.self, 'chain', left - 1);
    },
    chainSet: (turn, left) => {
      cell.set(left);
      if (left > 0) turn.tell(turn.self, 'chainSet', left - 1);
    },
    refuse: () => {
      throw new Refused('no');
    },
  };
};

const tasks: (() => void)[] = [];
const vat = createVat({
  name: 'bench',
  events: new EventRing(4_096), // as daemons have it
  clock: { now: () => 0, wall: () => 0, after: () => () => undefined },
  scheduler: { enqueue: (task) => tasks.push(task) },
});
const drain = (): void => {
  for (let task = tasks.shift(); task !== undefined; task = tasks.shift()) task();
};
let worker: Ref<Worker> | undefined;
const setUp = vat.run((turn) => {
  worker = turn.spawn(makeWorker);
});
drain();
await setUp;

const withWorker = (body: (turn: Turn, worker: Ref<Worker>) => void): void => {
  const target = worker;
  if (target === undefined) throw new Error('the worker was not made');
  vat.run((turn) => body(turn, target)).catch(() => undefined);
  drain();
};
const far = vat.far(
  {
    deliver: () => undefined,
    listen: () => undefined,
    release: () => undefined,
    onSever: () => () => undefined,
  },
  { slot: 1 },
) as Ref<Worker>;
const repeat = (body: () => void): void => {
  for (let n = 0; n < operationCount; n += 1) body();
};

const rows: Readonly<Record<string, () => void | Promise<void>>> = {
  await: async () => {
    for (let n = 0; n < operationCount; n += 1) await undefined;
  },
  tell: () => withWorker((turn, to) => turn.tell(to, 'chain', operationCount)),
  'tell-set': () => withWorker((turn, to) => turn.tell(to, 'chainSet', operationCount)),
  'tell-fan': () => withWorker((turn, to) => repeat(() => turn.tell(to, 'idle'))),
  'tell-far': () => withWorker((turn) => repeat(() => turn.tell(far, 'idle'))),
  'send-when': () =>
    withWorker((turn, to) => repeat(() => turn.when(turn.send(to, 'idle'), () => undefined))),
  call: () => withWorker((turn, to) => repeat(() => turn.call(to, 'count'))),
};

const refuseAll = (): void =>
  withWorker((turn, to) =>
    repeat(() => {
      const answer = turn.send(to, 'refuse');
      turn.when(answer, ignore, ignore);
    }),
  );
const ignore = (): void => undefined;

const names = Object.keys(rows);
const samples = new Map<string, number[]>([...names, 'throw'].map((name) => [name, []]));
const measure = async (name: string, body: () => void | Promise<void>, keep: boolean) => {
  // What one row leaves to be collected is not the next one's time. The young generation only: a
  // full collection drops the shapes that no object has just then, and with them optimised code.
  globalThis.gc?.({ type: 'minor' });
  const start = process.hrtime.bigint();
  await body();
  const ns = Number(process.hrtime.bigint() - start) / operationCount;
  if (keep) samples.get(name)?.push(ns);
};
for (let round = -5; round < roundCount; round += 1) {
  for (let at = 0; at < names.length; at += 1) {
    const name = names[(at + round + names.length * 8) % names.length] ?? '';
    const body = rows[name];
    if (body !== undefined) await measure(name, body, round >= 0);
  }
}
for (let round = -1; round < 5; round += 1) await measure('throw', refuseAll, round >= 0);

const spread = (values: readonly number[]): { median: number; min: number; max: number } => {
  const sorted = [...values].sort((a, b) => a - b);
  const round = (value: number | undefined): number => Math.round((value ?? NaN) * 100) / 100;
  return {
    median: round(sorted[sorted.length >> 1]),
    min: round(sorted[0]),
    max: round(sorted.at(-1)),
  };
};
const print = (figure: string, unit: string, values: readonly number[]): void =>
  console.log(JSON.stringify({ bench: 'actors', figure, unit, ...spread(values) }));

for (const [name, values] of samples) print(name, 'ns', values);
const awaits = samples.get('await') ?? [];
const tells = samples.get('tell') ?? [];
print(
  'tell / await',
  'ratio',
  tells.map((ns, at) => ns / (awaits[at] ?? NaN)),
);
