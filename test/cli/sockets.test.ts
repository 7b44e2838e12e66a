/** Sockets that a shepherd holds for services, as real clients and real services find them. */
import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import net from 'node:net';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { isWithoutKeeper, whyNoKeeper } from '../support/keepers.ts';
import {
  configOf,
  eventually,
  freePort,
  makePlace,
  type Daemon,
  type Place,
} from '../support/programs.ts';

let place: Place;
let daemon: Daemon;
beforeEach(() => {
  place = makePlace();
});
afterEach(() => place.clean());

it('at one place of two services are told by herd check, which takes them', async () => {
  const config = path.join(place.folder, 'two.config.ts');
  const at = (name: string, listen: string): string =>
    `service({ provision: ['${name}'], start: exec(['x']), sockets: [socket({ listen: '${listen}' })] })`;
  fs.writeFileSync(config, configOf('A', `${at('a', '[::]:80')}, ${at('b', '[::1]:80')}`));
  const { code, stderr } = await place.herd(['check', config]);
  const told = 'herd: warning: b cannot listen at [::1]:80 while a does at [::]:80\n';
  expect([code, stderr]).toEqual([0, told]);
});

/** Says to each who comes which process it is, and what it was given. */
const server = `
  const net = require('net'), fs = require('fs');
  const { LISTEN_PID, LISTEN_FDS, LISTEN_FDNAMES } = process.env;
  const isOwn = Number(LISTEN_PID) === process.pid;
  const open = fs.readdirSync('/proc/self/fd').length;
  for (let fd = 3; fd < 3 + Number(LISTEN_FDS); fd++)
    net.createServer((socket) => socket.end([process.pid, isOwn, LISTEN_FDS, LISTEN_FDNAMES, fd].join(' ')))
      .listen({ fd });
  process.on('SIGTERM', () => process.exit(0));`;
const begun = async (more: string): Promise<void> => {
  const start = `exec(['node', '-e', ${JSON.stringify(server)}])`;
  const services = `service({ provision: ['web'], start: ${start}, ${more} })`;
  daemon = await place.shepherd('a', configOf('A', services));
};
const herd = async (...words: readonly string[]) => {
  const { stdout, stderr, code } = await daemon.herd(...words);
  return { text: stdout + stderr, code };
};
/** What is said there to who connects; rejects where nobody listens. */
const ask = (to: net.NetConnectOpts): Promise<string> =>
  new Promise((resolve, reject) => {
    let text = '';
    const socket = net.connect(to);
    socket.on('data', (chunk: Buffer) => (text += chunk.toString()));
    socket.on('end', () => resolve(text));
    socket.on('error', reject);
  });
const pidOf = (said: string): number => Number(said.split(' ')[0]);

describe.skipIf(isWithoutKeeper)(`a service with sockets${whyNoKeeper}`, () => {
  it('is started by who comes first, who is served, and finds its sockets as systemd gives them', async () => {
    const port = await freePort();
    await begun(`sockets: [socket({ listen: '127.0.0.1:${port}', name: 'http' }),
      socket({ listen: 'run/web.sock', mode: 0o600, folderMode: 0o700 })]`);
    expect((await herd('start', 'web')).code).toBe(0);
    const file = path.join(daemon.folder, 'run/web.sock');
    const { text } = await herd('status', 'web');
    expect(text).toContain(
      `Systemd-style service listening on 2 endpoints:\n  - 127.0.0.1:${port} ("http")\n  - ${file} ("unknown")\n`,
    );
    expect(text).not.toContain('Main PID');
    expect(fs.statSync(file).mode & 0o777).toBe(0o600);
    expect(fs.statSync(path.dirname(file)).mode & 0o777).toBe(0o700);
    const said = await ask({ port, host: '127.0.0.1' });
    expect(said).toMatch(/^\d+ true 2 http:unknown 3$/);
    expect(await ask({ path: file })).toBe(`${pidOf(said)} true 2 http:unknown 4`);
    expect((await herd('status', 'web')).text).toContain(`Main PID: ${pidOf(said)}\n`);
    expect((await herd('stop', 'web')).code).toBe(0);
    await expect(ask({ port, host: '127.0.0.1' })).rejects.toThrow('ECONNREFUSED');
    expect(fs.existsSync(file)).toBe(false);
  });

  it('refuses nobody while its process dies and comes again, and while there is no shepherd', async () => {
    const port = await freePort();
    const to = { port, host: '127.0.0.1' };
    await begun(`sockets: [socket({ listen: '127.0.0.1:${port}' })], respawn: { limit: 100 }`);
    await herd('start', 'web');
    const pids = new Set<number>();
    for (let round = 0; round < 3; round += 1) {
      const pid = pidOf(await ask(to));
      pids.add(pid);
      process.kill(pid, 'SIGKILL');
    }
    expect(pids.size).toBe(3);
    const last = pidOf(await ask(to));
    await daemon.kill('SIGKILL');
    process.kill(last, 'SIGKILL');
    const waiting = ask(to);
    daemon = await place.again(daemon);
    expect(pids.has(pidOf(await waiting))).toBe(false);
  });

  it('is started at once where it is not lazy, and tells which place is taken', async () => {
    const port = await freePort();
    const taken = net.createServer().listen(port, '127.0.0.1');
    await begun(
      `sockets: [socket({ listen: '127.0.0.1:${port}', bindAttempts: 2 })], lazyStart: false`,
    );
    const { text, code } = await herd('start', 'web');
    expect(code).toBe(1);
    expect(text).toContain(
      `socket 127.0.0.1:${port}: somebody listens there already (EADDRINUSE), tried 2 times`,
    );
    taken.close();
    const starting = herd('start', 'web');
    expect((await starting).code).toBe(0);
    expect((await herd('status', 'web')).text).toContain('Main PID');
  });

  it('takes the path of a socket that nobody listens at, and no other', async () => {
    await begun(`sockets: [socket({ listen: './web.sock', bindAttempts: 1 })]`);
    const file = path.join(daemon.folder, 'web.sock');
    fs.writeFileSync(file, 'x');
    expect((await herd('start', 'web')).text).toContain('something that is no socket lies there');
    fs.rmSync(file);
    const other = net.createServer().listen(file);
    await eventually('another one', () => fs.existsSync(file));
    expect((await herd('start', 'web')).text).toContain('somebody listens there already');
    fs.renameSync(file, `${file}.kept`);
    other.close();
    await eventually('its end', () => !other.listening);
    fs.renameSync(`${file}.kept`, file);
    expect((await herd('start', 'web')).code).toBe(0);
    expect(await ask({ path: file })).toContain('true 1 unknown 3');
  });
});

const isWithoutPython = spawnSync('python3', ['--version']).status !== 0;
/** Serves one, shuts the socket down, for all who have it, and ends when it is told to. */
const shuttingDown = `
import os, signal, socket
one = socket.socket(fileno=3)
client = one.accept()[0]
one.shutdown(socket.SHUT_RDWR)
client.sendall(b"%d" % os.getpid())
client.close()
signal.pause()`;
describe.skipIf(isWithoutKeeper || isWithoutPython)(
  `a service that shuts its socket down${whyNoKeeper}${isWithoutPython ? ' (no python3)' : ''}`,
  () => {
    const start = `exec(['python3', '-c', ${JSON.stringify(shuttingDown)}])`;
    const begin = async (listen: string, more: string): Promise<void> => {
      const services = `service({ provision: ['web'], start: ${start}, respawn: { limit: 4 },
        sockets: [socket({ listen: '${listen}', ${more} })] })`;
      daemon = await place.shepherd('a', configOf('A', services));
      expect((await herd('start', 'web')).code).toBe(0);
    };
    const logOf = async (): Promise<string> => (await herd('log', 'web')).text;

    it.each(['tcp', 'unix'])('is found listening again by who comes next (%s)', async (family) => {
      const port = await freePort();
      await begin(family === 'tcp' ? `127.0.0.1:${port}` : './web.sock', '');
      const to =
        family === 'tcp'
          ? { port, host: '127.0.0.1' }
          : { path: path.join(daemon.folder, 'web.sock') };
      const pids = new Set<number>();
      for (let round = 0; round < 2; round += 1) {
        const pid = Number(await ask(to));
        pids.add(pid);
        await expect(ask(to)).rejects.toThrow('ECONNREFUSED');
        process.kill(pid, 'SIGKILL');
        await eventually('it waits', async () => {
          const { text } = await herd('status', 'web');
          return text.includes('It is running') && !text.includes('Main PID');
        });
      }
      expect(pids.size).toBe(2);
      expect(Number(await ask(to))).toBeGreaterThan(0);
      expect(await logOf()).toBe('');
    });
    it('says why it does not listen where somebody else has its place since', async () => {
      const port = await freePort();
      await begin(`127.0.0.1:${port}`, 'bindAttempts: 1');
      const pid = Number(await ask({ port, host: '127.0.0.1' }));
      const other = net.createServer().listen(port, '127.0.0.1');
      await eventually('another one', () => other.listening);
      process.kill(pid, 'SIGKILL');
      const told = `socket 127.0.0.1:${port}: somebody listens there already (EADDRINUSE)`;
      await eventually('the reason', async () => (await herd('status', 'web')).text.includes(told));
      expect((await herd('status', 'web')).text).not.toContain('listening on 1 endpoint');
      other.close();
    });
  },
);
