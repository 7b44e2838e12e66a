/**
 * Who has how many bytes on a node of contents that are not whole: by asker, by slot, and in all. A content that
 * becomes whole, or is thrown away, is nobody's any more.
 */
import { Limit } from '@bellwether/actors';
import { releaseLimits } from '../release/limits.ts';
import { limits } from './limits.ts';

/** Whose a content is that is not whole: two who bring the same one have each their own. */
export interface PartialOwner {
  readonly slot: string;
  readonly asker: string;
}
/** A content that is not whole. */
export interface Part extends PartialOwner {
  readonly sha256: string;
  readonly byteCount: number;
}

/** Counts the parts of one node; one for all of its slots. */
export class PartialQuota {
  readonly #parts = new Map<string, Part>();
  /** What is on the disk when a life begins. */
  constructor(parts: readonly Part[] = []) {
    for (const part of parts) this.#parts.set(keyOf(part, part.sha256), part);
  }
  /** Bytes of a content that are there. */
  have(owner: PartialOwner, sha256: string): number {
    return this.#parts.get(keyOf(owner, sha256))?.byteCount ?? 0;
  }
  /** @throws Limit where so many more bytes of a content have no room; says whose room that is */
  check(owner: PartialOwner, sha256: string, moreBytes: number): void {
    const { slot, asker } = owner;
    const all = [...this.#parts.values()];
    const inSlot = all.filter((part) => part.slot === slot);
    const own = all.filter((part) => part.asker === asker);
    const isNew = !this.#parts.has(keyOf(owner, sha256));
    if (isNew && own.length >= limits.askerPartialCount)
      throw new Limit(`${own.length} files are half brought already: finish some of them first`);
    const rooms: readonly (readonly [readonly Part[], number, string])[] = [
      [own, limits.askerPartialBytes, 'one who brings them may have'],
      [inSlot, limits.slotPartialBytes, 'one slot may have'],
      [all, limits.partialBytes, 'a node has room for'],
    ];
    for (const [parts, most, whose] of rooms) {
      const bytes = parts.reduce((sum, { byteCount }) => sum + byteCount, 0);
      if (bytes + moreBytes > most)
        throw new Limit(`half brought files have ${bytes} bytes, and ${most} is what ${whose}`);
    }
  }
  /** What there is of one content now, by whomever. */
  replace(sha256: string, parts: readonly Part[]): void {
    for (const [key, part] of this.#parts) if (part.sha256 === sha256) this.#parts.delete(key);
    for (const part of parts) this.#parts.set(keyOf(part, sha256), part);
  }
  /** So many bytes of a content are there now; 0: it is whole, or gone. */
  set(owner: PartialOwner, sha256: string, byteCount: number): void {
    const key = keyOf(owner, sha256);
    const { slot, asker } = owner;
    if (byteCount === 0) this.#parts.delete(key);
    else this.#parts.set(key, { slot, asker, sha256, byteCount });
  }
}
const keyOf = ({ slot, asker }: PartialOwner, sha256: string): string =>
  `${slot} ${asker} ${sha256}`;

/**
 * Contents that are whole, and that no release of their slot has yet: by whom they were brought, which is by what his
 * grant comes from. What somebody brings makes what he has brought before go, the oldest first. Where all of them
 * together have no room for it, what goes is of whoever has the most (fair.ts), and never of the owner of the machine:
 * for him it goes in any case. Each counts as the blocks that it takes of the disk.
 */
export class BroughtQuota {
  readonly #machineOwner: string;
  /** By slot and content, the oldest first. */
  readonly #contents = new Map<string, Brought>();
  readonly #bytes = new Map<string, number>();

  /** The owner of the machine, as an asker. */
  constructor(machineOwner: string) {
    this.#machineOwner = machineOwner;
  }
  /**
   * What has to go so that one more content has room. @throws Limit where it has none, whatever goes; all stays then
   */
  surplus(owner: PartialOwner, size: number, mostBytes: number): readonly string[] {
    if (size > mostBytes)
      throw new Limit(
        `a file has ${size} bytes, and all releases of the slot may have ${mostBytes}`,
      );
    const more = onDisk(size);
    const gone = new Map<string, Brought>();
    let own = this.#bytes.get(ownerKey(owner)) ?? 0;
    let inSlot = this.#bytes.get(owner.slot) ?? 0;
    const give = ([key, each]: Entry): void => {
      inSlot -= each.bytes;
      gone.set(key, each);
    };
    if (own + more > mostBytes)
      for (const entry of this.#of(owner.slot, (asker) => asker === owner.asker)) {
        give(entry);
        own -= entry[1].bytes;
        if (own + more <= mostBytes) break;
      }
    const most = limits.broughtShares * mostBytes;
    if (inSlot + more > most)
      for (const entry of this.#ofOthers(owner, own + more)) {
        give(entry);
        if (inSlot + more <= most) break;
      }
    if (inSlot + more > most)
      throw new Limit(
        `${inSlot} bytes were brought to the slot and not staged, and ${most} is what it takes: try again in an hour`,
      );
    for (const [key, each] of gone) this.#drop(key, each);
    return [...gone.values()].map(({ sha256 }) => sha256);
  }
  /** One after another: whoever brings small files has a hundred thousand, of which mostly one goes. */
  *#of(slot: string, isOf: (asker: string) => boolean): Generator<Entry> {
    for (const entry of this.#contents)
      if (entry[1].slot === slot && isOf(entry[1].asker)) yield entry;
  }
  /** What goes for somebody else, in that order: each time of whoever has the most by then, as in fair.ts. */
  *#ofOthers({ slot, asker }: PartialOwner, ownBytes: number): Generator<Entry> {
    const leastBytes = asker === this.#machineOwner ? 0 : ownBytes;
    const theirs = new Map<
      string,
      { bytes: number; readonly entries: Entry[]; goneCount: number }
    >();
    for (const entry of this.#of(slot, (each) => each !== asker && each !== this.#machineOwner)) {
      const [, each] = entry;
      const share = theirs.get(each.asker) ?? { bytes: 0, entries: [], goneCount: 0 };
      theirs.set(each.asker, share);
      share.bytes += each.bytes;
      share.entries.push(entry);
    }
    for (;;) {
      const [first] = [...theirs.values()].sort((one, other) => other.bytes - one.bytes);
      const oldest = first?.entries[first.goneCount];
      if (first === undefined || oldest === undefined || first.bytes <= leastBytes) return;
      first.goneCount += 1;
      first.bytes -= oldest[1].bytes;
      yield oldest;
    }
  }
  /** It is whole. */
  add(owner: PartialOwner, sha256: string, size: number): void {
    const key = keyIn(owner.slot, sha256);
    const { slot, asker } = owner;
    if (this.#contents.has(key)) return;
    const bytes = onDisk(size);
    this.#contents.set(key, { slot, asker, sha256, bytes });
    this.#count(owner, bytes);
  }
  /** All that there are. */
  contents(): readonly (PartialOwner & { readonly sha256: string })[] {
    return [...this.#contents.values()];
  }
  /** A release of the slot has it, or it is gone. */
  forget(slot: string, sha256: string): void {
    const key = keyIn(slot, sha256);
    const known = this.#contents.get(key);
    if (known !== undefined) this.#drop(key, known);
  }
  /** Only these are still there. */
  keepOnly(isThere: (sha256: string) => boolean): void {
    for (const [key, each] of this.#contents) if (!isThere(each.sha256)) this.#drop(key, each);
  }

  #drop(key: string, brought: Brought): void {
    this.#contents.delete(key);
    this.#count(brought, -brought.bytes);
  }
  #count(owner: PartialOwner, bytes: number): void {
    for (const key of [owner.slot, ownerKey(owner)])
      this.#bytes.set(key, (this.#bytes.get(key) ?? 0) + bytes);
  }
}
interface Brought extends PartialOwner {
  readonly sha256: string;
  /** Of the disk. */
  readonly bytes: number;
}
type Entry = readonly [key: string, each: Brought];
const onDisk = (size: number): number =>
  Math.max(1, Math.ceil(size / limits.blockBytes)) * limits.blockBytes;
/**
 * Bytes of the disk for all contents of one release, also of the smallest, whose files have so many bytes: what one who
 * brings them may have that is not staged, beside all that the slot keeps. It is not taken off that, since a release
 * makes room when it is staged and not before: what it replaces is there to go back to as long as it is not whole, so a
 * slot that is full would take no other. Nor off what the slot has left: two uploads of one asker would then have each
 * other's contents go, again and again. Nobody's counts as anybody else's until all of a slot have two such shares.
 */
export const broughtBytes = (fileBytes: number): number =>
  fileBytes + releaseLimits.manifestBytes + (releaseLimits.entryCount + 1) * limits.blockBytes;
const keyIn = (slot: string, sha256: string): string => `${slot} ${sha256}`;
const ownerKey = ({ slot, asker }: PartialOwner): string => `${slot} ${asker}`;
