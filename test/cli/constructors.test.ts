/** Kinds of services, in real daemons: what `herd` shows of them, and what of them outlives a kill of the daemon. */
import fs from 'node:fs';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { isWithoutKeeper, whyNoKeeper } from '../support/keepers.ts';
import {
  configOf,
  eventually,
  isAlive,
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
const begun = async (services: string): Promise<void> => {
  daemon = await place.shepherd('a', configOf('A', services));
};
const textOf = (name: string): string => fs.readFileSync(path.join(daemon.folder, name), 'utf8');
const numberIn = (name: string): number => Number(textOf(name));
const herd = async (...words: readonly string[]) => {
  const { stdout, stderr, code } = await daemon.herd(...words);
  return { text: stdout + stderr, code };
};

describe('a service of shell commands', () => {
  it('is up without a process until it is stopped, also for the next daemon', async () => {
    await begun(`service({ provision: ['net'], remainAfterExit: true,
      start: shell('echo up >> said'), stop: { run: shell('echo down >> said; exit $CODE', { env: { CODE: '4' } }) } })`);
    expect((await herd('start', 'net')).code).toBe(0);
    await daemon.kill('SIGKILL');
    daemon = await place.again(daemon);
    const { text } = await herd('status', 'net');
    expect(text).toMatch(/It is running since/);
    expect(text).not.toContain('Main PID');
    const stopped = await herd('stop', 'net');
    expect(stopped.code).toBe(0);
    expect(stopped.text).toContain(
      'Service net might have failed to stop: its stop command exited with code 4.',
    );
    expect(textOf('said')).toBe('up\ndown\n');
  });
});

describe.skipIf(isWithoutKeeper)(`a process in a session of its own${whyNoKeeper}`, () => {
  const shell = (text: string): string => `shell(${JSON.stringify(text)})`;
  /** It has its own session before its service is ready. */
  const leaves = (name: string, then: string): string =>
    shell(`rm -f ${name}.pid; setsid sh -c 'echo $$ > ${name}.pid; ${then}' & until [ -s ${name}.pid ]; do sleep 0.01; done
      echo well; exec sleep 600`);
  const service = (name: string, then: string, more = ''): string =>
    `service({ provision: ['${name}'], ready: { log: 'well' }, start: ${leaves(name, then)}${more} })`;

  it('is told by the stop that has not reached it, and left alone', async () => {
    // The process of the second one ends before its stop command does.
    const commanded = shell('kill $MAINPID; while kill -0 $MAINPID; do sleep 0.01; done');
    await begun(`${service('web', 'exec sleep 600')},
      ${service('other', 'exec sleep 600', `, stop: { run: ${commanded} }`)}`);
    for (const name of ['web', 'other']) {
      expect((await herd('start', name)).code).toBe(0);
      const left = numberIn(`${name}.pid`);
      try {
        const stopped = await herd('stop', name);
        expect(stopped).toMatchObject({ code: 0 });
        expect(stopped.text).toContain(
          `Service ${name} has left behind process ${left} (sleep).\n`,
        );
        expect(isAlive(left)).toBe(true);
      } finally {
        process.kill(left, 'SIGKILL');
      }
    }
  });

  it('is told of what is stopped beside, and of what is stopped to be started again', async () => {
    const needs = `, requirement: ['web']`;
    await begun(
      `${service('web', 'exec sleep 600')}, ${service('other', 'exec sleep 600', needs)}`,
    );
    expect((await herd('start', 'other')).code).toBe(0);
    const left = [numberIn('web.pid'), numberIn('other.pid')];
    for (const command of ['restart', 'stop']) {
      const { text } = await herd(command, 'web');
      const told = text.match(/has left behind process \d+ \(sleep\)\./g);
      const pids = told?.map((line) => Number(/\d+/.exec(line)?.[0]));
      expect(pids?.sort()).toEqual([...left].sort());
      for (const pid of left) process.kill(pid, 'SIGKILL');
      left.splice(0, 2, numberIn('web.pid'), numberIn('other.pid'));
    }
  });
});

describe.skipIf(isWithoutKeeper)(`a program that makes itself a daemon${whyNoKeeper}`, () => {
  it('is its process, is respawned when that dies, and is adopted after a kill of the shepherd', async () => {
    const text = `setsid sh -c 'echo $$ > web.pid; exec sleep 600' & exit 0`;
    await begun(`service({ provision: ['web'], respawn: true, pidFile: { path: 'web.pid' },
      start: shell(${JSON.stringify(text)}) })`);
    expect((await herd('start', 'web')).code).toBe(0);
    const first = numberIn('web.pid');
    expect((await herd('status', 'web')).text).toContain(`Main PID: ${first}\n`);
    process.kill(first, 'SIGKILL');
    // Between two runs the file is not there.
    const current = () =>
      fs.existsSync(path.join(daemon.folder, 'web.pid')) ? numberIn('web.pid') : 0;
    await eventually('another one', () => current() > 0 && current() !== first);
    const second = current();
    const told = () => herd('status', 'web');
    await eventually('its number', async () =>
      (await told()).text.includes(`Main PID: ${second}\n`),
    );
    await daemon.kill('SIGKILL');
    daemon = await place.again(daemon);
    expect((await told()).text).toContain(`Main PID: ${second}\n`);
    expect((await herd('stop', 'web')).code).toBe(0);
    expect(isAlive(second)).toBe(false);
  });
});

describe('a service that is asked whether it is alive', () => {
  it('is ended and respawned when it is not any more', async () => {
    await begun(`service({ provision: ['web'], respawn: true, start: exec(['sleep', '600']),
      live: { exec: shell('echo x >> asked; [ ! -e dead ]'), everySeconds: 1, failures: 2 } })`);
    await herd('start', 'web');
    const pid = async () => /Main PID: (\d+)/.exec((await herd('status', 'web')).text)?.[1];
    const first = await pid();
    await eventually('a check', () => fs.existsSync(path.join(daemon.folder, 'asked')));
    expect((await herd('status', 'web')).text).toMatch(/Live: checked at/);
    fs.writeFileSync(path.join(daemon.folder, 'dead'), '');
    await eventually('another process', async () => {
      const now = await pid();
      return now !== undefined && now !== first;
    });
  });
});
