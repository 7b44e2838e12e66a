/**
 * The releases of one slot as folders, and which of them is current:
 *
 *     releases/sha256-…/manifest.json      its text, and who has signed it
 *                       signatures.json
 *                       tree/…             its files and links
 *     current → releases/sha256-…/tree     the one that runs
 *
 *     blobs ──make──► .new-…  ──checked, synced, renamed──► sha256-… ──switchTo──► current
 *     sha256-… ──remove: renamed──► .gone-… ──► nothing
 *     sha256-… ──its tree was changed: another one made, renamed──► .old-…, and the new one in its place ──► nothing
 *
 * A name without a dot is whole, since it became that in one step; what begins with one and is not under way is left
 * over from a life that was cut off, and goes at the next start; an old one without a new one gets its place back.
 * In names of folders there is no colon: in PATH and its like it parts one folder from the next.
 *
 * A service may run as another user: all may go through the folders above a tree, and read what is in it. There are no
 * secrets in a release. The manifest and contents are ours alone.
 *
 * A file is a copy of its content, and not another name of it. A service may write into its own files, and other
 * releases have the same content, the one among them that a rollback leads to. Copies take longer than names, above all
 * to be synced; where the file system can share bytes until they are written (btrfs, xfs), it does.
 */
import path from 'node:path';
import type { Crypto } from '@bellwether/ocapn';
import { isDigest } from '@bellwether/shepherd';
import { BadRelease } from '../release/errors.ts';
import { releaseLimits } from '../release/limits.ts';
import { digestOf, readManifest, treeBytesOf } from '../release/manifest.ts';
import { readSignatures, writeSignatures } from '../release/signatures.ts';
import type { Digest, Manifest, ReleaseFile, Signature } from '../release/types.ts';
import {
  type BlobStore,
  copying,
  makeFolder,
  makeFolders,
  namesIn,
  passable,
} from './blob-store.ts';
import { type Disk, found, hashed, nodeDisk, opening, readAt } from './disk.ts';
import { syncFolder, withFile, writeAt } from './disk.ts';
import { codeOfSystem, InUse, NotHere, onDisk, StorageFailed } from './errors.ts';
import { WrongContent } from './errors.ts';
import { Descent, Folder } from './folder.ts';
import { type Misfit, treeMisfits } from './verify.ts';

/** What the releases of a slot work with. The store stays its owner's. */
export interface TreesOptions {
  readonly folder: string;
  readonly blobs: BlobStore;
  readonly crypto: Pick<Crypto, 'sha256'>;
  readonly disk?: Disk;
}
/** A release that is there. */
export interface StoredRelease {
  readonly digest: Digest;
  readonly manifest: Manifest;
  readonly signatures: readonly Signature[];
}

/** The releases of one slot. One thing at a time is done with them: whoever owns the slot sees to that. */
export class Trees {
  readonly #folder: string;
  readonly #blobs: BlobStore;
  readonly #crypto: Pick<Crypto, 'sha256'>;
  readonly #disk: Disk;

  /** Use `openTrees`. */
  constructor({ folder, blobs, crypto, disk = nodeDisk }: TreesOptions) {
    this.#folder = folder;
    this.#blobs = blobs;
    this.#crypto = crypto;
    this.#disk = disk;
  }

  /** The releases that are there. @throws StorageFailed */
  list(): Promise<readonly Digest[]> {
    return onDisk('list releases', async () => {
      const names = await namesIn(this.#disk, this.#releases());
      return names.map((name): string => `rel:${name}`).filter(isDigest);
    });
  }
  /** One of them. @throws NotHere, StorageFailed; BadRelease where its manifest was changed on the disk */
  async read(digest: Digest): Promise<StoredRelease> {
    const folder = this.#releaseOf(digest);
    const manifest = await this.#text(
      digest,
      path.join(folder, 'manifest.json'),
      releaseLimits.manifestBytes,
    );
    if (digestOf(this.#crypto, manifest) !== digest)
      throw new BadRelease('manifest', 'is not the one that was stored');
    const file = path.join(folder, 'signatures.json');
    const signatures = readSignatures(
      await this.#text(digest, file, releaseLimits.signaturesBytes),
    );
    return { digest, manifest: readManifest(manifest), signatures };
  }
  /** The folder that a release runs in; it is there once the release is. */
  pathOf(digest: Digest): string {
    return treeFolder(this.#folder, digest);
  }
  /**
   * Makes the tree of a release, all of whose contents must be in the store. Nothing where it is there; one that was
   * changed is made anew, without what was added to it, and whoever has it open keeps the old one open.
   * @throws NotHere for a content that is missing; WrongContent for one that has rotted, which is thrown away, or has
   *   another size; StorageFailed, BadRelease
   */
  async make(
    manifestBytes: Uint8Array,
    signatures: readonly Signature[],
    read: (manifest: Manifest) => void = () => undefined,
  ): Promise<Digest> {
    const manifest = readManifest(manifestBytes);
    const digest = digestOf(this.#crypto, manifestBytes);
    const signatureText = writeSignatures(signatures);
    await onDisk('make a release', async () => {
      const target = this.#releaseOf(digest);
      if ((await this.misfits(digest))?.length === 0) return;
      await this.#checkRoom(manifest);
      const aside = path.join(this.#releases(), `.new-${nameOf(digest)}`);
      try {
        await this.#makeAside(aside, manifest, manifestBytes, signatureText);
        await this.#install(aside, target);
      } catch (error) {
        await clear(this.#disk, aside); // it may be what has filled the disk
        throw error;
      }
    });
    read(manifest);
    return digest;
  }
  /**
   * What of a tree is not as its manifest says, at most 100 misfits; what was added to it only where that counts.
   * @throws NotHere, StorageFailed, BadRelease
   */
  async verify(digest: Digest, isExtraCounted = true): Promise<readonly Misfit[]> {
    const { manifest } = await this.read(digest);
    return onDisk('verify a release', () =>
      treeMisfits(this.#disk, this.pathOf(digest), manifest, isExtraCounted),
    );
  }
  /**
   * What of a tree is not as its manifest says, what was added to it aside; undefined where there is none. Here it is a
   * misfit, too, that its manifest was changed or that it is no folder any more. @throws StorageFailed
   */
  misfits(digest: Digest): Promise<readonly Misfit[] | undefined> {
    return onDisk('look through a release', async () => {
      const release = await found(this.#disk, this.#releaseOf(digest));
      if (release === undefined) return undefined;
      if (!release.isDirectory()) return [{ path: '.', what: 'kind' }];
      const tree = await found(this.#disk, this.pathOf(digest));
      if (tree === undefined) return [{ path: 'tree', what: 'missing' }];
      if (!tree.isDirectory()) return [{ path: 'tree', what: 'kind' }];
      try {
        return await this.verify(digest, false);
      } catch (error) {
        if (error instanceof NotHere || error instanceof BadRelease)
          return [{ path: 'manifest.json', what: 'content' }];
        throw error;
      }
    });
  }
  /** The release that runs; undefined where there is none yet. @throws StorageFailed */
  current(): Promise<Digest | undefined> {
    return onDisk('ask for the current release', async () => {
      try {
        const target = await this.#disk.readlink(this.#current(), 'utf8');
        const [, name = ''] = /^releases\/(sha256-[0-9a-f]{64})\/tree$/.exec(target) ?? [];
        const digest = `rel:${name}`;
        if (isDigest(digest)) return digest;
        throw new StorageFailed('the link to the current release leads somewhere else');
      } catch (error) {
        if (codeOfSystem(error) === 'ENOENT') return undefined;
        throw error;
      }
    });
  }
  /** Makes a release the current one: whoever looks sees the old one or the new one. @throws NotHere, StorageFailed */
  async switchTo(digest: Digest): Promise<void> {
    await onDisk('switch to a release', async () => {
      if ((await found(this.#disk, this.#releaseOf(digest))) === undefined)
        throw new NotHere(`${digest}: is not here`);
      const aside = path.join(this.#folder, '.new-current');
      await this.#disk.rm(aside, { force: true });
      await this.#disk.symlink(path.join('releases', nameOf(digest), 'tree'), aside);
      await this.#disk.rename(aside, this.#current());
      await syncFolder(this.#disk, this.#folder);
    });
  }
  /** From now on none is current. @throws StorageFailed */
  async leave(): Promise<void> {
    await onDisk('leave the current release', async () => {
      await this.#disk.rm(this.#current(), { force: true });
      await syncFolder(this.#disk, this.#folder);
    });
  }
  /** Removes a release; one that is not there is removed. @throws InUse for the current one; StorageFailed */
  async remove(digest: Digest): Promise<void> {
    if ((await this.current()) === digest) throw new InUse(`${digest}: is the current release`);
    await onDisk('remove a release', async () => {
      const target = this.#releaseOf(digest);
      if ((await found(this.#disk, target)) === undefined) return;
      const aside = path.join(this.#releases(), `.gone-${nameOf(digest)}`);
      await this.#disk.rm(aside, { recursive: true, force: true });
      await this.#disk.rename(target, aside);
      await syncFolder(this.#disk, this.#releases());
      await this.#disk.rm(aside, { recursive: true, force: true });
    });
  }
  async #makeAside(
    aside: string,
    manifest: Manifest,
    manifestBytes: Uint8Array,
    signatureText: Uint8Array,
  ): Promise<void> {
    await this.#disk.rm(aside, { recursive: true, force: true });
    await makeFolder(this.#disk, aside, passable);
    await makeFolder(this.#disk, path.join(aside, 'tree'), treeMode);
    await this.#write(path.join(aside, 'manifest.json'), manifestBytes);
    await this.#write(path.join(aside, 'signatures.json'), signatureText);
    await this.#fill(path.join(aside, 'tree'), manifest);
    await syncFolder(this.#disk, aside);
  }
  /** Between two renames there is neither; `openTrees` takes the old one back then. */
  async #install(aside: string, target: string): Promise<void> {
    const old = path.join(this.#releases(), `.old-${path.basename(target)}`);
    const isThere = (await found(this.#disk, target)) !== undefined;
    if (isThere) {
      await this.#disk.rm(old, { recursive: true, force: true });
      await this.#disk.rename(target, old);
    }
    try {
      await this.#disk.rename(aside, target);
    } catch (error) {
      if (isThere) await this.#disk.rename(old, target);
      throw error;
    }
    await syncFolder(this.#disk, this.#releases());
    if (isThere) await clear(this.#disk, old);
  }
  async #fill(tree: string, { files, links }: Manifest): Promise<void> {
    const root = await Folder.open(this.#disk, tree);
    const descent = new Descent(root);
    const made = new Set<string>();
    const prepare = (above: Folder, name: string, reached: string): Promise<void> =>
      this.#makeOnce(above, name, reached, made);
    try {
      for (const file of files) {
        const { parent, name } = await descent.to(file.path, prepare);
        await this.#copy(parent.at(name), file);
      }
      // Last, so that no path of a file could go through one.
      for (const { path: where, to } of links) {
        const { parent, name } = await descent.to(where, prepare);
        await this.#disk.symlink(to, parent.at(name));
      }
      await this.#syncFiles(descent, files);
      for (const folder of [...made].reverse()) {
        const { parent } = await descent.to(`${folder}/.`);
        await parent.sync();
      }
      await root.sync();
    } finally {
      await descent.close();
      await root.close();
    }
  }
  /** Makes a folder that is about to be entered for the first time; its mode does not depend on the umask. */
  async #makeOnce(above: Folder, name: string, reached: string, made: Set<string>): Promise<void> {
    if (made.has(reached)) return;
    await this.#disk.mkdir(above.at(name), { mode: treeMode });
    made.add(reached);
    const folder = await above.enter(name);
    try {
      await folder.chmod(treeMode);
    } finally {
      await folder.close();
    }
  }
  async #copy(target: string, { sha256, size, mode }: ReleaseFile): Promise<void> {
    try {
      await this.#disk.copyFile(this.#blobs.pathOf(sha256), target, copying);
    } catch (error) {
      if (codeOfSystem(error) !== 'ENOENT') throw error;
      throw new NotHere(`${sha256}: is not here`, { cause: error });
    }
    const copied = await withFile(this.#disk, target, opening.read, async (handle) => {
      await handle.chmod(mode);
      return hashed(handle, 0, size + 1);
    });
    // It may be the release that is wrong about it: whoever offers it again has the content looked at.
    if (copied.size !== size) throw new WrongContent(`${sha256}: has not ${size} bytes`);
    if (copied.sha256 === sha256) return;
    await this.#blobs.drop(sha256);
    throw new WrongContent(`${sha256}: has rotted on the disk`);
  }
  /** All at the end and some at a time: a disk syncs some together in little more time than one. */
  async #syncFiles(descent: Descent, files: readonly ReleaseFile[]): Promise<void> {
    for (let at = 0; at < files.length; at += syncCount) {
      const handles = [];
      try {
        for (const { path: where } of files.slice(at, at + syncCount)) {
          const { parent, name } = await descent.to(where);
          handles.push(await this.#disk.open(parent.at(name), opening.read));
        }
        const synced = await Promise.allSettled(handles.map((handle) => handle.sync()));
        for (const each of synced) if (each.status === 'rejected') throw each.reason;
      } finally {
        for (const handle of handles) await handle.close();
      }
    }
  }
  async #checkRoom(manifest: Manifest): Promise<void> {
    await this.#blobs.checkRoom('a release', treeBytesOf(manifest));
  }
  #write(file: string, bytes: Uint8Array): Promise<void> {
    return withFile(this.#disk, file, opening.create, async (handle) => {
      await writeAt(handle, bytes, 0);
      await handle.sync();
    });
  }
  async #text(digest: Digest, file: string, most: number): Promise<Uint8Array> {
    return onDisk('read a release', async () => {
      try {
        return await withFile(this.#disk, file, opening.read, async (handle) =>
          readAt(handle, 0, Math.min(most, (await handle.stat()).size)),
        );
      } catch (error) {
        // Somebody else may have put a link or a folder in its place, or have closed it to us.
        const isGone = ['ENOENT', 'ELOOP', 'EISDIR', 'EACCES'].includes(codeOfSystem(error) ?? '');
        if (!isGone) throw error;
        throw new NotHere(`${digest}: is not here`, { cause: error });
      }
    });
  }
  #releases(): string {
    return path.join(this.#folder, 'releases');
  }
  #releaseOf(digest: Digest): string {
    return path.join(this.#releases(), nameOf(digest));
  }
  #current(): string {
    return path.join(this.#folder, 'current');
  }
}
/** The folder that a release runs in, below that of its slot. @throws NotHere for what is no digest */
export const treeFolder = (folder: string, digest: Digest): string =>
  path.join(folder, 'releases', nameOf(digest), 'tree');

/** Of folders in a tree: as its files, they are for whoever runs what is in it, and nobody but us writes there. */
const treeMode = 0o755;
/** Files that are synced at a time. */
const syncCount = 16;

/** `rel:sha256-…` without its colon. @throws NotHere for what is no digest: it becomes a path */
const nameOf = (digest: Digest): string => {
  if (!isDigest(digest)) throw new NotHere('a release is named by rel:sha256- and 64 digits');
  return digest.slice('rel:'.length);
};

/**
 * Opens the releases of a slot in a folder, which is made where there is none, and takes away what a life left behind
 * that was cut off. @throws StorageFailed
 */
export const openTrees = (options: TreesOptions): Promise<Trees> => {
  const { folder, disk = nodeDisk } = options;
  return onDisk('open the releases', async () => {
    await makeFolders(disk, folder, { releases: passable });
    await disk.rm(path.join(folder, '.new-current'), { force: true });
    const releases = path.join(folder, 'releases');
    for (const name of await namesIn(disk, releases)) {
      const left = path.join(releases, name);
      const instead = path.join(releases, name.replace(/^\.old-/, ''));
      if (name.startsWith('.old-') && (await found(disk, instead)) === undefined)
        await disk.rename(left, instead);
      else if (/^\.(new|gone|old)-/.test(name)) await clear(disk, left);
    }
    return new Trees(options);
  });
};

const clear = async (disk: Disk, folder: string): Promise<void> => {
  try {
    await disk.rm(folder, { recursive: true, force: true });
  } catch {
    // A service may have closed a folder of its own to us. It is in nobody's way, and the next start tries again.
  }
};
