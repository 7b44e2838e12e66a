/**
 * The crypto power over node:crypto, with keys from given seeds: what daemons use, checked against
 * the oracle.
 */
import {
  createHash,
  createPrivateKey,
  createPublicKey,
  randomBytes,
  sign,
  verify,
} from 'node:crypto';
import type { Crypto, KeyPair } from '../../../packages/ocapn/src/powers.ts';

const PKCS8_ED25519 = Buffer.from('302e020100300506032b657004220420', 'hex');

export const nodeKeyPair = (seed: Uint8Array): KeyPair => {
  const privateKey = createPrivateKey({
    key: Buffer.concat([PKCS8_ED25519, seed]),
    format: 'der',
    type: 'pkcs8',
  });
  const jwk = createPublicKey(privateKey).export({ format: 'jwk' });
  return {
    publicKey: new Uint8Array(Buffer.from(String(jwk.x), 'base64url')),
    sign: (message) => new Uint8Array(sign(undefined, message, privateKey)),
  };
};

export const nodeCrypto: Crypto = {
  sha256: (message) => new Uint8Array(createHash('sha256').update(message).digest()),
  keyPair: () => nodeKeyPair(randomBytes(32)),
  verify: (publicKey, message, signature) => {
    if (publicKey.length !== 32) return false;
    const x = Buffer.from(publicKey).toString('base64url');
    const key = createPublicKey({ key: { kty: 'OKP', crv: 'Ed25519', x }, format: 'jwk' });
    return verify(undefined, message, key, signature);
  },
  random: (byteCount) => new Uint8Array(randomBytes(byteCount)),
};
