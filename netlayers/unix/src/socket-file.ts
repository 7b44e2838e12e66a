/**
 * The socket file of a listener, from bind to unlink.
 *
 *     bind .<random>  →  chmod  →  move to its name  →  …  →  unlink, if it is still ours
 *
 * A socket is bound under a random name first. So it has its final mode before anybody can find it; a stale one is
 * replaced in one step; and libuv, which on close unlinks the path that was bound, whatever stands there by then,
 * finds nothing to unlink.
 */
import { randomBytes } from 'node:crypto';
import fs from 'node:fs';
import net from 'node:net';
import path from 'node:path';
import { BadPlace, PlaceTaken, systemCode } from '@bellwether/netlayer-stream';
import { SocketFolder, type Mode } from './folder.ts';
import { BACKLOG, SHARED_BACKLOG } from './limits.ts';

const BACKLOG_OF = { private: BACKLOG, shared: SHARED_BACKLOG } as const;
const SOCKET_MODE = { private: 0o600, shared: 0o666 } as const;

/** Where a listener stands, and what it may do about what stands there already. */
export interface SocketPlace {
  /** The path of the socket; its folder is made if need be. */
  readonly path: string;
  /** True when the caller holds the lock of the daemon's state: a socket that nobody serves is then a leftover. */
  readonly replaceStale: boolean;
  /**
   * Is called with the descriptor of the listening socket before anybody can find that: to have it refuse descriptors
   * that are sent along. Absent: the kernel takes and closes them.
   */
  readonly refuseDescriptors?: (listener: number) => void;
}

/** A bound socket file. */
export class SocketFile {
  readonly #folder: SocketFolder;
  readonly #name: string;
  readonly #inode: number;

  private constructor(folder: SocketFolder, name: string, inode: number) {
    this.#folder = folder;
    this.#name = name;
    this.#inode = inode;
  }

  /**
   * Makes the server listen at a place. One of `done` and `failed` is called, once, and the file belongs to whoever
   * gets it. @throws BadPlace when the path or its folder cannot be used.
   */
  static bind(
    server: net.Server,
    place: SocketPlace,
    mode: Mode,
    done: (file: SocketFile) => void,
    failed: (reason: Error) => void,
  ): void {
    if (!path.isAbsolute(place.path) || path.resolve(place.path) !== place.path) {
      throw new BadPlace(`unix: ${place.path} is no plain absolute path of a socket`);
    }
    const folder = SocketFolder.own(path.dirname(place.path), mode);
    const name = path.basename(place.path);
    const fail = (reason: unknown): void => {
      folder.close();
      failed(
        reason instanceof Error ? reason : new Error('unix: cannot listen', { cause: reason }),
      );
    };
    try {
      const finish = (inode: number): void => done(new SocketFile(folder, name, inode));
      const listen = (): void => listenIn(folder, server, { ...place, mode }, finish, fail);
      refuseOthers(folder, place, listen, fail);
    } catch (error) {
      fail(error);
    }
  }

  /** Unlinks the file if it is still the one that was bound. */
  remove(): void {
    try {
      const found = this.#folder.look(this.#name);
      if (found?.ino === this.#inode) fs.unlinkSync(this.#folder.entry(this.#name));
    } catch (error) {
      // Nothing depends on it: the next daemon replaces a file that stays.
      if (systemCode(error) === '') throw error;
    } finally {
      this.#folder.close();
    }
  }
}

/** Goes on where nothing stands, or a socket that may be replaced and that nobody serves. */
function refuseOthers(
  folder: SocketFolder,
  place: SocketPlace,
  free: () => void,
  failed: (reason: Error) => void,
): void {
  const name = path.basename(place.path);
  const found = folder.look(name);
  if (found === undefined) return free();
  if (!found.isSocket()) {
    return failed(
      new PlaceTaken(`unix: ${place.path} exists and is no socket; hint: move it away`),
    );
  }
  if (!place.replaceStale) {
    return failed(
      new PlaceTaken(`unix: ${place.path} exists; hint: another process may listen there`),
    );
  }
  probe(folder.reach(name), (isServed) => {
    if (isServed) failed(new PlaceTaken(`unix: another process listens on ${place.path}`));
    else free();
  });
}

/** Only a refused connection shows that nobody serves a socket: a full queue answers EAGAIN. */
function probe(at: string, answer: (isServed: boolean) => void): void {
  const socket = net.connect({ path: at });
  socket.once('connect', () => {
    socket.destroy();
    answer(true);
  });
  socket.once('error', (error) => answer(systemCode(error) !== 'ECONNREFUSED'));
}

interface Wanted extends SocketPlace {
  readonly mode: Mode;
}

function listenIn(
  folder: SocketFolder,
  server: net.Server,
  place: Wanted,
  done: (inode: number) => void,
  failed: (reason: unknown) => void,
): void {
  const bound = `.${randomBytes(6).toString('hex')}`;
  const listening = (): void => {
    server.off('error', failed);
    let inode: number;
    try {
      refuseDescriptors(server, place);
      inode = moveIn(folder, bound, place);
    } catch (error) {
      server.close(() => failed(error));
      return;
    }
    done(inode);
  };
  try {
    server.once('error', failed);
    server.listen({ path: folder.reach(bound), backlog: BACKLOG_OF[place.mode] }, listening);
  } catch (error) {
    failed(error);
  }
}

/** Node has no word for the descriptor of a server, but all that it supports have it there. */
function refuseDescriptors(server: net.Server, place: SocketPlace): void {
  const handle: unknown = Reflect.get(server, '_handle');
  const listener: unknown =
    typeof handle === 'object' && handle !== null ? Reflect.get(handle, 'fd') : undefined;
  if (typeof listener === 'number' && listener >= 0) place.refuseDescriptors?.(listener);
}

/** Gives the bound socket its mode and its name; the result is its inode. */
function moveIn(folder: SocketFolder, bound: string, place: Wanted): number {
  const from = folder.entry(bound);
  const to = folder.entry(path.basename(place.path));
  fs.chmodSync(from, SOCKET_MODE[place.mode]);
  const { ino } = fs.lstatSync(from);
  if (place.replaceStale) fs.renameSync(from, to);
  else moveOnce(from, to, place.path);
  return ino;
}

/** Without the lock two may have found the place free: a link takes it once. */
function moveOnce(from: string, to: string, shown: string): void {
  try {
    fs.linkSync(from, to);
  } catch (error) {
    throw new PlaceTaken(`unix: ${shown} was taken meanwhile (${systemCode(error)})`, {
      cause: error,
    });
  } finally {
    fs.unlinkSync(from);
  }
}
