/**
 * What the kernel says about processes, read from /proc. On systems without one every question is
 * answered with "nothing known", and nothing is adopted there.
 *
 * A pid names a process only together with its start time (numbers are reused) and with the boot it
 * was taken in (start times count from there).
 */
import fs from 'node:fs';
import path from 'node:path';

/** One living process. */
export interface ProcessFacts {
  readonly pid: number;
  /** The process group; a service leads its own, so there it equals the pid. */
  readonly group: number;
  /** Clock ticks since boot, as written by the kernel: compared, never computed with. */
  readonly startTime: string;
}

/** Reads /proc. */
export interface Proc {
  /**
   * Identifies the time since the machine was switched on; undefined where there is no such thing.
   */
  bootId(): string | undefined;
  /**
   * The same of what the first process of these process ids was begun for: of a container, which has the boot id of its
   * machine. Undefined where that cannot be known.
   */
  bootOfFirst(): string | undefined;
  /**
   * Undefined for a process that is gone, or a zombie: that one has ended and waits to be reaped
   * only.
   */
  facts(pid: number): ProcessFacts | undefined;
  /** Whether a living process is in this group. */
  hasMembers(group: number): boolean;
  /** The children of a process, also those that have ended; none where the kernel does not tell. */
  childrenOf(pid: number): readonly number[];
  /** The name of its program, as the kernel cuts it; it may hold anything. */
  nameOf(pid: number): string;
  /** Every living process, of `among` or of all, in whose initial environment `name` has one of the wanted values. */
  findByEnvironment(
    name: string,
    wanted: ReadonlySet<string>,
    among?: readonly number[],
  ): readonly (ProcessFacts & { readonly value: string })[];
}

// Positions in /proc/PID/stat counted from the field after the command's name, which is field 3.
const stateField = 0;
const groupField = 2;
const startTimeField = 19;

/** What a file of /proc says; undefined where there is none any more, or it is not ours to read. */
export const procText = (file: string): string | undefined => {
  try {
    return fs.readFileSync(file, 'latin1');
  } catch {
    return undefined; // gone, not ours to read, or no /proc here: all mean "nothing known"
  }
};

interface Stat extends ProcessFacts {
  readonly isZombie: boolean;
}
/**
 * The line of /proc/PID/stat. The second field is the command's name in parentheses and may itself
 * contain blanks, parentheses and newlines: only its last closing parenthesis counts.
 */
const parseStat = (pid: number, text: string): Stat | undefined => {
  const fields = text
    .slice(text.lastIndexOf(')') + 1)
    .trim()
    .split(' ');
  const state = fields[stateField];
  const group = Number(fields[groupField]);
  const startTime = fields[startTimeField];
  if (state === undefined || startTime === undefined || !/^\d+$/.test(startTime)) return undefined;
  if (!Number.isSafeInteger(group)) return undefined;
  return { pid, group, startTime, isZombie: state === 'Z' || state === 'X' };
};

const valueIn = (environment: string, name: string): string | undefined => {
  const key = `${name}=`;
  const entry = environment.split('\0').find((each) => each.startsWith(key));
  return entry?.slice(key.length);
};

const numbersIn = (words: readonly string[]): readonly number[] =>
  words.filter((word) => /^\d+$/.test(word)).map(Number);

/**
 * The kernel's view, from `folder`; another folder than /proc is for tests. Reads at each question,
 * keeps nothing.
 */
export const makeProc = (folder = '/proc'): Proc => {
  const statOf = (pid: number): Stat | undefined => {
    const text = procText(path.join(folder, String(pid), 'stat'));
    return text === undefined ? undefined : parseStat(pid, text);
  };
  const facts = (pid: number): ProcessFacts | undefined => {
    const stat = statOf(pid);
    if (stat === undefined || stat.isZombie) return undefined;
    return { pid, group: stat.group, startTime: stat.startTime };
  };
  const pids = (): readonly number[] => {
    try {
      return numbersIn(fs.readdirSync(folder));
    } catch {
      return []; // no /proc on this system
    }
  };
  const bootId = (): string | undefined =>
    procText(path.join(folder, 'sys/kernel/random/boot_id'))?.trim();
  return {
    bootId,
    bootOfFirst: () => {
      const [boot, first] = [bootId(), facts(1)?.startTime];
      return boot === undefined || first === undefined ? undefined : `${boot} ${first}`;
    },
    facts,
    hasMembers: (group) => pids().some((pid) => facts(pid)?.group === group),
    childrenOf: (pid) =>
      numbersIn(procText(path.join(folder, `${pid}/task/${pid}/children`))?.split(' ') ?? []),
    nameOf: (pid) => procText(path.join(folder, String(pid), 'comm'))?.trimEnd() ?? '',
    findByEnvironment: (name, wanted, among = pids()) =>
      among.flatMap((pid) => {
        const environment = procText(path.join(folder, String(pid), 'environ'));
        const value = environment === undefined ? undefined : valueIn(environment, name);
        if (value === undefined || !wanted.has(value)) return [];
        const found = facts(pid);
        return found === undefined ? [] : [{ ...found, value }];
      }),
  };
};
