/**
 * The audit of a daemon on its disk: whole lines at the end of the last file, never anything else, never anywhere else.
 *
 *     closed     mend     the end of the log is compared with what the state knows (tail.ts), and     ready
 *                         what is lacking is written
 *     ready      append   written; synced behind it, many appends with one sync                       ready
 *                a file that is full is followed by another
 *                its name leads to another file, before an append or before lines count as synced       closed
 *                anything fails, or somebody else wrote                                               closed
 *
 * The state has each line first, in the batch that it tells of (see `AuditedStore`), and keeps it until the log is
 * synced. So an append need not wait for the sync, and nothing that a crash leaves behind is lost or doubled.
 */
import { createHash } from 'node:crypto';
import { messageOf } from '@bellwether/actors';
import {
  chained,
  chainStart,
  type AuditRecord,
  type ChainHead,
  type ChainLine,
} from '@bellwether/authority';
import { DiskFailed } from '../errors.ts';
import { limits } from '../limits.ts';
import { auditFileName, firstNumberIn, type AuditHandle, type AuditPlace } from './place.ts';
import {
  alert,
  guessedHead,
  mendingOf,
  tailBytes,
  tailIn,
  type Mending,
  type Pending,
} from './tail.ts';

/** SHA-256 of ASCII text, as hex. */
export const textDigest = (text: string): string =>
  createHash('sha256').update(text, 'latin1').digest('hex');

/** What an audit log takes from around it. */
export interface AuditPowers {
  /** Milliseconds since 1970. */
  readonly wall: () => number;
  /** Bytes of one file; `limits.auditFileBytes` if absent. */
  readonly fileBytes?: number;
}

interface Ready {
  readonly handle: AuditHandle;
  /** Bytes of the file, as far as they are ours. */
  size: number;
}

/** The log of one daemon. One call at a time; whoever made it closes it. */
export class AuditLog {
  readonly #place: AuditPlace;
  readonly #powers: AuditPowers;
  readonly #fileBytes: number;
  #head: ChainHead;
  /** The file that is written to. Undefined before `mend`, after a failure, and while there is no file. */
  #ready: Ready | undefined;
  #isMended: boolean;
  #hasFailed: boolean;
  #synced: number;
  /** The sync under way; it never rejects. */
  #syncing: Promise<void> | undefined;

  constructor(place: AuditPlace, powers: AuditPowers) {
    this.#place = place;
    this.#powers = powers;
    this.#fileBytes = powers.fileBytes ?? limits.auditFileBytes;
    this.#head = chainStart;
    this.#ready = undefined;
    this.#isMended = false;
    this.#hasFailed = false;
    this.#synced = 0;
    this.#syncing = undefined;
  }

  /** The last line that is written. */
  get head(): ChainHead {
    return this.#head;
  }
  /** Whether it can be appended to. */
  get isReady(): boolean {
    return this.#isMended;
  }
  /** The number up to which lines are durable in the log itself. */
  get synced(): number {
    return this.#synced;
  }

  /** The lines that `append` would be given next. @throws TypeError for what is no record */
  next(records: readonly AuditRecord[]): readonly ChainLine[] {
    return chained(this.#head, this.#powers.wall(), records, textDigest);
  }

  /**
   * Makes the end of the log fit what the state knows, and can be called again after a failure. What was strange is in
   * the log then, and told. @throws DiskFailed
   */
  async mend(pending: Pending): Promise<readonly AuditRecord[]> {
    await this.close();
    try {
      const notes = await this.#mend(pending);
      await this.#ready?.handle.sync();
      this.#synced = this.#head.number;
      this.#isMended = true;
      this.#hasFailed = false;
      return notes;
    } catch (error) {
      throw await this.#failed(error);
    }
  }

  /** Writes lines behind the last one; they need not be synced when it settles. @throws DiskFailed */
  async append(lines: readonly ChainLine[]): Promise<void> {
    if (!this.#isMended) throw new DiskFailed(`audit: ${this.#place.name} is not open`);
    try {
      await this.#append(lines);
    } catch (error) {
      throw await this.#failed(error);
    }
    this.#syncing ??= this.#syncBehind();
  }

  /** Waits until all that was appended is durable, and closes the file. */
  async close(): Promise<void> {
    await this.#syncing;
    await this.#drop();
  }

  async #mend(pending: Pending): Promise<readonly AuditRecord[]> {
    const files = await this.#place.list();
    const last = files.at(-1);
    if (last === undefined) {
      this.#head = chainStart;
      return this.#carryOut(mendingOf({ head: chainStart, rest: '' }, pending, textDigest), '');
    }
    const handle = await this.#place.open(last);
    const size = await handle.size();
    this.#ready = { handle, size };
    const bytes = await handle.read(Math.max(0, size - tailBytes), tailBytes);
    // After a sync that failed pages count as written that may not be: these are to be written once more.
    if (this.#hasFailed) await handle.write(bytes, Math.max(0, size - tailBytes));
    const text = bytes.toString('latin1');
    const before = await this.#headBefore(files);
    const { head, rest } = tailIn(text, size <= tailBytes, before, textDigest);
    if (head === undefined) return this.#goOnElsewhere(last, pending);
    this.#head = head;
    return this.#carryOut(mendingOf({ head, rest }, pending, textDigest), rest);
  }

  /** The head of the file before the last one: of a last one in which there is no line yet. */
  async #headBefore(files: readonly string[]): Promise<ChainHead> {
    const file = files.at(-2);
    if (file === undefined) return chainStart;
    const handle = await this.#place.open(file);
    try {
      const size = await handle.size();
      const text = (await handle.read(Math.max(0, size - tailBytes), tailBytes)).toString('latin1');
      const { head } = tailIn(text, size <= tailBytes, undefined, textDigest);
      return head ?? { ...chainStart, number: firstNumberIn(files.at(-1) ?? file) - 1 };
    } finally {
      await handle.close();
    }
  }

  async #carryOut({ torn, lines, notes }: Mending, rest: string): Promise<readonly AuditRecord[]> {
    const told = [...notes];
    const ready = this.#ready;
    if (torn !== '') {
      const bytes = Buffer.from(torn, 'latin1');
      const name = await this.#place.setAside(`torn-${this.#head.number + 1}`, bytes);
      const where = `${bytes.length} bytes behind record ${this.#head.number}`;
      told.unshift(alert('audit-torn', `${where} were no whole record; they are in ${name}`));
    }
    if (ready !== undefined && rest !== '') {
      ready.size -= rest.length;
      await ready.handle.truncate(ready.size);
    }
    await this.#append(lines);
    if (told.length > 0) await this.#append(this.next(told));
    return told;
  }

  /** The end of the file is not to be made out: it stays for whoever wants to look at it, and another one begins. */
  async #goOnElsewhere(file: string, pending: Pending): Promise<readonly AuditRecord[]> {
    const lineCount = await this.#lineCount();
    await this.#drop();
    this.#head = guessedHead(pending, firstNumberIn(file) + lineCount);
    const notes = [alert('audit-damaged', `no record at the end of ${file} fits`)];
    await this.#append(this.next(notes));
    return notes;
  }

  async #lineCount(): Promise<number> {
    if (this.#ready === undefined) return 0;
    const { handle, size } = this.#ready;
    let count = 0;
    for (let at = 0; at < size; at += tailBytes)
      for (const byte of await handle.read(at, tailBytes)) if (byte === 0x0a) count += 1;
    return count;
  }

  async #append(lines: readonly ChainLine[]): Promise<void> {
    let from = 0;
    while (from < lines.length) {
      const { handle, size } = await this.#fileFor(lines[from]);
      if ((await handle.size()) !== size)
        throw new Error('somebody else has written to the last file');
      await checkInPlace(handle);
      let text = '';
      let to = from;
      for (; to < lines.length; to += 1) {
        const next = `${lines[to]?.text ?? ''}\n`;
        if (to > from && size + text.length + next.length > this.#fileBytes) break;
        text += next;
      }
      await handle.write(Buffer.from(text, 'latin1'), size);
      if (this.#ready !== undefined) this.#ready.size = size + text.length;
      const { number, hash } = lines[to - 1] ?? this.#head;
      this.#head = { number, hash };
      from = to;
    }
  }

  /** The file that has room for a line: this one, or one that is begun with it. */
  async #fileFor(line: ChainLine | undefined): Promise<Ready> {
    const ready = this.#ready;
    const byteCount = (line?.text.length ?? 0) + 1;
    if (ready !== undefined && (ready.size === 0 || ready.size + byteCount <= this.#fileBytes))
      return ready;
    if (ready !== undefined) {
      await this.#syncing;
      await ready.handle.sync();
      await checkInPlace(ready.handle);
      await this.#drop();
    }
    const handle = await this.#place.create(auditFileName(this.#head.number + 1));
    const next: Ready = { handle, size: 0 };
    this.#ready = next;
    return next;
  }

  /** One sync for all that was written before it began, until there is nothing more. */
  async #syncBehind(): Promise<void> {
    try {
      while (this.#ready !== undefined && this.#synced < this.#head.number) {
        const { number } = this.#head;
        const { handle } = this.#ready;
        await handle.sync();
        // The state erases what counts as synced: nobody would ever read it in a file without a name.
        await checkInPlace(handle);
        this.#synced = number;
      }
    } catch {
      // Nobody waits for it: the state has the lines still, and the next append mends the log first.
      this.#isMended = false;
      this.#hasFailed = true;
    } finally {
      this.#syncing = undefined;
    }
  }

  async #failed(error: unknown): Promise<DiskFailed> {
    this.#isMended = false;
    this.#hasFailed = true;
    await this.#syncing;
    await this.#drop().catch(() => undefined); // the first failure is the one to be told
    return new DiskFailed(`audit: ${this.#place.name}: ${messageOf(error)}`, { cause: error });
  }

  async #drop(): Promise<void> {
    const handle = this.#ready?.handle;
    this.#ready = undefined;
    await handle?.close();
  }
}

const checkInPlace = async (handle: AuditHandle): Promise<void> => {
  if (!(await handle.isInPlace())) throw new Error('somebody has replaced the last file');
};
