/** What services use, from a /proc of our own and from the real one. */
import { spawn } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import type { MachineUsage, UsedBy } from '@bellwether/shepherd';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { usageBetweenMs, usageProcessCount } from '../../../packages/shepherd/src/node/limits.ts';
import { makeUsageReader } from '../../../packages/shepherd/src/node/usage.ts';
import { makeFolder } from './support.ts';

let folder: string;
let now: number;
beforeEach(() => {
  folder = makeFolder();
  now = 10_000;
});
afterEach(() => fs.rmSync(folder, { recursive: true, force: true }));

interface Shown {
  readonly group: number;
  readonly ticks?: number;
  readonly state?: string;
  readonly fdCount?: number;
}
const addProcess = (pid: number, { group, ticks = 0, state = 'S', fdCount }: Shown): void => {
  const at = path.join(folder, String(pid));
  fs.mkdirSync(at, { recursive: true });
  // proc(5), from field 3 on: state ppid pgrp session tty tpgid flags 4×faults utime stime 2×children 2×nice threads …
  const fields = [
    state,
    1,
    group,
    group,
    0,
    -1,
    0,
    0,
    0,
    0,
    0,
    ticks,
    ticks,
    0,
    0,
    20,
    0,
    3,
    0,
    77,
    4096,
    10,
  ];
  fs.writeFileSync(path.join(at, 'stat'), `${pid} (a b) c) ${fields.join(' ')} 0\n`);
  if (fdCount === undefined) return;
  for (let fd = 0; fd < fdCount; fd += 1)
    fs.mkdirSync(path.join(at, 'fd', String(fd)), { recursive: true });
};
const run = (service: string, pid: number): UsedBy => ({
  ...{ service, pid, stage: 'running', respawnCount: 2, since: 5 },
});
const reader = () => makeUsageReader({ folder, now: () => now, own: { pid: 1, since: 4 } });
const look = (read: ReturnType<typeof reader>, runs: readonly UsedBy[]): MachineUsage => {
  let found: unknown;
  read(runs, { kept: (value) => (found = value), broken: (reason) => (found = reason) });
  return found as MachineUsage;
};

describe('a look at what services use', () => {
  it('sums the living processes of the group that each leads, and of the shepherd its own alone', () => {
    addProcess(1, { group: 1, ticks: 5, fdCount: 1 });
    addProcess(2, { group: 1, ticks: 1_000 });
    addProcess(10, { group: 10, ticks: 10, fdCount: 2 });
    addProcess(11, { group: 10, ticks: 20, fdCount: 3 });
    addProcess(12, { group: 10, ticks: 999, state: 'Z' });
    addProcess(20, { group: 20, ticks: 999 });
    const { services, atMs } = look(reader(), [run('web', 10), run('gone', 30)]);
    const web = { service: 'web', pid: 10, stage: 'running', respawnCount: 2, since: 5 };
    expect(atMs).toBe(now);
    expect(services).toEqual([
      {
        ...{ service: 'root', pid: 1, stage: 'running', respawnCount: 0, since: 4 },
        ...{ processCount: 1, threadCount: 3, cpuMs: 100, rssBytes: 40_960, fdCount: 1 },
      },
      { ...web, processCount: 2, threadCount: 6, cpuMs: 600, rssBytes: 81_920, fdCount: 5 },
    ]);
  });
  it('says nothing of descriptors where the system does not', () => {
    addProcess(10, { group: 10, fdCount: 2 });
    addProcess(11, { group: 10 });
    expect(look(reader(), [run('web', 10)]).services[0]).not.toHaveProperty('fdCount');
  });
  it('reads what the kernel says of memory that can be had', () => {
    fs.writeFileSync(path.join(folder, 'meminfo'), 'MemTotal: 9 kB\nMemAvailable:    7 kB\n');
    expect(look(reader(), []).availableBytes).toBe(7 * 1024);
  });
  it('is given again to who asks soon, and is taken anew after that, or of others', () => {
    addProcess(10, { group: 10, ticks: 1 });
    addProcess(20, { group: 20, ticks: 1 });
    const read = reader();
    const first = look(read, [run('web', 10)]);
    addProcess(10, { group: 10, ticks: 100 });
    now += usageBetweenMs - 1;
    expect(look(read, [run('web', 10)])).toBe(first);
    expect(look(read, [run('db', 20)]).services).toMatchObject([{ service: 'db' }]);
    now += 1;
    expect(look(read, [run('web', 10)]).services).toMatchObject([{ cpuMs: 2_000 }]);
  });
  it('reads so many processes and no more', () => {
    const real = fs.readdirSync;
    const names = Array.from({ length: usageProcessCount + 1 }, (_, at) => String(at + 100));
    addProcess(Number(names[0]), { group: 100 });
    addProcess(Number(names.at(-2)), { group: 200 });
    addProcess(Number(names.at(-1)), { group: 300 });
    fs.readdirSync = ((file: string) => (file === folder ? names : [])) as typeof real;
    try {
      const { services } = look(reader(), [run('a', 100), run('b', 200), run('c', 300)]);
      expect(services.map(({ service }) => service)).toEqual(['a', 'b']);
    } finally {
      fs.readdirSync = real;
    }
  });
  it('finds nothing where there is no /proc', () => {
    fs.rmSync(folder, { recursive: true });
    expect(look(reader(), [run('web', 10)])).toMatchObject({ services: [] });
  });
});

describe.skipIf(process.platform !== 'linux')('a look at a real machine', () => {
  it('sees what this process and a child of it use', async () => {
    const child = spawn('sleep', ['31'], { detached: true, stdio: 'ignore' });
    const pid = child.pid ?? 0;
    try {
      const own = { pid: process.pid };
      const read = makeUsageReader({ now: () => performance.now(), own });
      const { services, cpuCount, memoryBytes, availableBytes } = look(read, [run('child', pid)]);
      const [root, sleeper] = services;
      expect(root).toMatchObject({ service: 'root', pid: process.pid, processCount: 1 });
      // The kernel's own sum, in its own units, beside ours.
      const { user, system } = process.cpuUsage();
      expect(Math.abs((root?.cpuMs ?? 0) - (user + system) / 1000)).toBeLessThan(1_000);
      expect(root?.rssBytes).toBeGreaterThan(process.memoryUsage().rss / 2);
      expect(root?.fdCount).toBeGreaterThan(2);
      expect(sleeper).toMatchObject({ service: 'child', processCount: 1, threadCount: 1 });
      expect(cpuCount).toBeGreaterThan(0);
      expect(availableBytes).toBeLessThanOrEqual(memoryBytes);
    } finally {
      child.kill('SIGKILL');
    }
  });
});
