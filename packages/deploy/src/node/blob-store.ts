/**
 * The contents that a node has, each under its digest, once for all releases:
 *
 *     blobs/ab/cdef…      whole: what is here has the digest of its name
 *     partial/abcdef…-…   on its way: it grows in order, so its length says where to go on. Who bring the same one
 *                         have each their own, so that nobody can spoil what somebody else sends
 *
 *     absent ──append──► partial ──append──► … ──last append──► verified ──synced, renamed──► whole
 *                           ▲                        │
 *                           └──── thrown away ◄──────┘ not what its digest says
 *
 * A piece is not synced: what a loss of power takes of a partial is found by its digest, and the content is sent again.
 * One process has a store at a time, so what is on its way is remembered and not looked up.
 */
import { constants } from 'node:fs';
import type { FileHandle } from 'node:fs/promises';
import path from 'node:path';
import { bytesText } from '../release/bytes-text.ts';
import { releaseLimits } from '../release/limits.ts';
import type { Content } from '../release/types.ts';
import type { ContentSource } from './release-file.ts';
import { type Disk, found, hashed, nodeDisk, opening, readAt } from './disk.ts';
import { syncFolder, withFile, writeAt } from './disk.ts';
import { codeOfSystem, NoRoom, NotHere, onDisk, WrongContent } from './errors.ts';
import { nodeLimits } from './limits.ts';

/** How much of a content is there. */
export interface HeldContent {
  /** Bytes from its beginning; where it goes on. */
  readonly length: number;
  /** Whether it is whole and verified. */
  readonly isWhole: boolean;
}
/** A content that is on its way. */
export interface PartialContent {
  readonly sha256: string;
  /** Absent: brought by nobody in particular. */
  readonly owner?: string;
  readonly byteCount: number;
}
/** What a store works with. Limits in bytes and counts, as `nodeLimits` has them. */
export interface BlobStoreOptions {
  readonly disk?: Disk;
  readonly limits?: Partial<typeof nodeLimits>;
}

/** The contents of a node. Make one for each folder, with `openBlobStore`. */
export class BlobStore {
  readonly #folder: string;
  readonly #disk: Disk;
  readonly #limits: { readonly [K in keyof typeof nodeLimits]: number };
  /** Lengths of what is on its way, by digest and owner. */
  readonly #partials: Map<string, number>;
  /** What is done with a content at the moment; the next waits for it. */
  readonly #busy: Map<string, Promise<unknown>>;
  /** Folders of contents whose own names are durable. */
  readonly #durable: Set<string>;
  /** Sizes of contents of which somebody has said another: each is hashed once for that, which may take seconds. */
  readonly #sizes: Map<string, bigint>;

  /** Use `openBlobStore`. */
  constructor(folder: string, partials: Map<string, number>, options: BlobStoreOptions) {
    this.#folder = folder;
    this.#disk = options.disk ?? nodeDisk;
    this.#limits = { ...nodeLimits, ...options.limits };
    this.#partials = partials;
    this.#busy = new Map();
    this.#durable = new Set();
    this.#sizes = new Map();
  }

  /**
   * How much there is of a content; of what is on its way, that which this owner has brought.
   * @throws WrongContent where what has that digest has another size; StorageFailed
   */
  held(content: Content, owner?: string): Promise<HeldContent> {
    const { sha256, size } = content;
    checkContent(content);
    return onDisk('look for a content', async () => {
      const blob = this.pathOf(sha256);
      const stat = await found(this.#disk, blob);
      if (stat?.size === BigInt(size)) return { length: size, isWhole: true };
      if (stat !== undefined) {
        const isKnown = this.#sizes.get(sha256) === stat.size;
        if (isKnown || (await this.#isRight(blob, sha256, Number(stat.size)))) {
          this.#sizes.set(sha256, stat.size);
          throw new WrongContent(`${sha256}: has not ${size} bytes`);
        }
        await this.#disk.rm(blob, { force: true }); // the disk has lost some of it
      }
      return { length: this.#partials.get(nameOf(sha256, owner)) ?? 0, isWhole: false };
    });
  }
  /**
   * Appends the next piece of a content, at most `chunkBytes` of it, and answers how much there is then. One for
   * another place than where it goes on changes nothing; the answer says where that is. The last piece makes it whole;
   * an empty one where all are there does so after an earlier failure.
   * @throws WrongContent where it is not what its digest says, which throws it away; NoRoom, StorageFailed
   */
  append(
    content: Content,
    offset: number,
    bytes: Uint8Array,
    owner?: string,
  ): Promise<HeldContent> {
    checkContent(content);
    return this.#alone(content.sha256, async () => {
      const name = nameOf(content.sha256, owner);
      const held = await this.held(content, owner);
      if (held.isWhole || held.length !== offset) return held;
      if (bytes.length > this.#limits.chunkBytes)
        throw new WrongContent(
          `${content.sha256}: a piece has more than ${this.#limits.chunkBytes} bytes`,
        );
      const length = offset + bytes.length;
      if (length > content.size)
        throw new WrongContent(`${content.sha256}: there are more than ${content.size} bytes`);
      await this.#checkRoom(name, content.size, bytes.length);
      const file = this.#partialOf(name);
      return onDisk('write a content', () =>
        withFile(this.#disk, file, opening.grow, async (handle) => {
          this.#partials.set(name, offset);
          await writeAt(handle, bytes, offset);
          this.#partials.set(name, length);
          if (length < content.size) return { length, isWhole: false };
          await this.#finish(content, name, handle);
          return { length, isWhole: true };
        }),
      );
    });
  }
  /** Takes in a content from a file that is here, for example; what is there of it is not asked for again. */
  async take(content: Content, source: ContentSource): Promise<void> {
    let at = 0;
    let held = await this.held(content);
    if (held.isWhole) return;
    await source(content, async (piece) => {
      const end = at + piece.length;
      while (held.length < end && !held.isWhole) {
        if (held.length < at) throw new NotHere(`${content.sha256}: was thrown away meanwhile`);
        const from = held.length - at;
        const some = piece.subarray(from, from + this.#limits.chunkBytes);
        held = await this.append(content, held.length, some);
      }
      at = end;
    });
    if (!held.isWhole) held = await this.append(content, held.length, new Uint8Array());
    if (!held.isWhole)
      throw new WrongContent(`${content.sha256}: ended after ${held.length} bytes`);
  }
  /** Some bytes of a whole content, at most `chunkBytes`. @throws NotHere, StorageFailed */
  async read(sha256: string, offset: number, byteCount: number): Promise<Uint8Array> {
    checkContent({ sha256, size: 0 });
    try {
      return await withFile(this.#disk, this.pathOf(sha256), opening.read, (handle) =>
        readAt(handle, offset, Math.max(0, Math.min(byteCount, this.#limits.chunkBytes))),
      );
    } catch (error) {
      if (codeOfSystem(error) === 'ENOENT')
        throw new NotHere(`${sha256}: is not here`, { cause: error });
      return onDisk('read a content', () => Promise.reject(error));
    }
  }
  /** All of a whole content, in memory. @throws NotHere, StorageFailed; WrongContent above `most` */
  async readWhole(sha256: string, most: number = releaseLimits.manifestBytes): Promise<Uint8Array> {
    const stat = await onDisk('look for a content', () => found(this.#disk, this.pathOf(sha256)));
    if (stat === undefined) throw new NotHere(`${sha256}: is not here`);
    if (stat.size > BigInt(most)) throw new WrongContent(`${sha256}: has ${stat.size} bytes`);
    const pieces: Uint8Array[] = [];
    for (let at = 0; at < Number(stat.size); at += this.#limits.chunkBytes)
      pieces.push(await this.read(sha256, at, this.#limits.chunkBytes));
    return Buffer.concat(pieces);
  }
  /** What is on its way: of which content, by whom, and how many bytes of it are there. */
  partials(): readonly PartialContent[] {
    return [...this.#partials].map(([name, byteCount]) => {
      const owner = name.slice(sha256Characters + 1);
      return { sha256: contentIn(name), byteCount, ...(owner !== '' && { owner }) };
    });
  }
  /** Where a content lies once it is whole. Whoever opens it reads, and changes nothing. */
  pathOf(sha256: string): string {
    return path.join(this.#folder, 'blobs', sha256.slice(0, 2), sha256.slice(2));
  }
  /** Whether so many bytes may still be written to this disk by releases. @throws NoRoom, StorageFailed */
  async checkRoom(what: string, byteCount: number): Promise<void> {
    const free = await this.#freeBytes();
    if (byteCount <= free) return;
    const kept = bytesText(this.#limits.reserveBytes);
    throw new NoRoom(
      `${what} has ${bytesText(byteCount)}, and this disk has room for ${bytesText(free)}, beside ${kept} ` +
        'that stay free for all else',
    );
  }
  async #freeBytes(): Promise<number> {
    const { bavail, bsize } = await onDisk('ask for room', () =>
      this.#disk.statfs(this.#folder, { bigint: false }),
    );
    return Math.max(0, bavail * bsize - this.#limits.reserveBytes);
  }
  /** Throws a content away, whole or not: it was found to be rotten, or nobody sends the rest. @throws StorageFailed */
  drop(sha256: string): Promise<void> {
    return this.#alone(sha256, async () => {
      await onDisk('remove a content', async () => {
        await this.#disk.rm(this.pathOf(sha256), { force: true });
        await this.#dropPartials(sha256);
      });
    });
  }
  /**
   * Throws away all contents but these, of which the owner says that they are needed: by releases that are there, and
   * by those on their way. Each is asked about right before it goes. Answers how many went. @throws StorageFailed
   */
  async collect(needed: Pick<ReadonlySet<string>, 'has'>): Promise<number> {
    let count = 0;
    const partial = [...this.#partials.keys()].map(contentIn);
    for (const sha256 of new Set([...(await this.#all()), ...partial])) {
      if (needed.has(sha256)) continue;
      await this.drop(sha256);
      count += 1;
    }
    return count;
  }

  async #finish(content: Content, name: string, handle: FileHandle): Promise<void> {
    const { sha256 } = content;
    const blob = this.pathOf(sha256);
    const folder = path.dirname(blob);
    await handle.sync();
    // What is hashed is what the disk gives back, whoever wrote it and in which life.
    if (!(await this.#isRight(this.#partialOf(name), sha256, content.size))) {
      await this.#disk.rm(this.#partialOf(name), { force: true });
      this.#partials.delete(name);
      throw new WrongContent(`${sha256}: its bytes have another digest`);
    }
    await this.#makeDurable(folder);
    await this.#disk.rename(this.#partialOf(name), blob);
    this.#partials.delete(name);
    await syncFolder(this.#disk, folder);
    // What others have brought of it is of no use any more.
    await this.#dropPartials(sha256);
  }
  async #dropPartials(sha256: string): Promise<void> {
    for (const name of [...this.#partials.keys()].filter((each) => contentIn(each) === sha256)) {
      await this.#disk.rm(this.#partialOf(name), { force: true });
      this.#partials.delete(name);
    }
  }
  async #isRight(file: string, sha256: string, size: number): Promise<boolean> {
    const result = await withFile(this.#disk, file, opening.read, (handle) =>
      hashed(handle, 0, size + 1),
    );
    return result.sha256 === sha256 && result.size === size;
  }
  /** It may be there from a life that was cut off before its name was synced. */
  async #makeDurable(folder: string): Promise<void> {
    if (this.#durable.has(folder)) return;
    await this.#disk.mkdir(folder, { recursive: true, mode: 0o700 });
    await syncFolder(this.#disk, path.dirname(folder));
    this.#durable.add(folder);
  }
  /** A new content is taken on only where all of it has room. @throws NoRoom */
  async #checkRoom(name: string, size: number, byteCount: number): Promise<void> {
    const { partialBytes, partialCount } = this.#limits;
    const total = [...this.#partials.values()].reduce((sum, length) => sum + length, 0);
    if (total + byteCount > partialBytes)
      throw new NoRoom(`contents on their way would have more than ${partialBytes} bytes`);
    if (this.#partials.has(name)) return;
    if (this.#partials.size >= partialCount)
      throw new NoRoom(`${partialCount} contents are on their way already`);
    await this.checkRoom('a content', size);
  }
  async #all(): Promise<readonly string[]> {
    return onDisk('list contents', async () => {
      const blobs = path.join(this.#folder, 'blobs');
      const found: string[] = [];
      for (const start of await namesIn(this.#disk, blobs))
        if (/^[0-9a-f]{2}$/.test(start))
          for (const rest of await namesIn(this.#disk, path.join(blobs, start)))
            if (isSha256(start + rest)) found.push(start + rest);
      return found;
    });
  }
  #partialOf(name: string): string {
    return path.join(this.#folder, 'partial', name);
  }
  /** One thing at a time for each content; others go on. */
  async #alone<T>(sha256: string, work: () => Promise<T>): Promise<T> {
    const before = this.#busy.get(sha256) ?? Promise.resolve();
    const mine = before.then(work, work);
    this.#busy.set(sha256, mine);
    try {
      return await mine;
    } finally {
      if (this.#busy.get(sha256) === mine) this.#busy.delete(sha256);
    }
  }
}

/**
 * Opens the store in a folder, which is made where there is none; what was on its way goes on.
 * @throws NoRoom, StorageFailed
 */
export const openBlobStore = (
  folder: string,
  options: BlobStoreOptions = {},
): Promise<BlobStore> => {
  const disk = options.disk ?? nodeDisk;
  return onDisk('open the contents', async () => {
    await makeFolders(disk, folder, { blobs: closed, partial: closed });
    const partials = new Map<string, number>();
    const partial = path.join(folder, 'partial');
    for (const name of await namesIn(disk, partial)) {
      const stat = await found(disk, path.join(partial, name));
      if (
        isPartial(name) &&
        stat?.isFile() === true &&
        stat.size <= BigInt(releaseLimits.fileBytes)
      )
        partials.set(name, Number(stat.size));
    }
    return new BlobStore(folder, partials, options);
  });
};

/**
 * Makes a folder that others may go through, for their program may lie below it, and what lies in it with these modes.
 * What was made before gets the mode of now, whatever the umask was then.
 */
export const makeFolders = async (
  disk: Disk,
  folder: string,
  modes: Readonly<Record<string, number>>,
): Promise<void> => {
  await makeFolder(disk, folder, passable);
  for (const [name, mode] of Object.entries(modes))
    await makeFolder(disk, path.join(folder, name), mode);
  await syncFolder(disk, folder);
  await syncFolder(disk, path.dirname(folder));
};
/** Makes one folder, with this mode. */
export const makeFolder = async (disk: Disk, folder: string, mode: number): Promise<void> => {
  await disk.mkdir(folder, { recursive: true, mode });
  await withFile(disk, folder, opening.read, (handle) => handle.chmod(mode));
};
/** Modes of folders: whoever knows a name in it gets there, and nobody else sees which there are; ours alone. */
export const passable = 0o711;
const closed = 0o700;

/** The names in a folder of our own. */
export const namesIn = async (disk: Disk, folder: string): Promise<readonly string[]> => {
  const names: string[] = [];
  for await (const { name } of await disk.opendir(folder)) names.push(name);
  return names.sort();
};

const sha256Characters = 64;
const isPartial = (name: string): boolean => /^[0-9a-f]{64}(-[0-9a-z-]{1,64})?$/.test(name);
const contentIn = (name: string): string => name.slice(0, sha256Characters);
/** @throws WrongContent for an owner that would not do in the name of a file */
const nameOf = (sha256: string, owner: string | undefined): string => {
  const name = owner === undefined ? sha256 : `${sha256}-${owner}`;
  if (isPartial(name)) return name;
  throw new WrongContent(`${sha256}: its owner is no word of up to 64 of 0 to 9, a to z and -`);
};
const isSha256 = (text: string): boolean => /^[0-9a-f]{64}$/.test(text);
/** It becomes a path. @throws WrongContent */
const checkContent = ({ sha256, size }: Content): void => {
  if (!isSha256(sha256))
    throw new WrongContent('a content is named by 64 digits of 0 to 9 and a to f');
  if (!Number.isSafeInteger(size) || size < 0 || size > releaseLimits.fileBytes)
    throw new WrongContent(`${sha256}: ${size} bytes are more than a file may have`);
};

/** Copies with whatever the file system shares; where it can share nothing, the bytes. */
export const copying = constants.COPYFILE_EXCL | constants.COPYFILE_FICLONE;
