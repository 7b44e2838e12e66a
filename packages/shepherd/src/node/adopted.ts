/**
 * Processes that an earlier daemon started. This one is not their parent, so the kernel tells it
 * neither when nor how they end: they are looked at again and again, and their ending is unknown.
 */
import type { Answer } from '@bellwether/actors';
import { startIdVariable } from '../words/records.ts';
import type { RunningRecord } from '../words/types.ts';
import { killRest, signalGroup } from './group.ts';
import { adoptedPollMs } from './limits.ts';
import type { Proc, ProcessFacts } from './proc.ts';
import { checkVariable } from './starts.ts';

/** A record whose process was found. */
export interface Adopted extends RunningRecord {
  readonly pid: number;
  readonly startTime: string;
}

/** The process of a record: itself, not another one that has its number by now. */
export const isSame = (proc: Proc, one: Adopted): boolean =>
  proc.facts(one.pid)?.startTime === one.startTime;

const byRecord = (proc: Proc, record: RunningRecord): Adopted | undefined => {
  const { pid, startTime } = record;
  if (pid === undefined || startTime === undefined || record.bootId !== proc.bootId()) return;
  const one = { ...record, pid, startTime };
  // A service leads its group. A record that says otherwise is not ours to send signals by.
  return isSame(proc, one) && proc.facts(pid)?.group === pid ? one : undefined;
};

/**
 * Descendants carry the variable too: the process itself leads a group, and is the eldest that
 * does.
 */
const byEnvironment = (proc: Proc, records: readonly RunningRecord[]): readonly Adopted[] => {
  if (records.length === 0) return [];
  const bootId = proc.bootId();
  const startIds = new Set(records.map(({ startId }) => startId));
  const leaders = proc
    .findByEnvironment(startIdVariable, startIds)
    .filter(({ pid, group }) => pid === group)
    .sort((a, b) => Number(BigInt(a.startTime) - BigInt(b.startTime)));
  return records.flatMap((record) => {
    const found: ProcessFacts | undefined = leaders.find(({ value }) => value === record.startId);
    if (found === undefined) return [];
    const { pid, startTime } = found;
    return [{ ...record, pid, startTime, ...(bootId === undefined ? {} : { bootId }) }];
  });
};

/**
 * Those of the records whose process lives, with all that identifies it. One without a pid is an
 * intent whose daemon died around the fork; its process is looked for by its start id.
 */
export const findAlive = (proc: Proc, known: readonly RunningRecord[]): readonly Adopted[] => {
  const intents = known.filter(({ pid }) => pid === undefined);
  const found = new Map(byEnvironment(proc, intents).map((one) => [one.startId, one]));
  return known.flatMap((record) => byRecord(proc, record) ?? found.get(record.startId) ?? []);
};

/**
 * Kills what is left in the group of a recorded process that is gone: only its own, known by the
 * start id. Where no pid was recorded it is every group of that start id that has lost its leader.
 */
export const killLeftovers = (proc: Proc, dead: readonly RunningRecord[]): void => {
  const pids = new Map(dead.map(({ startId, pid }) => [startId, pid]));
  if (pids.size === 0) return;
  const groups = proc
    .findByEnvironment(startIdVariable, new Set(pids.keys()))
    .filter(({ group, value }) => group === (pids.get(value) ?? group))
    .map(({ group }) => group);
  for (const group of new Set(groups)) killRest(proc, group, () => {});
};

/**
 * Kills the commands that asked whether a service is ready, where their asker is gone with the
 * former daemon: nobody is left who would end them when their time is up.
 */
export const killChecks = (proc: Proc, known: readonly RunningRecord[]): void => {
  const asked = known.filter(({ isReady }) => isReady !== true).map(({ startId }) => startId);
  if (asked.length === 0) return;
  for (const { pid, group } of proc.findByEnvironment(checkVariable, new Set(asked)))
    if (pid === group) signalGroup(group, 'SIGKILL');
};

/** Looks at all adopted processes by one timer, which runs only while there are some. */
export class AdoptedProcesses {
  readonly #proc: Proc;
  readonly #watched = new Map<string, { readonly one: Adopted; readonly ended: Answer }>();
  #timer: NodeJS.Timeout | undefined;

  constructor(proc: Proc) {
    this.#proc = proc;
  }

  /**
   * Keeps `ended` with an ending of which nothing is known, once the process and its group are
   * gone.
   */
  watch(one: Adopted, ended: Answer): void {
    this.#watched.set(one.startId, { one, ended });
    this.#timer ??= setInterval(() => this.#look(), adoptedPollMs);
  }

  #look(): void {
    for (const [startId, { one, ended }] of this.#watched) {
      if (isSame(this.#proc, one)) continue;
      this.#watched.delete(startId);
      killRest(this.#proc, one.pid, () => ended.kept({}));
    }
    if (this.#watched.size > 0) return;
    clearInterval(this.#timer);
    this.#timer = undefined;
  }
}
