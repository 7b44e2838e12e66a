/** What becomes of sockets, and of who comes to them, when the keeper's main is killed. */
import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import net from 'node:net';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  makeLogFiles,
  openKeeper,
  Starts,
  type KeeperBackend,
} from '../../../packages/shepherd/src/node/index.ts';
import type { SocketConfig } from '../../../packages/shepherd/src/words/socket-types.ts';
import type { Arrival, Command, StartManner } from '../../../packages/shepherd/src/words/types.ts';
import {
  isWithoutKeeper,
  keeperPids,
  keptFrom,
  whyNoKeeper,
  type KeeperPids,
} from '../../support/keepers.ts';
import { freePort } from '../../support/programs.ts';
import { answerOf, isAlive, makeFolder, textOf, until } from './support.ts';

describe.skipIf(isWithoutKeeper)(`a keeper whose main is killed${whyNoKeeper}`, () => {
  let folder: string;
  let backend: KeeperBackend;
  let port: number;
  let logged: string[];
  const at = () => path.join(folder, 'keeper');
  const open = async (): Promise<void> => {
    backend = await openKeeper({
      env: { PATH: process.env['PATH'] },
      cwd: folder,
      logFiles: makeLogFiles({ folder: path.join(folder, 'log'), wall: Date.now }),
      starts: new Starts(path.join(folder, 'starts')),
      log: (event) => logged.push(event),
      ...keptFrom(at()),
    });
  };
  let anchor: number;
  /** Who has which role now: children of the anchor by their names, which is quicker than a look at all processes. */
  const roles = (): Pick<KeeperPids, 'main' | 'heir'> => {
    const found = { main: [] as number[], heir: [] as number[] };
    for (const pid of textOf(`/proc/${anchor}/task/${anchor}/children`).trim().split(' ')) {
      const role = /^keeper-(main|heir)\n$/.exec(textOf(`/proc/${pid}/comm`))?.[1];
      if (isAlive(Number(pid)) && role !== undefined) found[role as 'main'].push(Number(pid));
    }
    return found;
  };
  /** What the kernel says of a process, from its state on. */
  const statOf = (pid: number): readonly string[] =>
    textOf(`/proc/${pid}/stat`).split(') ').at(-1)?.split(' ') ?? [];
  const isAsleep = (pid: number): boolean => statOf(pid)[0] === 'S';
  /** Whether a main has made this heir, and not the other way round: before it names itself an heir looks like main. */
  const isOf = (main: number, heir: number): boolean => {
    const laterBy = Number(statOf(heir)[19]) - Number(statOf(main)[19]);
    return laterBy > 0 || (laterBy === 0 && heir > main);
  };
  const clients: net.Socket[] = [];
  beforeEach(async () => {
    folder = makeFolder();
    logged = [];
    port = await freePort();
    await open();
    anchor = await until('its anchor', () => keeperPids(at()).anchor[0]);
  });
  afterEach(async () => {
    for (const client of clients.splice(0)) client.destroy();
    await closed('web');
    backend.close();
    await until('the end of the keeper', () => !isAlive(anchor));
    fs.rmSync(folder, { recursive: true, force: true });
  });

  const how = {
    style: 'stream',
    backlog: 64,
    bindAttempts: 1,
    mode: 0o600,
    folderMode: 0o700,
  } as const;
  const tcp = (): SocketConfig => ({
    ...how,
    name: 'tcp',
    place: { family: 4, host: '127.0.0.1', port },
  });
  const file = () => path.join(folder, 'socket');
  const unix = (): SocketConfig => ({
    ...how,
    name: 'unix',
    place: { family: 'unix', host: file(), port: 0 },
  });
  const listening = (...sockets: readonly SocketConfig[]) => {
    const { answer, value } = answerOf<undefined>();
    backend.listen('web', sockets, answer);
    return value;
  };
  const closed = (service: string) => {
    const { answer, value } = answerOf<undefined>();
    backend.unlisten(service, answer);
    return value;
  };
  const arrived = () => {
    const { answer, value } = answerOf<Arrival>();
    backend.connection('web', answer);
    return value;
  };
  const roleOf = async (role: 'main' | 'heir'): Promise<number> =>
    until(`its ${role}`, () => roles()[role][0]);
  /** Kills one process, and waits until another has its role. */
  const kill = async (role: 'main' | 'heir'): Promise<number> => {
    const before = await roleOf(role);
    process.kill(before, 'SIGKILL');
    return until(`another ${role}`, () => roles()[role].find((pid) => pid !== before));
  };
  /** Somebody who comes, and what he was told when it is over; rejects where nobody listens. */
  const come = (to: net.NetConnectOpts = { port, host: '127.0.0.1' }) => {
    const client = net.connect(to);
    clients.push(client);
    let text = '';
    client.on('data', (chunk: Buffer) => (text += chunk.toString()));
    const connected = new Promise<void>((kept, broken) => {
      client.once('connect', kept);
      client.once('error', broken);
    });
    const said = new Promise<string>((kept, broken) => {
      client.once('end', () => kept(text));
      client.once('error', broken);
    });
    for (const each of [connected, said]) each.catch(() => undefined); // whoever waits for it hears of it
    return { client, connected, said };
  };
  /** Until somebody listens there again. */
  const served = async (to: net.NetConnectOpts): Promise<void> => {
    const isServed = (): Promise<boolean> =>
      come(to).connected.then(
        () => true,
        () => false,
      );
    while (!(await isServed())) await new Promise((go) => setTimeout(go, 10));
  };
  /** Accepts one after the other, tells each what it has open, and is gone after so many. */
  const server = (count: number): Command => ({
    argv: [
      process.execPath,
      '-e',
      `const net = require('net'), fs = require('fs'); let left = ${count};
       const open = fs.readdirSync('/proc/self/fd').filter((fd) => {
         try { return fs.readlinkSync('/proc/self/fd/' + fd).startsWith('socket:'); } catch { return false; } });
       for (let fd = 3; fd < 3 + Number(process.env.LISTEN_FDS); fd++)
         net.createServer((socket) => socket.end(open.join(), () => --left === 0 && process.exit(0))).listen({ fd });`,
    ],
  });
  const startOf = (command: Command, manner: StartManner, startId = 'w-1') => {
    const [started, ended] = [answerOf<unknown>(), answerOf<unknown>()];
    backend.start({ startId, service: 'web', command, ...manner }, started.answer, ended.answer);
    return ended.value;
  };

  it('has an heir where it has sockets, and else none', async () => {
    expect(roles().heir).toEqual([]);
    await listening(tcp());
    const main = await roleOf('main');
    const heir = await roleOf('heir');
    expect(await kill('main')).toBe(heir);
    expect(isAlive(main)).toBe(false);
    await kill('heir');
    expect(roles().main).toEqual([heir]);
    await closed('web');
    await until('its end', () => roles().heir.length === 0);
    expect(roles().main).toEqual([heir]);
  });

  it('refuses nobody: who waited and who comes meanwhile is served, at an address and at a path', async () => {
    await listening(tcp(), unix());
    const early = [come(), come({ path: file() })];
    await Promise.all(early.map(({ connected }) => connected));
    const meanwhile: ReturnType<typeof come>[] = [];
    let last = 0;
    for (let times = 0; times < 3; times += 1) {
      // Who was killed before may still be seen, and nobody keeps the sockets of a main that has no heir yet, or one
      // that does not wait yet.
      last = await until('a main and its heir', () => {
        const { main, heir } = roles();
        const found = main.find((pid) => pid !== last);
        const [own, ...others] = heir;
        const isReady = found !== undefined && own !== undefined && others.length === 0;
        return isReady && isAsleep(own) && isOf(found, own) ? found : undefined;
      });
      process.kill(last, 'SIGKILL');
      for (let count = 0; count < 4; count += 1) {
        meanwhile.push(come(), come({ path: file() }));
        await new Promise((go) => setImmediate(go));
      }
    }
    const all = [...early, ...meanwhile, come()];
    await Promise.all(all.map(({ connected }) => connected));
    const ended = startOf(server(all.length), { sockets: [tcp(), unix()] });
    // Nothing of the keeper's is among what it has.
    expect(new Set(await Promise.all(all.map(({ said }) => said)))).toEqual(new Set(['3,4']));
    expect(await ended).toEqual({ code: 0 });
  });

  it('closes them when it is told to, and there is nobody else who has them', async () => {
    await listening(tcp(), unix());
    await kill('main');
    await roleOf('heir'); // without one they would be lost with main, and nobody would know of the file
    process.kill(await roleOf('main'), 'SIGKILL');
    await closed('web');
    await expect(come().connected).rejects.toThrow('ECONNREFUSED');
    expect(fs.existsSync(file())).toBe(false);
    await listening(tcp(), unix());
    await come().connected;
  });

  it('still has whom it has accepted, by his number, and lets go of who was given to a start', async () => {
    await listening({ ...tcp(), accepts: true });
    const one = come();
    const { number } = await arrived();
    await kill('main');
    const cat: Command = { argv: ['sh', '-c', 'read -r word; echo "$word too"'] };
    const ended = startOf(cat, { connection: { arrival: { number }, of: 'web' } });
    one.client.write('you\n');
    expect(await one.said).toBe('you too\n');
    expect(await ended).toEqual({ code: 0 });
    const two = come();
    const next = await arrived();
    expect(next.number).toBeGreaterThan(number);
    await kill('main');
    // What is dropped while nobody is connected is told once more.
    expect(await startOf({ argv: ['true'] }, {}, 'w-2')).toEqual({ code: 0 });
    backend.drop(next.number);
    expect(await two.said).toBe('');
  });

  it('opens them again where its heir was killed with it', async () => {
    await listening(tcp(), unix());
    const { main, heir } = roles();
    for (const pid of [...main, ...heir]) process.kill(pid, 'SIGKILL');
    // The heir may have had its role for a moment.
    const before = [...main, ...heir];
    await until('another one', () => roles().main.some((pid) => !before.includes(pid)));
    await until('its sockets', () => roles().heir.some((pid) => !before.includes(pid)));
    for (const to of [{ port, host: '127.0.0.1' }, { path: file() }]) await served(to);
    expect(logged.filter((event) => event === 'socket.lost')).toHaveLength(2);
  });

  it('asks whether a service still has the path of one it has lost, and is no client of it', async () => {
    await listening({ ...unix(), bindAttempts: 9 });
    const ended = startOf(server(2), { sockets: [unix()] });
    expect(await come({ path: file() }).said).toBe('3');
    for (const pid of Object.values(roles()).flat()) process.kill(pid, 'SIGKILL');
    await until('a look at the place', () => logged.includes('socket.busy'));
    // Had the keeper been a client of it, it would have had its two.
    expect(await come({ path: file() }).said).toBe('3');
    expect(await ended).toEqual({ code: 0 });
  });

  it('begins without what it had where it cannot come up with it', async () => {
    await listening(tcp());
    const [main, heir] = [await roleOf('main'), await roleOf('heir')];
    // What is executed there next has no room to run in.
    expect(spawnSync('prlimit', ['--pid', `${heir}`, '--data=4096', '--as=4096']).status).toBe(0);
    process.kill(main, 'SIGKILL');
    await until('another one', () => roles().main.some((pid) => pid !== main && pid !== heir));
    await until('its sockets', () => roles().heir.some((pid) => pid !== heir));
    await served({ port, host: '127.0.0.1' });
    expect(textOf(path.join(at(), 'log'))).not.toContain('cannot watch');
  });
});
