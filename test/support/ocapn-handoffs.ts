/** Whoever takes part in a handoff and writes its own bytes: gifters, receivers and exporters that may lie. */
import { isRecord, type KeyPair, type PeerLocation, Sym, SyrupRecord } from '@bellwether/ocapn';
import {
  type HandoffGive,
  type HandoffReceive,
  signGive,
  signReceive,
} from '../../packages/ocapn/src/identity/certificates.ts';
import { makeHello } from '../../packages/ocapn/src/identity/hello.ts';
import { publicId, publicKeyFrom, sessionId } from '../../packages/ocapn/src/identity/keys.ts';
import { peerRecord } from '../../packages/ocapn/src/identity/locator-record.ts';
import { OperationReader } from '../../packages/ocapn/src/wire/read.ts';
import { Envelope } from '../../packages/ocapn/src/wire/operations.ts';
import { encode } from '../../packages/ocapn/src/syrup/write.ts';
import { Raw as RawBytes, type Raw as RawValue } from '../../packages/ocapn/src/syrup/values.ts';
import type { Network } from './ocapn-network.ts';
import { type Peer, simulatedCrypto } from './ocapn-peer.ts';
import { deliver, object, Raw, sym, toExport } from './ocapn-raw.ts';

/** Where a simulated peer is. */
export const placeOf = (name: string): PeerLocation => ({
  transport: 'sim',
  designator: name,
  hints: {},
});

/** A raw connection that knows the keys of its session. */
export class RawParty {
  readonly raw: Raw;
  readonly keys: KeyPair;
  readonly #network: Network;
  constructor(network: Network, raw: Raw) {
    this.#network = network;
    this.raw = raw;
    this.keys = simulatedCrypto(network.world).keyPair();
  }
  /** One that has dialled a peer, hellos done. */
  static dial(network: Network, peer: Peer, name: string, isProved = true): RawParty {
    return new RawParty(network, Raw.dial(network, peer, name, isProved)).greet();
  }
  greet(): this {
    this.hello();
    return this.say();
  }
  /** Sends its hello. */
  hello(): void {
    const crypto = simulatedCrypto(this.#network.world);
    this.raw.send(makeHello(crypto, this.keys, this.raw.location).bytes);
  }
  /** Sends, and lets it arrive; the world does not come to rest meanwhile, since gifts have deadlines. */
  say(...records: readonly (SyrupRecord | Uint8Array)[]): this {
    this.raw.send(...records);
    this.#network.world.runFor(100);
    return this;
  }
  get peerKey(): Uint8Array {
    const hello = this.raw.heardOf('op:start-session')[0];
    if (hello === undefined) throw new Error('no hello yet');
    return publicKeyFrom(hello.fields[1]);
  }
  get ownId(): Uint8Array {
    return publicId(simulatedCrypto(this.#network.world), this.keys.publicKey);
  }
  get sessionId(): Uint8Array {
    const crypto = simulatedCrypto(this.#network.world);
    return sessionId(crypto, this.ownId, publicId(crypto, this.peerKey));
  }
  /** Asks the bootstrap object for what has that name, whose export number comes back. */
  fetch(name: string, resolver: number): unknown {
    const swissnum = new Uint8Array(Buffer.from(name));
    this.say(deliver(toExport(0), [sym('fetch'), swissnum], false, object(resolver)));
    const [verb, found] = this.raw.told(resolver) ?? [];
    if (verb !== 'fulfill' || !isRecord(found, 'desc:import-object'))
      throw new Error(`not fetched: ${String(verb)}`);
    return found.fields[0];
  }
  /** Leaves what stands at an export of the peer for somebody. */
  deposit(giftId: Uint8Array, position: unknown, resolver?: number): this {
    const args = [sym('deposit-gift'), giftId, toExport(position)];
    return this.say(
      deliver(toExport(0), args, false, resolver === undefined ? false : object(resolver)),
    );
  }
  /** A give of this session. `lies` replace what is true. */
  give(
    to: Uint8Array,
    exporter: PeerLocation,
    giftId: Uint8Array,
    lies: Partial<HandoffGive> = {},
    keys = this.keys,
  ): RawValue {
    const give = {
      receiverKey: to,
      exporter,
      sessionId: this.sessionId,
      gifterId: this.ownId,
      giftId,
      ...lies,
    };
    return new RawBytes(signGive(give, keys));
  }
  /** Asks for a gift. `by`: whose key the give names. */
  withdraw(
    give: RawValue,
    count: number,
    resolver: number,
    by: KeyPair,
    lies: Partial<HandoffReceive> = {},
  ): this {
    const receive = {
      sessionId: this.sessionId,
      receiverId: this.ownId,
      count,
      give: envelopeOf(give),
      ...lies,
    };
    const args = [sym('withdraw-gift'), new RawBytes(signReceive(receive, by))];
    return this.say(deliver(toExport(0), args, false, object(resolver)));
  }
}

/** An envelope as a reader makes it. */
export const envelopeOf = ({ bytes }: RawValue): Envelope => {
  const frame = encode(deliver(toExport(0), [new RawBytes(bytes)]));
  const read = new OperationReader().read(frame, 0, frame.length, true);
  const found = read?.op === 'deliver' ? read.args[0] : undefined;
  if (!(found instanceof Envelope)) throw new Error('no envelope');
  return found;
};

/** A break in our own dialect: its code and its words. */
export const brokenAs = (told: readonly unknown[] | undefined): readonly unknown[] => {
  const [verb, reason] = told ?? [];
  const [code, words]: readonly unknown[] = Array.isArray(reason) ? reason : [];
  return [verb, code instanceof Sym ? code.name : code, words];
};

/** A sturdyref's peer as a value. */
export const peerValue = (name: string): SyrupRecord => peerRecord(placeOf(name));
