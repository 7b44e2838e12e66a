/**
 * OCapN on unix sockets: bare Syrup records on the stream, as in the byte-stream netlayers of Goblins.
 *
 * The transport is called `unix` and its locations have one hint, `path`. Goblins 0.18 has no layer that could meet
 * it: its `testuds` accepts inside an actor turn and then hangs. A shim on Goblins' base port that implements this
 * location is 25 lines, and what interoperation will use.
 *
 * The socket proves nothing about who connects. In a private folder nobody but the owner can, so that there a hello
 * may be believed; in a shared one everybody is anonymous and has what his references give.
 */
import net from 'node:net';
import type { Accept, Netlayer, PeerLocation } from '@bellwether/ocapn';
import { BadPlace, Traffic } from '@bellwether/netlayer-stream';
import { connectUnix } from './connect.ts';
import { CONNECTION_COUNT, DIAL_MS } from './limits.ts';
import { SocketFile, type SocketPlace } from './socket-file.ts';

const TRANSPORT = 'unix';

/** How one peer uses unix sockets. */
export interface UnixOptions {
  /** The designator of this peer's own location. */
  readonly designator: string;
  /** Where to listen; absent for a peer that only dials. */
  readonly place?: SocketPlace;
  /** Inbound connections at once; more are closed unheard. Default 1,024. */
  readonly connectionCount?: number;
}

/** A netlayer over unix sockets. Owned by whoever closes it. */
export function unixNetlayer(options: UnixOptions): Netlayer {
  return new UnixNetlayer(options);
}

class UnixNetlayer implements Netlayer {
  readonly transport = TRANSPORT;
  readonly claims: 'proved' | 'believed';
  /** The kernel sees both ends: a client that was suspended for an hour is no dead one. */
  readonly tellsEnds = true;
  readonly #options: UnixOptions;
  readonly #traffic: Traffic;
  #file: SocketFile | undefined;
  #isListening: boolean;

  constructor(options: UnixOptions) {
    this.claims = options.place?.mode === 'shared' ? 'proved' : 'believed';
    this.#options = options;
    this.#traffic = new Traffic(TRANSPORT);
    this.#file = undefined;
    this.#isListening = false;
  }

  listen(accept: Accept, ready: (at: PeerLocation) => void, failed: (reason: Error) => void): void {
    const { place, designator } = this.#options;
    const refuse = (reason: Error): void => process.nextTick(failed, reason);
    if (place === undefined) return refuse(new BadPlace('unix: no path to listen on'));
    if (this.#traffic.isClosed) return refuse(this.#traffic.closedReason());
    if (this.#isListening) return refuse(new BadPlace(`unix: listens on ${place.path} already`));
    this.#isListening = true;
    const fail = (reason: Error): void => {
      this.#isListening = false;
      refuse(reason);
    };
    const server = this.#server(accept);
    try {
      SocketFile.bind(
        server,
        place,
        (file) => {
          if (this.#traffic.isClosed) return dropLate(server, file, this.#traffic, fail);
          this.#file = file;
          this.#traffic.serve(server);
          ready({ transport: TRANSPORT, designator, hints: { path: place.path } });
        },
        fail,
      );
    } catch (error) {
      fail(error instanceof Error ? error : new BadPlace('unix: cannot listen', { cause: error }));
    }
  }

  dial(to: PeerLocation, accept: Accept, failed: (reason: Error) => void): () => void {
    const at = to.hints['path'];
    return this.#traffic.dial(`unix: ${at ?? 'nowhere'}`, DIAL_MS, failed, (dial) => {
      connectUnix(dial, to, (socket) => {
        this.#traffic.hold(socket);
        this.#traffic.attach(socket, undefined, accept);
      });
    });
  }

  close(done: () => void): void {
    this.#file?.remove();
    this.#file = undefined;
    this.#traffic.close(done);
  }

  #server(accept: Accept): net.Server {
    const server = net.createServer((socket) => {
      this.#traffic.hold(socket);
      if (!this.#traffic.isClosed) this.#traffic.attach(socket, undefined, accept);
    });
    server.maxConnections = this.#options.connectionCount ?? CONNECTION_COUNT;
    return server;
  }
}

/** The netlayer was closed while its socket was being bound. */
function dropLate(
  server: net.Server,
  file: SocketFile,
  traffic: Traffic,
  failed: (reason: Error) => void,
): void {
  file.remove();
  server.close(() => failed(traffic.closedReason()));
}
