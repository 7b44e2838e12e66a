/** What the keeper itself takes of whoever is connected, frame by frame. */
import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import fs from 'node:fs';
import net from 'node:net';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import { startBytes } from '../../../packages/shepherd/src/node/keeper/limits.ts';
import {
  families,
  flags,
  FrameReader,
  FrameWriter,
  protocolVersion,
  styles,
  tags,
  types,
  ways,
  type Said,
} from '../../../packages/shepherd/src/node/keeper/protocol.ts';
import { isWithoutKeeper, keeperPids, keeperProgram, whyNoKeeper } from '../../support/keepers.ts';
import { isAlive, makeFolder, textOf, until } from './support.ts';

/** Errnos of Linux. */
const [EPERM, ESRCH, E2BIG, EINVAL] = [1, 3, 7, 22];
const isRoot = process.getuid?.() === 0;
const nobody = 65_534;

describe.skipIf(isWithoutKeeper)(`the keeper${whyNoKeeper}`, () => {
  let folder: string;
  const keepers: ChildProcess[] = [];
  const at = () => path.join(folder, 'keeper');

  /** Settles with what it says first, or with how it has ended. */
  const startKeeper = (where = at(), as = {}, program = keeperProgram): Promise<string> =>
    new Promise((resolve) => {
      const child = spawn(program, ['anchor', where], {
        ...as,
        stdio: ['ignore', 'pipe', 'ignore'],
        detached: true,
      });
      keepers.push(child);
      child.stdout.once('data', (chunk: Buffer) => resolve(chunk.toString()));
      child.once('exit', (code) => resolve(`ended with ${code}`));
    });
  /** A connection to a socket that is there already, and may not be listened on yet. */
  const dialled = async (at: string): Promise<net.Socket> => {
    for (;;) {
      const socket = net.connect(at);
      const isOpen = new Promise((resolve) => {
        socket.once('connect', () => resolve(true)).once('error', () => resolve(false));
      });
      if (await isOpen) return socket;
    }
  };
  /** A connection that has said hello, and everything that it hears. */
  const connect = async (where = at()) => {
    const socket = await dialled(path.join(where, 'socket'));
    const reader = new FrameReader();
    const heard: Said[] = [];
    socket.on('data', (chunk: Buffer) => heard.push(...reader.push(chunk)));
    socket.on('error', () => undefined);
    const version = [protocolVersion];
    socket.write(
      new FrameWriter(types.hello)
        .numbers(tags.version, version)
        .numbers(tags.version, version)
        .frame(),
    );
    await until('all of its table', () => heard.some(({ kind }) => kind === 'told'));
    return { socket, heard };
  };
  /** What it answers to one frame that is no hello. */
  const answerTo = async (frame: Buffer, where = at()): Promise<Said | undefined> => {
    const { socket, heard } = await connect(where);
    const before = heard.length;
    socket.write(frame);
    await until('an answer', () => heard.length > before || socket.closed);
    return heard[before];
  };
  const refused = (id: string, step: string, error: number): Said => ({
    kind: 'refused',
    ...{ id, step, error },
  });
  /** Nobody has this id: what is refused for that has passed every check. */
  const signal = (id = 'nobody'): FrameWriter =>
    new FrameWriter(types.signal).text(tags.id, id).numbers(tags.signal, [15]);

  beforeEach(async () => {
    folder = makeFolder();
    expect(await startKeeper()).toBe('ready\n');
  });
  afterEach(async () => {
    for (const each of keepers.splice(0)) each.kill('SIGKILL');
    await until('its end', () => keeperPids(at()).main.length === 0);
    fs.rmSync(folder, { recursive: true, force: true });
  });

  it('takes an id of 64 bytes, and gives back none that is longer', async () => {
    const id = 'x'.repeat(64);
    expect(await answerTo(signal(id).frame())).toEqual(refused(id, 'signal', ESRCH));
    expect(await answerTo(signal(`${id}x`).frame())).toEqual(refused('', 'request', EINVAL));
    const longest = 'x'.repeat(startBytes - 41);
    expect(await answerTo(signal(longest).frame())).toEqual(refused('', 'request', EINVAL));
    expect(await answerTo(signal('../x').frame())).toEqual(refused('', 'request', EINVAL));
  });

  it.each([
    ['arguments', 4096, (frame: FrameWriter) => frame.text(tags.arg, 'x')],
    ['variables', 4096, (frame: FrameWriter) => frame.text(tags.env, 'A=b')],
    ['groups', 64, (frame: FrameWriter, n: number) => frame.numbers(tags.group, [n])],
    ['limits', 16, (frame: FrameWriter) => frame.numbers(tags.limit, [7, 1, 1])],
    ['files', 36, (frame: FrameWriter, n: number) => frame.numbers(tags.open, [n, 0], '/x')],
  ] as const)('takes all %s up to %i, and not one more', async (_what, most, add) => {
    const frame = signal();
    for (let n = 0; n < most; n += 1) add(frame, n);
    expect(await answerTo(Buffer.from(frame.frame()))).toEqual(refused('nobody', 'signal', ESRCH));
    add(frame, most);
    expect(await answerTo(frame.frame())).toEqual(refused('nobody', 'request', E2BIG));
  });

  const listen = (id: string, host: string, family: number = families.unix, port = 0) =>
    new FrameWriter(types.listen)
      .text(tags.id, id)
      .numbers(tags.place, [family, port], host)
      .numbers(tags.backlog, [8]);
  it('takes a path of 107 bytes for a socket, an address, and no other place', async () => {
    const wrong = (id: string) => refused(id, 'request', EINVAL);
    expect(await answerTo(listen('a', `/${'x'.repeat(107)}`).frame())).toEqual(wrong('a'));
    expect(await answerTo(listen('a', 'x').frame())).toEqual(wrong('a'));
    expect(await answerTo(listen('a', '/x', families.unix, 1).frame())).toEqual(wrong('a'));
    expect(await answerTo(listen('a', '127.0.0.1', 5, 80).frame())).toEqual(wrong('a'));
    expect(await answerTo(listen('a', '127.0.0.1', families[4], 65_536).frame())).toEqual(
      wrong('a'),
    );
    expect(await answerTo(listen('a', 'localhost', families[4], 80).frame())).toEqual(
      refused('a', 'listen', EINVAL),
    );
    const both = listen('a', '/x').numbers(tags.style, [styles.datagram | styles.accepts]);
    expect(await answerTo(both.frame())).toEqual(wrong('a'));
    const longest = path.join(folder, 'x'.repeat(106 - folder.length));
    expect(await answerTo(listen('a', longest).frame())).toEqual({ kind: 'listening', id: 'a' });
  });

  it.each([
    ['backlog', 0, 65_535],
    ['mode', 0, 0o777],
    ['style', 0, styles.accepts],
    ['connection', 1, 2n ** 63n - 1n],
    ['pid', 1, 2 ** 31 - 1],
    ['flags', 0, 31],
    ['umask', 0, 0o777],
    ['nice', -20, 19],
    ['oom', -1_000, 1_000],
    ['uid', 0, 2 ** 32 - 2],
    ['gid', 0, 2 ** 32 - 2],
  ] as const)(
    'takes a number for %s from %i to %i, and none below or above',
    async (tag, from, to) => {
      const answer = (number: bigint) => answerTo(signal().numbers(tags[tag], [number]).frame());
      for (const number of [BigInt(from), BigInt(to)])
        expect(await answer(number)).toEqual(refused('nobody', 'signal', ESRCH));
      for (const number of [BigInt(from) - 1n, BigInt(to) + 1n])
        expect(await answer(number)).toEqual(refused('nobody', 'request', EINVAL));
    },
  );

  it('leaves no path of a socket that it may not give away', async () => {
    if (isRoot) fs.chownSync(folder, nobody, nobody);
    const other = path.join(folder, 'other');
    const as = isRoot ? { uid: nobody, gid: nobody } : {};
    // Where this was cloned others may have no right to be.
    const program = path.join(folder, 'program');
    fs.copyFileSync(keeperProgram, program);
    expect(await startKeeper(other, as, program)).toBe('ready\n');
    const file = path.join(folder, 'given');
    const frame = listen('a', file).numbers(tags.uid, [0]).frame();
    expect(await answerTo(frame, other)).toEqual(refused('a', 'listen', EPERM));
    expect(fs.existsSync(file)).toBe(false);
  });

  it('hands 16 sockets to a start, each at a descriptor of its own from 3 on, and no more', async () => {
    const frame = signal();
    for (let at = 0; at < 16; at += 1) frame.numbers(tags.socket, [3 + at, 0], 'a');
    expect(await answerTo(Buffer.from(frame.frame()))).toEqual(refused('nobody', 'signal', ESRCH));
    frame.numbers(tags.socket, [19, 0], 'a');
    expect(await answerTo(frame.frame())).toEqual(refused('nobody', 'request', E2BIG));
    const wrong = refused('nobody', 'request', EINVAL);
    for (const at of [0, 2, 256])
      expect(await answerTo(signal().numbers(tags.socket, [at, 0], 'a').frame())).toEqual(wrong);
    const twice = signal().numbers(tags.socket, [3, 0], 'a').numbers(tags.socket, [3, 0], 'b');
    expect(await answerTo(twice.frame())).toEqual(wrong);
  });

  it('accepts one at a time where it is asked to, and gives the connection to a start', async () => {
    const file = path.join(folder, 'inetd');
    const { socket, heard } = await connect();
    const hears = (kind: Said['kind']) =>
      until(kind, () => heard.splice(0).find((said) => said.kind === kind));
    const inetd = listen('in', file).numbers(tags.style, [styles.accepts]);
    socket.write(inetd.frame());
    await hears('listening');
    const [first, second] = [net.connect(file), net.connect(file)];
    const watch = new FrameWriter(types.watch).text(tags.id, 'in').frame();
    socket.write(watch);
    const numberOf = (said: Said): number =>
      said.kind === 'connection' ? (said.arrival?.number ?? 0) : 0;
    const one = numberOf(await hears('connection'));
    const log = path.join(folder, 'log');
    fs.writeFileSync(log, '');
    const start = (id: string, connection: number) =>
      new FrameWriter(types.start)
        .text(tags.id, id)
        .text(tags.file, '/bin/sh')
        .text(tags.cwd, '/')
        .text(tags.arg, 'sh')
        .text(tags.arg, '-c')
        .text(tags.arg, 'read word; echo "got $word"; echo gone >&2')
        .numbers(tags.open, [2, ways.log], log)
        .numbers(tags.connection, [connection])
        .frame();
    socket.write(start('c-1', one));
    first.write('one\n');
    const said = await new Promise<string>((resolve) => {
      first.once('data', (chunk: Buffer) => resolve(chunk.toString()));
    });
    expect(said).toBe('got one\n');
    await until('its errors', () => fs.readFileSync(log, 'utf8') === 'gone\n');
    // Who comes next waits for the next WATCH; what is dropped is closed.
    socket.write(watch);
    const two = numberOf(await hears('connection'));
    expect(two).toBeGreaterThan(one);
    const closed = new Promise((resolve) => second.once('close', resolve));
    second.resume();
    socket.write(new FrameWriter(types.drop).numbers(tags.connection, [two]).frame());
    await closed;
    socket.write(start('c-2', two));
    expect(await hears('refused')).toEqual(refused('c-2', 'listen', 103));
    socket.write(new FrameWriter(types.close).text(tags.id, 'in').frame());
    await hears('closed');
    expect(fs.existsSync(file)).toBe(false);
  });

  it('keeps sockets, and who waits at them, when main goes on as another program', async () => {
    const file = path.join(folder, 'kept');
    const { socket, heard } = await connect();
    socket.write(listen('kept', file).frame());
    await until('a socket', () => heard.find(({ kind }) => kind === 'listening'));
    const client = net.connect(file);
    client.on('error', () => undefined); // nobody has ever accepted it
    await until('a connection', () => !client.connecting);
    const renew = (program: string) =>
      new FrameWriter(types.renew).text(tags.file, program).frame();
    // One that cannot be executed changes nothing.
    socket.write(renew('/no/such'));
    await until('a refusal', () => heard.find(({ kind }) => kind === 'refused'));
    socket.write(renew(keeperProgram));
    await until('the end of the connection', () => socket.closed);
    const next = await connect();
    expect(next.heard).toContainEqual({ kind: 'listening', id: 'kept' });
    next.socket.write(new FrameWriter(types.watch).text(tags.id, 'kept').frame());
    await until('who has waited', () => next.heard.find(({ kind }) => kind === 'connection'));
    expect(client.closed).toBe(false);
    next.socket.write(new FrameWriter(types.close).text(tags.id, 'kept').frame());
    await until('its end', () => client.closed);
  });

  it('as init ends what was followed with all else, also where that leads no group', async () => {
    const where = path.join(folder, 'init');
    const init = spawn(keeperProgram, ['init', where, 'sleep', '600'], { stdio: 'ignore' });
    keepers.push(init);
    await until('it listens', () => fs.existsSync(path.join(where, 'socket')));
    const { socket, heard } = await connect(where);
    const file = path.join(folder, 'pid');
    const states = () => heard.flatMap((said) => (said.kind === 'state' ? [said] : []));
    socket.write(
      new FrameWriter(types.start)
        .text(tags.id, 'f')
        .text(tags.file, '/bin/sh')
        .text(tags.cwd, '/')
        .text(tags.arg, 'sh')
        .text(tags.arg, '-c')
        .text(tags.arg, `sleep 600 & echo $! > ${file}; exit 0`)
        .numbers(tags.flags, [flags.handsOver])
        .frame(),
    );
    const pid = await until('its number', () => Number(textOf(file)) || undefined);
    onTestFinished(() => void spawnSync('kill', ['-9', String(pid)]));
    await until('that it runs', () => states().some(({ state }) => state === 'running'));
    socket.write(new FrameWriter(types.follow).text(tags.id, 'f').numbers(tags.pid, [pid]).frame());
    await until('it is followed', () => states().some((said) => said.pid === pid));
    const ended = new Promise((resolve) => init.once('exit', resolve));
    init.kill('SIGTERM');
    expect(await ended).toBe(128 + 15);
    expect(isAlive(pid)).toBe(false);
  });

  it('takes descriptors up to 255, each once, and whole paths alone', async () => {
    const file = (descriptor: number, name = '/x') =>
      signal().numbers(tags.open, [descriptor, ways.read], name);
    const wrong = refused('nobody', 'request', EINVAL);
    expect(await answerTo(file(255).frame())).toEqual(refused('nobody', 'signal', ESRCH));
    expect(await answerTo(file(256).frame())).toEqual(wrong);
    expect(await answerTo(file(9, 'x').frame())).toEqual(wrong);
    const twice = file(9).numbers(tags.open, [9, ways.read], '/y');
    expect(await answerTo(twice.frame())).toEqual(wrong);
  });

  it('takes a frame of 1 MiB, and ends the connection of whoever says that one is longer', async () => {
    const frame = signal().text(tags.arg, 'x'.repeat(startBytes - 8 - 8 - 7 - 16 - 8 - 1));
    expect(frame.frame()).toHaveLength(startBytes);
    expect(await answerTo(frame.frame())).toEqual(refused('nobody', 'signal', ESRCH));
    const longer = Buffer.from(signal().frame());
    longer.writeUInt32LE(startBytes + 1, 0);
    expect(await answerTo(longer)).toBeUndefined();
  });

  it('is held by no start that hangs before its program: neither its connection nor its lock', async () => {
    // No group of the kernel's has such a file: this is what hangs as a dead disk does.
    expect(spawnSync('mkfifo', [path.join(folder, 'cgroup.procs')]).status).toBe(0);
    const first = await connect();
    const hanging = new FrameWriter(types.start)
      .text(tags.id, 'hangs')
      .text(tags.file, '/bin/true')
      .text(tags.arg, 'true')
      .text(tags.cwd, '/')
      .text(tags.cgroup, folder);
    first.socket.write(hanging.frame());
    const { anchor } = keeperPids(at());
    const child = await until('its child', () => childrenOf(anchor[0]).find(leadsItself));
    onTestFinished(() => void spawnSync('kill', ['-9', child]));
    await until('it hangs', () => fieldsOf(child)[0] === 'S');
    const second = await connect();
    await until('the end of the first connection', () => first.socket.closed);
    expect(second.heard.filter(({ kind }) => kind === 'state')).toHaveLength(1);
    process.kill(anchor[0] ?? 0, 'SIGKILL');
    await until('the end of its main', () => keeperPids(at()).main.length === 0);
    expect(await startKeeper()).toBe('ready\n');
    const third = await connect();
    third.socket.write(
      new FrameWriter(types.signal).text(tags.id, 'hangs').numbers(tags.signal, [9]).frame(),
    );
    await until('its end', () =>
      third.heard.some((one) => 'state' in one && one.state === 'ended'),
    );
  });
});

const fieldsOf = (pid: number | string): readonly string[] => {
  try {
    const stat = fs.readFileSync(`/proc/${pid}/stat`, 'latin1');
    return stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  } catch {
    return []; // it has ended
  }
};
const childrenOf = (parent: number | undefined): readonly string[] =>
  fs
    .readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name) && fieldsOf(name)[1] === String(parent));
const leadsItself = (pid: string): boolean => fieldsOf(pid)[3] === pid;
