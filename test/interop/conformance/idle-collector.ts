/** A collector that is asked to run when there is nothing else to do: what was dropped is given back in good time. */

/** Milliseconds without an event after which a process counts as idle. */
const IDLE_MS = 10;
/** Runs after the last event: what one run finds may hold more, and finalizers come a little later. */
const RUNS = 3;

/** Made once for a process. */
export class IdleCollector {
  readonly #collect: () => void;
  #left = 0;
  #timer: NodeJS.Timeout | undefined;
  /** `collect`: the engine's own, which `--expose-gc` gives. */
  constructor(collect: () => void) {
    this.#collect = collect;
  }
  /** Something has happened that may have dropped something. */
  readonly soon = (): void => {
    this.#left = RUNS;
    this.#wait();
  };
  #wait(): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => {
      this.#left -= 1;
      this.#collect();
      if (this.#left > 0) this.#wait();
    }, IDLE_MS).unref();
  }
}
