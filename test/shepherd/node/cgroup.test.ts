/** Groups of cgroup v2, on folders that look like them: few machines let a test have controllers. */
import fs from 'node:fs';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openCgroup } from '../../../packages/shepherd/src/node/cgroup.ts';
import { makeFolder, textOf } from './support.ts';

describe('a group of cgroup v2 with limits', () => {
  let above: string;
  let cgroup: string;
  const has = (controllers: string, handedDown = ''): void => {
    fs.writeFileSync(path.join(above, 'cgroup.procs'), '');
    fs.writeFileSync(path.join(above, 'cgroup.controllers'), `${controllers}\n`);
    fs.writeFileSync(path.join(above, 'cgroup.subtree_control'), `${handedDown}\n`);
  };
  const said = (name: string) => textOf(path.join(cgroup, name));
  beforeEach(() => {
    above = makeFolder();
    cgroup = path.join(above, 'web');
  });
  afterEach(() => fs.rmSync(above, { recursive: true, force: true }));

  it('is made, with each limit in its file', () => {
    has('cpu memory pids', 'memory pids');
    openCgroup({ cgroup, cgroupLimits: { memoryBytes: 1_048_576, processes: 9, cpuPercent: 150 } });
    expect([said('memory.max'), said('pids.max'), said('cpu.max')]).toEqual([
      ...['1048576', '9', '150000 100000'],
    ]);
    expect(textOf(path.join(above, 'cgroup.subtree_control'))).toBe('+cpu');
  });
  it('is refused where a controller is not there, by its name, and nothing is made', () => {
    has('hugetlb');
    expect(() => openCgroup({ cgroup, cgroupLimits: { memoryBytes: 1 } })).toThrow(
      `exec: cgroup ${cgroup}: the controller memory is not there (of cgroup v2 this machine has: hugetlb)`,
    );
    has('');
    expect(() => openCgroup({ cgroup, cgroupLimits: { cpuPercent: 1 } })).toThrow('has: none)');
    expect(fs.existsSync(cgroup)).toBe(false);
  });
  it('is refused where nothing of cgroup v2 is above it', () => {
    expect(() => openCgroup({ cgroup, cgroupLimits: { processes: 1 } })).toThrow(
      `exec: cgroup ${cgroup}: no group of cgroup v2 is at ${above} (no file cgroup.procs)`,
    );
  });
});
