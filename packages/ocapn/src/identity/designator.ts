import type { Crypto } from '../powers.ts';
/** The tcp-tls designator of a certificate: lower-case unpadded base32 of SHA-256 twice over the PEM's bytes. */
export declare const pemDesignator: (crypto: Crypto, pem: Uint8Array) => string;
