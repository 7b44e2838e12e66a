/**
 * The folder of a socket. Who may enter it may connect, so it is made first, with its final mode, and then checked:
 * a folder that somebody else owns, can write to or has put a link in place of decides nothing for us.
 */
import fs from 'node:fs';
import path from 'node:path';
import { BadPlace, systemCode } from '@bellwether/netlayer-stream';
import { PATH_BYTES } from './limits.ts';

/** Private: only the owner connects. Shared: every user of the machine does, and gets what his references give. */
export type Mode = 'private' | 'shared';

const FOLDER_MODE = { private: 0o700, shared: 0o755 } as const;
/** Bits that must not be set: any for others in a private folder, write in a shared one. */
const FORBIDDEN = { private: 0o077, shared: 0o022 } as const;
/** Write for anybody but the owner. */
export const OTHERS_WRITE = FORBIDDEN.shared;

/**
 * Bits that must be set, or the owner, or in a shared folder anybody, could not reach the socket: who dials a shared
 * one opens its folder first, to see whose it is.
 */
const REQUIRED = FOLDER_MODE;

/** An open folder: its entries are reached through the descriptor, whatever happens to the path meanwhile. */
export class SocketFolder {
  readonly path: string;
  readonly #descriptor: number;

  private constructor(folder: string, descriptor: number) {
    this.path = folder;
    this.#descriptor = descriptor;
  }

  /** Opens a folder to connect to a socket in it. @throws what the system says when it cannot be opened. */
  static open(folder: string): SocketFolder {
    const { O_RDONLY, O_DIRECTORY } = fs.constants;
    return new SocketFolder(folder, fs.openSync(folder, O_RDONLY | O_DIRECTORY));
  }

  /** Makes a folder, if need be with those above it, and opens it. @throws BadPlace when it is not safely ours. */
  static own(folder: string, mode: Mode): SocketFolder {
    const isNew = makeFolder(folder, FOLDER_MODE[mode]);
    refuseLink(folder);
    const descriptor = openOwn(folder);
    try {
      // mkdir obeys the umask, which may be narrower than what a shared folder needs.
      if (isNew) fs.fchmodSync(descriptor, FOLDER_MODE[mode]);
      check(folder, fs.fstatSync(descriptor), mode);
    } catch (error) {
      fs.closeSync(descriptor);
      throw error;
    }
    return new SocketFolder(folder, descriptor);
  }

  /**
   * A path of at most the length that sockets allow. On Linux it leads through the descriptor, which must stay open
   * until the path was used. @throws BadPlace where no such path exists.
   */
  reach(name: string): string {
    const used = this.entry(name);
    if (Buffer.byteLength(used) <= PATH_BYTES) return used;
    const full = path.join(this.path, name);
    throw new BadPlace(
      `unix: the socket path ${full} has ${Buffer.byteLength(full)} bytes, ` +
        `at most ${PATH_BYTES} are possible here; hint: choose a shorter folder`,
    );
  }

  /** Whose the folder is, and who may do what in it. */
  stats(): fs.Stats {
    return fs.fstatSync(this.#descriptor);
  }

  /** What stands under a name, links not followed; undefined where nothing does. */
  look(name: string): fs.Stats | undefined {
    return fs.lstatSync(this.entry(name), { throwIfNoEntry: false });
  }

  /** The path of an entry for file operations, which know no limit of length. */
  entry(name: string): string {
    const root = `/proc/self/fd/${this.#descriptor}`;
    const isLinux = process.platform === 'linux' && fs.existsSync(root);
    return path.join(isLinux ? root : this.path, name);
  }

  close(): void {
    fs.closeSync(this.#descriptor);
  }
}

function openOwn(folder: string): number {
  const { O_RDONLY, O_DIRECTORY, O_NOFOLLOW } = fs.constants;
  try {
    return fs.openSync(folder, O_RDONLY | O_DIRECTORY | O_NOFOLLOW);
  } catch (error) {
    throw new BadPlace(`unix: cannot open the folder ${folder} (${systemCode(error)})`, {
      cause: error,
    });
  }
}

/** True when the folder was not there before. */
function makeFolder(folder: string, mode: number): boolean {
  try {
    return fs.mkdirSync(folder, { recursive: true, mode }) !== undefined;
  } catch (error) {
    // Something that is no folder stands there: the check that follows says what.
    if (systemCode(error) === 'EEXIST') return false;
    throw new BadPlace(`unix: cannot make the folder ${folder} (${systemCode(error)})`, {
      cause: error,
    });
  }
}

function refuseLink(folder: string): void {
  const stats = fs.lstatSync(folder, { throwIfNoEntry: false });
  if (stats === undefined) throw new BadPlace(`unix: the folder ${folder} is gone`);
  if (stats.isSymbolicLink()) {
    throw new BadPlace(`unix: ${folder} is a symbolic link; name the folder itself`);
  }
  if (!stats.isDirectory()) throw new BadPlace(`unix: ${folder} is no folder`);
}

function check(folder: string, stats: fs.Stats, mode: Mode): void {
  const us = process.geteuid?.();
  if (us !== undefined && stats.uid !== us) {
    throw new BadPlace(
      `unix: ${folder} belongs to user ${stats.uid}, expected ${us}; whoever owns it decides who connects`,
    );
  }
  const isOpen = (stats.mode & FORBIDDEN[mode]) !== 0;
  const isShut = (stats.mode & REQUIRED[mode]) !== REQUIRED[mode];
  if (!isOpen && !isShut) return;
  const wanted = FOLDER_MODE[mode].toString(8);
  const found = (stats.mode & 0o777).toString(8);
  throw new BadPlace(
    `unix: ${folder} has mode ${found}, expected ${wanted}; hint: chmod ${wanted} ${folder}`,
  );
}
