/**
 * Performance row 25: local messages per second beside nact, an actor library for Node.
 *
 * One message is one that an actor takes and answers by sending the next one to itself, without an
 * answer to anybody: `tell` here, `dispatch` there. Both run in one process, back to back.
 */
import { createVat, type Behavior, type Turn } from '@bellwether/actors';
import { nodeClock, nodeSchedulers } from '@bellwether/netlayer-stream';
import { dispatch, spawnStateless, start, stop } from 'nact';
import { compare, print, ratios } from '../support/rounds.ts';

const ROUNDS = Number(process.argv[2] ?? 7);
const PHASE_MS = 500;
const WARM_UP_MS = 3_000;
/** The clock is asked once for so many messages. */
const SOME = 256;

/** Counts messages until the time is over. */
const until = (ms: number, done: (perSecond: number) => void): (() => boolean) => {
  const begun = performance.now();
  let count = 0;
  return () => {
    count += 1;
    if (count % SOME !== 0) return true;
    const tookMs = performance.now() - begun;
    if (tookMs < ms) return true;
    done((count / tookMs) * 1_000);
    return false;
  };
};

interface Looper {
  step(): void;
}
const vat = createVat({ name: 'bench', clock: nodeClock(), scheduler: nodeSchedulers().vat });
const here = (ms: number): Promise<number> =>
  new Promise((done) => {
    const goesOn = until(ms, done);
    const makeLooper = (_turn: Turn<Looper>): Behavior<Looper> => ({
      step: (turn) => {
        if (goesOn()) turn.tell(turn.self, 'step');
      },
    });
    void vat.run((turn) => turn.tell(turn.spawn(makeLooper), 'step'));
  });

const system = start();
const there = (ms: number): Promise<number> =>
  new Promise((done) => {
    const goesOn = until(ms, done);
    const looper = spawnStateless(system, (_message, context) => {
      if (goesOn()) dispatch(context.self, 'step');
    });
    dispatch(looper, 'step');
  });

await here(WARM_UP_MS);
await there(WARM_UP_MS);
const { ours, theirs } = await compare(
  ROUNDS,
  () => here(PHASE_MS),
  () => there(PHASE_MS),
);
print(25, 'local messages per second / nact', '>= 5', ratios(ours, theirs), {
  perSecond: ours,
  nactPerSecond: theirs,
});
stop(system);
