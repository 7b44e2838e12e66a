/**
 * OCapN over WebSocket, on the wire of Goblins 0.18 and Endo: one record a binary message, the acceptor proves the
 * key that its designator is, the dialler proves nothing and is anonymous.
 */
import net from 'node:net';
import type { Duplex } from 'node:stream';
import type { SecureContext } from 'node:tls';
import type { Accept, Crypto, Netlayer, PeerLocation } from '@bellwether/ocapn';
import { BadPlace, type DialAttempt, KEEPALIVE_MS, Traffic } from '@bellwether/netlayer-stream';
import { isHere } from '@bellwether/netlayer-stream/here';
import { Acceptor } from './accept.ts';
import { connectWebSocket, refusalOf, type Trust } from './connect.ts';
import { dialledWire, WebSocketConnection } from './connection.ts';
import { maskingFramer } from './frames.ts';
import { PROGRAM } from './handshake.ts';
import { websocketDesignator, type WebSocketIdentity } from './identity.ts';
import { ORIGIN_COUNT, WEBSOCKET_LIMITS, type WebSocketLimits } from './limits.ts';
import { Pulse } from './pulse.ts';
import { plainUrl, targetOf, TRANSPORT, WEBSOCKET_FACTS } from './url.ts';

/** Who changes the port at once leaves to an impostor whoever dials the old one. */
const TAKEN_HINT =
  'see who listens there before anything else: where refs say ws:// it gets what is sent to this peer. Then ' +
  'stop it, or choose another port and mint anew';

/** Where a peer listens, and how others reach it. */
export interface WebSocketPlace {
  /** The key that it proves, and is known by. */
  readonly identity: WebSocketIdentity;
  /** The host in its location: what others dial. */
  readonly host: string;
  /** The address to bind; default: all of this machine with TLS, 127.0.0.1 without. */
  readonly bindHost?: string;
  /** Default: the system chooses one, which the caller should keep with the identity: others have it in their refs. */
  readonly port?: number;
  /** Absent: in clear, which stays on this machine, behind a proxy of it where `url` says so. */
  readonly tls?: WebSocketTls;
  /** What others dial in place of host and port, where a proxy stands before this peer. */
  readonly url?: string;
  /** Pages that may connect, by origin, as `https://app.example`; all others are refused. Default none. */
  readonly origins?: readonly string[];
  /** Told the origin of each page that was refused, as the page said it: any text of the length of a request. */
  readonly refused?: (origin: string) => void;
}
/** With what a peer shows itself in TLS. */
export interface WebSocketTls {
  /** Asked first before the door opens, which stays shut where it throws; then at each socket, which is closed then. */
  readonly context: () => SecureContext;
  /** SHA-256 of its certificate in base64url, for one that no authority vouches for: refs say it, and diallers look. */
  readonly pin?: string;
}
/** How one peer uses WebSockets. */
export interface WebSocketOptions {
  readonly crypto: Crypto;
  /** Absent for a peer that only dials. */
  readonly place?: WebSocketPlace;
  readonly trust?: Trust;
  /** How it calls itself in HTTP, so that peers know that it reads several frames at once; '' if it does not. */
  readonly program?: string;
  readonly limits?: Partial<WebSocketLimits>;
}

/** A netlayer over WebSocket. Owned by whoever closes it. */
export function websocketNetlayer(options: WebSocketOptions): Netlayer {
  return new WebSocketNetlayer(options);
}

class WebSocketNetlayer implements Netlayer {
  readonly facts = WEBSOCKET_FACTS;
  readonly #options: WebSocketOptions;
  readonly #limits: WebSocketLimits;
  readonly #traffic: Traffic;
  readonly #pulse: Pulse;
  readonly #framer = maskingFramer();

  constructor(options: WebSocketOptions) {
    this.#options = options;
    this.#limits = { ...WEBSOCKET_LIMITS, ...options.limits };
    this.#traffic = new Traffic(TRANSPORT, true);
    this.#pulse = new Pulse(this.#limits);
  }

  listen(accept: Accept, ready: (at: PeerLocation) => void, failed: (reason: Error) => void): void {
    const { place } = this.#options;
    const refuse = (reason: Error): void => process.nextTick(failed, reason);
    if (place === undefined) return refuse(new BadPlace('websocket: no place to listen on'));
    const bindHost = place.bindHost ?? (place.tls === undefined ? '127.0.0.1' : undefined);
    const wrong = wrongWith(place, bindHost);
    if (wrong !== undefined) return refuse(new BadPlace(`websocket: ${wrong}`));
    const broken = brokenIn(place);
    if (broken !== undefined) return refuse(broken);
    this.#traffic.listen(
      { bindHost, port: place.port ?? 0, takenHint: TAKEN_HINT },
      () => this.#server(place, accept),
      (port) => ready(locationOf(place, port)),
      failed,
    );
  }

  dial(
    to: PeerLocation,
    accept: Accept,
    failed: (reason: Error) => void,
    isForOthers?: boolean,
  ): () => void {
    const { crypto, trust = {}, program = PROGRAM } = this.#options;
    const target = targetOf(to);
    const where = typeof target === 'string' ? 'nowhere' : target.url;
    const begin = (dial: DialAttempt): void => {
      const refusal = typeof target === 'string' ? target : refusalOf(target, trust);
      if (typeof target === 'string' || refusal !== undefined)
        return dial.fail(new BadPlace(`websocket: cannot dial ${to.designator}: ${refusal ?? ''}`));
      const parts = { crypto, trust, program, traffic: this.#traffic, limits: this.#limits };
      connectWebSocket(dial, parts, target, (ws, socket, peer) => {
        const wire = dialledWire({ ws, socket, framer: this.#framer }, peer);
        this.#opened(WebSocketConnection.attach(wire, to, accept), socket);
      });
    };
    const { dialMs } = this.#limits;
    return this.#traffic.dial(`websocket: ${where}`, dialMs, failed, begin, isForOthers);
  }

  close(done: () => void): void {
    this.#pulse.close();
    this.#traffic.close(done);
  }

  #opened(connection: WebSocketConnection, socket: Duplex): void {
    this.#traffic.leave(socket, connection);
    socket.once('close', this.#pulse.enter(connection));
  }
  #server(place: WebSocketPlace, accept: Accept): net.Server {
    const acceptor = new Acceptor({
      identity: place.identity,
      traffic: this.#traffic,
      limits: this.#limits,
      context: place.tls?.context,
      origins: new Set(place.origins ?? []),
      refused: place.refused ?? (() => undefined),
      program: this.#options.program ?? PROGRAM,
      accept,
      opened: (connection, socket) => this.#opened(connection, socket),
    });
    const server = net.createServer(
      { noDelay: true, keepAlive: true, keepAliveInitialDelay: KEEPALIVE_MS },
      (raw) => acceptor.admit(raw),
    );
    server.maxConnections = this.#limits.connectionCount;
    return server;
  }
}

/** Why it cannot listen there; undefined where it can. */
const wrongWith = (place: WebSocketPlace, bindHost: string | undefined): string | undefined => {
  const { tls, url, origins = [] } = place;
  if (tls === undefined && (bindHost === undefined || !isHere(bindHost)))
    return (
      `in clear it stays on this machine, and ${bindHost ?? '*'} is not; ` +
      'hint: give it tls, or put a proxy on this machine before it and say its url'
    );
  if (url !== undefined && plainUrl(url) === undefined)
    return 'its url is no ws:// or wss:// URL of host, port and path';
  if (origins.length > ORIGIN_COUNT) return `more than ${ORIGIN_COUNT} origins`;
  const odd = origins.find((origin) => !URL.canParse(origin) || new URL(origin).origin !== origin);
  return odd === undefined ? undefined : `${odd} is no origin as browsers write it`;
};

/** What its certificate lacks, before anybody is told that it listens. */
const brokenIn = ({ tls }: WebSocketPlace): Error | undefined => {
  try {
    tls?.context();
    return undefined;
  } catch (error) {
    return error instanceof Error ? error : new BadPlace(`websocket: ${String(error)}`);
  }
};

const locationOf = (place: WebSocketPlace, port: number): PeerLocation => {
  const scheme = place.tls === undefined ? 'ws' : 'wss';
  const host = net.isIPv6(place.host) ? `[${place.host}]` : place.host;
  const { url = `${scheme}://${host}:${port}`, tls } = place;
  return {
    transport: TRANSPORT,
    designator: websocketDesignator(place.identity),
    hints: { url, ...(tls?.pin !== undefined && { pin: tls.pin }) },
  };
};
