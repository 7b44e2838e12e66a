/** What GNU Shepherd's starting-status.sh, stopping-status.sh, startup-failure.sh and startup-error.sh show. */
import fs from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { eventually, makePlace, type Daemon, type Place } from '../../support/programs.ts';
import { reportOf, saidBy, suiteConfig } from '../../support/gnu-suite.ts';

/** Each waits for a file that its test makes. */
const services = `
  service({ provision: ['slow'], remainAfterExit: true,
    start: exec(['sh', '-c', 'until [ -e go ]; do sleep 0.05; done']) }),
  service({ provision: ['slow-stop'], stop: { graceSeconds: 20 }, start: exec(['sh', '-c',
    'trap "until [ -e end ]; do sleep 0.05; done; exit 0" TERM; while :; do sleep 0.05; done']) }),
  service({ provision: ['fails'], remainAfterExit: true, start: exec(['sh', '-c', '[ -e good ]']) }),
  service({ provision: ['missing'], start: exec(['./program']) })`;

let place: Place;
let daemon: Daemon;
beforeAll(async () => {
  place = makePlace();
  daemon = await place.shepherd('a', suiteConfig(services));
});
afterAll(() => place.clean());
const herd = (...words: readonly string[]) => daemon.herd(...words);
const make = (name: string, mode = 0o644): void => {
  fs.writeFileSync(path.join(daemon.folder, name), '#!/bin/sh\nexec sleep 600\n', { mode });
};
const remove = (name: string): void => fs.rmSync(path.join(daemon.folder, name), { force: true });
const until = (service: string, words: string): Promise<unknown> =>
  eventually(words, async () => (await reportOf(daemon, service)).includes(words));
/** How many of a command are under way. */
const openOf = async (command: string): Promise<number> =>
  (await herd('op', 'ls')).stdout
    .split('\n')
    .filter((line) => / under way$/.test(line) && line.includes(` ${command} `)).length;

describe('while a start goes on', () => {
  it('the service is starting, and a stop need not wait: it ends the start, and whoever waited for that hears so', async () => {
    const first = herd('start', 'slow');
    await until('slow', 'It is starting.');
    expect((await herd('status')).stdout).toContain('Starting:\n ^ slow\n');
    const second = herd('start', 'slow');
    await eventually('both wait', async () => (await openOf('start slow')) === 2);
    const stops = await Promise.all([herd('stop', 'slow'), herd('stop', 'slow')]);
    expect(stops.map(({ code }) => code)).toEqual([0, 0]);
    const starts = await Promise.all([first, second]);
    for (const { code } of starts) expect(code).not.toBe(0);
    expect(await reportOf(daemon, 'slow')).toMatch(/It is stopped/);
    expect((await herd('log')).stdout.match(/service slow is being started/g)).toHaveLength(1);
  });
  it('two who wait for it hear the same', async () => {
    remove('go');
    const both = [herd('start', 'slow'), herd('start', 'slow')];
    await until('slow', 'It is starting.');
    make('go');
    const ended = await Promise.all(both);
    expect(ended.map(({ code }) => code)).toEqual([0, 0]);
    expect((await herd('log')).stdout.match(/service slow is being started/g)).toHaveLength(2);
  });
});

describe('while a stop goes on', () => {
  it('the service is being stopped, a second stop waits for the same, and a start waits, then starts', async () => {
    await herd('start', 'slow-stop');
    const first = herd('stop', 'slow-stop');
    await until('slow-stop', 'It is being stopped.');
    expect((await herd('status')).stdout).toContain('Stopping:\n v slow-stop\n');
    const second = herd('stop', 'slow-stop');
    await eventually('both wait', async () => (await openOf('stop slow-stop')) === 2);
    const start = herd('start', 'slow-stop');
    await eventually('the start waits', async () => (await openOf('start slow-stop')) === 1);
    make('end');
    const ended = await Promise.all([first, second, start]);
    expect(ended.map(({ code }) => code)).toEqual([0, 0, 0]);
    expect(await reportOf(daemon, 'slow-stop')).toContain('It is running since');
  });
});

describe('a start that fails', () => {
  it.each([
    ['because its command fails', 'fails', 'good'],
    ['because its program cannot be run', 'missing', 'program'],
  ])(
    'is in the report, in the summary and in the log, until one succeeds: %s',
    async (_why, service, good) => {
      expect((await herd('start', service)).code).not.toBe(0);
      expect(await reportOf(daemon, service)).toMatch(
        /It is stopped \(failing\)\.(.|\n)*Failed to start at/,
      );
      expect((await herd('status')).stdout).toMatch(
        new RegExp(`Failed to start:\\n( ! .*\\n)* ! ${service}`),
      );
      expect((await herd('log')).stdout).toContain(`service ${service} failed to start`);
      make(good, 0o755);
      expect((await herd('start', service)).code).toBe(0);
      expect(saidBy(await herd('status', service))).not.toContain('failing');
      await herd('stop', service);
      expect(await reportOf(daemon, service)).toContain('It is stopped since');
      expect((await herd('status')).stdout).not.toMatch(new RegExp(` ! ${service}`));
    },
  );
});
