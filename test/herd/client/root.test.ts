/** Why a shepherd does not answer: nobody listens, something listens and is silent, it speaks another language. */
import { execFileSync, spawn } from 'node:child_process';
import fs from 'node:fs';
import net from 'node:net';
import os from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Sturdyref, sturdyrefUri } from '@bellwether/ocapn';
import { isNoShepherd, type NoShepherd } from '../../../packages/herd/src/client/errors.ts';
import { openRoot } from '../../../packages/herd/src/client/root.ts';

let state: string;
let socket: string;
let server: net.Server | undefined;
beforeEach(() => {
  state = fs.mkdtempSync(path.join(os.tmpdir(), 'herd-root-'));
  socket = path.join(state, 'run', 'socket');
  fs.mkdirSync(path.dirname(socket), { mode: 0o700 });
  const peer = { transport: 'unix', designator: 'fake', hints: { path: socket } };
  const uri = sturdyrefUri(new Sturdyref(peer, new Uint8Array(32).fill(7)));
  fs.writeFileSync(path.join(state, 'run', 'admin.ref'), `${uri}\n`, { mode: 0o600 });
});
afterEach(() => {
  server?.close();
  server = undefined;
  fs.rmSync(state, { recursive: true, force: true });
});

const listen = async (to: (connection: net.Socket) => void): Promise<void> => {
  const opened = net.createServer(to).listen(socket);
  server = opened;
  await new Promise((ready) => opened.once('listening', ready));
};
const silent = (connection: net.Socket): void => void connection.on('error', () => undefined);
const asked = async (waitMs = 300): Promise<NoShepherd> => {
  const opened = openRoot({ env: {}, uid: process.getuid?.() ?? 0 }, socket);
  const answer = opened.then((line) =>
    line.ask({ method: 'status', args: [], waitMs }).finally(() => line.close()),
  );
  const error: unknown = await answer.catch((reason: unknown) => reason);
  if (isNoShepherd(error)) return error;
  throw new Error('it is said to have answered', { cause: error });
};

describe('a shepherd that does not answer', () => {
  it('is to be started where nobody listens', async () => {
    await listen(silent);
    fs.renameSync(socket, `${socket}.left`);
    await new Promise((done) => server?.close(done));
    fs.renameSync(`${socket}.left`, socket);
    const { message, hint } = await asked();
    expect(message).toContain(`no shepherd answers at ${socket}: `);
    expect(message).toContain('nobody listens there');
    expect(hint).toContain("Start one with 'shepherd --config FILE'");
  });
  it.each([
    ['nobody listens', 'nobody listens there'],
    ['there is no socket', 'no shepherd runs here: there is no socket'],
  ])(
    'starts, or ends, where %s and a shepherd that lives has its lock',
    async (what, otherwise) => {
      await listen(silent);
      fs.renameSync(socket, `${socket}.left`);
      await new Promise((done) => server?.close(done));
      if (what === 'nobody listens') fs.renameSync(`${socket}.left`, socket);
      else fs.rmSync(path.join(path.dirname(socket), 'admin.ref'));
      const held = async (pid: number): Promise<NoShepherd> => {
        fs.writeFileSync(path.join(state, 'lock'), `${pid}\n`);
        return asked();
      };
      const named = async (title: string): Promise<NoShepherd> => {
        const wait = 'process.stdin.resume(); console.log()';
        const child = spawn(process.execPath, ['-e', wait, title], { stdio: 'pipe' });
        await new Promise((ready) => child.stdout.once('data', ready));
        try {
          return await held(child.pid ?? 0);
        } finally {
          child.kill('SIGKILL');
        }
      };
      const { message, hint, isRestarting } = await named('shepherd');
      expect(message).toMatch(
        /^the shepherd \(pid \d+, by the lock of its state\) does not listen at \S+: it starts, or ends$/,
      );
      expect(hint).toMatch(/^It may be overloaded, or wait for its disk: see 'ps /);
      expect(isRestarting).toBe(true); // so it is waited for
      // Another program has that number by now, or nobody.
      for (const other of [await named('another'), await held(4_194_305)]) {
        expect(other.message).toContain(otherwise);
        expect(other.isRestarting).toBe(false);
      }
    },
  );
  it('is of another version where it says what is not understood', async () => {
    await listen((connection) => {
      silent(connection);
      connection.end('HTTP/1.1 400 Bad Request\r\n\r\n');
    });
    const { message, hint } = await asked();
    expect(message).toContain(`no shepherd answers at ${socket}: `);
    expect(hint).toBe(
      'No shepherd that this herd understands is there. After an upgrade, restart the shepherd.',
    );
  });
  it('is there where it has taken the connection, and nothing was asked of it', async () => {
    await listen(silent);
    const { message, hint } = await asked();
    expect(message).toBe(
      `something listens at ${socket} and has not answered for 0.3 s; nothing was asked of it`,
    );
    expect(hint).toBe(
      "It may be overloaded, stopped, or wait for its disk: 'ss -xlp' tells which process listens there.",
    );
  });
  it('is named by who holds the lock of its state, with its log', async () => {
    fs.writeFileSync(path.join(state, 'lock'), `${process.pid}\n`);
    await listen(silent);
    const before = await asked();
    expect(before.message).toBe(
      `something listens at ${socket} (pid ${process.pid}, by the lock of its state) and has not answered for 0.3 s; ` +
        'nothing was asked of it',
    );
    const look = `'ps -o stat,%cpu,%mem,wchan:20,args ${process.pid}'`;
    expect(before.hint).toBe(`It may be overloaded, or wait for its disk: see ${look}.`);
    const log = path.join(state, 'log', 'shepherd.log');
    fs.mkdirSync(path.dirname(log));
    fs.writeFileSync(log, '');
    expect((await asked()).hint).toBe(
      `It may be overloaded, or wait for its disk: see ${look}, and the end of ${log}.`,
    );
  });
  it('is told to be stopped where its process is, and with what it goes on', async () => {
    const child = spawn('sleep', ['60'], { stdio: 'ignore' });
    try {
      const { pid = 0 } = child;
      child.kill('SIGSTOP');
      await expect
        .poll(() => fs.readFileSync(`/proc/${pid}/stat`, 'utf8'), { timeout: 10_000 })
        .toMatch(/\) T /);
      fs.writeFileSync(path.join(state, 'lock'), `${pid}\n`);
      await listen(silent);
      expect((await asked()).hint).toBe(
        `Its process is stopped, as by SIGSTOP: 'kill -CONT ${pid}' lets it go on.`,
      );
    } finally {
      child.kill('SIGKILL');
    }
  });
  it('is not named by a lock that nobody holds any more, nor by what is no number', async () => {
    await listen(silent);
    for (const text of ['4194305\n', '0\n', '-1', 'x', '', '9'.repeat(40)]) {
      fs.writeFileSync(path.join(state, 'lock'), text);
      expect((await asked(50)).message).toContain(`something listens at ${socket} and has not`);
    }
  });
  it('is not named by more than a number, nor by what is no file, and none of that is waited for', async () => {
    await listen(silent);
    const lock = path.join(state, 'lock');
    const isNamed = async () => (await asked(50)).message.includes('by the lock of its state');
    fs.writeFileSync(lock, `${process.pid}\n`);
    expect(await isNamed()).toBe(true);
    fs.writeFileSync(lock, `${process.pid}\n${' '.repeat(20)}`);
    expect(await isNamed()).toBe(false);
    fs.rmSync(lock);
    execFileSync('mkfifo', [lock]);
    expect(await isNamed()).toBe(false);
    fs.rmSync(lock);
    fs.writeFileSync(path.join(state, 'elsewhere'), `${process.pid}\n`);
    fs.symlinkSync(path.join(state, 'elsewhere'), lock);
    expect(await isNamed()).toBe(false);
  });
});
