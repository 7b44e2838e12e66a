/**
 * One machine's time: its clocks, and when its daemon gets the processor.
 *
 *     state       monotonic clock   the daemon              the machine (processes)   its network
 *     awake       goes              runs, `lagMs` late      runs                      works
 *     stopped     goes              stands (SIGSTOP, swap)  runs                      works
 *     suspended   stands            stands                  stands                    silent
 *
 * What reaches a daemon that stands is held and comes all at once when it goes on; timers that became due meanwhile
 * may come first, as they do in Node. The wall clock is set forward and back at any time.
 */
import type { Clock, Scheduler, World } from '@bellwether/actors';

/** What a machine is doing. */
export type Wakefulness = 'awake' | 'stopped' | 'suspended';

/** Differences below this are the rounding of sums, milliseconds. */
const roundingMs = 1e-6;

export class MachineTime {
  /** Each task of the daemon's schedulers comes up to so many milliseconds late. */
  lagMs = 0;
  /** Up to how much time passes with each look at the clock. Where there is some, timers ring up to 1 ms early, as those of Node do. */
  readingMs = 0;
  #readMs = 0;
  /** By how much somebody has set the wall clock, milliseconds. */
  wallShiftMs = 0;
  readonly #world: World;
  readonly #heldTimers: (() => void)[] = [];
  readonly #held: (() => void)[] = [];
  /** What the machine itself does, and its daemon does not see. */
  readonly #heldMachine: (() => void)[] = [];
  #state: Wakefulness = 'awake';
  #sinceMs = 0;
  #suspendedMs = 0;
  #asleepMs = 0;
  #isCatchingUp = false;

  constructor(world: World) {
    this.#world = world;
  }

  get state(): Wakefulness {
    return this.#state;
  }
  /** Whether what reaches the daemon is handled at once. */
  get isRunning(): boolean {
    return this.#state === 'awake' && !this.#isCatchingUp;
  }
  /** How long the daemon has stood still so far, in all. */
  get asleepMs(): number {
    return this.#asleepMs + (this.#state === 'awake' ? 0 : this.#world.now - this.#sinceMs);
  }
  /** When the daemon went on last; 0 before it ever stood. */
  get wokenAtMs(): number {
    return this.#state === 'awake' ? this.#sinceMs : this.#world.now;
  }

  /** Holds the daemon, or the whole machine. Nothing happens where it is held already. */
  sleep(how: 'stopped' | 'suspended'): void {
    if (this.#state !== 'awake') return;
    this.#state = how;
    this.#sinceMs = this.#world.now;
  }
  /** Goes on, with all that came meanwhile. */
  wake(): void {
    if (this.#state === 'awake') return;
    const ms = this.#world.now - this.#sinceMs;
    this.#asleepMs += ms;
    if (this.#state === 'suspended') this.#suspendedMs += ms;
    this.#state = 'awake';
    this.#sinceMs = this.#world.now;
    for (const task of this.#heldMachine.splice(0)) this.#world.at(0, task);
    if (this.#world.random() < 0.5) this.#held.unshift(...this.#heldTimers.splice(0));
    else this.#held.push(...this.#heldTimers.splice(0));
    this.#isCatchingUp = true;
    while (this.#held.length > 0 && this.#state === 'awake') this.#held.shift()?.();
    this.#isCatchingUp = false;
  }

  /** The daemon is gone, and with it whatever it has not seen. */
  forget(): void {
    this.#held.splice(0);
    this.#heldTimers.splice(0);
  }

  /** The clock of everything on this machine. */
  clock(): Clock {
    const { wall } = this.#world.clock();
    const now = (): number => {
      if (this.readingMs > 0) this.#readMs += this.readingMs * this.#world.random();
      return this.#now() + this.#readMs;
    };
    return {
      now,
      wall: () => wall() + this.wallShiftMs,
      after: (ms, task) => this.#after(this.readingMs > 0 ? Math.max(ms / 2, ms - 1) : ms, task),
    };
  }
  /** A scheduler whose tasks keep their order. */
  scheduler(leastMs = 0): Scheduler {
    const tasks: (() => void)[] = [];
    const next = (): void => this.arrive(() => tasks.shift()?.());
    return {
      enqueue: (task) => {
        tasks.push(task);
        this.#world.at(leastMs + (this.lagMs > 0 ? this.lagMs * this.#world.random() : 0), next);
      },
    };
  }
  /** Something reaches the daemon: now, or when it goes on. */
  arrive(task: () => void): void {
    if (this.isRunning) task();
    else this.#held.push(task);
  }
  /** Something that the machine does, whether or not its daemon can look. */
  at(ms: number, task: () => void): () => void {
    let isOff = false;
    const run = (): void => {
      if (isOff) return;
      if (this.#state === 'suspended') this.#heldMachine.push(run);
      else task();
    };
    const stop = this.#world.at(ms, run);
    return () => {
      isOff = true;
      stop();
    };
  }

  #now(): number {
    const standsMs = this.#state === 'suspended' ? this.#world.now - this.#sinceMs : 0;
    return this.#world.now - this.#suspendedMs - standsMs;
  }
  #after(ms: number, task: () => void): () => void {
    const dueMs = this.#now() + ms;
    let isOff = false;
    let stop = (): void => undefined;
    const go = (): void => {
      if (isOff) return;
      if (this.#state !== 'awake') {
        this.#heldTimers.push(go);
        return;
      }
      const leftMs = dueMs - this.#now();
      if (leftMs > roundingMs) stop = this.#world.at(leftMs, go);
      else task();
    };
    stop = this.#world.at(ms, go);
    return () => {
      isOff = true;
      stop();
    };
  }
}
