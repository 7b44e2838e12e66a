/** Signs of readiness, with real processes: those that outlive the daemon which waits for them. */
import fs from 'node:fs';
import path from 'node:path';
import { afterAll, afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import {
  makeChildProcessBackend,
  makeLogFiles,
  makeProber,
  Starts,
} from '../../../packages/shepherd/src/node/index.ts';
import { rotateFull } from '../../../packages/shepherd/src/node/log-rotation.ts';
import type {
  Command,
  Ending,
  Readiness,
  Started,
} from '../../../packages/shepherd/src/words/types.ts';
import { answerOf, isAlive, makeFolder, node, textOf, until } from './support.ts';

// Real processes are as fast as the machine lets them be.
afterAll(() => vi.resetConfig());

let folder: string;
const pids: number[] = [];
beforeEach(() => {
  folder = makeFolder();
});
afterEach(() => {
  for (const pid of pids.splice(0)) if (isAlive(pid)) process.kill(-pid, 'SIGKILL');
  fs.rmSync(folder, { recursive: true, force: true });
});

/** Of this process: an adoption in another one looks for such processes on the whole machine. */
const own = `w-${process.pid}`;
/** A daemon's powers; each call is another daemon over the same folders. */
const makeDaemon = () => {
  const defaults = { env: process.env, cwd: folder };
  const starts = new Starts(path.join(folder, 'starts'));
  const logFiles = makeLogFiles({ folder: path.join(folder, 'log'), wall: Date.now });
  return {
    logFiles,
    starts,
    backend: makeChildProcessBackend({ ...defaults, starts, logFiles }),
    prober: makeProber({ defaults, starts, logFiles }),
  };
};
type Daemon = ReturnType<typeof makeDaemon>;
const start = async ({ backend }: Daemon, command: Command, ready: Readiness, startId = own) => {
  const started = answerOf<Started>();
  const ended = answerOf<Ending>();
  backend.start({ startId, service: 'web', command, ready }, started.answer, ended.answer);
  const { pid } = await started.value;
  pids.push(pid);
  return { pid, ended: ended.value };
};
const notified = ({ prober }: Daemon, timeoutMs = 30_000): Promise<boolean> => {
  const { answer, value } = answerOf<boolean>();
  prober.notified(own, timeoutMs, answer);
  return value;
};
const logged = ({ prober }: Daemon, text: string, timeoutMs = 30_000): Promise<boolean> => {
  const { answer, value } = answerOf<boolean>();
  prober.logged(own, 'web', text, timeoutMs, answer);
  return value;
};
const checked = ({ prober }: Daemon, command: Command, timeoutMs = 30_000): Promise<boolean> => {
  const { answer, value } = answerOf<boolean>();
  prober.exec(own, command, timeoutMs, answer);
  return value;
};
const onDescriptor3 = { kind: 'notify', descriptor: 3, timeoutMs: 30_000 } as const;
const onText = { kind: 'log', text: 'Listening on', timeoutMs: 30_000 } as const;
/** Goes on for ever, and does what it is told when a file called `go` is there. */
const onGo = (act: string): Command =>
  node(`const fs = require('fs');
    const timer = setInterval(() => {
      if (!fs.existsSync('go')) return;
      clearInterval(timer);
      ${act};
      setInterval(() => {}, 1000);
    }, 5);`);
const go = (): void => fs.writeFileSync(path.join(folder, 'go'), '');
const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

it('what takes the keeper to be heard is refused without one, in words', async () => {
  const sdNotify = { kind: 'sd-notify', timeoutMs: 30_000 } as const;
  await expect(start(makeDaemon(), node(''), sdNotify)).rejects.toThrow(
    'only a shepherd with its keeper can hear what a service says by sd_notify; this one has none',
  );
});

describe('a notice on a descriptor', () => {
  it('is seen as soon as the newline is written, and not before', async () => {
    const daemon = makeDaemon();
    await start(daemon, onGo(`fs.writeSync(3, 'nearly'); fs.writeSync(3, '\\n')`), onDescriptor3);
    let isSeen = false;
    const seen = notified(daemon).then((isReady) => (isSeen = isReady));
    await pause(100);
    expect(isSeen).toBe(false);
    go();
    expect(await seen).toBe(true);
  });
  it.each([3, 7, 255])('may be written to descriptor %i, and no other is open', async (number) => {
    const daemon = makeDaemon();
    const script = `fs.writeSync(${number}, '\\n');
      console.log('open: ' + fs.readdirSync('/proc/self/fd').filter((fd) => {
        try { return fs.readlinkSync('/proc/self/fd/' + fd).includes('/starts/'); } catch { return false; }
      }))`;
    await start(daemon, onGo(script), { ...onDescriptor3, descriptor: number });
    go();
    expect(await notified(daemon)).toBe(true);
    const log = daemon.logFiles.pathOf('web');
    await until('what is open', () => textOf(log).includes(`open: ${number}\n`));
  });
  it('that was written while no daemon was there is seen by the next one', async () => {
    const { pid } = await start(makeDaemon(), onGo(`fs.writeSync(3, '\\n')`), onDescriptor3);
    go();
    await until('the notice', () => textOf(path.join(folder, 'starts', own)) === '\n');
    const next = makeDaemon();
    expect(await notified(next)).toBe(true);
    expect(isAlive(pid)).toBe(true);
  });
  it('is written by a process whose daemon is gone without any harm to it', async () => {
    const first = makeDaemon();
    const { pid } = await start(first, onGo(`fs.writeSync(3, '\\n'); fs.writeSync(1, 'on')`), {
      ...onDescriptor3,
    });
    const waiting = notified(first);
    first.prober.forget(own); // what a daemon that dies does to what it watches
    expect(await waiting).toBe(false);
    go();
    expect(await notified(makeDaemon())).toBe(true);
    expect(isAlive(pid)).toBe(true);
  });
  it('does not come, and that is said when the time is up, with nothing left behind', async () => {
    const daemon = makeDaemon();
    await start(daemon, onGo(''), onDescriptor3);
    const waiting = notified(daemon, 100);
    expect(watches()).not.toEqual([]);
    expect(await waiting).toBe(false);
    await until('the end of all watches', () => watches().length === 0);
  });
  it('is a newline within the first 4,096 bytes, however much is written', async () => {
    const daemon = makeDaemon();
    const late = `fs.writeSync(3, 'x'.repeat(4096) + '\\n')`;
    await start(daemon, onGo(late), onDescriptor3);
    go();
    const file = path.join(folder, 'starts', own);
    await until('what it writes', () => textOf(file).length === 4097);
    expect(await notified(daemon, 100)).toBe(false);
    fs.truncateSync(file, 0);
    fs.writeFileSync(file, `${'x'.repeat(4095)}\n`);
    expect(await notified(daemon, 100)).toBe(true);
  });
  it('is emptied where a process goes on writing to it', async () => {
    const daemon = makeDaemon();
    await start(
      daemon,
      onGo(`for (let at = 0; at < 100; at += 1) fs.writeSync(3, 'x'.repeat(1024))`),
      {
        ...onDescriptor3,
      },
    );
    go();
    const file = path.join(folder, 'starts', own);
    await until('what it writes', () => textOf(file).length === 102_400);
    await rotateFull({
      folder: path.join(folder, 'log'),
      except: [],
      logs: daemon.logFiles,
      starts: daemon.starts,
      after: () => () => undefined,
      wall: Date.now,
      log: () => undefined,
    });
    expect(fs.statSync(file).size).toBe(0);
  });
  it('costs a hundred looks a second where a process writes without end', async () => {
    const daemon = makeDaemon();
    await start(daemon, onGo(`for (;;) fs.writeSync(3, 'x'.repeat(64))`), onDescriptor3);
    go();
    await until('its flood', () => textOf(path.join(folder, 'starts', own)).length > 64);
    const look = vi.spyOn(daemon.starts, 'hasNotice');
    expect(await notified(daemon, 500)).toBe(false);
    expect(look.mock.calls.length).toBeLessThanOrEqual(60);
  });
  it('leaves no file behind: not of a process that has ended, nor of one that was never made', async () => {
    const daemon = makeDaemon();
    const { ended } = await start(daemon, node('process.exit(3)'), onDescriptor3);
    expect(await ended).toEqual({ code: 3 });
    const failed = answerOf<Started>();
    const command: Command = { argv: ['no-such-program'] };
    daemon.backend.start(
      { startId: `${own}-2`, service: 'web', command, ready: onDescriptor3 },
      failed.answer,
      answerOf().answer,
    );
    await expect(failed.value).rejects.toThrow('no such file');
    expect(fs.readdirSync(path.join(folder, 'starts'))).toEqual([]);
  });
  it('of a process that ended while no daemon was there is removed by the next one', async () => {
    const { pid, ended } = await start(makeDaemon(), onGo(''), onDescriptor3, own);
    fs.writeFileSync(path.join(folder, 'starts', 'gone-1'), '\n');
    const found = answerOf<readonly unknown[]>();
    makeDaemon().backend.adopt([{ startId: own, service: 'web' }], found.answer);
    expect(await found.value).toHaveLength(1);
    expect(fs.readdirSync(path.join(folder, 'starts'))).toEqual([own]);
    process.kill(-pid, 'SIGKILL');
    await ended;
  });
});

describe('a text in the log', () => {
  it('is seen when the service writes it, also in two pieces', async () => {
    const daemon = makeDaemon();
    await start(
      daemon,
      onGo(`fs.writeSync(1, 'a Listen'); setTimeout(() => fs.writeSync(1, 'ing on 80'), 50)`),
      onText,
    );
    go();
    expect(await logged(daemon, 'Listening on')).toBe(true);
  });
  it('that an earlier run has written does not count', async () => {
    const daemon = makeDaemon();
    fs.mkdirSync(path.join(folder, 'log'));
    fs.writeFileSync(daemon.logFiles.pathOf('web'), 'Listening on 80\n');
    await start(daemon, onGo(`console.log('Listening on 81')`), onText);
    expect(await logged(daemon, 'Listening on', 100)).toBe(false);
    go();
    expect(await logged(daemon, 'Listening on')).toBe(true);
  });
  it('is found by the next daemon, from where the log ended at the start', async () => {
    const first = makeDaemon();
    fs.mkdirSync(path.join(folder, 'log'));
    fs.writeFileSync(first.logFiles.pathOf('web'), 'Listening on 80\n');
    await start(first, onGo(`console.log('Listening on 81')`), onText);
    const next = makeDaemon();
    expect(await logged(next, 'Listening on', 100)).toBe(false);
    go();
    expect(await logged(next, 'Listening on')).toBe(true);
  });
  it('is plain: what would be a pattern elsewhere is a text here', async () => {
    const daemon = makeDaemon();
    await start(daemon, onGo(`console.log('[ready] (1.5+)')`), onText);
    go();
    expect(await logged(daemon, '[ready] (1.5+)')).toBe(true);
    expect(await logged(daemon, '.ready.', 50)).toBe(false);
  });
  it('is found although the log is put aside meanwhile', async () => {
    const daemon = makeDaemon();
    await start(daemon, onGo(`console.log('Listening on 80')`), onText);
    const log = daemon.logFiles.logIn(daemon.logFiles.pathOf('web'));
    const seen = logged(daemon, 'Listening on');
    fs.appendFileSync(log.file, 'chatter\n');
    await log.rotate(Date.now());
    go();
    expect(await seen).toBe(true);
  });
  it('is looked for in the first 16 MiB, and no further', async () => {
    const daemon = makeDaemon();
    await start(daemon, onGo(''), onText);
    const file = daemon.logFiles.pathOf('web');
    fs.appendFileSync(file, 'Listening on'.padStart(16 * 1024 * 1024, '.'));
    expect(await logged(daemon, 'Listening on')).toBe(true);
    fs.appendFileSync(file, 'Too late');
    expect(await logged(daemon, 'Too late', 500)).toBe(false);
  });
  it('of a start that is not known is no sign, and says so', async () => {
    await expect(logged(makeDaemon(), 'Listening on')).rejects.toThrow('no such file');
  });
});

describe('a command that is asked', () => {
  it('says yes by exit code 0, and no by any other', async () => {
    const daemon = makeDaemon();
    expect(await checked(daemon, { argv: ['true'] })).toBe(true);
    expect(await checked(daemon, { argv: ['false'] })).toBe(false);
    expect(await checked(daemon, { argv: ['sh', '-c', 'kill -9 $$'] })).toBe(false);
    await expect(checked(daemon, { argv: ['no-such-check'] })).rejects.toThrow('no such file');
  });
  const slow: Command = { argv: ['sh', '-c', 'sleep 60 & echo $! >> pids; echo $$ >> pids; wait'] };
  const pidsOf = (count: number): Promise<readonly number[]> =>
    until('the command and its child', () => {
      const found = textOf(path.join(folder, 'pids')).trim().split('\n').map(Number);
      return found.length === count && found;
    });
  it('is killed with its group when its time is up', async () => {
    const asked = checked(makeDaemon(), slow, 300);
    const both = await pidsOf(2);
    expect(await asked).toBe(false);
    await until('their end', () => !both.some(isAlive));
  });
  it('is killed with its group when nobody wants to know any more', async () => {
    const daemon = makeDaemon();
    const asked = checked(daemon, slow);
    const both = await pidsOf(2);
    daemon.prober.forget(own);
    expect(await asked).toBe(false);
    await until('their end', () => !both.some(isAlive));
  });
  it('does not run twice: a second question ends the first', async () => {
    const daemon = makeDaemon();
    const first = checked(daemon, slow);
    const both = await pidsOf(2);
    expect(await checked(daemon, { argv: ['true'] })).toBe(true);
    expect(await first).toBe(false);
    await until('their end', () => !both.some(isAlive));
  });
  it('whose daemon is gone is killed by the next one', async () => {
    void checked(makeDaemon(), slow).catch(() => undefined);
    const both = await pidsOf(2);
    const found = answerOf<readonly unknown[]>();
    makeDaemon().backend.adopt([{ startId: own, service: 'web' }], found.answer);
    expect(await found.value).toEqual([]);
    await until('their end', () => !both.some(isAlive));
  });
  it('may print without end', async () => {
    const command: Command = { argv: ['sh', '-c', 'head -c 50000000 /dev/zero'] };
    expect(await checked(makeDaemon(), command)).toBe(true);
  });
});

/** Files that this process watches; one that was closed is there for a moment still. */
const watches = (): readonly string[] =>
  process.getActiveResourcesInfo().filter((name) => name === 'FSEventWrap');
