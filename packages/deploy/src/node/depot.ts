/**
 * The depots of the slots of a node, over one store of contents and a folder of trees for each slot, and the shelf of
 * what is kept for services elsewhere, which has no trees:
 *
 *     FOLDER/blobs, partial         contents, for all slots
 *     FOLDER/slots/NAME/releases    trees
 *     FOLDER/slots/NAME/current     the one that is active
 *
 * One thing at a time is done with the trees of a slot. Making a tree and collecting contents that are needed no more
 * exclude each other for the whole node. A content is needed while a tree has it, also one of a slot that nobody has
 * asked for yet, while a release that is kept on the shelf does, and for an hour after somebody has asked about it or
 * brought some of it, whole or not, or after a life has found what another one was brought, unless that is given up.
 * They are collected then, when trees go, and when there is no room, or none among what is half brought.
 */
import { createHash } from 'node:crypto';
import path from 'node:path';
import { Limit, type Answer } from '@bellwether/actors';
import { hexOf } from '@bellwether/authority';
import type { Crypto } from '@bellwether/ocapn';
import { localRoot, sha256Of, type Put } from '@bellwether/shepherd';
import type { Shelf } from '../carrier/types.ts';
import { releaseLimits } from '../release/limits.ts';
import { contentsOf, readManifest } from '../release/manifest.ts';
import type { Digest, Manifest } from '../release/types.ts';
import { inspected, type Inspected } from '../slot/inspect.ts';
import { contentAt, packedLacking, type PackedLacking } from '../slot/packed.ts';
import type { Depot, Lacking, PackedContents, PieceOf } from '../slot/types.ts';
import { BroughtQuota, PartialQuota, type Part, type PartialOwner } from '../slot/quota.ts';
import { type BlobStore, makeFolders, namesIn, openBlobStore, passable } from './blob-store.ts';
import { found, nodeDisk, type Disk } from './disk.ts';
import { NoRoom, onDisk, WrongContent } from './errors.ts';
import { nodeLimits } from './limits.ts';
import { openTrees, treeFolder, Trees } from './trees.ts';
import type { Misfit } from './verify.ts';

/** What depots work with. */
export interface DepotsOptions {
  /** The folder of all releases of this node. Made where there is none. */
  readonly folder: string;
  readonly crypto: Pick<Crypto, 'sha256'>;
  /** Monotonic milliseconds. */
  readonly now: () => number;
  readonly disk?: Disk;
  /** Told what collecting contents could not do; nothing depends on it. */
  readonly failed?: (what: string, error: unknown) => void;
}

/** The depots of one node. Make them with `openDepots`. */
export class Depots {
  readonly #options: DepotsOptions;
  readonly #blobs: BlobStore;
  readonly #quota: PartialQuota;
  readonly #brought: BroughtQuota;
  readonly #depots = new Map<string, Promise<Depot>>();
  /** Contents that are here and that somebody has asked about or brought, and when last. */
  readonly #recent = new Map<string, number>();
  /** What is kept for services elsewhere. */
  #shelved: readonly Digest[] = [];
  #whole: Promise<unknown> = Promise.resolve();
  #isCollecting = false;

  /** Use `openDepots`. */
  constructor(options: DepotsOptions, blobs: BlobStore) {
    this.#options = options;
    this.#blobs = blobs;
    this.#quota = new PartialQuota(this.#parts());
    this.#brought = new BroughtQuota(this.#tag(localRoot));
    for (const { sha256 } of blobs.partials()) this.#recent.set(sha256, options.now());
  }

  /**
   * The depot of one slot, by the canonical name of its service: the same one whenever it is asked for, since opening
   * takes away what is half made. @throws NoRoom, StorageFailed; the next to ask has it opened again then
   */
  of(slot: string): Promise<Depot> {
    const known = this.#depots.get(slot);
    if (known !== undefined) return known;
    const opening = this.#open(slot);
    this.#depots.set(slot, opening);
    opening.catch(() => this.#depots.delete(slot)); // whoever asked is told
    return opening;
  }

  /** Says what is kept on the shelf, before anything is collected. */
  shelve(releases: readonly Digest[]): void {
    this.#shelved = releases;
  }
  /** The shelf of this node. */
  shelf(): Shelf {
    const owner = (asker: string): PartialOwner => ({ slot: shelfWord, asker: this.#tag(asker) });
    return {
      ...this.#contentsFor(owner),
      piece: (sha256, offset, byteCount, answer) =>
        void settle(answer, this.#blobs.read(sha256, offset, byteCount)),
      keep: (releases, answer) => {
        // A life begins with this, when the slots have not said yet what of the contents they need.
        const before = this.#shelved;
        this.shelve(releases);
        if (before.some((each) => !releases.includes(each))) this.#collectAside();
        void settle(answer, this.#keepShelved(releases.filter((each) => !before.includes(each))));
      },
    };
  }
  /** What slots and the shelf have in common. */
  #contentsFor(
    ownerOf: (asker: string) => PartialOwner,
  ): Pick<Depot, 'missing' | 'put' | 'read' | 'inspect'> {
    return {
      missing: (asker, contents, answer) =>
        void settle(answer, this.#missing(ownerOf(asker), contents)),
      put: (asker, piece, answer) =>
        void settle(answer, this.#orCollect(this.#put(ownerOf(asker), piece))),
      read: (content, answer) => void settle(answer, this.#blobs.readWhole(content.sha256)),
      inspect: (release, answer) => void settle(answer, this.#inspect(release)),
    };
  }

  async #open(slot: string): Promise<Depot> {
    const { folder, crypto, disk } = this.#options;
    await onDisk('make the folder of slots', () =>
      makeFolders(disk ?? nodeDisk, folder, { slots: passable }),
    );
    const trees = await openTrees({
      folder: slotFolder(folder, slot),
      blobs: this.#blobs,
      crypto,
      ...(disk && { disk }),
    });
    let busy: Promise<unknown> = Promise.resolve();
    const inTurn = (answer: Answer, work: () => Promise<unknown>): void => {
      busy = settle(answer, busy.then(work));
    };
    const ownerOf = (asker: string): PartialOwner => ({
      slot: this.#tag(slot),
      asker: this.#tag(asker),
    });
    return {
      folder: (release) => trees.pathOf(release),
      ...this.#contentsFor(ownerOf),
      build: (release, signatures, answer) =>
        inTurn(answer, () =>
          this.#orCollect(
            (async () => {
              // Nobody else waits while a tree is looked through.
              const misfits = await trees.misfits(release);
              if (misfits?.length === 0) return [];
              await this.#alone(async () => {
                const bytes = await this.#manifestOf(release);
                const used = (manifest: Manifest): void => this.#use(slot, release, manifest);
                await trees.make(bytes, signatures, used);
              });
              return misfitWords(misfits ?? []);
            })(),
          ),
        ),
      check: (release, answer) =>
        inTurn(answer, async () => {
          const misfits = await trees.misfits(release);
          return misfits === undefined ? ['it is not there'] : misfitWords(misfits);
        }),
      point: (release, answer) =>
        inTurn(answer, () => (release === undefined ? trees.leave() : trees.switchTo(release))),
      keep: (releases, answer) => inTurn(answer, () => this.#keep(trees, releases)),
      giveUp: (askers, answer) => inTurn(answer, () => this.#giveUp(this.#tag(slot), askers)),
    };
  }

  async #inspect(release: Digest): Promise<Inspected> {
    return inspected(release, await this.#manifestOf(release), this.#options.crypto);
  }
  async #missing(owner: PartialOwner, contents: PackedContents): Promise<PackedLacking> {
    const lacking: Lacking[] = [];
    for (let at = 0; at < contents.count; at += atOnce) {
      const count = Math.min(atOnce, contents.count - at);
      const some = Array.from({ length: count }, (_, index) => contentAt(contents, at + index));
      const held = await Promise.all(
        some.map((content) => this.#blobs.held(content, wordOf(owner))),
      );
      for (const [index, { length, isWhole }] of held.entries()) {
        const content = some[index];
        if (content === undefined) continue;
        // Of what is not here there is nothing to collect, and anybody may ask about as much of that as he likes.
        if (isWhole || length > 0) this.#recent.set(content.sha256, this.#options.now());
        if (!isWhole) lacking.push({ ...content, have: length });
      }
    }
    return packedLacking(lacking);
  }
  /** What a release has is nobody's any more. */
  #use(slot: string, release: Digest, manifest: Manifest): void {
    const tag = this.#tag(slot);
    this.#brought.forget(tag, sha256Of(release));
    for (const { sha256 } of manifest.files) this.#brought.forget(tag, sha256);
  }
  async #put(owner: PartialOwner, piece: PieceOf): Promise<Put> {
    const { sha256, size, offset, bytes, mostBytes = Infinity, origin } = piece;
    const whose = origin === undefined ? owner : { ...owner, asker: this.#tag(origin) };
    this.#quota.check(owner, sha256, bytes.length);
    if (offset === 0) this.#makeRoom(whose, size, mostBytes);
    this.#recent.set(sha256, this.#options.now());
    const content = { sha256, size };
    try {
      const { length, isWhole } = await this.#blobs.append(content, offset, bytes, wordOf(owner));
      if (isWhole && mostBytes !== Infinity) this.#brought.add(whose, sha256, size);
      return { have: length };
    } finally {
      this.#note(sha256);
    }
  }
  /** @throws Limit */
  #makeRoom(owner: PartialOwner, size: number, mostBytes: number): void {
    const gone = this.#brought.surplus(owner, size, mostBytes);
    for (const sha256 of gone) this.#recent.delete(sha256);
    if (gone.length > 0) this.#collectAside();
  }
  /** Whatever became of a piece, and of what others have brought of the same content. */
  #note(sha256: string): void {
    this.#quota.replace(
      sha256,
      this.#parts().filter((each) => each.sha256 === sha256),
    );
  }
  #parts(): readonly Part[] {
    return this.#blobs.partials().map(({ sha256, byteCount, owner = '' }) => {
      const [slot = '', asker = ''] = owner.split('-');
      return { slot, asker, sha256, byteCount };
    });
  }
  /** The text of a manifest. One that has rotted goes: it is nobody's, whoever asks, and is brought again. */
  async #manifestOf(release: Digest): Promise<Uint8Array> {
    const sha256 = sha256Of(release);
    const bytes = await this.#blobs.readWhole(sha256);
    if (hexOf(this.#options.crypto.sha256(bytes)) === sha256) return bytes;
    await this.#blobs.drop(sha256);
    throw new WrongContent(`${sha256}: has rotted on the disk`);
  }
  async #keep(trees: Trees, releases: readonly Digest[]): Promise<void> {
    for (const release of await trees.list())
      if (!releases.includes(release)) await trees.remove(release);
    this.#collectAside();
  }
  /** See `Depot.giveUp`. */
  async #giveUp(slot: string, askers: readonly string[]): Promise<number> {
    const isOwner = askers.includes(localRoot);
    const tags = askers.map((each) => this.#tag(each));
    const all = this.#owned();
    const isTheirs = (each: PartialOwner): boolean =>
      each.slot === slot && (isOwner || tags.includes(each.asker));
    const others = new Set(all.filter((each) => !isTheirs(each)).map(({ sha256 }) => sha256));
    const theirs = new Set(all.map(({ sha256 }) => sha256).filter((each) => !others.has(each)));
    for (const sha256 of theirs) this.#recent.delete(sha256);
    await this.#alone(() => this.#collect());
    // It may have been collected by whoever was about to do that anyway.
    for (const { sha256 } of this.#owned()) theirs.delete(sha256);
    return theirs.size;
  }
  /** What somebody has brought, whole or not, and no release has yet. */
  #owned(): readonly Pick<Part, 'slot' | 'asker' | 'sha256'>[] {
    return [...this.#brought.contents(), ...this.#parts()];
  }
  /** What is needed no more goes, so that whoever tries again may find room. */
  async #orCollect<T>(work: Promise<T>): Promise<T> {
    try {
      return await work;
    } catch (error) {
      if (error instanceof NoRoom || (error instanceof Limit && this.#hasIdleParts()))
        this.#collectAside();
      throw error;
    }
  }
  /** Whether somebody has begun to bring something and left it at that: it stands in the way of others. */
  #hasIdleParts(): boolean {
    return this.#blobs.partials().some(({ sha256 }) => !this.#isRecent(sha256));
  }
  #isRecent(sha256: string): boolean {
    const atMs = this.#recent.get(sha256) ?? -Infinity;
    return this.#options.now() - atMs <= nodeLimits.recentMs;
  }
  /** Contents that are needed no more go; nobody waits for that, and one such walk waits for its turn at a time. */
  #collectAside(): void {
    if (this.#isCollecting) return;
    this.#isCollecting = true;
    void this.#alone(() => {
      this.#isCollecting = false;
      return this.#collect();
    }).catch((error: unknown) => this.#options.failed?.('collect contents', error));
  }
  async #collect(): Promise<void> {
    for (const sha256 of this.#recent.keys())
      if (!this.#isRecent(sha256)) this.#recent.delete(sha256);
    const used = new Set<string>();
    for (const trees of await this.#allTrees())
      for (const release of await trees.list())
        for (const sha256 of await this.#contentsOf(release, trees)) used.add(sha256);
    for (const release of this.#shelved)
      for (const sha256 of await this.#contentsOf(release)) used.add(sha256);
    // Somebody may have brought it since this has begun to look.
    const needed = { has: (sha256: string) => used.has(sha256) || this.#recent.has(sha256) };
    const parts = this.#parts();
    await this.#blobs.collect(needed);
    for (const { sha256 } of parts) this.#note(sha256);
    this.#brought.keepOnly((sha256) => needed.has(sha256));
  }
  /** The trees of all slots that are on the disk. */
  async #allTrees(): Promise<readonly Trees[]> {
    const { folder, crypto, disk = nodeDisk } = this.#options;
    const isThere = async (at: string): Promise<boolean> => (await found(disk, at)) !== undefined;
    return onDisk('list slots', async () => {
      const slots = path.join(folder, 'slots');
      const all: Trees[] = [];
      for (const name of (await isThere(slots)) ? await namesIn(disk, slots) : []) {
        const slot = path.join(slots, name);
        if (await isThere(path.join(slot, 'releases')))
          all.push(new Trees({ folder: slot, blobs: this.#blobs, crypto, disk }));
      }
      return all;
    });
  }
  /** What a release on the shelf has is nobody's any more. */
  async #keepShelved(releases: readonly Digest[]): Promise<void> {
    for (const release of releases)
      for (const sha256 of await this.#contentsOf(release)) this.#brought.forget(shelfWord, sha256);
  }
  /** What a release has, its text with it; that alone where neither the text nor the copy beside a tree can be read. */
  async #contentsOf(release: Digest, trees?: Trees): Promise<readonly string[]> {
    const text = sha256Of(release);
    const manifest = await this.#blobs
      .readWhole(text)
      .then((bytes) => readManifest(bytes))
      .catch(async () => (await trees?.read(release))?.manifest)
      .catch(() => undefined); // whoever wants it run, or brought somewhere, finds that out
    return [text, ...contentsOf(manifest ?? { files: [] }).map(({ sha256 }) => sha256)];
  }
  #alone<T>(work: () => Promise<T>): Promise<T> {
    const mine = this.#whole.then(work, work);
    this.#whole = mine.catch(() => undefined);
    return mine;
  }
  /** A word of an owner for the name of a file: who asks is told to nobody there. */
  #tag(text: string): string {
    return hexOf(this.#options.crypto.sha256(new TextEncoder().encode(text))).slice(0, 16);
  }
}
const atOnce = 64;
const misfitWords = (misfits: readonly Misfit[]): readonly string[] =>
  misfits.map(({ path, what }) => `${JSON.stringify(path)}: ${what}`);
/** Where a digest of the name of a slot would stand. */
const shelfWord = 'shelf';
const wordOf = ({ slot, asker }: PartialOwner): string => `${slot}-${asker}`;

/** Tells a handler how some work ends; what comes back never rejects. */
const settle = async (answer: Answer, work: Promise<unknown>): Promise<void> => {
  try {
    answer.kept(await work);
  } catch (error) {
    answer.broken(error);
  }
};

/** The folder of one slot, below that of all depots. */
const slotFolder = (folder: string, slot: string): string =>
  path.join(folder, 'slots', folderName(slot));
/** A name that may be one of a file; where it would be too long, a digest behind what no encoded name has in it. */
const folderName = (slot: string): string => {
  const name = encodeURIComponent(slot).replaceAll('.', '%2E');
  if (name.length <= releaseLimits.nameBytes) return name;
  return `=${createHash('sha256').update(slot).digest('hex')}`;
};
/** Where a release of a slot runs, below the folder of all depots; nothing needs to be there. */
export const runFolder = (folder: string, slot: string, release: Digest): string =>
  treeFolder(slotFolder(folder, slot), release);

/** Opens the depots of a node in a folder, which is made where there is none. @throws NoRoom, StorageFailed */
export const openDepots = async (options: DepotsOptions): Promise<Depots> => {
  const { folder, disk } = options;
  const blobs = await openBlobStore(folder, { ...(disk && { disk }) });
  return new Depots(options, blobs);
};
