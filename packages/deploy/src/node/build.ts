/**
 * Makes a release file of a folder, which is read twice: once for the digests, and once for the bytes, which must still
 * have them.
 */
import type { FileHandle } from 'node:fs/promises';
import path from 'node:path';
import type { Crypto, KeyPair } from '@bellwether/ocapn';
import { quoted } from '../release/errors.ts';
import { digestOf, readManifest, writeManifest } from '../release/manifest.ts';
import { signRelease } from '../release/signatures.ts';
import type { Digest, Manifest, Signature } from '../release/types.ts';
import { type Disk, hashed, nodeDisk, opening } from './disk.ts';
import { codeOfSystem, troubleIn, Unbuildable } from './errors.ts';
import { Descent, Folder } from './folder.ts';
import { type ContentSource, type ReleaseParts, writeReleaseFile } from './release-file.ts';
import { type Done, scanFolder, type Scanned } from './scan.ts';

/** All of a manifest that does not come from the folder. */
export type Description = Omit<Manifest, 'schema' | 'files' | 'links'>;
/** What is to be built. */
export interface BuildOptions {
  readonly folder: string;
  /** The file; it may not lie in the folder, of which it would become a part. */
  readonly out: string;
  readonly description: Description;
  readonly crypto: Pick<Crypto, 'sha256'>;
  readonly signer?: KeyPair;
  readonly isReplacing?: boolean;
  readonly disk?: Disk;
  /** `phase`: whether the folder is being read for the first time, or the file written. */
  readonly onProgress?: (phase: 'reading' | 'writing', done: Done) => void;
}
/** What was built. */
export interface Built {
  readonly digest: Digest;
  readonly manifest: Manifest;
  readonly signatures: readonly Signature[];
  /** Folders that are not in it since nothing lies in them. */
  readonly emptyFolders: readonly string[];
}

/**
 * Builds a release. The digest depends on the tree and the description alone.
 * @throws Unbuildable, OutputExists; BadRelease for a description that cannot be one; NoRoom, StorageFailed
 */
export const buildRelease = async (options: BuildOptions): Promise<Built> => {
  const { folder, out, description, crypto, signer, disk = nodeDisk } = options;
  const { onProgress = () => undefined } = options;
  await checkApart(disk, folder, out);
  // What is wrong with a description is said before a large folder is read.
  writeManifest({ ...description, schema: 1, files: [], links: [] });
  const scanned = await scanFolder(folder, {
    disk,
    onProgress: (done) => onProgress('reading', done),
  });
  const { files, links, emptyFolders } = scanned;
  const bytes = writeManifest({ ...description, schema: 1, files, links });
  const manifest = readManifest(bytes);
  const digest = digestOf(crypto, bytes);
  const signatures = signer === undefined ? [] : [signRelease(digest, signer)];
  await withContents(disk, folder, scanned, (source) => {
    const parts: ReleaseParts = { manifest: bytes, signatures, source };
    return writeReleaseFile(out, parts, {
      disk,
      isReplacing: options.isReplacing ?? false,
      onProgress: (done) => onProgress('writing', done),
    });
  });
  return { digest, manifest, signatures, emptyFolders };
};

/** What would be built of itself would have another digest each time. @throws Unbuildable */
const checkApart = async (disk: Disk, folder: string, out: string): Promise<void> => {
  const real = async (place: string): Promise<string> => {
    try {
      return await disk.realpath(place);
    } catch (error) {
      const why = codeOfSystem(error) === 'ENOENT' ? 'is not there' : troubleIn(error);
      throw new Unbuildable(`${quoted(place)} ${why}`, { cause: error });
    }
  };
  const between = path.relative(await real(folder), await real(path.dirname(out)));
  if (between === '..' || between.startsWith(`..${path.sep}`)) return;
  throw new Unbuildable(
    `${quoted(out)} would lie in the folder that it is built from; write it somewhere else`,
  );
};

/** Hands the contents of a folder that was scanned to some work. */
const withContents = async (
  disk: Disk,
  folder: string,
  { files }: Scanned,
  work: (source: ContentSource) => Promise<void>,
): Promise<void> => {
  const paths = new Map<string, string>();
  for (const file of files) if (!paths.has(file.sha256)) paths.set(file.sha256, file.path);
  const root = await Folder.open(disk, folder);
  const descent = new Descent(root);
  try {
    await work(async ({ sha256, size }, take) => {
      const target = paths.get(sha256) ?? '';
      const changed = `${quoted(target)} was changed since it was read`;
      const handle = await openAgain(disk, descent, target, changed);
      try {
        const result = await hashed(handle, 0, size + 1, take);
        if (result.sha256 !== sha256) throw new Unbuildable(changed);
      } finally {
        await handle.close();
      }
    });
  } finally {
    await descent.close();
    await root.close();
  }
};

const openAgain = async (
  disk: Disk,
  descent: Descent,
  target: string,
  changed: string,
): Promise<FileHandle> => {
  try {
    const { parent, name } = await descent.to(target);
    return await disk.open(parent.at(name), opening.read);
  } catch (error) {
    throw new Unbuildable(`${changed}: ${troubleIn(error)}`, { cause: error });
  }
};
