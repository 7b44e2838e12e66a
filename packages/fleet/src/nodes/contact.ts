/** Whether a controller has contact with a machine: it is what `herd node ls` tells, and how one is told to part. */
import type { Bcom, Behavior, Ref, Turn, Vow } from '@bellwether/actors';
import { makeLiveRef, type ContactFollower, type LiveRef } from '../reach/live-ref.ts';
import { routeTo } from './joined.ts';
import type { NodeShelf } from './node-shelf.ts';
import type { Gift, Nodes } from './types.ts';

/** Keeps contact with one from now on. */
export const follow = (shelf: NodeShelf, turn: Turn<Nodes>, name: string): void => {
  if (shelf.contacts.has(name)) return;
  const { dial, peers, entropy, clock } = shelf;
  const petname = routeTo(name);
  const way = turn.spawn(makeLiveRef, { petname, dial, peers, entropy, clock });
  shelf.contacts.set(name, { way, isConnected: false });
  turn.call(way, 'follow', turn.spawn(makeNodeContact, turn.self, name));
};
/** What one gave, where there is contact now. */
export const presentGift = (
  { contacts }: NodeShelf,
  turn: Turn<Nodes>,
  name: string,
): Ref<Gift> | undefined => {
  const way = contacts.get(name)?.way;
  const present: Ref | undefined = way && turn.call(way, 'present');
  return present as Ref<Gift> | undefined;
};
/** Tells one that what it gave is wanted no longer. */
export const endGift = (turn: Turn, gift: Ref): Vow<void> => turn.send(gift as Ref<Gift>, 'end');
/** Nobody keeps it any more; the way is there for a last word. */
export const unfollow = (
  { contacts }: NodeShelf,
  turn: Turn<Nodes>,
  name: string,
): Ref<LiveRef> | undefined => {
  const way = contacts.get(name)?.way;
  contacts.delete(name);
  if (way !== undefined) turn.call(way, 'leave');
  return way;
};
/** Notes how it is. */
export const noteContact = ({ contacts }: NodeShelf, name: string, isConnected: boolean): void => {
  const contact = contacts.get(name);
  if (contact !== undefined) contacts.set(name, { ...contact, isConnected });
};

const makeNodeContact = (
  _turn: Turn<ContactFollower>,
  _bcom: Bcom<ContactFollower>,
  nodes: Ref<Pick<Nodes, 'connected'>>,
  name: string,
): Behavior<ContactFollower> => ({
  found: (turn) => turn.tell(nodes, 'connected', name, true),
  missed: (turn) => turn.tell(nodes, 'connected', name, false),
});
