/** The system log's program alone, and senders of datagrams. */
import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import dgram from 'node:dgram';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { onTestFinished } from 'vitest';
import { keeperProgram } from './keepers.ts';

/** A folder that is gone after the test. */
export const freshFolder = (): string => {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'bellwether-syslog-'));
  onTestFinished(() => fs.rmSync(folder, { recursive: true, force: true }));
  return folder;
};

/** Numbers below a bound, the same ones in each run. */
export const seeded = (seed: number) => {
  let state = seed;
  return (below: number): number => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
};

/** Every facility and level. */
export const everything = 'ff'.repeat(24);
/** The mask of a rule: levels by facility. */
export const maskOf = (chosen: Readonly<Record<number, readonly number[]>>): string =>
  Array.from({ length: 24 }, (_, facility) =>
    (chosen[facility] ?? [])
      .reduce((bits, level) => bits | (1 << level), 0)
      .toString(16)
      .padStart(2, '0'),
  ).join('');

/** A configuration: what a test says of it, and what it needs besides. */
export const configured = (...lines: readonly string[]): string => {
  const usual = { rotate: '1000000 3', mark: '0', flood: '0 0', stamp: 'seconds', senders: '0' };
  const rest = Object.entries(usual).filter(
    ([word]) => !lines.some((line) => line.startsWith(`${word} `)),
  );
  return [...lines, ...rest.map((pair) => pair.join(' '))].map((line) => `${line}\n`).join('');
};

/** One that was started. */
export interface Begun {
  readonly process: ChildProcess;
  /** What it has printed. */
  output(): string;
  /** Its exit code, once it has ended. */
  readonly ended: Promise<number | null>;
}

/** Starts it; settles when it says that it listens, or has ended. */
export const beginLog = async (config: string, folder = freshFolder()): Promise<Begun> => {
  const file = path.join(folder, 'output');
  const out = fs.openSync(file, 'a');
  const child = spawn(keeperProgram, ['syslog', '3'], { stdio: ['pipe', out, out, 'pipe'] });
  fs.closeSync(out);
  const ended = new Promise<number | null>((resolve) => child.on('exit', resolve));
  onTestFinished(async () => {
    child.kill('SIGKILL');
    await ended;
  });
  child.stdin?.on('error', () => undefined); // one that refuses what it reads goes before the end of it
  child.stdin?.end(config);
  const isReady = new Promise((resolve) => child.stdio[3]?.once('data', resolve));
  await Promise.race([isReady, ended]);
  return { process: child, output: () => fs.readFileSync(file, 'utf8'), ended };
};

const perl = `use Socket; socket(my $s, AF_UNIX, SOCK_DGRAM, 0) or die $!;
connect($s, sockaddr_un($ARGV[0])) or die $!; setsockopt($s, SOL_SOCKET, SO_SNDBUF, 1 << 20);
while (<STDIN>) { chomp; my $m = pack('H*', $_); defined(send($s, $m, 0)) or die $!; }`;
/** Whether there is what sends to a unix socket: Node has no datagrams there. */
export const isWithoutPerl = spawnSync('perl', ['-MSocket', '-e', '1']).status !== 0;
export const whyNoPerl = isWithoutPerl ? ' (no perl here)' : '';

/** Sends datagrams to a unix socket; throws where one was not taken. */
export const sendUnix = (socket: string, ...messages: readonly (string | Buffer)[]): void => {
  const input = messages.map((one) => `${Buffer.from(one).toString('hex')}\n`).join('');
  const { status, stderr } = spawnSync('perl', ['-e', perl, socket], { input, encoding: 'utf8' });
  if (status !== 0) throw new Error(`perl: ${stderr}`);
};

const python = `import os, socket, sys
s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM); s.connect(sys.argv[1])
try: socket.send_fds(s, [b'along'], [0, 0])
except OSError as e: print(e.strerror)`;
/** Whether there is what sends descriptors along. */
export const isWithoutPython =
  spawnSync('python3', ['-c', 'import socket; socket.send_fds']).status !== 0;
export const whyNoPython = isWithoutPython ? ' (no python3 of 3.9 here)' : '';
/** Sends a datagram with two descriptors; gives the reason where it was refused, else nothing. */
export const sendRights = (socket: string): string =>
  spawnSync('python3', ['-c', python, socket], { encoding: 'utf8' }).stdout.trim();

const [major = 0, minor = 0] = os.release().split('.').map(Number);
/** Whether the kernel can refuse descriptors for a socket (SO_PASSRIGHTS, since 6.16). */
export const canRefuseRights = major > 6 || (major === 6 && minor >= 16);

/** A free port of UDP: nobody else of these tests has it. */
export const freePort = async (): Promise<number> => {
  const socket = dgram.createSocket('udp4');
  await new Promise<void>((done) => socket.bind(0, '127.0.0.1', done));
  const { port } = socket.address();
  await new Promise<void>((done) => socket.close(() => done()));
  return port;
};

/** Sends datagrams from an address of this machine, one after the other. */
export const sendUdp = async (
  port: number,
  messages: readonly (string | Buffer)[],
  from = '127.0.0.1',
): Promise<void> => {
  const socket = dgram.createSocket('udp4');
  await new Promise<void>((done) => socket.bind(0, from, done));
  for (const one of messages)
    await new Promise<void>((done, failed) =>
      socket.send(one, port, '127.0.0.1', (error) => (error ? failed(error) : done())),
    );
  await new Promise<void>((done) => socket.close(() => done()));
};

/** Lines of a file without their stamps; none where there is no file. */
export const linesOf = (file: string): readonly string[] => {
  if (!fs.existsSync(file)) return [];
  return fs
    .readFileSync(file, 'utf8')
    .split('\n')
    .slice(0, -1)
    .map((line) => line.replace(/^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d(?:\.\d{3})? /, ''));
};
