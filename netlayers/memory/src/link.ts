/** One direction between two hosts. */
import type { MemoryLimits } from './limits.ts';

/** What the network needs of a simulated world; the World of the actors has it. */
export interface MemoryWorld {
  /** Runs a task in so many milliseconds; the result cancels it. */
  at(ms: number, task: () => void): () => void;
  /** Uniform in [0, 1), from the world's seed. */
  random(): number;
}

/**
 * Carries things with a delay. A cut link loses nothing and tells nobody: what arrives meanwhile is held, and goes
 * on when the link is healed, as TCP sends again. Order is not kept; who needs it queues.
 */
export class Link {
  readonly #world: MemoryWorld;
  readonly #leastMs: number;
  readonly #jitterMs: number;
  readonly #held: (() => void)[];
  #isCut: boolean;

  constructor(world: MemoryWorld, limits: MemoryLimits) {
    const [least, most] = limits.latencyMs;
    this.#world = world;
    this.#leastMs = least + world.random() * (most - least);
    this.#jitterMs = limits.jitterMs;
    this.#held = [];
    this.#isCut = false;
  }

  get isCut(): boolean {
    return this.#isCut;
  }

  carry(arrive: () => void): void {
    this.#world.at(this.#leastMs + this.#world.random() * this.#jitterMs, () => {
      if (this.#isCut) this.#held.push(arrive);
      else arrive();
    });
  }

  cut(): void {
    this.#isCut = true;
  }

  heal(): void {
    this.#isCut = false;
    for (const arrive of this.#held.splice(0)) this.carry(arrive);
  }
}
