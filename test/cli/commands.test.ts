/** The processes of custom actions: how many there may be, and when they end. */
import fs from 'node:fs';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  configOf,
  eventually,
  isAlive,
  makePlace,
  type Daemon,
  type Place,
} from '../support/programs.ts';

/** `slow` writes its pid and runs on; `deaf` ignores what can be ignored, too. */
const services = `service({ provision: ['web'], stop: { graceSeconds: 1 }, actions: {
    slow: { documentation: 'Takes long.', run: exec(['sh', '-c', 'echo $$ > slow; exec sleep 600']) },
    deaf: { documentation: 'Takes long.',
      run: exec(['sh', '-c', 'trap "" TERM; echo $$ > deaf; while :; do sleep 1; done']) } } })`;

let place: Place;
let daemon: Daemon;
beforeEach(async () => {
  place = makePlace();
  daemon = await place.shepherd('a', configOf('A', services));
});
afterEach(() => place.clean());

/** Asks for an action and waits until its command runs. */
const begun = async (action: 'slow' | 'deaf'): Promise<number> => {
  const file = path.join(daemon.folder, action);
  void daemon.herd(action, 'web');
  const text = (): string => (fs.existsSync(file) ? fs.readFileSync(file, 'utf8') : '');
  await eventually(`${action} runs`, () => text().endsWith('\n'));
  return Number(text());
};

describe('the command of a custom action', () => {
  it('runs once at a time, whoever asks', async () => {
    const pid = await begun('slow');
    const { code, stdout, stderr } = await daemon.herd('slow', 'web');
    expect(code).not.toBe(0);
    expect(stdout + stderr).toMatch(/slow runs already, for \d+ s; ask again when it is over/);
    expect(isAlive(pid)).toBe(true);
  });

  it('ends with its service, and the stop waits for that', async () => {
    const pids = [await begun('slow'), await begun('deaf')];
    expect((await daemon.herd('stop', 'web')).code).toBe(0);
    expect(pids.map(isAlive)).toEqual([false, false]);
  });

  it('ends with the daemon, also one that does not want to', async () => {
    const pids = [await begun('slow'), await begun('deaf')];
    expect((await daemon.kill('SIGTERM')).code).toBe(0);
    expect(pids.map(isAlive)).toEqual([false, false]);
  });

  it('does not outlive a daemon that was killed by more than a boot', async () => {
    const pid = await begun('slow');
    await daemon.kill('SIGKILL');
    expect(isAlive(pid)).toBe(true);
    await place.again(daemon);
    await eventually('its end', () => !isAlive(pid));
  });

  it('is not taken for the process of its service by the next daemon', async () => {
    await daemon.herd('start', 'web');
    const pid = await begun('slow');
    await daemon.kill('SIGKILL');
    const next = await place.again(daemon);
    await eventually('its end', () => !isAlive(pid));
    const { stdout } = await next.herd('--json', 'status', 'web');
    expect(stdout).toContain('"stage": "running"');
    expect(stdout).not.toContain('"pid"');
  });
});
