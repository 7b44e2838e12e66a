/**
 * How whoever redeems an invite proves a key.
 *
 *     holder                             host
 *       ── challenge ──────────────────►
 *       ◄───────────────────── nonce ──   good for one proof, for a minute at most
 *       ── redeem(key, nonce, sig) ────►   ["bellwether-redeem-1" designator nonce hash key], signed by the key
 *
 * The designator is the one that the holder dialled and its session has proved, never one that it was told: a host that
 * passes the question of another one on gets a signature that is of no use there. The nonce keeps an answer from being
 * given twice, the hash from being given to another invite, the key from being claimed by another key that the same
 * signature happens to fit. The first text keeps it from meaning anything else that the key ever signs.
 */
import { encode, type KeyPair } from '@bellwether/ocapn';

/** What a redemption is about. */
export interface Redemption {
  /** Of the host that was dialled. */
  readonly designator: string;
  readonly nonce: Uint8Array;
  /** SHA-256 of the invite's swissnum. */
  readonly inviteHash: Uint8Array;
  readonly publicKey: Uint8Array;
}

const domain = 'bellwether-redeem-1';

/** What is signed. Its form as Syrup says where each part ends. */
export const redemptionBytes = (redemption: Redemption): Uint8Array => {
  const { designator, nonce, inviteHash, publicKey } = redemption;
  return encode([domain, designator, nonce, inviteHash, publicKey]);
};

/** The holder's answer to a challenge: a signature of 64 bytes. */
export const proveHolder = (keys: KeyPair, about: Omit<Redemption, 'publicKey'>): Uint8Array =>
  keys.sign(redemptionBytes({ ...about, publicKey: keys.publicKey }));
