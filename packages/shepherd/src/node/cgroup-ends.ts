/**
 * Services whose group of cgroup v2 ends with them: all that they have made, in whatever session. It is killed when the
 * process of a start has ended, and that end is told once nobody is left in it.
 *
 *     start    the group is there and empty (cgroup.ts), or nothing is started
 *     stop     its signal, and SIGKILL after the grace, go to the process group, as ever; then the rest is killed
 *     adopt    of what has ended meanwhile, or ran and is not there any more: killed before a shepherd hears of it
 */
import fs from 'node:fs';
import path from 'node:path';
import type { Answer, Log } from '@bellwether/actors';
import type {
  Command,
  Ending,
  FoundRecord,
  ProcessBackend,
  RunningRecord,
} from '../words/types.ts';
import { cgroupGoneMs } from './limits.ts';
import { explain } from './program.ts';

/** What is needed for that beside a backend. */
export interface CgroupPowers {
  readonly log?: Log;
  readonly bootId: () => string | undefined;
}

/** The same backend, whose ends include those of groups. */
export const withCgroups = (backend: ProcessBackend, powers: CgroupPowers): ProcessBackend => {
  const { log = () => undefined, bootId } = powers;
  const groups = new Map<string, string>();
  const clear = async (startId: string): Promise<void> => {
    const cgroup = groups.get(startId);
    if (cgroup === undefined) return;
    groups.delete(startId);
    const why = await endCgroup(cgroup);
    if (why !== undefined) log('process.cgroup-left', { startId, cgroup, why });
  };
  const cleared = (startId: string, ended: Answer): Answer => ({
    kept: (ending: Ending) => void clear(startId).then(() => ended.kept(ending)),
    broken: (reason) => {
      groups.delete(startId); // it never ran: who is in that group is somebody else
      ended.broken(reason);
    },
  });
  /** Of one without a number nobody knows that its group was found to be empty. */
  const hadOne = ({ pid, bootId: of }: RunningRecord): boolean =>
    pid !== undefined && (of === undefined || of === bootId());
  return {
    start: (start, started, ended) => {
      const cgroup = killedGroupOf(start.command);
      if (cgroup === undefined) return backend.start(start, started, ended);
      groups.set(start.startId, cgroup);
      backend.start(start, started, cleared(start.startId, ended));
    },
    adopt: (known, answer) => {
      for (const record of known)
        if (record.cgroup !== undefined) groups.set(record.startId, record.cgroup);
      backend.adopt(known, {
        kept: (found: readonly FoundRecord[]) => {
          const endings = new Map(found.map(({ startId, ending }) => [startId, ending]));
          const isOver = (record: RunningRecord): boolean =>
            endings.get(record.startId) !== undefined ||
            (!endings.has(record.startId) && hadOne(record));
          const over = known.filter(isOver).map(({ startId }) => clear(startId));
          void Promise.all(over).then(() => answer.kept(found));
        },
        broken: (reason) => answer.broken(reason),
      });
    },
    watch: (startId, ended) =>
      backend.watch(startId, groups.has(startId) ? cleared(startId, ended) : ended),
    signal: (startId, signal) => backend.signal(startId, signal),
    follow: (startId, command, pidFile, answer) =>
      backend.follow(startId, command, pidFile, answer),
    runToEnd: (service, command, timeoutMs, answer, isOfStop) =>
      backend.runToEnd(service, command, timeoutMs, answer, isOfStop),
    listen: (service, sockets, answer) => backend.listen(service, sockets, answer),
    unlisten: (service, answer) => backend.unlisten(service, answer),
    connection: (service, answer) => backend.connection(service, answer),
    drop: (arrival) => backend.drop(arrival),
  };
};

/** The group that ends with what a command starts; undefined where none does. */
const killedGroupOf = ({ traits }: Command): string | undefined =>
  traits?.killCgroup === true ? traits.cgroup : undefined;

/**
 * Kills all processes of a group and of those below it. Settles when nobody is left, or after `cgroupGoneMs` with why;
 * never rejects. `hasKill`: whether the kernel ends all at one write (Linux 5.14); absent: as it has it.
 */
export const endCgroup = async (
  cgroup: string,
  hasKill: boolean = fs.existsSync(path.join(cgroup, 'cgroup.kill')),
): Promise<string | undefined> => {
  try {
    for (let waitedMs = 0, nextMs = 2; isPopulated(cgroup); nextMs *= 2) {
      if (waitedMs === cgroupGoneMs) return `somebody is left in it after ${waitedMs} ms`;
      if (hasKill) fs.writeFileSync(path.join(cgroup, 'cgroup.kill'), '1');
      else killEach(cgroup);
      const pauseMs = Math.min(nextMs, cgroupGoneMs - waitedMs);
      await new Promise((resolve) => setTimeout(resolve, pauseMs));
      waitedMs += pauseMs;
    }
    return undefined;
  } catch (error) {
    return explain(error);
  }
};

/** Whether a process is in it or below. */
export const isPopulated = (cgroup: string): boolean => {
  try {
    const events = fs.readFileSync(path.join(cgroup, 'cgroup.events'), 'utf8');
    return /^populated 1$/m.test(events);
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return false;
    throw error;
  }
};

/** Where it can be frozen (Linux 5.2) no number gets another owner before its signal, and nobody forks. */
const killEach = (cgroup: string): void => {
  const freezer = path.join(cgroup, 'cgroup.freeze');
  const canFreeze = fs.existsSync(freezer);
  if (canFreeze) fs.writeFileSync(freezer, '1');
  try {
    for (const pid of pidsIn(cgroup)) kill(pid);
  } finally {
    if (canFreeze) fs.writeFileSync(freezer, '0');
  }
};
const pidsIn = (cgroup: string): readonly number[] => {
  const entries = fs.readdirSync(cgroup, { recursive: true, encoding: 'utf8' });
  return entries
    .filter((name) => path.basename(name) === 'cgroup.procs')
    .flatMap((name) => fs.readFileSync(path.join(cgroup, name), 'utf8').split('\n').map(Number))
    .filter((pid) => pid > 1 && pid !== process.pid);
};
const kill = (pid: number): void => {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // It has ended meanwhile; or it is another user's, and is found again at the next look.
  }
};
