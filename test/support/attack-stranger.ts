/** Somebody on a real transport who writes its own bytes, and keeps the keys of its sessions. */
import { nodeCrypto } from '@bellwether/netlayer-stream';
import {
  type Connection,
  decode,
  encode,
  isRecord,
  type KeyPair,
  LIMITS,
  type PeerLocation,
  SyrupRecord,
} from '@bellwether/ocapn';
import {
  type HandoffGive,
  type HandoffReceive,
  signGive,
  signReceive,
} from '../../packages/ocapn/src/identity/certificates.ts';
import { makeHello } from '../../packages/ocapn/src/identity/hello.ts';
import { publicId, publicKeyFrom, sessionId } from '../../packages/ocapn/src/identity/keys.ts';
import { Assembly } from '../../packages/ocapn/src/session/assembly.ts';
import { Raw, type Raw as RawValue } from '../../packages/ocapn/src/syrup/values.ts';
import type { End } from './attack-roads.ts';
import { within } from './attack-client.ts';
import { ZOO } from './attack-victim.ts';
import { envelopeOf } from './ocapn-handoffs.ts';
import { labelled, toldTo } from './ocapn-heard.ts';
import { deliver, object, sym, toExport } from './ocapn-raw.ts';

/** For what a victim must do at all; what it is busy with meanwhile shows in the calls of a good client. */
const PATIENCE_MS = 60_000;
const crypto = nodeCrypto();

type Said = SyrupRecord | Uint8Array | string;
const bytesOf = (said: Said): Uint8Array => {
  if (typeof said === 'string') return Buffer.from(said, 'latin1');
  return said instanceof Uint8Array ? said : encode(said);
};

export class Stranger {
  readonly keys: KeyPair = crypto.keyPair();
  readonly heard: SyrupRecord[] = [];
  /** The victim's hello as it came. */
  greeting: Uint8Array | undefined;
  isClosed = false;
  /** Told of everything that comes, as it comes. */
  onBytes: (chunk: Uint8Array) => void = () => undefined;
  readonly #end: End;
  readonly #at: PeerLocation;
  #connection: Connection | undefined;
  #assembly: Assembly | undefined;
  #changed: () => void = () => undefined;

  private constructor(end: End, at: PeerLocation) {
    this.#end = end;
    this.#at = at;
  }
  /** A connection that has said nothing yet. */
  static async connect(end: End, at: PeerLocation): Promise<Stranger> {
    const stranger = new Stranger(end, at);
    await new Promise<void>((open, failed) => {
      end.netlayer.dial(
        at,
        (connection) => {
          stranger.#connection = connection;
          setImmediate(open);
          return {
            bytes: (chunk) => stranger.#take(chunk),
            drained: () => stranger.#changed(),
            closed: () => {
              stranger.isClosed = true;
              stranger.#changed();
            },
          };
        },
        failed,
      );
    });
    return stranger;
  }
  /** One that has said hello, and was greeted. */
  static async greet(end: End, at: PeerLocation): Promise<Stranger> {
    const stranger = await Stranger.connect(end, at);
    stranger.send(stranger.hello());
    await stranger.until('a hello', () => stranger.greeting !== undefined);
    return stranger;
  }
  /** One whose answer 0 is the zoo, which is `export 1` at the victim. */
  static async guest(end: End, at: PeerLocation): Promise<Stranger> {
    const stranger = await Stranger.greet(end, at);
    stranger.send(deliver(toExport(0), [sym('fetch'), ZOO], 0, object(1)));
    await stranger.told(1);
    return stranger;
  }
  /** A hello; `claims`: whom it names. */
  hello(claims = this.#end.designator): Uint8Array {
    const { transport } = this.#at;
    const place = { transport, designator: claims, hints: {} };
    return makeHello(crypto, this.keys, place).bytes;
  }
  /** Sends records, or bytes that are to be taken for one. False: the transport is full. */
  send(...records: readonly Said[]): boolean {
    const pieces = records.map(bytesOf);
    const messages = this.#connection?.records === true ? pieces : [Buffer.concat(pieces)];
    let isFull = false;
    for (const each of messages)
      if (!this.isClosed && this.#connection !== undefined)
        isFull = !this.#connection.send(Uint8Array.from(each));
    return !isFull;
  }
  /** Sends a lot, as fast as it is taken; stops where the session ends. */
  async flood(pieces: Iterable<readonly Said[]>): Promise<void> {
    for (const piece of pieces) {
      if (this.isClosed) return;
      if (!this.send(...piece))
        await this.#change(); // drained, closed, or something was said
      else await new Promise((go) => setImmediate(go)); // others of this process are to be served as well
    }
  }
  /** From now on it reads nothing. */
  stopReading(): void {
    this.#connection?.pause();
  }
  hangUp(): void {
    this.isClosed = true;
    this.#connection?.close();
    this.#changed();
  }
  async until(what: string, holds: () => boolean): Promise<void> {
    const wait = async (): Promise<void> => {
      while (!holds()) await this.#change();
    };
    await within(what, PATIENCE_MS, wait());
  }
  get abortReason(): string {
    const abort = this.heard.find((each) => isRecord(each, 'op:abort'));
    return String(abort?.fields[0] ?? 'no abort');
  }
  /** What a resolver was told: `['fulfill', value]` or `['break', reason]`. */
  async told(resolver: number): Promise<readonly [verb: string, value: unknown]> {
    let found: readonly [string, unknown] | undefined;
    await this.until(`word to resolver ${resolver}`, () => {
      found = toldTo(resolver, this.heard);
      return found !== undefined || this.isClosed;
    });
    if (found === undefined) throw new Error(`the session ended: ${this.abortReason}`);
    return found;
  }
  heardOf(label: string): readonly SyrupRecord[] {
    return labelled(this.heard, label);
  }

  get ownId(): Uint8Array {
    return publicId(crypto, this.keys.publicKey);
  }
  get sessionId(): Uint8Array {
    const hello = this.greeting && decode(this.greeting);
    if (!(hello instanceof SyrupRecord)) throw new Error('no hello yet');
    return sessionId(crypto, this.ownId, publicId(crypto, publicKeyFrom(hello.fields[1])));
  }
  /** A give of what was, or will be, deposited on this session; `lies` replace what is true. */
  give(
    giftId: Uint8Array,
    receiverKey: Uint8Array,
    lies: Partial<HandoffGive> = {},
    signer = this.keys,
  ): RawValue {
    const { sessionId, ownId: gifterId } = this;
    const give = { receiverKey, exporter: this.#at, sessionId, gifterId, giftId, ...lies };
    return new Raw(signGive(give, signer));
  }
  /** Asks for a gift, and waits for the answer. */
  async withdraw(
    give: RawValue,
    count: number,
    resolver: number,
    by: KeyPair,
    lies: Partial<HandoffReceive> = {},
  ): Promise<readonly [verb: string, value: unknown]> {
    const { sessionId, ownId: receiverId } = this;
    const receive = { sessionId, receiverId, count, give: envelopeOf(give), ...lies };
    const args = [sym('withdraw-gift'), new Raw(signReceive(receive, by))];
    this.send(deliver(toExport(0), args, false, object(resolver)));
    return this.told(resolver);
  }

  #change(): Promise<void> {
    return new Promise((go) => (this.#changed = go));
  }
  #take(chunk: Uint8Array): void {
    this.onBytes(chunk);
    for (let at = 0; at < chunk.length;) {
      const assembly = this.#assembly ?? new Assembly(LIMITS);
      if (this.#assembly === undefined) assembly.begin(LIMITS.recordBytes);
      this.#assembly = assembly;
      at = assembly.take(chunk, at);
      if (at < 0) break;
      this.#assembly = undefined;
      const bytes = assembly.finish();
      const said = decode(bytes);
      this.greeting ??= bytes;
      if (said instanceof SyrupRecord) this.heard.push(said);
    }
    this.#changed();
  }
}
