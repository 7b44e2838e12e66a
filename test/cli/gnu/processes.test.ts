/**
 * What GNU Shepherd's respawn.sh, respawn-throttling.sh, pid-file.sh, forking-service.sh, system-star.sh, close-on-exec.sh
 * and file-creation-mask.sh show.
 */
import fs from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { eventually, isAlive, makePlace, type Daemon, type Place } from '../../support/programs.ts';
import { isWithoutKeeper, whyNoKeeper } from '../../support/keepers.ts';
import { replyTo, requestText } from '../../support/gnu-client.ts';
import { doorOf, leftBy, pidOf, reportOf, saidBy, suiteConfig } from '../../support/gnu-suite.ts';

const services = `
  service({ provision: ['first'], start: exec(['sleep', '600']), respawn: { delaySeconds: 0.05, limit: 1000 } }),
  service({ provision: ['second'], start: exec(['sleep', '601']), respawn: { delaySeconds: 0.05, limit: 1000 } }),
  service({ provision: ['never'], start: exec(['false']), respawn: { delaySeconds: 0.01, maxDelaySeconds: 0.01 } }),
  service({ provision: ['forks'], respawn: { delaySeconds: 0.05 }, pidFile: { path: 'forks.pid' },
    start: shell("setsid sh -c 'sleep 0.3; echo $$ > forks.pid; exec sleep 600' & exit 0") }),
  service({ provision: ['no-file'], pidFile: { path: 'no-file.pid', timeoutSeconds: 0.5 },
    start: shell('setsid sleep 602 & echo $! > left; exit 0') }),
  service({ provision: ['no-file-either'], pidFile: { path: 'nowhere.pid', timeoutSeconds: 0.5 },
    start: shell('echo $$ > left-too; exec sleep 603') }),
  service({ provision: ['deaf'], stop: { graceSeconds: 1 },
    start: exec(['sh', '-c', 'trap "" TERM; while :; do sleep 0.1; done']) }),
  service({ provision: ['above-deaf'], requirement: ['deaf'], stop: { graceSeconds: 1 },
    start: exec(['sh', '-c', 'trap "" TERM; while :; do sleep 0.1; done']) }),
  service({ provision: ['bounded'], remainAfterExit: true, start: exec(['sh', '-c', 'ulimit -n > bound'],
    { process: { limits: { openFiles: 1567 } } }) }),
  service({ provision: ['open'], remainAfterExit: true, start: exec(['sh', '-c', 'ls /proc/self/fd > open']) }),
  service({ provision: ['masked'], remainAfterExit: true, start: exec(['sh', '-c', 'echo x > made; echo y'],
    { process: { umask: 0o137 } }) }),
  service({ provision: ['quick'], start: exec(['sleep', '600']) }),
  service({ provision: ['shell'], remainAfterExit: true, start: exec(['sh', '-c', 'until [ -e go ]; do sleep 0.05; done']) }),
  service({ provision: ['not-found'], remainAfterExit: true, start: exec(['sh', '-c', 'no-such-command']) })`;

let place: Place;
let daemon: Daemon;
beforeAll(async () => {
  place = makePlace();
  daemon = await place.shepherd('a', suiteConfig(services));
});
afterAll(() => place.clean());
const herd = (...words: readonly string[]) => daemon.herd(...words);

describe('a service that is respawned', () => {
  it('comes back with another process as often as it is killed, and so does its neighbour', async () => {
    await herd('start', 'first');
    await herd('start', 'second');
    for (let times = 0; times < 5; times += 1)
      for (const name of ['first', 'second']) {
        const pid = await pidOf(daemon, name);
        process.kill(pid, 'SIGKILL');
        await eventually('another process', async () => {
          const next = await pidOf(daemon, name);
          return next > 0 && next !== pid;
        });
      }
    expect(await reportOf(daemon, 'first')).toContain('Last respawned on');
  });
  it('does not once it was stopped, or disabled', async () => {
    await herd('stop', 'first');
    expect(await reportOf(daemon, 'first')).toContain('It is stopped since');
    await herd('disable', 'second');
    process.kill(await pidOf(daemon, 'second'), 'SIGKILL');
    await eventually('its end', async () =>
      (await reportOf(daemon, 'second')).includes('It is stopped'),
    );
    expect((await herd('start', 'second')).code).not.toBe(0);
  });
  it('and always ends at once is disabled, says so, and is not started again', async () => {
    await herd('start', 'never');
    await eventually(
      'the end of that',
      async () => (await reportOf(daemon, 'never')).includes('It is disabled.'),
      15_000,
    );
    const report = await reportOf(daemon, 'never');
    expect(report).toContain('It is stopped');
    expect(report).toContain('Last respawned on');
    expect((await herd('start', 'never')).code).not.toBe(0);
    const log = fs.readFileSync(path.join(daemon.folder, 'log', 'shepherd.log'), 'utf8');
    expect(log).toMatch(/service=never.*respawn/i);
  });
});

describe.skipIf(isWithoutKeeper)(`a program that leaves a PID file${whyNoKeeper}`, () => {
  it('is started once that is there, is the process that it names, and its death is noticed at once', async () => {
    expect((await herd('start', 'forks')).code).toBe(0);
    const pid = Number(leftBy(daemon, 'forks.pid'));
    expect(await pidOf(daemon, 'forks')).toBe(pid);
    process.kill(pid, 'SIGKILL');
    await eventually('another one', async () => {
      const next = await pidOf(daemon, 'forks');
      return next > 0 && next !== pid && next === Number(leftBy(daemon, 'forks.pid'));
    });
    await herd('stop', 'forks');
    expect(await reportOf(daemon, 'forks')).toContain('It is stopped since');
  });
  it('that never comes has its start fail, and no process is left, not of a daemon either', async () => {
    const ends = await Promise.all([herd('start', 'no-file'), herd('start', 'no-file-either')]);
    for (const { code } of ends) expect(code).not.toBe(0);
    expect(await reportOf(daemon, 'no-file')).toContain('It is stopped (failing).');
    const left = ['left', 'left-too'].map((file) => Number(leftBy(daemon, file)));
    await eventually('their ends', () => !left.some(isAlive));
  });
});

describe('a process', () => {
  it('that ignores SIGTERM is killed after its grace, and so is what requires it', async () => {
    await herd('start', 'above-deaf');
    const pids = [await pidOf(daemon, 'deaf'), await pidOf(daemon, 'above-deaf')];
    const { code, elapsedMs } = await herd('stop', 'deaf');
    expect(code).toBe(0);
    expect(elapsedMs).toBeGreaterThan(2_000);
    expect(pids.map(isAlive)).toEqual([false, false]);
    expect(await reportOf(daemon, 'deaf')).toContain('terminated with signal 9 (SIGKILL)');
  });
  it('has the limits of its configuration', async () => {
    await herd('start', 'bounded');
    expect(leftBy(daemon, 'bound')).toBe('1567\n');
  });
  it('has descriptors 0 to 2 and no other', async () => {
    await herd('start', 'open');
    expect(leftBy(daemon, 'open')).toBe('0\n1\n2\n3\n'); // 3 is the folder that ls reads
  });
  it('creates files by the mask of its configuration, and its log is 0640 whatever that is', async () => {
    await herd('start', 'masked');
    const modeOf = (file: string): number =>
      fs.statSync(path.join(daemon.folder, file)).mode & 0o777;
    expect([modeOf('made'), modeOf('log/masked.log')]).toEqual([0o640, 0o640]);
  });
  it('is the one that is shown, however often it is restarted at once', async () => {
    await herd('start', 'quick');
    for (let times = 0; times < 20; times += 1) {
      await replyTo(doorOf(daemon), requestText('restart', 'quick'));
      expect(isAlive(await pidOf(daemon, 'quick'))).toBe(true);
    }
  });
});

describe('a command that runs to its end', () => {
  it('holds nobody up meanwhile', async () => {
    const start = herd('start', 'shell');
    await eventually('its start', async () =>
      (await reportOf(daemon, 'shell')).includes('It is starting.'),
    );
    fs.writeFileSync(path.join(daemon.folder, 'go'), '');
    expect((await start).code).toBe(0);
  });
  it('that is not found has its start fail with the code of the shell', async () => {
    const { code } = await herd('start', 'not-found');
    expect(code).not.toBe(0);
    expect(saidBy(await herd('status', 'not-found'))).toContain('exited with code 127');
  });
});
