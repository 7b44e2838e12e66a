/** Processes on real WebSockets: a vat and a router each, in one process. For tests, benchmarks and interop runs. */
import { createVat, type Frontier, type Ref, type Turn, type Vat } from '@bellwether/actors';
import {
  createRouter,
  type Limits,
  type MakeHandoffs,
  type PeerLocation,
  type Router,
  Sturdyref,
} from '@bellwether/ocapn';
import { nodeClock, nodeCrypto, nodeReaper, nodeSchedulers } from '@bellwether/netlayer-stream';
import { makeIdentity, openIdentity } from '@bellwether/netlayer-tcp-tls';
import {
  type Trust,
  websocketDesignator,
  websocketNetlayer,
  type WebSocketLimits,
} from '@bellwether/netlayer-websocket';

export interface WebSocketPeerOptions {
  /** False: it only dials. Default true, at any port of this machine. */
  readonly listens?: boolean;
  /** Over TLS, with a certificate that its refs pin. */
  readonly isSecure?: boolean;
  readonly trust?: Trust;
  readonly limits?: Partial<Limits>;
  readonly netlayerLimits?: Partial<WebSocketLimits>;
  readonly handoffs?: MakeHandoffs;
  readonly mayDial?: () => boolean;
  readonly log?: (event: string, fields: Readonly<Record<string, unknown>>) => void;
}

/** Close it at the end. */
export class WebSocketPeer {
  readonly vat: Vat & Frontier;
  readonly router: Router;
  readonly #given = new Map<string, Ref>();
  #at: PeerLocation | undefined;

  private constructor(options: WebSocketPeerOptions) {
    const {
      listens = true,
      isSecure = false,
      trust = {},
      limits = {},
      handoffs,
      mayDial,
    } = options;
    const { vat: scheduler, flush } = nodeSchedulers();
    const clock = nodeClock();
    const crypto = nodeCrypto();
    const identity = crypto.keyPair();
    const log = options.log ?? ((): void => undefined);
    const certificate = isSecure ? openIdentity(makeIdentity()) : undefined;
    const tls = certificate && { context: () => certificate.context(), pin: certificate.pin };
    const place = { identity, host: '127.0.0.1', bindHost: '127.0.0.1', ...(tls && { tls }) };
    this.vat = createVat({ name: 'peer', clock, scheduler, log });
    this.router = createRouter({
      vat: this.vat,
      netlayers: [
        websocketNetlayer({
          crypto,
          trust,
          limits: options.netlayerLimits ?? {},
          ...(listens && { place }),
        }),
      ],
      crypto,
      clock,
      scheduler: flush,
      reaper: nodeReaper(),
      log,
      fetch: (swissnum) => this.#given.get(Buffer.from(swissnum).toString('hex')),
      designator: websocketDesignator(identity),
      limits,
      ...(handoffs && { handoffs }),
      ...(mayDial && { mayDial }),
    });
  }
  static async start(options: WebSocketPeerOptions = {}): Promise<WebSocketPeer> {
    const peer = new WebSocketPeer(options);
    if (options.listens === false) return peer;
    const [at] = await new Promise<readonly PeerLocation[]>((ready, failed) =>
      peer.router.listen(ready, failed),
    );
    peer.#at = at;
    return peer;
  }
  /** Where it listens. */
  get at(): PeerLocation {
    if (this.#at === undefined) throw new TypeError('it only dials');
    return this.#at;
  }
  /** Gives out what `make` makes; whoever has the result can fetch it. */
  async give(make: (turn: Turn) => Ref): Promise<Sturdyref> {
    const swissnum = nodeCrypto().random(32);
    await this.vat.run((turn) => {
      this.#given.set(Buffer.from(swissnum).toString('hex'), make(turn));
    });
    return new Sturdyref(this.at, swissnum);
  }
  close(): Promise<void> {
    return new Promise((done) =>
      this.router.close(() => {
        this.vat.halt();
        done();
      }),
    );
  }
}
