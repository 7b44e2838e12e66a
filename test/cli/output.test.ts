/** What `herd` says where its output does not get out. */
import fs from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  bins,
  configOf,
  makePlace,
  type Daemon,
  type Ended,
  type Place,
} from '../support/programs.ts';

const service = `service({ provision: ['one'], start: exec(['sh', '-c', 'echo said; exec sleep 600']) })`;

/** A device that is always full: Linux has it. */
const hasFull = fs.existsSync('/dev/full');
/** Only root may mount a disk that is small enough. */
const mayMount = process.getuid?.() === 0;

describe.skipIf(!hasFull)('the output of herd', () => {
  let place: Place;
  let daemon: Daemon;
  beforeAll(async () => {
    place = makePlace();
    daemon = await place.shepherd('a', configOf('A', service));
    await daemon.herd('start', 'one');
  });
  afterAll(() => place.clean());
  /** Runs herd with its standard output sent elsewhere, as a shell does it. */
  const into = (target: string, ...words: readonly string[]): Promise<Ended> =>
    place.run('sh', [
      '-c',
      `exec "$@" ${target}`,
      'sh',
      process.execPath,
      bins.herd,
      '-s',
      daemon.socket,
      ...words,
    ]);

  it.each([
    [['status']],
    [['status', '--json']],
    [['log', 'one']],
    [['op', 'ls']],
    [['graph']],
    [['audit', '--json']],
    [['ref', 'mint', 'one', '--reveal']],
    [['--version']],
    [['help']],
  ])('is no success where it is lost: herd %j', async (words) => {
    const { code, stderr } = await into('> /dev/full', ...words);
    expect(stderr).toMatch(/^herd: error: the output is not whole: ENOSPC/);
    expect(code).toBe(1);
  });
  it('keeps the exit code of what failed, and says both', async () => {
    const { code, stderr } = await into('> /dev/full', 'status', '--nonsense', '--json');
    expect(code).toBe(2);
    expect(stderr).toContain('the output is not whole');
  });
  it('ends what would go on for ever', async () => {
    const { code, stderr } = await into('> /dev/full', 'status', '--watch', '--json');
    expect([code, stderr.includes('ENOSPC')]).toEqual([1, true]);
  });
  it('says nothing where its reader has enough of it', async () => {
    const { code, stderr } = await into('| head -c 1 > /dev/null', 'audit', '--json');
    expect([code, stderr]).toEqual([0, '']);
  });
  it.skipIf(!mayMount)('is no success where a file takes a part of it', async () => {
    const disk = path.join(place.folder, 'disk');
    fs.mkdirSync(disk);
    expect((await place.run('mount', ['-t', 'tmpfs', '-o', 'size=4k', 'tmpfs', disk])).code).toBe(
      0,
    );
    place.atEnd(() => place.run('umount', ['-l', disk]));
    // Its only block has room for 100 bytes more.
    fs.writeFileSync(path.join(disk, 'out'), 'x'.repeat(3_996));
    const { code, stderr } = await into(`>> ${disk}/out`, 'help', 'grant');
    expect(fs.statSync(path.join(disk, 'out')).size).toBe(4_096);
    expect([code, stderr.includes('ENOSPC')]).toEqual([1, true]);
  });
});
