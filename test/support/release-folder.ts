/** Folders for tests of releases: temporary, filled from a table, and disks that fail or end at any step. */
import fs from 'node:fs';
import fsPromises, { type FileHandle } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { nodeCrypto } from '@bellwether/netlayer-stream';
import { ActorError } from '@bellwether/actors';
import { buildRelease, type Built, type Description, type Disk } from '@bellwether/deploy/node';
import { afterEach, beforeEach } from 'vitest';

/** A fresh folder for each test; gives the path of the current one, or of something in it. */
export const releaseFolder = (parent = os.tmpdir()): ((...parts: readonly string[]) => string) => {
  let folder = '';
  beforeEach(() => {
    folder = fs.mkdtempSync(path.join(parent, 'bellwether-release-'));
  });
  afterEach(() => fs.rmSync(folder, { recursive: true, force: true }));
  return (...parts) => path.join(folder, ...parts);
};
/** Where a sync costs nothing: for tests that do thousands. */
export const inMemory = fs.existsSync('/dev/shm') ? '/dev/shm' : os.tmpdir();

/** A file by its text, a link by where it leads, a folder by nothing; `mode` of a file that may be run. */
export type Planted =
  string | Uint8Array | { readonly to: string } | { readonly run: string } | null;

/** Puts a tree into a folder, which is made. */
export const plant = (folder: string, tree: Readonly<Record<string, Planted>>): string => {
  fs.mkdirSync(folder, { recursive: true });
  for (const [name, what] of Object.entries(tree)) {
    const file = path.join(folder, name);
    fs.mkdirSync(what === null ? file : path.dirname(file), { recursive: true });
    if (what === null) continue;
    if (typeof what === 'string' || what instanceof Uint8Array)
      fs.writeFileSync(file, what, { mode: 0o644 });
    else if ('to' in what) fs.symlinkSync(what.to, file);
    else {
      fs.writeFileSync(file, what.run);
      fs.chmodSync(file, 0o755);
    }
  }
  return folder;
};

/** A description that says the least. */
export const description: Description = {
  app: 'web',
  run: { command: ['node', 'server.js'] },
  checks: [],
  dataMigration: 'none',
};
/** Builds a release of a tree, at `NAME.rel` beside the folder of its name. */
export const built = (
  place: string,
  tree: Readonly<Record<string, Planted>>,
  more: Partial<Description> = {},
): Promise<Built> =>
  buildRelease({
    folder: plant(place, tree),
    out: `${place}.rel`,
    description: { ...description, ...more },
    crypto: nodeCrypto(),
    isReplacing: true,
  });

/** The error of some work, which must be one of ours. */
export const failureOf = async (work: Promise<unknown>): Promise<ActorError> => {
  const error: unknown = await work.then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  if (error instanceof ActorError) return error;
  throw error ?? new Error('it did not fail');
};

/** The process has ended at this call: it, and all that would have come after it, never happened. */
export class Killed extends Error {}
type Call = (...args: unknown[]) => unknown;
/** One call of a file system, before it is carried out. */
export interface Asked {
  readonly name: string;
  /** The path, or for a call of an open file the path that it was opened by. */
  readonly path: string;
  readonly count: number;
  readonly args: readonly unknown[];
  /** The second path, of a call that has two. */
  readonly target: string;
}
/** The file system of Node behind a hook that is asked before each call and may throw. */
export const hookedDisk = (before: (asked: Asked) => void | Promise<void>): Disk => {
  let count = 0;
  const hooked = <T extends object>(inner: T, pathOf: (args: readonly unknown[]) => string): T =>
    new Proxy(inner, {
      get: (target, name) => {
        const value: unknown = Reflect.get(target, name, target);
        if (typeof value !== 'function' || typeof name !== 'string') return value;
        return async (...args: unknown[]) => {
          const call = (): unknown => (value as Call).apply(target, args);
          if (name === 'close') return call(); // the system closes what a process leaves open
          count += 1;
          const path = pathOf(args);
          await before({ name, path, count, args, target: realPathOf(String(args[1])) });
          const result = await call();
          if (name !== 'open') return result;
          const real = realPathOf(path);
          paths.set((result as FileHandle).fd, real);
          return hooked(result as FileHandle, () => real);
        };
      },
    });
  const paths = new Map<number, string>();
  /** A path through a descriptor is one below what was opened by it. */
  const realPathOf = (asked: string): string => {
    const [, descriptor, rest = ''] = /^\/proc\/self\/fd\/(\d+)(.*)$/.exec(asked) ?? [];
    if (descriptor === undefined) return path.normalize(asked);
    return path.normalize(`${paths.get(Number(descriptor)) ?? ''}${rest}`);
  };
  return hooked<Disk>(fsPromises, (args) => realPathOf(String(args[0])));
};
/** A disk of a process that ends at its n-th call; what a write was to write is there by half then. */
export const diskUntil = (n: number): Disk & { readonly isOver: () => boolean } => {
  let isOver = false;
  const disk = hookedDisk(async ({ name, path: file, count, args }) => {
    if (count < n) return;
    if (!isOver && name === 'write') {
      const [bytes, offset, length, position] = args as [Uint8Array, number, number, number];
      const handle = fs.openSync(file, 'r+');
      fs.writeSync(handle, bytes, offset, Math.floor(length / 2), position);
      fs.closeSync(handle);
    }
    isOver = true;
    throw new Killed(`ended at ${name}`);
  });
  return new Proxy(disk, {
    get: (target, name) => (name === 'isOver' ? () => isOver : Reflect.get(target, name, target)),
  }) as never;
};
/** An error as the system makes it. */
export const systemError = (code: string): Error =>
  Object.assign(new Error(`${code}: something, write '/secret/path'`), {
    code,
    errno: -1,
    syscall: 'write',
  });
