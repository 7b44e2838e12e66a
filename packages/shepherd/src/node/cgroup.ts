/**
 * The group of cgroup v2 that a service is put into. Where limits are said it is made, below a group that is there, and
 * its limits are written at each start; a controller that this machine does not have is said, and nothing is started.
 * One that ends with its service (cgroup-ends.ts) takes no controller; it is made, too, and has nobody else in it.
 */
import fs from 'node:fs';
import path from 'node:path';
import { StartFailed } from '../errors.ts';
import type { ProcessTraits } from '../words/types.ts';
import { isPopulated } from './cgroup-ends.ts';
import { explain } from './program.ts';

type Limits = NonNullable<ProcessTraits['cgroupLimits']>;

/** Microseconds of which cpuPercent is a part: the kernel's usual period. */
const cpuPeriod = 100_000;
/** Of each limit: its controller, its file, and what is written there. */
const rules: {
  readonly [K in keyof Required<Limits>]: readonly [string, string, (value: number) => string];
} = {
  memoryBytes: ['memory', 'memory.max', String],
  processes: ['pids', 'pids.max', String],
  cpuPercent: ['cpu', 'cpu.max', (percent) => `${(percent * cpuPeriod) / 100} ${cpuPeriod}`],
};

/** Sees to it that the group is there, with its limits. @throws StartFailed, which says what this machine lacks */
export const openCgroup = (traits: ProcessTraits): void => {
  const { cgroup, cgroupLimits, killCgroup } = traits;
  if (cgroup === undefined) return;
  if (cgroupLimits !== undefined) bound(cgroup, cgroupLimits);
  else if (killCgroup === true) make(cgroup);
  else checkGroup(cgroup, cgroup);
  if (killCgroup === true) checkAlone(cgroup);
};

const make = (cgroup: string): void => {
  if (fs.existsSync(path.join(cgroup, 'cgroup.procs'))) return;
  checkGroup(path.dirname(cgroup), cgroup);
  try {
    fs.mkdirSync(cgroup, { recursive: true });
  } catch (error) {
    throw failure(cgroup, explain(error), error);
  }
};

/** Whoever is in it would be killed. */
const checkAlone = (cgroup: string): void => {
  if (!fs.existsSync(path.join(cgroup, 'cgroup.events')))
    throw failure(cgroup, 'it is that of the whole machine: give it a group of its own below that');
  if (!isPopulated(cgroup)) return;
  const why = 'it is to be killed with this service, and somebody else is in it';
  throw failure(cgroup, `${why} (see its cgroup.procs); give it a group of its own, or end those`);
};

const bound = (cgroup: string, cgroupLimits: Limits): void => {
  checkGroup(path.dirname(cgroup), cgroup);
  const asked = (Object.keys(rules) as (keyof Limits)[]).flatMap((name) => {
    const value = cgroupLimits[name];
    return value === undefined ? [] : [{ rule: rules[name], value }];
  });
  try {
    const above = path.dirname(cgroup);
    for (const controller of new Set(asked.map(({ rule }) => rule[0])))
      enable(above, controller, cgroup);
    fs.mkdirSync(cgroup, { recursive: true });
    for (const { rule, value } of asked)
      fs.writeFileSync(path.join(cgroup, rule[1]), rule[2](value));
  } catch (error) {
    if (error instanceof StartFailed) throw error;
    throw failure(cgroup, explain(error), error);
  }
};

const checkGroup = (folder: string, cgroup: string): void => {
  if (fs.existsSync(path.join(folder, 'cgroup.procs'))) return;
  const what =
    folder === cgroup ? 'no group of cgroup v2 is there' : `no group of cgroup v2 is at ${folder}`;
  throw failure(cgroup, `${what} (no file cgroup.procs); make it, or mount cgroup v2`);
};

/** A group has those controllers that the one above hands down. */
const enable = (above: string, controller: string, cgroup: string): void => {
  const wordsOf = (name: string): readonly string[] =>
    fs.readFileSync(path.join(above, name), 'utf8').split(/\s+/);
  const there = wordsOf('cgroup.controllers').filter((word) => word !== '');
  if (!there.includes(controller)) {
    const has = there.length === 0 ? 'none' : there.join(', ');
    throw failure(
      cgroup,
      `the controller ${controller} is not there (of cgroup v2 this machine has: ${has})`,
    );
  }
  if (!wordsOf('cgroup.subtree_control').includes(controller))
    fs.writeFileSync(path.join(above, 'cgroup.subtree_control'), `+${controller}`);
};

const failure = (cgroup: string, why: string, cause?: unknown): StartFailed =>
  new StartFailed(`exec: cgroup ${cgroup}: ${why}`, { cause, summary: `exec: its cgroup: ${why}` });
