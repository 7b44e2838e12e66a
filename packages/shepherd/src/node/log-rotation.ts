/**
 * Keeps the logs of services from growing without bound, and notes when they had come how far. What was put aside is
 * packed once another one is put aside before it, and goes when it is too many or too old.
 * Services write their files themselves, so that nothing is lost when the daemon is away; they cannot
 * be told to open another one, hence a full log is copied and then emptied in place:
 *
 *     poll ──► a log over its size or time? ──► copy, in pieces, beside the event loop ──► old ones move on
 *          ──► the rest, until a read finds nothing more ──► emptied, with no step between
 *
 * The poll is early where the disk fills: one call tells that, however many logs there are.
 * Where the disk has no room for the copy older ones go, and then all of the log but its newest lines, in place.
 *
 * Of a log that is over its size by more than a service writes between two looks only the end is kept.
 * What a service writes in that last instant, between a read that found the end and the system call
 * after it, is lost: microseconds for each 10 MiB. Renaming would lose nothing, but a service that runs
 * for months would never begin the new file; cutting the front off without a copy
 * (FALLOC_FL_COLLAPSE_RANGE) needs ext4 or XFS and a helper.
 */
import fs from 'node:fs';
import path from 'node:path';
import type { Log } from '@bellwether/actors';
import { explain } from './program.ts';
import { makeQueue } from './queue.ts';
import { nodeZone } from './zone.ts';
import { logPollMs, roomLookMs, roomLossBytes } from './limits.ts';
import type { ServiceLogs } from './log-files.ts';
import type { Starts } from './starts.ts';
import type { Zone } from '../words/types.ts';

/** What rotation works with. */
export interface RotationPowers {
  /** Absolute: the folder of the logs. */
  readonly folder: string;
  /** Files in it that somebody else takes care of. Absolute. */
  readonly except: readonly string[];
  readonly logs: Pick<ServiceLogs, 'logIn' | 'pathOf' | 'elsewhere'>;
  /** What processes may write to without end, too. */
  readonly starts: Pick<Starts, 'emptyFull'>;
  /** Calls back once, so many milliseconds later; the result takes it back. */
  readonly after: (ms: number, task: () => void) => () => void;
  /** Milliseconds since 1970. */
  readonly wall: () => number;
  /** Absent: as this process has it. */
  readonly zone?: Zone;
  readonly log: Log;
}

/** What looks after logs. */
export interface Rotation {
  /** Looks no more. */
  stop(): void;
  /**
   * Puts logs of services aside that are long enough for that: of these, or of all. Kept with how many, and with why
   * others were not.
   */
  now(
    services: readonly string[],
  ): Promise<{ readonly serviceCount: number; readonly troubles: readonly string[] }>;
}

/** Looks at all logs from time to time, by one timer, until it is stopped. */
export const rotateLogs = (powers: RotationPowers): Rotation => {
  let isOver = false;
  let cancel = (): void => undefined;
  // One at a time: two rotations of one log would be in each other's way.
  const inTurn = makeQueue(1);
  let [mostRoom, waitedMs] = [0, 0];
  const look = async (): Promise<void> => {
    waitedMs += roomLookMs;
    const room = await roomOf(powers.folder);
    mostRoom = Math.max(mostRoom, room);
    if (waitedMs < logPollMs && mostRoom - room <= roomLossBytes) return;
    waitedMs = 0;
    await inTurn(() => rotateFull(powers));
    mostRoom = await roomOf(powers.folder);
  };
  const lookLater = (): void => {
    if (!isOver) cancel = powers.after(roomLookMs, () => void look().finally(lookLater));
  };
  lookLater();
  return {
    stop: () => {
      isOver = true;
      cancel();
    },
    now: (services) => inTurn(() => rotateNow(powers, services)),
  };
};

/** Bytes that the disk of a folder has left; 0 where it does not tell. */
const roomOf = async (folder: string): Promise<number> => {
  try {
    const { bfree, bsize } = await fs.promises.statfs(folder);
    return bfree * bsize;
  } catch {
    return 0; // there is no folder yet
  }
};

const rotateNow = async (
  powers: RotationPowers,
  services: readonly string[],
): ReturnType<Rotation['now']> => {
  const { logs, wall } = powers;
  const wanted = new Set(services.map((service) => logs.pathOf(service)));
  const troubles: string[] = [];
  let serviceCount = 0;
  for (const file of await logsIn(powers)) {
    if (wanted.size > 0 && !wanted.has(file)) continue;
    try {
      const one = logs.logIn(file);
      if (!one.isWorthIt()) continue;
      await one.rotate(wall());
      serviceCount += 1;
      await one.packOld();
    } catch (error) {
      troubles.push(`${file}: not rotated: ${explain(error)}.`);
    }
  }
  return { serviceCount, troubles };
};

const isFull = (error: unknown): boolean =>
  error instanceof Error && 'code' in error && (error.code === 'ENOSPC' || error.code === 'EDQUOT');

/**
 * A log that cannot be put aside fills the disk for good. So the oldest of what was put aside goes, one at each look;
 * where there is none, all of the log but its newest lines.
 */
const makeRoom = ({ logs, wall, log }: RotationPowers, file: string): void => {
  try {
    const one = logs.logIn(file);
    if (one.dropOldest()) return log('log.dropped', { file, why: 'there was no room for it' });
    const bytes = one.cut(wall());
    if (bytes > 0) log('log.cut', { file, bytes, why: 'there was no room to put it aside' });
  } catch (error) {
    log('log.not-dropped', { file, why: explain(error) });
  }
};

/** The logs that are there. */
export const logsIn = async ({
  folder,
  except,
  logs,
}: Pick<RotationPowers, 'folder' | 'except' | 'logs'>): Promise<readonly string[]> => {
  const names = await fs.promises.readdir(folder).catch(() => []); // no log was written yet
  return [
    ...names.filter((name) => name.endsWith('.log')).map((name) => path.join(folder, name)),
    ...logs.elsewhere(),
  ].filter((file) => !except.includes(file));
};

/**
 * One look: how far each log has come is noted down, and what is over its size is rotated, one after
 * the other. Never rejects.
 */
export const rotateFull = async (powers: RotationPowers): Promise<void> => {
  const { logs, starts, wall, log, zone = nodeZone() } = powers;
  for (const file of await logsIn(powers)) {
    try {
      const one = logs.logIn(file);
      const found = one.look();
      one.stamp(wall(), found);
      one.expire(wall());
      const bytes = one.giveBack(found);
      if (bytes > 0) log('log.given-back', { file, bytes });
      if (one.isFull(bytes > 0 ? one.look() : found) || one.isDue(wall(), zone)) {
        const cutBytes = await one.rotate(wall());
        if (cutBytes > 0) log('log.cut', { file, bytes: cutBytes });
      }
      await one.packOld();
    } catch (error) {
      log('log.not-rotated', { file, why: explain(error) });
      if (isFull(error)) makeRoom(powers, file);
    }
  }
  try {
    starts.emptyFull();
  } catch (error) {
    log('start.not-emptied', { why: explain(error) });
  }
};
