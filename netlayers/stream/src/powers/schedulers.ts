/**
 * When work runs in Node. One wake-up of the event loop goes
 *
 *     poll: sockets deliver bytes, sessions post messages
 *     check: 1. the vats run what was posted          2. the sessions flush what the vats and they themselves wrote
 *
 * so that everything one wake-up produced leaves in one write per connection, within that same wake-up. A vat that
 * posts to itself, to be fair to the sockets, runs in the next check phase, after they were polled.
 */

/** Structurally the Scheduler of the actors. */
export interface NodeScheduler {
  enqueue(task: () => void): void;
}
/** The two schedulers of one process; they share one immediate. */
export interface NodeSchedulers {
  readonly vat: NodeScheduler;
  readonly flush: NodeScheduler;
}

/** A fresh pair. Tasks run in the order enqueued; one that throws reaches the process, and loses no other. */
export function nodeSchedulers(): NodeSchedulers {
  let isArmed = false;
  const arm = (): void => {
    if (isArmed) return;
    isArmed = true;
    setImmediate(check);
  };
  const vat = new Tasks(arm);
  const flush = new Tasks(arm);
  const check = (): void => {
    isArmed = false;
    vat.run();
    flush.run();
  };
  return { vat, flush };
}

/** Tasks that wait for the check phase, in two lists that change places: none is made for a tick. */
class Tasks implements NodeScheduler {
  readonly #arm: () => void;
  #waiting: (() => void)[] = [];
  #running: (() => void)[] = [];
  constructor(arm: () => void) {
    this.#arm = arm;
  }
  enqueue(task: () => void): void {
    this.#waiting.push(task);
    this.#arm();
  }
  /** Runs what waits now. After one that throws there is a next time, for what it left over too. */
  run(): void {
    const running = this.#waiting;
    this.#waiting = this.#running;
    this.#running = running;
    let count = 0;
    let hasThrown = true;
    try {
      for (; count < running.length; count += 1) running[count]?.();
      hasThrown = false;
    } finally {
      if (hasThrown) {
        this.#waiting.unshift(...running.slice(count + 1));
        this.#arm();
      }
      while (running.length > 0) running.pop(); // keeps its room, which `length = 0` gives away
    }
  }
}
