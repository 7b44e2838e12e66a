/** Processes on real TLS, and a line between them that can be broken in every way. */
import net from 'node:net';
import {
  createVat,
  type Frontier,
  type Ref,
  type Turn,
  type Value,
  type Vat,
} from '@bellwether/actors';
import {
  createRouter,
  type Limits,
  type PeerLocation,
  type Router,
  Sturdyref,
} from '@bellwether/ocapn';
import { nodeClock, nodeCrypto, nodeReaper, nodeSchedulers } from '@bellwether/netlayer-stream';
import { type IdentityText, openIdentity, tlsNetlayer } from '@bellwether/netlayer-tcp-tls';

const SWISSNUM = new Uint8Array(32).fill(7);

export interface TlsPeerOptions {
  readonly identity: IdentityText;
  /** Absent: it does not listen. 0: any port. */
  readonly port?: number;
  /** The port that others find in its location: that of a proxy. */
  readonly shownPort?: number;
  /** Whom its hello claims to be where it does not listen; default itself. */
  readonly claims?: string;
  readonly limits?: Partial<Limits>;
}

/** A vat and a router on TLS. Close it at the end. */
export class TlsPeer {
  readonly designator: string;
  readonly vat: Vat & Frontier;
  readonly router: Router;
  #offer: Ref | undefined;
  #port = 0;

  private constructor(options: TlsPeerOptions) {
    const identity = openIdentity(options.identity);
    const { vat: scheduler, flush } = nodeSchedulers();
    const clock = nodeClock();
    const log = (): void => undefined;
    const { port } = options;
    const place = { host: '127.0.0.1', bindHost: '127.0.0.1', port: port ?? 0 };
    this.designator = identity.designator;
    this.vat = createVat({ name: 'peer', clock, scheduler, log });
    this.router = createRouter({
      vat: this.vat,
      netlayers: [tlsNetlayer({ identity, ...(port === undefined ? {} : { place }) })],
      crypto: nodeCrypto(),
      clock,
      scheduler: flush,
      reaper: nodeReaper(),
      log,
      fetch: () => this.#offer,
      designator: options.claims ?? identity.designator,
      limits: options.limits ?? {},
    });
  }
  /** A peer that offers what `make` makes. */
  static async start(options: TlsPeerOptions, make?: (turn: Turn) => Ref): Promise<TlsPeer> {
    const peer = new TlsPeer(options);
    if (make !== undefined) await peer.vat.run((turn) => void (peer.#offer = make(turn)));
    if (options.port === undefined) return peer;
    const [at] = await new Promise<readonly PeerLocation[]>((ready, failed) =>
      peer.router.listen(ready, failed),
    );
    peer.#port = Number(at?.hints['port']);
    return peer;
  }
  get port(): number {
    return this.#port;
  }
  /** What it offers, as reached through a port. */
  refAt(port: number): Sturdyref {
    const hints = { host: '127.0.0.1', port: String(port) };
    return new Sturdyref({ transport: 'tcp-tls', designator: this.designator, hints }, SWISSNUM);
  }
  run<T>(body: (turn: Turn) => T): Promise<Value<T>> {
    return this.vat.run(body);
  }
  /** The designators of those with whom it has a session, in order. */
  get known(): readonly string[] {
    return this.router.sessions().map(({ peer }) => peer?.designator ?? 'anonymous');
  }
  close(): Promise<void> {
    return new Promise((done) => this.router.close(done));
  }
}

interface Line {
  readonly near: net.Socket;
  readonly far: net.Socket;
}

/** A proxy in front of one port. */
export class Proxy {
  readonly port: number;
  readonly #server: net.Server;
  readonly #lines = new Set<Line>();
  #isShut = false;
  private constructor(server: net.Server, port: number) {
    this.#server = server;
    this.port = port;
  }
  /** `to`: the port behind it, asked for each connection. */
  static async start(to: () => number): Promise<Proxy> {
    const server = net.createServer({ noDelay: true });
    await new Promise<void>((ready) => server.listen(0, '127.0.0.1', ready));
    const address = server.address();
    if (address === null || typeof address === 'string') throw new Error('no port');
    const proxy = new Proxy(server, address.port);
    server.on('connection', (near) => proxy.#join(near, to()));
    return proxy;
  }
  get lineCount(): number {
    return this.#lines.size;
  }
  /** Nothing passes any more on the lines that there are, and nobody is told. `isShut`: no new ones. */
  freeze(isShut = false): void {
    this.#isShut = isShut;
    for (const { near, far } of this.#lines) {
      near.unpipe(far).pause();
      far.unpipe(near).pause();
      for (const socket of [near, far]) socket.removeAllListeners('close');
    }
  }
  /** As a firewall that has forgotten all lines. */
  reset(): void {
    for (const { near, far } of [...this.#lines]) {
      near.resetAndDestroy();
      far.resetAndDestroy();
    }
  }
  async close(): Promise<void> {
    this.reset();
    await new Promise((done) => this.#server.close(done));
  }

  #join(near: net.Socket, port: number): void {
    if (this.#isShut) return void near.destroy();
    const far = net.connect({ port, host: '127.0.0.1', noDelay: true });
    const line = { near, far };
    this.#lines.add(line);
    const over = (): void => {
      this.#lines.delete(line);
      near.destroy();
      far.destroy();
    };
    for (const socket of [near, far]) {
      socket.on('error', () => undefined); // it closes
      socket.on('close', over);
    }
    near.pipe(far);
    far.pipe(near);
  }
}
