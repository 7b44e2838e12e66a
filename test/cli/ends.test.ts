/** How a daemon ends, and what does not end it. */
import fs from 'node:fs';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  bins,
  configOf,
  eventually,
  isAlive,
  makePlace,
  type Daemon,
  type Place,
} from '../support/programs.ts';
import { pidOf } from '../support/shown.ts';

/** Ignores every signal that can be ignored, for as long as the grace lasts. */
const stubborn = `service({ provision: ['stubborn'], stop: { graceSeconds: 600 },
  start: exec(['sh', '-c', 'trap "" TERM; while :; do sleep 1; done']) })`;
const sleeper = `service({ provision: ['one'], start: exec(['sleep', '600']) })`;

const logOf = (daemon: Daemon): string =>
  fs.readFileSync(path.join(daemon.folder, 'log', 'shepherd.log'), 'utf8');
const adminRefOf = (daemon: Daemon): string => path.join(daemon.folder, 'run', 'admin.ref');

let place: Place;
beforeEach(() => {
  place = makePlace();
});
afterEach(() => place.clean());

describe('a second signal', () => {
  it('ends a daemon that waits for a service, and leaves the service to the next one', async () => {
    const daemon = await place.shepherd('a', configOf('A', stubborn));
    await daemon.herd('start', 'stubborn');
    const pid = await pidOf(daemon, 'stubborn');
    daemon.process.kill('SIGTERM');
    await eventually('the first signal is in the log', () =>
      logOf(daemon).includes('daemon.stopping'),
    );
    daemon.process.kill('SIGINT');
    const { code, stdout } = await daemon.ended;
    expect(code).toBe(1);
    expect(stdout).toContain('SIGTERM: stopping all services.');
    expect(stdout).toContain('SIGINT again: the shepherd ends at once;');
    expect(fs.existsSync(adminRefOf(daemon))).toBe(false);
    expect(isAlive(pid)).toBe(true);
    const next = await place.again(daemon);
    expect(await pidOf(next, 'stubborn')).toBe(pid);
    process.kill(-pid, 'SIGKILL');
    await eventually('its end', () => !isAlive(pid));
  });
});

describe('an error that nobody caught', () => {
  /** A daemon in which SIGURG throws so many errors, each in a task of its own. */
  const trapped = (count: number): Promise<Daemon> => {
    const trap = path.join(place.folder, 'trap.mjs');
    fs.writeFileSync(
      trap,
      `process.on('SIGURG', () => {
        for (let at = 0; at < ${count}; at += 1)
          setTimeout(() => { throw new Error('planted ' + at); }, at * 100);
      });`,
    );
    const env = { NODE_OPTIONS: `--import ${pathToFileURL(trap).href}` };
    return place.shepherd('a', configOf('A', sleeper), { env });
  };

  it('ends the life, not the daemon: the next one serves, and services go on', async () => {
    const daemon = await trapped(1);
    await daemon.herd('start', 'one');
    const pid = await pidOf(daemon, 'one');
    daemon.process.kill('SIGURG');
    await eventually('the next life', () => logOf(daemon).split(' daemon.ready ').length === 3);
    await eventually('it serves', async () => (await daemon.herd('status')).code === 0);
    expect(await pidOf(daemon, 'one')).toBe(pid);
    expect(daemon.process.exitCode).toBe(null);
    expect(logOf(daemon)).toMatch(/ daemon\.escaped origin=uncaughtException reason="planted 0" /);
  });

  it('twice within a second ends the daemon with 70, and its services go on', async () => {
    const daemon = await trapped(2);
    await daemon.herd('start', 'one');
    const pid = await pidOf(daemon, 'one');
    daemon.process.kill('SIGURG');
    const { code } = await daemon.ended;
    expect(code).toBe(70);
    expect(logOf(daemon)).toMatch(/ daemon\.gave-up reason="planted 1" exitCode=70\n/);
    expect(fs.existsSync(adminRefOf(daemon))).toBe(false);
    expect(isAlive(pid)).toBe(true);
  });
});

describe('the key of a daemon that was killed', () => {
  it('is worth nothing to the next one', async () => {
    const daemon = await place.shepherd('a', configOf('A', sleeper));
    const key = fs.readFileSync(adminRefOf(daemon), 'utf8');
    await daemon.kill('SIGKILL');
    const next = await place.again(daemon);
    expect(fs.readFileSync(adminRefOf(next), 'utf8')).not.toBe(key);
    fs.writeFileSync(adminRefOf(next), key);
    expect((await next.herd('status')).code).not.toBe(0);
  });
});

describe('the files that a daemon writes elsewhere', () => {
  it('print the process id where --pid has no FILE', async () => {
    const daemon = await place.shepherd('a', configOf('A', sleeper), { options: ['--pid'] });
    const { code, stdout } = await daemon.kill('SIGTERM');
    expect([code, stdout.split('\n')[0]]).toEqual([0, String(daemon.process.pid)]);
  });
  it('go where they were told to, and not where a link leads', async () => {
    const target = path.join(place.folder, 'target');
    fs.writeFileSync(target, 'before');
    const pidFile = path.join(place.folder, 'pid');
    fs.symlinkSync('target', pidFile);
    const state = path.join(place.folder, 'a');
    fs.mkdirSync(path.join(state, 'log'), { recursive: true, mode: 0o700 });
    const config = path.join(state, 'shepherd.config.ts');
    fs.writeFileSync(config, configOf('A', sleeper), { mode: 0o600 });
    fs.symlinkSync(target, path.join(state, 'log', 'one.log'));
    const args = [bins.shepherd, '--config', config, '--state', state, '--pid', pidFile];
    const run = place.run(process.execPath, args);
    await eventually('the pid file', () => fs.readFileSync(pidFile, 'utf8').endsWith('\n'));
    expect(fs.lstatSync(pidFile).isSymbolicLink()).toBe(false);
    const pid = Number(fs.readFileSync(pidFile, 'utf8'));
    const started = await place.herd(['-s', path.join(state, 'run', 'socket'), 'start', 'one']);
    expect(started.stdout + started.stderr).toContain('log file');
    expect(started.stdout + started.stderr).toContain('is a symbolic link');
    process.kill(pid, 'SIGTERM');
    expect((await run).code).toBe(0);
    expect(fs.readFileSync(target, 'utf8')).toBe('before');
    const shepherdLog = path.join(state, 'log', 'shepherd.log');
    fs.rmSync(shepherdLog);
    fs.symlinkSync(target, shepherdLog);
    const refused = await place.run(process.execPath, args);
    expect(refused.code).not.toBe(0);
    expect(refused.stderr).toContain('shepherd.log: is a symbolic link');
    expect(fs.readFileSync(target, 'utf8')).toBe('before');
  });
});
