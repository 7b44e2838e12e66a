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
import { compareBytes, joined, Sym, SyrupRecord } from '../syrup/values.ts';
import { encode } from '../syrup/write.ts';
import { LABELS } from '../wire/labels.ts';
import type { StartSession } from '../wire/operations.ts';
import {
  publicId,
  publicKeyFrom,
  publicKeyText,
  sha256Twice,
  signatureFrom,
  signatureValue,
} from './keys.ts';
import { peerFrom, peerRecord } from './locator-record.ts';

const VERSION = '1.0';
/** Records as Syrup, up to what a hello puts there. */
const HELLO_BEFORE = encode(new SyrupRecord(LABELS.startSession, [VERSION])).slice(0, -1);
const MY_LOCATION_BEFORE = encode(new SyrupRecord(new Sym('my-location'), [])).slice(0, -1);
/** What ends a record. */
const CLOSING = new Uint8Array([0x3e]);

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

/**
 * A hello for one connection; `keys` are fresh and serve no other. `place`: the text of the location,
 * for who says it more than once.
 */
export const makeHello = (
  crypto: Crypto,
  keys: KeyPair,
  location: PeerLocation,
  place: Uint8Array = placeText(location),
): Hello => {
  const key = publicKeyText(keys.publicKey);
  const signature = encode(signatureValue(keys.sign(locationBytes(place))));
  return {
    keys,
    publicId: sha256Twice(crypto, key),
    bytes: joinedAll(HELLO_BEFORE, key, place, signature, CLOSING),
  };
};

/** A location as a hello has it. */
export const placeText = (location: PeerLocation): Uint8Array => encode(peerRecord(location));

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
  const signed = locationBytes(theirs.locationBytes);
  const publicKey = publicKeyFrom(theirs.publicKey);
  if (!crypto.verify(publicKey, signed, signatureFrom(theirs.signature))) {
    throw new Forged('captp: expected the session key to have signed the location');
  }
};

/**
 * What is signed. A peer's location goes in as the bytes that came: its spelling of hints is its
 * own affair.
 */
const locationBytes = (place: Uint8Array): Uint8Array =>
  joinedAll(MY_LOCATION_BEFORE, place, CLOSING);

const joinedAll = (...parts: Uint8Array[]): Uint8Array =>
  joined(
    parts,
    parts.reduce((sum, { length }) => sum + length, 0),
  );
