/**
 * Two supervisors, asked over their own sockets by whoever measures: a shepherd of Bellwether, and GNU Shepherd, where
 * GNU_ROOT names a folder that has it installed (a Debian tree with the package `shepherd`; `/` for this machine).
 * Services are the same for both: a static program, or no process at all.
 */
import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import fs from 'node:fs';
import net from 'node:net';
import path from 'node:path';
import { limits, type Outcome, type Status } from '@bellwether/shepherd';
import { openRoot } from '../../../packages/herd/src/client/root.ts';
import { rootClient } from '../../../packages/herd/src/client/local-root.ts';
import type { Line } from '../../../packages/herd/src/client/line.ts';

/** A service for either. */
export interface Described {
  readonly name: string;
  readonly requires?: readonly string[];
  /** Absent: no process. */
  readonly argv?: readonly [string, ...string[]];
  /** Comes back at once, as often as it ends. */
  readonly respawns?: true;
}
/** What its event loop was late by while something went on, in ms. */
export interface Delays {
  readonly p99Ms: number;
  readonly longestMs: number;
}
/** One that runs. */
export interface Supervisor {
  readonly pid: number;
  /** Where services write what they print. */
  logOf(service: string): string;
  /** Settles once it is started, with what it requires. @throws where it is not */
  start(service: string): Promise<void>;
  stop(service: string): Promise<void>;
  /** Of all services, as `herd status` of each asks for it. */
  status(): Promise<void>;
  /** Of our own daemon alone: with the last lines of every log, which GNU Shepherd sends in any case. */
  wholeStatus?(): Promise<void>;
  /** Of our own daemon alone: while `body` runs. */
  delaysOf?(body: () => Promise<void>): Promise<Delays>;
  /** Of the daemon, as anybody sees it. */
  residentKiB(): number;
  /** Settles when the process has ended, in good order; also where it has. */
  shutDown(): Promise<void>;
}
/** Starts one, in a folder of its own. */
export type Launch = (folder: string, services: readonly Described[]) => Promise<Supervisor>;

/** The names of so many. */
export const named = (count: number): readonly string[] =>
  Array.from({ length: count }, (_none, at) => `s${at}`);
/** Independent ones, and `all`, which requires them: by way of others, since none requires more than 1,000. */
export const independent = (
  argv: readonly [string, ...string[]],
  count: number,
): readonly Described[] => {
  const names = named(count);
  const each = names.map((name) => ({ name, argv }));
  if (count <= MOST_REQUIRED) return [...each, { name: 'all', requires: names }];
  const parts = Array.from({ length: Math.ceil(count / MOST_REQUIRED) }, (_none, at) => ({
    name: `part${at}`,
    requires: names.slice(at * MOST_REQUIRED, (at + 1) * MOST_REQUIRED),
  }));
  return [...each, ...parts, { name: 'all', requires: parts.map(({ name }) => name) }];
};
const MOST_REQUIRED = limits.requirementCount;

const LIMIT_MS = 300_000;
const root = process.env['BELLWETHER_ROOT'] ?? '.';
const patience = { waitMs: LIMIT_MS };

const isGone = (child: ChildProcess): boolean =>
  child.exitCode !== null || child.signalCode !== null;
const ended = async (child: ChildProcess): Promise<void> => {
  if (!isGone(child)) await once(child, 'exit');
};
const started = async (child: ChildProcess, what: string, isUp: () => boolean): Promise<void> => {
  const until = performance.now() + LIMIT_MS;
  while (!isUp()) {
    if (isGone(child) || performance.now() > until) throw new Error(`${what} does not come up`);
    await new Promise((done) => setTimeout(done, 5));
  }
};

/** Milliseconds for which all threads of a process have run. */
export const ranMs = (pid: number): number => {
  const stat = fs.readFileSync(`/proc/${pid}/stat`, 'latin1');
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return 10 * (Number(fields[11]) + Number(fields[12])); // USER_HZ is 100
};
const residentOf = (pid = 0): number =>
  Number(/^VmRSS:\s+(\d+)/m.exec(fs.readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]);

/** Loaded into the daemon: it tells of its event loop when it is asked, and costs nothing before. */
const probe = `import { monitorEventLoopDelay } from 'node:perf_hooks';
let delay;
process.on('message', (word) => {
  if (word === 'begin') (delay = monitorEventLoopDelay({ resolution: 1 })).enable();
  if (word === 'end') delay.disable();
  process.send(word === 'end' ? { p99Ms: delay.percentile(99) / 1e6, longestMs: delay.max / 1e6 } : 0);
});
process.channel.unref();
`;

const entry = ({ name, requires = [], argv, respawns }: Described): string =>
  JSON.stringify({
    kind: 'service',
    provision: [name],
    requirement: requires,
    log: { maxMiB: 1_024 },
    ...(argv && { start: { kind: 'exec', argv } }),
    ...(respawns && { respawn: { limit: 1_000, windowSeconds: 1, delaySeconds: 0 } }),
  });

/** Ours, built. */
export const launchOurs: Launch = async (folder, services) => {
  const config = path.join(folder, 'shepherd.config.ts');
  const probeFile = path.join(folder, 'probe.mjs');
  fs.writeFileSync(probeFile, probe);
  const list = services.map(entry).join(',\n');
  fs.writeFileSync(
    config,
    `import { defineShepherd } from 'bellwether';
export default defineShepherd({ name: 'bench', listen: { unix: true }, services: [${list}] });\n`,
    { mode: 0o600 },
  );
  const program = path.join(root, 'packages/herd/bin/shepherd.cjs');
  // As anybody starts it: what it sets for itself before Node runs is a part of it.
  const child = spawn(program, ['-c', config, '--state', folder], {
    stdio: ['ignore', 'pipe', 'inherit', 'ipc'],
    cwd: folder,
    env: { ...process.env, NODE_OPTIONS: `--import=${probeFile}` },
  });
  let said = '';
  child.stdout?.on('data', (chunk) => (said += String(chunk)));
  await started(child, 'shepherd', () => said.includes('is ready'));
  const user = { env: process.env, uid: process.getuid?.() ?? 0 };
  const line: Line = await openRoot(user, path.join(folder, 'run', 'socket'));
  const client = rootClient(line);
  await client.about(patience);
  let count = 0;
  const perform = async (member: string, action: string): Promise<void> => {
    const request = {
      ...{ operation: `bench-${(count += 1)}`, member, action, args: [] },
      ...{ remainingMs: LIMIT_MS, hops: [] },
    };
    const outcome: Outcome = await client
      .service(member)
      .perform(request, () => undefined, patience);
    if (outcome.result !== 'changed') throw new Error(`${action} ${member}: ${outcome.result}`);
  };
  const checkedAll = ({ length }: readonly Status[]): void => {
    if (length < services.length) throw new Error(`status of ${length} services`);
  };
  const told = async (word: string): Promise<unknown> => {
    const [answer] = (child.send(word), await once(child, 'message')) as readonly unknown[];
    return answer;
  };
  return {
    pid: child.pid ?? 0,
    logOf: (service) => path.join(folder, 'log', `${service}.log`),
    start: (service) => perform(service, 'start'),
    stop: (service) => perform(service, 'stop'),
    status: async () => checkedAll(await client.glance(limits.probeMs, patience)),
    wholeStatus: async () => checkedAll(await client.status([], limits.probeMs, patience)),
    delaysOf: async (body) => {
      await told('begin');
      await body();
      return (await told('end')) as Delays;
    },
    residentKiB: () => residentOf(child.pid),
    shutDown: async () => {
      if (isGone(child)) return;
      try {
        await client.shutDown(() => undefined, patience);
      } catch (reason) {
        await ended(child); // with very many services it is gone before its answer is here
        if (child.exitCode !== 0) throw reason;
      }
      await ended(child);
      line.close();
    },
  };
};

/** A Debian tree with GNU Shepherd in it; undefined: there is none. */
export const gnuRoot = process.env['GNU_ROOT'];

const scheme = (inside: string, { name, requires = [], argv, respawns }: Described): string => {
  // What lies in its root is elsewhere for it.
  const words = argv
    ?.map((word) =>
      word.startsWith(`${gnuRoot ?? ''}/`) ? `/${path.relative(gnuRoot ?? '/', word)}` : word,
    )
    .map((word) => JSON.stringify(word))
    .join(' ');
  const starts =
    argv === undefined
      ? '#:start (const #t) #:stop (const #f)'
      : `#:start (make-forkexec-constructor '(${words}) #:log-file "${inside}/${name}.log")
        #:stop (make-kill-destructor)`;
  const comesBack = respawns ? "#:respawn? #t #:respawn-delay 0 #:respawn-limit '(1000 . 1)" : '';
  return `(service '(${name}) #:requirement '(${requires.join(' ')}) ${starts} ${comesBack})`;
};

/** GNU's; the folder lies in its root. */
export const launchGnu: Launch = async (folder, services) => {
  const place = gnuRoot ?? '/';
  const inside = `/${path.relative(place, folder)}`;
  const list = services.map((one) => scheme(inside, one)).join('\n');
  fs.writeFileSync(path.join(folder, 'config.scm'), `(register-services (list ${list}))\n`);
  // Its own /proc, which goes with it.
  const shell = `mount -t proc none ${place}/proc 2>/dev/null; exec chroot ${place} /usr/bin/shepherd -S \\
    -s ${inside}/socket -c ${inside}/config.scm -l ${inside}/shepherd.log`;
  const child = spawn('unshare', ['--mount', 'sh', '-c', shell], {
    stdio: ['ignore', 'ignore', 'ignore'],
  });
  const socket = path.join(folder, 'socket');
  const ask = async (action: string, service: string): Promise<string> => {
    const connection = net.connect(socket);
    connection.write(
      `(shepherd-command (version 0) (action ${action}) (service ${service}) (arguments ()) (directory "/"))`,
    );
    let text = '';
    for await (const chunk of connection) text += String(chunk);
    return text;
  };
  await started(child, 'GNU Shepherd', () => fs.existsSync(socket));
  const isKnown = async (): Promise<boolean> =>
    (await ask('status', 'root').catch(() => '')).includes(services.at(-1)?.name ?? '');
  const until = performance.now() + LIMIT_MS;
  while (!(await isKnown()))
    if (performance.now() > until) throw new Error('GNU Shepherd: no services');
  const succeeded = async (action: string, service: string): Promise<void> => {
    const reply = await ask(action, service);
    if (!reply.includes('(error #f)') || reply.includes('(result #f)'))
      throw new Error(`GNU Shepherd: ${action} ${service}: ${reply.slice(0, 500)}`);
  };
  return {
    pid: child.pid ?? 0,
    logOf: (service) => path.join(folder, `${service}.log`),
    start: (service) => succeeded('start', service),
    stop: (service) => succeeded('stop', service),
    status: () => succeeded('status', 'root'),
    residentKiB: () => residentOf(child.pid),
    shutDown: async () => {
      if (isGone(child)) return;
      await ask('stop', 'root').catch(() => ''); // it ends without an answer
      await ended(child);
    },
  };
};

const source = `#define _GNU_SOURCE
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
/* pause | lines COUNT | stamp FILE */
int main(int count, char **words) {
  if (count == 3 && !strcmp(words[1], "lines")) {
    char line[81];
    for (int n = 0; n < atoi(words[2]); n++) {
      snprintf(line, sizeof line, "%078d", n);
      line[79] = '\\n';
      line[78] = '.';
      if (write(1, line, 80) != 80) return 1;
    }
  }
  if (count == 3 && !strcmp(words[1], "stamp")) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    FILE *file = fopen(words[2], "a");
    if (!file) return 1;
    fprintf(file, "%d %lld\\n", getpid(), now.tv_sec * 1000000000LL + now.tv_nsec);
    fclose(file);
  }
  for (;;) pause();
}
`;
/** Makes the program of all services: static, so that it runs in any root. @throws without a C compiler */
export const compileService = (folder: string): string => {
  const file = path.join(folder, 'service');
  fs.writeFileSync(`${file}.c`, source);
  const { status, stderr } = spawnSync('cc', ['-O2', '-static', '-o', file, `${file}.c`], {
    encoding: 'utf8',
  });
  if (status !== 0) throw new Error(`cc: ${stderr}`);
  return file;
};
