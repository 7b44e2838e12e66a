/** Programs that make themselves daemons: whose word in a PID file is believed, and what of them is known afterwards. */
import { spawn } from 'node:child_process';
import crypto from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it, onTestFinished, vi } from 'vitest';
import {
  makeChildProcessBackend,
  makeLogFiles,
  openKeeper,
  Starts,
  type KeeperBackend,
} from '../../../packages/shepherd/src/node/index.ts';
import { Followers } from '../../../packages/shepherd/src/node/keeper/followers.ts';
import { folderLinkCount, pidFileBytes } from '../../../packages/shepherd/src/node/limits.ts';
import { readPidFile, removePidFile } from '../../../packages/shepherd/src/node/pid-file.ts';
import { nodeAccounts } from '../../../packages/shepherd/src/node/users.ts';
import type { Command, Ending, Started } from '../../../packages/shepherd/src/words/types.ts';
import { isWithoutKeeper, keeperPids, keptFrom, whyNoKeeper } from '../../support/keepers.ts';
import { answerOf, isAlive, makeFolder, textOf, until } from './support.ts';

const uid = process.getuid?.() ?? 0;
let folder: string;
let pidFile: string;
beforeEach(() => {
  folder = makeFolder();
  pidFile = path.join(folder, 'web.pid');
});
afterEach(() => fs.rmSync(folder, { recursive: true, force: true }));
const sh = (text: string): Command => ({ argv: ['/bin/sh', '-c', text] });

describe('a PID file', () => {
  const wrote = (text: string | Buffer) => {
    fs.writeFileSync(pidFile, text);
    return readPidFile(pidFile);
  };
  it.each([
    ['4711\n', 4711, true],
    ['4711', 4711, false],
    [' 4711 \n', 4711, true],
    ['2147483647\n', 2 ** 31 - 1, true],
    [`7${' '.repeat(pidFileBytes - 2)}\n`, 7, true],
  ])('with %j says a number', (text, pid, isWhole) => {
    expect(wrote(text)).toEqual({ pid, isWhole });
  });
  it.each(['0\n', '-1\n', '2147483648\n', '1e3\n', '0x10\n', '4711\n4712\n', '4711\0\n', 'web\n'])(
    'with %j says none',
    (text) => {
      expect(wrote(text)).toEqual({ doubt: 'has no number of a process in it' });
    },
  );
  it('of more than 64 bytes says none', () => {
    expect(wrote(`7${' '.repeat(pidFileBytes - 1)}\n`)).toEqual({
      doubt: 'has more than 64 bytes',
    });
  });
  it('that is not there, or empty, is waited for', () => {
    expect(readPidFile(pidFile)).toEqual({ doubt: undefined });
    expect(wrote('')).toEqual({ doubt: undefined });
  });
  it('case 17: that is a link, a folder or a pipe is not read', () => {
    fs.symlinkSync('/etc/hostname', pidFile);
    expect(readPidFile(pidFile)).toMatchObject({ doubt: expect.stringMatching(/symbolic links/) });
    expect(readPidFile(folder)).toEqual({ doubt: 'is no plain file' });
  });

  it('of an earlier run is removed, also by a link of its own user', () => {
    fs.mkdirSync(path.join(folder, 'run'));
    fs.symlinkSync('run', path.join(folder, 'link'));
    fs.writeFileSync(path.join(folder, 'run/web.pid'), '1\n');
    removePidFile(path.join(folder, 'link/web.pid'), uid);
    expect(fs.readdirSync(path.join(folder, 'run'))).toEqual([]);
    removePidFile(path.join(folder, 'link/web.pid'), uid);
    removePidFile(path.join(folder, 'nowhere/web.pid'), uid);
  });
  it('is not removed where something else lies there', () => {
    const target = path.join(folder, 'other');
    fs.writeFileSync(target, 'x');
    fs.symlinkSync(target, pidFile);
    expect(() => removePidFile(pidFile, uid)).toThrow(`PID file ${pidFile}: is no plain file`);
    expect(fs.readFileSync(target, 'utf8')).toBe('x');
  });
  it.skipIf(uid !== 0)('is not removed by way of a link that somebody else has laid', () => {
    fs.mkdirSync(path.join(folder, 'etc'));
    fs.writeFileSync(path.join(folder, 'etc/web.pid'), 'x');
    fs.symlinkSync('etc', path.join(folder, 'run'));
    fs.lchownSync(path.join(folder, 'run'), 54_321, 54_321);
    const file = path.join(folder, 'run/web.pid');
    expect(() => removePidFile(file, uid)).toThrow(
      'the link run on the way to it is of user 54321',
    );
    expect(fs.existsSync(file)).toBe(true);
  });
  it('behind forty links is removed, behind one more it is not', () => {
    fs.writeFileSync(pidFile, '1\n');
    fs.symlinkSync('.', path.join(folder, 'l1'));
    for (let at = 2; at <= folderLinkCount + 1; at += 1)
      fs.symlinkSync(`l${at - 1}`, path.join(folder, `l${at}`));
    expect(() => removePidFile(path.join(folder, 'l41/web.pid'), uid)).toThrow('too many links');
    removePidFile(path.join(folder, 'l40/web.pid'), uid);
    expect(fs.existsSync(pidFile)).toBe(false);
  });
});

describe('a PID file whose number is another one at each look', () => {
  it('is looked at no more once its start has ended', async () => {
    const followers = new Followers(() => undefined, nodeAccounts());
    const open = fs.openSync;
    let readCount = 0;
    vi.spyOn(fs, 'openSync').mockImplementation((file, ...how) => {
      if (file === pidFile) {
        readCount += 1;
        fs.writeFileSync(`${pidFile}.new`, String(1_000 + readCount));
        fs.renameSync(`${pidFile}.new`, pidFile);
      }
      return open(file, ...how);
    });
    onTestFinished(() => void vi.restoreAllMocks());
    const { answer, value } = answerOf<Started>();
    followers.follow('w-1', { path: pidFile, timeoutMs: 20_000 }, undefined, answer);
    await until('a few looks', () => readCount >= 3);
    followers.end('w-1');
    await expect(value).rejects.toThrow('its process has ended');
    const before = readCount;
    await new Promise((go) => setTimeout(go, 200)); // ten of its pauses, in which it must not be read
    expect(readCount).toBe(before);
  });
});

describe('a shepherd without its keeper', () => {
  it('refuses a service with a PID file, in words', async () => {
    const logFiles = makeLogFiles({ folder: path.join(folder, 'log'), wall: Date.now });
    const starts = new Starts(path.join(folder, 'starts'));
    const backend = makeChildProcessBackend({ env: {}, cwd: folder, logFiles, starts });
    const started = answerOf<Started>();
    const ended = answerOf<Ending>();
    const start = { startId: 'w-1', service: 'web', command: sh('exit 0') };
    backend.start(
      { ...start, pidFile: { path: pidFile, timeoutMs: 1_000 } },
      started.answer,
      ended.answer,
    );
    await expect(started.value).rejects.toThrow(
      'only a shepherd with its keeper can give a process pidFile',
    );
  });
});

describe.skipIf(isWithoutKeeper)(`a start with a PID file${whyNoKeeper}`, () => {
  /** As start ids are: what is left of a start is looked for by it on the whole machine. */
  let id: string;
  const opened: KeeperBackend[] = [];
  let backend: KeeperBackend;
  const open = async () => {
    const logFiles = makeLogFiles({ folder: path.join(folder, 'log'), wall: Date.now });
    const starts = new Starts(path.join(folder, 'starts'));
    const env = { PATH: process.env['PATH'] };
    const kept = keptFrom(path.join(folder, 'keeper'));
    backend = await openKeeper({ env, cwd: folder, logFiles, starts, ...kept });
    opened.push(backend);
  };
  beforeEach(() => {
    id = `f-${crypto.randomUUID()}`;
    return open();
  });
  afterEach(() => {
    for (const each of opened.splice(0)) each.close();
  });

  const begin = async (text: string, timeoutMs = 20_000, manner = {}) => {
    const started = answerOf<Started>();
    const ended = answerOf<Ending>();
    const command = sh(text);
    const file = { path: pidFile, timeoutMs };
    const start = { startId: id, service: 'web', command, pidFile: file, ...manner };
    backend.start(start, started.answer, ended.answer);
    const first = await started.value;
    const followed = answerOf<Started>();
    backend.follow(id, command, file, followed.answer);
    return { first, followed: followed.value, ended: ended.value };
  };
  /** As most daemons do it: a session of its own, and its parent gone. */
  const daemon = (program: string) =>
    `setsid sh -c 'echo $$ > ${pidFile}.new; mv ${pidFile}.new ${pidFile}; ${program}' & exit 0`;

  it('is the process that its program has made: its signals, its end', async () => {
    const { first, followed, ended } = await begin(daemon('exec sleep 600'));
    const { pid, startId } = await followed;
    expect(startId).toBe(id);
    expect(pid).not.toBe(first.pid);
    expect(pid).toBe(Number(fs.readFileSync(pidFile, 'utf8')));
    await until('the end of the first', () => !isAlive(first.pid));
    backend.signal(id, 'SIGTERM');
    expect(await ended).toEqual({ signal: 'SIGTERM' });
  });
  it('tells the exit code of a process that is an orphan, at once', async () => {
    const { followed, ended } = await begin(
      daemon('until [ -e go ]; do sleep 0.01; done; exit 42'),
    );
    await followed;
    fs.writeFileSync(path.join(folder, 'go'), '');
    expect(await ended).toEqual({ code: 42 });
  });
  it('may be a process of its own group, which is signalled with all of it', async () => {
    const { followed, ended } = await begin(
      `sleep 600 & echo $! > other; sleep 600 & echo $! > ${pidFile}; exit 0`,
    );
    await followed;
    const other = Number(fs.readFileSync(path.join(folder, 'other'), 'utf8'));
    expect(isAlive(other)).toBe(true);
    backend.signal(id, 'SIGTERM');
    expect(await ended).toEqual({ signal: 'SIGTERM' });
    expect(isAlive(other)).toBe(false);
  });
  it('may be its first process, which has stayed', async () => {
    const { first, followed, ended } = await begin(`echo $$ > ${pidFile}; exec sleep 600`);
    expect((await followed).pid).toBe(first.pid);
    backend.signal(id, 'SIGKILL');
    expect(await ended).toEqual({ signal: 'SIGKILL' });
  });
  it('believes a process that has written over its environment only as an orphan of its user', async () => {
    const { followed, ended } = await begin(
      `setsid env -i sh -c 'echo $$ > ${pidFile}; exec sleep 600' & exit 0`,
    );
    await followed;
    backend.signal(id, 'SIGKILL');
    expect(await ended).toEqual({ signal: 'SIGKILL' });
  });
  it('has the file of an earlier run removed before', async () => {
    fs.writeFileSync(pidFile, `${process.pid}\n`);
    const { followed } = await begin(daemon('exec sleep 600'));
    expect((await followed).pid).not.toBe(process.pid);
    backend.signal(id, 'SIGKILL');
  });
  it('fails where no file shows up, and nothing of it is left, in whatever session', async () => {
    const { followed, ended } = await begin(
      `setsid sh -c 'echo $$ > own; exec sleep 600' & exit 0`,
      500,
    );
    await expect(followed).rejects.toThrow(`PID file ${pidFile} did not show up within 0.5 s`);
    const own = await until(
      'what it leaves',
      () => Number(textOf(path.join(folder, 'own'))) || undefined,
    );
    expect(isAlive(own)).toBe(true);
    backend.signal(id, 'SIGTERM');
    await ended;
    await until('the end of what it left', () => !isAlive(own));
  });
  it('ends at once where its program fails, with the code of that', async () => {
    const { followed, ended } = await begin('exit 3');
    expect(await ended).toEqual({ code: 3 });
    await expect(followed).rejects.toThrow('its process has ended');
  });

  describe('case 18: does not believe its file, and signals nobody by it, where that names', () => {
    const stranger = () => {
      const child = spawn('sleep', ['600'], { detached: true, stdio: 'ignore' });
      return { pid: child.pid ?? 0, end: () => child.kill('SIGKILL') };
    };
    const refused = async (text: string): Promise<string> => {
      const { followed, ended } = await begin(text, 700);
      const why: unknown = await followed.then(
        ({ pid }) => new Error(`it was taken for ${pid}`),
        (error: unknown) => error,
      );
      backend.signal(id, 'SIGKILL');
      await ended;
      return String(why);
    };
    const named = (pid: number) => refused(`echo ${pid} > ${pidFile}; exit 0`);
    it('the first process of the machine', async () => {
      expect(await named(1)).toContain('names process 1, which is no process of this start');
    });
    it('a thread of the kernel, or none', async () => {
      expect(await named(2)).toMatch(
        /names process 2, which is (no process of this start|not there)/,
      );
      expect(await named(2 ** 22 - 1)).toContain('which is not there');
    });
    it.each(['0', '-1', '2147483648'])('%s', async (text) => {
      expect(await refused(`echo ${text} > ${pidFile}; exit 0`)).toContain(
        'has no number of a process',
      );
    });
    it('the keeper itself', async () => {
      const { anchor, main } = keeperPids(path.join(folder, 'keeper'));
      for (const pid of [...anchor, ...main])
        expect(await named(pid)).toContain('which is no process of this start');
    });
    it('a process of somebody else', async () => {
      const other = stranger();
      expect(await named(other.pid)).toContain('which is no process of this start');
      expect(isAlive(other.pid)).toBe(true);
      other.end();
    });
    it('a process of another service, or what that has made', async () => {
      const started = answerOf<Started>();
      const ended = answerOf<Ending>();
      const command = sh('setsid sleep 600 & echo $! > orphan; exec sleep 600');
      backend.start(
        { startId: `${id}-other`, service: 'other', command },
        started.answer,
        ended.answer,
      );
      const { pid } = await started.value;
      const orphan = await until('its orphan', () => {
        const text = fs.existsSync(path.join(folder, 'orphan'))
          ? fs.readFileSync(path.join(folder, 'orphan'), 'utf8')
          : '';
        return text.endsWith('\n') && Number(text);
      });
      for (const each of [pid, orphan])
        expect(await named(each)).toContain('which is no process of this start');
      expect([pid, orphan].map(isAlive)).toEqual([true, true]);
      backend.signal(`${id}-other`, 'SIGKILL');
      await ended.value;
      process.kill(orphan, 'SIGKILL');
    });
  });

  it('is taken up by the next daemon, also between its fork and its file', async () => {
    const { first } = await begin(
      `setsid sh -c 'until [ -e go ]; do sleep 0.01; done; echo $$ > ${pidFile}; exec sleep 600' & exit 0`,
    );
    await until('the end of the first', () => !isAlive(first.pid));
    backend.close();
    await open();
    const found = answerOf<readonly Started[]>();
    backend.adopt([{ startId: id, service: 'web', handsOver: true }], found.answer);
    expect((await found.value).map(({ pid }) => pid)).toEqual([first.pid]);
    const ended = answerOf<Ending>();
    backend.watch(id, ended.answer);
    const followed = answerOf<Started>();
    backend.follow(id, sh(''), { path: pidFile, timeoutMs: 20_000 }, followed.answer);
    fs.writeFileSync(path.join(folder, 'go'), '');
    const { pid } = await followed.value;
    // Once more, as by a daemon that did not live to write it down.
    backend.close();
    await open();
    const again = answerOf<readonly Started[]>();
    backend.adopt([{ startId: id, service: 'web', handsOver: true }], again.answer);
    await again.value;
    const last = answerOf<Ending>();
    backend.watch(id, last.answer);
    const same = answerOf<Started>();
    backend.follow(id, sh(''), { path: pidFile, timeoutMs: 20_000 }, same.answer);
    expect((await same.value).pid).toBe(pid);
    process.kill(pid, 'SIGTERM');
    expect(await last.value).toEqual({ signal: 'SIGTERM' });
  });

  it.each([
    [undefined, false],
    [true as const, true],
  ])(
    'with keepsGroup %s leaves what is in its group when it ends: %s',
    async (keepsGroup, isLeft) => {
      const { followed, ended } = await begin(
        `echo $$ > ${pidFile}; sleep 600 & echo $! > other; until [ -e go ]; do sleep 0.01; done; exit 5`,
        20_000,
        keepsGroup && { keepsGroup },
      );
      await followed;
      fs.writeFileSync(path.join(folder, 'go'), '');
      const end = await ended;
      const other = Number(fs.readFileSync(path.join(folder, 'other'), 'utf8'));
      expect(end).toEqual({ code: 5, ...(isLeft && { left: [`${other} (sleep)`] }) });
      expect(isAlive(other)).toBe(isLeft);
      if (isLeft) process.kill(other, 'SIGKILL');
    },
  );
});
