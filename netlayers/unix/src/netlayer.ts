/**
 * OCapN on unix sockets: bare Syrup records on the stream, as in the byte-stream netlayers of Goblins. A socket proves
 * nothing about who connects; what may be believed depends on who can.
 *
 *     mode      transport      hints        who connects       a hello       whoever dials believes
 *     private   unix           path         the owner, root    is believed   what stands at the path
 *     shared    unix-shared    path, uid    any local user     proves none   it too, where folder and socket are the
 *                                                                            user's that the location names, or root's
 *
 * Goblins 0.18 has no layer that could meet the private one: its `testuds` accepts inside an actor turn and then
 * hangs. A shim on Goblins' base port that implements this location is 25 lines, and what interoperation will use.
 */
import net from 'node:net';
import type { Accept, Netlayer, PeerLocation } from '@bellwether/ocapn';
import { BadPlace, type Traffic } from '@bellwether/netlayer-stream';
import { type DiallerOptions, UnixDialler } from './dialler.ts';
import { CONNECTION_COUNT, SHARED_CONNECTION_COUNT } from './limits.ts';
import { SocketFile, type SocketPlace } from './socket-file.ts';

/** How one peer uses unix sockets. */
export interface UnixOptions extends DiallerOptions {
  /** Where to listen; absent for a peer that only dials. */
  readonly place?: SocketPlace;
  /** Inbound connections at once; more are closed unheard. Default 1,024, shared 3,584. */
  readonly connectionCount?: number;
}

/** A netlayer over unix sockets. Owned by whoever closes it. */
export function unixNetlayer(options: UnixOptions): Netlayer {
  return new UnixNetlayer(options);
}

class UnixNetlayer extends UnixDialler {
  readonly #options: UnixOptions;
  #file: SocketFile | undefined;
  #isListening: boolean;

  constructor(options: UnixOptions) {
    super(options);
    this.#options = options;
    this.#file = undefined;
    this.#isListening = false;
  }

  override listen(
    accept: Accept,
    ready: (at: PeerLocation) => void,
    failed: (reason: Error) => void,
  ): void {
    const { place, designator } = this.#options;
    const refuse = (reason: Error): void => process.nextTick(failed, reason);
    if (place === undefined) return super.listen(accept, ready, failed);
    if (this.traffic.isClosed) return refuse(this.traffic.closedReason());
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
        this.mode,
        (file) => {
          if (this.traffic.isClosed) return dropLate(server, file, this.traffic, fail);
          this.#file = file;
          this.traffic.serve(server);
          ready({ transport: this.transport, designator, hints: this.#hints(place) });
        },
        fail,
      );
    } catch (error) {
      fail(error instanceof Error ? error : new BadPlace('unix: cannot listen', { cause: error }));
    }
  }

  override close(done: () => void): void {
    this.#file?.remove();
    this.#file = undefined;
    super.close(done);
  }

  #hints({ path }: SocketPlace): PeerLocation['hints'] {
    const uid = process.geteuid?.();
    return this.mode === 'private' || uid === undefined ? { path } : { path, uid: String(uid) };
  }
  #server(accept: Accept): net.Server {
    const server = net.createServer((socket) => {
      this.traffic.hold(socket);
      if (!this.traffic.isClosed) this.traffic.attach(socket, undefined, accept);
    });
    const usual = this.mode === 'private' ? CONNECTION_COUNT : SHARED_CONNECTION_COUNT;
    server.maxConnections = this.#options.connectionCount ?? usual;
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
