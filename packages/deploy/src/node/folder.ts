/**
 * Folders that stay the same while they are used. A path is resolved anew at every call, and any folder in it may have
 * become a link meanwhile; a folder that is open does not. Node has no openat(2), but on Linux a path that begins with
 * `/proc/self/fd/N` begins at that folder (proc(5)), which is the same. Elsewhere only the last name of a path is safe.
 */
import { constants, type BigIntStats } from 'node:fs';
import type { FileHandle } from 'node:fs/promises';
import path from 'node:path';
import { type Disk, found } from './disk.ts';

/** An open folder. Whoever opened it closes it. */
export class Folder {
  readonly #disk: Disk;
  readonly #handle: FileHandle;
  /** What a name is put behind. */
  readonly #way: string;
  readonly #isPinned: boolean;

  /** Use `open` and `enter`. */
  constructor(disk: Disk, handle: FileHandle, way: string, isPinned: boolean) {
    this.#disk = disk;
    this.#handle = handle;
    this.#way = isPinned ? `/proc/self/fd/${handle.fd}` : way;
    this.#isPinned = isPinned;
  }

  /** Opens a folder; one that a link leads to, too, since its owner has named it. Rejects with the system's error. */
  static async open(disk: Disk, folder: string): Promise<Folder> {
    const handle = await disk.open(folder, constants.O_RDONLY | constants.O_DIRECTORY);
    try {
      const isPinned = (await found(disk, `/proc/self/fd/${handle.fd}`)) !== undefined;
      return new Folder(disk, handle, folder, isPinned);
    } catch (error) {
      await handle.close();
      throw error;
    }
  }

  /** A path to something in it, good as long as it is open. */
  at(name: string): string {
    return `${this.#way}/${name}`;
  }
  /** Opens a folder in it. Rejects with ENOTDIR or ELOOP where there is something else, or a link. */
  async enter(name: string): Promise<Folder> {
    const { O_RDONLY, O_DIRECTORY, O_NOFOLLOW } = constants;
    const way = this.#isPinned ? this.at(name) : path.join(this.#way, name);
    const handle = await this.#disk.open(way, O_RDONLY | O_DIRECTORY | O_NOFOLLOW);
    return new Folder(this.#disk, handle, way, this.#isPinned);
  }
  /** The names in it, one after another, as bytes. */
  async *names(): AsyncGenerator<Buffer> {
    // The type knows names of text alone; with this encoding they are bytes.
    const entries = await this.#disk.opendir(this.at('.'), { encoding: 'buffer' as 'utf8' });
    for await (const { name } of entries) yield name as unknown as Buffer;
  }
  /** What lies in it under a name: itself, not where it leads. */
  stat(name: string): Promise<BigIntStats | undefined> {
    return found(this.#disk, this.at(name));
  }
  chmod(mode: number): Promise<void> {
    return this.#handle.chmod(mode);
  }
  sync(): Promise<void> {
    return this.#handle.sync();
  }
  close(): Promise<void> {
    return this.#handle.close();
  }
}

/**
 * The way to one path after another below a folder. Neighbours share it, so that in the order of paths each folder is
 * opened once.
 */
export class Descent {
  readonly #root: Folder;
  readonly #entered: { readonly name: string; readonly folder: Folder }[] = [];

  /** The root stays the caller's. */
  constructor(root: Folder) {
    this.#root = root;
  }

  /**
   * The folder that a path lies in, and its last name; `prepare` is called before each folder that is entered. Rejects
   * with the system's error where a link or anything else stands in the way.
   */
  async to(
    target: string,
    prepare?: (parent: Folder, name: string, folder: string) => Promise<void>,
  ): Promise<{ readonly parent: Folder; readonly name: string }> {
    const names = target.split('/');
    const name = names.pop() ?? '';
    let depth = 0;
    while (depth < names.length && this.#entered[depth]?.name === names[depth]) depth += 1;
    await this.#leave(depth);
    for (const next of names.slice(depth)) {
      const parent = this.#entered.at(-1)?.folder ?? this.#root;
      const reached = names.slice(0, this.#entered.length + 1).join('/');
      await prepare?.(parent, next, reached);
      this.#entered.push({ name: next, folder: await parent.enter(next) });
    }
    return { parent: this.#entered.at(-1)?.folder ?? this.#root, name };
  }
  /** Closes all that was opened on the way. */
  close(): Promise<void> {
    return this.#leave(0);
  }
  async #leave(depth: number): Promise<void> {
    for (const { folder } of this.#entered.splice(depth).reverse()) await folder.close();
  }
}
