/**
 * What a controller answers to a machine at its door:
 *
 *     the door is      of this key             of another key            nobody's, and open         lapsed
 *     join             what it gives is        refused, and an alert     it is this key's now,      refused
 *                      taken over; something   (doubts.ts)               if it is for that key
 *                      else too often: refused
 *     leave            it has left             the same                  refused                    refused
 *
 *     departed         'removed', until it     refused                   -                          -
 *                      has said that it left
 */
import { Limit, type Turn, type Vow } from '@bellwether/actors';
import type { PeerLocation } from '@bellwether/ocapn';
import { canonicalText } from '@bellwether/shepherd';
import { LIMITS } from '../limits.ts';
import { counted } from '../rate.ts';
import { follow, unfollow } from './contact.ts';
import { joinedTwice, wrongKey } from './doubts.ts';
import { NoGift, Spent } from './errors.ts';
import { dropGift, giftMark, keepGift, replaced } from './gifts.ts';
import type { Joined, NodeEntry, NodeSelf, Nodes } from './types.ts';
import {
  announce,
  auditNode,
  fingerprintOf,
  isLapsed,
  keepNode,
  timeOf,
  parted,
  type NodeShelf,
} from './node-shelf.ts';

/** Who is at which door, with what. */
export interface Meeting {
  readonly hash: string;
  readonly peer: PeerLocation;
  readonly self: NodeSelf;
  readonly gift: Uint8Array | undefined;
}

/** See `NodeDoor.enter`. */
export const hasMet = (shelf: NodeShelf, turn: Turn<Nodes>, meeting: Meeting): Vow<Joined> => {
  const { hash, peer, gift } = meeting;
  const departed = shelf.departed.get(hash);
  if (departed !== undefined)
    return departed.designator === peer.designator
      ? turn.kept<Joined>({ state: 'removed' })
      : turn.broken(unknown());
  const node = nodeAt(shelf, hash);
  if (node === undefined) return turn.broken(unknown());
  if (node.door?.hash === hash) {
    if (node.door.designator !== peer.designator)
      return joinedTwice(shelf, turn, node, peer.designator);
    const hasGift = gift !== undefined || isLastGift(shelf, node, meeting);
    return hasGift ? takenOver(shelf, turn, node, meeting) : turn.broken(new NoGift());
  }
  if (isLapsed(shelf, node, timeOf(shelf, turn)))
    return turn.broken(new Spent('this invite was not used in time'));
  if (!isFor(node.invite, peer.designator)) return wrongKey(shelf, turn, node, peer.designator);
  return gift === undefined ? turn.broken(new NoGift()) : bound(shelf, turn, node, meeting);
};
const isFor = (invite: NodeEntry['invite'], designator: string): boolean =>
  invite?.key === undefined || designator.startsWith(invite.key);

/** Whether what is kept is what the machine has given last: word of a later one may have been lost on the way here. */
const isLastGift = ({ held }: NodeShelf, { name, door }: NodeEntry, { self }: Meeting): boolean =>
  held.get(name) === door?.gift && (self.gift ?? door?.gift) === door?.gift;

const nodeAt = ({ doors, nodes }: NodeShelf, hash: string): NodeEntry | undefined =>
  nodes.get(doors.get(hash) ?? '');
/** It was there when it was fetched. */
const unknown = (): Error => new Spent('this invite is good for nothing any more');

/** From now on the door is this key's. A machine that had another one hears of it, now or when it calls. */
const bound = (
  shelf: NodeShelf,
  turn: Turn<Nodes>,
  { name, labels, madeMs, door: old, invite }: NodeEntry,
  meeting: Meeting,
): Vow<Joined> => {
  const { hash, peer } = meeting;
  const { designator } = peer;
  const joinedMs = timeOf(shelf, turn);
  const isKnown = invite?.key !== undefined;
  const door = { hash, designator, joinedMs, gift: '', ...(isKnown && { approvedMs: joinedMs }) };
  if (old !== undefined && old.designator !== designator) replaced(shelf, turn, name, old);
  auditNode(turn, 'redeemed', 'join', name, fingerprintOf(designator));
  return takenOver(shelf, turn, { kind: 'node', name, labels, madeMs, door }, meeting);
};
/** What the machine says of itself is what counts. What it gives is there once the gift is, by which it is reached. */
const takenOver = (
  shelf: NodeShelf,
  turn: Turn<Nodes>,
  node: NodeEntry,
  { peer, self, gift }: Meeting,
): Vow<Joined> => {
  const { name, labels, door } = node;
  const { isDialOut: _before, leftMs: _left, ...rest } = node;
  const next: NodeEntry = {
    ...rest,
    ...(door && { door: gift === undefined ? door : { ...door, gift: giftMark(shelf, gift) } }),
    ...(self.isDialOut && { isDialOut: true }),
  };
  const isOther = canonicalText(next) !== canonicalText(shelf.nodes.get(name));
  const given = { kind: 'given', name, services: self.services } as const;
  const givesOther = canonicalText(given) !== canonicalText(shelf.given.get(name));
  const isNews = isOther || givesOther || gift !== undefined;
  if (isNews && !isInTime(shelf, door?.hash ?? '')) return turn.broken(tooOften());
  if (isNews) shelf.checkRoom?.(name);
  if (isOther) keepNode(shelf, turn, next);
  if (givesOther) {
    shelf.given.set(name, given);
    turn.record(given);
  }
  const to = self.isDialOut ? { ...peer, hints: {} } : peer;
  const kept = gift === undefined ? turn.kept(undefined) : keepGift(shelf, turn, name, to, gift);
  const { controller } = shelf;
  return turn.when(kept, (turn): Joined => {
    // Whoever had the old one goes by the new one.
    if (gift !== undefined) unfollow(shelf, turn, name);
    if (shelf.nodes.get(name)?.door?.hash === next.door?.hash) follow(shelf, turn, name);
    // A thousand machines that come back with the network give what they gave before.
    if (isOther || givesOther) announce(shelf, turn);
    return { state: 'joined', name, labels, controller };
  });
};

/** Also bounds how often it leaves: it has to have come again in between. */
const isInTime = ({ rates, clock }: NodeShelf, hash: string): boolean => {
  const { enterCount: count, enterGapMs: gapMs } = LIMITS;
  const clearMs = counted({ count, gapMs }, rates.get(hash), clock.now());
  if (clearMs !== undefined) rates.set(hash, clearMs);
  return clearMs !== undefined;
};
const tooOften = (): Limit => {
  const { enterCount, enterGapMs } = LIMITS;
  return new Limit(
    `join: this machine has said ${enterCount} times in a row that it gives something else; it may say so once in ` +
      `${enterGapMs / 1_000} s from now on`,
  );
};

/** See `NodeDoor.leave`. */
export const leaves = (
  shelf: NodeShelf,
  turn: Turn<Nodes>,
  hash: string,
  { designator }: PeerLocation,
): Vow<void> => {
  if (shelf.departed.get(hash)?.designator === designator) {
    parted(shelf, turn, hash);
    return turn.kept(undefined);
  }
  const node = nodeAt(shelf, hash);
  if (node?.door?.hash !== hash || node.door.designator !== designator)
    return turn.broken(unknown());
  if (node.leftMs !== undefined) return turn.kept(undefined);
  const { name } = node;
  keepNode(shelf, turn, { ...node, leftMs: timeOf(shelf, turn) });
  auditNode(turn, 'revoked', 'leave', name, fingerprintOf(designator));
  unfollow(shelf, turn, name);
  announce(shelf, turn);
  return dropGift(shelf, turn, name);
};
