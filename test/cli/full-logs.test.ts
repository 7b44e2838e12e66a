/** Services whose logs lie on a disk that is full: they go on, and so does everything else. */
import fs from 'node:fs';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { configOf, eventually, makePlace, type Daemon, type Place } from '../support/programs.ts';
import { pidOf } from '../support/shown.ts';

// A shell says where its output cannot be written, and goes on: as most programs do.
const counter = `n=0; while :; do n=$((n+1)); echo "line $n ${'.'.repeat(200)}"; echo $n >COUNT; sleep 0.02; done`;

describe.skipIf(process.getuid?.() !== 0)('case 23: full logs (root: it takes a mount)', () => {
  let place: Place;
  let daemon: Daemon;
  let disk: string;
  const count = (): number => Number(fs.readFileSync(path.join(place.folder, 'count'), 'utf8'));
  const log = (): string => fs.readFileSync(path.join(disk, 'counter.log'), 'utf8');
  const fill = (): void => {
    const filler = fs.openSync(path.join(disk, 'filler'), 'w');
    try {
      for (;;) fs.writeSync(filler, Buffer.alloc(4_096));
    } catch {
      // It is full.
    } finally {
      fs.closeSync(filler);
    }
  };

  beforeEach(async () => {
    place = makePlace();
    disk = path.join(place.folder, 'logs');
    fs.mkdirSync(disk, { mode: 0o700 });
    const mount = ['-t', 'tmpfs', '-o', 'size=256k,mode=700', 'none', disk];
    expect((await place.run('mount', mount)).code).toBe(0);
    place.atEnd(() => place.run('umount', ['-l', disk]));
    const script = counter.replace('COUNT', path.join(place.folder, 'count'));
    daemon = await place.shepherd(
      'a',
      configOf(
        'A',
        `service({ provision: ['counter'], start: exec(['sh', '-c', ${JSON.stringify(script)}]), autoStart: true }),
         service({ provision: ['other'], start: exec(['sleep', '600']) })`,
      ),
      { options: ['--logs', disk] },
    );
  });
  afterEach(() => place.clean());

  it('stops no service, keeps none from being started, and costs the lines that it has no room for', async () => {
    await eventually(
      'it writes',
      () => fs.existsSync(path.join(disk, 'counter.log')) && log().length > 50,
    );
    const before = await pidOf(daemon, 'counter');
    fill();
    const atFirst = count();
    await eventually('it goes on', () => count() > atFirst + 100);
    expect(await pidOf(daemon, 'counter')).toBe(before);
    expect((await daemon.herd('start', 'other')).code).toBe(0);
    expect((await daemon.herd('restart', 'other')).code).toBe(0);
    expect((await daemon.herd('log', 'counter', '-n', '1')).code).toBe(0);
    fs.rmSync(path.join(disk, 'filler'));
    const now = count();
    await eventually('its lines come again', () => log().includes(`line ${now + 20} `));
    const numbers = log()
      .split('\n')
      .flatMap((line) => /^line (\d+) /.exec(line)?.[1] ?? [])
      .map(Number);
    const gaps = numbers.filter((number, at) => at > 0 && number !== (numbers[at - 1] ?? 0) + 1);
    expect(gaps.length).toBeGreaterThan(0);
    expect(numbers.every((number, at) => at === 0 || number > (numbers[at - 1] ?? 0))).toBe(true);
    expect(await pidOf(daemon, 'counter')).toBe(before);
  });
});
