/**
 * The transport of OCapN's conformance suite: a TCP stream of bare Syrup, without keys and without a preamble.
 *
 *     hints      host, port
 *     listens    on an address of the loopback
 *     dials      addresses of the loopback, and nothing that has to be looked up
 *     believes   whom a hello claims to be
 *
 * The suite gives out references to peers that have only ever dialled us, and crosses hellos with them; so a claim
 * has to count as proved here. Anybody could take over anybody's sessions by that: it is for one machine, and tests.
 */
import net from 'node:net';
import type { Accept, Netlayer, NetlayerFacts, PeerLocation } from '@bellwether/ocapn';
import { BadPlace, systemCode, Traffic, Unreachable } from '@bellwether/netlayer-stream';
import { BACKLOG, CONNECTION_COUNT, DIAL_MS } from './limits.ts';
import { type LoopbackAddress, loopbackHost, portOf } from './loopback.ts';

const TRANSPORT = 'tcp-testing-only';
const FACTS: NetlayerFacts = {
  transport: TRANSPORT,
  believesClaims: true,
  needsHints: true,
  /** A port of the loopback is as much of this machine as a path: whoever wants it opened for others says so. */
  namesThisMachine: true,
  /** The kernel sees both ends. */
  tellsEnds: true,
  provesAcceptorsOnly: false,
  isOpenToAll: false,
};

/** How one peer uses the test transport. */
export interface TestingOptions {
  /** The designator of this peer's own location: any name, since nothing proves it. */
  readonly designator: string;
  /** An address of the loopback to listen on; default 127.0.0.1. */
  readonly host?: string;
  /** Default: the system chooses one. */
  readonly port?: number;
  /** Inbound connections at once; more are closed unheard. Default 256. */
  readonly connectionCount?: number;
}

/** A netlayer over bare TCP that stays on this machine. Owned by whoever closes it. */
export function testingNetlayer(options: TestingOptions): Netlayer {
  return new TestingNetlayer(options);
}

class TestingNetlayer implements Netlayer {
  readonly facts = FACTS;
  readonly #options: TestingOptions;
  readonly #traffic: Traffic;

  constructor(options: TestingOptions) {
    this.#options = options;
    this.#traffic = new Traffic(TRANSPORT, true);
  }

  listen(accept: Accept, ready: (at: PeerLocation) => void, failed: (reason: Error) => void): void {
    const { host: wanted = '127.0.0.1', port = 0 } = this.#options;
    const host = loopbackHost(wanted);
    if (host === undefined) {
      const what = `${TRANSPORT}: cannot listen on ${wanted}: ${ONLY_HERE}`;
      return process.nextTick(failed, new BadPlace(what));
    }
    this.#traffic.listen(
      { bindHost: host, port, backlog: BACKLOG, takenHint: TAKEN_HINT },
      () => this.#server(accept),
      (bound) => ready(this.#location(host, bound)),
      failed,
    );
  }

  dial(to: PeerLocation, accept: Accept, failed: (reason: Error) => void): () => void {
    const { host = 'nowhere', port = '' } = to.hints;
    return this.#traffic.dial(`${TRANSPORT}: ${host}:${port}`, DIAL_MS, failed, (dial) => {
      const address = addressOf(to);
      if (address === undefined)
        return dial.fail(
          new BadPlace(
            `${TRANSPORT}: cannot dial a ${to.transport} location at ${host}:${port}: ${ONLY_HERE}`,
          ),
        );
      const socket = net.connect({ ...address, noDelay: true, onread: this.#traffic.reading });
      this.#traffic.hold(socket);
      dial.use(socket);
      const onError = (error: Error): void => {
        const code = systemCode(error);
        const found = code === 'ECONNREFUSED' ? 'nobody listens there' : 'cannot connect';
        dial.fail(new Unreachable(dial.place, `${found} (${code})`, { cause: error }));
      };
      socket.once('error', onError);
      socket.once('connect', () => {
        if (!dial.succeed()) return;
        this.#traffic.attach(socket, undefined, accept);
        socket.off('error', onError);
      });
    });
  }

  close(done: () => void): void {
    this.#traffic.close(done);
  }

  #server(accept: Accept): net.Server {
    const server = net.createServer({ noDelay: true }, (socket) => {
      this.#traffic.hold(socket);
      if (!this.#traffic.isClosed) this.#traffic.attach(socket, undefined, accept);
    });
    server.maxConnections = this.#options.connectionCount ?? CONNECTION_COUNT;
    return server;
  }

  #location(host: string, port: number): PeerLocation {
    const { designator } = this.#options;
    return { transport: TRANSPORT, designator, hints: { host, port: String(port) } };
  }
}

const ONLY_HERE = 'this transport proves nobody and stays on the loopback, 127.0.0.0/8 or ::1';

const TAKEN_HINT = 'stop what listens there, or choose another port';

const addressOf = (to: PeerLocation): LoopbackAddress | undefined => {
  const { host, port } = to.hints;
  if (to.transport !== TRANSPORT || host === undefined || port === undefined) return undefined;
  const [here, number] = [loopbackHost(host), portOf(port)];
  return here === undefined || number === undefined ? undefined : { host: here, port: number };
};
