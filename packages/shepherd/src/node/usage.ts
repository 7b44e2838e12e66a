/**
 * What services use, read from /proc when somebody asks and at no other time: of each the processes of the group that
 * its main one leads, and of the shepherd its own process. A look reads one small file of every process of the machine,
 * and lists the descriptors of those that count; who asks more often than twice a second gets the look before.
 */
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import type { Answer } from '@bellwether/actors';
import { usageBetweenMs, usageProcessCount } from './limits.ts';
import { procText } from './proc.ts';
import type { MachineUsage, ServiceUsage, UsedBy } from '../words/types.ts';

/** Looks what processes use; the look answers with a MachineUsage, and is never broken. */
export type UsageReader = (runs: readonly UsedBy[], answer: Answer) => void;
/** What a look takes from around it. */
export interface UsagePowers {
  /** Another than /proc is for tests. */
  readonly folder?: string;
  /** Milliseconds that never go back. */
  readonly now: () => number;
  /** The shepherd itself. */
  readonly own: Omit<UsedBy, 'service' | 'stage' | 'respawnCount'>;
}

/** Makes a reader. */
export const makeUsageReader = ({ folder = '/proc', now, own }: UsagePowers): UsageReader => {
  const units = unitsOf(folder);
  let last: MachineUsage | undefined;
  let lastKey = '';
  const look = (runs: readonly UsedBy[]): MachineUsage => {
    const groups = processesIn(folder, new Set(runs.map(({ pid }) => pid)), own.pid);
    const self = { ...own, service: 'root', stage: 'running', respawnCount: 0 } as const;
    return {
      atMs: Math.round(now()),
      cpuCount: os.availableParallelism(),
      memoryBytes: os.totalmem(),
      availableBytes: availableIn(folder) ?? os.freemem(),
      services: [self, ...runs].flatMap((run) => usageOf(run, groups.get(run.pid), units, folder)),
    };
  };
  return (runs, answer) => {
    const key = runs.map(({ service, pid }) => `${service} ${pid}`).join('\n');
    if (last === undefined || key !== lastKey || now() - last.atMs >= usageBetweenMs)
      last = look(runs);
    lastKey = key;
    answer.kept(last);
  };
};

/** How the kernel counts. */
interface Units {
  readonly tickMs: number;
  readonly pageBytes: number;
}
// Of getauxval(3): AT_PAGESZ and AT_CLKTCK. The vector is pairs of words, the kernel's own.
const pageSizeKey = 6n;
const clockTicksKey = 17n;
const unitsOf = (folder: string): Units => {
  const usual = { tickMs: 10, pageBytes: 4096 };
  try {
    const words = fs.readFileSync(path.join(folder, 'self/auxv'));
    const found = new Map<bigint, number>();
    for (let at = 0; at + 16 <= words.length; at += 16)
      found.set(words.readBigUInt64LE(at), Number(words.readBigUInt64LE(at + 8)));
    const ticks = found.get(clockTicksKey) ?? 0;
    return {
      tickMs: ticks > 0 ? 1000 / ticks : usual.tickMs,
      pageBytes: found.get(pageSizeKey) ?? usual.pageBytes,
    };
  } catch {
    return usual; // no /proc here: nothing is found that could be counted by it
  }
};

/** One process as the kernel tells it. */
interface Used {
  readonly pid: number;
  readonly ticks: number;
  readonly threadCount: number;
  readonly pageCount: number;
}

/** By the leader of a group that is wanted, its living members; of `alone` the process itself. */
const processesIn = (
  folder: string,
  wanted: ReadonlySet<number>,
  alone: number,
): ReadonlyMap<number, readonly Used[]> => {
  const groups = new Map<number, Used[]>();
  for (const pid of pidsIn(folder)) {
    const stat = procText(path.join(folder, String(pid), 'stat'));
    const read = stat === undefined ? undefined : parsed(pid, stat);
    if (read === undefined) continue;
    const { group, used } = read;
    const leader = pid === alone ? alone : group;
    if (pid !== alone && !wanted.has(leader)) continue;
    const members = groups.get(leader);
    if (members === undefined) groups.set(leader, [used]);
    else members.push(used);
  }
  return groups;
};

const pidsIn = (folder: string): readonly number[] => {
  try {
    const names = fs.readdirSync(folder).filter((name) => /^\d+$/.test(name));
    return names.slice(0, usageProcessCount).map(Number);
  } catch {
    return []; // no /proc on this system
  }
};

// proc(5): positions from the field after the name of the command, which is field 3.
const fieldAt = { state: 0, group: 2, utime: 11, stime: 12, threads: 17, rss: 21 } as const;
const parsed = (
  pid: number,
  text: string,
): { readonly group: number; readonly used: Used } | undefined => {
  const fields = text
    .slice(text.lastIndexOf(')') + 1)
    .trim()
    .split(' ');
  const state = fields[fieldAt.state];
  if (state === 'Z' || state === 'X') return undefined;
  const count = (at: number): number => Number(fields[at] ?? NaN);
  const group = count(fieldAt.group);
  const ticks = count(fieldAt.utime) + count(fieldAt.stime);
  const used = {
    ...{ pid, ticks },
    threadCount: count(fieldAt.threads),
    pageCount: Math.max(0, count(fieldAt.rss)),
  };
  const isWhole = [group, ticks, used.threadCount, used.pageCount].every(Number.isSafeInteger);
  return isWhole ? { group, used } : undefined;
};

/** Nothing of a service whose processes have all gone since. */
const usageOf = (
  run: UsedBy,
  members: readonly Used[] | undefined,
  { tickMs, pageBytes }: Units,
  folder: string,
): readonly ServiceUsage[] => {
  if (members === undefined) return [];
  const sum = (of: (used: Used) => number): number =>
    members.reduce((all, one) => all + of(one), 0);
  const fds = members.map(({ pid }) => descriptorsOf(folder, pid));
  const isTold = fds.every((count) => count !== undefined);
  return [
    {
      ...run,
      processCount: members.length,
      threadCount: sum(({ threadCount }) => threadCount),
      cpuMs: Math.round(sum(({ ticks }) => ticks) * tickMs),
      rssBytes: sum(({ pageCount }) => pageCount) * pageBytes,
      ...(isTold && { fdCount: fds.reduce<number>((all, count) => all + (count ?? 0), 0) }),
    },
  ];
};

const descriptorsOf = (folder: string, pid: number): number | undefined => {
  try {
    return fs.readdirSync(path.join(folder, String(pid), 'fd')).length;
  } catch {
    return undefined; // gone, or somebody else's
  }
};

const availableIn = (folder: string): number | undefined => {
  const [, kilobytes] =
    /^MemAvailable:\s+(\d+) kB$/m.exec(procText(path.join(folder, 'meminfo')) ?? '') ?? [];
  return kilobytes === undefined ? undefined : Number(kilobytes) * 1024;
};
