/** What a local root answers about machines that join, and about controllers: typed questions, checked answers. */
import type {
  HomeFacts,
  JoinSpec,
  NodeFacts,
  NodeInvite,
  NodeSpec,
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
  rekey(name: string, expiresMs: number | undefined, patience: Patience): Promise<NodeInvite>;
  nodes(patience: Patience): Promise<readonly NodeFacts[]>;
  remove(name: string, patience: Patience): Promise<RemovedNode>;
  /** The URI is a secret. */
  join(uri: string, spec: JoinSpec, patience: Patience): Promise<HomeFacts>;
  leave(home: string | undefined, patience: Patience): Promise<HomeFacts>;
  homes(patience: Patience): Promise<readonly HomeFacts[]>;
}

/** Asks over a line to a local root. The line stays the caller's. */
export const nodesClient = (line: Line): NodesClient => ({
  invite: (spec, patience) => ask(line, 'invite-node', [{ ...spec }], patience, inviteIn),
  rekey: (name, expiresMs, patience) =>
    ask(line, 'rekey-node', given(name, expiresMs), patience, inviteIn),
  nodes: (patience) => ask(line, 'nodes', [], patience, nodesIn),
  remove: (name, patience) => ask(line, 'remove-node', [name], patience, removedIn),
  join: (uri, spec, patience) => ask(line, 'join-home', [uri, { ...spec }], patience, homeIn),
  leave: (home, patience) => ask(line, 'leave-home', given(home), patience, homeIn),
  homes: (patience) => ask(line, 'homes', [], patience, homesIn),
});

const text = textOf(limits.lineCharacters);
const readTrue: Read<true | undefined> = (value) => (value === true ? true : undefined);
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
  },
);
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
