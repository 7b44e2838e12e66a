/**
 * Keeps the logs of services from growing without bound. Services write their files themselves, so that
 * nothing is lost when the daemon is away; they cannot be told to open another one, hence a full log is
 * copied and then emptied in place:
 *
 *     poll ──► a log over its size? ──► old ones move on ──► copy, in pieces, beside the event loop
 *          ──► the rest, until a read finds nothing more ──► emptied, with no step between
 *
 * What a service writes in that last instant, between a read that found the end and the system call
 * after it, is lost: microseconds for each 10 MiB. Renaming would lose nothing, but a service that runs
 * for months would never begin the new file; cutting the front off without a copy
 * (FALLOC_FL_COLLAPSE_RANGE) needs ext4 or XFS and a helper.
 */
import fs from 'node:fs';
import path from 'node:path';
import type { Log } from '@bellwether/actors';
import { explain } from './program.ts';
import {
  keptLogCount,
  lastPieceCount,
  logBytes,
  logPollMs,
  pieceBytes,
  pieceCount,
} from './limits.ts';
import { shiftOld } from './rotate.ts';

/** What rotation works with. */
export interface RotationPowers {
  /** Absolute: the folder of the logs. */
  readonly folder: string;
  /** Files in it that somebody else takes care of. Absolute. */
  readonly except: readonly string[];
  /** Calls back once, so many milliseconds later; the result takes it back. */
  readonly after: (ms: number, task: () => void) => () => void;
  readonly log: Log;
}

/** Looks at all logs from time to time, by one timer, until the result is called. */
export const rotateLogs = (powers: RotationPowers): (() => void) => {
  let isOver = false;
  let cancel = (): void => undefined;
  const look = (): void => {
    void rotateFull(powers).finally(() => {
      if (!isOver) cancel = powers.after(logPollMs, look);
    });
  };
  cancel = powers.after(logPollMs, look);
  return () => {
    isOver = true;
    cancel();
  };
};

/** One look: what is over its size is rotated, one after the other. Never rejects. */
export const rotateFull = async ({ folder, except, log }: RotationPowers): Promise<void> => {
  for (const file of await fullLogs(folder)) {
    if (except.includes(file)) continue;
    try {
      await rotate(file);
    } catch (error) {
      log('log.not-rotated', { file, why: explain(error) });
    }
  }
};

const fullLogs = async (folder: string): Promise<readonly string[]> => {
  const names = await fs.promises.readdir(folder).catch(() => []); // no log was written yet
  const full: string[] = [];
  for (const name of names) {
    if (!name.endsWith('.log')) continue;
    const file = path.join(folder, name);
    const stat = await fs.promises.lstat(file).catch(() => undefined); // it went away meanwhile
    if (stat?.isFile() === true && stat.nlink === 1 && stat.size > logBytes) full.push(file);
  }
  return full;
};

const rotate = async (file: string): Promise<void> => {
  const { O_RDWR, O_NOFOLLOW, O_NONBLOCK, O_CREAT, O_EXCL, O_WRONLY } = fs.constants;
  const from = await fs.promises.open(file, O_RDWR | O_NOFOLLOW | O_NONBLOCK);
  try {
    shiftOld(file, keptLogCount);
    const mode = (await from.stat()).mode & 0o777;
    const to = await fs.promises.open(`${file}.1`, O_WRONLY | O_CREAT | O_EXCL, mode);
    try {
      await move(from, to);
    } finally {
      await to.close();
    }
  } finally {
    await from.close();
  }
};

/** In pieces while there is much, then the rest at once; a writer that is faster than that loses it. */
const move = async (from: fs.promises.FileHandle, to: fs.promises.FileHandle): Promise<void> => {
  const piece = Buffer.alloc(pieceBytes);
  let at = 0;
  for (let round = 0; round < pieceCount; round += 1) {
    const { bytesRead } = await from.read(piece, 0, piece.length, at);
    await to.writeFile(piece.subarray(0, bytesRead));
    at += bytesRead;
    if (bytesRead < piece.length) break;
  }
  for (let round = 0; round < lastPieceCount; round += 1) {
    const count = fs.readSync(from.fd, piece, 0, piece.length, at);
    if (count === 0) break;
    fs.writeSync(to.fd, piece, 0, count);
    at += count;
  }
  fs.ftruncateSync(from.fd, 0);
};
