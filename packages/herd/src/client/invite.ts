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
import { ActorError, isRemote } from '@bellwether/actors';
import { proveHolder } from '@bellwether/authority';
import type { GrantFacts } from '@bellwether/fleet';
import { nodeCrypto } from '@bellwether/netlayer-stream';
import { Sturdyref, type KeyPair } from '@bellwether/ocapn';
import { sturdyrefOf } from '../refs/ref-store.ts';
import { BadAnswer } from './answers.ts';
import { factsIn, nonceIn, redeemedIn } from './grant-answers.ts';
import type { Line, Patience } from './line.ts';

/** What was to be accepted is a ref already: there is nothing to accept about it. Exit code 2. */
class NoInvite extends ActorError {
  readonly hint: string;
  constructor(options?: ErrorOptions) {
    super('no-invite', 'this is no invite, but a ref to a service, which works as it is', options);
    this.name = 'NoInvite';
    this.hint = "Keep it under a name: 'herd ref add PETNAME < FILE'. Nothing was accepted.";
  }
}

/** What was accepted. */
export interface Accepted {
  /** The holder's own: a secret. It leads where the invite led. */
  readonly ref: Sturdyref;
  readonly grant: GrantFacts;
}
/** An invite, as the one who holds it asks it. Everything rejects as `Line.ask` does, and with BadAnswer. */
export interface InviteClient {
  /** Rejects with NoInvite where it leads to a service. */
  facts(patience: Patience): Promise<GrantFacts>;
  redeem(key: KeyPair, patience: Patience): Promise<Accepted>;
}

/** Asks over a line to an invite. The line stays the caller's. */
export const inviteClient = (line: Line, invite: Sturdyref): InviteClient => ({
  facts: async (patience) => factsIn(await factsOrWhy(line, patience)),
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

/** What refuses to be an invite, in whatever words, and answers as a service is one. */
const factsOrWhy = async (line: Line, patience: Patience): Promise<unknown> => {
  try {
    return await line.ask({ method: 'facts', args: [], ...patience });
  } catch (error) {
    if (!isRemote(error) || !(await answersAsService(line, patience))) throw error;
    throw new NoInvite({ cause: error });
  }
};
const answersAsService = (line: Line, patience: Patience): Promise<boolean> =>
  line.ask({ method: 'allows', args: [], ...patience }).then(
    () => true,
    () => false, // the first refusal is what is told then
  );
