/**
 * A network in a World: every byte takes its time, and anything can be cut. Counts what is written.
 */
import type { World } from '@bellwether/actors';
import type { Connection, ConnectionHandler, Netlayer, PeerLocation } from '@bellwether/ocapn';

/** An Accept that may know more of the connection than a router does. */
export type AcceptEnd = (end: End) => ConnectionHandler;

export interface NetworkOptions {
  readonly believesClaims?: boolean;
  readonly isOpenToAll?: boolean;
  readonly needsHints?: boolean;
  readonly namesThisMachine?: boolean;
  /** One way, in milliseconds. */
  readonly latencyMs?: number;
  /** Up to so much more, by the seed. Order on one connection stays. */
  readonly jitterMs?: number;
  /** Cuts what is sent into pieces of so many bytes. */
  readonly pieceBytes?: number;
  readonly records?: boolean;
  /** Bytes on the way at which `send` says no. */
  readonly highWaterBytes?: number;
}

/** One end of a connection. */
export class End implements Connection {
  readonly proved: PeerLocation | undefined;
  readonly records: boolean;
  readonly writes: Uint8Array[] = [];
  isPaused = false;
  isClosed = false;
  /** A test writes its bytes. */
  isRaw = false;
  /** Nothing that is sent arrives any more, and nothing says so. */
  isMute = false;
  other: End | undefined;
  handler: ConnectionHandler | undefined;
  readonly #network: Network;
  #waiting: Uint8Array[] = [];
  #onTheWayBytes = 0;
  #isFull = false;
  /** The world keeps no order among what is due together, a connection does. */
  readonly #line: (() => void)[] = [];
  constructor(network: Network, proved: PeerLocation | undefined) {
    this.#network = network;
    this.proved = proved;
    this.records = network.options.records ?? false;
  }
  send(bytes: Uint8Array): boolean {
    if (this.isClosed) throw new Error('sent after close');
    this.writes.push(bytes);
    const pieceBytes = this.#network.options.pieceBytes ?? bytes.length;
    for (let at = 0; at < bytes.length; at += pieceBytes)
      this.#carry(bytes.slice(at, at + pieceBytes));
    this.#onTheWayBytes += bytes.length;
    this.#isFull = this.#onTheWayBytes > (this.#network.options.highWaterBytes ?? Infinity);
    return !this.#isFull;
  }
  pause(): void {
    this.isPaused = true;
  }
  resume(): void {
    this.isPaused = false;
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const piece of waiting) this.arrive(piece);
  }
  close(): void {
    if (this.isClosed) return;
    this.isClosed = true;
    this.#later(() => {
      if (!this.isMute) this.other?.end();
    });
  }
  /** The wire is cut where nobody sees it: nothing arrives any more, and nothing is told. */
  lose(): void {
    this.isMute = true;
    if (this.other !== undefined) this.other.isMute = true;
  }
  /** The transport fails, for both ends. */
  cut(): void {
    this.end();
    this.other?.end();
  }
  arrive(piece: Uint8Array): void {
    if (this.isClosed) return;
    if (this.isPaused) this.#waiting.push(piece);
    else {
      this.other?.taken(piece.length);
      this.handler?.bytes(piece);
    }
  }
  /** The other end has read bytes of ours. */
  taken(byteCount: number): void {
    this.#onTheWayBytes -= byteCount;
    if (!this.#isFull || this.#onTheWayBytes > 0 || this.isClosed) return;
    this.#isFull = false;
    this.handler?.drained();
  }
  end(): void {
    if (this.isClosed) return;
    this.isClosed = true;
    this.handler?.closed();
  }
  #carry(piece: Uint8Array): void {
    this.#later(() => {
      if (!this.isMute) this.other?.arrive(piece);
    });
  }
  #later(task: () => void): void {
    this.#line.push(task);
    this.#network.world.at(this.#network.delayMs(), () => this.#line.shift()?.());
  }
}

/** Netlayers that reach each other. */
export class Network {
  readonly world: World;
  readonly options: NetworkOptions;
  latencyMs: number;
  /** Dialled ends, oldest first; `other` is the accepted end. */
  readonly lines: End[] = [];
  readonly #listeners = new Map<string, AcceptEnd>();
  constructor(world: World, options: NetworkOptions = {}) {
    this.world = world;
    this.options = options;
    this.latencyMs = options.latencyMs ?? 5;
  }
  /** How long the next thing takes. */
  delayMs(): number {
    const { jitterMs = 0 } = this.options;
    return this.latencyMs + (jitterMs === 0 ? 0 : jitterMs * this.world.random());
  }
  /** `dials: 'anonymous'`: its dials prove nothing. */
  netlayer(designator: string, dials: 'proved' | 'anonymous' = 'proved'): Netlayer {
    const me: PeerLocation = { transport: 'sim', designator, hints: {} };
    return {
      facts: {
        transport: 'sim',
        believesClaims: this.options.believesClaims ?? false,
        tellsEnds: false,
        provesAcceptorsOnly: false,
        isOpenToAll: this.options.isOpenToAll ?? false,
        needsHints: this.options.needsHints ?? false,
        namesThisMachine: this.options.namesThisMachine ?? false,
      },
      listen: (accept, ready) => {
        this.#listeners.set(designator, accept);
        ready(me);
      },
      dial: (to, accept, failed) =>
        this.world.at(this.delayMs(), () => {
          const acceptor = this.#listeners.get(to.designator);
          if (acceptor === undefined) failed(new Error(`nobody is ${to.designator}`));
          else this.join(me, accept, to, acceptor, dials === 'proved');
        }),
      close: (done) => {
        this.#listeners.delete(designator);
        for (const line of this.lines) if (!line.isClosed && !line.isMute) line.cut();
        done();
      },
    };
  }
  /** Whoever dials the designator gets what `accept` makes of it. */
  answerAs(designator: string, accept: AcceptEnd): void {
    this.#listeners.set(designator, accept);
  }
  /** What accepts connections to a peer. @throws Error when it does not listen. */
  acceptorOf(designator: string): AcceptEnd {
    const accept = this.#listeners.get(designator);
    if (accept === undefined) throw new Error(`nobody is ${designator}`);
    return accept;
  }
  /** A connection between a dialler and an acceptor. */
  join(
    from: PeerLocation,
    dial: AcceptEnd,
    to: PeerLocation,
    accept: AcceptEnd,
    isProved = true,
  ): End {
    const near = new End(this, to);
    const isBelieved = this.options.believesClaims === true;
    const far = new End(this, isProved && !isBelieved ? from : undefined);
    near.other = far;
    far.other = near;
    this.lines.push(near);
    near.handler = dial(near);
    far.handler = accept(far);
    return near;
  }
  /** Writes so far, of everybody. */
  get writeCount(): number {
    let count = 0;
    for (const line of this.lines) count += line.writes.length + (line.other?.writes.length ?? 0);
    return count;
  }
}
