/**
 * The portable crypto power, in plain JavaScript: for browsers, and the oracle against which faster
 * ones are tested. Where there is Node, `node:crypto` does the same 17 to 40 times faster.
 */
import { getPublicKey, hashes, sign, verify } from '@noble/ed25519';
import { sha256, sha512 } from '@noble/hashes/sha2.js';
import type { Crypto, KeyPair } from '../powers.ts';

const SEED_BYTES = 32;

/**
 * A key pair from its seed of 32 bytes, which it keeps a copy of. @throws RangeError for another
 * length
 */
export const nobleKeyPair = (seed: Uint8Array): KeyPair => {
  useSha512();
  if (seed.length !== SEED_BYTES) throw new RangeError(`a seed has ${SEED_BYTES} bytes`);
  const secret = seed.slice();
  return { publicKey: getPublicKey(secret), sign: (message) => sign(message, secret) };
};

/** The crypto power over a source of randomness that is good enough for keys. */
export const makeNobleCrypto = (random: (byteCount: number) => Uint8Array): Crypto => {
  useSha512();
  return {
    sha256: (message) => sha256(message),
    keyPair: () => nobleKeyPair(random(SEED_BYTES)),
    verify: verifies,
    random,
  };
};

/**
 * The library has no hash of its own and asks for one in this way. Set before each use, never at
 * import.
 */
const useSha512 = (): void => {
  hashes.sha512 ??= sha512;
};

/** By the rules of RFC 8032, which OpenSSL and libgcrypt follow, and not by the laxer ZIP 215. */
const verifies = (publicKey: Uint8Array, message: Uint8Array, signature: Uint8Array): boolean => {
  try {
    return verify(signature, message, publicKey, { zip215: false });
  } catch {
    // Malformed keys and signatures are thrown at; to the caller they are merely not valid.
    return false;
  }
};
