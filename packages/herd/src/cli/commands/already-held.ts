/** Which of a user's own refs leads to a grant. The files of a store say where they lead, and not to what. */
import type { GrantFacts } from '@bellwether/fleet';
import type { PeerLocation, Sturdyref } from '@bellwether/ocapn';
import { heldClient } from '../../client/grants.ts';
import type { Patience } from '../../client/line.ts';
import type { RefStore } from '../../refs/ref-store.ts';
import { closing, type Context } from '../context.ts';
import { mostLines } from '../limits.ts';

/** A grant, and the ref that leads to it. */
export interface HeldGrant {
  readonly petname: string;
  readonly ref: Sturdyref;
  readonly grant: GrantFacts;
}
/** Whose refs are looked through, and how. */
export interface Looking {
  readonly context: Context;
  readonly store: RefStore;
  readonly patience: Patience;
}

/** The refs to one machine. */
export const refsAt = (
  store: RefStore,
  { designator }: Pick<PeerLocation, 'designator'>,
): readonly { readonly petname: string; readonly ref: Sturdyref }[] =>
  store
    .list()
    .flatMap((each) => ('ref' in each && each.ref.peer.designator === designator ? [each] : []));

/** The ref that leads to the grant of an invite, if one does: that of a petname, where that is among several. */
export const heldBefore = async (
  looking: Looking,
  invite: Sturdyref,
  { id }: Pick<GrantFacts, 'id'>,
  preferred: string | undefined,
): Promise<HeldGrant | undefined> => {
  const refs = refsAt(looking.store, invite.peer);
  const found: HeldGrant[] = [];
  for (let at = 0; at < refs.length; at += mostLines) {
    const some = refs.slice(at, at + mostLines);
    for (const held of await Promise.all(some.map((each) => heldBy(looking, each))))
      if (held?.grant.id === id) found.push(held);
  }
  return found.find(({ petname }) => petname === preferred) ?? found[0];
};

const heldBy = async (
  { context, patience }: Looking,
  { petname, ref }: { readonly petname: string; readonly ref: Sturdyref },
): Promise<HeldGrant | undefined> => {
  try {
    const line = await context.connections.sturdyref(ref, `@${petname}`);
    const allowed = await closing(line, (line) => heldClient(line).allows(patience));
    return allowed.kind === 'grant' ? { petname, ref, grant: allowed.grant } : undefined;
  } catch {
    // One that is good for nothing leads to nothing: what was asked for goes on without it.
    return undefined;
  }
};
