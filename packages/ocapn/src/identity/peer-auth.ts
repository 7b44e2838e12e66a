/**
 * How a peer of the websocket transport proves its designator, which is its public key in base32. Goblins' wire:
 *
 *     dialler     <init:peer-auth 32 random bytes>
 *     acceptor    <desc:sig-envelope <init:peer-auth …> signature of the bytes that came>
 *
 * Nothing ties that to the connection: whoever stands in its middle can have the peer itself answer. So it proves
 * somebody only where the connection cannot be taken over, which is the netlayer's affair. The dialler proves nothing.
 */
import { Decode } from '../errors.ts';
import { LIMITS } from '../limits.ts';
import type { Crypto, KeyPair } from '../powers.ts';
import { compareBytes, isRecord, Raw, Sym, SyrupRecord } from '../syrup/values.ts';
import { decode } from '../syrup/read.ts';
import { encode } from '../syrup/write.ts';
import { LABELS } from '../wire/labels.ts';
import { signatureFrom, signatureValue } from './keys.ts';

const PEER_AUTH = new Sym('init:peer-auth');
const NONCE_BYTES = 32;

/** A challenge that no peer has signed before, as it goes over the wire. */
export const makeChallenge = (crypto: Crypto): Uint8Array =>
  challengeOf(crypto.random(NONCE_BYTES));

/**
 * The answer to a challenge that came. Nothing else is ever signed with this key: bytes that are not exactly a
 * challenge might mean something elsewhere.
 * @throws Decode, Limit for those
 */
export const answerTo = (challenge: Uint8Array, keys: Pick<KeyPair, 'sign'>): Uint8Array => {
  const found = short(challenge);
  const [nonce, ...more] = isRecord(found, PEER_AUTH.name) ? found.fields : [];
  const isChallenge =
    nonce instanceof Uint8Array && nonce.length === NONCE_BYTES && more.length === 0;
  if (!isChallenge || compareBytes(challengeOf(nonce), challenge) !== 0)
    throw new Decode(`websocket: expected a challenge of ${NONCE_BYTES} bytes`);
  const signature = signatureValue(keys.sign(challenge));
  return encode(new SyrupRecord(LABELS.sigEnvelope, [new Raw(challenge), signature]));
};

/** Whether an answer that came is one to this challenge by the owner of that key. @throws Decode, Limit */
export const isAnsweredBy = (
  crypto: Crypto,
  challenge: Uint8Array,
  answer: Uint8Array,
  publicKey: Uint8Array,
): boolean => {
  const found = short(answer);
  if (!isRecord(found, LABELS.sigEnvelope.name) || found.fields.length !== 2)
    throw new Decode('websocket: expected a signed envelope around the challenge');
  return crypto.verify(publicKey, challenge, signatureFrom(found.fields[1]));
};

const challengeOf = (nonce: Uint8Array): Uint8Array => encode(new SyrupRecord(PEER_AUTH, [nonce]));

const short = (bytes: Uint8Array): unknown => {
  if (bytes.length > LIMITS.peerAuthBytes)
    throw new Decode(`websocket: expected at most ${LIMITS.peerAuthBytes} bytes before the hello`);
  return decode(bytes);
};
