/**
 * One CapTP conversation over one connection: bytes in, messages for the vat out, and the other way
 * round. It knows no socket, no clock and no peer but its own.
 *
 *   state    bytes carry                 goes to   when
 *   hello    op:start-session, alone     open      the hello is signed well and the host admits it
 *            op:abort                    closed
 *   open     every other operation       closed    op:abort, a frame that is refused, abort(), the
 *                                                  connection's end
 *   closed   nothing
 *
 * Our own hello is written when the connection stands, without waiting for the peer's. A refused
 * frame ends this session and touches no other. The first operation after the hello, an abort
 * aside, confirms that the peer has read ours: until then a dialled session may still lose a
 * crossing.
 */
import { ActorError, type Connector, Severed, type Target } from '@bellwether/actors';
import { Decode } from '../errors.ts';
import { type Hello, judgeHello } from '../identity/hello.ts';
import type { Connection, ConnectionHandler } from '../netlayer.ts';
import type { Operation, StartSession } from '../wire/operations.ts';
import { writeAbort } from '../wire/write.ts';
import { Assembly } from './assembly.ts';
import type { SessionHost } from './host.ts';
import { Incoming } from './incoming.ts';
import { type Sender, Unsent } from './outbox.ts';
import { Outgoing } from './outgoing.ts';
import { Tables } from './tables.ts';

/** Entries that a session holds. */
export interface TableCounts {
  readonly exports: number;
  readonly imports: number;
  readonly questions: number;
  readonly answers: number;
}

/**
 * A session. Made by a router for each connection; hand it to the netlayer as the connection's
 * handler.
 */
export class Session implements ConnectionHandler, Sender {
  readonly connection: Connection;
  readonly unsent = new Unsent();
  /** For logs: who the peer is, as far as it is known. */
  label = 'unknown';
  readonly #host: SessionHost;
  readonly #tables = new Tables();
  readonly #outgoing: Outgoing;
  readonly #incoming: Incoming;
  #state: 'hello' | 'open' | 'closed' = 'hello';
  #hello: Hello | undefined;
  #isConfirmed = false;
  #endedHere = false;
  /** Set while a record is not all there. */
  #assembly: Assembly | undefined;

  constructor(host: SessionHost, connection: Connection, hello: Hello) {
    this.#host = host;
    this.connection = connection;
    this.#hello = hello;
    this.#outgoing = new Outgoing(host, this, this.#tables);
    this.#incoming = new Incoming(host, this, this.#tables, this.#outgoing);
    const out = host.outbox.begin(this);
    out.raw(hello.bytes);
    out.end();
    host.outbox.end(this);
  }

  get isOpen(): boolean {
    return this.#state === 'open';
  }
  get isClosed(): boolean {
    return this.#state === 'closed';
  }
  /** True once the peer has shown that it read our hello. */
  get isConfirmed(): boolean {
    return this.#isConfirmed;
  }
  /** True when we ended the session, not the peer or the transport. */
  get endedHere(): boolean {
    return this.#endedHere;
  }
  /** The vat's side of this session. */
  get connector(): Connector {
    return this.#outgoing;
  }
  /** The peer's bootstrap object, as a target of `connector`. */
  get bootstrap(): Target {
    return this.#outgoing.bootstrap;
  }
  get counts(): TableCounts {
    const { exports, imports, answers } = this.#tables;
    return {
      exports: exports.objectCount,
      imports: imports.size,
      questions: exports.questionCount,
      answers: answers.size,
    };
  }

  bytes(chunk: Uint8Array): void {
    try {
      this.#take(chunk);
    } catch (error) {
      this.#refuse(error);
    }
  }
  drained(): void {
    this.unsent.isBlocked = false;
    this.#host.outbox.push(this);
  }
  closed(reason?: Error): void {
    this.#end(new Severed('captp: the connection ended', reason && { cause: reason }));
  }

  beforeFlush(): void {
    this.#outgoing.writeGarbage();
  }
  choked(): void {
    this.#close('captp: the peer does not read what it is sent');
  }
  /** Ends the session and tells the peer why. The reason must hold no secret. */
  abort(reason: string): void {
    if (this.isClosed) return;
    this.#endedHere = true;
    writeAbort(this.#host.outbox.begin(this), reason);
    this.#host.outbox.end(this);
    this.#host.outbox.push(this);
    this.#close(reason);
  }

  #take(chunk: Uint8Array): void {
    let at = this.#assembly === undefined ? 0 : this.#resume(this.#assembly, chunk);
    while (at < chunk.length && !this.isClosed) {
      const operation = this.#host.reader.read(chunk, at, this.#recordBytes, false);
      if (operation === undefined) return this.#suspend(chunk, at);
      at = this.#host.reader.end;
      if (this.connection.records && at !== chunk.length)
        throw new Decode(`captp: expected one record, found ${chunk.length - at} bytes behind it`);
      this.#handle(operation);
    }
  }
  /** The record goes on in the next chunk. */
  #suspend(chunk: Uint8Array, at: number): void {
    if (this.connection.records) throw new Decode('captp: expected a whole record, found a part');
    this.#assembly = new Assembly(this.#host.limits);
    this.#assembly.begin(this.#recordBytes);
    if (this.#assembly.take(chunk, at) >= 0)
      throw new Decode('captp: a record is whole for one reader and not for the other');
  }
  /**
   * The offset behind the record that was waited for; the chunk's length when it is still not
   * there.
   */
  #resume(assembly: Assembly, chunk: Uint8Array): number {
    const end = assembly.take(chunk, 0);
    if (end < 0) return chunk.length;
    this.#assembly = undefined;
    const record = assembly.finish();
    const operation = this.#host.reader.read(record, 0, this.#recordBytes, true);
    if (operation === undefined || this.#host.reader.end !== record.length)
      throw new Decode('captp: a record is whole for one reader and not for the other');
    this.#handle(operation);
    return end;
  }
  get #recordBytes(): number {
    const { helloBytes, recordBytes } = this.#host.limits;
    return this.#state === 'hello' ? helloBytes : recordBytes;
  }

  #handle(operation: Operation): void {
    if (operation.op === 'abort') return this.#close(`aborted by the peer: ${operation.reason}`);
    if (this.#state === 'open') {
      if (!this.#isConfirmed) this.#confirm();
      return this.#incoming.handle(operation);
    }
    if (operation.op !== 'start-session')
      throw new Decode(`captp: expected op:start-session, found ${operation.op}`);
    this.#greeted(operation);
  }
  #confirm(): void {
    this.#isConfirmed = true;
    this.#host.confirmed(this);
  }
  #greeted(theirs: StartSession): void {
    const hello = this.#hello;
    if (hello === undefined) return;
    const peer = judgeHello(this.#host.crypto, hello, theirs);
    const room = this.#host.admit(this, peer);
    if (room === undefined) return;
    this.#tables.room = room;
    this.#hello = undefined;
    this.#state = 'open';
    this.#host.opened(this);
  }
  /**
   * Our own errors say what was wrong with the frame; anything else is a fault here, and the log's
   * business.
   */
  #refuse(error: unknown): void {
    const isOurs = error instanceof ActorError;
    const reason = isOurs ? error.message : String(error);
    this.#host.log('captp.refused', { peer: this.label, reason });
    this.abort(isOurs ? reason : 'internal error');
  }
  #close(reason: string): void {
    if (this.isClosed) return;
    this.connection.close();
    this.#end(new Severed(reason));
  }
  #end(reason: Error): void {
    if (this.isClosed) return;
    this.#state = 'closed';
    this.#assembly = undefined;
    this.#host.outbox.forget(this);
    const open = this.#tables.exports.clear();
    this.#tables.imports.clear();
    this.#tables.answers.clear();
    this.#host.gone(this, reason);
    this.#outgoing.end(reason, open);
  }
}
