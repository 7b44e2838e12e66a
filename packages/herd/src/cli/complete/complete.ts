/**
 * `herd __complete -- WORD… CURRENT`: what the scripts of the shells ask. Nobody types it. It never
 * complains and never waits for long: somebody has just pressed a key.
 */
import fs from 'node:fs';
import { completionDialMs, completionProbeMs } from '../../client/limits.ts';
import { rootClient } from '../../client/local-root.ts';
import { visible } from '../../client/escape.ts';
import type { Connections } from '../context.ts';
import { maxAboutChars } from '../limits.ts';
import { parseQuickly } from '../parse.ts';
import type { Terminal } from '../terminal.ts';
import { completionOf, type Candidate, type KnownService, type World } from './candidates.ts';

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

/** None where there is no shepherd, or none that answers at once. */
const servicesOf = async (
  connections: Connections,
  typed: readonly string[],
): Promise<readonly KnownService[]> => {
  try {
    const line = connections.root(parseQuickly(typed)?.options.socket);
    try {
      const patience = { waitMs: completionDialMs };
      const statuses = await rootClient(line).status([], completionProbeMs, patience);
      return statuses.map(({ provision, documentation, actions }) => ({
        ...{ names: provision, about: documentation, actions },
      }));
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
