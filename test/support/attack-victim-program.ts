/**
 * Whoever is attacked: a router on every road, in a process of its own, so that what it takes can be told from what the
 * attackers take. It says where it listens, then answers questions about itself. Needs --expose-gc.
 */
import fs from 'node:fs';
import { type Behavior, createVat, type Ref, type Turn, type Vow } from '@bellwether/actors';
import { nodeClock, nodeCrypto, nodeReaper, nodeSchedulers } from '@bellwether/netlayer-stream';
import { createRouter, parseUri, Sturdyref, threeWays } from '@bellwether/ocapn';
import { ROADS } from './attack-roads.ts';

/** What everybody may fetch from a victim. */
export interface Zoo {
  echo(...values: readonly unknown[]): unknown;
  make(): Ref<Zoo>;
  /** A vow that never settles. */
  never(): Vow;
  /** Waits for a promise of the caller's, and answers with what that has become. */
  await(waited: Vow): Vow;
  /** Sends to something of the caller's, and answers with what it says. */
  call(thing: Ref<{ poke(): unknown }>): unknown;
  /** Keeps what it is told, for `told`. */
  keep(value: unknown): void;
}
const makeZoo = (turn: Turn<Zoo>): Behavior<Zoo> => {
  const { vow } = turn.vow();
  return {
    echo: (_turn, ...values) => (values.length === 1 ? values[0] : values),
    make: (turn) => turn.spawn(makeZoo),
    never: () => vow,
    await: (turn, waited) => turn.when(waited, (_turn, value) => value),
    call: (turn, thing) => turn.send(thing, 'poke'),
    keep: (turn, value) => turn.effect(() => void (kept = value)),
  };
};
let kept: unknown;

/** One session, as a victim tells of it. */
export interface Seen {
  readonly peer: string | undefined;
  readonly transport: string;
  readonly tables: Readonly<Record<string, number>>;
}
export interface Stats {
  readonly sessions: readonly Seen[];
  /** On the heap and outside of it, after a collection. */
  readonly retainedBytes: number;
  readonly rssBytes: number;
  /** The most that it has taken since the last mark. */
  readonly peakBytes: number;
  readonly cpuMs: number;
  /** Descriptors that are open, sockets among them. */
  readonly fileCount: number;
  readonly logLineCount: number;
}

const log = (event: string, fields: Readonly<Record<string, unknown>>): void => {
  logLineCount += 1;
  if (event === 'session.ended') reasons.push(String(fields['reason']));
  if (reasons.length > 20) reasons.shift();
  if (process.env['VERBOSE'] !== undefined) console.error(event, fields);
};
let logLineCount = 0;
/** Why the last sessions have ended. */
const reasons: string[] = [];
const ends = ROADS.map((road) => road.listener(process.argv[2] ?? ''));
const clock = nodeClock();
const { vat: scheduler, flush } = nodeSchedulers();
const vat = createVat({ name: 'victim', clock, scheduler, log });
let zoo: Ref<Zoo> | undefined;
await vat.run((turn) => {
  zoo = turn.spawn(makeZoo);
});
const router = createRouter({
  vat,
  netlayers: ends.map(({ netlayer }) => netlayer),
  crypto: nodeCrypto(),
  clock,
  scheduler: flush,
  reaper: nodeReaper(),
  log,
  handoffs: threeWays(),
  limits: { logLines: 1_000_000 }, // each end is told to the tests
  fetch: (swissnum) => (Buffer.from(swissnum).toString() === 'zoo' ? zoo : undefined),
});

const memoryOf = (field: string): number => {
  const found = new RegExp(`${field}:\\s+(\\d+)`).exec(
    fs.readFileSync('/proc/self/status', 'utf8'),
  );
  return Number(found?.[1]) * 1024;
};
const collect = async (): Promise<void> => {
  // What is found dead by one collection may be what held something else.
  for (let times = 0; times < 4; times += 1) {
    globalThis.gc?.();
    await new Promise((go) => setTimeout(go, 5));
  }
};
const stats = (): Stats => {
  const { heapUsed, external } = process.memoryUsage();
  const { user, system } = process.cpuUsage();
  return {
    sessions: router.sessions().map(({ peer, transport, tables }) => ({
      peer: peer?.designator,
      transport,
      tables: { ...tables },
    })),
    retainedBytes: heapUsed + external,
    rssBytes: memoryOf('VmRSS'),
    peakBytes: memoryOf('VmHWM'),
    cpuMs: (user + system) / 1_000,
    fileCount: fs.readdirSync('/proc/self/fd').length,
    logLineCount,
  };
};
/** What becomes of a call to whatever a URI names: what comes back, or the words of what went wrong. */
const call = async (uri: string): Promise<string> => {
  const to = parseUri(uri);
  if (!(to instanceof Sturdyref)) return 'no sturdyref';
  try {
    const target = router.enliven<Zoo>(to);
    return `said ${String(await vat.run((turn) => turn.send(target, 'echo', 'who')))}`;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
};
const answers: Readonly<Record<string, (argument: string) => unknown>> = {
  stats,
  settled: async () => {
    await collect();
    return stats();
  },
  /** The peak begins anew. */
  mark: async () => {
    await collect();
    fs.writeFileSync('/proc/self/clear_refs', '5');
    return stats();
  },
  call,
  kept: () => String(kept),
  reasons: () => reasons.splice(0),
};
process.on('message', ({ id, ask, argument }: { id: number; ask: string; argument: string }) => {
  void Promise.resolve(answers[ask]?.(argument)).then((value) => process.send?.({ id, value }));
});
process.once('disconnect', () => process.exit());
router.listen(
  (at) => process.send?.({ id: 0, value: at }),
  (reason) => {
    throw reason;
  },
);
