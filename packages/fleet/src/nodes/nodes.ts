/**
 * The `^nodes`: the machines that have joined a controller, or are invited to.
 *
 *     invited     a swissnum, of which the hash is kept, until a time; nobody's yet
 *        │ join, by whoever comes first: the key that its transport proves is kept, then the answer leaves
 *     joined      that swissnum is the door of this key: the same key is answered the same, as often as it asks;
 *        │        any other is refused, and that is an alert
 *        │        (doubts.ts)
 *        │ rekey: another invite, beside; the first key to use it takes the place of the old one, which is out at
 *        │        once where it was in doubt
 *        ├─ leave: the machine took back what it gave          ──► left, until it is removed or joins again
 *        └─ remove: forgotten; the machine is told, now or when it calls    ──► departed, until it has heard
 *
 * What a machine gave is a secret, and lies in a file of its own, written after its record: where it is missing, of
 * another key, or not what the machine has given last, it is asked for it anew when it calls.
 */
import {
  fateOf,
  Limit,
  Refused,
  type Bcom,
  type Behavior,
  type Turn,
  type Vow,
} from '@bellwether/actors';
import { hexOf } from '@bellwether/authority';
import { Conflict, readField, readUpTo } from '@bellwether/shepherd';
import { LIMITS } from '../limits.ts';
import { randomBytes } from '../random.ts';
import { askBack, callIsOver, hasCome, type CallBacks } from './call-backs.ts';
import { endGift, follow, noteContact, unfollow } from './contact.ts';
import { makeNodeDoor } from './door.ts';
import { approved } from './doubts.ts';
import { labelsIn, relabelled } from './labelling.ts';
import { hasMet, leaves } from './meeting.ts';
import {
  announce,
  auditNode,
  depart,
  factsOf,
  fillNodeShelf,
  forgetNode,
  isLapsed,
  keepNode,
  timeOf,
  parted,
  type NodesOptions,
  type NodeShelf,
} from './node-shelf.ts';
import { routeOf } from '../reach/destination.ts';
import { readKey, readNodeName } from './read.ts';
import { dropGift, replaced } from './gifts.ts';
import type { NodeEntry, NodeInvite, NodeSpec, Nodes, RekeySpec, RemovedNode } from './types.ts';

/** Makes it out of the records of earlier lives. */
export const makeNodes = (
  turn: Turn<Nodes>,
  _bcom: Bcom<Nodes>,
  options: NodesOptions,
): Behavior<Nodes> => {
  const shelf = fillNodeShelf(turn, options);
  const calls: CallBacks = turn.map();
  dropOrphans(shelf, turn);
  for (const { name, door, leftMs } of shelf.nodes.values())
    if (door !== undefined && leftMs === undefined) follow(shelf, turn, name);
  return {
    invite: (turn, spec) => invite(shelf, turn, spec),
    rekey: (turn, name, expiresMs, more) => rekey(shelf, turn, name, expiresMs, more),
    label: (turn, name, change) => relabelled(shelf, turn, known(shelf, name), change),
    approve: (turn, name, key) => approved(shelf, turn, known(shelf, name), keyIn(key)),
    list: (turn) => {
      const leftOut = turn.call(options.joining, 'leftOut');
      return [...shelf.nodes.values()].map((node) => factsOf(shelf, turn, node, leftOut));
    },
    isAlone: (_turn, petname) => {
      const node = shelf.nodes.get(routeOf(petname).slice(1));
      return petname.includes('@') && node?.isDialOut === true;
    },
    remove: (turn, name) => remove(shelf, turn, name),
    find: (turn, hash, _sinceMs, peer) =>
      shelf.doors.has(hash) || shelf.departed.has(hash)
        ? turn.spawn(makeNodeDoor, { nodes: turn.self, hash, peer, transport: options.transport })
        : undefined,
    met: (turn, hash, peer, self, gift) => hasMet(shelf, turn, { hash, peer, self, gift }),
    left: (turn, hash, peer) => leaves(shelf, turn, hash, peer),
    callBack: (turn, id, node, service) => askBack(shelf, calls, turn, { id, node, service }),
    callBackOver: (_turn, id) => callIsOver(calls, id),
    came: (_turn, token, facet) => hasCome(calls, token, facet),
    connected: (_turn, name, isConnected) => noteContact(shelf, name, isConnected),
  };
};

/** Of a machine that was removed, or has another key by now, when a life ended. */
const dropOrphans = (shelf: NodeShelf, turn: Turn): void => {
  for (const [name, gift] of [...shelf.held.entries()])
    if (shelf.nodes.get(name)?.door?.gift !== gift) dropGift(shelf, turn, name);
};

const invite = (shelf: NodeShelf, turn: Turn<Nodes>, spec: NodeSpec): Vow<NodeInvite> => {
  const name = readNodeName(readField(spec, 'name', 'node'), 'node.name');
  const { labels = {}, key } = moreIn(spec);
  const before = shelf.nodes.get(name);
  if (
    before !== undefined &&
    (before.door !== undefined || !isLapsed(shelf, before, timeOf(shelf, turn)))
  )
    throw new Conflict(
      `a machine is called '${name}' already; 'herd node rekey ${name}' makes it another invite, ` +
        `'herd node rm ${name}' forgets it`,
    );
  if (before === undefined) checkRoom(shelf);
  const made = { action: 'invite', spanMs: spanIn(readField(spec, 'expiresMs', 'node')), key };
  return invited(shelf, turn, made, (turn) => {
    const now = shelf.nodes.get(name);
    if (now !== undefined && (now.door !== undefined || now !== before))
      throw new Conflict(`a machine was called '${name}' meanwhile`);
    // Others may have been invited meanwhile.
    if (now === undefined) checkRoom(shelf);
    return { kind: 'node', name, labels, madeMs: timeOf(shelf, turn) };
  });
};
const checkRoom = ({ nodes }: NodeShelf): void => {
  if (nodes.size >= LIMITS.nodeCount)
    throw new Limit(`node: ${LIMITS.nodeCount} machines are known, no more are invited`);
};
const rekey = (
  shelf: NodeShelf,
  turn: Turn<Nodes>,
  name: string,
  expiresMs: number | undefined,
  more: RekeySpec = {},
): Vow<NodeInvite> => {
  known(shelf, name);
  const { labels, key } = moreIn(more);
  return invited(shelf, turn, { action: 'rekey', spanMs: spanIn(expiresMs), key }, (turn) => {
    const node = known(shelf, name);
    return withoutDoubted(shelf, turn, labels === undefined ? node : { ...node, labels });
  });
};
/** Whoever is in doubt does not stay until the right one comes: that may be never. */
const withoutDoubted = (shelf: NodeShelf, turn: Turn<Nodes>, node: NodeEntry): NodeEntry => {
  const { name, labels, madeMs, door, doubtMs } = node;
  if (door === undefined || doubtMs === undefined) return node;
  replaced(shelf, turn, name, door);
  unfollow(shelf, turn, name);
  dropGift(shelf, turn, name);
  return { kind: 'node', name, labels, madeMs };
};
const moreIn = (spec: unknown): RekeySpec => {
  const labels = readField(spec, 'labels', 'node');
  const key = keyIn(readField(spec, 'key', 'node'));
  return {
    ...(labels !== undefined && { labels: labelsIn(labels, 'node.labels') }),
    ...(key !== undefined && { key }),
  };
};
const keyIn = (value: unknown): string | undefined =>
  value === undefined ? undefined : readKey(value, 'key');
const known = ({ nodes }: NodeShelf, name: unknown): NodeEntry => {
  const node = nodes.get(readNodeName(name, 'node'));
  if (node === undefined) throw new Refused(`no machine is called '${String(name)}'`);
  return node;
};
const spanIn = (value: unknown): number =>
  value === undefined
    ? LIMITS.nodeInviteMs
    : Math.max(1, readUpTo(LIMITS.nodeInviteMostMs)(value, 'expires'));

interface Inviting {
  readonly action: string;
  readonly spanMs: number;
  readonly key: string | undefined;
}
/** An open invite takes the place of one that there was: what was written into a file and lost opens nothing. */
const invited = (
  shelf: NodeShelf,
  turn: Turn<Nodes>,
  { action, spanMs, key }: Inviting,
  nodeOf: (turn: Turn<Nodes>) => NodeEntry,
): Vow<NodeInvite> => {
  if (shelf.transport() === undefined)
    throw new Refused(
      'this shepherd listens on no network, so no machine could join it; listen: { tcpTls: { host, port } } ' +
        'in its configuration has it do that at its next start',
    );
  return turn.when(randomBytes(turn, shelf.entropy, LIMITS.giftBytes), (turn, swissnum) => {
    const hash = hexOf(shelf.crypto.sha256(swissnum));
    const expiresMs = timeOf(shelf, turn) + spanMs;
    const epoch = shelf.rightsEpoch.now;
    const invite = { hash, expiresMs, epoch, ...(key !== undefined && { key }) };
    const node: NodeEntry = { ...nodeOf(turn), invite };
    const before = shelf.nodes.get(node.name);
    keepNode(shelf, turn, node);
    auditNode(turn, 'granted', action, node.name);
    const isOther = before?.door !== node.door || before?.labels !== node.labels;
    if (before !== undefined && isOther) announce(shelf, turn);
    return { node: factsOf(shelf, turn, node), invite: shelf.uriOf(swissnum), expiresMs };
  });
};

/** It is forgotten first, durably: nothing that fails afterwards brings it back. */
const remove = (shelf: NodeShelf, turn: Turn<Nodes>, name: string): Vow<RemovedNode> => {
  const node = known(shelf, name);
  const { door, leftMs } = node;
  forgetNode(shelf, turn, node);
  auditNode(turn, 'revoked', 'rm', name);
  const way = unfollow(shelf, turn, name);
  announce(shelf, turn);
  if (door === undefined || leftMs !== undefined || way === undefined)
    return turn.kept({ name, isTold: true });
  depart(shelf, turn, name, door);
  const told = turn.when(turn.call(way, 'reach'), endGift);
  const over = turn.when(
    turn.within(LIMITS.partMs, told),
    (turn) => {
      parted(shelf, turn, door.hash);
      return true;
    },
    // Its gift is revoked, or was never there: it is as good as told.
    (_turn, reason) => fateOf(reason) === 'refused',
  );
  return turn.when(over, (turn, isTold) => {
    // Another machine may have that name by now.
    const isFree = shelf.nodes.get(name)?.door === undefined;
    const dropped = isFree ? dropGift(shelf, turn, name) : turn.kept(undefined);
    return turn.when(dropped, () => ({ name, isTold }));
  });
};
