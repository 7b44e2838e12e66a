/** Calls, so many at a time, for a while: the same for every peer. */
import type { Bcom, Behavior, Ref, Turn, Vat, Vow } from '@bellwether/actors';
import { type OtherEnd, usageHere } from './other-end.ts';

/** To be told of each answer: true means that another call is to take its place. */
export interface Tally {
  answered(): boolean;
}
/** Runs calls: starts `inFlight` of them, and one for each answer that frees a place. */
export type Run = (inFlight: number, ms: number) => Promise<Result>;
export interface Result {
  readonly perSecond: number;
  /** Of one call alone; NaN for several in flight. */
  readonly p50us: number;
  /** Of both ends, for one call. */
  readonly cpuUs: number;
}
interface Counted {
  readonly count: number;
  readonly ms: number;
  readonly p50us: number;
}

/** Counts for one run; `done` is called once, with the last answer. */
export const tally = (inFlight: number, ms: number, done: (counted: Counted) => void): Tally => {
  const times: number[] = [];
  const start = performance.now();
  let sent = start;
  let count = 0;
  let open = inFlight;
  const answered = (): boolean => {
    const now = performance.now();
    count += 1;
    if (inFlight === 1) times.push(now - sent);
    sent = now;
    if (now - start < ms) return true;
    open -= 1;
    if (open === 0) done({ count, ms: now - start, p50us: middle(times) * 1_000 });
    return false;
  };
  return { answered };
};
const middle = (times: number[]): number => times.sort((a, b) => a - b)[times.length >> 1] ?? NaN;

/** A run that also knows what both processes spent. */
export const measured =
  (other: OtherEnd, run: (inFlight: number, ms: number) => Promise<Counted>): Run =>
  async (inFlight, ms) => {
    const there = await other.usage();
    const here = usageHere();
    const counted = await run(inFlight, ms);
    const cpuHereUs = usageHere().cpuUs - here.cpuUs;
    const cpuThereUs = (await other.usage()).cpuUs - there.cpuUs;
    return {
      perSecond: (counted.count / counted.ms) * 1_000,
      p50us: counted.p50us,
      cpuUs: (cpuHereUs + cpuThereUs) / counted.count,
    };
  };

/** The object that is called. */
export interface Echo {
  echo(value: unknown): unknown;
  /** Itself, for a chain of calls. */
  same(): Ref<Echo>;
}
export const makeEcho = (): Behavior<Echo> => ({
  echo: (_turn, value) => value,
  same: (turn) => turn.self,
});

/** Calls as an actor makes them: each answer is a turn, and that turn sends the next call. */
interface Caller {
  run(inFlight: number, ms: number): Vow<Counted>;
}
const makeCaller = (
  _turn: Turn<Caller>,
  _bcom: Bcom<Caller>,
  remote: Ref<Echo>,
): Behavior<Caller> => ({
  run: (turn, inFlight, ms) => {
    const { vow, resolver } = turn.vow<Counted>();
    const counts = tally(inFlight, ms, (counted) => resolver.kept(counted));
    const call = (turn: Turn<Caller>): void =>
      void turn.when(turn.send(remote, 'echo', 42), answered);
    const answered = (turn: Turn<Caller>): void => {
      if (counts.answered()) call(turn);
    };
    for (let at = 0; at < inFlight; at += 1) call(turn);
    return vow;
  },
});

/** Runs `echo(42)` on a far object. */
export const captpRun = async (vat: Vat, remote: Ref<Echo>, other: OtherEnd): Promise<Run> => {
  const caller = await vat.run((turn) => turn.spawn(makeCaller, remote));
  return measured(other, (inFlight, ms) =>
    vat.run((turn) => turn.send(caller, 'run', inFlight, ms)),
  );
};
