/**
 * `herd __complete -- WORD… CURRENT`: what the scripts of the shells ask. Nobody types it. It never
 * complains and never waits for long: somebody has just pressed a key.
 */
import fs from 'node:fs';
import type { GrantFacts } from '@bellwether/fleet';
import { labelTexts } from '@bellwether/shepherd';
import { completionDialMs, completionProbeMs } from '../../client/limits.ts';
import { ownerClient } from '../../client/grants.ts';
import type { Line } from '../../client/line.ts';
import { netClient } from '../../client/net.ts';
import { nodesClient } from '../../client/nodes.ts';
import { operationsClient } from '../../client/operations.ts';
import { rootClient } from '../../client/local-root.ts';
import { visible } from '../../client/escape.ts';
import type { Connections } from '../context.ts';
import { allowsText } from '../format/grant.ts';
import { peerText } from '../format/net.ts';
import { maxAboutChars } from '../limits.ts';
import { parseQuickly } from '../grammar/parse.ts';
import type { Terminal } from '../terminal/terminal.ts';
import { completionOf, type Candidate, type KnownService, type World } from './candidates.ts';

/** Operations that are worth a look: as many as a screen shows. */
const shownOperations = 20;

/** Prints what may come next; always ends well. */
export const runComplete = async (
  words: readonly string[],
  terminal: Terminal,
  connections: Connections,
  refs: () => string,
): Promise<number> => {
  const typed = words.slice(0, -1);
  const world: World = {
    services: () => servicesOf(connections, typed),
    petnames: () => petnamesIn(refs()),
    operations: (way) => operationsOf(connections, typed, way),
    nodes: () => nodesOf(connections, typed),
    sessions: () => sessionsOf(connections, typed),
    grants: (states) => grantsOf(connections, typed, states),
  };
  const found = await completionOf({ typed, current: words.at(-1) ?? '' }, world);
  const lines = found === 'files' ? [':files'] : found.map(lineOf);
  if (lines.length > 0) terminal.out(`${lines.join('\n')}\n`);
  return 0;
};

const lineOf = ({ word, about = '' }: Candidate): string => {
  const [first = ''] = about.split('\n', 1);
  const words = visible(first.replaceAll('\t', ' ')).slice(0, maxAboutChars);
  return words === '' ? word : `${word}\t${words}`;
};

const servicesOf = (
  connections: Connections,
  typed: readonly string[],
): Promise<readonly KnownService[]> =>
  fromRoot(connections, typed, async (line) => {
    const root = rootClient(line);
    const statuses = await root.glance(completionProbeMs, { waitMs: completionDialMs });
    return statuses.map(({ provision, documentation, actions, labels }) => ({
      ...{ names: provision, about: documentation, actions },
      ...(labels && { labels }),
    }));
  });
const operationsOf = (
  connections: Connections,
  typed: readonly string[],
  way: string | undefined,
): Promise<readonly Candidate[]> =>
  fromLine(way === undefined ? rootOf(connections, typed) : connections.petname(way), lastIn);
const lastIn = async (line: Line): Promise<readonly Candidate[]> => {
  const last = await operationsClient(line).operations(
    { count: shownOperations },
    { waitMs: completionDialMs },
  );
  return last.toReversed().map(({ operation, action, service, result = 'under way' }) => ({
    word: operation,
    about: `${action} ${service}: ${result}`,
  }));
};

const nodesOf = (
  connections: Connections,
  typed: readonly string[],
): Promise<readonly Candidate[]> =>
  fromRoot(connections, typed, async (line) => {
    const nodes = await nodesClient(line).nodes({ waitMs: completionDialMs });
    return nodes.map(({ name, state, labels }) => ({
      word: name,
      about: [state, ...labelTexts(labels)].join(' '),
    }));
  });

const sessionsOf = (
  connections: Connections,
  typed: readonly string[],
): Promise<readonly Candidate[]> =>
  fromRoot(connections, typed, async (line) => {
    const { links } = await netClient(line).links({ waitMs: completionDialMs });
    return links.flatMap(({ session, peer, transport }) =>
      session === undefined ? [] : [{ word: session, about: `${peerText(peer)}, ${transport}` }],
    );
  });

/** The newest first, as somebody who made one by mistake would want it. */
const grantsOf = (
  connections: Connections,
  typed: readonly string[],
  states: readonly GrantFacts['state'][],
): Promise<readonly Candidate[]> =>
  fromRoot(connections, typed, async (line) => {
    const grants = await ownerClient(line).grants({ waitMs: completionDialMs });
    return grants
      .filter(({ state }) => states.includes(state))
      .toReversed()
      .map((grant) => ({ word: grant.id, about: `${grant.label ?? ''}: ${allowsText(grant)}` }));
  });

const fromRoot = <T>(
  connections: Connections,
  typed: readonly string[],
  ask: (line: Line) => Promise<readonly T[]>,
): Promise<readonly T[]> => fromLine(rootOf(connections, typed), ask);
const rootOf = async (connections: Connections, typed: readonly string[]): Promise<Line> => {
  // The last word may be an option whose value is in the making.
  const known = parseQuickly(typed) ?? parseQuickly(typed.slice(0, -1));
  return connections.root(known?.options.socket);
};

/** None where there is nobody, or nobody who answers at once. */
const fromLine = async <T>(
  opened: Promise<Line>,
  ask: (line: Line) => Promise<readonly T[]>,
): Promise<readonly T[]> => {
  try {
    const line = await opened;
    try {
      return await ask(line);
    } finally {
      line.close();
    }
  } catch {
    return []; // Completion has no place for words; the command itself will say what is wrong.
  }
};

/** The petnames of the refs in a folder; none where it cannot be read. */
export const petnamesIn = (folder: string): readonly string[] => {
  try {
    return fs.readdirSync(folder).filter((name) => !name.startsWith('.'));
  } catch {
    return []; // as above
  }
};
