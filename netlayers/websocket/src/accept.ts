/**
 * The acceptor's side, one handshake per socket and none in another's way.
 *
 *     state    | event                            | what happens                                   | next
 *     ---------+----------------------------------+------------------------------------------------+---------
 *     (none)   | TCP accepted                     |                                                | silent
 *     (none)   | too many from that address       | destroyed unheard                              | gone
 *     silent   | a first byte                     | TLS begins, where there is any                 | asking
 *     asking   | an HTTP request for a WebSocket  | 101                                            | shaking
 *     asking   | the same from a page whose       | 403, and its owner is told                     | gone
 *              | origin is not among those known  |                                                |
 *     asking   | any other request                | 426                                            | gone
 *     shaking  | a challenge, and nothing else    | signed with our key                            | open
 *     all but  | end, error, 10 s, evicted        | destroyed, nobody is told                      | gone
 *       open   |                                  |                                                |
 *
 * Browsers say from where a page came, and let it open a WebSocket to whatever their user can reach; nothing else has
 * an Origin. So a page that nobody has named gets no further, also not to a port of its user's own machine.
 */
import http from 'node:http';
import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import tls from 'node:tls';
import { answerTo, type Accept } from '@bellwether/ocapn';
import { CLOSE_MS, Doorstep, type Traffic } from '@bellwether/netlayer-stream';
import { WebSocketServer, type WebSocket } from 'ws';
import { acceptedWire, WebSocketConnection } from './connection.ts';
import { plainFramer, type Framer } from './frames.ts';
import { firstMessage, wsOptions } from './handshake.ts';
import type { WebSocketIdentity } from './identity.ts';
import type { WebSocketLimits } from './limits.ts';

/** What an acceptor needs of its netlayer. */
export interface AcceptorParts {
  readonly identity: WebSocketIdentity;
  readonly traffic: Traffic;
  readonly limits: WebSocketLimits;
  /** Absent: in clear. */
  readonly context: (() => tls.SecureContext) | undefined;
  /** Of pages that are let in, as browsers write them. */
  readonly origins: ReadonlySet<string>;
  /** Told the origin of each page that is not. */
  readonly refused: (origin: string) => void;
  readonly program: string;
  readonly accept: Accept;
  /** Told of each connection. */
  readonly opened: (connection: WebSocketConnection, socket: Duplex) => void;
}

/** Turns accepted TCP sockets into connections. */
export class Acceptor {
  readonly #parts: AcceptorParts;
  readonly #doorstep: Doorstep;
  readonly #http: http.Server;
  readonly #upgrades: WebSocketServer;
  readonly #framer: Framer;
  /** To be called once a socket has shaken hands. */
  readonly #settle: WeakMap<Duplex, () => void>;

  constructor(parts: AcceptorParts) {
    const { traffic, limits } = parts;
    this.#parts = parts;
    this.#doorstep = new Doorstep(traffic, limits);
    this.#framer = plainFramer();
    this.#settle = new WeakMap();
    this.#upgrades = new WebSocketServer({
      noServer: true,
      clientTracking: false,
      ...wsOptions(limits, CLOSE_MS),
    });
    if (parts.program !== '')
      this.#upgrades.on('headers', (headers) => headers.push(`Server: ${parts.program}`));
    this.#http = http.createServer({ maxHeaderSize: limits.requestBytes });
    this.#http.on('request', (_request, response) => {
      response.writeHead(426, { connection: 'close', upgrade: 'websocket' }).end();
    });
    this.#http.on('clientError', (_error, socket) => socket.destroy());
    this.#http.on('upgrade', (request, socket, head) => this.#upgrade(request, socket, head));
  }

  /** Takes over a fresh socket. */
  admit(raw: Socket): void {
    const { context, traffic } = this.#parts;
    const settle = this.#doorstep.admit(raw);
    if (settle === undefined) return;
    if (context === undefined) return this.#ask(raw, settle);
    raw.once('end', () => raw.destroy());
    raw.once('readable', () => {
      if (raw.readableLength === 0) return void raw.destroy();
      raw.removeAllListeners('end');
      const secureContext = contextOf(context);
      if (secureContext === undefined) return void raw.destroy();
      const socket = new tls.TLSSocket(raw, { isServer: true, secureContext });
      socket.on('error', () => socket.destroy());
      traffic.wrap(raw, socket);
      socket.once('secure', () => this.#ask(socket, settle));
    });
  }

  #ask(socket: Duplex, settle: () => void): void {
    this.#settle.set(socket, settle);
    this.#http.emit('connection', socket);
  }
  #upgrade(request: http.IncomingMessage, socket: Duplex, head: Buffer): void {
    const { origin } = request.headers;
    if (origin !== undefined && !this.#parts.origins.has(origin)) {
      this.#parts.refused(origin);
      socket.end('HTTP/1.1 403 Forbidden\r\nConnection: close\r\nContent-Length: 0\r\n\r\n', () =>
        socket.destroy(),
      );
      return;
    }
    const peer = request.headers['user-agent'];
    this.#upgrades.handleUpgrade(request, socket, head, (ws) => this.#shake(ws, socket, peer));
  }
  #shake(ws: WebSocket, socket: Duplex, peer: string | undefined): void {
    const { identity, accept, opened } = this.#parts;
    const drop = (): void => void socket.destroy();
    ws.on('error', drop);
    firstMessage(ws, socket, (challenge) => {
      const answer = signed(challenge, identity);
      if (answer === undefined) return drop();
      this.#settle.get(socket)?.();
      ws.off('error', drop);
      ws.send(answer);
      const wire = acceptedWire({ ws, socket, framer: this.#framer }, peer);
      opened(WebSocketConnection.attach(wire, undefined, accept), socket);
    });
  }
}

/** Undefined where its owner throws: one socket is lost by that, and not the process. */
const contextOf = (context: () => tls.SecureContext): tls.SecureContext | undefined => {
  try {
    return context();
  } catch {
    return undefined;
  }
};

/** Undefined for what is no challenge. */
const signed = (challenge: Uint8Array, identity: WebSocketIdentity): Uint8Array | undefined => {
  try {
    return answerTo(challenge, identity);
  } catch {
    return undefined;
  }
};
