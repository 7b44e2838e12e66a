/** LevelDB after a loss of power and after the disk has rotted: it opens on what was acknowledged, or not at all. */
import fs from 'node:fs';
import fsPromises from 'node:fs/promises';
import path from 'node:path';
import { DamagedState, DiskFailed, levelPlace, MemoryMark, openStore } from '@bellwether/store';
import { ClassicLevel } from 'classic-level';
import { beforeEach, describe, expect, it, vi } from 'vitest';
import { Crc } from '../../packages/store/src/crc.ts';
import { isSoundLog } from '../../packages/store/src/level-log.ts';
import { fill } from '../../packages/store/src/fill.ts';
import { temporaryFolder } from '../support/store-folder.ts';
import { commit } from '../support/store-rig.ts';

/** Real files, each synced, beside other tests on few cores. */

const at = temporaryFolder();
const isSound = (log: Uint8Array): boolean => isSoundLog(log, new Crc());
const batchCount = 12;

/** The number that a database is at. Each batch says it twice: anything between two batches throws. */
const numberIn = async (folder: string): Promise<number> => {
  const store = await openStore(levelPlace(folder, folder), new MemoryMark(), folder);
  try {
    const clock = store.held('clock')[0]?.wallMs ?? 0;
    const pids = store.held('running').map(({ running }) => running.pid ?? 0);
    if (Math.max(0, ...pids) !== clock) throw new Error(`between: ${clock} and ${pids.join()}`);
    if (pids.length !== clock) throw new Error(`${pids.length} of ${clock} are here`);
    return clock;
  } finally {
    await store.close();
  }
};
const copied = (spoil: (folder: string) => void): string => {
  const copy = at('copy');
  fs.rmSync(copy, { recursive: true, force: true });
  fs.cpSync(at('whole'), copy, { recursive: true });
  spoil(copy);
  return copy;
};
const logOf = (folder: string): string => {
  const name = fs.readdirSync(folder).find((each) => each.endsWith('.log'));
  if (name === undefined) throw new Error('no log');
  return path.join(folder, name);
};
/** Bytes of the log after each batch; the first is the length before them all. */
let ends: number[] = [];

beforeEach(async () => {
  fs.mkdirSync(at('whole'));
  const place = levelPlace(at('whole'), at('whole'), { mayBeNew: true });
  const shelf = await place.open();
  await fill(shelf, [], { epoch: 1, restored: 0 });
  await shelf.close();
  const store = await openStore(place, new MemoryMark(), 'state');
  ends = [fs.statSync(logOf(at('whole'))).size];
  for (let number = 1; number <= batchCount; number += 1) {
    const running = { startId: `s${number}`, service: 'web', pid: number };
    await commit(store, { kind: 'clock', wallMs: number }, { kind: 'running', running });
    ends.push(fs.statSync(logOf(at('whole'))).size);
  }
  await store.close();
});

describe('a commit', () => {
  it('is synced by LevelDB, and the folder after it, before anybody is told', async () => {
    const steps: string[] = [];
    const real = ClassicLevel.prototype.batch as () => ReturnType<ClassicLevel['batch']>;
    const batch = vi.spyOn(ClassicLevel.prototype, 'batch').mockImplementation(function (
      this: unknown,
    ) {
      const chained = real.call(this);
      const write = chained.write.bind(chained) as (options: unknown) => Promise<void>;
      chained.write = async (options?: unknown): Promise<void> => {
        await write(options);
        steps.push(`written ${JSON.stringify(options)}`);
      };
      return chained;
    } as never);
    const open = vi.spyOn(fsPromises, 'open');
    try {
      const store = await openStore(levelPlace(at('whole'), 'state'), new MemoryMark(), 'state');
      open.mockClear();
      await commit(store, { kind: 'port', port: 1 });
      steps.push(`synced ${open.mock.calls.map(([place]) => String(place)).join()}`, 'told');
      await store.close();
    } finally {
      batch.mockRestore();
      open.mockRestore();
    }
    expect(steps).toEqual(['written {"sync":true}', `synced ${at('whole')}`, 'told']);
  });
});

describe('a log that ends anywhere', () => {
  it('has what was acknowledged by then, and no half of a batch', async () => {
    const last = ends.at(-1) ?? 0;
    for (let end = 0; end <= last; end += end < (ends.at(-2) ?? 0) ? 83 : 3) {
      const acknowledged = ends.filter((each) => each <= end).length - 1;
      const number = await numberIn(copied((copy) => fs.truncateSync(logOf(copy), end)));
      expect(number).toBe(Math.max(0, acknowledged));
    }
  });

  it('or in zeros or in noise, has the same', async () => {
    const from = (ends.at(-2) ?? 0) + 20;
    for (const byte of [0, 0xa5])
      for (const length of [1, 100, 40_000]) {
        const spoil = (copy: string): void => {
          fs.truncateSync(logOf(copy), from);
          fs.appendFileSync(logOf(copy), Buffer.alloc(length, byte));
        };
        expect(await numberIn(copied(spoil))).toBe(batchCount - 1);
      }
  });
});

describe('a file with one wrong bit', () => {
  const outcome = async (name: string, byte: number): Promise<number | Error> => {
    const copy = copied((folder) => {
      const content = fs.readFileSync(path.join(folder, name));
      content[byte] = (content[byte] ?? 0) ^ (1 << (byte % 8));
      fs.writeFileSync(path.join(folder, name), content);
    });
    return numberIn(copy).catch((error: unknown) => error as Error);
  };
  const isRefusal = (error: unknown): boolean =>
    error instanceof DamagedState || error instanceof DiskFailed;
  /** Bytes to flip: all of a short file, and a sample of a long one. */
  const bytesOf = (name: string): readonly number[] => {
    const { size } = fs.statSync(at('whole', name));
    const step = Math.max(1, Math.floor(size / 70));
    return Array.from({ length: Math.ceil(size / step) }, (_none, index) => index * step);
  };

  it('of a log is refused, but for its last batch, which may be as if it had not been', async () => {
    const name = path.basename(logOf(at('whole')));
    for (const byte of bytesOf(name)) {
      const result = await outcome(name, byte);
      if (byte < (ends.at(-2) ?? 0)) expect([byte, isRefusal(result)]).toEqual([byte, true]);
      else expect([byte, result]).toEqual([byte, batchCount - 1]);
    }
  });

  it('of any other file is refused, or does not matter', async () => {
    // From the log into a table.
    expect(await numberIn(at('whole'))).toBe(batchCount);
    const names = fs.readdirSync(at('whole')).filter((name) => !/^(LOG|LOCK)/.test(name));
    expect(names.some((name) => name.endsWith('.ldb'))).toBe(true);
    for (const name of names)
      for (const byte of bytesOf(name)) {
        const result = await outcome(name, byte);
        const isRight = isRefusal(result) || result === batchCount;
        expect([name, byte, isRight ? '' : String(result)]).toEqual([name, byte, '']);
      }
  });
});

describe('a table that was not finished', () => {
  it('since its writer was killed, or closed then, is thrown away by the next one', async () => {
    expect(await numberIn(at('whole'))).toBe(batchCount);
    const isTable = (name: string): boolean => name.endsWith('.ldb');
    const [whole = ''] = fs.readdirSync(at('whole')).filter(isTable);
    for (const length of [0, 1, 100, fs.statSync(at('whole', whole)).size - 1]) {
      const half = '000099.ldb';
      const copy = copied((folder) => {
        fs.copyFileSync(path.join(folder, whole), path.join(folder, half));
        fs.truncateSync(path.join(folder, half), length);
      });
      expect([length, await numberIn(copy)]).toEqual([length, batchCount]);
      expect(fs.readdirSync(copy)).not.toContain(half);
    }
  });
});

describe('a log', () => {
  it('of batches longer than a block is sound, and not with a bit wrong in its first', async () => {
    const store = await openStore(levelPlace(at('whole'), 'state'), new MemoryMark(), 'state');
    for (const operation of ['a', 'b', 'c']) {
      const bytes = new Uint8Array(60_000).fill(operation.charCodeAt(0));
      await commit(store, { kind: 'intent', asker: 'root', operation, piece: 0, bytes });
    }
    await store.close();
    const log = fs.readFileSync(logOf(at('whole')));
    expect(log.length).toBeGreaterThan(5 * 32_768);
    expect(isSound(log)).toBe(true);
    for (const end of [10, 32_768, 50_000, 70_000])
      expect(isSound(log.subarray(0, end))).toBe(true);
    for (const byte of [6, 8, 1_000, 32_768 + 4, 40_000]) {
      const flipped = Buffer.from(log);
      flipped[byte] = (flipped[byte] ?? 0) ^ 4;
      expect([byte, isSound(flipped)]).toEqual([byte, false]);
    }
  });
});
