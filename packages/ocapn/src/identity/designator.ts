/** What a peer of tcp-tls is called: the hash of its certificate. Whoever has the certificate can check the name. */
import { LIMITS } from '../limits.ts';
import { Limit } from '../errors.ts';
import type { Crypto } from '../powers.ts';
import { base32 } from './base.ts';
import { sha256Twice } from './keys.ts';

/**
 * The tcp-tls designator of a certificate: lower-case base32 without padding of SHA-256 twice over
 * the PEM, byte for byte. Another line end is another identity: keep the file as it was written.
 * @throws Limit for a PEM longer than any certificate
 */
export const pemDesignator = (crypto: Crypto, pem: Uint8Array): string => {
  if (pem.length > LIMITS.pemBytes) {
    throw new Limit(`locator: expected a PEM of at most ${LIMITS.pemBytes} bytes`);
  }
  return base32(sha256Twice(crypto, pem));
};
