/**
 * A browser's WebSocket as a Connection of whole records.
 *
 *     state    | event                                       | the handler is told     | next
 *     ---------+---------------------------------------------+-------------------------+------
 *     open     | a binary message came                       | bytes                   | open
 *     open     | the same, while it is paused                | when it is resumed      | open
 *     open     | too much came while it is paused, a message | closed(reason)          | gone
 *              | that is too long, or a text                 |                         |
 *     open     | less than a quarter is unsent again         | drained                 | open
 *     open     | the WebSocket has closed                    | closed()                | gone
 *     open     | the owner calls close                       | nothing                 | gone
 *     open     | the netlayer calls end(reason)              | closed(reason)          | gone
 */
import type { Accept, Connection, ConnectionHandler, PeerLocation } from '@bellwether/ocapn';
import { MESSAGE_COST_BYTES, type PageLimits } from './limits.ts';
import { bytesOf, forget, type PageSocket } from './page-socket.ts';

/** Calls back so many milliseconds later; the result takes that back. */
export type After = (ms: number, task: () => void) => () => void;

/** What a connection needs of its page. */
export interface PageParts {
  readonly after: After;
  readonly limits: PageLimits;
  /** Told once, when it is over. */
  readonly gone: (connection: PageConnection) => void;
}

/** Made by `attach`. */
export class PageConnection implements Connection {
  readonly proved: PeerLocation;
  readonly records = true;
  readonly #socket: PageSocket;
  readonly #parts: PageParts;
  #handler: ConnectionHandler | undefined = undefined;
  #isOver = false;
  #isPaused = false;
  #held: Uint8Array[] = [];
  #heldBytes = 0;
  #hasEnded = false;
  #stopLooking: (() => void) | undefined = undefined;

  private constructor(socket: PageSocket, proved: PeerLocation, parts: PageParts) {
    this.#socket = socket;
    this.proved = proved;
    this.#parts = parts;
  }

  /** Hands an open socket to whoever accepts, which may send, pause and close before it returns. */
  static attach(
    socket: PageSocket,
    proved: PeerLocation,
    parts: PageParts,
    accept: Accept,
  ): PageConnection {
    const connection = new PageConnection(socket, proved, parts);
    const handler = accept(connection);
    if (connection.#isOver) return connection;
    connection.#handler = handler;
    socket.onmessage = ({ data }) => connection.#came(bytesOf(data));
    socket.onclose = () => connection.#ended();
    return connection;
  }

  send(bytes: Uint8Array): boolean {
    if (this.#isOver) return false;
    this.#socket.send(bytes);
    if (this.#socket.bufferedAmount < this.#parts.limits.unsentBytes) return true;
    this.#look();
    return false;
  }
  pause(): void {
    this.#isPaused = true;
  }
  resume(): void {
    if (!this.#isPaused) return;
    this.#isPaused = false;
    // Never from inside the call.
    if (this.#held.length > 0 || this.#hasEnded) this.#parts.after(0, () => this.#release());
  }
  close(_reason?: Error): void {
    this.#retire();
  }
  /** As `close`, but the handler is told. */
  end(reason?: Error): void {
    const handler = this.#handler;
    this.#retire();
    handler?.closed(reason);
  }

  #came(bytes: Uint8Array | undefined): void {
    const { messageBytes, heldBytes } = this.#parts.limits;
    if (bytes === undefined || bytes.length > messageBytes)
      return this.end(
        new RangeError(`websocket: expected binary messages of at most ${messageBytes} bytes`),
      );
    if (!this.#isPaused && this.#held.length === 0) return this.#handler?.bytes(bytes);
    this.#held.push(bytes);
    this.#heldBytes += bytes.length + MESSAGE_COST_BYTES;
    if (this.#heldBytes > heldBytes)
      this.end(new RangeError(`websocket: more than ${heldBytes} bytes came that nobody reads`));
  }
  #release(): void {
    while (!this.#isOver && !this.#isPaused) {
      const next = this.#held.shift();
      if (next === undefined) break;
      this.#heldBytes -= next.length + MESSAGE_COST_BYTES;
      this.#handler?.bytes(next);
    }
    if (this.#hasEnded && this.#held.length === 0 && !this.#isPaused) this.end();
  }
  #ended(): void {
    if (this.#held.length === 0) return this.end();
    this.#hasEnded = true;
  }
  #look(): void {
    const { after, limits } = this.#parts;
    this.#stopLooking ??= after(limits.lookMs, () => {
      this.#stopLooking = undefined;
      if (this.#isOver) return;
      if (this.#socket.bufferedAmount > limits.unsentBytes / 4) this.#look();
      else this.#handler?.drained();
    });
  }
  #retire(): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#handler = undefined;
    this.#held = [];
    this.#stopLooking?.();
    forget(this.#socket);
    // Flushes what was sent.
    this.#socket.close();
    this.#parts.gone(this);
  }
}
