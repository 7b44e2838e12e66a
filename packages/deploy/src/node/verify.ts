/** Whether a tree on a disk is what its manifest says. A service may have changed it, or be changing it just now. */
import type { BigIntStats } from 'node:fs';
import { comparePaths } from '../release/paths.ts';
import type { Manifest, ReleaseFile, ReleaseLink } from '../release/types.ts';
import { type Disk, hashed, opening, withFile } from './disk.ts';
import { codeOfSystem } from './errors.ts';
import { Folder } from './folder.ts';
import { nodeLimits } from './limits.ts';

/** One path that is not as the manifest says. */
export interface Misfit {
  readonly path: string;
  /** It is gone; it was never there; it holds, may be run, or leads otherwise; it is another kind of thing. */
  readonly what: 'missing' | 'extra' | 'content' | 'mode' | 'target' | 'kind';
}

/**
 * The misfits of a tree, in the order of their paths; no more than `misfitCount`. Where what was added does not count,
 * it takes no room from what does. Rejects with the system's error.
 */
export const treeMisfits = async (
  disk: Disk,
  tree: string,
  manifest: Manifest,
  isExtraCounted = true,
): Promise<readonly Misfit[]> => {
  const entries = [...manifest.files, ...manifest.links];
  const walk: Walk = {
    disk,
    isExtraCounted,
    expected: new Map(entries.map((entry) => [entry.path, entry])),
    folders: new Set(entries.flatMap(({ path }) => foldersOf(path))),
    misfits: [],
  };
  const root = await Folder.open(disk, tree);
  try {
    await visit(walk, root, '');
  } finally {
    await root.close();
  }
  for (const path of walk.expected.keys()) note(walk, path, 'missing');
  return walk.misfits.sort((a, b) => comparePaths(a.path, b.path));
};

interface Walk {
  readonly disk: Disk;
  readonly isExtraCounted: boolean;
  /** What was not met yet. */
  readonly expected: Map<string, ReleaseFile | ReleaseLink>;
  readonly folders: ReadonlySet<string>;
  readonly misfits: Misfit[];
}
const isFull = ({ misfits }: Walk): boolean => misfits.length >= nodeLimits.misfitCount;
const note = (walk: Walk, path: string, what: Misfit['what']): void => {
  if (!isFull(walk)) walk.misfits.push({ path, what });
};
const foldersOf = (path: string): readonly string[] => {
  const names = path.split('/').slice(0, -1);
  return names.map((_name, at) => names.slice(0, at + 1).join('/'));
};

const visit = async (walk: Walk, folder: Folder, prefix: string): Promise<void> => {
  for await (const bytes of folder.names()) {
    if (isFull(walk)) return; // a service may have left a million files there
    const name = bytes.toString('utf8');
    const path = `${prefix}${name}`;
    const isKnown = walk.expected.has(path) || walk.folders.has(path);
    if (isKnown && bytes.equals(Buffer.from(name))) await compare(walk, folder, path, name);
    else if (walk.isExtraCounted) note(walk, path, 'extra');
  }
};

const compare = async (walk: Walk, folder: Folder, path: string, name: string): Promise<void> => {
  const entry = walk.expected.get(path);
  walk.expected.delete(path);
  const stat = await folder.stat(name);
  if (stat === undefined) return note(walk, path, 'missing');
  if (entry === undefined) return enter(walk, folder, path, name, stat);
  if ('to' in entry) {
    if (!stat.isSymbolicLink()) return note(walk, path, 'kind');
    const to = await walk.disk.readlink(folder.at(name), 'utf8');
    if (to !== entry.to) note(walk, path, 'target');
    return;
  }
  if (!stat.isFile()) return note(walk, path, 'kind');
  if ((stat.mode & 0o7777n) !== BigInt(entry.mode)) note(walk, path, 'mode');
  if (stat.size !== BigInt(entry.size) || !(await isHeld(walk, folder, name, entry)))
    note(walk, path, 'content');
};
const enter = async (
  walk: Walk,
  folder: Folder,
  path: string,
  name: string,
  stat: BigIntStats,
): Promise<void> => {
  if (!stat.isDirectory()) return note(walk, path, 'kind');
  const inner = await entered(folder, name);
  if (inner === undefined) return note(walk, path, 'kind');
  try {
    await visit(walk, inner, `${path}/`);
  } finally {
    await inner.close();
  }
};
/** Undefined where it is no folder any more, or is closed to us. */
const entered = async (folder: Folder, name: string): Promise<Folder | undefined> => {
  try {
    return await folder.enter(name);
  } catch (error) {
    if (['ELOOP', 'ENOENT', 'ENOTDIR', 'EACCES'].includes(codeOfSystem(error) ?? ''))
      return undefined;
    throw error;
  }
};
const isHeld = async (
  { disk }: Walk,
  folder: Folder,
  name: string,
  { sha256, size }: ReleaseFile,
): Promise<boolean> => {
  try {
    const result = await withFile(disk, folder.at(name), opening.read, (handle) =>
      hashed(handle, 0, size + 1),
    );
    return result.sha256 === sha256;
  } catch (error) {
    // It became a link, or went, since it was looked at, or is closed to us.
    if (['ELOOP', 'ENOENT', 'EACCES'].includes(codeOfSystem(error) ?? '')) return false;
    throw error;
  }
};
