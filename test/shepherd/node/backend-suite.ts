/** What every process backend does: one suite for all of them. */
import fs from 'node:fs';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { StartFailed } from '../../../packages/shepherd/src/errors.ts';
import {
  makeLogFiles,
  Starts,
  type ChildProcessPowers,
} from '../../../packages/shepherd/src/node/index.ts';
import type {
  Command,
  CommandResult,
  ProcessBackend,
} from '../../../packages/shepherd/src/words/types.ts';
import { answerOf, isAlive, makeFolder, node, startOf, textOf, until } from './support.ts';

/** What makes one; all of a test have a folder to themselves, each of them one below it. */
export type MakeBackend = (
  powers: ChildProcessPowers & { readonly starts: Starts },
) => Promise<ProcessBackend>;

/** Defines the tests for one kind. */
export const backendSuite = (make: MakeBackend): void => {
  let folder: string;
  let backend: ProcessBackend;
  let logFile: string;
  const starts = () => new Starts(path.join(folder, 'starts'));
  const log = () => textOf(logFile);
  const logged = (text: string) => until(`${text} in the log`, () => log().includes(text));

  beforeEach(async () => {
    folder = makeFolder();
    const logFiles = makeLogFiles({ folder: path.join(folder, 'var/log'), wall: Date.now });
    logFile = logFiles.pathOf('web');
    const env = { PATH: process.env['PATH'], BELLWETHER_START: 'of-the-daemon' };
    backend = await make({ env, cwd: folder, logFiles, starts: starts() });
  });
  afterEach(() => fs.rmSync(folder, { recursive: true, force: true }));

  const failure = async (command: Command): Promise<StartFailed> => {
    const { started, ended } = startOf(backend, 'w-1', command);
    const reason: unknown = await started.then(
      () => new Error('it started'),
      (error: unknown) => error,
    );
    expect(reason).toBeInstanceOf(StartFailed);
    await expect(ended).rejects.toBe(reason);
    return reason as StartFailed;
  };

  describe('a started process', () => {
    it('is told by its pid, start time and boot id', async () => {
      const { started, ended } = startOf(backend, 'w-1', node('setInterval(() => {}, 1000)'));
      const found = await started;
      const stat = textOf(`/proc/${found.pid}/stat`);
      expect(found.startId).toBe('w-1');
      expect(stat.split(' ')[21]).toBe(found.startTime);
      expect(found.bootId).toBe(textOf('/proc/sys/kernel/random/boot_id').trim());
      backend.signal('w-1', 'SIGKILL');
      expect(await ended).toEqual({ signal: 'SIGKILL' });
    });

    it('is known with its pid to the next life of the same daemon, which learns its exit code', async () => {
      const { started } = startOf(
        backend,
        'w-1',
        node(
          'process.once("SIGTERM", () => process.exit(5)); setInterval(() => {}, 1000); console.log("up")',
        ),
      );
      const { pid, startTime, bootId } = await started;
      await logged('up');
      const found = answerOf<readonly unknown[]>();
      backend.adopt([{ startId: 'w-1', service: 'web' }], found.answer);
      expect(await found.value).toEqual([
        { startId: 'w-1', service: 'web', pid, startTime, bootId },
      ]);
      const ended = answerOf<unknown>();
      backend.watch('w-1', ended.answer);
      backend.signal('w-1', 'SIGTERM');
      expect(await ended.value).toEqual({ code: 5 });
    });

    it.each([0, 1, 255])('that exits with %i ends with that code', async (code) => {
      const { ended } = startOf(backend, 'w-1', node(`process.exit(${code})`));
      expect(await ended).toEqual({ code });
    });

    it('leads a session and a group of its own and reads /dev/null', async () => {
      const script = `const fs = require('fs');
        console.log(fs.readFileSync('/proc/self/stat', 'utf8').split(' ').slice(0, 6).join(' '));
        console.log('stdin ' + fs.readlinkSync('/proc/self/fd/0'));`;
      const { started, ended } = startOf(backend, 'w-1', node(script));
      const { pid } = await started;
      await ended;
      const [stat = '', stdin] = log().trim().split('\n');
      expect(stat.split(' ').slice(4)).toEqual([String(pid), String(pid)]);
      expect(stdin).toBe('stdin /dev/null');
    });

    it('has its start id, its own variables and the given ones in its environment', async () => {
      const script = `const { BELLWETHER_START, PORT, PATH } = process.env;
        console.log([BELLWETHER_START, PORT, !!PATH].join());`;
      const { ended } = startOf(backend, 'w-7', { ...node(script), env: { PORT: '8080' } });
      await ended;
      expect(log()).toBe('w-7,8080,true\n');
    });

    it('sees its arguments exactly as given, without a shell', async () => {
      const args = ['$HOME', '*', 'a b', "'", '; exit 3', ''];
      const { ended } = startOf(
        backend,
        'w-1',
        node('console.log(JSON.stringify(process.argv.slice(1)))', '--', ...args),
      );
      expect(await ended).toEqual({ code: 0 });
      expect(JSON.parse(log())).toEqual(args);
    });

    it('runs in the given folder, which may be relative to the default one', async () => {
      fs.mkdirSync(path.join(folder, 'srv'));
      const { ended } = startOf(backend, 'w-1', {
        ...node('console.log(process.cwd())'),
        cwd: 'srv',
      });
      await ended;
      expect(log()).toBe(`${path.join(folder, 'srv')}\n`);
    });
  });

  describe('the log of a service', () => {
    it('gets stdout and stderr in order, grows across starts, and is closed to others', async () => {
      const script = `require('fs').writeSync(1, 'out\\n'); require('fs').writeSync(2, 'err\\n')`;
      await startOf(backend, 'w-1', node(script)).ended;
      await startOf(backend, 'w-2', node(script)).ended;
      expect(log()).toBe('out\nerr\nout\nerr\n');
      expect(fs.statSync(logFile).mode & 0o027).toBe(0);
    });

    it('that cannot be opened is a failed start, not a lost log', async () => {
      fs.mkdirSync(logFile, { recursive: true });
      const { message } = await failure(node(''));
      expect(message).toBe(`exec: log file ${logFile}: is a directory (EISDIR)`);
    });
  });

  describe('signals', () => {
    it('reach the whole group', async () => {
      const script = `const { spawn } = require('child_process');
        const child = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)']);
        console.log('child ' + child.pid + '.'); setInterval(() => {}, 1000);`;
      const { ended } = startOf(backend, 'w-1', node(script));
      const grandchild = await until('the grandchild', () => /child (\d+)\./.exec(log())?.[1]);
      backend.signal('w-1', 'SIGTERM');
      expect(await ended).toEqual({ signal: 'SIGTERM' });
      expect(isAlive(Number(grandchild))).toBe(false);
    });

    it('may be ignored, but for SIGKILL', async () => {
      const script = `process.on('SIGTERM', () => console.log('no'));
        console.log('up'); setInterval(() => {}, 1000)`;
      const { ended } = startOf(backend, 'w-1', node(script));
      await logged('up');
      backend.signal('w-1', 'SIGTERM');
      await logged('no');
      backend.signal('w-1', 'SIGKILL');
      expect(await ended).toEqual({ signal: 'SIGKILL' });
    });

    it('to a start that is unknown or has ended do nothing', async () => {
      const { ended } = startOf(backend, 'w-1', node(''));
      await ended;
      expect(() => backend.signal('w-1', 'SIGKILL')).not.toThrow();
      expect(() => backend.signal('nobody', 'SIGKILL')).not.toThrow();
    });

    it('that this system does not have are reported and harm nobody', async () => {
      const events: string[] = [];
      const logFiles = makeLogFiles({ folder: path.join(folder, 'log'), wall: Date.now });
      const own = await make({
        env: {},
        cwd: folder,
        logFiles,
        starts: starts(),
        log: (event) => events.push(event),
      });
      const { ended } = startOf(own, 'w-1', node('setInterval(() => {}, 1000)'));
      own.signal('w-1', 'SIGNONSENSE');
      expect(events).toContain('process.signal-failed');
      own.signal('w-1', 'SIGKILL');
      await ended;
    });
  });

  describe('when the main process exits', () => {
    it('what is left of its group is gone before its ending is told', async () => {
      const script = `const { spawn } = require('child_process');
        const deaf = 'process.on("SIGTERM", () => {}); setInterval(() => {}, 1000)';
        const child = spawn(process.execPath, ['-e', deaf], { stdio: 'inherit' });
        child.on('spawn', () => { console.log('child ' + child.pid + '.'); process.exit(4); });`;
      const { ended } = startOf(backend, 'w-1', node(script));
      expect(await ended).toEqual({ code: 4 });
      const grandchild = Number(/child (\d+)\./.exec(log())?.[1]);
      expect(grandchild).toBeGreaterThan(1);
      expect(isAlive(grandchild)).toBe(false);
    });
  });

  describe('a start fails in words', () => {
    const file = (name: string, text: string, mode: number) => {
      fs.writeFileSync(path.join(folder, name), text, { mode });
      return path.join(folder, name);
    };

    it('for a missing program with a path', async () => {
      const { message, code } = await failure({ argv: ['/srv/web/missing'] });
      expect(message).toBe('exec: /srv/web/missing: no such file');
      expect(code).toBe('start-failed');
    });

    it('for a missing program in PATH, and names where it looked', async () => {
      const { message } = await failure({ argv: ['nod'], env: { PATH: '/usr/bin:/bin' } });
      expect(message).toBe('exec: nod: no such file; looked in PATH /usr/bin:/bin');
    });

    it('for a long PATH with a bounded text', async () => {
      const many = Array.from({ length: 500 }, (_, at) => `/nowhere/${at}`).join(':');
      const { message } = await failure({ argv: ['nod'], env: { PATH: many } });
      expect(message).toMatch(/:\/nowhere\/11 and 488 more$/);
    });

    it('for a directory', async () => {
      const { message } = await failure({ argv: [folder] });
      expect(message).toBe(`exec: ${folder}: is a directory, not a program`);
    });

    it('for a file that is not executable, also when PATH leads to it', async () => {
      const plain = file('plain', '#!/bin/sh\n', 0o644);
      expect((await failure({ argv: [plain] })).message).toBe(
        `exec: ${plain}: not executable by this user (mode 0644)`,
      );
      const { message } = await failure({ argv: ['plain'], env: { PATH: folder } });
      expect(message).toContain(`; passed over: ${plain} not executable`);
    });

    it('for a script whose interpreter is missing', async () => {
      const script = file('script', '#! /no/such/interpreter -x\n', 0o755);
      const { message } = await failure({ argv: [script] });
      expect(message).toBe(
        `exec: ${script}: its first line asks for /no/such/interpreter: no such file`,
      );
    });

    it('for a missing working directory, which is not a missing program', async () => {
      const { message } = await failure({ ...node(''), cwd: '/srv/nowhere' });
      expect(message).toBe('exec: working directory /srv/nowhere: no such directory');
    });

    it('for a working directory that is a file', async () => {
      const plain = file('plain', '', 0o644);
      const { message } = await failure({ ...node(''), cwd: plain });
      expect(message).toBe(`exec: working directory ${plain}: is not a directory`);
    });

    it('for arguments that are too long together', async () => {
      const { message } = await failure(node('', 'x'.repeat(8 * 1024 * 1024)));
      expect(message).toContain('arguments and environment are too long together (E2BIG)');
    });

    it('for an argument that no program can be given', async () => {
      const { message } = await failure(node('', 'a\0b'));
      expect(message).toMatch(/null bytes/);
    });
  });

  describe('a command that is run to its end', () => {
    const run = async (command: Command, timeoutMs = 5_000): Promise<CommandResult> => {
      const { answer, value } = answerOf<CommandResult>();
      backend.runToEnd('web', command, timeoutMs, answer);
      return value;
    };

    it('gives its exit code and what it wrote to stdout and stderr', async () => {
      const result = await run(
        node(`console.log('out'); console.error('err'); process.exitCode = 3`),
      );
      expect(result.code).toBe(3);
      expect([...result.output].sort()).toEqual(['err', 'out']);
    });

    it('carries the start id that it was given, and never that of the daemon', async () => {
      const result = await run(node(`console.log(process.env.BELLWETHER_START)`));
      expect(result.output).toEqual(['undefined']);
      const env = { BELLWETHER_START: 'c-1' };
      const marked = await run({ ...node(`console.log(process.env.BELLWETHER_START)`), env });
      expect(marked.output).toEqual(['c-1']);
    });

    it('is killed with its group at the deadline, and a last line says so', async () => {
      const argv = ['sh', '-c', 'sleep 60 & echo $!; wait'] as const;
      const { signal, code, output } = await run({ argv }, 500);
      expect({ signal, code }).toEqual({ signal: 'SIGKILL', code: undefined });
      expect(output.at(-1)).toBe('killed: still running after 500 ms');
      await until('the end of the grandchild', () => !isAlive(Number(output[0])));
    });

    it('gives its last 100 lines only', async () => {
      const { output } = await run(node(`for (let i = 1; i <= 5000; i++) console.log(i)`));
      expect(output).toEqual(Array.from({ length: 100 }, (_, at) => String(4901 + at)));
    });

    it('gives 64 KiB only of a line without an end', async () => {
      const { output } = await run(node(`process.stdout.write('x'.repeat(1_000_000) + 'end')`));
      expect(output.length).toBe(1);
      expect(output[0]?.length).toBe(64 * 1024);
      expect(output[0]).toMatch(/xend$/);
    });

    it('ends although a process that left its group holds its pipes', async () => {
      const script = `const { spawn } = require('child_process');
        const child = spawn('sleep', ['60'], { stdio: 'inherit', detached: true });
        child.unref(); console.log(child.pid);`;
      const { code, output } = await run(node(script));
      expect(code).toBe(0);
      process.kill(Number(output[0]), 'SIGKILL');
    });

    it('breaks with StartFailed where it cannot be started', async () => {
      await expect(run({ argv: ['/no/such'] })).rejects.toThrow('exec: /no/such: no such file');
    });

    it('is signalled with its group by its start id, and is known to the next life', async () => {
      const argv = ['sh', '-c', 'sleep 60 & echo $! > child; wait'] as const;
      const running = run({ argv, env: { BELLWETHER_START: 'c-1' } }, 60_000);
      const child = await until('the grandchild', () => {
        const pid = Number(textOf(path.join(folder, 'child')));
        return pid > 0 && pid;
      });
      const found = answerOf<readonly { readonly startId: string }[]>();
      backend.adopt([{ startId: 'c-1', service: 'web' }], found.answer);
      expect((await found.value).map(({ startId }) => startId)).toEqual(['c-1']);
      const ended = answerOf<unknown>();
      backend.watch('c-1', ended.answer);
      backend.signal('c-1', 'SIGTERM');
      expect((await running).signal).toBe('SIGTERM');
      expect(await ended.value).toEqual({ signal: 'SIGTERM' });
      await until('the end of the grandchild', () => !isAlive(child));
    });

    it('that a former daemon left is found by its environment, also what it left of itself', async () => {
      const argv = ['sh', '-c', 'sleep 60 & echo $! > child; [ -e leave ] || wait'] as const;
      const env = { BELLWETHER_START: 'c-2' };
      void run({ argv, env }, 60_000);
      const child = await until('the grandchild', () => {
        const pid = Number(textOf(path.join(folder, 'child')));
        return pid > 0 && pid;
      });
      const later = await make({
        env: {},
        cwd: folder,
        starts: starts(),
        logFiles: makeLogFiles({ folder, wall: Date.now }),
      });
      const found = answerOf<readonly { readonly pid?: number }[]>();
      later.adopt([{ startId: 'c-2', service: 'web' }], found.answer);
      const leader = (await found.value)[0]?.pid;
      process.kill(leader ?? 0, 'SIGSTOP'); // its parent must not clean up behind it
      expect(isAlive(child)).toBe(true);
      later.signal('c-2', 'SIGKILL');
      await until('the end of the grandchild', () => !isAlive(child));
    });

    it('is refused when 256 run already, and taken again afterwards', async () => {
      const running = Array.from({ length: 256 }, () => run({ argv: ['sleep', '3'] }, 60_000));
      await expect(run({ argv: ['true'] })).rejects.toThrow('256 commands run already');
      expect((await Promise.all(running)).every(({ code }) => code === 0)).toBe(true);
      expect(await run({ argv: ['true'] })).toEqual({ code: 0, output: [] });
    });
  });
};
