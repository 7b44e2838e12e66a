/** The `^invite`: what the swissnum of an invite leads to. It gives its grant to one key; see redemption.ts. */
import { Refused, type Bcom, type Behavior, type Ref, type Turn } from '@bellwether/actors';
import type { Crypto } from '@bellwether/ocapn';
import { limits } from './limits.ts';
import { hexOf } from './names.ts';
import { redemptionBytes } from './redemption.ts';
import { readBytes } from './spec.ts';
import type { GrantBook, Invite } from './types.ts';

/** What an invite is made from. */
export interface InviteOptions {
  readonly book: Ref<Pick<GrantBook, 'openInvite' | 'bind'>>;
  readonly grant: string;
  readonly crypto: Pick<Crypto, 'verify' | 'random'>;
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
  /** Until when each can be answered, the oldest first. */
  const nonces = turn.map<string, number>();
  return {
    facts: (turn) => turn.call(book, 'openInvite', grant).grant,
    challenge: (turn) => {
      turn.call(book, 'openInvite', grant);
      const random = turn.ask<Uint8Array>((answer) =>
        answer.kept(crypto.random(limits.nonceBytes)),
      );
      return turn.when(random, (_turn, nonce) => {
        for (const [key, untilMs] of [...nonces.entries()])
          if (untilMs <= now() || nonces.size >= limits.nonceCount) nonces.delete(key);
        nonces.set(hexOf(nonce), now() + limits.nonceMs);
        return { nonce };
      });
    },
    redeem: (turn, publicKey, nonce, signature) => {
      readBytes(publicKey, 'key', limits.publicKeyBytes);
      readBytes(nonce, 'nonce', limits.nonceBytes);
      readBytes(signature, 'signature', limits.signatureBytes);
      const { hash } = turn.call(book, 'openInvite', grant);
      const untilMs = nonces.get(hexOf(nonce)) ?? 0;
      // Good for one answer, right or wrong: from here on nothing throws, which would bring it back.
      nonces.delete(hexOf(nonce));
      if (untilMs <= now())
        return turn.broken(new Refused('redeem: the question is not open any more; ask again'));
      const { designator } = options;
      const signed = redemptionBytes({ designator, nonce, inviteHash: hash, publicKey });
      if (!crypto.verify(publicKey, signed, signature))
        return turn.broken(new Refused('redeem: the signature does not prove that key'));
      return turn.call(book, 'bind', grant, publicKey);
    },
  };
};
