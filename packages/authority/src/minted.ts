/**
 * References that were minted: grants of everything on a service, without a record here. What the book knows of them is
 * whether they were taken back, and whether they wait for the owner of the host since a backup was restored; what was
 * made out of them dies with them, or waits as they do.
 */
import type { Turn } from '@bellwether/actors';
import { audit } from './audit/index.ts';
import { cutDead, lookAtClock, record } from './endings.ts';
import { mintedId } from './names.ts';
import { livingIn, treeOf, type Shelf } from './shelf.ts';
import type { MintedState, RevocationEntry } from './types.ts';

/** Takes one back; gives the grants that ended by it. */
export const revokeMinted = (
  shelf: Shelf,
  turn: Turn,
  hash: string,
  reason: string | undefined,
): readonly string[] => {
  const nowMs = lookAtClock(shelf, turn);
  const id = mintedId(hash);
  if (shelf.revocations.has(id)) return [];
  const below = [...(shelf.below.get('')?.keys() ?? [])]
    .filter((each) => shelf.grants.get(each)?.issuer === hash)
    .flatMap((each) => treeOf(shelf, each));
  const ended = livingIn(shelf, below, nowMs);
  const said = reason === undefined ? {} : { reason };
  const entry: RevocationEntry = { kind: 'revocation', id, atMs: nowMs, by: 'root', ...said };
  shelf.revocations.set(id, entry);
  record(turn, entry);
  audit(turn, { event: 'revoked', asker: 'root', grant: id, ...said });
  cutDead(shelf, turn, nowMs);
  return ended;
};

/** How one stands. */
export const mintedState = (shelf: Shelf, hash: string): MintedState => {
  const id = mintedId(hash);
  const entry = shelf.revocations.get(id);
  if (entry === undefined) return { state: shelf.heldBack.has(id) ? 'unconfirmed' : 'live' };
  const { atMs, by, reason } = entry;
  const said = reason === undefined ? {} : { reason };
  return { state: 'revoked', revoked: { grant: id, atMs, by, ...said } };
};
