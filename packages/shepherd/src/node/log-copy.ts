/** Copying what a service goes on writing to: most of it beside the event loop, and the rest in one step. */
import fs from 'node:fs';
import type { FileHandle } from 'node:fs/promises';
import { lastPieceCount, pieceBytes } from './limits.ts';

interface Source {
  read(piece: Uint8Array, offset: number, length: number, at: number): Promise<Read>;
}
interface Read {
  readonly bytesRead: number;
}
interface Target {
  writeFile(bytes: Uint8Array): Promise<void>;
}
/**
 * Copies what is there from a place on, in pieces; gives the bytes that it has copied. Whatever a service
 * goes on writing, it is no piece more than `mostBytes` have.
 */
export const copyMost = async (
  from: Source,
  to: Target,
  start: number,
  mostBytes: number,
): Promise<number> => {
  const piece = Buffer.alloc(pieceBytes);
  let at = start;
  while (at - start < mostBytes) {
    const { bytesRead } = await from.read(piece, 0, piece.length, at);
    await to.writeFile(piece.subarray(0, bytesRead));
    at += bytesRead;
    if (bytesRead < piece.length) break;
  }
  return at - start;
};
/** The rest at once, from a place on; a writer that is faster than that loses it. */
export const copyRest = (from: number, to: number, start: number): number => {
  const piece = Buffer.alloc(pieceBytes);
  let at = start;
  for (let round = 0; round < lastPieceCount; round += 1) {
    const count = fs.readSync(from, piece, 0, piece.length, at);
    if (count === 0) break;
    fs.writeSync(to, piece, 0, count);
    at += count;
  }
  return at - start;
};

const { O_CREAT, O_EXCL, O_NOFOLLOW, O_NONBLOCK, O_RDWR, O_WRONLY } = fs.constants;

/**
 * Opens a log, and an empty copy beside it, `file.new`, which is gone where the work does not end well. @throws what
 * the work throws, and the system's error
 */
export const withCopy = async <T>(
  file: string,
  work: (from: FileHandle, to: FileHandle, stat: fs.Stats) => Promise<T>,
): Promise<T> => {
  const copy = `${file}.new`;
  fs.rmSync(copy, { force: true });
  const from = await fs.promises.open(file, O_RDWR | O_NOFOLLOW | O_NONBLOCK);
  try {
    const stat = await from.stat();
    const flags = O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW;
    const to = await fs.promises.open(copy, flags, stat.mode & 0o777);
    try {
      return await work(from, to, stat);
    } catch (error) {
      fs.rmSync(copy, { force: true });
      throw error;
    } finally {
      await to.close();
    }
  } finally {
    await from.close();
  }
};
