/** What machines gave, as a controller keeps it: by their names, each a secret in a file. */
import type { Turn, Vow } from '@bellwether/actors';
import { hexOf } from '@bellwether/authority';
import type { PeerLocation } from '@bellwether/ocapn';
import { LIMITS } from '../limits.ts';
import type { Destination } from '../reach/destination.ts';
import { endGift, presentGift } from './contact.ts';
import { routeTo } from './joined.ts';
import { depart, parted, type NodeShelf } from './node-shelf.ts';
import type { NodeDoorEntry, Nodes } from './types.ts';

/** What tells one gift from others: no secret. */
export const giftMark = ({ crypto }: NodeShelf, gift: Uint8Array): string =>
  markOf(hexOf(crypto.sha256(gift)));
/** The same of its hash. */
export const markOf = (hash: string): string => hash.slice(0, LIMITS.fingerprintCharacters);

/** What was given is kept, and what waits for it takes its way. */
export const keepGift = (
  shelf: NodeShelf,
  turn: Turn,
  name: string,
  peer: PeerLocation,
  gift: Uint8Array,
): Vow<void> => {
  const kept = turn.ask<Destination>((answer) => shelf.gifts.keep(name, peer, gift, answer));
  return turn.when(kept, (turn, destination) => {
    shelf.held.set(name, giftMark(shelf, gift));
    turn.tell(shelf.peers, 'hurry', routeTo(name), destination);
  });
};
/** It is kept no longer; kept once it is gone. */
export const dropGift = (shelf: NodeShelf, turn: Turn, name: string): Vow<void> => {
  shelf.held.delete(name);
  const dropped = turn.ask((answer) => shelf.gifts.drop(name, answer));
  return turn.when(dropped, () => undefined);
};

/** The key that a machine had is out: it hears of that now, or when it calls. */
export const replaced = (
  shelf: NodeShelf,
  turn: Turn<Nodes>,
  name: string,
  old: NodeDoorEntry,
): void => {
  depart(shelf, turn, name, old);
  const gift = presentGift(shelf, turn, name);
  if (gift !== undefined)
    turn.when(endGift(turn, gift), (turn) => parted(shelf, turn, old.hash), ignored);
};
const ignored = (): void => undefined;
