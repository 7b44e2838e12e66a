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
  readonly #isSilent: () => boolean;
  #isCut: boolean;

  /** `isSilent`: whether a host at either end says and hears nothing now; whoever changes that calls `goOn`. */
  constructor(world: MemoryWorld, limits: MemoryLimits, isSilent: () => boolean) {
    const [least, most] = limits.latencyMs;
    this.#world = world;
    this.#leastMs = least + world.random() * (most - least);
    this.#jitterMs = limits.jitterMs;
    this.#held = [];
    this.#isSilent = isSilent;
    this.#isCut = false;
  }

  /** Whether nothing gets through: the link itself is cut, or a host at one end is silent. */
  get isCut(): boolean {
    return this.#isCut || this.#isSilent();
  }

  carry(arrive: () => void): void {
    this.#world.at(this.#leastMs + this.#world.random() * this.#jitterMs, () => {
      if (this.isCut) this.#held.push(arrive);
      else arrive();
    });
  }

  cut(): void {
    this.#isCut = true;
  }

  heal(): void {
    this.#isCut = false;
    this.goOn();
  }
  /** Sends again what was held, if there is a way now. */
  goOn(): void {
    if (this.isCut) return;
    for (const arrive of this.#held.splice(0)) this.carry(arrive);
  }
}
