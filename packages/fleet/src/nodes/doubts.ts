/**
 * Two machines with one invite: one of them is not the operator's, and nobody here can know which.
 *
 *     joined, nobody has said that it is right     another key comes, soon after     in doubt, and an alert
 *     joined, and said to be right, or long ago    another key comes                 an alert
 *     in doubt       out of selectors and of fleets by label; nothing is started there or brought there, also by name.
 *                    What runs goes on, and can be looked at and stopped
 *        ├─ approve  its key is the right one: it is as before, and can be put in doubt no more
 *        ├─ rekey    its key is out at once
 *        └─ remove   forgotten
 */
import { Refused, type Turn, type Vow } from '@bellwether/actors';
import { audit } from '@bellwether/authority';
import { LIMITS } from '../limits.ts';
import { Spent } from './errors.ts';
import {
  announce,
  auditNode,
  factsOf,
  fingerprintOf,
  keepNode,
  keyText,
  timeOf,
  type NodeShelf,
} from './node-shelf.ts';
import type { NodeEntry, NodeFacts, Nodes } from './types.ts';

/** Another key than the one that has joined: each of the two may be the one that the invite was meant for. */
export const joinedTwice = (
  shelf: NodeShelf,
  turn: Turn<Nodes>,
  node: NodeEntry,
  designator: string,
): Vow<never> => {
  const nowMs = timeOf(shelf, turn);
  const isDoubted = node.doubtMs === undefined && mayDoubt(node, nowMs);
  const next = isDoubted ? { ...node, doubtMs: nowMs } : node;
  const [came, has] = [designator, node.door?.designator ?? ''].map(keyText);
  const isNoted = alert(shelf, turn, next, {
    designator,
    code: 'joined-twice',
    isForced: isDoubted,
    reason:
      `two machines have come with the invite of ${node.name}, and one of them is not yours: ${has} has joined ` +
      `by it, ` +
      `${came} was refused${next.doubtMs === undefined ? '' : '; it is in doubt until one is approved or removed'}`,
  });
  if (isNoted && isDoubted) announce(shelf, turn);
  return turn.broken(
    new Spent('another machine has used this invite, and its controller was told'),
  );
};
const mayDoubt = ({ door }: NodeEntry, nowMs: number): boolean =>
  door !== undefined && door.approvedMs === undefined && nowMs < door.joinedMs + LIMITS.nodeDoubtMs;

/** One that an invite is not for: that stays as it is, for the right one. */
export const wrongKey = (
  shelf: NodeShelf,
  turn: Turn<Nodes>,
  node: NodeEntry,
  designator: string,
): Vow<never> => {
  const [came, wanted] = [designator, node.invite?.key ?? ''].map(keyText);
  alert(shelf, turn, node, {
    designator,
    code: 'wrong-key',
    isForced: false,
    reason: `machine ${came} has come with the invite of ${node.name}, which is for ${wanted} alone`,
  });
  return turn.broken(
    new Spent("this invite is for a machine with another key; 'shepherd key' shows this one's"),
  );
};

interface Alert {
  readonly designator: string;
  readonly code: 'joined-twice' | 'wrong-key';
  readonly reason: string;
  /** However many there were. */
  readonly isForced: boolean;
}
/** Each is a record and a line of the audit: after the first ones one in a while, so that it has a late time. */
const alert = (
  shelf: NodeShelf,
  turn: Turn<Nodes>,
  node: NodeEntry,
  { designator, code, reason, isForced }: Alert,
): boolean => {
  const { name, alertCount = 0, alertMs: lastMs = 0 } = node;
  const alertMs = timeOf(shelf, turn);
  const isQuiet = alertCount >= LIMITS.nodeAlertCount && alertMs < lastMs + LIMITS.nodeAlertMs;
  if (isQuiet && !isForced) return false;
  keepNode(shelf, turn, { ...node, alertCount: alertCount + 1, alertMs, alertBy: designator });
  const about = { service: 'root', action: 'node join', label: name } as const;
  audit(turn, { event: 'alert', asker: fingerprintOf(designator), ...about, code, reason });
  return true;
};

/** See `Nodes.approve`. */
export const approved = (
  shelf: NodeShelf,
  turn: Turn<Nodes>,
  node: NodeEntry,
  key: string | undefined,
): NodeFacts => {
  const { door, alertCount: _count, alertMs: _when, alertBy: _by, doubtMs, ...rest } = node;
  if (key !== undefined && door?.designator.startsWith(key) !== true)
    throw new Refused(
      `${node.name} has ${door === undefined ? 'no key yet' : `another key: ${keyText(door.designator)}`}`,
    );
  if (door === undefined && node.alertCount === undefined)
    throw new Refused(`${node.name} has not joined, so there is no key to approve`);
  const approvedMs = timeOf(shelf, turn);
  const next: NodeEntry = { ...rest, ...(door && { door: { ...door, approvedMs } }) };
  keepNode(shelf, turn, next);
  auditNode(turn, 'confirmed', 'approve', node.name);
  if (doubtMs !== undefined) announce(shelf, turn);
  return factsOf(shelf, turn, next);
};
