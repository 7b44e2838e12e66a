/**
 * OCapN over TLS, byte for byte the `tcp-tls` netlayer of Goblins 0.18: the acceptor sends its certificate in clear,
 * the dialler knows it by its hash, then TLS 1.3 (no ALPN, no server name) and bare Syrup.
 *
 * One thing is added that Goblins' diallers already meet: the acceptor asks for a certificate, so that both sides
 * can be proved. What is proved stands on the connection; a location in a hello is never believed here.
 */
import net from 'node:net';
import type { Accept, Netlayer, NetlayerFacts, PeerLocation } from '@bellwether/ocapn';
import {
  BadPlace,
  CROWD_LIMITS,
  type CrowdLimits,
  type DialAttempt,
  KEEPALIVE_MS,
  showAddress,
  Traffic,
} from '@bellwether/netlayer-stream';
import { Acceptor } from './accept.ts';
import { addressOf, connectTls, type DiallingEnd } from './connect.ts';
import { makeIdentity, openIdentity, type TlsIdentity } from './identity.ts';
import { PREAMBLE_READ_BYTES } from './preamble.ts';

const TRANSPORT = 'tcp-tls';
const TAKEN_HINT = 'see who listens there and stop it, or choose another port and mint anew';
const FACTS: NetlayerFacts = {
  transport: TRANSPORT,
  believesClaims: false,
  tellsEnds: false,
  provesAcceptorsOnly: false,
  needsHints: true,
  namesThisMachine: false,
  isOpenToAll: false,
};

/** Where a peer listens, and how others reach it. */
export interface TlsPlace {
  /** The host in its location: what others dial. */
  readonly host: string;
  /** The address to bind; default all of this machine, as Goblins does. */
  readonly bindHost?: string;
  /** Default: the system chooses one, which the caller should keep with the identity: others have it in their refs. */
  readonly port?: number;
}
/** How one peer uses tcp-tls. */
export interface TlsOptions {
  /** Presented to whoever we dial and whoever dials us. */
  readonly identity: TlsIdentity;
  /** Absent for a peer that only dials. */
  readonly place?: TlsPlace;
  readonly limits?: Partial<CrowdLimits>;
}

/** A netlayer over TLS. Owned by whoever closes it. */
export function tlsNetlayer(options: TlsOptions): Netlayer {
  return new TlsNetlayer(options);
}

/**
 * A netlayer that only dials, as nobody in particular: under an identity that is made for it and kept nowhere, of which
 * hellos name the designator. Owned by whoever closes it.
 */
export function tlsDialler(): { readonly netlayer: Netlayer; readonly designator: string } {
  const identity = openIdentity(makeIdentity());
  return { netlayer: tlsNetlayer({ identity }), designator: identity.designator };
}

class TlsNetlayer implements Netlayer {
  readonly facts = FACTS;
  readonly #options: TlsOptions;
  readonly #limits: CrowdLimits;
  readonly #traffic: Traffic;
  readonly #end: DiallingEnd;

  constructor(options: TlsOptions) {
    this.#options = options;
    this.#limits = { ...CROWD_LIMITS, ...options.limits };
    this.#traffic = new Traffic(TRANSPORT, true);
    this.#end = {
      traffic: this.#traffic,
      identity: options.identity,
      buffer: new Uint8Array(PREAMBLE_READ_BYTES),
    };
  }

  listen(accept: Accept, ready: (at: PeerLocation) => void, failed: (reason: Error) => void): void {
    const { place } = this.#options;
    if (place === undefined)
      return process.nextTick(failed, new BadPlace('tcp-tls: no place to listen on'));
    const { host, bindHost, port = 0 } = place;
    this.#traffic.listen(
      { bindHost, port, takenHint: TAKEN_HINT },
      () => this.#server(accept),
      (bound) => ready(this.#location(host, bound)),
      failed,
    );
  }

  dial(
    to: PeerLocation,
    accept: Accept,
    failed: (reason: Error) => void,
    isForOthers?: boolean,
  ): () => void {
    const address = addressOf(to);
    const place = typeof address === 'string' ? 'nowhere' : showAddress(address.host, address.port);
    const begin = (dial: DialAttempt): void =>
      connectTls(dial, this.#end, to, (socket) => {
        this.#traffic.attach(socket, to, accept);
      });
    return this.#traffic.dial(`tcp-tls: ${place}`, this.#limits.dialMs, failed, begin, isForOthers);
  }

  close(done: () => void): void {
    this.#traffic.close(done);
  }

  #server(accept: Accept): net.Server {
    const { identity } = this.#options;
    const acceptor = new Acceptor(identity, this.#traffic, this.#limits, accept);
    const server = net.createServer(
      // Here and not in a handler: TLS has written its first records by then.
      { noDelay: true, keepAlive: true, keepAliveInitialDelay: KEEPALIVE_MS },
      (raw) => acceptor.admit(raw),
    );
    server.maxConnections = this.#limits.connectionCount;
    return server;
  }

  #location(host: string, port: number): PeerLocation {
    const { designator } = this.#options.identity;
    return { transport: TRANSPORT, designator, hints: { host, port: String(port) } };
  }
}
