/**
 * How session keys, signatures and the ids made of them are written. The forms are those of
 * libgcrypt, which Goblins began with:
 *
 *     public key    ['public-key ['ecc ['curve 'Ed25519] ['flags 'eddsa] ['q bytes32]]]
 *     signature     ['sig-val ['eddsa ['r bytes32] ['s bytes32]]]
 *     public id     SHA-256 twice over the public key as Syrup
 *     session id    SHA-256 twice over "prot0" and both public ids, the lower one first
 */
import { Decode } from '../errors.ts';
import type { Crypto } from '../powers.ts';
import { base32 } from './base.ts';
import { compareBytes, isSym, Sym } from '../syrup/values.ts';
import { encode } from '../syrup/write.ts';

const KEY_BYTES = 32;
const HALF_SIGNATURE_BYTES = 32;
const ID_BYTES = 32;
const NAME_BYTES = 5;
/** ASCII `prot0`, not encoded as Syrup. */
const SESSION_PREFIX = new Uint8Array([0x70, 0x72, 0x6f, 0x74, 0x30]);

/** The Syrup value of a public key of 32 bytes. */
export const publicKeyValue = (publicKey: Uint8Array): unknown => [
  new Sym('public-key'),
  [
    new Sym('ecc'),
    [new Sym('curve'), new Sym('Ed25519')],
    [new Sym('flags'), new Sym('eddsa')],
    [new Sym('q'), publicKey],
  ],
];

/** The 32 bytes of a public key. @throws Decode for another curve, scheme or shape */
export const publicKeyFrom = (value: unknown): Uint8Array => {
  const [ecc] = fieldsOf(value, 'public-key', 1);
  const [curve, flags, q] = fieldsOf(ecc, 'ecc', 3);
  if (!isSym(fieldsOf(curve, 'curve', 1)[0], 'Ed25519')) {
    throw new Decode('captp: expected a public key on the curve Ed25519');
  }
  if (!isSym(fieldsOf(flags, 'flags', 1)[0], 'eddsa')) {
    throw new Decode('captp: expected a public key for eddsa');
  }
  return bytesOf(fieldsOf(q, 'q', 1)[0], KEY_BYTES, 'a public key');
};

/** The Syrup value of a signature of 64 bytes. */
export const signatureValue = (signature: Uint8Array): unknown => [
  new Sym('sig-val'),
  [
    new Sym('eddsa'),
    [new Sym('r'), signature.subarray(0, HALF_SIGNATURE_BYTES)],
    [new Sym('s'), signature.subarray(HALF_SIGNATURE_BYTES)],
  ],
];

/** The 64 bytes of a signature. @throws Decode for another scheme or shape */
export const signatureFrom = (value: unknown): Uint8Array => {
  const [eddsa] = fieldsOf(value, 'sig-val', 1);
  const [r, s] = fieldsOf(eddsa, 'eddsa', 2);
  const signature = new Uint8Array(2 * HALF_SIGNATURE_BYTES);
  signature.set(bytesOf(fieldsOf(r, 'r', 1)[0], HALF_SIGNATURE_BYTES, 'half a signature'));
  signature.set(
    bytesOf(fieldsOf(s, 's', 1)[0], HALF_SIGNATURE_BYTES, 'half a signature'),
    HALF_SIGNATURE_BYTES,
  );
  return signature;
};

/** A public key as Syrup, but for its own bytes, which stand before three closing brackets. */
const KEY_TEXT = encode(publicKeyValue(new Uint8Array(KEY_BYTES)));
const KEY_AT = KEY_TEXT.length - KEY_BYTES - 3;

/** A public key as Syrup. */
export const publicKeyText = (publicKey: Uint8Array): Uint8Array => {
  const text = KEY_TEXT.slice();
  text.set(publicKey, KEY_AT);
  return text;
};

/** The public id of a session key: 32 bytes. */
export const publicId = (crypto: Crypto, publicKey: Uint8Array): Uint8Array =>
  sha256Twice(crypto, publicKeyText(publicKey));

/** The id of the session between two public ids, the same from both sides: 32 bytes. */
export const sessionId = (crypto: Crypto, a: Uint8Array, b: Uint8Array): Uint8Array => {
  const [low, high] = compareBytes(a, b) <= 0 ? [a, b] : [b, a];
  const bytes = new Uint8Array(SESSION_PREFIX.length + 2 * ID_BYTES);
  bytes.set(SESSION_PREFIX);
  bytes.set(low, SESSION_PREFIX.length);
  bytes.set(high, SESSION_PREFIX.length + ID_BYTES);
  return sha256Twice(crypto, bytes);
};

/** What people call a session: `s-` and the first 40 bits of its id, which tell a million of them apart. */
export const sessionName = (id: Uint8Array): string => `s-${base32(id.subarray(0, NAME_BYTES))}`;

/** SHA-256 of SHA-256: every id of OCapN is one. */
export const sha256Twice = (crypto: Crypto, bytes: Uint8Array): Uint8Array =>
  crypto.sha256(crypto.sha256(bytes));

/** What stands behind the symbol `name` in a list of exactly so many fields. */
const fieldsOf = (value: unknown, name: string, count: number): readonly unknown[] => {
  if (Array.isArray(value) && value.length === count + 1 && isSym(value[0], name)) {
    return value.slice(1) as unknown[];
  }
  throw new Decode(`captp: expected a list of ${name} and ${count} more`);
};

const bytesOf = (value: unknown, length: number, what: string): Uint8Array => {
  if (value instanceof Uint8Array && value.length === length) return value;
  throw new Decode(`captp: expected ${what} of ${length} bytes`);
};
