import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { levelPlace, MemoryDisk, MemoryMark, openMemory } from '@bellwether/store';
import { describe, expect, it } from 'vitest';
import { allOf, commit, memoryRig, samples } from '../support/store-rig.ts';
import { storeSuite } from '../support/store-suite.ts';

/** Real files, each synced, beside other tests on few cores. */

storeSuite('its twin in memory', memoryRig);

storeSuite('LevelDB', () => {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'bellwether-store-'));
  return {
    place: levelPlace(folder, folder, { mayBeNew: true }),
    mark: new MemoryMark(),
    clean: () => fs.rmSync(folder, { recursive: true, force: true }),
  };
});

describe('a disk in memory', () => {
  it('loses what was written and not synced, with the power and not with the daemon', async () => {
    for (const losesPower of [false, true]) {
      const disk = new MemoryDisk();
      const mark = new MemoryMark();
      const store = await openMemory(disk, mark);
      await commit(store, samples.desired);
      disk.failures.set(disk.writeCount + 1, 'unsynced');
      expect(await commit(store, samples.port)).toBeInstanceOf(Error);
      if (losesPower) disk.losePower();
      const next = await openMemory(disk, mark);
      expect(await allOf(next)).toEqual(
        losesPower ? [samples.desired] : [samples.desired, samples.port],
      );
    }
  });

  it('never loses what was acknowledged, wherever a write fails and the power goes', async () => {
    for (const point of ['before', 'unsynced', 'synced'] as const)
      for (let n = 1; n <= 4; n += 1) {
        const disk = new MemoryDisk();
        const mark = new MemoryMark();
        const store = await openMemory(disk, mark);
        disk.failures.set(disk.writeCount + n, point);
        let acknowledged = 0;
        for (let at = 1; at <= 4; at += 1) {
          if ((await commit(store, { kind: 'clock', wallMs: at })) !== undefined) break;
          acknowledged = at;
        }
        disk.losePower();
        const found = (await openMemory(disk, mark)).held('clock')[0]?.wallMs ?? 0;
        expect([acknowledged, acknowledged + 1]).toContain(found);
      }
  });
});
