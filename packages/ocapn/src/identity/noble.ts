import type { Crypto, KeyPair } from '../powers.ts';
export declare const nobleKeyPair: (seed: Uint8Array) => KeyPair;
export declare const makeNobleCrypto: (random: (byteCount: number) => Uint8Array) => Crypto;
