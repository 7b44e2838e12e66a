/**
 * What a folder holds, as a release has it. Two who scan the same tree find the same, in whatever order the system
 * lists it, whoever owns it, whenever it was written:
 *
 *     a file              its bytes; 0755 where its owner may run it, else 0644
 *     a symbolic link     what it says, if that stays inside
 *     an empty folder     left out, and told: a release has folders only for what lies in them
 *     anything else       refused by name: sockets, devices, pipes
 */
import type { BigIntStats } from 'node:fs';
import { BadRelease, quoted } from '../release/errors.ts';
import type { ReleaseFile, ReleaseLink } from '../release/types.ts';
import { releaseLimits } from '../release/limits.ts';
import {
  checkLinks,
  checkPlaces,
  comparePaths,
  nameMisfit,
  pathMisfit,
  targetMisfit,
} from '../release/paths.ts';
import { type Disk, type Hashed, hashed, nodeDisk, opening, withFile } from './disk.ts';
import { codeOfSystem, troubleIn, Unbuildable } from './errors.ts';
import { Folder } from './folder.ts';

/** What was found. Paths in order. */
export interface Scanned {
  readonly files: readonly ReleaseFile[];
  readonly links: readonly ReleaseLink[];
  readonly emptyFolders: readonly string[];
}
/** How far some work is; whoever throws from the callback ends it. */
export interface Done {
  readonly fileCount: number;
  readonly byteCount: number;
}
/** What a scan works with. */
export interface ScanOptions {
  readonly disk?: Disk;
  readonly onProgress?: (done: Done) => void;
}

/** Scans a folder. @throws Unbuildable, which names the first thing that cannot be in a release */
export const scanFolder = async (
  folder: string,
  { disk = nodeDisk, onProgress = () => undefined }: ScanOptions = {},
): Promise<Scanned> => {
  const scan: Scan = { disk, onProgress, files: [], links: [], emptyFolders: [], byteCount: 0 };
  await opened(
    folder,
    () => Folder.open(disk, folder),
    async (root) => scanOne(scan, root, []),
  );
  const { files, links, emptyFolders } = scan;
  const byPath = (a: { readonly path: string }, b: { readonly path: string }): number =>
    comparePaths(a.path, b.path);
  files.sort(byPath);
  links.sort(byPath);
  checkTogether(files, links);
  return { files, links, emptyFolders: emptyFolders.sort(comparePaths) };
};

interface Scan {
  readonly disk: Disk;
  readonly onProgress: (done: Done) => void;
  readonly files: ReleaseFile[];
  readonly links: ReleaseLink[];
  readonly emptyFolders: string[];
  byteCount: number;
}

const scanOne = async (scan: Scan, folder: Folder, names: readonly string[]): Promise<void> => {
  let count = 0;
  for await (const bytes of folder.names()) {
    count += 1;
    const path = [...names, nameIn(bytes, names)].join('/');
    const misfit = pathMisfit(path);
    if (misfit !== undefined) throw new Unbuildable(`${quoted(path)} ${misfit}`);
    await system(path, 'be read', () => scanEntry(scan, folder, path));
    if (scan.files.length + scan.links.length > releaseLimits.entryCount)
      throw new Unbuildable(`there are more than ${releaseLimits.entryCount} files and links`);
  }
  if (count > 0) return;
  if (names.length === 0) throw new Unbuildable('the folder is empty');
  scan.emptyFolders.push(names.join('/'));
};

/** A name in UTF-8. @throws Unbuildable */
const nameIn = (bytes: Buffer, names: readonly string[]): string => {
  const name = bytes.toString('utf8');
  const where = quoted([...names, name].join('/'));
  if (!bytes.equals(Buffer.from(name)))
    throw new Unbuildable(`${where} has a name that is no UTF-8`);
  const misfit = nameMisfit(name);
  if (misfit !== undefined) throw new Unbuildable(`${where} ${misfit}`);
  return name;
};

const scanEntry = async (scan: Scan, folder: Folder, path: string): Promise<void> => {
  const names = path.split('/');
  const name = names.at(-1) ?? '';
  const stat = await folder.stat(name);
  if (stat === undefined) throw new Unbuildable(`${quoted(path)} went while it was read`);
  if (stat.isDirectory())
    return opened(
      path,
      () => folder.enter(name),
      (inner) => scanOne(scan, inner, names),
    );
  if (stat.isSymbolicLink()) return void scan.links.push(await linkAt(scan.disk, folder, path));
  if (!stat.isFile()) throw new Unbuildable(`${quoted(path)} is ${kindOf(stat)}`);
  const { sha256, size } = await hashOf(scan, folder.at(name), path, stat);
  const mode = (stat.mode & 0o100n) === 0n ? 0o644 : 0o755;
  scan.files.push({ path, mode, size, sha256 });
  scan.onProgress({ fileCount: scan.files.length, byteCount: scan.byteCount });
};

const kindOf = (stat: BigIntStats): string => {
  if (stat.isSocket()) return 'a socket';
  if (stat.isFIFO()) return 'a pipe';
  return stat.isBlockDevice() || stat.isCharacterDevice() ? 'a device' : 'no file';
};

const linkAt = async (disk: Disk, folder: Folder, path: string): Promise<ReleaseLink> => {
  const bytes = await disk.readlink(folder.at(path.split('/').at(-1) ?? ''), 'buffer');
  const to = bytes.toString('utf8');
  const misfit = bytes.equals(Buffer.from(to)) ? targetMisfit(to) : 'leads to what is no UTF-8';
  if (misfit !== undefined) throw new Unbuildable(`${quoted(path)} ${misfit}`);
  return { path, to };
};

/** Whoever writes to a file while it is read would be in the release by half. */
const hashOf = (scan: Scan, file: string, path: string, before: BigIntStats): Promise<Hashed> => {
  if (before.size > BigInt(releaseLimits.fileBytes))
    throw new Unbuildable(
      `${quoted(path)} has ${before.size} bytes, above ${releaseLimits.fileBytes}`,
    );
  return withFile(scan.disk, file, opening.read, async (handle) => {
    const start = await handle.stat({ bigint: true });
    if (!isSame(start, before)) throw changed(path);
    const result = await hashed(handle, 0, releaseLimits.fileBytes + 1, (piece) => {
      scan.byteCount += piece.length;
      if (scan.byteCount > releaseLimits.treeBytes)
        throw new Unbuildable(`the files have more than ${releaseLimits.treeBytes} bytes`);
      scan.onProgress({ fileCount: scan.files.length, byteCount: scan.byteCount });
    });
    const end = await handle.stat({ bigint: true });
    if (!isSame(start, end) || BigInt(result.size) !== end.size) throw changed(path);
    return result;
  });
};
const changed = (path: string): Unbuildable =>
  new Unbuildable(`${quoted(path)} was changed while it was read`);
const isSame = (a: BigIntStats, b: BigIntStats): boolean =>
  a.ino === b.ino &&
  a.dev === b.dev &&
  a.size === b.size &&
  a.mtimeNs === b.mtimeNs &&
  a.ctimeNs === b.ctimeNs;

/** What is wrong with them together is said in words about files, and not about a manifest. */
const checkTogether = (files: readonly ReleaseFile[], links: readonly ReleaseLink[]): void => {
  const where = '';
  try {
    const placed = links.map(({ path, to }) => ({ where, path, to }));
    checkPlaces(
      files.map(({ path }) => ({ where, path })),
      placed,
    );
    checkLinks(placed);
  } catch (error) {
    if (error instanceof BadRelease) throw new Unbuildable(error.why, { cause: error });
    throw error;
  }
};

/** Errors of the system, in words about the path. @throws Unbuildable */
const system = async <T>(path: string, what: string, work: () => Promise<T>): Promise<T> => {
  try {
    return await work();
  } catch (error) {
    if (codeOfSystem(error) === undefined || error instanceof Unbuildable) throw error;
    const why = codeOfSystem(error) === 'ELOOP' ? 'it was changed meanwhile' : troubleIn(error);
    throw new Unbuildable(`${quoted(path)} cannot ${what}: ${why}`, { cause: error });
  }
};
const opened = async (
  path: string,
  open: () => Promise<Folder>,
  work: (folder: Folder) => Promise<void>,
): Promise<void> => {
  const folder = await system(path, 'be opened', open);
  try {
    await work(folder);
  } finally {
    await folder.close();
  }
};
