/**
 * The `^invite`: what the swissnum of an invite leads to. It gives its grant to one key; see redemption.ts.
 *
 * A question is known again without being remembered, so that whoever asks for thousands pushes out nobody else's:
 *
 *     nonce = salt, the first half of SHA-256 of a secret of this life, the half minute, the salt
 *
 * It is good for the half minute that it was made in and the next one, and for one proof: of those there are few, and
 * the last ones are remembered.
 */
import { Refused, type Bcom, type Behavior, type Ref, type Turn } from '@bellwether/actors';
import { encode, type Crypto } from '@bellwether/ocapn';
import { limits } from './limits.ts';
import { hexOf } from './names.ts';
import { redemptionBytes } from './redemption.ts';
import { readBytes } from './spec.ts';
import type { GrantBook, Invite } from './types.ts';

/** What an invite is made from. */
export interface InviteOptions {
  readonly book: Ref<Pick<GrantBook, 'openInvite' | 'bind'>>;
  readonly grant: string;
  readonly crypto: Pick<Crypto, 'sha256' | 'verify' | 'random'>;
  /** Of this host. */
  readonly designator: string;
  /** Monotonic milliseconds; only read. */
  readonly now: () => number;
}

/** Makes what an invite leads to; the book knows whether it is of use. */
export const makeInvite = (
  turn: Turn<Invite>,
  _bcom: Bcom<Invite>,
  options: InviteOptions,
): Behavior<Invite> => {
  const { book, grant, crypto, now } = options;
  const secret = turn.cell<Uint8Array | undefined>(undefined);
  /** Nonces by which a key was proved, the oldest first. */
  const used = turn.map<string, true>();
  const half = limits.nonceBytes / 2;
  const tagOf = (salt: Uint8Array, at: number): Uint8Array => {
    const parts = [domain, secret.get() ?? new Uint8Array(), String(at), salt];
    return crypto.sha256(encode(parts)).subarray(0, half);
  };
  const isOpen = (nonce: Uint8Array): boolean => {
    const [salt, tag] = [nonce.subarray(0, half), nonce.subarray(half)];
    const at = slotAt(now());
    const isOurs =
      secret.get() !== undefined &&
      [at, at - 1].some((each) => hexOf(tagOf(salt, each)) === hexOf(tag));
    return isOurs && !used.has(hexOf(nonce));
  };
  return {
    facts: (turn) => turn.call(book, 'openInvite', grant).grant,
    challenge: (turn) => {
      turn.call(book, 'openInvite', grant);
      const random = turn.ask<Uint8Array>((answer) =>
        answer.kept(crypto.random(half + secretBytes)),
      );
      return turn.when(random, (_turn, bytes) => {
        if (secret.get() === undefined) secret.set(bytes.slice(half));
        const salt = bytes.subarray(0, half);
        const nonce = new Uint8Array(limits.nonceBytes);
        nonce.set(salt);
        nonce.set(tagOf(salt, slotAt(now())), half);
        return { nonce };
      });
    },
    redeem: (turn, publicKey, nonce, signature) => {
      readBytes(publicKey, 'key', limits.publicKeyBytes);
      readBytes(nonce, 'nonce', limits.nonceBytes);
      readBytes(signature, 'signature', limits.signatureBytes);
      const { hash } = turn.call(book, 'openInvite', grant);
      // From here on nothing throws: that a proof was given shall stay.
      if (!isOpen(nonce))
        return turn.broken(new Refused('redeem: the question is not open any more; ask again'));
      const { designator } = options;
      const signed = redemptionBytes({ designator, nonce, inviteHash: hash, publicKey });
      if (!crypto.verify(publicKey, signed, signature))
        return turn.broken(new Refused('redeem: the signature does not prove that key'));
      used.set(hexOf(nonce), true);
      for (const key of [...used.keys()].slice(0, -limits.proofCount)) used.delete(key);
      return turn.call(book, 'bind', grant, publicKey);
    },
  };
};

const domain = 'bellwether-nonce-1';
const secretBytes = 32;
/** Which half of a nonce's time it is. */
const slotAt = (ms: number): number => Math.floor(ms / (limits.nonceMs / 2));
