/**
 * What outlives the two hellos of a session: our key signs gifts and withdrawals there, the peer's
 * judges its own. They are made and judged long after the hello, if ever, so the id of the session
 * is not hashed before somebody asks.
 */
import type { Crypto, KeyPair } from '../powers.ts';
import { sessionId } from './keys.ts';

/** The keys of one open session. */
export class Credentials {
  readonly keys: KeyPair;
  /** Our public id. */
  readonly ownId: Uint8Array;
  readonly peerKey: Uint8Array;
  /** The peer's public id. */
  readonly peerId: Uint8Array;
  #sessionId: Uint8Array | undefined;
  constructor(keys: KeyPair, ownId: Uint8Array, peerKey: Uint8Array, peerId: Uint8Array) {
    this.keys = keys;
    this.ownId = ownId;
    this.peerKey = peerKey;
    this.peerId = peerId;
  }
  /** The id of the session, the same from both sides. */
  sessionId(crypto: Crypto): Uint8Array {
    this.#sessionId ??= sessionId(crypto, this.ownId, this.peerId);
    return this.#sessionId;
  }
}
