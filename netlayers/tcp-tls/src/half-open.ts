/** Connections that have not finished their handshake, oldest first, and who may have how many of them. */
import { isIPv6 } from 'node:net';
import type { TlsLimits } from './limits.ts';

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
  readonly #limits: TlsLimits;
  readonly #all: Map<Guest, string>;
  readonly #byAddress: Map<string, Set<Guest>>;

  constructor(limits: TlsLimits) {
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

/** One network that one person can hold: an IPv4 address, or the first 64 bits of an IPv6 one. */
export function groupOf(address: string): string {
  const bare = address.split('%', 1).join('');
  const mapped = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/iu.exec(bare);
  if (mapped?.[1] !== undefined) return mapped[1];
  if (!isIPv6(bare)) return bare;
  const [head = '', tail] = bare.toLowerCase().split('::');
  const front = head === '' ? [] : head.split(':');
  const back = tail === undefined || tail === '' ? [] : tail.split(':');
  const zeros = tail === undefined ? 0 : Math.max(0, 8 - front.length - back.length);
  const groups = [...front, ...Array<string>(zeros).fill('0'), ...back];
  return groups.slice(0, 4).join(':');
}
