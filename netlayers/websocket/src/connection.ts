/**
 * A WebSocket as a Connection of whole records: one binary message each.
 *
 *     state    | event                                    | the handler is told   | next
 *     ---------+------------------------------------------+-----------------------+--------
 *     open     | a binary message came                    | bytes                 | open
 *     open     | a part of one came                       | partial               | open
 *     open     | the same, while it is paused             | when it is resumed    | open
 *     open     | a part of what was full has left         | moved                 | open
 *     open     | the socket's buffer ran empty            | drained               | open
 *     open     | the WebSocket was closed                 | closed()              | gone
 *     open     | a text came, a frame that is none, one   | closed(reason)        | closing
 *              | that is too long, or the socket failed   |                       |
 *     open     | the owner calls close                    | nothing               | closing
 *     open     | the netlayer calls end(reason)           | closed(reason)        | closing
 *     closing  | the peer has closed, too, or 1 s         | nothing               | gone
 *
 * `ws` reads and answers what is not a message. What is sent is framed here and goes to the socket beneath it, whole
 * frames only, so that the two can take turns.
 */
import type { Duplex } from 'node:stream';
import { TLSSocket } from 'node:tls';
import type { Accept, Connection, ConnectionHandler, PeerLocation } from '@bellwether/ocapn';
import type { RawData, WebSocket } from 'ws';
import type { Framer } from './frames.ts';
import { BATCH_BYTES, PIECE_COST_BYTES, STEP_BYTES } from './limits.ts';

/** Close codes of RFC 6455. */
const NORMAL = 1_000;
const UNSUPPORTED = 1_003;

/** What a connection stands on; all of it belongs to it from then on, but the framer. */
export interface Wire {
  readonly ws: WebSocket;
  /** Beneath `ws`, which nobody else writes messages to. */
  readonly socket: Duplex & { readonly bytesRead?: number };
  readonly framer: Framer;
  /** What stands around a short frame of the peer. */
  readonly frameBytes: number;
  /**
   * Frames are written one after the other, so that each is in a TLS record of its own. Goblins waits for its socket
   * and not for what GnuTLS has read already: of two frames in a record the second stays there until more comes.
   */
  readonly isPaced: boolean;
}

/** Bytes around a short frame, masked or not. */
const MASKED_FRAME_BYTES = 6;
const PLAIN_FRAME_BYTES = 2;
/** The end of an acceptor, which gets masked frames. `peer`: the name of the program that dials, if it has one. */
export const acceptedWire = (way: Pick<Wire, 'ws' | 'socket' | 'framer'>, peer?: string): Wire => ({
  ...way,
  frameBytes: MASKED_FRAME_BYTES,
  isPaced: isPaced(way.socket, peer),
});
/** A dialler's end; `peer` as above, of who has accepted. */
export const dialledWire = (way: Pick<Wire, 'ws' | 'socket' | 'framer'>, peer?: string): Wire => ({
  ...way,
  frameBytes: PLAIN_FRAME_BYTES,
  isPaced: isPaced(way.socket, peer),
});
/** Browsers and we say a name, Goblins says none. */
const isPaced = (socket: Duplex, peer: string | undefined): boolean =>
  peer === undefined && socket instanceof TLSSocket;

/** Made by `attach`; the netlayer may end what its owner does not. */
export class WebSocketConnection implements Connection {
  readonly proved: PeerLocation | undefined;
  readonly records = true;
  readonly #wire: Wire;
  #handler: ConnectionHandler | undefined = undefined;
  #isOver = false;
  #isPaused = false;
  /** What came while it was paused: as much as one chunk of the network had, and no more. */
  #held: Uint8Array[] = [];
  /** Why the peer is gone while some of what it sent is held. */
  #hasEnded = false;
  /** Of one tick. */
  #batch: Uint8Array[] = [];
  #batchBytes = 0;
  #isFull = false;
  /** Where frames are paced: those that wait for the one before them. */
  #waiting: Uint8Array[] = [];
  #waitingBytes = 0;
  #isWriting = false;
  /** Of what is not all there, in chunks of the network. */
  #partialBytes = 0;
  #pieceCount = 0;
  /** A message ended in this chunk. What stands behind it is not counted: less than a chunk. */
  #hasEndedOne = false;

  private constructor(wire: Wire, proved: PeerLocation | undefined) {
    this.#wire = wire;
    this.proved = proved;
  }

  /**
   * Hands an open WebSocket to whoever accepts, which may send, pause and close before it returns. To be called in
   * the tick in which `ws` opened or told of a message, so that none is missed.
   */
  static attach(wire: Wire, proved: PeerLocation | undefined, accept: Accept): WebSocketConnection {
    const connection = new WebSocketConnection(wire, proved);
    const { ws, socket } = wire;
    ws.on('error', (reason) => connection.end(reason));
    ws.on('close', () => connection.#gone());
    socket.on('error', (reason: Error) => connection.end(reason));
    const handler = accept(connection);
    if (connection.#isOver) return connection;
    connection.#handler = handler;
    ws.on('message', (data, isBinary) => connection.#message(data, isBinary));
    ws.on('ping', (data) => connection.#control(data.length));
    ws.on('pong', (data) => connection.#control(data.length));
    // Around the listener of `ws`, which tells of what is in it.
    socket.prependListener('data', (chunk: Uint8Array) => connection.#came(chunk.length));
    socket.on('data', () => connection.#read());
    // Paced frames have an end of their own to what waits.
    if (!wire.isPaced) socket.on('drain', () => connection.#drained());
    return connection;
  }

  /** Bytes that have come from the peer, whatever they are. */
  get heardBytes(): number {
    return this.#wire.socket.bytesRead ?? 0;
  }
  /** False while its owner reads nothing: then silence says nothing of the peer. */
  get isRead(): boolean {
    return !this.#isPaused;
  }
  ping(): void {
    if (!this.#isOver) this.#wire.ws.ping();
  }

  /** After the end of the connection the bytes are dropped, and the answer is false. */
  send(bytes: Uint8Array, isMore = false): boolean {
    if (this.#isOver) return false;
    this.#batch.push(bytes);
    this.#batchBytes += bytes.length;
    if (!isMore || this.#batchBytes >= BATCH_BYTES) this.#flush();
    return !this.#isFull;
  }
  pause(): void {
    if (this.#isOver || this.#isPaused) return;
    this.#isPaused = true;
    this.#wire.ws.pause();
  }
  resume(): void {
    if (this.#isOver || !this.#isPaused) return;
    this.#isPaused = false;
    if (this.#held.length === 0) this.#wire.ws.resume();
    // Never from inside the call.
    else process.nextTick(() => this.#release());
  }
  /** The reason is the owner's own, and is not told to the peer. */
  close(_reason?: Error): void {
    if (!this.#isOver) this.#retire(NORMAL);
  }
  /** As `close`, but the handler is told. */
  end(reason?: Error, code = NORMAL): void {
    if (this.#isOver) return;
    const handler = this.#handler;
    this.#retire(code);
    handler?.closed(reason);
  }

  #message(data: RawData, isBinary: boolean): void {
    if (this.#isOver) return;
    const bytes = plainBytes(data);
    if (!isBinary || bytes === undefined)
      return this.end(
        new TypeError('websocket: expected binary messages, found a text'),
        UNSUPPORTED,
      );
    this.#partialBytes = 0;
    this.#pieceCount = 0;
    this.#hasEndedOne = true;
    if (this.#isPaused || this.#held.length > 0) this.#held.push(bytes);
    else this.#handler?.bytes(bytes);
  }
  #came(byteCount: number): void {
    this.#partialBytes += byteCount;
    this.#pieceCount += 1;
    this.#hasEndedOne = false;
  }
  /** A frame of this many bytes that is no part of a message. */
  #control(byteCount: number): void {
    const { frameBytes } = this.#wire;
    this.#partialBytes = Math.max(0, this.#partialBytes - frameBytes - byteCount);
    if (this.#partialBytes === 0) this.#pieceCount = 0;
  }
  #read(): void {
    if (this.#isOver || this.#hasEndedOne || this.#partialBytes === 0) return;
    const heldBytes = this.#partialBytes + this.#pieceCount * PIECE_COST_BYTES;
    this.#handler?.partial?.(this.#partialBytes, heldBytes);
  }
  #release(): void {
    while (!this.#isOver && !this.#isPaused) {
      const next = this.#held.shift();
      if (next === undefined) break;
      this.#handler?.bytes(next);
    }
    if (this.#isOver || this.#isPaused) return;
    if (this.#hasEnded) this.end();
    else this.#wire.ws.resume();
  }
  #gone(): void {
    if (this.#held.length > 0) this.#hasEnded = true;
    else this.end();
  }

  #flush(): void {
    const messages = this.#batch;
    const byteCount = this.#batchBytes;
    this.#batch = [];
    this.#batchBytes = 0;
    const { framer, isPaced } = this.#wire;
    if (isPaced) return this.#pace(messages);
    const [only] = messages;
    const head =
      only !== undefined && messages.length === 1 && byteCount > BATCH_BYTES
        ? framer.head(byteCount)
        : undefined;
    if (only !== undefined && head !== undefined) this.#writeLong(only, head);
    else {
      const frames = framer.frame(messages);
      if (frames.length > STEP_BYTES) this.#writeLong(frames);
      else this.#isFull = !this.#wire.socket.write(frames);
    }
  }
  #pace(messages: readonly Uint8Array[]): void {
    for (const message of messages) {
      const frame = this.#wire.framer.frame([message]);
      this.#waiting.push(frame);
      this.#waitingBytes += frame.length;
    }
    this.#isFull = this.#waitingBytes >= BATCH_BYTES;
    if (!this.#isWriting) this.#writeNext();
  }
  readonly #writeNext = (): void => {
    const next = this.#waiting.shift();
    this.#isWriting = next !== undefined;
    if (next === undefined) {
      if (this.#isFull) this.#drained();
      return;
    }
    this.#waitingBytes -= next.length;
    this.#onStep();
    const { socket } = this.#wire;
    let at = 0;
    for (; next.length - at > STEP_BYTES; at += STEP_BYTES)
      socket.write(next.subarray(at, at + STEP_BYTES), this.#onStep);
    socket.write(next.subarray(at), this.#writeNext);
  };
  /** In steps, each of which tells when it has left. */
  #writeLong(bytes: Uint8Array, head?: Uint8Array): void {
    const { socket } = this.#wire;
    socket.cork();
    if (head !== undefined) socket.write(head);
    for (let at = 0; at < bytes.length; at += STEP_BYTES)
      this.#isFull = !socket.write(bytes.subarray(at, at + STEP_BYTES), this.#onStep);
    socket.uncork();
  }
  readonly #onStep = (): void => {
    if (this.#isFull) this.#handler?.moved?.();
  };
  #drained(): void {
    this.#isFull = false;
    this.#handler?.drained();
  }

  #retire(code: number): void {
    const { ws } = this.#wire;
    if (this.#batch.length > 0) this.#flush();
    // What waits has to stand before the close.
    for (const frame of this.#waiting.splice(0)) this.#wire.socket.write(frame);
    this.#isOver = true;
    this.#handler = undefined;
    this.#held = [];
    // Flushes what was written; gives the peer a second to close as well.
    ws.close(code);
    // What still comes is dropped: the peer's close would otherwise wait behind it for ever.
    ws.resume();
  }
}

const plainBytes = (data: RawData): Uint8Array | undefined =>
  data instanceof Uint8Array
    ? new Uint8Array(data.buffer, data.byteOffset, data.byteLength)
    : undefined;
