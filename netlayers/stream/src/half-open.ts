/** Connections that have not finished their handshake, oldest first, and who may have how many of them. */
import { groupOf } from './addresses.ts';
import type { CrowdLimits } from './limits.ts';

/** What is counted: a socket. */
export interface Guest {
  readonly remoteAddress?: string | undefined;
  destroy(): unknown;
}

/**
 * Where there are too many, the oldest is destroyed: an honest handshake is over in milliseconds, so what is oldest
 * is silent or slow, and a flood of silent clients pushes out itself instead of those who come after it.
 */
export class HalfOpen {
  readonly #limits: CrowdLimits;
  readonly #all: Map<Guest, string>;
  readonly #byAddress: Map<string, Set<Guest>>;

  constructor(limits: CrowdLimits) {
    this.#limits = limits;
    this.#all = new Map();
    this.#byAddress = new Map();
  }

  get count(): number {
    return this.#all.size;
  }

  /** Counts a guest in; it must be counted out by `leave`, also when it is destroyed from here. */
  enter(guest: Guest): void {
    const address = groupOf(guest.remoteAddress ?? '');
    const group = this.#byAddress.get(address) ?? new Set();
    if (group.size >= this.#limits.halfOpenPerAddress) this.#evict(group);
    else if (this.#all.size >= this.#limits.halfOpenCount) this.#evict(this.#all.keys());
    this.#byAddress.set(address, group.add(guest));
    this.#all.set(guest, address);
  }

  leave(guest: Guest): void {
    const address = this.#all.get(guest);
    if (address === undefined) return;
    this.#all.delete(guest);
    const group = this.#byAddress.get(address);
    group?.delete(guest);
    if (group?.size === 0) this.#byAddress.delete(address);
  }

  #evict(oldestFirst: Iterable<Guest>): void {
    for (const guest of oldestFirst) {
      this.leave(guest);
      guest.destroy();
      return;
    }
  }
}
