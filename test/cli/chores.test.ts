/** What a real shepherd does itself: saying how it is, and putting logs aside. */
import fs from 'node:fs';
import path from 'node:path';
import zlib from 'node:zlib';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { configOf, eventually, makePlace, type Daemon, type Place } from '../support/programs.ts';

describe('what a shepherd does itself', () => {
  let place: Place;
  let daemon: Daemon;
  const file = (name: string) => path.join(place.folder, 'other', name);
  const talker = `for (let i = 0; i < 300; i++) console.log('line ' + i + ' ' + '.'.repeat(90)); setInterval(() => 0, 1e6)`;
  const services = () => `
    monitoring({ everySeconds: 3600 }),
    logRotation({ rotate: 'monthly', files: [
      { file: ${JSON.stringify(file('copied.log'))} },
      { file: ${JSON.stringify(file('moved.log'))}, run: exec(['touch', ${JSON.stringify(file('moved.log'))}]) },
      { file: ${JSON.stringify(file('short.log'))} },
    ] }),
    service({ provision: ['talker'], start: exec(['node', '-e', ${JSON.stringify(talker)}]), autoStart: true })`;
  beforeEach(async () => {
    place = makePlace();
    fs.chmodSync(place.folder, 0o755);
    fs.mkdirSync(path.join(place.folder, 'other'), { mode: 0o755 });
    daemon = await place.shepherd('a', configOf('A', services()));
  });
  afterEach(() => place.clean());

  it('is told in the log of its monitoring, at once and when somebody asks', async () => {
    const lines = async () =>
      (await daemon.herd('log', 'monitoring')).stdout.split('\n').filter((line) => line !== '');
    await eventually('the first line', async () => (await lines()).length === 1);
    const [first = ''] = await lines();
    expect(first).toMatch(
      /service names: 5; heap: \d+\.\d MiB; file descriptors: \d+; memory: \d+\.\d MiB; running: \d of 3; respawns: 0; sessions: \d+; records: \d+\.\d MiB; late: \d+ ms \(99 %\), \d+ ms at most$/,
    );
    const { stdout, code } = await daemon.herd('do', 'log', 'monitoring');
    expect(code).toBe(0);
    expect(stdout).toContain('running: 3 of 3');
    expect((await lines()).length).toBe(2);
    expect((await daemon.herd('period', 'monitoring', '1')).stdout).toContain('every 1 seconds');
    await eventually('more', async () => (await lines()).length >= 4);
    expect((await daemon.herd('period', 'monitoring', 'often')).code).not.toBe(0);
    expect((await daemon.herd('stop', 'monitoring')).code).toBe(0);
    expect((await daemon.herd('status', 'monitoring')).stdout).toContain('It is stopped');
  });

  it('puts logs aside when somebody asks, of services and of others', async () => {
    for (const name of ['copied', 'moved'])
      fs.writeFileSync(file(`${name}.log`), `${name}\n`.repeat(2_000));
    fs.writeFileSync(file('short.log'), 'short\n');
    const log = path.join(daemon.folder, 'log/talker.log');
    await eventually('its lines', () => fs.existsSync(log) && fs.statSync(log).size > 27_000);
    const { stdout, code } = await daemon.herd('trigger', 'log-rotation');
    expect(code).toBe(0);
    expect(stdout).toContain(`Rotated ${file('copied.log')}.`);
    expect(stdout).toContain(`Rotated ${file('moved.log')}.`);
    expect(stdout).toContain('Rotated logs of services: 1.');
    expect(fs.readdirSync(path.join(place.folder, 'other')).sort()).toEqual([
      ...['copied.log', 'copied.log.1', 'moved.log', 'moved.log.1', 'short.log'],
    ]);
    expect(fs.statSync(file('copied.log')).size).toBe(0);
    expect(fs.statSync(file('moved.log')).size).toBe(0);
    expect((await daemon.herd('log', 'talker', '-n', '300')).stdout.split('\n')).toHaveLength(301);
    fs.writeFileSync(file('copied.log'), 'again\n'.repeat(2_000));
    await daemon.herd('trigger', 'log-rotation', 'talker');
    expect(zlib.gunzipSync(fs.readFileSync(file('copied.log.2.gz'))).toString()).toMatch(
      /^copied\n/,
    );
    const { stdout: files } = await daemon.herd('files', 'log-rotation');
    expect(files).toContain(log);
    expect(files).toContain(`${file('short.log')}\t(external)`);
  });

  it('goes by another configuration after a reload', async () => {
    const config = path.join(daemon.folder, 'shepherd.config.ts');
    const text = fs.readFileSync(config, 'utf8');
    fs.writeFileSync(config, text.replace('everySeconds: 3600', 'everySeconds: 1'));
    expect((await daemon.herd('reload')).code).toBe(0);
    await eventually('more lines', async () => {
      const { stdout } = await daemon.herd('log', 'monitoring');
      return stdout.split('\n').length > 3;
    });
    fs.writeFileSync(config, text.replace(/monitoring\(\{[^}]*\}\),/, ''));
    expect((await daemon.herd('reload')).code).toBe(0);
    expect((await daemon.herd('status', 'monitoring')).code).not.toBe(0);
  });
});
