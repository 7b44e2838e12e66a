import { spawn, type ChildProcess } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { buildSync } from 'esbuild';
import { afterAll, afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import {
  makeChildProcessBackend,
  makeLogFiles,
  Starts,
} from '../../../packages/shepherd/src/node/index.ts';
import type {
  Ending,
  Readiness,
  RunningRecord,
  Started,
} from '../../../packages/shepherd/src/words/types.ts';
import { answerOf, isAlive, makeFolder, startOf, textOf, until } from './support.ts';

// Real processes are as fast as the machine lets them be.
afterAll(() => vi.resetConfig());

const source = path.resolve(import.meta.dirname, '../../../packages/shepherd/src/node/index.ts');

// Who adopts looks through all processes of the machine: an id that other tests use would be found there.
const own = `w-${process.pid}`;

// An earlier daemon: starts what its argument says, tells its record, and waits to be killed.
const earlierDaemon = `
  import { makeChildProcessBackend, makeLogFiles, Starts } from ${JSON.stringify(source)};
  const [folder, startId, script, ready] = process.argv.slice(2);
  const logFiles = makeLogFiles({ folder, wall: Date.now });
  const starts = new Starts(folder + '/starts');
  const backend = makeChildProcessBackend({ env: process.env, cwd: folder, logFiles, starts });
  const command = { argv: [process.execPath, '-e', script] };
  const broken = (reason) => { throw reason; };
  backend.start({ startId, service: 'web', command, ready: JSON.parse(ready) },
    { kept: (started) => console.log(JSON.stringify(started)), broken },
    { kept: () => {}, broken });
  setInterval(() => {}, 1000);`;

let folder: string;
let daemon: ChildProcess | undefined;
const pids: number[] = [];

beforeEach(() => {
  folder = makeFolder();
});
afterEach(() => {
  daemon?.kill('SIGKILL');
  for (const pid of pids.splice(0)) if (isAlive(pid)) process.kill(pid, 'SIGKILL');
  fs.rmSync(folder, { recursive: true, force: true });
});

/** Starts `script` from another Node process, then kills that one with SIGKILL. */
const leftBehind = async (
  script: string,
  ready: Readiness = { kind: 'spawned' },
): Promise<Started> => {
  const file = path.join(folder, 'daemon.mjs');
  const stdin = { contents: earlierDaemon, resolveDir: path.dirname(source) };
  buildSync({ stdin, bundle: true, platform: 'node', format: 'esm', outfile: file });
  const child = spawn(process.execPath, [file, folder, own, script, JSON.stringify(ready)], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  daemon = child;
  const line = await new Promise<string>((resolve) => {
    child.stdout?.on('data', (chunk: Buffer) => resolve(chunk.toString()));
  });
  const started = JSON.parse(line) as Started;
  pids.push(started.pid);
  const gone = new Promise((resolve) => child.once('exit', resolve));
  child.kill('SIGKILL');
  await gone;
  return started;
};
const newDaemon = () =>
  makeChildProcessBackend({
    env: process.env,
    cwd: folder,
    logFiles: makeLogFiles({ folder, wall: Date.now }),
    starts: new Starts(path.join(folder, 'starts')),
  });
const adopted = async (backend: ReturnType<typeof newDaemon>, known: readonly RunningRecord[]) => {
  const { answer, value } = answerOf<readonly RunningRecord[]>();
  backend.adopt(known, answer);
  return value;
};
/** Starts a child, tells its pid in the log, and goes on as `rest` says. */
const parent = (options: string, rest: string) => `
  const args = ['-e', ${JSON.stringify(forever)}];
  const child = require('child_process').spawn(process.execPath, args, ${options});
  child.on('spawn', () => console.log('child ' + child.pid + '.'));
  ${rest}`;
const forever = `setInterval(() => console.log('tick'), 20)`;

describe('after the daemon was killed with SIGKILL', () => {
  it('its service runs on, loses no output, and is adopted', async () => {
    const record = { ...(await leftBehind(forever)), service: 'web' };
    const backend = newDaemon();
    expect(await adopted(backend, [record])).toEqual([record]);
    const log = path.join(folder, 'web.log');
    const { length } = textOf(log);
    await until('more output', () => textOf(log).length > length);

    const { answer, value } = answerOf<Ending>();
    backend.watch(own, answer);
    backend.signal(own, 'SIGTERM');
    expect(await value).toEqual({});
    expect(isAlive(record.pid)).toBe(false);
  });

  it('a start without a recorded pid is found by its start id, not by its children', async () => {
    const script = parent(`{ detached: true, stdio: 'inherit' }`, forever);
    const { pid, startTime, bootId } = await leftBehind(script);
    const log = path.join(folder, 'web.log');
    pids.push(Number(await until('the child', () => /child (\d+)\./.exec(textOf(log))?.[1])));
    const intent = { startId: own, service: 'web' };
    expect(await adopted(newDaemon(), [intent])).toEqual([{ ...intent, pid, startTime, bootId }]);
  });

  it('an intent that never became a process is not found', async () => {
    await leftBehind(forever);
    expect(await adopted(newDaemon(), [{ startId: `${own}-2`, service: 'web' }])).toEqual([]);
  });

  it('a record whose pid belongs to another process by now is refused', async () => {
    const record = { ...(await leftBehind(forever)), service: 'web' };
    const older = { ...record, startTime: String(BigInt(record.startTime ?? 0) - 1n) };
    const backend = newDaemon();
    expect(await adopted(backend, [older])).toEqual([]);
    backend.signal(own, 'SIGKILL');
    expect(isAlive(record.pid)).toBe(true);
  });

  it('a record from before the machine was switched on is refused', async () => {
    const record = { ...(await leftBehind(forever)), service: 'web', bootId: 'another-boot' };
    expect(await adopted(newDaemon(), [record])).toEqual([]);
  });

  it('children of a main process that ended meanwhile are killed', async () => {
    const script = parent(`{ stdio: 'inherit' }`, 'setInterval(() => {}, 1000);');
    const record = { ...(await leftBehind(script)), service: 'web' };
    const log = path.join(folder, 'web.log');
    const child = Number(await until('the child', () => /child (\d+)\./.exec(textOf(log))?.[1]));
    process.kill(record.pid, 'SIGKILL');
    await until('the end of the main process', () => !isAlive(record.pid));
    expect(isAlive(child)).toBe(true);
    expect(await adopted(newDaemon(), [record])).toEqual([]);
    await until('the end of the child', () => !isAlive(child));
  });
});

describe('adoption', () => {
  it('refuses a record of a process that does not lead its group', async () => {
    const backend = newDaemon();
    const script = `const child = require('child_process').spawn('sleep', ['30']);
      child.on('spawn', () => console.log('child ' + child.pid + '.'));`;
    const { ended } = startOf(backend, own, { argv: [process.execPath, '-e', script] });
    const log = path.join(folder, 'web.log');
    const child = Number(await until('the child', () => /child (\d+)\./.exec(textOf(log))?.[1]));
    const startTime = textOf(`/proc/${child}/stat`).split(' ')[21] ?? '';
    const bootId = textOf('/proc/sys/kernel/random/boot_id').trim();
    const forged = { startId: 'x-1', service: 'web', pid: child, startTime, bootId };
    expect(await adopted(newDaemon(), [forged])).toEqual([]);
    backend.signal(own, 'SIGKILL');
    await ended;
  });

  it.each([-1, 0, 1])('never takes the record of pid %i', async (pid) => {
    const startTime = textOf('/proc/1/stat').split(' ')[21] ?? '';
    const bootId = textOf('/proc/sys/kernel/random/boot_id').trim();
    const backend = newDaemon();
    const found = await adopted(backend, [
      { startId: 'x-1', service: 'web', pid, startTime, bootId },
    ]);
    expect(found).toEqual([]);
  });

  it('of a start that this daemon made itself keeps it as it is', async () => {
    const backend = newDaemon();
    const { started, ended } = startOf(backend, own, { argv: ['sleep', '30'] });
    const record = { ...(await started), service: 'web' };
    expect(await adopted(backend, [record])).toEqual([record]);
    backend.signal(own, 'SIGTERM');
    expect(await ended).toEqual({ signal: 'SIGTERM' });
  });

  it('watching an unknown start ends at once, with nothing known', async () => {
    const { answer, value } = answerOf<Ending>();
    newDaemon().watch('nobody', answer);
    expect(await value).toEqual({});
  });
});
