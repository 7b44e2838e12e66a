/** One end of a session that says its own bytes, whatever carries them: what it can make, and what it has heard. */
import { type Crypto, decode, encode, type KeyPair, type PeerLocation } from '@bellwether/ocapn';
import {
  type HandoffGive,
  signGive,
  signReceive,
} from '../../../packages/ocapn/src/identity/certificates.ts';
import { makeHello } from '../../../packages/ocapn/src/identity/hello.ts';
import { publicId, publicKeyFrom, sessionId } from '../../../packages/ocapn/src/identity/keys.ts';
import { LIMITS } from '../../../packages/ocapn/src/limits.ts';
import { Assembly } from '../../../packages/ocapn/src/session/assembly.ts';
import { Raw, SyrupRecord } from '../../../packages/ocapn/src/syrup/values.ts';
import { envelopeOf } from '../../support/ocapn-handoffs.ts';
import { labelled, toldTo } from '../../support/ocapn-heard.ts';
import { toText } from '../../fuzz/engine/packed.ts';

/** Our resolver for what a case asks. */
export const ASKED = 50;
/** Our resolver for the question whether the session lives. */
export const PROBED = 90;

/** Of what others answer: it need not be anything that we would take. */
const WIDE = { ...LIMITS, depth: 100_000, integerDigits: 100_000, values: 10_000_000 };

export class Talker {
  readonly crypto: Crypto;
  readonly keys: KeyPair;
  readonly location: PeerLocation;
  /** Where the other side is. */
  readonly there: PeerLocation;
  readonly heard: SyrupRecord[] = [];
  /** The first record, as it came. */
  firstBytes = new Uint8Array(0);
  isClosed = false;
  /** It has said something that no peer of ours would read. */
  #isUnreadable = false;
  #assembly: Assembly | undefined;
  constructor(crypto: Crypto, location: PeerLocation, there: PeerLocation) {
    this.crypto = crypto;
    this.keys = crypto.keyPair();
    this.location = location;
    this.there = there;
  }
  /** Takes in what the other side says. */
  take(chunk: Uint8Array): void {
    for (let at = 0; at < chunk.length;) {
      const assembly = this.#assembly ?? new Assembly(WIDE);
      if (this.#assembly === undefined) assembly.begin(WIDE.recordBytes);
      this.#assembly = assembly;
      at = assembly.take(chunk, at);
      if (at < 0) return;
      this.#assembly = undefined;
      const record = assembly.finish();
      if (this.firstBytes.length === 0) this.firstBytes = record.slice();
      this.#hear(record);
    }
  }
  #hear(bytes: Uint8Array): void {
    try {
      const said = decode(bytes);
      if (said instanceof SyrupRecord) this.heard.push(said);
    } catch {
      this.#isUnreadable = true; // that is what came of it
    }
  }
  heardOf(label: string): readonly SyrupRecord[] {
    return labelled(this.heard, label);
  }
  /** What one of our resolvers was told: `fulfill` or `break`, and a value. */
  told(resolver: number): readonly [verb: string, value: unknown] | undefined {
    return toldTo(resolver, this.heard);
  }
  /** The export that the zoo has over there. */
  get zoo(): number {
    const [, found] = this.told(1) ?? [];
    const position = found instanceof SyrupRecord ? found.fields[0] : undefined;
    if (typeof position !== 'number') throw new Error('the zoo was not fetched');
    return position;
  }
  hello(location: PeerLocation = this.location, keys: KeyPair = this.keys): Uint8Array {
    return makeHello(this.crypto, keys, location).bytes;
  }
  get #ownId(): Uint8Array {
    return publicId(this.crypto, this.keys.publicKey);
  }
  get #sessionId(): Uint8Array {
    const [hello] = this.heardOf('op:start-session');
    return sessionId(
      this.crypto,
      this.#ownId,
      publicId(this.crypto, publicKeyFrom(hello?.fields[1])),
    );
  }
  /** A give of this session, to ourselves, of a gift there. */
  give(lies: Partial<HandoffGive> = {}, keys = this.keys): Raw {
    const give = {
      receiverKey: this.keys.publicKey,
      exporter: this.there,
      sessionId: this.#sessionId,
      gifterId: this.#ownId,
      giftId: new Uint8Array(32).fill(7),
      ...lies,
    };
    return new Raw(signGive(give, keys));
  }
  /** The withdrawal of it; `by` has signed it. */
  receive(give: Raw, count = 0, by: KeyPair = this.keys, session = this.#sessionId): Raw {
    const receive = { sessionId: session, receiverId: this.#ownId, count, give: envelopeOf(give) };
    return new Raw(signReceive(receive, by));
  }
  /**
   * What the other side did:
   *
   *     ends           it said op:abort                    closes    it hung up without a word
   *     mute           it is there and answers no more     goes on   nothing came of it, and the session lives
   *     breaks         the answer to it broke, the session lives
   *     answers VALUE  the answer to it is that, the session lives
   */
  get outcome(): string {
    if (this.heardOf('op:abort').length > 0) return 'ends';
    if (this.isClosed) return 'closes';
    if (this.told(PROBED) === undefined) return 'mute';
    const [verb, value] = this.told(ASKED) ?? [];
    if (verb === undefined)
      return this.#isUnreadable ? 'answers what is over our limits' : 'goes on';
    return verb === 'break' ? 'breaks' : `answers ${shown(value)}`;
  }
}

const SHOWN_CHARACTERS = 40;
/** A value as Syrup, without the numbers that each run has anew. */
const shown = (value: unknown): string => {
  const text = toText(encode(value)).replaceAll('|', '/');
  return text.length > SHOWN_CHARACTERS ? `${text.slice(0, SHOWN_CHARACTERS)}…` : text;
};
