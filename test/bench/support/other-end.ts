/**
 * The other end of a benchmark: this program once more, in a process of its own, in another role.
 *
 *   parent ── ROLE, folder ──► child       'where' or any message ──► parent: it serves
 *   parent ── collections ───► child       { cpuUs, retainedBytes, rssBytes } ──► parent
 *   parent ── an object ─────► child       what its program says to that ──► parent
 */
import { fork } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';

/** What a process has used. */
export interface Usage {
  readonly cpuUs: number;
  /** On the heap and outside of it, after a collection. */
  readonly retainedBytes: number;
  readonly rssBytes: number;
}
/** A process that serves, and ends with its parent. */
export interface OtherEnd {
  /** What it said when it was ready. */
  readonly said: unknown;
  /** `collections`: how often the collector runs before, which takes a while; one leaves what finalizers hold. */
  usage(collections?: number): Promise<Usage>;
  /** What it answers to anything but a number. One question at a time. */
  ask(what: object): Promise<unknown>;
  end(): void;
}

/** The role of this process; undefined in the first one. */
export const role = process.env['BENCH_ROLE'];

/** Starts this program in a role. @throws when it ends before it has said anything */
export const startOtherEnd = async (as: string, ...args: readonly string[]): Promise<OtherEnd> => {
  const child = fork(process.argv[1] ?? '', args, { env: { ...process.env, BENCH_ROLE: as } });
  const told = (): Promise<unknown> =>
    new Promise((done, failed) => {
      const ended = (code: number | null): void => failed(new Error(`${as} ended with ${code}`));
      child.once('exit', ended);
      child.once('message', (message) => {
        child.off('exit', ended);
        done(message);
      });
    });
  const asked = (what: object | number): Promise<unknown> => {
    const answer = told();
    child.send(what);
    return answer;
  };
  const said = await told();
  return {
    said,
    usage: (collections = 0) => asked(collections) as Promise<Usage>,
    ask: asked,
    end: () => child.disconnect(),
  };
};

/** In the child: says that it serves, and from now on what it uses, and what `answer` makes of other questions. */
export const ready = (what: unknown, answer?: (asked: object) => Promise<unknown>): void => {
  process.once('disconnect', () => process.exit());
  process.on('message', (asked: object | number) => {
    if (typeof asked === 'number') return void process.send?.(usageHere(asked));
    return void answer?.(asked).then((found) => process.send?.(found));
  });
  process.send?.(what);
};

/** What this process has used so far. */
export const usageHere = (collections = 0): Usage => {
  for (let times = 0; times < collections; times += 1) globalThis.gc?.();
  const { user, system } = process.cpuUsage();
  const { heapUsed, external, rss } = process.memoryUsage();
  return { cpuUs: user + system, retainedBytes: heapUsed + external, rssBytes: rss };
};

/** Runs a body with a fresh folder that is gone afterwards, in the usual place or another. */
export const withFolder = async (
  body: (folder: string) => Promise<void>,
  place = os.tmpdir(),
): Promise<void> => {
  const folder = fs.mkdtempSync(path.join(place, 'bellwether-bench-'));
  try {
    await body(folder);
  } finally {
    fs.rmSync(folder, { recursive: true, force: true });
  }
};
