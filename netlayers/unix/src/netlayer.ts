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
 * hangs. `test/interop/goblins/unix.scm` gives it one, on its own base port.
 */
import net from 'node:net';
import type { Accept, Netlayer, PeerLocation } from '@bellwether/ocapn';
import { BadPlace, type Traffic } from '@bellwether/netlayer-stream';
import { type Listener, TRANSPORT, UnixSockets } from './dialler.ts';
import type { Mode } from './folder.ts';
import { CONNECTION_COUNT, SHARED_CONNECTION_COUNT } from './limits.ts';
import { SocketFile, type SocketPlace } from './socket-file.ts';

/** How one peer uses unix sockets. */
export interface UnixOptions {
  /** The designator of this peer's own location. */
  readonly designator: string;
  /** Which of the two transports this is, for dialling and for listening. Default `private`. */
  readonly mode?: Mode;
  /** Where to listen; absent for a peer that only dials. */
  readonly place?: SocketPlace;
  /** Inbound connections at once; more are closed unheard. Default 1,024, shared 3,584. */
  readonly connectionCount?: number;
}

/** A netlayer over unix sockets. Owned by whoever closes it. */
export function unixNetlayer(options: UnixOptions): Netlayer {
  const { place, mode = 'private' } = options;
  return new UnixSockets(mode, place && new UnixListener(options, mode, place));
}

class UnixListener implements Listener {
  readonly #options: UnixOptions;
  readonly #mode: Mode;
  readonly #place: SocketPlace;
  #file: SocketFile | undefined;
  #isListening: boolean;

  constructor(options: UnixOptions, mode: Mode, place: SocketPlace) {
    this.#options = options;
    this.#mode = mode;
    this.#place = place;
    this.#file = undefined;
    this.#isListening = false;
  }

  listen(
    traffic: Traffic,
    accept: Accept,
    ready: (at: PeerLocation) => void,
    failed: (reason: Error) => void,
  ): void {
    const place = this.#place;
    const refuse = (reason: Error): void => process.nextTick(failed, reason);
    if (traffic.isClosed) return refuse(traffic.closedReason());
    if (this.#isListening) return refuse(new BadPlace(`unix: listens on ${place.path} already`));
    this.#isListening = true;
    const fail = (reason: Error): void => {
      this.#isListening = false;
      refuse(reason);
    };
    const server = this.#server(traffic, accept);
    try {
      SocketFile.bind(
        server,
        place,
        this.#mode,
        (file) => {
          if (traffic.isClosed) return dropLate(server, file, traffic, fail);
          this.#file = file;
          traffic.serve(server);
          ready(this.#location());
        },
        fail,
      );
    } catch (error) {
      fail(error instanceof Error ? error : new BadPlace('unix: cannot listen', { cause: error }));
    }
  }

  close(): void {
    this.#file?.remove();
    this.#file = undefined;
  }

  #location(): PeerLocation {
    const { designator } = this.#options;
    const { path } = this.#place;
    const uid = process.geteuid?.();
    const hints =
      this.#mode === 'private' || uid === undefined ? { path } : { path, uid: `${uid}` };
    return { transport: TRANSPORT[this.#mode], designator, hints };
  }
  #server(traffic: Traffic, accept: Accept): net.Server {
    const server = net.createServer((socket) => {
      traffic.hold(socket);
      if (!traffic.isClosed) traffic.attach(socket, undefined, accept);
    });
    const usual = this.#mode === 'private' ? CONNECTION_COUNT : SHARED_CONNECTION_COUNT;
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
