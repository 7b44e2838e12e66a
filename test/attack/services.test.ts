/** What a service can do to the shepherd that runs it: each attack, what it costs, and that others are served. */
import { spawn, spawnSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { isWithoutKeeper, keeperPids, whyNoKeeper } from '../support/keepers.ts';
import { suffering, type Suffering } from '../support/local-scene.ts';
import { eventually, isAlive, makePlace, type Daemon, type Place } from '../support/programs.ts';
import { pidOf, statusOf } from '../support/shown.ts';

const isRoot = process.getuid?.() === 0;
/** A service that a shell is. */
const shell = (name: string, script: string, more = ''): string =>
  `service({ provision: ['${name}'], start: exec(['sh', '-c', ${JSON.stringify(script)}]), ` +
  `stop: { graceSeconds: 1 }, ${more} })`;
const never = `ready: { http: 'http://127.0.0.1:1/', timeoutSeconds: 60 }`;

/** Of each service that cannot be started: its start, and what is said of that. */
type Unstartable = readonly (readonly [name: string, start: string, words: string])[];

describe.skipIf(isWithoutKeeper)(`a service${whyNoKeeper}`, () => {
  let place: Place;
  let daemon: Daemon;
  let suffer: Suffering['suffer'];
  let unstartable: Unstartable;
  const at = (name: string): string => path.join(place.folder, name);
  const log = (service: string): string => path.join(daemon.folder, 'log', `${service}.log`);
  const started = async (service: string): Promise<number> => {
    const { code, stderr } = await daemon.herd('start', service);
    expect([code, stderr]).toEqual([0, '']);
    return pidOf(daemon, service);
  };
  const stopped = async (service: string): Promise<void> => {
    expect(await daemon.herd('stop', service)).toMatchObject({ code: 0, stderr: '' });
    expect(await statusOf(daemon, service)).toMatchObject({ stage: 'stopped' });
  };
  const anchor = (): number => keeperPids(path.join(daemon.folder, 'keeper')).anchor[0] ?? 0;

  beforeAll(async () => {
    place = makePlace();
    unstartable = unstartableIn(place);
    const orphanage = build(place, orphanageSource);
    // Up to 300 at a time, each of which makes the next one and goes.
    const forks = `fork() { [ -e ${at('enough')} ] || { sleep 0.5; fork & }; }
      i=0; while [ $i -lt 300 ]; do i=$((i+1)); fork & done; trap "" TERM; wait; exec sleep 600`;
    const reborn = `sh -c 'echo $$ > ${at('dead.new')}'; mv ${at('dead.new')} ${at('dead')}
      until [ -e ${at('go')} ]; do sleep 0.05; done; cat ${at('dead')} > ${at('pid')}; exit 0`;
    const pidFile = (seconds: number) =>
      `pidFile: { path: '${at('pid')}', timeoutSeconds: ${seconds} }`;
    ({ daemon, suffer } = await suffering(
      place,
      [
        shell('liar', `cat ${at('next')} > ${at('pid')}; exit 0`, pidFile(2)),
        shell('reborn', reborn, pidFile(60)),
        shell('deaf', `trap "" TERM INT HUP; while :; do sleep 0.1; done`),
        shell('halted', 'kill -STOP $$; sleep 600'),
        shell('forks', forks),
        shell('fails', 'echo no room; exit 7', `${never}, respawn: true`),
        shell('ends', 'exit 1', 'respawn: true'),
        shell(
          'closed',
          'for n in 3 4 5 6 7 8 9; do eval "exec $n>&-"; done; exec 0<&- 1>&- 2>&-; exec sleep 600',
        ),
        shell('gibibyte', `head -c 1073741824 /dev/zero; printf '\\nthe end\\n'; exec sleep 600`),
        shell('escapes', `printf '${escapes}'; printf '${escapes}' >&2; exit 3`, never),
        ...unstartable.map(
          ([name, start]) => `service({ provision: ['${name}'], start: ${start} })`,
        ),
        `service({ provision: ['orphanage'], killGroup: false, stop: { graceSeconds: 1 },
           start: exec(['${orphanage}', '10000', '${at('count')}', '${at('gate')}']) })`,
      ].join(', '),
    ));
  });
  afterAll(async () => {
    fs.writeFileSync(at('enough'), '');
    await place.clean();
  });

  const isRefused = async (number: string, words: string): Promise<void> => {
    fs.writeFileSync(at('next'), `${number}\n`);
    const { code, stderr } = await daemon.herd('start', 'liar');
    expect([number, code, stderr]).toEqual([number, 1, expect.stringContaining(words)]);
  };
  it('case 18: whose PID file says 1, 0, -1, 2^31 or a thread of the kernel has failed', () =>
    suffer(async () => {
      for (const number of ['0', '-1', '2147483648', '99999999999999999999', ''])
        await isRefused(
          number,
          number === '' ? 'did not show up' : 'has no number of a process in it',
        );
      await isRefused('1', 'names process 1, which is no process of this start');
      await isRefused('2', 'names process 2, which is'); // of the kernel, where that can be seen
      await isRefused('2147483647', 'which is not there');
    }));

  it('case 18: whose PID file says the shepherd, its keeper, another service or a stranger has nobody signalled', () =>
    suffer(async () => {
      const { anchor, main } = keeperPids(path.join(daemon.folder, 'keeper'));
      const all = [daemon.process.pid ?? 0, ...anchor, ...main, stranger(place), process.pid];
      expect(all).toHaveLength(5);
      for (const pid of [...all, await started('closed')]) {
        await isRefused(`${pid}`, `names process ${pid}, which is no process of this start`);
        expect(isAlive(pid)).toBe(true);
      }
      await stopped('closed');
    }));

  it.skipIf(!isRoot)(
    'case 18: whose PID file says a process that it had, and that is a stranger by now, has nobody signalled',
    () =>
      suffer(async () => {
        const starting = daemon.begin('start', 'reborn');
        await eventually('it has had a process', () => fs.existsSync(at('dead')));
        const number = Number(fs.readFileSync(at('dead'), 'utf8'));
        const other = reborn(number);
        place.atEnd(() => process.kill(other, 'SIGKILL'));
        fs.writeFileSync(at('go'), '');
        await eventually('it is read', () => fs.existsSync(at('pid')));
        await new Promise((go) => setTimeout(go, 500)); // nothing must come of it
        expect(await statusOf(daemon, 'reborn')).toMatchObject({ stage: 'starting' });
        await stopped('reborn');
        await starting.ended;
        expect(isAlive(other)).toBe(true);
      }),
  );

  it('case 19: that ignores SIGTERM is killed when its grace is over', () =>
    suffer(async () => {
      const pid = await started('deaf');
      await stopped('deaf');
      expect(isAlive(pid)).toBe(false);
    }));

  it('case 19: that stops itself (SIGSTOP) is killed when its grace is over', () =>
    suffer(async () => {
      const pid = await started('halted');
      const stat = () => fs.readFileSync(`/proc/${pid}/stat`, 'latin1');
      await eventually('it has stopped itself', () => stat().includes(') T '));
      await stopped('halted');
      expect(isAlive(pid)).toBe(false);
    }));

  it('case 19: that forks without end in its group is gone as a whole when it is stopped', () =>
    suffer(async () => {
      const pid = await started('forks');
      await eventually('it is at it', () => membersOf(pid) > 100, 120_000);
      await stopped('forks');
      await eventually('nothing is left of its group', () => membersOf(pid) === 0);
    }));

  it('case 19: that exits while it is starting has failed, in words', () =>
    suffer(async () => {
      const { code, stderr } = await daemon.herd('start', 'fails');
      expect([code, stderr]).toEqual([1, expect.stringContaining('no room')]);
      expect(stderr).toContain('code 7');
      await daemon.herd('stop', 'fails');
    }));

  it('case 19: that ends as soon as it runs is disabled after a few times', () =>
    suffer(async () => {
      await daemon.herd('start', 'ends');
      const isDisabled = async () => !(await statusOf(daemon, 'ends')).isEnabled;
      await eventually('it is disabled', isDisabled);
      expect(await statusOf(daemon, 'ends')).toMatchObject({ stage: 'stopped' });
    }));

  it('case 19: that closes all it has open runs, and is stopped', () =>
    suffer(async () => {
      const pid = await started('closed');
      await eventually('it is closed', () => fs.readdirSync(`/proc/${pid}/fd`).length === 0);
      expect(await statusOf(daemon, 'closed')).toMatchObject({ stage: 'running', pid });
      await stopped('closed');
      expect(isAlive(pid)).toBe(false);
    }));

  it('case 19: that writes a gibibyte without a line end is shown by its end alone', () =>
    suffer(async () => {
      await started('gibibyte');
      const isLong = () => fs.statSync(log('gibibyte')).size > 64 * 1024 * 1024;
      await eventually('it writes', isLong);
      const during = await daemon.herd('--timeout', '60', 'log', 'gibibyte', '-n', '3');
      expect(during.code).toBe(0);
      expect(during.stdout.length).toBeLessThan(1024 * 1024);
      const isThere = async () =>
        (await daemon.herd('--timeout', '60', 'log', 'gibibyte', '-n', '1')).stdout.endsWith(
          'the end\n',
        );
      await eventually('its end', isThere, 120_000);
      await stopped('gibibyte');
    }));

  it('case 19: that writes escape sequences speaks to no terminal', () =>
    suffer(async () => {
      const failed = await daemon.herd('start', 'escapes');
      const shown = await daemon.herd('log', 'escapes');
      const json = await daemon.herd('--json', 'log', 'escapes');
      for (const { stdout, stderr } of [failed, shown, json])
        for (const text of [stdout, stderr]) expect(text).not.toMatch(notText);
      expect(failed.stderr).toContain('owned');
      expect(shown.stdout).toContain('owned');
      expect(fs.readFileSync(log('escapes')).includes('\u001b]0;owned\u0007')).toBe(true); // as it came
    }));

  it('case 20: whose program cannot be executed says why, each time it is asked for', () =>
    suffer(async () => {
      for (const [name, , words] of unstartable)
        for (let times = 0; times < 2; times += 1) {
          const { code, stderr } = await daemon.herd('start', name);
          expect([name, code, stderr]).toEqual([name, 1, expect.stringContaining(words)]);
        }
    }));

  it('case 21: that leaves 10,000 orphans which end at once leaves no zombie', () =>
    suffer(async () => {
      spawnSync('mkfifo', [at('gate')]);
      await started('orphanage');
      await eventually('10,000 were left', () => fs.existsSync(at('count')), 120_000);
      expect(childrenOf(anchor()).length).toBeGreaterThan(10_000);
      fs.closeSync(fs.openSync(at('gate'), 'w')); // now all of them end
      await eventually('none is left, dead or alive', () => childrenOf(anchor()).length <= 3);
      expect(await statusOf(daemon, 'orphanage')).toMatchObject({ stage: 'running' });
      await stopped('orphanage');
    }));
});

/** A title, colours, a bell, C1, DEL, a carriage return, and what turns text around: as printf(1) takes it. */
const escapes =
  '\\033]0;owned\\007\\033[31mred\\302\\233 \\177 over\\rwritten \\342\\200\\256 turned\\n';
// eslint-disable-next-line no-control-regex
const notText = /[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069]/;

const unstartableIn = (place: Place): Unstartable => {
  const at = (name: string): string => path.join(place.folder, name);
  const file = (name: string, text: string, mode: number): string => {
    fs.writeFileSync(at(name), text, { mode });
    return at(name);
  };
  const plain = file('plain-file', '#!/bin/sh\n', 0o644);
  const script = file('script', '#!/no/such/interpreter\n', 0o755);
  fs.symlinkSync('loop', at('loop'));
  fs.mkdirSync(at('closed'), { mode: 0o700 });
  return [
    ['missing', `exec(['/no/such/program'])`, 'no such file'],
    ['folder', `exec(['${place.folder}'])`, 'is a directory, not a program'],
    ['plain', `exec(['${plain}'])`, 'not executable by this user'],
    ['script', `exec(['${script}'])`, 'its first line asks for /no/such/interpreter: no such file'],
    ['loop', `exec(['${at('loop')}'])`, 'too many symbolic links'],
    ['cwd', `exec(['true'], { cwd: '/no/such/folder' })`, 'no such directory'],
    ['user', `exec(['true'], { user: 'no-such-user' })`, 'no-such-user'],
    ...(isRoot
      ? ([
          [
            'denied',
            `exec(['true'], { user: 54321, group: 54321, cwd: '${at('closed')}' })`,
            'may not enter',
          ],
        ] as const)
      : []),
  ];
};
const stranger = (place: Place): number => {
  const { pid } = spawn('sleep', ['621'], { detached: true, stdio: 'ignore' });
  if (pid === undefined) throw new Error('no stranger');
  place.atEnd(() => process.kill(pid, 'SIGKILL'));
  return pid;
};
/** A new process that has a number again: the kernel is told which one it gave away last, and others may be faster. */
const reborn = (number: number): number => {
  const script = `echo $(($1 - 1)) > /proc/sys/kernel/ns_last_pid; setsid sleep 622 >/dev/null 2>&1 & echo $!`;
  for (let tries = 0; tries < 500; tries += 1) {
    const { stdout } = spawnSync('sh', ['-c', script, 'sh', String(number)]);
    const pid = Number(stdout.toString());
    if (pid === number) return pid;
    process.kill(pid, 'SIGKILL');
  }
  throw new Error(`nobody got the number ${number} again`);
};

/** Living processes of a group. */
const membersOf = (group: number): number =>
  fs
    .readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .filter((name) => {
      try {
        const stat = fs.readFileSync(`/proc/${name}/stat`, 'latin1');
        const [state, , of] = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
        return state !== 'Z' && Number(of) === group;
      } catch {
        return false; // it has ended
      }
    }).length;
const childrenOf = (pid: number): readonly string[] =>
  fs
    .readFileSync(`/proc/${pid}/task/${pid}/children`, 'latin1')
    .split(' ')
    .filter((word) => word !== '');
const build = (place: Place, source: string): string => {
  const program = path.join(place.folder, 'program');
  const { status, stderr } = spawnSync('cc', ['-O1', '-xc', '-', '-o', program], { input: source });
  expect([status, stderr.toString()]).toEqual([0, '']);
  return program;
};
/** Makes so many processes that wait, and leaves them; says so, waits at the gate, and then lets all of them end. */
const orphanageSource = `
#define _GNU_SOURCE
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>
static int ends[2];
static int wait_here(void *nothing) {
  char byte;
  while (read(ends[0], &byte, 1) > 0) {}
  _exit(nothing != NULL);
}
static void leave(int count) {
  /* They share this memory: copying its tables 10,000 times would be most of the work. */
  for (close(ends[1]); count > 0; count--) {
    char *stack = malloc(4096);
    if (stack == NULL || clone(wait_here, stack + 4096, CLONE_VM | SIGCHLD, NULL) < 0) _exit(2);
  }
  _exit(0);
}
int main(int count, char **words) {
  int status;
  if (count != 4 || pipe(ends) < 0) return 1;
  if (fork() == 0) leave(atoi(words[1]));
  close(ends[0]);
  wait(&status);
  if (status != 0) return 3;
  close(open(words[2], O_CREAT | O_WRONLY, 0600));
  close(open(words[3], O_RDONLY));
  close(ends[1]);
  for (;;) pause();
}
`;
