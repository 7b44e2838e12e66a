/**
 * A simulated network over a simulated world: delays, cuts, crashes and the places where a stream is cut into
 * chunks all come from the world's seed, so that the same seed is the same story.
 */
import type { Netlayer } from '@bellwether/ocapn';
import { NetworkError } from './errors.ts';
import { MEMORY_LIMITS, type MemoryLimits } from './limits.ts';
import { Link, type MemoryWorld } from './link.ts';
import { MemoryPeer, type Fabric, type MemoryPeerOptions } from './peer.ts';

/** Hosts, the links between them, and what befalls both. */
export class MemoryNetwork {
  readonly #fabric: Fabric;
  readonly #peers: Set<MemoryPeer>;
  readonly #silent: Set<string>;

  constructor(world: MemoryWorld, limits: Partial<MemoryLimits> = {}) {
    this.#silent = new Set();
    this.#fabric = makeFabric(world, { ...MEMORY_LIMITS, ...limits }, this.#silent);
    this.#peers = new Set();
  }

  /** The netlayer of a peer on a host; several may dial from one host, one listens there. */
  peer(options: MemoryPeerOptions): Netlayer {
    const peer = new MemoryPeer(this.#fabric, options);
    this.#peers.add(peer);
    return peer;
  }

  /** From now on nothing from one host reaches the other, and nobody is told. Nothing is lost either: see `heal`. */
  cut(from: string, to: string): void {
    this.#fabric.link(from, to).cut();
    for (const peer of this.#on(from)) {
      for (const [end, other] of peer.ends) if (other === to) end.doubt();
    }
  }
  /** `cut` in both directions. */
  part(a: string, b: string): void {
    this.cut(a, b);
    this.cut(b, a);
  }
  /** Ends the cuts between two hosts, in both directions; what was held arrives after the usual delay. */
  heal(a: string, b: string): void {
    this.#fabric.link(a, b).heal();
    this.#fabric.link(b, a).heal();
  }
  /** From now on the host neither sends nor hears, as a machine that is suspended; nothing is lost, as with `cut`. */
  silence(host: string): void {
    this.#silent.add(host);
    for (const peer of this.#peers)
      for (const [end, other] of peer.ends) if (peer.host === host || other === host) end.doubt();
  }
  /** Ends the silence of a host; cuts stay cut. */
  unsilence(host: string): void {
    if (!this.#silent.delete(host)) return;
    for (const link of this.#fabric.linksOf(host)) link.goOn();
  }
  /**
   * Every connection between two hosts is dead from now on, and nobody is told: a firewall that forgot them drops what
   * they send. New ones work.
   */
  forget(a: string, b: string): void {
    for (const [host, facing] of [
      [a, b],
      [b, a],
    ] as const)
      for (const peer of this.#on(host))
        for (const [end, other] of peer.ends) if (other === facing) end.mute();
  }
  /** Breaks every connection between two hosts, at both ends at once, as a firewall does that forgot them. */
  reset(a: string, b: string): void {
    const reason = new NetworkError('unreachable', 'the connection was reset');
    for (const [host, facing] of [
      [a, b],
      [b, a],
    ] as const) {
      for (const peer of this.#on(host)) {
        for (const [end, other] of [...peer.ends]) if (other === facing) end.reset(reason);
      }
    }
  }
  /**
   * Ends every peer on a host without another callback there. After the death of a process its kernel resets the
   * connections; after a loss of power the others learn it when they send, or never.
   */
  crash(host: string, how: 'process' | 'power'): void {
    for (const peer of this.#on(host)) {
      peer.crash(how === 'process');
      this.#peers.delete(peer);
    }
  }
  /** Connections of a host that are open at its end. */
  connectionCount(host: string): number {
    return this.#on(host).reduce((sum, peer) => sum + peer.ends.size, 0);
  }

  #on(host: string): readonly MemoryPeer[] {
    return [...this.#peers].filter((peer) => peer.host === host);
  }
}

function makeFabric(world: MemoryWorld, limits: MemoryLimits, silent: ReadonlySet<string>): Fabric {
  const links = new Map<string, Map<string, Link>>();
  const listeners = new Map<string, MemoryPeer>();
  return {
    world,
    limits,
    link: (from, to) => {
      const row = links.get(from) ?? new Map<string, Link>();
      const isSilent = (): boolean => silent.has(from) || silent.has(to);
      const link = row.get(to) ?? new Link(world, limits, isSilent);
      links.set(from, row.set(to, link));
      return link;
    },
    linksOf: (host) =>
      [...links].flatMap(([from, row]) =>
        [...row].flatMap(([to, link]) => (from === host || to === host ? [link] : [])),
      ),
    listener: (host) => listeners.get(host),
    register: (host, peer) => {
      if (listeners.has(host)) return false;
      listeners.set(host, peer);
      return true;
    },
    unregister: (host, peer) => {
      if (listeners.get(host) === peer) listeners.delete(host);
    },
  };
}
