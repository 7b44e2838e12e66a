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
  let turns: (() => void)[] = [];
  let flushes: (() => void)[] = [];
  let isArmed = false;
  const arm = (): void => {
    if (isArmed) return;
    isArmed = true;
    setImmediate(check);
  };
  const check = (): void => {
    isArmed = false;
    const running = turns;
    turns = [];
    runAll(running, (left) => {
      turns = [...left, ...turns];
      arm();
    });
    const flushing = flushes;
    flushes = [];
    runAll(flushing, (left) => {
      flushes = [...left, ...flushes];
      arm();
    });
  };
  return {
    vat: {
      enqueue: (task) => {
        turns.push(task);
        arm();
      },
    },
    flush: {
      enqueue: (task) => {
        flushes.push(task);
        arm();
      },
    },
  };
}

/** Runs them all; `thrown` gets those behind one that threw, before the failure goes on. */
function runAll(
  tasks: readonly (() => void)[],
  thrown: (left: readonly (() => void)[]) => void,
): void {
  let next = 0;
  try {
    for (const task of tasks) {
      next += 1;
      task();
    }
    next = -1;
  } finally {
    if (next >= 0) thrown(tasks.slice(next));
  }
}
