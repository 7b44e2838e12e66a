/** Whether a command is taken on, by what the disk of the records has free. */
import { expect, it } from 'vitest';
import {
  commandBytes,
  recordRoom,
  type DiskFacts,
} from '../../../packages/herd/src/daemon/record-room.ts';

const tmpfs = 0x01021994;
const block = 1_024;
const big = 64 * 1024 * 1024;
/** A disk of so many bytes, of which so many are free; `kept`: room is kept there. */
const roomOf = (size: number, free: number, { type = tmpfs, isKept = false } = {}) => {
  const facts: DiskFacts = { type, bsize: block, blocks: size / block, bavail: free / block };
  const check = recordRoom('/state', { isHeld: isKept, wantedBytes: 0 }, () => facts);
  return (isUrgent: boolean) => takes(check, isUrgent ? 'stop' : 'start');
};
const takes = (check: ReturnType<typeof recordRoom>, action: string, by = 'root'): boolean => {
  try {
    check(by, action, 'web');
    return true;
  } catch (error) {
    expect(error).toMatchObject({ code: 'no-room' });
    expect(String(error)).toContain(`${action} of 'web' was not begun`);
    // Whoever asks from elsewhere learns of no path.
    expect(String(error).includes('is full (/state). ')).toBe(by === 'root');
    return false;
  }
};

it('of a large disk a MiB is kept free of commands, and a quarter of it of what the owner stops', () => {
  expect(roomOf(big, commandBytes)(false)).toBe(true);
  const less = roomOf(big, commandBytes - block);
  expect([less(false), less(true)]).toEqual([false, true]);
  expect(roomOf(big, commandBytes / 4)(true)).toBe(true);
  expect(roomOf(big, commandBytes / 4 - block)(true)).toBe(false);
});
it('of a small one a sixteenth, so that it has room at all', () => {
  const size = 6 * 1024 * 1024;
  expect(roomOf(size, size / 16)(false)).toBe(true);
  expect(roomOf(size, size / 16 - block)(false)).toBe(false);
});
it('has to be enough for what there is of records to be written anew, where none is kept', () => {
  const records = 3 * 1024 * 1024;
  const roomFor = (size: number, free: number, isHeld: boolean) => {
    const facts = { type: tmpfs, bsize: block, blocks: size / block, bavail: free / block };
    const kept = { isHeld, wantedBytes: 0 };
    return recordRoom(
      '/state',
      kept,
      () => facts,
      () => records,
    );
  };
  const small = 6 * 1024 * 1024;
  expect(takes(roomFor(small, small / 16 + records, false), 'start')).toBe(true);
  const less = roomFor(small, small / 16 + records - block, false);
  expect([takes(less, 'start'), takes(less, 'stop')]).toEqual([false, true]);
  expect(takes(roomFor(big, commandBytes, true), 'start')).toBe(true);
  expect(takes(roomFor(big, commandBytes, false), 'start')).toBe(false);
});
it('is there for what the owner stops where it is kept for that, and for nothing else', () => {
  const full = roomOf(big, 0, { isKept: true });
  expect([full(false), full(true)]).toEqual([false, true]);
});
it('is not asked for where a network may not answer, nor believed missing where it cannot be asked', () => {
  const nfs = 0x6969;
  expect(roomOf(big, 0, { type: nfs })(false)).toBe(true);
  let count = 0;
  const failing = recordRoom('/state', { isHeld: false, wantedBytes: 0 }, () => {
    count += 1;
    if (count > 1) throw new Error('EIO');
    return { type: tmpfs, bsize: block, blocks: 1, bavail: 0 };
  });
  expect(takes(failing, 'start')).toBe(true);
});
it('is refused to whoever else stops something, and never to the shepherd itself', () => {
  const facts = { type: tmpfs, bsize: block, blocks: big / block, bavail: 300 };
  const check = recordRoom('/state', { isHeld: true, wantedBytes: 0 }, () => facts);
  expect(['root', 'gnu', 'g-1', 'shepherd'].map((by) => takes(check, 'stop', by))).toEqual([
    ...[true, true, false, true],
  ]);
  expect(takes(check, 'start', 'shepherd')).toBe(true);
});
it('is not refused to what takes rights back as long as anything is free, or kept', () => {
  const roomWith = (free: number, isKept: boolean) =>
    recordRoom('/state', { isHeld: isKept, wantedBytes: 0 }, () => ({
      type: tmpfs,
      bsize: block,
      blocks: big / block,
      bavail: free,
    }));
  for (const check of [roomWith(1, false), roomWith(0, true)]) {
    check('root', 'revoke');
    // A service may have an action of that name.
    expect(takes(check, 'revoke')).toBe(false);
  }
  expect(() => roomWith(0, false)('root', 'revoke')).toThrow(
    'nothing was begun: the disk that has the records of its shepherd is full (/state). ',
  );
});
it('is refused to others where the room that is kept is not whole, unless there is enough to keep it anew', () => {
  const whoMay = (freeBytes: number) => {
    const free = { type: tmpfs, bsize: block, blocks: big / block, bavail: freeBytes / block };
    const reserve = { isHeld: true, wantedBytes: 16 * commandBytes };
    const check = recordRoom('/state', reserve, () => free);
    return ['root', 'g-1'].filter((by) => takes(check, 'start', by));
  };
  expect(whoMay(16 * commandBytes)).toEqual(['root', 'g-1']);
  expect(whoMay(16 * commandBytes - block)).toEqual(['root']);
});
