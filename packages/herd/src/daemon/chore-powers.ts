/** What chores are done with on a real machine. */
import fs from 'node:fs/promises';
import path from 'node:path';
import { monitorEventLoopDelay, type IntervalHistogram } from 'node:perf_hooks';
import { reasonOf, type Log } from '@bellwether/actors';
import type { ChorePowers, Measured } from '@bellwether/shepherd';
import type { ExternalLogs, Rotation, ServiceLogs } from '@bellwether/shepherd/node';

/** What of the daemon they take. */
export interface ChoreParts {
  /** Absolute: the state folder, whose databases are measured. */
  readonly state: string;
  readonly logs: Pick<ServiceLogs, 'write'>;
  readonly rotation: Rotation;
  readonly external: ExternalLogs;
  /** The logs of services that are there. */
  readonly files: () => Promise<readonly string[]>;
  readonly log: Log;
}
/** Those of a life, which knows how many sessions it has. */
export type ChoresOf = (sessionCount: () => number) => ChorePowers;

/** Milliseconds between two looks how late the event loop is. */
const lateLookMs = 50;

/** Makes them; nothing is looked at before somebody asks. */
export const chorePowers = (parts: ChoreParts): ChoresOf => {
  const { logs, rotation, external, files, log, state } = parts;
  const lateness = makeLateness();
  return (sessionCount) => ({
    write: (service, text) => {
      try {
        logs.write(service, text);
      } catch (error) {
        // A full disk: there is no log to say it in but the daemon's own.
        log('chore.not-written', { service, error });
      }
    },
    measure: (answer) => {
      measured(state, sessionCount(), lateness()).then(
        (found) => answer.kept(found),
        (error: unknown) => answer.broken(reasonOf(error)),
      );
    },
    rotate: (rules, look, answer) => {
      const rotated = async () => {
        const found = await external.rotate(rules, look);
        if (look.services === undefined) return { ...found, serviceCount: 0 };
        const { serviceCount, troubles } = await rotation.now(look.services);
        return { files: found.files, serviceCount, troubles: [...found.troubles, ...troubles] };
      };
      rotated().then(
        (found) => answer.kept(found),
        (error: unknown) => answer.broken(reasonOf(error)),
      );
    },
    logs: (answer) => {
      files().then(
        (found) => answer.kept(found),
        (error: unknown) => answer.broken(reasonOf(error)),
      );
    },
  });
};

const measured = async (
  state: string,
  sessionCount: number,
  late: Pick<Measured, 'lateMs' | 'latestMs'>,
): Promise<Measured> => {
  const { heapUsed: heapBytes, rss: residentBytes } = process.memoryUsage();
  const descriptors = await fs.readdir('/proc/self/fd').catch(() => []);
  return {
    ...{ heapBytes, residentBytes, sessionCount, ...late },
    descriptorCount: descriptors.length,
    recordBytes: await recordBytes(state),
  };
};

/** How late the event loop was since the last time; the first time it has not been looked at yet. */
const makeLateness = (): (() => Pick<Measured, 'lateMs' | 'latestMs'>) => {
  let histogram: IntervalHistogram | undefined;
  const msOf = (nanoseconds: number): number => Math.max(0, nanoseconds / 1e6 - lateLookMs);
  return () => {
    if (histogram === undefined) {
      histogram = monitorEventLoopDelay({ resolution: lateLookMs });
      histogram.enable();
      return { lateMs: 0, latestMs: 0 };
    }
    const late = { lateMs: msOf(histogram.percentile(99)), latestMs: msOf(histogram.max) };
    histogram.reset();
    return late;
  };
};

/** Of its databases, as their files have it. */
const recordBytes = async (state: string): Promise<number> => {
  const names = await fs.readdir(state).catch(() => []);
  let sum = 0;
  for (const name of names.filter((each) => /^store-\d+$/.test(each)))
    for (const file of await fs.readdir(path.join(state, name)).catch(() => []))
      sum += (await fs.stat(path.join(state, name, file)).catch(() => ({ size: 0 }))).size;
  return sum;
};
