/** The labels of a machine are its controller's, and change there, at once. */
import type { Turn } from '@bellwether/actors';
import {
  BadRequest,
  doubtLabel,
  isDoubted,
  limits,
  list,
  readField,
  readLabels,
  textOf,
  type Labels,
} from '@bellwether/shepherd';
import { announce, auditNode, factsOf, keepNode, type NodeShelf } from './node-shelf.ts';
import type { LabelChange, NodeEntry, NodeFacts, Nodes } from './types.ts';

/** @throws Malformed; BadRequest for the one that says that a machine is in doubt: `approve` ends that */
export const labelsIn = (value: unknown, what: string): Labels => {
  const labels = readLabels(value, what);
  if (isDoubted(labels))
    throw new BadRequest(
      `node: the label '${doubtLabel}' is given by this shepherd itself; 'herd node approve' takes it away`,
    );
  return labels;
};
const readKeys = list(textOf(limits.labelCharacters), limits.labelCount);

/** See `Nodes.label`. */
export const relabelled = (
  shelf: NodeShelf,
  turn: Turn<Nodes>,
  node: NodeEntry,
  change: LabelChange,
): NodeFacts => {
  const set = labelsIn(readField(change, 'set', 'change'), 'change.set');
  const drop = new Set(readKeys(readField(change, 'drop', 'change'), 'change.drop'));
  const kept = Object.entries(node.labels).filter(([key]) => !drop.has(key));
  const labels = readLabels({ ...Object.fromEntries(kept), ...set }, 'labels');
  const next = { ...node, labels };
  keepNode(shelf, turn, next);
  auditNode(turn, 'granted', 'label', node.name);
  announce(shelf, turn);
  return factsOf(shelf, turn, next);
};
