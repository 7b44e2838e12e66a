/**
 * The records as they were before there was a database: one JSON file, taken over once.
 *
 *     { "version": 1, "desired": [[service, bool]…], "enabled": [[service, bool]…], "running": [{startId, …}…],
 *       "minted": [{hash, service}…], "port": 8888 }
 */
import fs from 'node:fs/promises';
import path from 'node:path';
import { syncFolder } from './durable-file.ts';
import { DamagedState, wordsOf } from './errors.ts';
import type { StoreRecord } from './kinds.ts';
import { limits } from './limits.ts';
import { contentOf } from './mark.ts';
import { list, Misfit, object, oneOf, type Reader } from './shape.ts';

const fileName = 'records.json';
const aside = 'records.json.migrated';
const asItIs: Reader<unknown> = (value) => value;
const many = limits.recordCount;
const pair: Reader<readonly [unknown, unknown]> = (value, at) => {
  const read = list(asItIs, 2)(value, at);
  if (read.length !== 2) throw new Misfit(`${at}: expected two items`);
  return [read[0], read[1]];
};
const shape = object(
  {
    version: oneOf(1),
    desired: list(pair, many),
    enabled: list(pair, many),
    running: list(asItIs, many),
    minted: list(object({ hash: asItIs, service: asItIs }), many),
  },
  { port: asItIs },
);

/**
 * The entries of a records file, for a database that does not count yet; none where there is no file. What each must
 * look like is checked as any entry is, when it is made into a record. @throws DamagedState
 */
export const legacyEntries = async (state: string): Promise<readonly StoreRecord[]> => {
  const file = path.join(state, fileName);
  const content = await contentOf(file, limits.jsonBytes);
  if (content === undefined) return [];
  try {
    const { desired, enabled, running, minted, port } = shape(JSON.parse(content), fileName);
    return [
      ...desired.map(([service, isWanted]) => ({ kind: 'desired', service, isWanted })),
      ...enabled.map(([service, isEnabled]) => ({ kind: 'enabled', service, isEnabled })),
      ...running.map((each) => ({ kind: 'running', running: each })),
      ...minted.map((each) => ({ kind: 'minted', ...each })),
      ...(port === undefined ? [] : [{ kind: 'port', port }]),
    ] as readonly StoreRecord[];
  } catch (error) {
    throw damagedLegacy(state, error);
  }
};

/** What a records file that cannot be taken over costs, in words. */
export const damagedLegacy = (state: string, error: unknown): DamagedState =>
  new DamagedState(
    `state: cannot take over ${path.join(state, fileName)}: ${wordsOf(error)}. Nothing was changed. Put an older ` +
      'copy of it there, or move it away: services that still run are then unknown to the new daemon, and ' +
      'refs minted here no longer work.',
    { cause: error },
  );

/**
 * Puts the records file out of the way, once the database counts that holds all of it.
 * @throws DamagedState where that was done before: an older daemon has run since, and each knows what the other does
 * not
 */
export const setLegacyAside = async (state: string): Promise<void> => {
  const [from, to] = [path.join(state, fileName), path.join(state, aside)];
  if (!(await exists(from))) return;
  if (await exists(to))
    throw new DamagedState(
      `state: there are ${fileName} and ${aside} in ${state}: an older shepherd has run here since its records were ` +
        `taken over. Nothing was changed. Look at ${fileName}, then move it away.`,
    );
  await fs.rename(from, to);
  await syncFolder(state);
};

const exists = async (file: string): Promise<boolean> =>
  (await fs.lstat(file).catch(() => undefined)) !== undefined;
