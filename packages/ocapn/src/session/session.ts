/**
 * One CapTP conversation over one connection: bytes in, messages for the vat out, and the other way
 * round. It knows no socket, no clock and no peer but its own.
 *
 *   state    bytes carry                 goes to   when
 *   hello    op:start-session, alone     open      the hello is signed well and the host admits it; of a
 *                                                  peer that is proved, the signature may wait (signatures.ts)
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
import {
  ActorError,
  codeOf,
  type Connector,
  reasonOf,
  Severed,
  type Target,
} from '@bellwether/actors';
import { Decode, Limit } from '../errors.ts';
import { Credentials } from '../identity/credentials.ts';
import { type Hello, judgeHello, judgeSignature } from '../identity/hello.ts';
import { sessionId, sessionName } from '../identity/keys.ts';
import type { PeerLocation } from '../locator.ts';
import type { Connection, ConnectionHandler } from '../netlayer.ts';
import { joined } from '../syrup/values.ts';
import type { Operation, StartSession } from '../wire/operations.ts';
import { type Dialect, NEUTRAL } from '../wire/dialect.ts';
import { writeAbort } from '../wire/write.ts';
import { Assembly } from './assembly.ts';
import { type Reading, Window } from './flow.ts';
import type { SessionHost } from './host.ts';
import { Incoming } from './incoming.ts';
import { type Sender, Unsent } from './outbox.ts';
import { Meter } from './meter.ts';
import { Outgoing } from './outgoing.ts';
import type { Origin } from './origin.ts';
import type { Holder } from './partials.ts';
import type { Signed } from './signatures.ts';
import { sendable } from './sendable.ts';
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
export class Session implements ConnectionHandler, Sender, Reading, Holder, Signed {
  readonly connection: Connection;
  readonly unsent = new Unsent();
  readonly meter: Meter;
  #isHeard = false;
  #heardLap: number;
  /** Nothing had come for a lap, or more, before the lap in which something came last. */
  #isBreak = false;
  /** For logs: who the peer is, as far as it is known. */
  label = 'unknown';
  /** Who the peer is; undefined for an anonymous one, and before its hello. */
  identity: PeerLocation | undefined = undefined;
  /** How values are spelt for the peer. */
  dialect: Dialect = NEUTRAL;
  /** The keys of this session; undefined before the peer's hello, and where there are no handoffs. */
  credentials: Credentials | undefined = undefined;
  /** What its rights come from; undefined for a stranger, and where we dialled. */
  origin: Origin | undefined = undefined;
  /** Monotonic milliseconds: when its connection was there. A peer that holds back its hello makes it no younger. */
  readonly openedMs: number;
  readonly #host: SessionHost;
  readonly #tables = new Tables();
  readonly #outgoing: Outgoing;
  readonly #incoming: Incoming;
  #state: 'hello' | 'open' | 'closed' = 'hello';
  #hello: Hello | undefined;
  /** The peer's, while its signature waits. */
  #unjudged: StartSession | undefined;
  #isConfirmed = false;
  #endedHere = false;
  #isStranger: boolean;
  /** The transport keeps the beginning of a record. */
  #isPartial = false;
  /** Set while a record is not all there. */
  #assembly: Assembly | undefined;
  readonly #window: Window;
  /** What was left when the window was used up. Owned. */
  #rest: Uint8Array | undefined;
  #unheard: Unheard | undefined;

  /** `isStranger`: the peer came to us. One that we dialled is none. */
  constructor(host: SessionHost, connection: Connection, hello: Hello, isStranger: boolean) {
    this.#host = host;
    this.openedMs = host.clock.now();
    this.#heardLap = host.lap;
    this.#isStranger = isStranger;
    this.meter = new Meter(!isStranger);
    this.#window = new Window(host.flow);
    this.connection = connection;
    this.#hello = hello;
    this.#outgoing = new Outgoing(host, this, this.#tables);
    this.#incoming = new Incoming(host, this, this.#tables, this.#outgoing);
    const out = host.outbox.begin(this);
    out.raw(hello.bytes);
    out.end();
    host.outbox.end(this);
    // What is asked on it may leave with our hello: the transport says who will read it.
    if (!isStranger && connection.proved !== undefined) this.#tables.room = host.wholeRoom;
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
  /** True until the peer has fetched something: so far it has shown nothing but a fresh key. */
  get isStranger(): boolean {
    return this.#isStranger;
  }
  /** False while it waits for the vat, or for the peer to read. */
  get isRead(): boolean {
    return this.#rest === undefined && !this.unsent.isPaused;
  }
  /** The lap of the host in which something came last. */
  get heardLap(): number {
    return this.#heardLap;
  }
  /** Something has come since `listen`. */
  get isHeard(): boolean {
    return this.#isHeard;
  }
  /** Something has come in this lap or the last one. */
  get isLively(): boolean {
    return this.#host.lap - this.#heardLap <= 1;
  }
  /** Words are rare: nothing had come for a while before what came last, or has since. */
  get isQuiet(): boolean {
    return this.#isBreak || !this.isLively;
  }
  get isLittered(): boolean {
    return this.#outgoing.isLittered;
  }
  get isInDebt(): boolean {
    return this.#window.isInDebt;
  }
  get windowMessages(): number {
    return this.#tables.room.flowMessages;
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
  /** How many gifts the peer may have lie here, and have us fetch. */
  get giftCount(): number {
    return this.#tables.room.gifts;
  }
  /** When the oldest question was asked that is open, in whole seconds of the host's; undefined for none. */
  get oldestAskedS(): number | undefined {
    return this.#tables.exports.oldestAskedS;
  }
  /** What messages that wait, and answers that were not collected, take about in memory. */
  get keptBytes(): number {
    return this.#incoming.pendingBytes + this.#tables.answers.byteCount;
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
    this.#heard();
    this.meter.gotBytes += chunk.length;
    if (this.#isPartial) this.#whole();
    // A transport may have some under way when it is told to pause.
    if (this.#rest !== undefined)
      this.#rest = joined([this.#rest, chunk], this.#rest.length + chunk.length);
    else this.#tryTake(chunk);
  }
  goOn(): void {
    const rest = this.#rest;
    if (rest === undefined) return; // it has ended meanwhile
    this.#rest = undefined;
    this.unsent.isStalled = false;
    this.#tryTake(rest);
    if (!this.isClosed && this.isRead) this.connection.resume();
  }
  drained(): void {
    this.#host.outbox.drained(this);
  }
  moved(): void {
    this.#host.outbox.moved(this);
  }
  partial(length: number, byteCount: number): void {
    if (this.isClosed) return;
    this.#heard();
    if (length > this.#recordBytes + this.#host.limits.framingBytes)
      return this.#refuse(
        new Limit(`captp: expected a record of at most ${this.#recordBytes} bytes`),
      );
    this.#isPartial = true;
    this.#host.partials.grow(this, length, byteCount);
  }
  closed(reason?: Error): void {
    this.#end(new Severed('captp: the connection ended', reason && { cause: reason }));
  }

  judgeSignature(): void {
    const theirs = this.#unjudged;
    this.#unjudged = undefined;
    if (theirs === undefined || this.isClosed) return;
    try {
      judgeSignature(this.#host.crypto, theirs);
    } catch (error) {
      this.#refuse(error);
    }
  }

  beforeFlush(): void {
    this.#outgoing.writeGarbage();
  }
  choked(): void {
    this.#close('captp: the peer does not read what it is sent');
  }
  /** The peer has fetched something with this swissnum, or was given something by who has that origin. */
  know(by: Uint8Array | Origin): void {
    if (!this.#isStranger || !this.isOpen) return;
    this.#isStranger = false;
    this.#tables.room = this.#host.known(this, by);
  }
  /** A message broke whose sender did not want to hear of it. */
  unheard(reason: unknown): void {
    this.#unheard ??= new Unheard(this.#host);
    this.#unheard.add(this.label, reason);
  }
  /** Something was asked: is there still anybody, after all that silence? */
  asked(): void {
    if (!this.isLively) this.#host.doubt(this);
  }
  /** Asks the peer something that it will answer, only to hear from it. */
  ping(): void {
    this.#outgoing.ping();
  }
  /** From now on it counts whether anything comes. */
  listen(): void {
    this.#isHeard = false;
  }
  /** Nobody has looked for long: it counts as silent, whatever came before. */
  sleptThrough(): void {
    this.#heardLap = Math.min(this.#heardLap, this.#host.lap - 2);
  }
  /** The transport has taken nothing for too long. */
  stuck(afterMs: number): void {
    this.#close(`captp: the peer has read nothing for ${afterMs} ms`);
  }
  /** Ends the session and tells the peer why. The reason must hold no secret. */
  abort(reason: string): void {
    if (this.isClosed) return;
    this.#endedHere = true;
    writeAbort(this.#host.outbox.begin(this), sendable(reason));
    this.#host.outbox.end(this);
    this.#host.outbox.push(this);
    this.#close(reason);
  }

  #heard(): void {
    const { lap } = this.#host;
    this.#isHeard = true;
    if (lap === this.#heardLap) return;
    this.#isBreak = lap - this.#heardLap > 1;
    this.#heardLap = lap;
  }
  /** The transport keeps nothing of the record any more. */
  #whole(): void {
    this.#isPartial = false;
    this.#host.partials.drop(this);
  }
  #tryTake(chunk: Uint8Array): void {
    try {
      this.#take(chunk);
    } catch (error) {
      this.#refuse(error);
    }
  }
  #take(chunk: Uint8Array): void {
    let at = 0;
    while (at < chunk.length && !this.isClosed) {
      if (this.#state === 'open' && this.#window.isSpent(this.#tables.room, this.#isFree))
        return this.#stall(chunk, at);
      at = this.#assembly === undefined ? this.#next(chunk, at) : this.#join(this.#assembly, chunk);
    }
  }
  /** Handles the record at `at`. The offset behind it, or the chunk's length when it goes on. */
  #next(chunk: Uint8Array, at: number): number {
    const { reader } = this.#host;
    const operation = reader.read(chunk, at, this.#recordBytes, false);
    if (operation === undefined) return this.#suspend(chunk, at);
    const { end } = reader;
    if (this.connection.records && end !== chunk.length)
      throw new Decode(`captp: expected one record, found ${chunk.length - end} bytes behind it`);
    this.#handle(operation, end - at);
    return end;
  }
  /** The record goes on in the next chunk. */
  #suspend(chunk: Uint8Array, at: number): number {
    if (this.connection.records) throw new Decode('captp: expected a whole record, found a part');
    const assembly = new Assembly(this.#host.limits);
    this.#assembly = assembly;
    assembly.begin(this.#recordBytes);
    if (assembly.take(chunk, at) >= 0)
      throw new Decode('captp: a record is whole for one reader and not for the other');
    this.#host.partials.grow(this, assembly.length, assembly.byteCount);
    return chunk.length;
  }
  /** The offset behind the record that was waited for, or the chunk's length when it goes on. */
  #join(assembly: Assembly, chunk: Uint8Array): number {
    const end = assembly.take(chunk, 0);
    if (end < 0) {
      this.#host.partials.grow(this, assembly.length, assembly.byteCount);
      return chunk.length;
    }
    this.#assembly = undefined;
    this.#host.partials.drop(this);
    const record = assembly.finish();
    const operation = this.#host.reader.read(record, 0, this.#recordBytes, true);
    if (operation === undefined || this.#host.reader.end !== record.length)
      throw new Decode('captp: a record is whole for one reader and not for the other');
    this.#handle(operation, record.length);
    return end;
  }
  /** The window is used up: the rest waits, and so does what the transport has. */
  #stall(chunk: Uint8Array, at: number): void {
    this.#rest = chunk.slice(at);
    this.unsent.isStalled = true;
    this.connection.pause();
    this.#host.flow.wait(this);
  }
  /** Others have no say in how much it reads: it is the owner's, or we dialled it. */
  get #isFree(): boolean {
    return this.meter.lane === 0 || this.meter.isDialler;
  }
  get #recordBytes(): number {
    const { helloBytes, recordBytes } = this.#host.limits;
    return this.#state === 'hello' ? helloBytes : recordBytes;
  }

  #handle(operation: Operation, byteCount: number): void {
    const { meter } = this;
    meter.gotCount += 1;
    meter.tap?.got(meter.gotCount, operation, byteCount);
    if (operation.op === 'abort') return this.#close(`aborted by the peer: ${operation.reason}`);
    if (this.#state === 'open') {
      const { valueCount } = this.#host.reader;
      this.#window.use(this.#tables.room, byteCount, this.#isFree, valueCount);
      if (!this.#isConfirmed) this.#confirm();
      return this.#incoming.handle(operation, byteCount, byteCount + this.#unfolded());
    }
    if (operation.op !== 'start-session')
      throw new Decode(`captp: expected op:start-session, found ${operation.op}`);
    this.#greeted(operation);
  }
  /** What the frame that was read last takes in memory beside its bytes. */
  #unfolded(): number {
    const { limits, reader } = this.#host;
    return Math.max(0, reader.valueCount - limits.lightValues) * limits.valueBytes;
  }
  #confirm(): void {
    this.#isConfirmed = true;
    this.#host.confirmed(this);
  }
  #greeted(theirs: StartSession): void {
    const hello = this.#hello;
    if (hello === undefined) return;
    const { crypto } = this.#host;
    const peer = judgeHello(crypto, hello, theirs);
    // Nobody believes the key of one whom its transport has proved, unless there are handoffs.
    const mayWait = this.connection.proved !== undefined && !this.#host.keepsKeys;
    if (!mayWait) judgeSignature(crypto, theirs);
    const room = this.#host.admit(this, peer);
    if (room === undefined) return;
    this.#tables.room = room;
    this.#hello = undefined;
    this.meter.name = sessionName(sessionId(crypto, hello.publicId, peer.publicId));
    if (this.#host.keepsKeys)
      this.credentials = new Credentials(hello.keys, hello.publicId, peer.publicKey, peer.publicId);
    this.#state = 'open';
    if (mayWait) {
      this.#unjudged = theirs;
      this.#host.signatures.wait(this);
    }
    this.#host.opened(this);
  }
  /**
   * Our own errors say what was wrong with the frame; anything else is a fault here, and the log's
   * business.
   */
  #refuse(error: unknown): void {
    const isOurs = error instanceof ActorError;
    const reason = isOurs ? error.message : this.#host.faults.hide(error);
    this.#host.log('captp.refused', { peer: this.label, reason });
    this.abort(reason);
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
    this.#rest = undefined;
    this.#host.partials.drop(this);
    if (this.#unjudged !== undefined) this.#host.signatures.drop(this);
    this.#unjudged = undefined;
    this.#unheard?.end(this.label);
    this.#host.outbox.forget(this);
    this.meter.tap?.ended();
    this.meter.tap = undefined;
    const open = this.#tables.exports.clear();
    this.#tables.imports.clear();
    this.#tables.answers.clear();
    this.#host.gone(this, reason);
    this.#outgoing.end(reason, open);
  }
}

/** Messages that broke unheard: one line at most for each window of time, with their count. */
class Unheard {
  readonly #host: SessionHost;
  #count = 0;
  #saidAtMs = -Infinity;
  #last: unknown;
  constructor(host: SessionHost) {
    this.#host = host;
  }
  add(peer: string, reason: unknown): void {
    this.#count += 1;
    this.#last = reason;
    if (this.#host.clock.now() - this.#saidAtMs >= this.#host.limits.logMs) this.end(peer);
  }
  /** Says what was not said yet. */
  end(peer: string): void {
    if (this.#count === 0) return;
    this.#saidAtMs = this.#host.clock.now();
    const last = reasonOf(this.#last);
    const fields = { peer, count: this.#count, code: codeOf(last), message: last.message };
    this.#host.log('captp.unheard', fields);
    this.#count = 0;
    this.#last = undefined;
  }
}
