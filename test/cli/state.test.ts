/** The records of a shepherd in the hands of its operator: backed up, damaged, repaired, put back. */
import fs from 'node:fs';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { isWithoutKeeper } from '../support/keepers.ts';
import {
  configOf,
  eventually,
  isAlive,
  makePlace,
  type Daemon,
  type Ended,
  type Place,
} from '../support/programs.ts';
import { pidOf, statusOf } from '../support/shown.ts';

const services = `
  service({ provision: ['one'], start: exec(['sleep', '600']) }),
  service({ provision: ['two'], start: exec(['sleep', '600']) })`;

let place: Place;
let daemon: Daemon;
beforeEach(async () => {
  place = makePlace();
  daemon = await place.shepherd('a', configOf('A', services));
});
afterEach(() => place.clean());

const state = (action: string, ...words: readonly string[]): Promise<Ended> =>
  place.herd(['state', action, ...words, '--state', daemon.folder]);
/** Breaks the largest file of the database, in its middle. */
const damage = (): void => {
  const files = fs
    .readdirSync(path.join(daemon.folder, 'store-1'))
    .filter((name) => /^\d+\.(log|ldb)$/.test(name))
    .map((name) => path.join(daemon.folder, 'store-1', name))
    .sort((one, other) => fs.statSync(other).size - fs.statSync(one).size);
  const [file = ''] = files;
  const content = fs.readFileSync(file);
  const middle = Math.floor(content.length / 2);
  content[middle] = (content[middle] ?? 0) ^ 1;
  fs.writeFileSync(file, content);
};

/** What no record is of: the shepherd ends it where it has a keeper, and leaves it alone where it has none. */
const endOfStranger = async (pid: number): Promise<void> => {
  if (isWithoutKeeper) process.kill(-pid, 'SIGKILL');
  else await eventually('the end of what no record is of', () => !isAlive(pid));
};

describe('a backup of a shepherd that runs', () => {
  it('is whole, and brings back what was wanted then, and the processes that live', async () => {
    await daemon.herd('start', 'one');
    const backedUp = await daemon.herd('state', 'backup', 'monday.backup');
    expect(backedUp).toMatchObject({ code: 0, stderr: '' });
    expect(backedUp.stdout).toMatch(/^\d+ records are in .*monday\.backup\.\n$/);
    expect((await daemon.herd('state', 'backup', 'monday.backup')).code).not.toBe(0);
    expect((await daemon.herd('state', 'backup', 'monday.backup', '--yes')).code).toBe(0);
    const checked = await place.herd(['state', 'check', 'monday.backup']);
    expect(checked.stdout).toMatch(
      /: a whole backup, \d+ records \(.*running 1.*\), epoch 1, of node [a-z2-7]{52}\n$/,
    );

    await daemon.herd('stop', 'one');
    await daemon.herd('start', 'two');
    const { pid } = await statusOf(daemon, 'two');
    await daemon.kill('SIGKILL');
    const would = await state('restore', 'monday.backup', '--dry-run');
    expect(would.stdout).toMatch(
      /would begin with .*, of node [a-z2-7]{52}\.\nNothing was changed\.\n$/,
    );
    const restored = await state('restore', 'monday.backup');
    expect(restored).toMatchObject({ code: 0, stderr: '' });
    expect(restored.stdout).toContain('put back in epoch 2');
    expect(restored.stdout).toContain('left in store-1; store-2 counts now');
    const next = await place.again(daemon);
    expect(await statusOf(next, 'one')).toMatchObject({ stage: 'running' });
    expect(await statusOf(next, 'two')).toMatchObject({ stage: 'stopped' });
    if (pid !== undefined) await endOfStranger(pid);
  });
});

describe('records that are damaged', () => {
  it('keep a shepherd from starting, which says what to do; a repair lets it', async () => {
    await daemon.herd('start', 'one');
    const pid = await pidOf(daemon, 'one');
    await daemon.kill('SIGKILL');
    expect(await state('check')).toMatchObject({ code: 0, stderr: '' });
    damage();
    const refusal = await place.again(daemon).catch((error: Error) => error);
    const words = refusal instanceof Error ? refusal.message : 'it started';
    expect(words).toContain('ended (1)');
    expect(words).toContain(`herd state repair --state ${daemon.folder}`);
    const checked = await state('check');
    expect(checked.code).toBe(1);
    expect(checked.stderr).toContain('is not what was written');
    const repaired = await state('repair');
    expect(repaired).toMatchObject({ code: 0, stderr: '' });
    expect(repaired.stdout).toContain('store-3 counts now');
    const next = await place.again(daemon);
    expect((await next.herd('start', 'one')).code).toBe(0);
    expect((await next.herd('status')).code).toBe(0);
    if ((await pidOf(next, 'one')) !== pid) await endOfStranger(pid);
  });
});

describe('herd state', () => {
  it('leaves the folder of a shepherd that runs alone', async () => {
    fs.writeFileSync(path.join(place.folder, 'file'), '');
    for (const words of [['check'], ['backup', 'x'], ['restore', 'file'], ['repair']]) {
      const { code, stderr } = await state(words[0] ?? '', ...words.slice(1));
      expect([words[0], code]).toEqual([words[0], 9]);
      expect(stderr).toContain('another shepherd');
    }
    expect((await daemon.herd('status')).code).toBe(0);
  });

  it('says what is no folder, no file and no backup, with 2', async () => {
    await daemon.kill('SIGTERM');
    const nowhere = path.join(place.folder, 'nowhere');
    expect(await place.herd(['state', 'check', '--state', nowhere])).toMatchObject({ code: 2 });
    expect(fs.existsSync(nowhere)).toBe(false);
    expect(await state('restore', 'nothing')).toMatchObject({ code: 2 });
    fs.writeFileSync(path.join(place.folder, 'junk'), 'bellwether-backup 1\njunk');
    expect(await state('restore', 'junk')).toMatchObject({ code: 2 });
    expect(await state('check', 'junk')).toMatchObject({ code: 2 });
    expect(await place.herd(['state', 'check', 'junk'])).toMatchObject({ code: 2 });
    expect(await state('check')).toMatchObject({ code: 0 });
  });

  it('tells programs which processes nobody looks after', async () => {
    await daemon.herd('start', 'one');
    const pid = await pidOf(daemon, 'one');
    await daemon.kill('SIGKILL');
    const { stdout } = await place.herd(['--json', 'state', 'check', '--state', daemon.folder]);
    expect(JSON.parse(stdout)).toMatchObject({
      schema: 1,
      kind: 'state',
      what: 'checked',
      epoch: 1,
      processes: [{ service: 'one', pid }],
    });
  });
});
