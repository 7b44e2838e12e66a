import type { PeerLocation } from '../locator.ts';
import type { Crypto, KeyPair } from '../powers.ts';
import type { Envelope } from '../wire/operations.ts';
/** What a gifter signs. */
export interface HandoffGive {
  readonly receiverKey: Uint8Array;
  readonly exporter: PeerLocation;
  readonly sessionId: Uint8Array;
  readonly gifterId: Uint8Array;
  readonly giftId: Uint8Array;
}
/** What a receiver signs. */
export interface HandoffReceive {
  readonly sessionId: Uint8Array;
  readonly receiverId: Uint8Array;
  readonly count: number;
  readonly give: Envelope;
}
export declare const isSignedBy: (crypto: Crypto, envelope: Envelope, key: Uint8Array) => boolean;
/** The envelope's bytes. */
export declare const signGive: (give: HandoffGive, keys: KeyPair) => Uint8Array;
export declare const signReceive: (receive: HandoffReceive, keys: KeyPair) => Uint8Array;
/** @throws Decode, Limit */
export declare const giveFrom: (envelope: Envelope) => HandoffGive;
/** @throws Decode, Limit */
export declare const receiveFrom: (envelope: Envelope) => HandoffReceive;
