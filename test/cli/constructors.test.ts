/** Kinds of services, in real daemons: what `herd` shows of them, and what of them outlives a kill of the daemon. */
import fs from 'node:fs';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { configOf, makePlace, type Daemon, type Place } from '../support/programs.ts';

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
