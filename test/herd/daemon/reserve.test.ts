/** The room on the disk that is kept for what cannot wait. */
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { Reserve, reserveBytes } from '../../../packages/herd/src/daemon/reserve.ts';

let folder = '';
let nowMs = 0;
beforeEach(() => {
  folder = fs.mkdtempSync(path.join(os.tmpdir(), 'bellwether-reserve-'));
  nowMs = 0;
});
afterEach(() => fs.rmSync(folder, { recursive: true }));
const fileIn = (): string => path.join(folder, 'reserve');
const make = (): Reserve => new Reserve(fileIn(), { log: () => undefined, now: () => nowMs });

it('is as large on the disk as it says, its owner alone can read it, and it is given once', async () => {
  const reserve = make();
  await reserve.hold();
  const { blocks, mode, size } = fs.statSync(fileIn());
  expect([size, blocks * 512 >= reserveBytes, mode & 0o777]).toEqual([reserveBytes, true, 0o600]);
  expect(await reserve.free()).toBe(true);
  expect(fs.existsSync(fileIn())).toBe(false);
  expect(await reserve.free()).toBe(false);
});
it('is made again after a minute, not in the moment in which it was needed', async () => {
  const reserve = make();
  await reserve.hold();
  await reserve.free();
  await reserve.hold();
  expect(fs.existsSync(fileIn())).toBe(false);
  nowMs += 60_000;
  await reserve.hold();
  expect(fs.statSync(fileIn()).size).toBe(reserveBytes);
});
it('is taken over from the daemon before, also by the first that needs it', async () => {
  await make().hold();
  expect(await make().free()).toBe(true);
});
it('is made anew where what stands there is something else', async () => {
  fs.writeFileSync(fileIn(), 'short');
  await make().hold();
  expect(fs.statSync(fileIn()).size).toBe(reserveBytes);
});
it('is none where it cannot be made', async () => {
  const reserve = new Reserve(path.join(folder, 'none', 'reserve'), {
    log: () => undefined,
    now: () => nowMs,
  });
  await reserve.hold();
  expect(await reserve.free()).toBe(false);
});
