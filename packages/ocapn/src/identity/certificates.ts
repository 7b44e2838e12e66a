/**
 * The two certificates of a handoff:
 *
 *     give      <desc:handoff-give receiver-key exporter session-id gifter-id gift-id>
 *               signed by the gifter with its key in its session with the exporter
 *     receive   <desc:handoff-receive session-id receiver-id count signed-give>
 *               signed by the receiver with its key in its session with the gifter
 *
 * Signatures are over the bytes as they were signed, so an envelope that came in is passed on as it
 * came. Who makes and judges them stands in `handoff/`.
 */
import { Decode, Limit } from '../errors.ts';
import { LIMITS } from '../limits.ts';
import type { PeerLocation } from '../locator.ts';
import type { Crypto, KeyPair } from '../powers.ts';
import { isRecord, Raw, Sym, SyrupRecord } from '../syrup/values.ts';
import { encode } from '../syrup/write.ts';
import { LABELS } from '../wire/labels.ts';
import { Envelope } from '../wire/operations.ts';
import { publicKeyFrom, publicKeyValue, signatureFrom, signatureValue } from './keys.ts';
import { peerFrom, peerRecord } from './locator-record.ts';

const GIVE = new Sym('desc:handoff-give');
const RECEIVE = new Sym('desc:handoff-receive');

/** What a gifter signs: whoever holds the key may withdraw the gift from the exporter. */
export interface HandoffGive {
  /** The receiver's key in its session with the gifter. */
  readonly receiverKey: Uint8Array;
  readonly exporter: PeerLocation;
  /** Of the session between gifter and exporter. */
  readonly sessionId: Uint8Array;
  /** The gifter's public id in that session. */
  readonly gifterId: Uint8Array;
  readonly giftId: Uint8Array;
}

/** What a receiver signs: this session of mine with the exporter asks for that gift. */
export interface HandoffReceive {
  /** Of the session between receiver and exporter. */
  readonly sessionId: Uint8Array;
  /** The receiver's public id in that session. */
  readonly receiverId: Uint8Array;
  /** Counts up per session; against replay. */
  readonly count: number;
  readonly give: Envelope;
}

/** Containers in each other in a signed give: the envelope, the give, its key, and two lists of that. */
export const GIVE_DEPTH = 5;
/** Values of the largest signed give, labels included: 35, and two for each hint of its location. */
export const GIVE_VALUES = 35 + 2 * LIMITS.hintCount;

/** Signs a give. @returns the whole envelope as Syrup */
export const signGive = (give: HandoffGive, keys: KeyPair): Uint8Array =>
  seal(encodeGive(give), keys);

/** Signs a receive. @returns the whole envelope as Syrup */
export const signReceive = (receive: HandoffReceive, keys: KeyPair): Uint8Array =>
  seal(encodeReceive(receive), keys);

/** The bytes of a give that are signed. */
export const encodeGive = (give: HandoffGive): Uint8Array =>
  encode(
    new SyrupRecord(GIVE, [
      publicKeyValue(give.receiverKey),
      peerRecord(give.exporter),
      give.sessionId,
      give.gifterId,
      give.giftId,
    ]),
  );

/** The bytes of a receive that are signed. */
export const encodeReceive = (receive: HandoffReceive): Uint8Array =>
  encode(
    new SyrupRecord(RECEIVE, [
      receive.sessionId,
      receive.receiverId,
      receive.count,
      new Raw(receive.give.bytes),
    ]),
  );

/**
 * Whether that key signed what is in the envelope. @throws Decode when the signature is none at all
 */
export const isSignedBy = (crypto: Crypto, envelope: Envelope, publicKey: Uint8Array): boolean =>
  crypto.verify(publicKey, envelope.innerBytes, signatureFrom(envelope.signature));

/** @throws Decode unless an envelope is signed in the one form of a signature, by whomever */
export const checkSigned = (envelope: Envelope): void => void signatureFrom(envelope.signature);

/** Reads a give; its signature is the caller's to check. @throws Decode, Limit */
export const giveFrom = (envelope: Envelope): HandoffGive => {
  const [key, exporter, session, gifter, gift] = fieldsOf(envelope, GIVE, 5);
  return {
    receiverKey: publicKeyFrom(key),
    exporter: peerFrom(exporter),
    sessionId: shortBytes(session, 'a session id'),
    gifterId: shortBytes(gifter, 'a gifter id'),
    giftId: shortBytes(gift, 'a gift id'),
  };
};

/**
 * Reads a receive; its signature, and that of the give in it, are the caller's to check. @throws
 * Decode, Limit
 */
export const receiveFrom = (envelope: Envelope): HandoffReceive => {
  const [session, receiver, count, give] = fieldsOf(envelope, RECEIVE, 4);
  if (typeof count !== 'number' || !Number.isSafeInteger(count) || count < 0) {
    throw new Decode('captp: expected a count from 0 in desc:handoff-receive');
  }
  if (!(give instanceof Envelope)) {
    throw new Decode('captp: expected a signed give in desc:handoff-receive');
  }
  return {
    sessionId: shortBytes(session, 'a session id'),
    receiverId: shortBytes(receiver, 'a receiver id'),
    count,
    give,
  };
};

const seal = (inner: Uint8Array, keys: KeyPair): Uint8Array =>
  encode(new SyrupRecord(LABELS.sigEnvelope, [new Raw(inner), signatureValue(keys.sign(inner))]));

const fieldsOf = (envelope: Envelope, label: Sym, count: number): readonly unknown[] => {
  const { inner } = envelope;
  if (isRecord(inner, label.name) && inner.fields.length === count) return inner.fields;
  throw new Decode(`captp: expected ${label.name} with ${count} fields in the envelope`);
};

/** Goblins makes ids of 32 bytes and Endo gift ids of 16; any that is kept must be short. */
const shortBytes = (value: unknown, what: string): Uint8Array => {
  if (!(value instanceof Uint8Array) || value.length === 0) {
    throw new Decode(`captp: expected bytes as ${what}`);
  }
  if (value.length > LIMITS.certificateBytes) {
    throw new Limit(`captp: expected ${what} of at most ${LIMITS.certificateBytes} bytes`);
  }
  return value;
};
