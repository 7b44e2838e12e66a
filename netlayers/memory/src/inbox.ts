/** What has arrived at an end and was not told yet, and the seed's way to cut it into chunks. */
import type { MemoryLimits } from './limits.ts';
import type { MemoryWorld } from './link.ts';

/** What travels: the acceptor's yes, bytes, and the end of a half. */
export type Item = 'open' | Uint8Array | 'end';

/** A queue that gives bytes back in other pieces than they came in. */
export class Inbox {
  readonly #world: MemoryWorld;
  readonly #limits: MemoryLimits;
  readonly #items: Item[];

  constructor(world: MemoryWorld, limits: MemoryLimits) {
    this.#world = world;
    this.#limits = limits;
    this.#items = [];
  }

  get isEmpty(): boolean {
    return this.#items.length === 0;
  }
  push(item: Item): void {
    this.#items.push(item);
  }
  clear(): void {
    this.#items.length = 0;
  }

  /** The next thing to tell: a chunk of at least one byte, the yes or the end. Undefined when nothing is left. */
  next(): Item | undefined {
    return this.#items[0] instanceof Uint8Array ? this.#chunk() : this.#items.shift();
  }

  /** A copy of at most so many bytes as the seed says, of as many sends as it takes. */
  #chunk(): Uint8Array {
    const most = this.#chunkBytes();
    const parts: Uint8Array[] = [];
    let count = 0;
    for (;;) {
      const first = this.#items[0];
      if (!(first instanceof Uint8Array) || count === most) break;
      const part = first.subarray(0, most - count);
      if (part.length === first.length) this.#items.shift();
      else this.#items[0] = first.subarray(part.length);
      parts.push(part);
      count += part.length;
    }
    return joined(parts, count);
  }

  /** A byte, a few, a part, or whatever is there. */
  #chunkBytes(): number {
    const { chunkBytes } = this.#limits;
    const kind = this.#world.random();
    if (kind < 0.1) return 1;
    if (kind < 0.3) return 1 + Math.floor(this.#world.random() * 256);
    return kind < 0.4 ? 1 + Math.floor(this.#world.random() * chunkBytes) : chunkBytes;
  }
}

function joined(parts: readonly Uint8Array[], byteCount: number): Uint8Array {
  const all = new Uint8Array(byteCount);
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return all;
}
