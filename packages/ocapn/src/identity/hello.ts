/**
 * The two hellos of a connection. Each side sends its own at once, made with a fresh key, and
 * judges the other's.
 *
 *     <op:start-session "1.0" public-key location signature>
 *
 * The signature is over `<my-location location>`, by the session key. It proves that key and
 * nothing about the location: anybody's location can be signed with a fresh key.
 */
import { Decode, Forged } from '../errors.ts';
import type { PeerLocation } from '../locator.ts';
import type { Crypto, KeyPair } from '../powers.ts';
import { compareBytes, Raw, Sym, SyrupRecord } from '../syrup/values.ts';
import { encode } from '../syrup/write.ts';
import { LABELS } from '../wire/labels.ts';
import type { StartSession } from '../wire/operations.ts';
import { publicId, publicKeyFrom, publicKeyValue, signatureFrom, signatureValue } from './keys.ts';
import { peerFrom, peerRecord } from './locator-record.ts';

const VERSION = '1.0';
const MY_LOCATION = new Sym('my-location');

/** Our half. */
export interface Hello {
  readonly keys: KeyPair;
  readonly publicId: Uint8Array;
  /** The whole op:start-session, to be sent before anything else. */
  readonly bytes: Uint8Array;
}

/** What the peer's hello proves (a key, and by it an id) and claims (a location). */
export interface JudgedHello {
  readonly publicKey: Uint8Array;
  readonly publicId: Uint8Array;
  /** Only the transport can prove it. */
  readonly claims: PeerLocation;
}

/** A hello for one connection; `keys` are fresh and serve no other. */
export const makeHello = (crypto: Crypto, keys: KeyPair, location: PeerLocation): Hello => {
  const place = new Raw(encode(peerRecord(location)));
  const signature = keys.sign(locationBytes(place));
  const key = publicKeyValue(keys.publicKey);
  const fields = [VERSION, key, place, signatureValue(signature)];
  return {
    keys,
    publicId: publicId(crypto, keys.publicKey),
    bytes: encode(new SyrupRecord(LABELS.startSession, fields)),
  };
};

/**
 * Judges the peer's hello, but for its signature.
 * @throws Decode for another version or shape; Limit
 * @throws Forged when the key is our own, sent back
 */
export const judgeHello = (crypto: Crypto, ours: Hello, theirs: StartSession): JudgedHello => {
  if (theirs.version !== VERSION) {
    throw new Decode(`captp: expected version ${VERSION} in op:start-session`);
  }
  const publicKey = publicKeyFrom(theirs.publicKey);
  const claims = peerFrom(theirs.location);
  signatureFrom(theirs.signature);
  if (compareBytes(publicKey, ours.keys.publicKey) === 0) {
    throw new Forged('captp: expected a key of the peer, found our own');
  }
  return { publicKey, publicId: publicId(crypto, publicKey), claims };
};

/** Judges the signature of a hello that was read. @throws Forged when the key did not sign the location; Decode */
export const judgeSignature = (crypto: Crypto, theirs: StartSession): void => {
  const signed = locationBytes(new Raw(theirs.locationBytes));
  const publicKey = publicKeyFrom(theirs.publicKey);
  if (!crypto.verify(publicKey, signed, signatureFrom(theirs.signature))) {
    throw new Forged('captp: expected the session key to have signed the location');
  }
};

/**
 * What is signed. A peer's location goes in as the bytes that came: its spelling of hints is its
 * own affair.
 */
const locationBytes = (location: Raw): Uint8Array =>
  encode(new SyrupRecord(MY_LOCATION, [location]));
