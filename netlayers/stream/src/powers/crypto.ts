/** Ed25519, SHA-256 and randomness by node:crypto, which is native where Node is. */
import {
  createPrivateKey,
  createPublicKey,
  hash,
  randomFillSync,
  sign,
  verify,
  type KeyObject,
} from 'node:crypto';
import type { Crypto, KeyPair } from '@bellwether/ocapn';

const KEY_BYTES = 32;
const SIGNATURE_BYTES = 64;

/** Node's cryptography as the power that ocapn asks for. Every result is a plain Uint8Array of its own. */
export function nodeCrypto(): Crypto {
  return {
    sha256: (message) => new Uint8Array(hash('sha256', message, 'buffer')),
    keyPair,
    verify: verifies,
    random: (byteCount) => randomFillSync(new Uint8Array(byteCount)),
  };
}

/** Randomness as the actors ask for it. */
export function nodeEntropy(): { fill(into: Uint8Array): void } {
  return { fill: (into) => void randomFillSync(into) };
}

function keyPair(): KeyPair {
  const seed = randomFillSync(new Uint8Array(KEY_BYTES));
  const pair = keyPairOf(seed);
  seed.fill(0);
  return pair;
}

/**
 * The Ed25519 pair of a seed of 32 bytes, which stays the caller's.
 *
 * To export the public half of a generated pair as DER takes longer than to make it, and as JWK it can stand still
 * for ever: Node 20 makes that text while it holds the key's lock, and a collection that comes just then takes the
 * same lock to drop the job that made the pair. Here there is no such job, and both that share the lock are held
 * (`npm run bench -- first-call`).
 */
export function keyPairOf(seed: Uint8Array): KeyPair {
  const privateKey = createPrivateKey({
    key: { kty: 'OKP', crv: 'Ed25519', d: base64url(seed), x: '' },
    format: 'jwk',
  });
  const publicKey = createPublicKey(privateKey);
  const { x } = publicKey.export({ format: 'jwk' });
  return {
    publicKey: new Uint8Array(Buffer.from(x ?? '', 'base64url')),
    // The KeyObject is kept: parsing a key costs as much as a signature.
    sign: (message) => new Uint8Array(sign(null, message, privateKey)),
  };
}

function verifies(publicKey: Uint8Array, message: Uint8Array, signature: Uint8Array): boolean {
  if (publicKey.length !== KEY_BYTES || signature.length !== SIGNATURE_BYTES) return false;
  try {
    return verify(null, message, importKey(publicKey), signature);
  } catch {
    // Not a point of the curve: what such a key has signed is nothing.
    return false;
  }
}

function importKey(publicKey: Uint8Array): KeyObject {
  // JWK is the shortest way in: DER would need a prefix and a parse.
  return createPublicKey({
    key: { kty: 'OKP', crv: 'Ed25519', x: base64url(publicKey) },
    format: 'jwk',
  });
}

function base64url(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('base64url');
}
