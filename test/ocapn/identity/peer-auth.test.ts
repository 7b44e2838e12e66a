import {
  answerTo,
  base32,
  fromBase32,
  isAnsweredBy,
  LIMITS,
  makeChallenge,
} from '@bellwether/ocapn';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { makeNobleCrypto, nobleKeyPair } from '../../../packages/ocapn/src/identity/noble.ts';
import { SEED } from '../syrup/values.ts';

let count = 0;
const crypto = makeNobleCrypto((byteCount) => new Uint8Array(byteCount).fill((count += 1)));
const keys = nobleKeyPair(new Uint8Array(32).fill(1));

describe('the proof of a websocket peer', () => {
  test('is believed for the key that signed that very challenge, and for nothing else', () => {
    const challenge = makeChallenge(crypto);
    const answer = answerTo(challenge, keys);
    expect(isAnsweredBy(crypto, challenge, answer, keys.publicKey)).toBe(true);
    expect(isAnsweredBy(crypto, makeChallenge(crypto), answer, keys.publicKey)).toBe(false);
    const other = nobleKeyPair(new Uint8Array(32).fill(2));
    expect(isAnsweredBy(crypto, challenge, answer, other.publicKey)).toBe(false);
  });
});

test('what is said before the hello is read up to 1 KiB, and not a byte beyond', () => {
  const challenge = makeChallenge(crypto);
  /** A byte string that is so long as a whole. */
  const said = (length: number): Uint8Array => {
    const head = Buffer.from(`${length - 5}:`);
    return new Uint8Array(Buffer.concat([head, Buffer.alloc(length - head.length)]));
  };
  for (const judge of [
    (bytes: Uint8Array) => answerTo(bytes, keys),
    (bytes: Uint8Array) => isAnsweredBy(crypto, challenge, bytes, keys.publicKey),
  ]) {
    expect(() => judge(said(LIMITS.peerAuthBytes))).toThrow(
      /expected a (challenge|signed envelope)/u,
    );
    expect(() => judge(said(LIMITS.peerAuthBytes + 1))).toThrow('at most 1024 bytes');
  }
});

describe('base32', () => {
  test('is read as it is written, in one form', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 70 }), (bytes) => {
        expect(fromBase32(base32(bytes))).toEqual(bytes);
      }),
      { seed: SEED },
    );
    // Of one byte there are 8 bits in 10: the last two are zeros, and there is no other text for it.
    expect(fromBase32('74')).toEqual(Uint8Array.of(255));
    for (const text of ['75', '7', 'AA', 'aa======', 'a1'])
      expect(() => fromBase32(text)).toThrow(/base32/u);
  });
});
