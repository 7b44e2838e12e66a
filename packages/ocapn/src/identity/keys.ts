import type { Crypto } from '../powers.ts';
/** The public-key value (Syrup) of 32 bytes. */
export declare const publicKeyValue: (publicKey: Uint8Array) => unknown;
/** @throws Decode */
export declare const publicKeyFrom: (value: unknown) => Uint8Array;
export declare const signatureValue: (signature: Uint8Array) => unknown;
/** @throws Decode */
export declare const signatureFrom: (value: unknown) => Uint8Array;
/** The public id of a session key: 32 bytes. */
export declare const publicId: (crypto: Crypto, publicKey: Uint8Array) => Uint8Array;
/** The id of a session between two public ids, the same on both sides: 32 bytes. */
export declare const sessionId: (crypto: Crypto, a: Uint8Array, b: Uint8Array) => Uint8Array;
