import type { PeerLocation } from '../locator.ts';
import type { Crypto, KeyPair } from '../powers.ts';
import type { StartSession } from '../wire/operations.ts';

/** Our half of the two hellos of a connection. */
export interface Hello {
  readonly keys: KeyPair;
  readonly publicId: Uint8Array;
  /** The whole op:start-session, to be sent at once. */
  readonly bytes: Uint8Array;
}
/** What the peer's hello proves (its key) and claims (its location). */
export interface HelloJudged {
  readonly publicKey: Uint8Array;
  readonly publicId: Uint8Array;
  readonly sessionId: Uint8Array;
  /** A claim: only the transport can prove it. */
  readonly claims: PeerLocation;
}
/** A hello for one connection; `keys` must be fresh. */
export declare const makeHello: (crypto: Crypto, keys: KeyPair, location: PeerLocation) => Hello;
/** @throws Decode, Forged (bad signature, other version, our own key) */
export declare const judgeHello: (crypto: Crypto, ours: Hello, theirs: StartSession) => HelloJudged;
