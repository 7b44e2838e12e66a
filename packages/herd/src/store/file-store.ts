/**
 * The daemon's records as one JSON file in its state folder. Every commit replaces the file whole (durable-file.ts),
 * which makes a batch of records one atomic step; a commit of n services writes O(n) bytes, about 100 each.
 *
 *     { "version": 1, "desired": [[service, bool]…], "enabled": [[service, bool]…], "running": [{startId, …}…],
 *       "minted": [{hash, service}…], "port": 8888 }
 *
 * Pairs rather than objects, since no name is special in a list.
 */
import fs from 'node:fs/promises';
import path from 'node:path';
import { z } from 'zod';
import { ActorError, type Commit } from '@bellwether/actors';
import type { MintEntry } from '@bellwether/fleet';
import type { Entry, Records, RunningRecord } from '@bellwether/shepherd';
import { replaceFile, syncFolder } from './durable-file.ts';

/** The state folder cannot be used as it is; the message says what to do. */
export class DamagedState extends ActorError {
  constructor(message: string, options?: ErrorOptions) {
    super('damaged-state', message, options);
  }
}

/** The port that was chosen once and is kept with the identity. */
export type PortEntry = { readonly kind: 'port'; readonly port: number };
/** Everything that a daemon makes durable. */
export type StoreEntry = Entry | MintEntry | PortEntry;

/** What a daemon finds when it starts. */
export interface Found {
  readonly records: Records;
  readonly minted: ReadonlyMap<string, string>;
  readonly port: number | undefined;
}
/** The records of one state folder. */
export interface FileStore {
  readonly found: Found;
  /** Makes a batch durable. One at a time, as `Commit` says. */
  readonly commit: Commit;
}

const version = 1;
/** Bytes; 10,000 services with a running process each come to 3 MB. */
const maxFileBytes = 64 * 1024 * 1024;

const running = z.object({
  startId: z.string(),
  service: z.string(),
  pid: z.int().positive().optional(),
  startTime: z.string().optional(),
  bootId: z.string().optional(),
  isCommand: z.literal(true).optional(),
  isReady: z.literal(true).optional(),
  madeFrom: z.string().optional(),
  since: z.number().optional(),
});
const shape = z.object({
  version: z.literal(version),
  desired: z.array(z.tuple([z.string(), z.boolean()])),
  enabled: z.array(z.tuple([z.string(), z.boolean()])),
  running: z.array(running),
  minted: z.array(z.object({ hash: z.string(), service: z.string() })),
  port: z.int().min(1).max(65_535).optional(),
});

interface Held {
  readonly desired: Map<string, boolean>;
  readonly enabled: Map<string, boolean>;
  readonly running: Map<string, RunningRecord>;
  readonly minted: Map<string, string>;
  port: number | undefined;
}

/**
 * Opens the records of a state folder, which the caller holds the lock of.
 * @throws DamagedState for what cannot be understood; nothing has been changed then.
 */
export const openFileStore = async (folder: string): Promise<FileStore> => {
  const file = path.join(folder, 'records.json');
  const held = await read(file);
  // A daemon that was killed between a rename and its sync leaves records that a loss of power may still take; what is
  // built on them must not outlast them.
  await syncFolder(folder);
  let written = write(held);
  return {
    found: {
      records: {
        desired: new Map(held.desired),
        enabled: new Map(held.enabled),
        running: [...held.running.values()],
      },
      minted: new Map(held.minted),
      port: held.port,
    },
    commit: (entries, done) => {
      for (const entry of entries) apply(held, entry as StoreEntry);
      const text = write(held);
      // Records that say what stands there already (an adopted process) need no disk, so a full one does not hurt.
      if (text === written) return done();
      // A failed write leaves `held` ahead of the disk: the vat halts then, and its next life opens the file anew.
      replaceFile(file, text).then(() => {
        written = text;
        done();
      }, done);
    },
  };
};

const apply = (held: Held, entry: StoreEntry): void => {
  switch (entry.kind) {
    case 'desired':
      return void held.desired.set(entry.service, entry.isWanted);
    case 'enabled':
      return void held.enabled.set(entry.service, entry.isEnabled);
    case 'running':
      return void held.running.set(entry.running.startId, entry.running);
    case 'ended':
      return void held.running.delete(entry.startId);
    case 'minted':
      return void held.minted.set(entry.hash, entry.service);
    case 'port':
      held.port = entry.port;
      return;
    default:
      // A record that would be dropped in silence would count as durable.
      throw new TypeError(`records: no such kind: ${JSON.stringify(entry satisfies never)}`);
  }
};

const write = (held: Held): string =>
  `${JSON.stringify(
    {
      version,
      desired: [...held.desired],
      enabled: [...held.enabled],
      running: [...held.running.values()].map(inOrder),
      minted: [...held.minted].map(([hash, service]) => ({ hash, service })),
      port: held.port,
    },
    undefined,
    1,
  )}\n`;

/** The same record is the same text, whoever made it; every field of it, also one that is added later. */
const inOrder = (record: RunningRecord): RunningRecord =>
  Object.fromEntries(
    Object.entries(record).sort(([a], [b]) => (a < b ? -1 : 1)),
  ) as unknown as RunningRecord;

const read = async (file: string): Promise<Held> => {
  const text = await textOf(file);
  if (text === undefined) {
    const none = { desired: new Map(), enabled: new Map(), running: new Map(), minted: new Map() };
    return { ...none, port: undefined };
  }
  const parsed = shape.safeParse(jsonOf(file, text));
  if (!parsed.success) throw damaged(file, z.prettifyError(parsed.error));
  const { desired, enabled, minted, port } = parsed.data;
  const runs = parsed.data.running as readonly RunningRecord[];
  return {
    desired: new Map(desired),
    enabled: new Map(enabled),
    running: new Map(runs.map((one) => [one.startId, one])),
    minted: new Map(minted.map(({ hash, service }) => [hash, service])),
    port,
  };
};

const textOf = async (file: string): Promise<string | undefined> => {
  try {
    const { size } = await fs.stat(file);
    if (size > maxFileBytes)
      throw damaged(file, `it has ${size} bytes, at most ${maxFileBytes} are read`);
    return await fs.readFile(file, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
};

const jsonOf = (file: string, text: string): unknown => {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw damaged(file, (error as Error).message);
  }
};

const damaged = (file: string, what: string): DamagedState =>
  new DamagedState(
    `state: cannot use ${file}: ${what}. Nothing was changed. Restore it from a backup, or move it away: ` +
      'services that still run are then unknown to the new daemon, and refs minted here no longer work.',
  );
