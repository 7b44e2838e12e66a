/** One host's netlayer on the simulated network. */
import type { Accept, Netlayer, NetlayerFacts, PeerLocation } from '@bellwether/ocapn';
import { End, type Setting } from './end.ts';
import { NetworkError } from './errors.ts';
import type { Link } from './link.ts';

/** The transport name of the simulated network. */
export const MEMORY_TRANSPORT = 'memory';

/** Who a peer is, where it stands, and what its connections prove. */
export interface MemoryPeerOptions {
  /** Where it stands: the hint `host` of its location. One peer listens per host. */
  readonly host: string;
  /** Who it is; default the name of its host. */
  readonly designator?: string;
  /** Whether a hello's location counts where nothing is proved; default false: it does not. */
  readonly believesClaims?: boolean;
  /** True, the default: others see on their connections who this is. False: it is anonymous to them. */
  readonly proves?: boolean;
}

/** What a peer needs of its network. */
export interface Fabric extends Setting {
  link(from: string, to: string): Link;
  /** Every link from or to a host. */
  linksOf(host: string): readonly Link[];
  listener(host: string): MemoryPeer | undefined;
  /** False when somebody listens on that host already. */
  register(host: string, peer: MemoryPeer): boolean;
  unregister(host: string, peer: MemoryPeer): void;
}

/** A dial under way: ends once, by `succeed`, by `fail` or silently. */
interface Attempt {
  isOver: boolean;
  stop(): void;
  fail(reason: Error): void;
}

/** Made by `MemoryNetwork.peer`; what is not in Netlayer is the network's. */
export class MemoryPeer implements Netlayer {
  readonly facts: NetlayerFacts;
  readonly location: PeerLocation;
  readonly host: string;
  readonly #proves: boolean;
  readonly #fabric: Fabric;
  readonly #attempts: Set<Attempt>;
  readonly #ends: Map<End, string>;
  #accept: Accept | undefined;
  #isClosed: boolean;
  #isCrashed: boolean;

  constructor(fabric: Fabric, options: MemoryPeerOptions) {
    const { host, designator = host } = options;
    this.facts = {
      transport: MEMORY_TRANSPORT,
      believesClaims: options.believesClaims ?? false,
      tellsEnds: false,
      provesAcceptorsOnly: false,
      needsHints: false,
      namesThisMachine: false,
      isOpenToAll: false,
    };
    this.location = { transport: MEMORY_TRANSPORT, designator, hints: { host } };
    this.host = host;
    this.#proves = options.proves ?? true;
    this.#fabric = fabric;
    this.#attempts = new Set();
    this.#ends = new Map();
    this.#accept = undefined;
    this.#isClosed = false;
    this.#isCrashed = false;
  }

  /** Its open ends, each with the host of the other one. */
  get ends(): ReadonlyMap<End, string> {
    return this.#ends;
  }

  listen(accept: Accept, ready: (at: PeerLocation) => void, failed: (reason: Error) => void): void {
    const refuse = (code: 'netlayer-closed' | 'bad-place' | 'place-taken', what: string): void =>
      void this.#fabric.world.at(0, () => failed(new NetworkError(code, what)));
    if (this.#isClosed) return refuse('netlayer-closed', 'this netlayer is closed');
    if (this.#accept !== undefined) return refuse('bad-place', 'this netlayer listens already');
    if (!this.#fabric.register(this.host, this)) {
      return refuse('place-taken', `${this.host} is in use; hint: choose another host`);
    }
    this.#accept = accept;
    this.#fabric.world.at(0, () => {
      if (this.#isCrashed) return;
      if (this.#isClosed) failed(new NetworkError('netlayer-closed', 'closed while listening'));
      else ready(this.location);
    });
  }

  dial(to: PeerLocation, accept: Accept, failed: (reason: Error) => void): () => void {
    const attempt = this.#attempt(to, failed);
    this.#fabric.world.at(0, () => {
      if (attempt.isOver || this.#isCrashed) return;
      if (this.#isClosed) {
        attempt.fail(new NetworkError('netlayer-closed', 'this netlayer is closed'));
      } else if (to.transport !== MEMORY_TRANSPORT) {
        attempt.fail(new NetworkError('bad-place', `cannot dial a ${to.transport} location`));
      } else this.#knock(to, accept, attempt);
    });
    return () => attempt.stop();
  }

  close(done: () => void): void {
    const reason = new NetworkError('netlayer-closed', 'this netlayer is closed');
    this.#leave();
    for (const attempt of [...this.#attempts]) attempt.fail(reason);
    for (const end of [...this.#ends.keys()]) end.end(reason);
    this.#fabric.world.at(0, done);
  }

  /** Ends as a process does that is killed: nothing is called here any more. */
  crash(isTold: boolean): void {
    this.#leave();
    this.#isCrashed = true;
    for (const attempt of [...this.#attempts]) attempt.stop();
    for (const end of [...this.#ends.keys()]) end.vanish(isTold);
  }

  #leave(): void {
    this.#isClosed = true;
    this.#accept = undefined;
    this.#fabric.unregister(this.host, this);
  }

  #attempt(to: PeerLocation, failed: (reason: Error) => void): Attempt {
    const place = routeOf(to);
    const { world, limits } = this.#fabric;
    const attempt: Attempt = {
      isOver: false,
      stop: () => {
        attempt.isOver = true;
        stopDeadline();
        this.#attempts.delete(attempt);
      },
      fail: (reason) => {
        if (attempt.isOver) return;
        attempt.stop();
        failed(reason);
      },
    };
    const stopDeadline = world.at(limits.dialMs, () =>
      attempt.fail(new NetworkError('unreachable', `${place} did not answer`)),
    );
    this.#attempts.add(attempt);
    return attempt;
  }

  #knock(to: PeerLocation, accept: Accept, attempt: Attempt): void {
    const host = routeOf(to);
    const there = this.#fabric.link(this.host, host);
    const back = this.#fabric.link(host, this.host);
    there.carry(() => {
      if (attempt.isOver) return;
      const found = this.#fabric.listener(host);
      if (found === undefined || found.#isOther(to)) {
        const reason = found === undefined ? nobody(host) : other(host, to);
        back.carry(() => attempt.fail(reason));
        return;
      }
      const near = this.#end(there, found.#proves ? to : undefined, host);
      const far = found.#end(back, this.#proves ? this.location : undefined, this.host);
      End.join(near, far, {
        opened: () => {
          if (attempt.isOver) return near.vanish(true);
          attempt.stop();
          near.start(accept);
        },
        failed: (reason) => attempt.fail(reason),
      });
      found.#serve(far);
    });
  }

  #serve(far: End): void {
    if (this.#accept !== undefined) far.start(this.#accept);
  }

  #end(out: Link, proved: PeerLocation | undefined, otherHost: string): End {
    const end = new End(this.#fabric, { out, proved, gone: (gone) => this.#ends.delete(gone) });
    this.#ends.set(end, otherHost);
    return end;
  }

  /** Whether this peer proves to be somebody else than who was dialled. */
  #isOther(to: PeerLocation): boolean {
    return this.#proves && to.designator !== this.location.designator;
  }
}

function routeOf(to: PeerLocation): string {
  return to.hints['host'] ?? to.designator;
}

function other(host: string, to: PeerLocation): NetworkError {
  return new NetworkError('untrusted', `${host} is not ${to.designator}`);
}

function nobody(host: string): NetworkError {
  return new NetworkError('unreachable', `nobody listens at ${host}`);
}
