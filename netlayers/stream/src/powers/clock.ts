/** Time as Node has it. */
import { performance } from 'node:perf_hooks';
import { TIMER_MS } from '../limits.ts';

/** Structurally the Clock of the actors: monotonic and wall milliseconds, and a timer that can be taken back. */
export interface NodeClock {
  now(): number;
  wall(): number;
  after(ms: number, task: () => void): () => void;
}

/**
 * A clock. With `unref` its timers do not keep the process alive: for programs that end when their work is done.
 * A delay that is not a number counts as none; one of over 24 days is waited for in parts.
 */
export function nodeClock(how: { readonly unref?: boolean } = {}): NodeClock {
  const isUnref = how.unref === true;
  return {
    now: () => performance.now(),
    wall: () => Date.now(),
    after: (ms, task) => {
      // All delays but the longest, without the closures of those.
      if (ms <= TIMER_MS) {
        const timer = setTimeout(task, ms);
        if (isUnref) timer.unref();
        return () => clearTimeout(timer);
      }
      let timer: NodeJS.Timeout | undefined;
      const wait = (leftMs: number): void => {
        const partMs = Math.min(leftMs, TIMER_MS);
        timer = setTimeout(() => (leftMs > partMs ? wait(leftMs - partMs) : task()), partMs);
        if (isUnref) timer.unref();
      };
      wait(ms > 0 ? ms : 0);
      return () => clearTimeout(timer);
    },
  };
}
