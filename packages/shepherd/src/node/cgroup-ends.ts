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
import type { Command, Ended, FoundRecord, ProcessBackend, RunningRecord } from '../words/types.ts';
import { cgroupGoneMs } from './limits.ts';
import { killOne } from './group.ts';
import { explain } from './program.ts';

/** What is needed for that beside a backend. */
export interface CgroupPowers {
  readonly log?: Log;
  readonly bootId: () => string | undefined;
}

/** The same backend, whose ends include those of groups. */
export const withCgroups = (backend: ProcessBackend, powers: CgroupPowers): ProcessBackend => {
  const { log = () => undefined, bootId } = powers;
  const groups = new Map<string, { readonly cgroup: string; emptied?: Promise<void> }>();
  const note = (startId: string, cgroup: string): void => {
    if (!groups.has(startId)) groups.set(startId, { cgroup });
  };
  /** One end may be waited for in two lives of a daemon: both are told when it is over. */
  const clear = async (startId: string): Promise<void> => {
    const group = groups.get(startId);
    if (group !== undefined) await (group.emptied ??= empty(startId, group.cgroup));
  };
  const empty = async (startId: string, cgroup: string): Promise<void> => {
    const why = await endCgroup(cgroup);
    groups.delete(startId);
    if (why !== undefined) log('process.cgroup-left', { startId, cgroup, why });
  };
  const cleared = (startId: string, ended: Answer): Answer => ({
    // Whoever was left is killed by that.
    kept: ({ left: _left, ...ending }: Ended) => void clear(startId).then(() => ended.kept(ending)),
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
      note(start.startId, cgroup);
      backend.start(start, started, cleared(start.startId, ended));
    },
    adopt: (known, answer) => {
      for (const { startId, cgroup } of known) if (cgroup !== undefined) note(startId, cgroup);
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
    settled: (startId, started) => backend.settled(startId, started),
    look: (startId, answer) => backend.look(startId, answer),
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
      // One that was started out of its service would kill itself, or stop all that it does by a freeze.
      if (pidsOf(cgroup).includes(process.pid)) return 'this shepherd itself is in it';
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
export const isPopulated = (cgroup: string): boolean =>
  /^populated 1$/m.test(textOf(path.join(cgroup, 'cgroup.events')));

/** Where it can be frozen (Linux 5.2) no number gets another owner before its signal, and nobody forks. */
const killEach = (cgroup: string): void => {
  const freezer = path.join(cgroup, 'cgroup.freeze');
  const canFreeze = fs.existsSync(freezer);
  if (canFreeze) fs.writeFileSync(freezer, '1');
  try {
    // Whom another user has is found again at the next look.
    for (const pid of groupsIn(cgroup).flatMap(pidsOf)) if (pid !== process.pid) killOne(pid);
  } finally {
    if (canFreeze) fs.writeFileSync(freezer, '0');
  }
};
const pidsOf = (cgroup: string): readonly number[] =>
  textOf(path.join(cgroup, 'cgroup.procs'))
    .split('\n')
    .map(Number)
    .filter((pid) => pid > 1);
/** The group itself, and those below it. */
const groupsIn = (cgroup: string): readonly string[] => {
  const entries = unlessGone(() => fs.readdirSync(cgroup, { withFileTypes: true }), []);
  const below = entries.filter((entry) => entry.isDirectory());
  return [cgroup, ...below.flatMap(({ name }) => groupsIn(path.join(cgroup, name)))];
};
const textOf = (file: string): string => unlessGone(() => fs.readFileSync(file, 'utf8'), '');
/** A group that has gone meanwhile has nobody in it; nor has one of threads, whose processes are told above it. */
const unlessGone = <T>(look: () => T, nothing: T): T => {
  try {
    return look();
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : undefined;
    if (code === 'ENOENT' || code === 'ENODEV' || code === 'ENOTSUP') return nothing;
    throw error;
  }
};
