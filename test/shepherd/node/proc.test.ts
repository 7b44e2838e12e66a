import fs from 'node:fs';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { makeProc } from '../../../packages/shepherd/src/node/proc.ts';
import { makeFolder } from './support.ts';

let folder: string;
beforeEach(() => {
  folder = makeFolder();
});
afterEach(() => fs.rmSync(folder, { recursive: true, force: true }));

const stat = (
  pid: number,
  name: string,
  state: string,
  group: number,
  startTime: string,
): string => {
  const between = Array.from({ length: 16 }, (_, at) => String(at));
  return `${pid} (${name}) ${state} 1 ${group} ${between.join(' ')} ${startTime} 0 0 0\n`;
};
const addProcess = (pid: number, line: string, environment = ''): void => {
  fs.mkdirSync(path.join(folder, String(pid)));
  fs.writeFileSync(path.join(folder, String(pid), 'stat'), line);
  fs.writeFileSync(path.join(folder, String(pid), 'environ'), environment);
};

describe('the facts of a process', () => {
  it.each(['sh', 'a b', ') R 1 2', '((x) y)', 'tricky\n) Z 9 9 9', ''])(
    'are read right for a command called %j',
    (name) => {
      addProcess(42, stat(42, name, 'S', 41, '98765432109876543210'));
      expect(makeProc(folder).facts(42)).toEqual({
        pid: 42,
        group: 41,
        startTime: '98765432109876543210',
      });
    },
  );

  it.each(['Z', 'X'])('are none in state %s: it has ended', (state) => {
    addProcess(42, stat(42, 'sh', state, 42, '7'));
    expect(makeProc(folder).facts(42)).toBeUndefined();
  });

  it.each(['', '42 (sh', '42 (sh) S', 'nonsense'])('are none for the line %j', (line) => {
    addProcess(42, line);
    expect(makeProc(folder).facts(42)).toBeUndefined();
  });

  it('of this very process are the ones that the kernel tells', () => {
    expect(makeProc().facts(process.pid)?.pid).toBe(process.pid);
  });
});

describe('the search by environment', () => {
  it('finds exact values of exact names only', () => {
    addProcess(10, stat(10, 'a', 'S', 10, '1'), 'A=1\0START=w-1\0');
    addProcess(11, stat(11, 'b', 'S', 11, '2'), 'START=w-10\0');
    addProcess(12, stat(12, 'c', 'S', 12, '3'), 'XSTART=w-1\0OTHER=START=w-1\0');
    addProcess(13, stat(13, 'd', 'Z', 13, '4'), 'START=w-1\0');
    const found = makeProc(folder).findByEnvironment('START', new Set(['w-1']));
    expect(found).toEqual([{ pid: 10, group: 10, startTime: '1', value: 'w-1' }]);
  });
});

it('without a /proc nothing is known, and nothing throws', () => {
  const proc = makeProc(path.join(folder, 'nowhere'));
  expect(proc.bootId()).toBeUndefined();
  expect(proc.bootOfFirst()).toBeUndefined();
  expect(proc.facts(process.pid)).toBeUndefined();
  expect(proc.findByEnvironment('START', new Set(['w-1']))).toEqual([]);
});

it('knows a container apart from its machine by when its first process began', () => {
  fs.mkdirSync(path.join(folder, 'sys/kernel/random'), { recursive: true });
  fs.writeFileSync(path.join(folder, 'sys/kernel/random/boot_id'), 'b\n');
  expect(makeProc(folder).bootOfFirst()).toBeUndefined();
  addProcess(1, stat(1, 'init', 'S', 1, '77'));
  expect(makeProc(folder).bootOfFirst()).toBe('b 77');
});
