/** Services that have a process for each connection, as real clients find them. */
import { once } from 'node:events';
import fs from 'node:fs';
import net from 'node:net';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { isWithoutKeeper, keeperPids, whyNoKeeper } from '../support/keepers.ts';
import {
  configOf,
  eventually,
  freePort,
  isAlive,
  makePlace,
  type Daemon,
  type How,
  type Place,
} from '../support/programs.ts';

let place: Place;
let daemon: Daemon;
let port: number;
const clients: Client[] = [];
beforeEach(async () => {
  place = makePlace();
  port = await freePort();
});
afterEach(async () => {
  for (const { socket } of clients.splice(0)) socket.destroy();
  await place.clean();
});

/** Tells what it was given, then gives back each line; says so where errors go. */
const program = `
  echo "begun $$" >&2
  echo "$TCPLOCALIP $TCPLOCALPORT $TCPREMOTEIP $TCPREMOTEPORT $REMOTE_ADDR $REMOTE_PORT"
  while read -r line; do echo "$$ $line"; done`;
const begun = async (more = '', sockets = '', how: How = {}): Promise<void> => {
  const all = `[socket({ listen: '127.0.0.1:${port}', name: 'echo' }), ${sockets}]`;
  const services = `service({ provision: ['echo'], start: shell(${JSON.stringify(program)}),
    activation: 'inetd', sockets: ${all}, autoStart: true, ${more} })`;
  daemon = await place.shepherd('a', configOf('A', services), how);
  if (how.options === undefined)
    await eventually('the service', async () => (await herd('status', 'echo')).includes('running'));
};
const herd = async (...words: readonly string[]): Promise<string> => {
  const { stdout, stderr } = await daemon.herd(...words);
  return stdout + stderr;
};
const started = async (): Promise<readonly string[]> =>
  (await herd('status')).split('\n').flatMap((line) => /^ \+ (\S+)$/.exec(line)?.[1] ?? []);

interface Client {
  readonly socket: net.Socket;
  /** The next line that is said there; undefined: there was an end. */
  next(): Promise<string | undefined>;
}
const connect = (to: net.NetConnectOpts = { port, host: '127.0.0.1' }): Client => {
  const socket = net.connect(to);
  let text = '';
  let isOver = false;
  socket.on('data', (chunk: Buffer) => (text += chunk.toString()));
  socket.on('error', () => undefined);
  socket.on('close', () => (isOver = true));
  const client: Client = {
    socket,
    next: async () => {
      await eventually('a line, or the end', () => text.includes('\n') || isOver);
      const at = text.indexOf('\n');
      if (at < 0) return undefined;
      const line = text.slice(0, at);
      text = text.slice(at + 1);
      return line;
    },
  };
  clients.push(client);
  return client;
};
/** Says something, and hears it from the process of the connection: its number. */
const say = async ({ socket, next }: Client, word: string): Promise<number> => {
  socket.write(`${word}\n`);
  const [pid, said] = ((await next()) ?? 'nobody').split(' ');
  expect(said).toBe(word);
  return Number(pid);
};

describe.skipIf(isWithoutKeeper)(`a service in the manner of inetd${whyNoKeeper}`, () => {
  it('serves three at once, each by a process of his own that knows who he is, and the status tells of all', async () => {
    await begun();
    const three = [connect(), connect(), connect()];
    for (const client of three) {
      const line = await client.next();
      const from = `127.0.0.1 ${client.socket.localPort}`;
      expect(line).toBe(`127.0.0.1 ${port} ${from} ${from}`);
    }
    const pids = await Promise.all(three.map((client, at) => say(client, `word-${at}`)));
    expect(new Set(pids).size).toBe(3);
    expect(await started()).toEqual(['echo', 'echo-1', 'echo-2', 'echo-3', 'root']);
    const own = await herd('status', 'echo');
    expect(own).toContain(
      `Inetd-style service listening on 1 endpoint:\n  - 127.0.0.1:${port} ("echo")\n  Connections: 3 of 100.\n`,
    );
    expect(own).not.toContain('Main PID');
    const first = await herd('status', 'echo-1');
    expect(first).toContain('It is transient, running since');
    expect(first).toContain(`Main PID: ${pids[0]}\n`);
    expect(first).toContain(
      `Connection: to echo at 127.0.0.1:${port}, from 127.0.0.1:${three[0]?.socket.localPort}.`,
    );
    expect(JSON.parse(await herd('status', 'echo', '--json'))).toMatchObject({
      services: [{ accepting: { openCount: 3, limitCount: 100, refusedCount: 0 } }],
    });
    expect(await herd('why', 'echo-2')).toContain('It has the connection to echo');
    // What they say of errors is in the log of the service, and went to nobody.
    const log = await herd('log', 'echo');
    for (const pid of pids) expect(log).toContain(`begun ${pid}`);
    // One is stopped, one ends by itself.
    expect((await daemon.herd('stop', 'echo-1')).code).toBe(0);
    expect(await three[0]?.next()).toBeUndefined();
    three[1]?.socket.end();
    await eventually('its end', async () => (await started()).join() === 'echo,echo-3,root');
    expect(isAlive(pids[2] ?? 0)).toBe(true);
  });

  it('turns away who comes when there are as many as there may be, and serves on', async () => {
    await begun('maxConnections: 2, maxConnectionsPerSource: 2');
    const [one, two] = [connect(), connect()];
    for (const each of [one, two]) expect(await each.next()).toContain('127.0.0.1');
    expect(await connect().next()).toBeUndefined();
    expect(await herd('status', 'echo')).toContain(
      'Connections: 2 of 2, 2 from one address; 1 was turned away.',
    );
    await say(two, 'still');
    one.socket.end();
    await eventually('room', async () => (await herd('status', 'echo')).includes(': 1 of 2'));
    expect(await connect().next()).toContain('127.0.0.1');
    expect(await started()).toEqual(['echo', 'echo-2', 'echo-3', 'root']);
  });

  it('listens at addresses of both kinds, and at paths with their permissions', async () => {
    await begun(
      '',
      `socket({ listen: '[::1]:${port}' }), socket({ listen: './echo', mode: 0o600 })`,
    );
    const file = path.join(daemon.folder, 'echo');
    expect(fs.statSync(file).mode & 0o777).toBe(0o600);
    const [v6, local] = [connect({ port, host: '::1' }), connect({ path: file })];
    expect(await v6.next()).toMatch(new RegExp(`^::1 ${port} ::1 `));
    expect((await local.next())?.trim()).toBe('');
    await Promise.all([say(v6, 'six'), say(local, 'path')]);
    const status = (await herd('status', 'echo-1')) + (await herd('status', 'echo-2'));
    expect(status).toContain(`Connection: to echo at ${file}, from local process.`);
  });

  it('tells of who has left before he was accepted that nobody knows who he was', async () => {
    await begun();
    const { main } = keeperPids(path.join(daemon.folder, 'keeper'));
    for (const each of main) process.kill(each, 'SIGSTOP');
    const { socket } = connect();
    await once(socket, 'connect');
    socket.resetAndDestroy();
    for (const each of main) process.kill(each, 'SIGCONT');
    const words = `Accepted connection on 127.0.0.1:${port} from somebody who has left.`;
    const log = path.join(daemon.folder, 'log', 'shepherd.log');
    await eventually('him', () => fs.readFileSync(log, 'utf8').includes(words));
  });

  it('outlives its shepherd with whom it serves, and who comes meanwhile is served by the next', async () => {
    await begun();
    const [one, two] = [connect(), connect()];
    for (const each of [one, two]) await each.next();
    const pid = await say(one, 'before');
    await daemon.kill('SIGKILL');
    expect(await say(one, 'meanwhile')).toBe(pid);
    two.socket.end();
    const [third, fourth] = [connect(), connect()];
    daemon = await place.again(daemon);
    for (const each of [third, fourth]) expect(await each.next()).toContain('127.0.0.1');
    expect(await say(one, 'after')).toBe(pid);
    expect(await started()).toEqual(['echo', 'echo-1', 'echo-3', 'echo-4', 'root']);
    expect(await herd('status', 'echo-1')).toContain(`Main PID: ${pid}\n`);
    expect(await herd('status', 'echo')).toContain('Connections: 3 of 100.');
    await herd('stop', 'echo-1');
    expect(isAlive(pid)).toBe(false);
  });

  it('closes its sockets when it is stopped, and whom it serves it serves to the end', async () => {
    await begun();
    const one = connect();
    await one.next();
    await herd('stop', 'echo');
    const late = connect();
    expect(await late.next()).toBeUndefined();
    await say(one, 'still');
    expect(await started()).toEqual(['echo-1', 'root']);
    await herd('start', 'echo');
    expect(await herd('status', 'echo')).toContain('Connections: 1 of 100.');
    expect(await connect().next()).toContain('127.0.0.1');
    // All end with the shepherd, as all services do.
    const pid = await say(one, 'last');
    await herd('stop', 'root');
    await daemon.ended;
    expect(isAlive(pid)).toBe(false);
  });

  it('is changed and removed by a reload, and whom it serves it serves to the end', async () => {
    await begun();
    const one = connect();
    await one.next();
    const pid = await say(one, 'before');
    const file = path.join(daemon.folder, 'shepherd.config.ts');
    const write = (services: string): void => fs.writeFileSync(file, configOf('A', services));
    const before = fs.readFileSync(file, 'utf8');
    fs.writeFileSync(
      file,
      before.replace('autoStart: true,', 'autoStart: true, maxConnections: 1,'),
    );
    expect(await herd('reload', '--dry-run')).toContain('echo');
    expect(await say(one, 'tried')).toBe(pid);
    await herd('reload');
    await herd('restart', 'echo');
    expect(await herd('status', 'echo')).toContain('Connections: 1 of 1');
    expect(await connect().next()).toBeUndefined();
    write(`service({ provision: ['echo-1'], start: exec(['sleep', '1000']) })`);
    const refusal = "the name 'echo-1' is in use by a connection";
    expect(await herd('reload', '--dry-run')).toContain(refusal);
    expect(await herd('reload')).toContain(refusal);
    write('');
    expect(await herd('reload', '--dry-run')).toContain('echo');
    expect(await herd('reload')).toContain('Removed echo.');
    expect(await started()).toEqual(['echo-1', 'root']);
    expect(await say(one, 'still')).toBe(pid);
    one.socket.end();
    await eventually('its end', async () => (await started()).join() === 'root');
  });

  it('gives nobody the connection of another where the keeper loses those that it has', async () => {
    await begun();
    const one = connect();
    await one.next();
    const pid = await say(one, 'before');
    const { main, heir } = keeperPids(path.join(daemon.folder, 'keeper'));
    for (const each of [...main, ...heir]) process.kill(each, 'SIGKILL');
    const next = async (): Promise<Client> => {
      for (;;) {
        const client = connect();
        if ((await client.next()) !== undefined) return client;
      }
    };
    const later = await next();
    expect(await say(later, 'later')).not.toBe(pid);
    expect(await say(one, 'after')).toBe(pid);
  });

  it('is refused in words by a shepherd without a keeper', async () => {
    await begun('', '', { options: ['--keeper=none'] });
    expect(await herd('start', 'echo')).toContain(
      'only a shepherd with its keeper can hold sockets for a service; this one has none (herd status root says why)',
    );
  });
});
