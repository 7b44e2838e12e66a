/**
 * What the composition root hands in. Nothing in this package reaches for a clock, a key or a
 * collector by itself.
 */

/** A key that signs; the private half never leaves it. Ed25519 (RFC 8032). */
export interface KeyPair {
  /** 32 bytes. */
  readonly publicKey: Uint8Array;
  /** 64 bytes. */
  sign(message: Uint8Array): Uint8Array;
}
/** Hashing, Ed25519 and randomness; synchronous, for a hello is made and judged in one step. */
export interface Crypto {
  /** 32 bytes. */
  sha256(message: Uint8Array): Uint8Array;
  /** A fresh key pair. */
  keyPair(): KeyPair;
  /** Never throws; false also for a malformed key or signature. */
  verify(publicKey: Uint8Array, message: Uint8Array, signature: Uint8Array): boolean;
  /** Good enough for keys and swissnums. */
  random(byteCount: number): Uint8Array;
}
/** Tells when nobody holds an object any more; injected so that simulation is reproducible. */
export interface Reaper {
  watch(object: object, gone: () => void): void;
}
