/**
 * Keeps the logs of services from growing without bound, and notes when they had come how far. What was put aside is
 * packed once another one is put aside before it, and goes when it is too many or too old.
 * Services write their files themselves, so that nothing is lost when the daemon is away; they cannot
 * be told to open another one, hence a full log is copied and then emptied in place:
 *
 *     poll ──► a log over its size or time? ──► copy, in pieces, beside the event loop ──► old ones move on
 *          ──► the rest, until a read finds nothing more ──► emptied, with no step between
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
import { logPollMs } from './limits.ts';
import type { ServiceLogs } from './log-files.ts';
import type { Starts } from './starts.ts';
import type { Zone } from '../words/types.ts';

/** What rotation works with. */
export interface RotationPowers {
  /** Absolute: the folder of the logs. */
  readonly folder: string;
  /** Files in it that somebody else takes care of. Absolute. */
  readonly except: readonly string[];
  readonly logs: Pick<ServiceLogs, 'logIn'>;
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

const localZone: Zone = { offsetMs: (at) => -60_000 * new Date(at).getTimezoneOffset() };

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

/**
 * One look: how far each log has come is noted down, and what is over its size is rotated, one after
 * the other. Never rejects.
 */
export const rotateFull = async (powers: RotationPowers): Promise<void> => {
  const { folder, except, logs, starts, wall, log, zone = localZone } = powers;
  const names = await fs.promises.readdir(folder).catch(() => []); // no log was written yet
  for (const name of names) {
    const file = path.join(folder, name);
    if (!name.endsWith('.log') || except.includes(file)) continue;
    try {
      const one = logs.logIn(file);
      one.stamp(wall());
      one.expire(wall());
      if (one.isFull() || one.isDue(wall(), zone)) {
        const cutBytes = await one.rotate(wall());
        if (cutBytes > 0) log('log.cut', { file, bytes: cutBytes });
      }
      await one.packOld();
    } catch (error) {
      log('log.not-rotated', { file, why: explain(error) });
    }
  }
  try {
    starts.emptyFull();
  } catch (error) {
    log('start.not-emptied', { why: explain(error) });
  }
};
