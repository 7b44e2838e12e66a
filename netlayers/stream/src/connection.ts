/**
 * A Node duplex as a Connection.
 *
 *     state    | event                              | the handler is told | next
 *     ---------+------------------------------------+---------------------+--------
 *     open     | a chunk came                       | bytes               | open
 *     open     | the write buffer ran empty         | drained             | open
 *     open     | the peer ended its half            | closed()            | closing
 *     open     | the socket failed                  | closed(reason)      | gone
 *     open     | the socket is gone without a word  | closed()            | gone
 *     open     | the owner calls close              | nothing             | closing
 *     open     | the netlayer calls end(reason)     | closed(reason)      | closing
 *     closing  | a chunk came                       | nothing: dropped    | closing
 *     closing  | flushed and the peer ended, or 1 s | nothing             | gone
 *     closing  | flushed, where nothing lingers     | nothing             | gone
 *
 * Leaving `open` forgets the handler, so that nothing can be told afterwards. A half-closed conversation is over:
 * CapTP has no use for a peer that can no longer answer.
 */
import type { Duplex } from 'node:stream';
import type { Accept, Connection, ConnectionHandler, PeerLocation } from '@bellwether/ocapn';
import { CLOSE_MS } from './limits.ts';

// The connection hangs on its socket, and the listeners are shared by all sockets: no closure per connection.
const owner: unique symbol = Symbol('connection');
type Owned = Duplex & { [owner]?: StreamConnection };

/** The connection of a socket, for the netlayer that made it: it may end what its owner does not. */
export class StreamConnection implements Connection {
  readonly proved: PeerLocation | undefined;
  readonly records = false;
  readonly #socket: Duplex;
  readonly #lingers: boolean;
  #handler: ConnectionHandler | undefined;
  #isOver: boolean;

  private constructor(socket: Duplex, proved: PeerLocation | undefined, lingers: boolean) {
    this.proved = proved;
    this.#lingers = lingers;
    this.#socket = socket;
    this.#handler = undefined;
    this.#isOver = false;
  }

  /**
   * Hands a connected socket to whoever accepts. From here the socket belongs to the connection, which is the last
   * to listen to its errors. `accept` may send, pause or close before it returns. `lingers`: once it is closed it waits
   * for the peer's end, since a network may lose what it carries when an end is gone; a kernel alone does not, and
   * where anybody may connect a peer that never ends would keep a descriptor of ours meanwhile.
   */
  static attach(
    socket: Duplex,
    proved: PeerLocation | undefined,
    accept: Accept,
    lingers = true,
  ): StreamConnection {
    const connection = new StreamConnection(socket, proved, lingers);
    const owned: Owned = socket;
    owned[owner] = connection;
    socket.on('error', StreamConnection.#onError);
    socket.on('close', StreamConnection.#onClose);
    const handler = accept(connection);
    if (connection.#isOver) return connection;
    connection.#handler = handler;
    socket.on('drain', StreamConnection.#onDrain);
    socket.on('end', StreamConnection.#onEnd);
    socket.on('data', StreamConnection.#onData);
    return connection;
  }

  /** The connection that was attached to a socket; undefined while it is still shaking hands. */
  static of(socket: Duplex): StreamConnection | undefined {
    const owned: Owned = socket;
    return owned[owner];
  }

  /** After the end of the connection the bytes are dropped, and the answer is false. */
  send(bytes: Uint8Array, isMore = false): boolean {
    if (this.#isOver) return false;
    const socket = this.#socket;
    if (!isMore && socket.writableCorked === 0) return socket.write(bytes);
    if (socket.writableCorked === 0) socket.cork();
    const isTaken = socket.write(bytes);
    if (!isMore) socket.uncork();
    return isTaken;
  }
  pause(): void {
    if (!this.#isOver) this.#socket.pause();
  }
  resume(): void {
    if (!this.#isOver) this.#socket.resume();
  }
  /** The reason is the owner's own; a byte stream has no way to tell it. */
  close(_reason?: Error): void {
    if (!this.#isOver) this.#retire();
  }
  /** As `close`, but the handler is told: for a netlayer that is closed under its connections. */
  end(reason?: Error): void {
    if (this.#isOver) return;
    const handler = this.#handler;
    this.#retire();
    handler?.closed(reason);
  }

  #retire(): void {
    const socket = this.#socket;
    this.#isOver = true;
    this.#handler = undefined;
    if (socket.destroyed) return;
    if (this.#lingers) socket.end();
    else socket.end(() => socket.destroy());
    // What still comes is read and dropped: the peer's end would otherwise wait behind it for ever.
    socket.resume();
    const timer = setTimeout(() => socket.destroy(), CLOSE_MS);
    timer.unref();
    socket.once('close', () => clearTimeout(timer));
  }

  /** What a socket that was made with an `onread` of this tells: so many bytes at the front of its buffer. */
  static onRead(this: Owned, byteCount: number, buffer: Uint8Array): boolean {
    const connection = this[owner];
    if (connection !== undefined)
      connection.#handler?.bytes(new Uint8Array(buffer.buffer, buffer.byteOffset, byteCount));
    return true;
  }
  static #onData(this: Owned, chunk: Uint8Array): void {
    // A plain view: on a Buffer, slice() is no copy and would pin the whole chunk for whoever keeps a key of it.
    const view = new Uint8Array(chunk.buffer, chunk.byteOffset, chunk.byteLength);
    const connection = this[owner];
    if (connection !== undefined) connection.#handler?.bytes(view);
  }
  static #onDrain(this: Owned): void {
    const connection = this[owner];
    if (connection !== undefined) connection.#handler?.drained();
  }
  static #onEnd(this: Owned): void {
    this[owner]?.end();
  }
  static #onError(this: Owned, reason: Error): void {
    this[owner]?.end(reason);
  }
  static #onClose(this: Owned): void {
    this[owner]?.end();
  }
}
