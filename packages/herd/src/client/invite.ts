/**
 * Accepting an invite: the line to it, and three questions.
 *
 *     herd                              host
 *      │  facts                          │   what would be accepted
 *      │  challenge                      │
 *      │ ◄───────────────────── nonce ── │   good once, and for a minute
 *      │  redeem(key, nonce, signature) ►│   the grant is bound to the key, before it answers
 *      │ ◄─── sturdyref, and facts ───── │   the same key may ask again: an answer can get lost
 */
import { proveHolder } from '@bellwether/authority';
import type { GrantFacts } from '@bellwether/fleet';
import { nodeCrypto } from '@bellwether/netlayer-stream';
import { Sturdyref, type KeyPair } from '@bellwether/ocapn';
import { sturdyrefOf } from '../refs/ref-store.ts';
import { BadAnswer } from './answers.ts';
import { factsIn, nonceIn, redeemedIn } from './grant-answers.ts';
import type { Line, Patience } from './line.ts';

/** What was accepted. */
export interface Accepted {
  /** The holder's own: a secret. It leads where the invite led. */
  readonly ref: Sturdyref;
  readonly grant: GrantFacts;
}
/** An invite, as the one who holds it asks it. Everything rejects as `Line.ask` does, and with BadAnswer. */
export interface InviteClient {
  facts(patience: Patience): Promise<GrantFacts>;
  redeem(key: KeyPair, patience: Patience): Promise<Accepted>;
}

/** Asks over a line to an invite. The line stays the caller's. */
export const inviteClient = (line: Line, invite: Sturdyref): InviteClient => ({
  facts: async (patience) => factsIn(await line.ask({ method: 'facts', args: [], ...patience })),
  redeem: async (key, patience) => {
    const nonce = nonceIn(await line.ask({ method: 'challenge', args: [], ...patience }));
    const { designator } = invite.peer;
    const inviteHash = nodeCrypto().sha256(invite.reveal());
    const args = [key.publicKey, nonce, proveHolder(key, { designator, nonce, inviteHash })];
    const { uri, grant } = redeemedIn(await line.ask({ method: 'redeem', args, ...patience }));
    const given = sturdyrefOf(uri, 'the answer of the host');
    // The key, not the transport: since the invite was made, the host may listen on another one.
    if (given.peer.designator !== designator)
      throw new BadAnswer('redeem: the host answered with a ref to another machine');
    // By the way that was just taken: who reached it knows that better than the host.
    return { ref: new Sturdyref(invite.peer, given.reveal()), grant };
  },
});
