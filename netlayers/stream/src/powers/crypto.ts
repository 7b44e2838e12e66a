/** Ed25519, SHA-256 and randomness by node:crypto, which is native where Node is. */
import {
  createPublicKey,
  generateKeyPairSync,
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
  const { publicKey, privateKey } = generateKeyPairSync('ed25519');
  // Never as JWK: Node 20 makes that text while it holds the key's lock, and a collection that comes just then takes
  // the same lock to drop what made the pair. The process then stands still for ever, which a loop over many pairs
  // with a small young generation (--max-semi-space-size=1) shows.
  const spki = publicKey.export({ type: 'spki', format: 'der' });
  return {
    publicKey: new Uint8Array(spki.subarray(-KEY_BYTES)),
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
  const x = Buffer.from(publicKey).toString('base64url');
  return createPublicKey({ key: { kty: 'OKP', crv: 'Ed25519', x }, format: 'jwk' });
}
