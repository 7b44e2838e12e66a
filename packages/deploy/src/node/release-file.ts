/**
 * A release in one file, `NAME.rel`:
 *
 *     bellwether-release 1 M S⏎      the version of this form, and how many bytes the next two parts have
 *     M bytes                        the text of the manifest
 *     S bytes                        the text of the signatures
 *     contents                       each once, in the order of the first file that has it, one behind the other
 *
 * Nothing is compressed: what unpacks is a way to be attacked, and the same release has the same bytes. Where each
 * content lies follows from the manifest, so nothing else says it, and a file that is longer or shorter is refused at
 * once.
 */
import { randomBytes } from 'node:crypto';
import type { FileHandle } from 'node:fs/promises';
import path from 'node:path';
import type { Crypto } from '@bellwether/ocapn';
import { BadRelease } from '../release/errors.ts';
import { releaseLimits } from '../release/limits.ts';
import { contentsOf, digestOf, readManifest } from '../release/manifest.ts';
import { checkSignatures, readSignatures, writeSignatures } from '../release/signatures.ts';
import type { Content, Digest, Manifest, Signature } from '../release/types.ts';
import { type Disk, hashed, nodeDisk, opening, readAt, syncFolder, writeAt } from './disk.ts';
import { codeOfSystem, NotHere, onDisk, OutputExists } from './errors.ts';
import { nodeLimits } from './limits.ts';
import type { Done } from './scan.ts';

/** Hands the bytes of a content to `take`, piece by piece; a piece may be overwritten after that. */
export type ContentSource = (
  content: Content,
  take: (piece: Uint8Array) => Promise<void>,
) => Promise<void>;

/** What is written into a file. */
export interface ReleaseParts {
  /** The text of the manifest. */
  readonly manifest: Uint8Array;
  readonly signatures: readonly Signature[];
  /** Must hand out what the manifest says. */
  readonly source: ContentSource;
}
/** How it is written. */
export interface WriteOptions {
  readonly disk?: Disk;
  /** Whether a file that is there is replaced. */
  readonly isReplacing?: boolean;
  readonly onProgress?: (done: Done) => void;
}

const magic = 'bellwether-release';
const formVersion = 1;
const newline = 0x0a;

/**
 * Writes a release: aside, synced, then put in its place in one step. Nothing is left where it fails.
 * @throws OutputExists; NoRoom, StorageFailed; what the source throws
 */
export const writeReleaseFile = async (
  file: string,
  parts: ReleaseParts,
  { disk = nodeDisk, isReplacing = false, onProgress = () => undefined }: WriteOptions = {},
): Promise<void> => {
  const folder = path.dirname(file);
  const aside = path.join(folder, `.${randomBytes(8).toString('hex')}.new`);
  await onDisk('write the release', async () => {
    try {
      const handle = await disk.open(aside, opening.create, 0o666);
      try {
        await writeParts(handle, parts, onProgress);
        await handle.sync();
      } finally {
        await handle.close();
      }
      if (isReplacing) await disk.rename(aside, file);
      else await disk.link(aside, file);
    } catch (error) {
      if (codeOfSystem(error) !== 'EEXIST') throw error;
      throw new OutputExists(`${file}: is there already; --yes replaces it`, { cause: error });
    } finally {
      await disk.rm(aside, { force: true });
    }
    await syncFolder(disk, folder);
  });
};

const writeParts = async (
  handle: FileHandle,
  { manifest, signatures, source }: ReleaseParts,
  onProgress: (done: Done) => void,
): Promise<void> => {
  const signatureText = writeSignatures(signatures);
  const head = `${magic} ${formVersion} ${manifest.length} ${signatureText.length}\n`;
  let position = 0;
  const put = async (bytes: Uint8Array): Promise<void> => {
    await writeAt(handle, bytes, position);
    position += bytes.length;
  };
  await put(Buffer.concat([Buffer.from(head), manifest, signatureText]));
  let fileCount = 0;
  let byteCount = 0;
  for (const content of contentsOf(readManifest(manifest))) {
    await source(content, async (piece) => {
      await put(piece);
      byteCount += piece.length;
      onProgress({ fileCount, byteCount });
    });
    fileCount += 1;
  }
};

/** A release in a file, open. Whoever opened it closes it. */
export interface ReleaseFileReader {
  readonly digest: Digest;
  readonly manifest: Manifest;
  /** The text of the manifest, as it stands there. */
  readonly manifestBytes: Uint8Array;
  /** Each is good; whether it counts is for whoever trusts. */
  readonly signatures: readonly Signature[];
  /** Bytes of the contents in it. */
  readonly contentBytes: number;
  /**
   * Some bytes of a content. They are not verified: whoever puts them together does that.
   * @throws NotHere, StorageFailed
   */
  read(sha256: string, offset: number, byteCount: number): Promise<Uint8Array>;
  /** Hands out a content whose bytes turn out to be right, or throws after the last piece. @throws BadRelease */
  readonly source: ContentSource;
  /** Reads all of it. @throws BadRelease for the first content that is not what its digest says */
  verify(onProgress?: (done: Done) => void): Promise<void>;
  close(): Promise<void>;
}

/**
 * Opens a release and checks all but its contents: its form, its length, its manifest, and that each signature is one
 * of it. `name` is what errors call the file.
 * @throws BadRelease, StorageFailed
 */
export const openReleaseFile = async (
  file: string,
  crypto: Pick<Crypto, 'sha256' | 'verify'>,
  { disk = nodeDisk, name = file }: { readonly disk?: Disk; readonly name?: string } = {},
): Promise<ReleaseFileReader> => {
  const handle = await openPlain(disk, file, name);
  try {
    return await about(name, async () => readerOf(handle, crypto, name));
  } catch (error) {
    await handle.close();
    throw error;
  }
};

const openPlain = async (disk: Disk, file: string, name: string): Promise<FileHandle> => {
  try {
    return await disk.open(file, opening.readNamed);
  } catch (error) {
    if (codeOfSystem(error) !== 'ENOENT')
      return onDisk('open the release', () => Promise.reject(error));
    throw new BadRelease(name, 'is not there', { cause: error });
  }
};

/** Puts the name of the file before what is wrong in it. */
const about = async <T>(name: string, work: () => Promise<T>): Promise<T> => {
  try {
    return await onDisk('read the release', work);
  } catch (error) {
    if (!(error instanceof BadRelease) || error.where.startsWith(name)) throw error;
    throw new BadRelease(`${name}: ${error.where}`, error.why, { cause: error });
  }
};

const readerOf = async (
  handle: FileHandle,
  crypto: Pick<Crypto, 'sha256' | 'verify'>,
  name: string,
): Promise<ReleaseFileReader> => {
  const stat = await handle.stat();
  if (!stat.isFile()) throw new BadRelease(name, 'is no plain file');
  const head = await headIn(handle, name);
  if (stat.size < head.contentsAt)
    throw new BadRelease(name, cutWords(head.contentsAt - stat.size));
  const manifestBytes = await readAt(handle, head.headBytes, head.manifestBytes);
  const signatureBytes = await readAt(
    handle,
    head.headBytes + head.manifestBytes,
    head.signatureBytes,
  );
  const digest = digestOf(crypto, manifestBytes);
  const signatures = readSignatures(signatureBytes);
  checkSignatures(digest, signatures, crypto);
  const manifest = readManifest(manifestBytes);
  const places = placesOf(manifest, head.contentsAt);
  const end = [...places.values()].at(-1)?.end ?? head.contentsAt;
  if (stat.size < end) throw new BadRelease(name, cutWords(end - stat.size));
  if (stat.size > end) throw new BadRelease(name, `has ${stat.size - end} bytes behind its end`);
  const contents = new Contents(handle, name, places);
  return {
    digest,
    manifest,
    manifestBytes,
    signatures,
    contentBytes: end - head.contentsAt,
    read: (sha256, offset, byteCount) => contents.read(sha256, offset, byteCount),
    source: (content, take) => about(name, () => contents.check(content.sha256, take)),
    verify: (onProgress) => about(name, () => contents.verify(onProgress)),
    close: () => handle.close(),
  };
};
const cutWords = (missing: number): string => `was cut: ${missing} bytes are missing at its end`;

interface Head {
  readonly headBytes: number;
  readonly manifestBytes: number;
  readonly signatureBytes: number;
  readonly contentsAt: number;
}
const headIn = async (handle: FileHandle, name: string): Promise<Head> => {
  const bytes = await readAt(handle, 0, releaseLimits.headBytes);
  const end = bytes.indexOf(newline);
  const line = bytes.toString('latin1', 0, Math.max(0, end));
  const [, version = ''] = /^bellwether-release ([1-9]\d{0,5})(?: |$)/.exec(line) ?? [];
  if (version === '') throw new BadRelease(name, 'is no release: its first line is another');
  if (Number(version) !== formVersion)
    throw new BadRelease(
      name,
      `is a release of form ${version}; this version knows ${formVersion}`,
    );
  const [, manifestText = '', signatureText = ''] =
    /^\S+ \d+ ([1-9]\d{0,8}) ([1-9]\d{0,5})$/.exec(line) ?? [];
  const manifestBytes = Number(manifestText);
  const signatureBytes = Number(signatureText);
  if (manifestBytes === 0) throw new BadRelease(`${name}: first line`, 'has no two lengths');
  if (manifestBytes > releaseLimits.manifestBytes || signatureBytes > releaseLimits.signaturesBytes)
    throw new BadRelease(`${name}: first line`, 'announces more than a release may have');
  const headBytes = end + 1;
  const contentsAt = headBytes + manifestBytes + signatureBytes;
  return { headBytes, manifestBytes, signatureBytes, contentsAt };
};

/** Where a content lies, and the first file that has it. */
interface PlaceOfContent extends Content {
  readonly path: string;
  readonly at: number;
  readonly end: number;
}
const placesOf = ({ files }: Manifest, start: number): ReadonlyMap<string, PlaceOfContent> => {
  const places = new Map<string, PlaceOfContent>();
  let at = start;
  for (const { sha256, size, path } of files) {
    if (places.has(sha256)) continue;
    places.set(sha256, { sha256, size, path, at, end: at + size });
    at += size;
  }
  return places;
};

class Contents {
  readonly #handle: FileHandle;
  readonly #name: string;
  readonly #places: ReadonlyMap<string, PlaceOfContent>;

  constructor(handle: FileHandle, name: string, places: ReadonlyMap<string, PlaceOfContent>) {
    this.#handle = handle;
    this.#name = name;
    this.#places = places;
  }

  async read(sha256: string, offset: number, byteCount: number): Promise<Uint8Array> {
    const { at, size } = this.#placeOf(sha256);
    const most = Math.max(0, Math.min(byteCount, nodeLimits.chunkBytes, size - offset));
    return onDisk('read the release', () => readAt(this.#handle, at + offset, most));
  }
  async check(sha256: string, take?: (piece: Uint8Array) => Promise<void> | void): Promise<void> {
    const { at, size, path } = this.#placeOf(sha256);
    const result = await hashed(this.#handle, at, size, take);
    if (result.sha256 !== sha256)
      throw new BadRelease(`${this.#name}: ${JSON.stringify(path)}`, 'is not what its digest says');
  }
  async verify(onProgress: (done: Done) => void = () => undefined): Promise<void> {
    let fileCount = 0;
    let byteCount = 0;
    for (const sha256 of this.#places.keys()) {
      await this.check(sha256, (piece) => {
        byteCount += piece.length;
        onProgress({ fileCount, byteCount });
      });
      fileCount += 1;
    }
  }
  #placeOf(sha256: string): PlaceOfContent {
    const place = this.#places.get(sha256);
    if (place === undefined) throw new NotHere(`the release has no content ${sha256}`);
    return place;
  }
}
