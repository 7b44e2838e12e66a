/** Copying what a service goes on writing to: most of it beside the event loop, and the rest in one step. */
import fs from 'node:fs';
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
