/**
 * The file system as releases use it, and the few ways in which they do. All of it is a power: a test hands in one that
 * fails, or that ends at any step.
 */
import type { BigIntStats } from 'node:fs';
import fs, { type FileHandle } from 'node:fs/promises';
import { constants } from 'node:fs';
import { createHash } from 'node:crypto';
import { codeOfSystem } from './errors.ts';
import { nodeLimits } from './limits.ts';

/** The calls of `node:fs/promises` that are used. */
export type Disk = Pick<
  typeof fs,
  | 'copyFile'
  | 'link'
  | 'lstat'
  | 'mkdir'
  | 'open'
  | 'opendir'
  | 'readlink'
  | 'realpath'
  | 'rename'
  | 'rm'
  | 'statfs'
  | 'symlink'
>;

/** The file system of Node itself. */
export const nodeDisk: Disk = fs;

const { O_CREAT, O_EXCL, O_NOFOLLOW, O_NONBLOCK, O_RDONLY, O_WRONLY } = constants;
/** Ways to open; none follows a link that stands in the place of the file. */
export const opening = {
  /** NONBLOCK: a pipe that lies there must not be waited for. */
  read: O_RDONLY | O_NOFOLLOW | O_NONBLOCK,
  /** For reading what the user names himself: he may mean a link. */
  readNamed: O_RDONLY | O_NONBLOCK,
  create: O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW,
  grow: O_WRONLY | O_CREAT | O_NOFOLLOW,
} as const;

/** Opens, does some work and closes, whatever happens. */
export const withFile = async <T>(
  disk: Disk,
  file: string,
  flags: number,
  work: (handle: FileHandle) => Promise<T>,
  mode = 0o600,
): Promise<T> => {
  const handle = await disk.open(file, flags, mode);
  try {
    return await work(handle);
  } finally {
    await handle.close();
  }
};

/** Makes the names in a folder durable: without it a loss of power may undo a rename. */
export const syncFolder = (disk: Disk, folder: string): Promise<void> =>
  withFile(disk, folder, O_RDONLY, (handle) => handle.sync());

/** What lies at a path, itself and not where it leads; undefined for nothing. */
export const found = async (disk: Disk, file: string): Promise<BigIntStats | undefined> => {
  try {
    return await disk.lstat(file, { bigint: true });
  } catch (error) {
    if (codeOfSystem(error) === 'ENOENT') return undefined;
    throw error;
  }
};

/** All of the bytes, at this place. */
export const writeAt = async (
  handle: FileHandle,
  bytes: Uint8Array,
  position: number,
): Promise<void> => {
  let count = 0;
  while (count < bytes.length) {
    const left = bytes.length - count;
    const { bytesWritten } = await handle.write(bytes, count, left, position + count);
    count += bytesWritten;
  }
};

/** As many bytes as there are from a place, at most so many. They are the caller's. */
export const readAt = async (
  handle: FileHandle,
  position: number,
  byteCount: number,
): Promise<Buffer> => {
  const bytes = Buffer.allocUnsafe(byteCount);
  let count = 0;
  while (count < byteCount) {
    const { bytesRead } = await handle.read(bytes, count, byteCount - count, position + count);
    if (bytesRead === 0) break;
    count += bytesRead;
  }
  return bytes.subarray(0, count);
};

/** What was read of a file, or of a part of one. */
export interface Hashed {
  readonly sha256: string;
  readonly size: number;
}
/**
 * Reads at most so many bytes from a place and hashes them; `take` gets each piece, which is overwritten by the next.
 */
export const hashed = async (
  handle: FileHandle,
  position: number,
  byteCount: number,
  take?: (piece: Buffer) => Promise<void> | void,
): Promise<Hashed> => {
  const hash = createHash('sha256');
  const buffer = Buffer.allocUnsafe(Math.min(nodeLimits.bufferBytes, Math.max(1, byteCount)));
  let size = 0;
  while (size < byteCount) {
    const most = Math.min(buffer.length, byteCount - size);
    const { bytesRead } = await handle.read(buffer, 0, most, position + size);
    if (bytesRead === 0) break;
    const piece = buffer.subarray(0, bytesRead);
    hash.update(piece);
    await take?.(piece);
    size += bytesRead;
  }
  return { sha256: hash.digest('hex'), size };
};
