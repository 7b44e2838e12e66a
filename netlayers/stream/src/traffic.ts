/** Everything that one stream netlayer has open: its server, its attempts to dial and its sockets. */
import type { OnReadOpts, Server } from 'node:net';
import type { Duplex } from 'node:stream';
import type { Accept, PeerLocation } from '@bellwether/ocapn';
import { StreamConnection } from './connection.ts';
import { DialAttempt } from './dial.ts';
import { BadPlace, NetlayerClosed } from './errors.ts';
import { READ_BYTES } from './limits.ts';
import { listenOn, type Port } from './listening.ts';

/** A connection as its netlayer ends it. */
export interface Ending {
  end(reason?: Error): void;
}

/** Owned by one netlayer. After `close` whatever is asked of it fails. */
export class Traffic {
  readonly #transport: string;
  readonly #lingers: boolean;
  readonly #dials: Set<DialAttempt>;
  readonly #sockets: Set<Duplex>;
  /** Of sockets that are none by themselves; undefined where there never was one. */
  #endings: Map<Duplex, Ending> | undefined;
  readonly #waiting: (() => void)[];
  readonly #onGone: (this: Duplex) => void;
  #reading: OnReadOpts | undefined;
  #server: Server | undefined;
  #isListening: boolean;
  #isClosed: boolean;

  /** `lingers`: what is closed here waits for the other end, see StreamConnection. */
  constructor(transport: string, lingers: boolean) {
    const sockets = new Set<Duplex>();
    const gone = (socket: Duplex): void => {
      this.#endings?.delete(socket);
      this.#settle();
    };
    this.#transport = transport;
    this.#lingers = lingers;
    this.#dials = new Set();
    this.#sockets = sockets;
    this.#endings = undefined;
    this.#waiting = [];
    // One listener for all sockets: an idle connection should cost bytes, not closures.
    this.#onGone = function onGone(this: Duplex): void {
      sockets.delete(this);
      gone(this);
    };
    this.#reading = undefined;
    this.#server = undefined;
    this.#isListening = false;
    this.#isClosed = false;
  }

  get isClosed(): boolean {
    return this.#isClosed;
  }

  /**
   * How a socket reads that is made to dial: all of them into one buffer, which their handlers only borrow. Node would
   * make one of 64 KiB for whatever comes, and a stream's chunk of it (`npm run bench -- fleet`).
   */
  get reading(): OnReadOpts {
    this.#reading ??= { buffer: new Uint8Array(READ_BYTES), callback: StreamConnection.onRead };
    return this.#reading;
  }

  /** Counts a socket in until it is gone; one that comes too late is destroyed. */
  hold(socket: Duplex): void {
    if (this.#isClosed) {
      socket.on('error', () => {
        // It is unwanted; how it ends is nobody's concern.
      });
      socket.destroy();
      return;
    }
    this.#sockets.add(socket);
    socket.on('close', this.#onGone); // comes once; `once` would make two objects for it
  }

  /** Counts the socket that wraps another one in its place: the outer one owns it from here. */
  wrap(inner: Duplex, outer: Duplex): void {
    inner.off('close', this.#onGone);
    this.#sockets.delete(inner);
    this.hold(outer);
  }

  /** Makes a connection of a socket that is held. */
  attach(socket: Duplex, proved: PeerLocation | undefined, accept: Accept): void {
    StreamConnection.attach(socket, proved, accept, this.#lingers);
  }

  /** Has `close` end this in place of a socket that is held: what is spoken over it has an end of its own. */
  leave(socket: Duplex, to: Ending): void {
    this.#endings ??= new Map();
    this.#endings.set(socket, to);
  }

  /**
   * Starts an attempt. `begin` runs in a tick of its own, so that no callback comes before the caller has its cancel.
   * The result is that cancel.
   */
  dial(
    place: string,
    deadlineMs: number,
    failed: (reason: Error) => void,
    begin: (dial: DialAttempt) => void,
    isForOthers = false,
  ): () => void {
    const over = (dial: DialAttempt): void => void this.#dials.delete(dial);
    const dial = new DialAttempt(place, deadlineMs, failed, over, isForOthers);
    this.#dials.add(dial);
    process.nextTick(() => {
      if (this.#isClosed) dial.fail(this.#closedReason());
      if (!dial.isOver) begin(dial);
    });
    return () => dial.cancel();
  }

  /**
   * Listens on a port of TCP, with the server that is made for it: one at a time. One of `ready`, with the port that it
   * has, and `failed` is called, once.
   */
  listen(
    at: Port,
    make: () => Server,
    ready: (port: number) => void,
    failed: (reason: Error) => void,
  ): void {
    const refuse = (reason: Error): void => process.nextTick(failed, reason);
    if (this.#isClosed) return refuse(this.#closedReason());
    if (this.#isListening)
      return refuse(new BadPlace(`${this.#transport}: this netlayer listens already`));
    this.#isListening = true;
    const server = make();
    const bound = (port: number): void => {
      if (this.#isClosed) return void server.close(() => failed(this.#closedReason()));
      this.serve(server);
      ready(port);
    };
    listenOn(at, this.#transport, server, bound, (reason) => {
      this.#isListening = false;
      failed(reason);
    });
  }

  /** Takes over a server that listens: it is closed with the rest. One at a time. */
  serve(server: Server): void {
    this.#server = server;
    server.on('error', () => {
      // A connection that could not be accepted (out of descriptors, reset in the queue) is its peer's to try again.
    });
  }

  /** Stops listening, fails the dials, ends the connections (flushed, at most 1 s), then calls `done`. */
  close(done: () => void): void {
    this.#waiting.push(done);
    if (!this.#isClosed) this.#closeAll();
    // Never from inside the call, like everything that is answered here.
    process.nextTick(() => this.#settle());
  }

  /** What a caller is told who asks for something after `close`. */
  closedReason(): NetlayerClosed {
    return this.#closedReason();
  }

  #closeAll(): void {
    this.#isClosed = true;
    const server = this.#server;
    server?.close(() => {
      this.#server = undefined;
      this.#settle();
    });
    for (const dial of [...this.#dials]) dial.fail(this.#closedReason());
    for (const socket of [...this.#sockets]) {
      const connection = StreamConnection.of(socket) ?? this.#endings?.get(socket);
      if (connection === undefined) socket.destroy();
      else connection.end(this.#closedReason());
    }
  }

  #settle(): void {
    if (!this.#isClosed || this.#sockets.size > 0 || this.#server !== undefined) return;
    for (const done of this.#waiting.splice(0)) done();
  }

  #closedReason(): NetlayerClosed {
    return new NetlayerClosed(`${this.#transport}: this netlayer is closed`);
  }
}
