import { nodeCrypto } from '@bellwether/netlayer-stream';
import { LIMITS } from '@bellwether/ocapn';
import { expect, test } from 'vitest';
import {
  answerTo,
  isAnsweredBy,
  makeChallenge,
} from '../../../packages/ocapn/src/identity/peer-auth.ts';

test('what is said before the hello is read up to 1 KiB, and not a byte beyond', () => {
  const crypto = nodeCrypto();
  const keys = crypto.keyPair();
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
