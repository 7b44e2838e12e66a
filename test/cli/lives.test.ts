/** What a daemon does when its disk fails or a process of the whole is killed. */
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
import { accept, grantTo, person } from '../support/grants.ts';
import { isWithoutKeeper } from '../support/keepers.ts';
import { writable } from '../support/machine-faults.ts';
import { pidOf } from '../support/shown.ts';

const services = `
  service({ provision: ['one'], start: exec(['sleep', '600']) }),
  service({ provision: ['two'], start: exec(['sleep', '600']), respawn: true })`;

/** Only root may mount a disk that is small enough to be full. */
const mayMount = process.getuid?.() === 0;

describe('case 23: a daemon whose records cannot be written', () => {
  let place: Place;
  let daemon: Daemon;
  beforeEach(async () => {
    place = makePlace();
    daemon = await place.shepherd('a', configOf('A', services));
  });
  afterEach(() => place.clean());

  it('starts nothing, keeps what runs, and serves again as soon as the disk does', async () => {
    await daemon.herd('start', 'two');
    const before = await pidOf(daemon, 'two');
    writable(daemon, false);
    const refused = await daemon.herd('start', 'one');
    expect(refused.code).not.toBe(0);
    expect(refused.stderr).toMatch(
      /the session ended: the shepherd could not write its state: .*; it starts anew/,
    );
    expect(refused.stderr).not.toContain('captp');
    writable(daemon, true);
    await eventually('it serves again', async () => (await daemon.herd('status')).code === 0);
    expect(await pidOf(daemon, 'two')).toBe(before);
    expect(await pidOf(daemon, 'one')).toBe(0);
    expect((await daemon.herd('start', 'one')).code).toBe(0);
    expect(daemon.process.exitCode).toBe(null);
  });

  it('knows in its next life how a process of the former one ended', async () => {
    await daemon.herd('start', 'two');
    const before = await pidOf(daemon, 'two');
    writable(daemon, false);
    await daemon.herd('start', 'one');
    writable(daemon, true);
    await eventually('it serves again', async () => (await daemon.herd('status')).code === 0);
    process.kill(before, 'SIGKILL');
    await eventually('a new process', async () => {
      const now = await pidOf(daemon, 'two');
      return now !== 0 && now !== before;
    });
    expect((await daemon.herd('status', 'two')).stdout).toContain(
      'Process terminated with signal 9 (SIGKILL)',
    );
  });
});

describe('a daemon that is killed while a service is starting', () => {
  let place: Place;
  beforeEach(() => {
    place = makePlace();
  });
  afterEach(() => place.clean());

  it('is followed by one that asks whether it is ready, and does not say running before', async () => {
    const never = `service({ provision: ['never'], start: exec(['sleep', '600']),
      ready: { http: 'http://127.0.0.1:1/', timeoutSeconds: 3 } })`;
    let daemon = await place.shepherd('a', configOf('A', never));
    const starting = daemon.herd('start', 'never');
    await eventually('the process is there', async () => (await pidOf(daemon, 'never')) > 0);
    const pid = await pidOf(daemon, 'never');
    await daemon.kill('SIGKILL');
    await starting;
    daemon = await place.again(daemon);
    expect((await daemon.herd('status', 'never')).stdout).toContain('It is starting');
    await eventually('it has failed', async () =>
      (await daemon.herd('status', 'never')).stdout.includes('stopped (failing)'),
    );
    expect(isAlive(pid)).toBe(false);
  });
});

describe('a daemon on a full disk', () => {
  let place: Place;
  beforeEach(() => {
    place = makePlace();
  });
  afterEach(() => place.clean());

  it.skipIf(!mayMount)(
    'says so, ends no life, goes on watching what runs, and starts again when there is room',
    async () => {
      const disk = path.join(place.folder, 'a');
      fs.mkdirSync(disk);
      const mounted = await place.run('mount', [
        '-t',
        'tmpfs',
        '-o',
        'size=256k,mode=700',
        'tmpfs',
        disk,
      ]);
      expect(mounted.code).toBe(0);
      try {
        const daemon = await place.shepherd('a', configOf('A', services));
        await daemon.herd('start', 'two');
        const before = await pidOf(daemon, 'two');
        fs.writeFileSync(path.join(disk, 'filler'), '');
        await place.run('sh', ['-c', `cat /dev/zero > ${disk}/filler`]);
        const log = path.join(disk, 'log', 'shepherd.log');
        const haltCount = (): number =>
          fs.readFileSync(log, 'utf8').split('daemon.halted').length - 1;
        const elsewhere = `${place.folder}/x.secret`;
        for (const words of [
          ...['start one', 'stop two', 'restart two', 'disable one', 'reload'],
          ...['ref mint one --reveal', 'node invite --name y --reveal'],
          ...['grant one --to alice --expires 8h --reveal', 'grant revoke m-000000000000'],
          ...[`state backup ${elsewhere}`, 'grant clock --yes'],
        ]) {
          const unwritten = await daemon.herd(...words.split(' '));
          expect(unwritten.stderr).toContain(
            `begun: the disk that has the records of its shepherd is full (${disk}).`,
          );
          expect([words, unwritten.code]).toEqual([words, 1]);
        }
        expect([haltCount(), await pidOf(daemon, 'two')]).toEqual([0, before]);
        fs.rmSync(path.join(disk, 'filler'));
        await eventually(
          'it starts the other one',
          async () => (await daemon.herd('start', 'one')).code === 0,
        );
        expect(isAlive(await pidOf(daemon, 'one'))).toBe(true);
        await daemon.kill('SIGTERM');
      } finally {
        await place.run('umount', ['-l', disk]);
      }
    },
  );
});

describe('the owner of a full disk', () => {
  let place: Place;
  beforeEach(() => {
    place = makePlace();
  });
  afterEach(() => place.clean());

  it.skipIf(!mayMount)(
    'takes back a grant and stops a service, and whose grant it is ends no life by looking',
    async () => {
      const disk = path.join(place.folder, 'a');
      fs.mkdirSync(disk);
      const mount = ['-t', 'tmpfs', '-o', 'size=32m,mode=700', 'tmpfs', disk];
      expect((await place.run('mount', mount)).code).toBe(0);
      try {
        const daemon = await place.shepherd('a', configOf('A', services));
        await daemon.herd('start', 'two');
        const alice = person(place, 'alice');
        await accept(alice, await grantTo(place, daemon, 'two', 'alice', 'status'));
        const [, id = ''] = /(g-[0-9a-z]{6})/.exec((await daemon.herd('grant', 'ls')).stdout) ?? [];
        await eventually('room is kept', async () => fs.existsSync(path.join(disk, 'reserve')));
        await place.run('sh', ['-c', `cat /dev/zero > ${disk}/filler`]);
        const log = path.join(disk, 'log', 'shepherd.log');
        const haltCount = (): number =>
          fs.readFileSync(log, 'utf8').split('daemon.halted').length - 1;
        // More than fit into the block that the log of the database has begun.
        for (let at = 0; at < 20; at += 1)
          expect((await alice.herd('status', '@two')).stdout).toContain('running');
        expect(haltCount()).toBe(0);
        expect(await daemon.herd('grant', 'revoke', id)).toMatchObject({ code: 0 });
        expect(await alice.herd('status', '@two')).toMatchObject({ code: 5 });
        expect(await daemon.herd('stop', 'two')).toMatchObject({ code: 0 });
        expect(haltCount()).toBe(0);
        fs.rmSync(path.join(disk, 'filler'));
        await daemon.kill('SIGTERM');
      } finally {
        await place.run('umount', ['-l', disk]);
      }
    },
    60_000,
  );
});

describe('a daemon whose disk was filled before its next life', () => {
  let place: Place;
  beforeEach(() => {
    place = makePlace();
  });
  afterEach(() => place.clean());
  const mounted = async (size: string): Promise<string> => {
    const disk = path.join(place.folder, 'a');
    fs.mkdirSync(disk);
    const mount = ['-t', 'tmpfs', '-o', `size=${size},mode=700`, 'tmpfs', disk];
    expect((await place.run('mount', mount)).code).toBe(0);
    place.atEnd(() => place.run('umount', ['-l', disk]));
    return disk;
  };
  const greeting = `service({ provision: ['one'], start: exec(['sleep', '600']),
    respawn: { limit: 1000, windowSeconds: 1, delaySeconds: 0 },
    actions: { hi: { documentation: 'Greets.', run: exec(['echo', 'hi']) } } })`;
  const fill = (disk: string) => place.run('dd', ['if=/dev/zero', `of=${disk}/filler`, 'bs=4k']);

  it.skipIf(!mayMount || isWithoutKeeper)(
    'goes without a keeper where its table has no room, and says so and what helps',
    async () => {
      const disk = await mounted('6m');
      await place.run('dd', ['if=/dev/zero', `of=${disk}/filler`, 'bs=1k', 'count=5244']);
      let daemon = await place.shepherd('a', configOf('A', greeting));
      const why =
        /the disk has no room for its table .*; make room there, then start this shepherd again/;
      expect(fs.readFileSync(path.join(disk, 'log/shepherd.log'), 'utf8')).toMatch(why);
      expect((await daemon.herd('status', 'root')).stdout).toMatch(why);
      fs.rmSync(path.join(disk, 'filler'));
      await daemon.kill('SIGTERM');
      daemon = await place.again(daemon);
      expect((await daemon.herd('status', 'root')).stdout).not.toMatch(/No keeper|no room/);
    },
    60_000,
  );

  it.skipIf(!mayMount)(
    'has room for it, for its owner alone, and for the next daemon, too',
    async () => {
      const disk = await mounted('40m');
      let daemon = await place.shepherd('a', configOf('A', greeting));
      await daemon.herd('start', 'one');
      const bob = person(place, 'bob');
      await accept(bob, await grantTo(place, daemon, 'one', 'bob', 'hi,status'));
      const [, id = ''] = /(g-[0-9a-z]{6})/.exec((await daemon.herd('grant', 'ls')).stdout) ?? [];
      const reserve = path.join(disk, 'reserve');
      const keptBytes = (): number => fs.statSync(reserve, { throwIfNoEntry: false })?.size ?? 0;
      await eventually('room is kept', async () => keptBytes() === 8 * 1024 * 1024);
      await fill(disk);
      expect((await bob.herd('hi', '@one')).stderr).toContain('records of its shepherd is full');
      expect(keptBytes()).toBe(8 * 1024 * 1024);
      const refused = await daemon.herd('grant', 'clock', '--yes');
      expect(refused.stderr).toContain('nothing was begun: the disk that has the records');
      // What the shepherd writes by itself is tried all the same, and ends a life where there is no room for it.
      for (let at = 0; keptBytes() === 8 * 1024 * 1024 && at < 200; at += 1) {
        const pid = await pidOf(daemon, 'one').catch(() => 0);
        if (pid > 0) process.kill(pid, 'SIGKILL');
      }
      await eventually('it serves again', async () => (await daemon.herd('status')).code === 0);
      expect(keptBytes()).toBe(4 * 1024 * 1024);
      await daemon.kill('SIGKILL');
      expect((await daemon.herd('status')).code).toBe(4);
      await fill(disk);
      daemon = await place.again(daemon);
      expect(await daemon.herd('grant', 'revoke', id)).toMatchObject({ code: 0 });
      expect(await daemon.herd('stop', 'one')).toMatchObject({ code: 0 });
      expect(await bob.herd('status', '@one')).toMatchObject({ code: 5 });
    },
    60_000,
  );

  it.skipIf(!mayMount)(
    'has room for it also where nobody ever asked for anything',
    async () => {
      const disk = await mounted('40m');
      const eager = `service({ provision: ['one'], start: exec(['sleep', '600']), autoStart: true })`;
      let daemon = await place.shepherd('a', configOf('A', eager));
      const reserve = path.join(disk, 'reserve');
      await eventually('room is kept', async () => fs.existsSync(reserve));
      await fill(disk);
      await daemon.kill('SIGKILL');
      daemon = await place.again(daemon);
      expect((await daemon.herd('status', 'one')).stdout).toContain('It is running');
      expect(await daemon.herd('stop', 'one')).toMatchObject({ code: 0 });
    },
    60_000,
  );

  it.skipIf(!mayMount)(
    'says that it is full, and so does herd, where no room is kept',
    async () => {
      const disk = await mounted('256k');
      const daemon = await place.shepherd('a', configOf('A', services));
      await daemon.kill('SIGKILL');
      fs.rmSync(daemon.socket, { force: true });
      await fill(disk);
      const failed = await place.again(daemon).catch(String);
      expect(failed).toContain('The disk is full. Make room on it, then start this shepherd again');
      const asked = await daemon.herd('status');
      expect(asked.stderr).toContain(`the disk of ${disk}/run is full`);
      expect(asked.stderr).toContain('needs room there');
      fs.rmSync(path.join(disk, 'filler'));
      await place.again(daemon);
    },
    60_000,
  );
});

describe('case 22: a daemon that is killed at any moment', () => {
  let place: Place;
  beforeEach(() => {
    place = makePlace();
  });
  afterEach(() => place.clean());

  it('runs one process of each service afterwards, whichever moment it was', async () => {
    let daemon = await place.shepherd('a', configOf('A', services));
    const marker = `BELLWETHER_START=`;
    const countOf = (): number =>
      fs
        .readdirSync('/proc')
        .filter((name) => /^\d+$/.test(name))
        .filter((pid) => {
          try {
            const environment = fs.readFileSync(`/proc/${pid}/environ`, 'utf8');
            return environment.includes(marker) && environment.includes(`HOME=${place.folder}\0`);
          } catch {
            return false; // gone meanwhile, or not ours
          }
        }).length;
    for (const waitMs of [0, 5, 10, 20, 40, 80]) {
      const starting = daemon.herd('start', 'two');
      // Aims at another step of the start each time; which one it hits is left to chance.
      await new Promise((resolve) => setTimeout(resolve, 150 + waitMs));
      await daemon.kill('SIGKILL');
      await starting;
      daemon = await place.again(daemon);
      await daemon.herd('start', 'two');
      expect(countOf()).toBe(1);
      const pid = await pidOf(daemon, 'two');
      expect(isAlive(pid)).toBe(true);
      await daemon.herd('stop', 'two');
      expect(countOf()).toBe(0);
    }
  });
});
