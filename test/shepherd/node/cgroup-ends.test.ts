/** Groups of cgroup v2 that end with their service, on those of this machine: no controller is needed. */
import { spawn } from 'node:child_process';
import crypto from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import type { Answer } from '@bellwether/actors';
import { afterAll, afterEach, beforeEach, describe, expect, it, onTestFinished, vi } from 'vitest';
import {
  endCgroup,
  isPopulated,
  withCgroups,
} from '../../../packages/shepherd/src/node/cgroup-ends.ts';
import { cgroupGoneMs } from '../../../packages/shepherd/src/node/limits.ts';
import {
  makeLogFiles,
  openKeeper,
  Starts,
  type KeeperBackend,
} from '../../../packages/shepherd/src/node/index.ts';
import type {
  Command,
  Ending,
  FoundRecord,
  ProcessBackend,
  RunningRecord,
  Started,
} from '../../../packages/shepherd/src/words/types.ts';
import { isWithoutKeeper, keeperPids, keptFrom, whyNoKeeper } from '../../support/keepers.ts';
import { answerOf, isAlive, makeFolder, startOf, textOf, until } from './support.ts';

// Real processes are as fast as the machine lets them be.
afterAll(() => vi.resetConfig());

const unified = ['/sys/fs/cgroup/unified', '/sys/fs/cgroup'].find((folder) =>
  fs.existsSync(path.join(folder, 'cgroup.procs')),
);
const isWithout = process.getuid?.() !== 0 || unified === undefined;
const why = isWithout ? ' (only root can make one, where cgroup v2 is mounted)' : '';
/** Makes a session, a daemon that ignores signals, and a session in a group below its own; each says its number. */
const spreads = (cgroup: string, end: string): string => `
  said='echo $$ >> all; exec sleep 600'; : > all; mkdir ${cgroup}/below
  setsid sh -c "$said" & (setsid sh -c "trap '' TERM; $said" &)
  sh -c 'echo $$ > ${cgroup}/below/cgroup.procs; exec setsid sh -c "$0"' "$said" &
  until [ $(wc -l < all) = 3 ]; do sleep 0.01; done; : > ready; ${end}`;

describe.skipIf(isWithout)(`a group of cgroup v2${why}`, () => {
  let folder: string;
  let cgroup: string;
  let id: string;
  let backend: KeeperBackend;
  const opened: KeeperBackend[] = [];
  const events: string[] = [];
  const open = async (): Promise<void> => {
    backend = await openKeeper({
      env: { PATH: process.env['PATH'] },
      cwd: folder,
      logFiles: makeLogFiles({ folder: path.join(folder, 'log'), wall: Date.now }),
      starts: new Starts(path.join(folder, 'starts')),
      log: (event) => void events.push(event),
      ...keptFrom(path.join(folder, 'keeper')),
    });
    opened.push(backend);
  };
  beforeEach(async () => {
    folder = makeFolder();
    id = `g-${crypto.randomUUID()}`;
    cgroup = path.join(unified ?? '', `bellwether-${id}`);
    events.length = 0;
    if (!isWithoutKeeper) await open();
  });
  afterEach(async () => {
    for (const each of opened.splice(0)) each.close();
    if (fs.existsSync(cgroup)) {
      expect(await endCgroup(cgroup)).toBe(undefined);
      for (const each of [path.join(cgroup, 'below'), cgroup])
        if (fs.existsSync(each)) fs.rmdirSync(each);
    }
    fs.rmSync(folder, { recursive: true, force: true });
  });
  const inGroup = (end: string): Command => ({
    argv: ['sh', '-c', spreads(cgroup, end)],
    traits: { cgroup, killCgroup: true },
  });
  const spread = async (): Promise<readonly number[]> => {
    await until('all of them', () => fs.existsSync(path.join(folder, 'ready')));
    const all = textOf(path.join(folder, 'all')).trim().split('\n').map(Number);
    expect(all.map(isAlive)).toEqual([true, true, true]);
    return all;
  };
  const begin = (command: Command) => startOf(backend, id, command);
  const others = (): readonly number[] =>
    textOf(path.join(cgroup, 'cgroup.procs')).trim().split('\n').map(Number);

  describe.skipIf(isWithoutKeeper)(`of a service${whyNoKeeper}`, () => {
    it('is made, and is empty before the end of its service is told: sessions, daemons, groups below', async () => {
      const { started, ended } = begin(inGroup('exec sleep 600'));
      await started;
      const all = await spread();
      backend.signal(id, 'SIGTERM');
      expect(await ended).toEqual({ signal: 'SIGTERM' });
      expect(all.map(isAlive)).toEqual([false, false, false]);
      expect(isPopulated(cgroup)).toBe(false);
    });

    it('ends also what its service left when it ended by itself: a daemon without a PID file', async () => {
      const { ended } = begin(inGroup('exit 3'));
      expect(await ended).toEqual({ code: 3 });
      const all = textOf(path.join(folder, 'all')).trim().split('\n').map(Number);
      expect(all).toHaveLength(3);
      expect(all.map(isAlive)).toEqual([false, false, false]);
    });

    it('goes on without it where it is not said to end with it', async () => {
      fs.mkdirSync(cgroup);
      const { ended } = begin({ ...inGroup('exit 3'), traits: { cgroup } });
      const { code, left } = await ended;
      expect(code).toBe(3);
      const [daemon = 0] = textOf(path.join(folder, 'all')).trim().split('\n').map(Number);
      expect(left).toContain(`${daemon} (sleep)`);
      expect(isAlive(daemon)).toBe(true);
    });

    it('is the group of what its PID file names: nothing ends with the process that made that', async () => {
      const pidFile = { path: path.join(folder, 'pid'), timeoutMs: 20_000 };
      const script = `setsid sh -c 'echo $$ > pid; setsid sleep 600 & echo $! > more; wait' & exit 0`;
      const command = { argv: ['sh', '-c', script], traits: { cgroup, killCgroup: true } } as const;
      const [started, ended] = [answerOf<Started>(), answerOf<Ending>()];
      backend.start(
        { startId: id, service: 'web', command, pidFile },
        started.answer,
        ended.answer,
      );
      await started.value;
      const followed = answerOf<Started>();
      backend.follow(id, command, pidFile, followed.answer);
      await followed.value;
      const more = await until(
        'its child',
        () => Number(textOf(path.join(folder, 'more'))) || undefined,
      );
      expect(isAlive(more)).toBe(true);
      backend.signal(id, 'SIGTERM');
      expect(await ended.value).toEqual({ signal: 'SIGTERM' });
      expect(isAlive(more)).toBe(false);
    });

    it('that has somebody else in it is refused, and left as it is', async () => {
      fs.mkdirSync(cgroup);
      const other = spawn('sleep', ['600'], { stdio: 'ignore' });
      fs.writeFileSync(path.join(cgroup, 'cgroup.procs'), String(other.pid));
      const { started, ended } = begin(inGroup('exit 0'));
      await expect(started).rejects.toThrow(
        `exec: cgroup ${cgroup}: it is to be killed with this service, and somebody else is in it (see its cgroup.procs)`,
      );
      await expect(ended).rejects.toThrow('somebody else is in it');
      expect(others()).toEqual([other.pid]);
      expect(isAlive(other.pid ?? 0)).toBe(true);
      other.kill('SIGKILL');
      await until('its end', () => !isPopulated(cgroup));
    });

    it('of the whole machine, and what is none, is refused in words', async () => {
      const refused = (of: string) =>
        begin({ argv: ['true'], traits: { cgroup: of, killCgroup: true } }).started;
      await expect(refused(unified ?? '')).rejects.toThrow('it is that of the whole machine');
      await expect(refused(path.join(folder, 'web'))).rejects.toThrow(
        `exec: cgroup ${folder}/web: no group of cgroup v2 is at ${folder} (no file cgroup.procs); make it, or mount cgroup v2`,
      );
    });

    const recordOf = (process: Started): RunningRecord => ({ ...process, service: 'web', cgroup });
    const adopted = async (record: RunningRecord): Promise<readonly FoundRecord[]> => {
      const found = answerOf<readonly FoundRecord[]>();
      backend.adopt([record], found.answer);
      return found.value;
    };

    it('of a service that the next daemon adopts ends with that', async () => {
      const process = await begin(inGroup('exec sleep 600')).started;
      const all = await spread();
      backend.close();
      await open();
      expect(await adopted(recordOf(process))).toMatchObject([{ pid: process.pid }]);
      const ended = answerOf<Ending>();
      backend.watch(id, ended.answer);
      backend.signal(id, 'SIGKILL');
      expect(await ended.value).toEqual({ signal: 'SIGKILL' });
      expect(all.map(isAlive)).toEqual([false, false, false]);
    });

    it('of a service that ended while there was no daemon is empty before the next one hears of that', async () => {
      const started = await begin(inGroup('exec sleep 600')).started;
      const all = await spread();
      backend.close();
      process.kill(-started.pid, 'SIGKILL');
      await until('its end', () => !isAlive(started.pid));
      await open();
      expect(await adopted(recordOf(started))).toMatchObject([{ ending: { signal: 'SIGKILL' } }]);
      expect(all.map(isAlive)).toEqual([false, false, false]);
    });

    it('of a service that is not to be found is empty then, too, but not one of an earlier boot', async () => {
      const started = await begin(inGroup('exec sleep 600')).started;
      const all = await spread();
      backend.close();
      const { anchor, main } = keeperPids(path.join(folder, 'keeper'));
      for (const pid of [...anchor, ...main]) process.kill(pid, 'SIGKILL');
      process.kill(-started.pid, 'SIGKILL');
      await until('the end of all', () =>
        [...anchor, ...main, started.pid].every((pid) => !isAlive(pid)),
      );
      fs.rmSync(path.join(folder, 'keeper'), { recursive: true });
      await open();
      const before = { ...recordOf(started), bootId: '11111111-2222-3333-4444-555555555555' };
      expect(await adopted(before)).toEqual([]);
      expect(all.map(isAlive)).toEqual([true, true, true]);
      expect(await adopted(recordOf(started))).toEqual([]);
      expect(all.map(isAlive)).toEqual([false, false, false]);
      expect(events).not.toContain('process.cgroup-left');
    });
  });

  it.each([true, false])(
    'whose processes fork all the time is ended (at one write of the kernel: %s)',
    async (hasKill) => {
      fs.mkdirSync(cgroup);
      const forks = `echo $$ > ${cgroup}/cgroup.procs
        fork() { setsid sleep 0.05; fork & }; for n in 1 2 3 4 5 6 7 8; do fork & done`;
      spawn('sh', ['-c', forks], { stdio: 'ignore' });
      await until('some of them', () => others().length > 8);
      expect(await endCgroup(cgroup, hasKill)).toBe(undefined);
      expect(isPopulated(cgroup)).toBe(false);
      expect(textOf(path.join(cgroup, 'cgroup.freeze')).trim()).toBe('0');
    },
  );
  it('with one of threads below it is ended, too, whose processes are told in its own list', async () => {
    fs.mkdirSync(path.join(cgroup, 'below'), { recursive: true });
    fs.writeFileSync(path.join(cgroup, 'below', 'cgroup.type'), 'threaded');
    const member = spawn('sleep', ['600'], { stdio: 'ignore' });
    fs.writeFileSync(path.join(cgroup, 'cgroup.procs'), String(member.pid));
    expect(await endCgroup(cgroup, false)).toBe(undefined);
    expect(isPopulated(cgroup)).toBe(false);
  });
  it('that is not there is empty', async () => {
    expect(await endCgroup(cgroup)).toBe(undefined);
  });
});

describe('the end of a service', () => {
  it('is told to all who watch it once its group is empty, to none of them before', async () => {
    const folder = makeFolder();
    const put = (name: string, text: string) => fs.writeFileSync(path.join(folder, name), text);
    put('cgroup.events', 'populated 1\n');
    put('cgroup.kill', '');
    put('cgroup.procs', '');
    onTestFinished(() => fs.rmSync(folder, { recursive: true }));
    const watching: Answer[] = [];
    const record = { startId: 'w-1', service: 'web', pid: 7, cgroup: folder };
    const backend = withCgroups(
      {
        adopt: (_known: unknown, answer: Answer) => answer.kept([record]),
        watch: (_startId: string, ended: Answer) => void watching.push(ended),
      } as unknown as ProcessBackend,
      { bootId: () => undefined },
    );
    // Two lives of one daemon, of which the first one has halted.
    const told: number[] = [];
    for (const life of [1, 2]) {
      const found = answerOf<readonly FoundRecord[]>();
      backend.adopt([record], found.answer);
      await found.value;
      backend.watch('w-1', { kept: () => void told.push(life), broken: () => undefined });
    }
    for (const ended of watching) ended.kept({ code: 0 });
    await until('it is killed', () => textOf(path.join(folder, 'cgroup.kill')) === '1');
    expect(told).toEqual([]);
    put('cgroup.events', 'populated 0\n');
    await until('both are told', () => told.length === 2);
  });
});

describe('what cannot be ended', () => {
  const broken = (files: Readonly<Record<string, string>>): string => {
    const folder = makeFolder();
    for (const [name, text] of Object.entries(files))
      fs.writeFileSync(path.join(folder, name), text);
    return folder;
  };
  it('since this shepherd itself is in it, is left as it is, and said', async () => {
    const folder = broken({
      'cgroup.events': 'populated 1\n',
      'cgroup.procs': `${process.pid}\n`,
      ...{ 'cgroup.kill': '', 'cgroup.freeze': '0' },
    });
    for (const hasKill of [true, false])
      expect(await endCgroup(folder, hasKill)).toBe('this shepherd itself is in it');
    expect(textOf(path.join(folder, 'cgroup.kill'))).toBe('');
    expect(textOf(path.join(folder, 'cgroup.freeze'))).toBe('0');
    fs.rmSync(folder, { recursive: true });
  });
  it('is looked at for cgroupGoneMs, then given up, and said', async () => {
    vi.useFakeTimers();
    onTestFinished(() => void vi.useRealTimers());
    const folder = broken({ 'cgroup.events': 'populated 1\nfrozen 0\n', 'cgroup.kill': '' });
    let why: string | undefined = 'it is waited for';
    void endCgroup(folder).then((found) => {
      why = found;
    });
    await vi.advanceTimersByTimeAsync(cgroupGoneMs - 1);
    expect(why).toBe('it is waited for');
    await vi.advanceTimersByTimeAsync(1);
    expect(why).toBe(`somebody is left in it after ${cgroupGoneMs} ms`);
    expect(textOf(path.join(folder, 'cgroup.kill'))).toBe('1');
    fs.rmSync(folder, { recursive: true });
  });
});
