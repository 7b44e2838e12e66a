/**
 * The real programs, for tests: shepherds as processes of their own, each with a folder, and `herd` run against them.
 * Everything lies in one temporary folder, which is removed with all processes at the end of the test.
 */
import { spawn, type ChildProcess } from 'node:child_process';
import crypto from 'node:crypto';
import fs from 'node:fs';
import net from 'node:net';
import os from 'node:os';
import path from 'node:path';
import { StringDecoder } from 'node:string_decoder';
import { discard, noteEnd, noteStart, withoutTraces } from './traces.ts';

/** A bundle (scripts/bundled.mjs) does not lie where its sources do. */
const root = process.env['BELLWETHER_ROOT'] ?? path.resolve(import.meta.dirname, '..', '..');
/** The committed stubs that npm links as `herd` and `shepherd`. */
export const bins = {
  herd: path.join(root, 'packages/herd/bin/herd.cjs'),
  shepherd: path.join(root, 'packages/herd/bin/shepherd.cjs'),
};

/** What a program printed, and how it ended. */
export interface Ended {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
  readonly elapsedMs: number;
}
/** A program that runs. */
export interface Begun {
  readonly process: ChildProcess;
  readonly ended: Promise<Ended>;
  /** What it has printed so far. */
  stdout(): string;
  stderr(): string;
}
/** What a program gets beside its arguments. */
export interface How {
  readonly env?: Readonly<Record<string, string>>;
  readonly input?: string;
  /** Words before the command, of a program that ends as the command itself: `['ip', 'netns', 'exec', 'n']`. */
  readonly through?: readonly string[];
  /** Of a shepherd: further words of its command line. */
  readonly options?: readonly string[];
  /** Where it runs; default: the folder of the place. */
  readonly cwd?: string;
}
/** A shepherd that runs. */
export interface Daemon {
  readonly name: string;
  readonly folder: string;
  readonly socket: string;
  readonly process: ChildProcess;
  /** Settles when the process has ended. */
  readonly ended: Promise<Ended>;
  herd(...words: readonly string[]): Promise<Ended>;
  /** The same, without waiting for its end. */
  begin(...words: readonly string[]): Begun;
  kill(signal: NodeJS.Signals): Promise<Ended>;
}
/** One temporary folder and what runs in it. */
export interface Place {
  readonly folder: string;
  /** Writes a configuration and starts a shepherd on it; settles once it is ready, rejects with what it printed. */
  shepherd(name: string, config: string, how?: How): Promise<Daemon>;
  /** Starts the shepherd of a folder again, on the configuration that lies there. */
  again(daemon: Pick<Daemon, 'name'>, how?: How): Promise<Daemon>;
  /** Runs any program to its end. */
  run(command: string, args: readonly string[], how?: How): Promise<Ended>;
  begin(command: string, args: readonly string[], how?: How): Begun;
  herd(words: readonly string[], how?: How): Promise<Ended>;
  /** To be done by `clean`, after the processes have ended and before the folder goes; last one first. */
  atEnd(task: () => unknown): void;
  /** Ends every process that was started here, their services included, and removes the folder. */
  clean(): Promise<void>;
}

/** Makes a place; the caller cleans it. */
export const makePlace = (): Place => {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'bellwether-cli-'));
  const daemons = new Set<Daemon>();
  const env = {
    ...withoutTraces(process.env),
    HOME: folder,
    XDG_DATA_HOME: path.join(folder, 'data'),
    NO_COLOR: '1',
  };
  for (const name of ['SHEPHERD_SOCKET', 'XDG_RUNTIME_DIR', 'XDG_CONFIG_HOME', 'XDG_STATE_HOME'])
    delete (env as Record<string, unknown>)[name];

  const tasks: (() => unknown)[] = [];
  const place: Place = {
    folder,
    begin: (command, args, how = {}) => {
      const [first = command, ...rest] = [...(how.through ?? []), command, ...args];
      const { cwd = folder, input = '' } = how;
      noteStart({ words: [first, ...rest], env: how.env ?? {}, cwd, input });
      const child = spawn(first, rest, {
        env: { ...env, ...how.env },
        cwd,
        stdio: ['pipe', 'pipe', 'pipe'],
      });
      child.stdin.on('error', () => undefined); // a program that ends without reading its input
      child.stdin.end(input);
      return begun(child, [first, ...rest]);
    },
    run: (command, args, how) => place.begin(command, args, how).ended,
    herd: (words, how) => place.run(process.execPath, [bins.herd, ...words], how),
    shepherd: (name, config, how) => {
      const state = path.join(folder, name);
      fs.mkdirSync(state, { recursive: true, mode: 0o700 });
      fs.writeFileSync(path.join(state, 'shepherd.config.ts'), config, { mode: 0o600 });
      return place.again({ name }, how);
    },
    again: async ({ name }, how) => {
      const daemon = await startDaemon(place, name, how);
      daemons.add(daemon);
      return daemon;
    },
    atEnd: (task) => void tasks.push(task),
    clean: async () => {
      await Promise.all([...daemons].map((daemon) => daemon.kill('SIGTERM')));
      killServicesOf(folder);
      for (const task of tasks.reverse()) await task();
      discard(folder);
    },
  };
  return place;
};

const startDaemon = async (place: Place, name: string, how?: How): Promise<Daemon> => {
  const state = path.join(place.folder, name);
  const socket = path.join(state, 'run', 'socket');
  const config = path.join(state, 'shepherd.config.ts');
  const args = [bins.shepherd, '--config', config, '--state', state, ...(how?.options ?? [])];
  const { process: child, ended, stdout } = place.begin(process.execPath, args, how);
  await new Promise<void>((resolve, reject) => {
    child.stdout?.on('data', () => stdout().includes('is ready') && resolve());
    ended.then(
      ({ code, stdout, stderr }) =>
        reject(new Error(`shepherd ${name} ended (${code}): ${stdout}${stderr}`)),
      reject,
    );
  });
  return {
    name,
    folder: state,
    socket,
    process: child,
    ended,
    herd: (...words) => place.herd(['-s', socket, ...words]),
    begin: (...words) => place.begin(process.execPath, [bins.herd, '-s', socket, ...words]),
    kill: async (signal) => {
      child.kill(signal);
      child.kill('SIGCONT'); // a test may have stopped it
      const timer = setTimeout(() => child.kill('SIGKILL'), 60_000);
      const end = await ended;
      clearTimeout(timer);
      return end;
    },
  };
};

const begun = (child: ChildProcess, words: readonly string[]): Begun => {
  const startedAt = performance.now();
  const printed = { stdout: '', stderr: '' };
  const bytes: Record<'stdout' | 'stderr', Buffer[]> = { stdout: [], stderr: [] };
  for (const name of ['stdout', 'stderr'] as const) {
    const decoder = new StringDecoder('utf8');
    child[name]?.on('data', (chunk: Buffer) => {
      printed[name] += decoder.write(chunk);
      bytes[name].push(chunk);
    });
  }
  const ended = new Promise<Ended>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code, signal) => {
      noteEnd(words, Buffer.concat(bytes.stdout), Buffer.concat(bytes.stderr));
      resolve({ code, signal, ...printed, elapsedMs: performance.now() - startedAt });
    });
  });
  ended.catch(() => undefined); // who waits for it is told; a program that nobody waits for may be missing
  return { process: child, ended, stdout: () => printed.stdout, stderr: () => printed.stderr };
};

/** Services outlive a daemon that was killed; each has its start id and the home of the place in its environment. */
const killServicesOf = (folder: string): void => {
  for (const name of fs.readdirSync('/proc')) {
    if (!/^\d+$/.test(name)) continue;
    let words: readonly string[];
    try {
      words = fs.readFileSync(`/proc/${name}/environ`, 'utf8').split('\0');
    } catch {
      continue; // it has ended, or belongs to somebody else
    }
    if (!words.includes(`HOME=${folder}`)) continue;
    if (!words.some((word) => word.startsWith('BELLWETHER_START='))) continue;
    // Its group where it leads one; else it goes with the group that it is in.
    for (const target of [-Number(name), Number(name)])
      try {
        process.kill(target, 'SIGKILL');
      } catch {
        // It has ended since.
      }
  }
};

/** Whether a process of this number runs; one that has ended and waits to be reaped does not. */
export const isAlive = (pid: number): boolean => {
  try {
    const stat = fs.readFileSync(`/proc/${pid}/stat`, 'utf8');
    return stat.slice(stat.lastIndexOf(')') + 2, stat.lastIndexOf(')') + 3) !== 'Z';
  } catch {
    return false; // no such process
  }
};

/**
 * Waits until something holds; rejects after the limit, naming what was waited for. Looks every 20 ms, more rarely where a
 * look is a program of its own: else whoever waits takes the time of what he waits for.
 */
export const eventually = async (
  what: string,
  holds: () => boolean | Promise<boolean>,
  limitMs = 120_000,
): Promise<void> => {
  const end = performance.now() + limitMs;
  for (;;) {
    const looked = performance.now();
    if (await holds()) return;
    const now = performance.now();
    if (now > end) throw new Error(`still not so after ${limitMs} ms: ${what}`);
    const pauseMs = Math.min(Math.max(20, 2 * (now - looked)), 2_000);
    await new Promise((resolve) => setTimeout(resolve, pauseMs));
  }
};

/**
 * Milliseconds that a program may take here and now, from its start to its end, at the least as many as are given: what is
 * claimed of a time has as much slack for each program that runs meanwhile, since a machine may be slow, or busy.
 */
export const programMs = async (place: Place, leastMs: number): Promise<number> =>
  Math.max(leastMs, 3 * (await place.herd(['--version'])).elapsedMs);

/** A port that was free a moment ago, and that no other test of this run is given. */
export const freePort = async (): Promise<number> => {
  for (;;) {
    const part = crypto.randomInt(firstPlainPort / partPorts, firstPassingPort / partPorts);
    const port = part * partPorts + (worker % partPorts);
    if (given.has(port) || !(await isFree(port))) continue;
    given.add(port);
    return port;
  }
};
/** Files run at once, each in a worker: what one was given, and has not listened at yet, is free to all others. */
const worker = Number(process.env['VITEST_POOL_ID'] ?? 0);
const partPorts = 16;
const given = new Set<number>();
/** Below those that the system gives to whoever asks for any: a server that starts late still finds it free. */
const firstPassingPort = 32_768;
const firstPlainPort = 20_000;
const isFree = (port: number): Promise<boolean> =>
  new Promise((resolve) => {
    const server = net.createServer();
    server.once('error', () => resolve(false));
    server.listen(port, '127.0.0.1', () => server.close(() => resolve(true)));
  });

/** A configuration with these service entries, written as code. */
export const configOf = (name: string, services: string, listen = '{ unix: true }'): string =>
  `import {defineShepherd, every, exec, exported, fleet, logRotation, monitoring, ref, service, shell, slot, socket, systemLog, timer} from 'bellwether';
export default defineShepherd({ name: '${name}', services: [${services}], listen: ${listen} });
`;
