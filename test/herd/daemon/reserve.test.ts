/** The room on the disk that is kept for what cannot wait. */
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { DiskFailed } from '@bellwether/store';
import { inRoom, Reserve, reserveBytes } from '../../../packages/herd/src/daemon/reserve.ts';

let folder = '';
/** What waits for a minute to be over. */
let waiting: (() => void)[] = [];
let logged: string[] = [];
beforeEach(() => {
  folder = fs.mkdtempSync(path.join(os.tmpdir(), 'bellwether-reserve-'));
  waiting = [];
  logged = [];
});
afterEach(() => fs.rmSync(folder, { recursive: true }));
const fileIn = (): string => path.join(folder, 'reserve');
const make = (file = fileIn()): Reserve =>
  new Reserve(file, {
    log: (event) => void logged.push(event),
    after: (_ms, task) => void waiting.push(task),
  });
const sizeNow = (): number | undefined => fs.statSync(fileIn(), { throwIfNoEntry: false })?.size;
const minuteLater = (): void => {
  for (const task of waiting.splice(0)) task();
};

it('is as large on the disk as it says, its owner alone can read it, and it is given in two parts', async () => {
  const reserve = make();
  await reserve.hold();
  const { blocks, mode, size } = fs.statSync(fileIn());
  expect([size, blocks * 512 >= reserveBytes, mode & 0o777]).toEqual([reserveBytes, true, 0o600]);
  expect(await reserve.free()).toBe(true);
  expect(sizeNow()).toBe(reserveBytes / 2);
  expect(await reserve.free()).toBe(true);
  expect(sizeNow()).toBeUndefined();
  expect(await reserve.free()).toBe(false);
});
it('is made again after a minute, not in the moment in which it was needed', async () => {
  const reserve = make();
  await reserve.hold();
  await reserve.free();
  await reserve.hold();
  expect(sizeNow()).toBe(reserveBytes / 2);
  minuteLater();
  await reserve.hold();
  expect(sizeNow()).toBe(reserveBytes);
});
it('is taken back at once where somebody asks whether it is there', async () => {
  const reserve = make();
  await reserve.hold();
  expect(reserve.wantedBytes).toBe(0);
  await reserve.free();
  await reserve.free();
  expect(reserve.wantedBytes).toBe(2 * reserveBytes);
  expect(await reserve.takenBack()).toBe(true);
  expect(sizeNow()).toBe(reserveBytes);
  expect(reserve.wantedBytes).toBe(0);
});
it('is not taken for whole while some of it is being given', async () => {
  const reserve = make();
  await reserve.hold();
  const giving = reserve.free();
  await Promise.resolve();
  expect(await reserve.takenBack()).toBe(false);
  await giving;
  expect(sizeNow()).toBe(reserveBytes / 2);
  expect(await reserve.takenBack()).toBe(true);
});
it('is said to be missing once, however often somebody asks for what is refused then', async () => {
  const inner = path.join(folder, 'inner');
  fs.mkdirSync(inner);
  const reserve = make(path.join(inner, 'reserve'));
  await reserve.hold();
  await reserve.free();
  fs.rmSync(inner, { recursive: true });
  for (let at = 0; at < 3; at += 1) expect(await reserve.takenBack()).toBe(false);
  expect(logged).toEqual(['reserve.freed', 'reserve.missing']);
  fs.mkdirSync(inner);
  expect(await reserve.takenBack()).toBe(true);
  await reserve.free();
  fs.rmSync(inner, { recursive: true });
  expect(await reserve.takenBack()).toBe(false);
  expect(logged.slice(2)).toEqual(['reserve.freed', 'reserve.missing']);
});
it('is taken over from the daemon before, also by the first that needs it, and what that gave is given', async () => {
  await make().hold();
  expect(await make().free()).toBe(true);
  const next = make();
  expect(await next.free()).toBe(true);
  // As much as the disk has room for, that one made it whole first.
  expect(sizeNow()).toBe(reserveBytes / 2);
});
it.each(['short', 'x'.repeat(reserveBytes + 1)])(
  'is made anew where what stands there is something else',
  async (other) => {
    fs.writeFileSync(fileIn(), other);
    await make().hold();
    expect(sizeNow()).toBe(reserveBytes);
  },
);
it('is none where it cannot be made, and none of it is missed', async () => {
  const reserve = make(path.join(folder, 'none', 'reserve'));
  await reserve.hold();
  expect(await reserve.free()).toBe(false);
  expect(await reserve.takenBack()).toBe(true);
});

describe('work in the room of a reserve', () => {
  const full = Object.assign(new Error('write'), { code: 'ENOSPC' });
  const failing = (count: number, error: Error) => {
    let left = count;
    return async (): Promise<string> => {
      left -= 1;
      if (left >= 0) throw error;
      return 'done';
    };
  };
  it('is done again for each part, and no further', async () => {
    const reserve = make();
    await reserve.hold();
    expect(await inRoom(reserve, failing(2, full))).toBe('done');
    expect(sizeNow()).toBeUndefined();
    await expect(inRoom(reserve, failing(1, full))).rejects.toBe(full);
  });
  it.each([
    ['the quota is used up', Object.assign(new Error('write'), { code: 'EDQUOT' }), 'done'],
    ['LevelDB says so', new DiskFailed('IO error: No space left on device'), 'done'],
    ['a cause says so', new Error('state', { cause: full }), 'done'],
    ['the disk has an error', new DiskFailed('IO error: Input/output error'), 'failed'],
    ['something else is wrong', new Error('No space left on device'), 'failed'],
  ])('gets it where room is what was missing: %s', async (_what, error, outcome) => {
    const reserve = make();
    await reserve.hold();
    expect(await inRoom(reserve, failing(1, error)).catch(() => 'failed')).toBe(outcome);
    expect(sizeNow()).toBe(outcome === 'done' ? reserveBytes / 2 : reserveBytes);
  });
});
