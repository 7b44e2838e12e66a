/** Which addresses count as one, and how many connections each has. */
import { isIPv6 } from 'node:net';
import { isHere } from './here.ts';
import type { CrowdLimits } from './limits.ts';

/** Inbound connections by address. */
export class Addresses {
  readonly #limits: CrowdLimits;
  readonly #counts: Map<string, number>;

  constructor(limits: CrowdLimits) {
    this.#limits = limits;
    this.#counts = new Map();
  }

  /** Counts a connection in; undefined where there are too many. What it returns counts it out, once. */
  enter(address: string): (() => void) | undefined {
    const group = groupOf(address);
    const count = this.#counts.get(group) ?? 0;
    const { connectionsPerAddress, connectionsFromHere } = this.#limits;
    if (count >= (isHere(address) ? connectionsFromHere : connectionsPerAddress)) return undefined;
    this.#counts.set(group, count + 1);
    return () => {
      const left = (this.#counts.get(group) ?? 1) - 1;
      if (left > 0) this.#counts.set(group, left);
      else this.#counts.delete(group);
    };
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
