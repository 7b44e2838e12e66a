/**
 * A link that can fail: a TCP proxy on an address of its own. What passes is TLS, so it can read nothing and pretend
 * nothing; it can only do what networks do.
 *
 *     pass      bytes as they come
 *     delay     the same, later, in order
 *     silent    no bytes, no FIN, no RST, in one way or both: a cut cable, a host without power
 *     reset     open connections get RST, new ones too
 *     refuse    the same, and nobody listens: ECONNREFUSED
 *
 * What is silent keeps what it was given, as TCP does: it arrives when the link heals.
 */
import net from 'node:net';

/** From the dialler, to the dialler, or both. */
export type Way = 'up' | 'down' | 'both';
/** What a link does. */
export type Manner =
  | { readonly kind: 'pass' | 'reset' | 'refuse' }
  | { readonly kind: 'delay'; readonly ms: number }
  | { readonly kind: 'silent'; readonly way: Way };

/** A link. `close` belongs to whoever made it. */
export interface Proxy {
  /** An address that nothing else uses, and a port on it. */
  readonly host: string;
  readonly port: number;
  /** Connections that are open now, those that are silent for ever included. */
  readonly openCount: number;
  /** Connections that were ever accepted. */
  readonly acceptedCount: number;
  /** Pieces from diallers that wait for a silent link to heal. */
  readonly heldUpCount: number;
  /** From now on all connections do this, and new ones; those that were abandoned stay silent. */
  become(manner: Manner): Promise<void>;
  /** The connections that are open stay silent for ever, as if a host had lost power; new ones do as before. */
  abandon(): void;
  /** New connections lead to this port of 127.0.0.1. */
  leadTo(port: number): void;
  close(): Promise<void>;
}

/** Makes a link that passes to a port of 127.0.0.1. */
export const makeProxy = async (port: number): Promise<Proxy> => {
  const proxy = new LinkProxy(port);
  await proxy.listen();
  return proxy;
};

class LinkProxy implements Proxy {
  readonly host: string;
  readonly #server: net.Server;
  readonly #connections: Set<Connection>;
  #target: number;
  #port: number;
  #manner: Manner;
  #accepted: number;

  constructor(target: number) {
    // A free port of 127.0.0.1 may be taken by a dialler while we refuse; of this address it is not.
    this.host = `127.${byte(1)}.${byte(0)}.${byte(1)}`;
    this.#target = target;
    this.#port = 0;
    this.#manner = { kind: 'pass' };
    this.#accepted = 0;
    this.#connections = new Set();
    this.#server = net.createServer({ pauseOnConnect: true, allowHalfOpen: true }, (socket) =>
      this.#accept(socket),
    );
  }

  get port(): number {
    return this.#port;
  }
  get openCount(): number {
    return this.#connections.size;
  }
  get acceptedCount(): number {
    return this.#accepted;
  }
  get heldUpCount(): number {
    return [...this.#connections].reduce((sum, { heldUpCount }) => sum + heldUpCount, 0);
  }

  listen(): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#server.once('error', reject);
      this.#server.listen(this.#port, this.host, () => {
        this.#server.off('error', reject);
        this.#port = (this.#server.address() as net.AddressInfo).port;
        resolve();
      });
    });
  }

  async become(manner: Manner): Promise<void> {
    const wasRefusing = this.#manner.kind === 'refuse';
    this.#manner = manner;
    for (const connection of this.#connections) connection.become(manner);
    if (manner.kind === 'refuse') this.#server.close();
    else if (wasRefusing) await this.listen();
  }
  abandon(): void {
    for (const connection of this.#connections) connection.abandon();
  }
  leadTo(port: number): void {
    this.#target = port;
  }
  async close(): Promise<void> {
    for (const connection of this.#connections) connection.destroy();
    if (this.#server.listening)
      await new Promise<void>((resolve) => this.#server.close(() => resolve()));
  }

  #accept(socket: net.Socket): void {
    this.#accepted += 1;
    const connection = new Connection(socket, this.#target, () =>
      this.#connections.delete(connection),
    );
    this.#connections.add(connection);
    connection.become(this.#manner);
  }
}

const byte = (least: number): number => least + Math.floor(Math.random() * (255 - least));

/** Two sockets; the second one is made when the first byte may pass. */
class Connection {
  readonly #dialler: net.Socket;
  readonly #port: number;
  readonly #gone: () => void;
  #acceptor: net.Socket | undefined;
  #lanes: readonly Lane[];
  #isAbandoned: boolean;

  constructor(dialler: net.Socket, port: number, gone: () => void) {
    this.#dialler = dialler;
    this.#port = port;
    this.#gone = gone;
    this.#acceptor = undefined;
    this.#lanes = [];
    this.#isAbandoned = false;
    dialler.on('error', () => undefined);
  }

  get heldUpCount(): number {
    return this.#lanes[0]?.heldCount ?? 0;
  }
  become(manner: Manner): void {
    if (this.#isAbandoned) return;
    if (manner.kind === 'reset' || manner.kind === 'refuse') return this.destroy();
    if (manner.kind !== 'silent' || manner.way !== 'both') this.#connect();
    const delayMs = manner.kind === 'delay' ? manner.ms : 0;
    const [up, down] = this.#lanes;
    const isSilent = (way: Way): boolean =>
      manner.kind === 'silent' && (manner.way === way || manner.way === 'both');
    up?.become(isSilent('up'), delayMs);
    down?.become(isSilent('down'), delayMs);
  }
  abandon(): void {
    this.become({ kind: 'silent', way: 'both' });
    this.#isAbandoned = true;
  }
  /** Ends both sides with RST. */
  destroy(): void {
    for (const socket of [this.#dialler, this.#acceptor]) socket?.resetAndDestroy();
    this.#gone();
  }

  #connect(): void {
    if (this.#acceptor !== undefined) return;
    const acceptor = net.connect({ host: '127.0.0.1', port: this.#port, allowHalfOpen: true });
    this.#acceptor = acceptor;
    const isOver = (): void => {
      if (this.#dialler.destroyed && acceptor.destroyed) this.#gone();
    };
    this.#lanes = [
      new Lane(this.#dialler, acceptor, () => this.destroy(), isOver),
      new Lane(acceptor, this.#dialler, () => this.destroy(), isOver),
    ];
  }
}

/**
 * One direction of a connection: what one socket reads and the other writes. What cannot pass now waits here and not
 * in a paused socket, since Node goes on reading from one and hears of its end.
 */
class Lane {
  readonly #waiting: (() => void)[];
  #isSilent: boolean;
  #delayMs: number;

  constructor(from: net.Socket, to: net.Socket, reset: () => void, over: () => void) {
    this.#waiting = [];
    this.#isSilent = true;
    this.#delayMs = 0;
    from.setNoDelay(true);
    from.on('error', () => undefined); // told by close
    from.on('data', (chunk) => this.#pass(() => void (to.destroyed || to.write(chunk))));
    from.on('end', () => this.#pass(() => void to.end()));
    from.on('close', (hadError) => this.#pass(hadError ? reset : over));
    from.resume();
  }

  get heldCount(): number {
    return this.#waiting.length;
  }
  become(isSilent: boolean, delayMs: number): void {
    this.#isSilent = isSilent;
    this.#delayMs = delayMs;
    if (!isSilent) for (const task of this.#waiting.splice(0)) task();
  }

  #pass(task: () => void): void {
    if (this.#isSilent) this.#waiting.push(task);
    // Timers of one length fire in the order in which they were set.
    else if (this.#delayMs > 0) setTimeout(() => this.#arrive(task), this.#delayMs);
    else task();
  }
  #arrive(task: () => void): void {
    if (this.#isSilent) this.#waiting.push(task);
    else task();
  }
}
