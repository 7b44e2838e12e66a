/** Real daemons that run their services through the keeper. */
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { isWithoutKeeper, keeperPids, whyNoKeeper } from '../support/keepers.ts';
import {
  configOf,
  eventually,
  isAlive,
  makePlace,
  type Daemon,
  type Place,
} from '../support/programs.ts';
import { pidOf } from '../support/shown.ts';

const writer = `let n = 0; setInterval(() => { for (let i = 0; i < 20; i++) console.log(++n); }, 1);
process.on('SIGTERM', () => process.exit(3))`;
const services = `
  service({ provision: ['writer'], start: exec(['node', '-e', ${JSON.stringify(writer)}]), autoStart: true }),
  service({ provision: ['sleeper'], start: exec(['sleep', '600']) })`;

/** Of a process that has outlived its anchor, and is nobody's child, only Linux 6.15 and newer tell how it has ended. */
const [major = 0, minor = 0] = os.release().split('.').map(Number);
const tellsOrphans = major > 6 || (major === 6 && minor >= 15);

describe.skipIf(isWithoutKeeper)(`a daemon with a keeper${whyNoKeeper}`, () => {
  let place: Place;
  let daemon: Daemon;
  const keeper = () => path.join(daemon.folder, 'keeper');
  const kill = (role: 'anchor' | 'main'): void => {
    const [pid = 0] = keeperPids(keeper())[role];
    expect(pid).toBeGreaterThan(1);
    process.kill(pid, 'SIGKILL');
  };
  const serves = () =>
    eventually('it serves', async () => (await daemon.herd('start', 'sleeper')).code === 0);
  const stopped = () => daemon.herd('stop', 'sleeper');
  const log = () => fs.readFileSync(path.join(daemon.folder, 'log/writer.log'), 'utf8');

  beforeEach(async () => {
    place = makePlace();
    daemon = await place.shepherd('a', configOf('A', services));
  });
  afterEach(() => place.clean());

  it('loses no process, no line, and no exit that Linux tells, whatever of both is killed', async () => {
    const before = await pidOf(daemon, 'writer');
    await eventually('it writes', () => log().length > 1_000);
    for (const killed of ['daemon', 'main', 'anchor', 'daemon and anchor', 'daemon and main']) {
      const { length } = log();
      if (killed.includes('main')) kill('main');
      if (killed.includes('anchor')) kill('anchor');
      if (killed.includes('daemon')) {
        await daemon.kill('SIGKILL');
        daemon = await place.again(daemon);
      }
      await serves();
      expect((await stopped()).code, killed).toBe(0);
      expect(await pidOf(daemon, 'writer'), killed).toBe(before);
      await eventually('it goes on writing', () => log().length > length);
    }
    process.kill(before, 'SIGTERM');
    await eventually('its end', async () => (await pidOf(daemon, 'writer')) === 0);
    const { stdout } = await daemon.herd('status', 'writer');
    expect(stdout).toContain(tellsOrphans ? 'exited with code 3' : 'ended unobserved');
    const lines = log().trimEnd().split('\n');
    expect(lines).toEqual(lines.map((_, at) => String(at + 1)));
  });

  it('starts nothing twice where daemon and keeper are killed as a whole, and says that nobody saw the end', async () => {
    const before = await pidOf(daemon, 'writer');
    await eventually('it writes', () => log().length > 1_000);
    const { anchor, main, heir } = keeperPids(keeper());
    // It would start another keeper, which would see the end.
    process.kill(daemon.process.pid ?? 0, 'SIGSTOP');
    for (const pid of [...anchor, ...main, ...heir]) process.kill(pid, 'SIGKILL');
    await daemon.kill('SIGKILL');
    process.kill(before, 'SIGTERM');
    await eventually('it is reaped', () => !fs.existsSync(`/proc/${before}`));
    daemon = await place.again(daemon);
    await eventually(
      'a new process',
      async () => ![0, before].includes(await pidOf(daemon, 'writer')),
    );
    const daemonLog = fs.readFileSync(path.join(daemon.folder, 'log/shepherd.log'), 'utf8');
    expect(daemonLog).toContain('ended unobserved while there was no shepherd');
  });

  it('tells how a process ended while there was no daemon, and starts it anew', async () => {
    const before = await pidOf(daemon, 'writer');
    await eventually('it runs', () => log().length > 0);
    await daemon.kill('SIGKILL');
    process.kill(before, 'SIGTERM');
    await eventually('its end', () => !isAlive(before));
    daemon = await place.again(daemon);
    await eventually('a new process', async () => (await pidOf(daemon, 'writer')) > 0);
    expect(await pidOf(daemon, 'writer')).not.toBe(before);
    const daemonLog = fs.readFileSync(path.join(daemon.folder, 'log/shepherd.log'), 'utf8');
    expect(daemonLog).toContain('exited with code 3 while there was no shepherd');
  });

  it('leaves no keeper behind when it is stopped in order', async () => {
    const { anchor } = keeperPids(keeper());
    expect(anchor).toHaveLength(1);
    await daemon.herd('stop', 'root');
    await daemon.ended;
    await eventually('the end of the keeper', () => anchor.every((pid) => !isAlive(pid)));
  });
});

describe('a daemon without a keeper', () => {
  let place: Place;
  beforeEach(() => {
    place = makePlace();
  });
  afterEach(() => place.clean());

  it('runs services itself where it is told to', async () => {
    const daemon = await place.shepherd('a', configOf('A', services), {
      options: ['--keeper=none'],
    });
    const pid = await pidOf(daemon, 'writer');
    const stat = fs.readFileSync(`/proc/${pid}/stat`, 'latin1');
    expect(Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1])).toBe(daemon.process.pid);
    expect(fs.existsSync(path.join(daemon.folder, 'keeper'))).toBe(false);
  });

  it('does not begin where it is told to have one that is not there', async () => {
    const starting = place.shepherd('a', configOf('A', services), {
      options: ['--keeper=/no/such/keeper'],
    });
    await expect(starting).rejects.toThrow(
      /ended \(2\).*keeper: \/no\/such\/keeper is not there\n {2}hint: .*--keeper=none/s,
    );
  });
});
