/** The powers of a page, for a vat and a router that live in it. */
import { makeNobleCrypto, type Crypto, type Reaper } from '@bellwether/ocapn';

/** Structurally the clock of the actors. */
export interface PageClock {
  now(): number;
  wall(): number;
  after(ms: number, task: () => void): () => void;
}
/** Structurally the schedulers of the actors: what a wake-up has produced leaves behind the turns that produced it. */
export interface PageSchedulers {
  readonly vat: PageScheduler;
  readonly flush: PageScheduler;
}
/** One of them. */
export interface PageScheduler {
  enqueue(task: () => void): void;
}

/** The page's clock. */
export const pageClock = (): PageClock => ({
  now: () => performance.now(),
  wall: () => Date.now(),
  after: (ms, task) => {
    const timer = setTimeout(task, ms);
    return () => clearTimeout(timer);
  },
});

/** Randomness of the page, and the rest in plain JavaScript: what browsers have of it answers later. */
export const pageCrypto = (): Crypto =>
  makeNobleCrypto((byteCount) => globalThis.crypto.getRandomValues(new Uint8Array(byteCount)));

/** Garbage as the page's collector reports it. */
export const pageReaper = (): Reaper => {
  const registry = new FinalizationRegistry<() => void>((gone) => gone());
  return { watch: (object, gone) => registry.register(object, gone) };
};

/** As much of a browser's MessageChannel as is used here. */
export interface PageChannel {
  readonly port1: { onmessage: ((event: object) => void) | null };
  readonly port2: { postMessage(message: unknown): void };
}

/**
 * A fresh pair on a channel of its own, `new MessageChannel()`: timers of pages wait for 4 ms, and microtasks for
 * nobody. One task that throws loses no other.
 */
export const pageSchedulers = ({ port1, port2 }: PageChannel): PageSchedulers => {
  const [vat, flush]: [(() => void)[], (() => void)[]] = [[], []];
  let isArmed = false;
  const arm = (): void => {
    if (isArmed) return;
    isArmed = true;
    port2.postMessage(undefined);
  };
  const into = (tasks: (() => void)[]): PageScheduler => ({
    enqueue: (task) => {
      tasks.push(task);
      arm();
    },
  });
  port1.onmessage = () => {
    isArmed = false;
    try {
      for (const tasks of [vat, flush])
        for (let left = tasks.length; left > 0; left -= 1) tasks.shift()?.();
    } finally {
      if (vat.length + flush.length > 0) arm();
    }
  };
  return { vat: into(vat), flush: into(flush) };
};
