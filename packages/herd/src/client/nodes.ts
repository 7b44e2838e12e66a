/** What a local root answers about machines that join, and about controllers: typed questions, checked answers. */
import type {
  HomeFacts,
  JoinSpec,
  LabelChange,
  NodeFacts,
  NodeInvite,
  NodeSpec,
  RekeySpec,
  RemovedNode,
} from '@bellwether/fleet';
import { FLEET_LIMITS } from '@bellwether/fleet';
import {
  limits,
  list,
  Malformed,
  readBoolean,
  readCount,
  readLabels,
  readName,
  readTrue,
  struct,
  textOf,
  type Read,
} from '@bellwether/shepherd';
import { checked } from './answers.ts';
import { ask, given } from './ask.ts';
import type { Line, Patience } from './line.ts';

/** See LocalRoot of the fleet package. Everything rejects as `Line.ask` does, and with BadAnswer. */
export interface NodesClient {
  /** The invite in the answer is a secret. */
  invite(spec: NodeSpec, patience: Patience): Promise<NodeInvite>;
  rekey(
    name: string,
    expiresMs: number | undefined,
    more: RekeySpec,
    patience: Patience,
  ): Promise<NodeInvite>;
  label(name: string, change: LabelChange, patience: Patience): Promise<NodeFacts>;
  approve(name: string, key: string | undefined, patience: Patience): Promise<NodeFacts>;
  nodes(patience: Patience): Promise<readonly NodeFacts[]>;
  remove(name: string, patience: Patience): Promise<RemovedNode>;
  /** The URI is a secret. */
  join(uri: string, spec: JoinSpec, patience: Patience): Promise<HomeFacts>;
  give(spec: JoinSpec, home: string | undefined, patience: Patience): Promise<HomeFacts>;
  leave(home: string | undefined, isDryRun: boolean, patience: Patience): Promise<HomeFacts>;
  /** The key of the machine that is asked. */
  key(patience: Patience): Promise<string>;
  homes(patience: Patience): Promise<readonly HomeFacts[]>;
}

/** Asks over a line to a local root. The line stays the caller's. */
export const nodesClient = (line: Line): NodesClient => ({
  invite: (spec, patience) => ask(line, 'invite-node', [{ ...spec }], patience, inviteIn),
  rekey: (name, expiresMs, more, patience) =>
    ask(line, 'rekey-node', [name, expiresMs, { ...more }], patience, inviteIn),
  label: (name, change, patience) =>
    ask(line, 'label-node', [name, { ...change }], patience, nodeIn),
  approve: (name, key, patience) => ask(line, 'approve-node', given(name, key), patience, nodeIn),
  nodes: (patience) => ask(line, 'nodes', [], patience, nodesIn),
  remove: (name, patience) => ask(line, 'remove-node', [name], patience, removedIn),
  join: (uri, spec, patience) => ask(line, 'join-home', [uri, { ...spec }], patience, homeIn),
  give: (spec, home, patience) =>
    ask(line, 'give-home', given({ ...spec }, home), patience, homeIn),
  leave: (home, isDryRun, patience) =>
    ask(line, 'leave-home', isDryRun ? [home, true] : given(home), patience, homeIn),
  key: (patience) => ask(line, 'machine-key', [], patience, keyIn),
  homes: (patience) => ask(line, 'homes', [], patience, homesIn),
});

const text = textOf(limits.lineCharacters);
const stateOf =
  <const T extends string>(states: readonly T[]): Read<T> =>
  (value, what) => {
    const found = states.find((state) => state === value);
    if (found === undefined) throw new Malformed(`${what}: expected one of ${states.join(', ')}`);
    return found;
  };

const readNode = struct<NodeFacts>(
  {
    name: readName,
    labels: readLabels,
    state: stateOf(['invited', 'lapsed', 'joined', 'left']),
    madeMs: readCount,
    serviceCount: readCount,
  },
  {
    leftOut: list(
      struct<{ readonly service: string; readonly why: string }>({ service: text, why: text }, {}),
      limits.listCount,
    ),
    designator: text,
    joinedMs: readCount,
    inviteExpiresMs: readCount,
    isDialOut: readTrue,
    isConnected: readBoolean,
    alertCount: readCount,
    alertMs: readCount,
    alertBy: text,
    isInDoubt: readTrue,
    approvedMs: readCount,
    inviteKey: text,
  },
);
const nodeIn = checked(readNode, 'node');
const keyIn = checked(text, 'key');
const inviteIn = checked(
  struct<NodeInvite>({ node: readNode, invite: text, expiresMs: readCount }, {}),
  'node',
);
const nodesIn = checked(list(readNode, FLEET_LIMITS.nodeCount), 'nodes');
const removedIn = checked(
  struct<RemovedNode>({ name: readName, isTold: readBoolean }, {}),
  'removed',
);
const readHome = struct<HomeFacts>(
  {
    designator: text,
    state: stateOf(['joining', 'joined', 'unconfirmed']),
    madeMs: readCount,
    serviceCount: readCount,
    isConnected: readBoolean,
  },
  {
    name: readName,
    controller: text,
    labels: readLabels,
    services: list(text, limits.listCount),
    isDialOut: readTrue,
    trouble: text,
  },
);
const homeIn = checked(readHome, 'home');
const homesIn = checked(list(readHome, FLEET_LIMITS.homeCount), 'homes');
