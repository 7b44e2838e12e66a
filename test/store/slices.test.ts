import {
  fill,
  MemoryDisk,
  MemoryMark,
  openStore,
  storeLimits,
  type Pauses,
  type StoreEntry,
} from '@bellwether/store';
import { inSlices } from '../../packages/store/src/slices.ts';
import { describe, expect, it } from 'vitest';

/** A clock that goes on by a quarter of a slice with each look. */
const rig = async () => {
  const disk = new MemoryDisk();
  const mark = new MemoryMark();
  const shelf = await disk.open();
  await fill(shelf, [], { epoch: mark.epoch, restored: 0 });
  await shelf.close();
  let [nowMs, restCount] = [0, 0];
  const meanwhile: (() => void)[] = [];
  const pauses: Pauses = {
    now: () => (nowMs += 0.25),
    rest: async () => {
      restCount += 1;
      for (const look of meanwhile) look();
    },
  };
  const store = await openStore(disk, mark, 'state', pauses);
  return { store, disk, mark, meanwhile, restCount: () => restCount };
};
const enabled = (count: number): readonly StoreEntry[] =>
  Array.from({ length: count }, (_none, at) => ({
    kind: 'enabled',
    service: `s${at}`,
    isEnabled: false,
  }));
const committed = (
  { store }: Awaited<ReturnType<typeof rig>>,
  entries: readonly unknown[],
): Promise<Error | undefined> => new Promise((done) => store.commit(entries, done));

describe('a commit with pauses', () => {
  it('of few records takes no rest before it is on its way', async () => {
    const one = await rig();
    expect(await committed(one, enabled(1))).toBe(undefined);
    expect(one.restCount()).toBe(0);
  });

  it('of many lets others be served again and again, and is there as a whole or not at all', async () => {
    const one = await rig();
    const seen = new Set<number>();
    one.meanwhile.push(() => seen.add(one.disk.image().size));
    expect(await committed(one, enabled(400))).toBe(undefined);
    // Four looks to a slice; each record is four steps: of encoding, of looking for news, of counting and of keeping.
    expect(one.restCount()).toBe(400);
    expect([...seen].sort((a, b) => a - b)).toEqual([1, 401]);
    expect(one.store.held('enabled')).toHaveLength(400);
  });

  it('says so where one of them cannot be kept, and keeps none', async () => {
    const one = await rig();
    const failure = await committed(one, [...enabled(100), { kind: 'gift' }]);
    expect(failure?.message).toContain('no such kind: gift');
    expect(one.disk.image().size).toBe(1);
    expect(one.store.held('enabled')).toEqual([]);
    expect(await committed(one, enabled(100))).toBe(undefined);
  });

  it('that says nothing new needs no disk', async () => {
    const one = await rig();
    await committed(one, enabled(100));
    const before = one.disk.image();
    expect(await committed(one, enabled(100))).toBe(undefined);
    expect(one.disk.image()).toEqual(before);
  });

  it('is waited for by the end of a life', async () => {
    const one = await rig();
    const told: string[] = [];
    const writing = committed(one, enabled(100)).then(() => told.push('written'));
    await one.store.settle().then(() => told.push('settled'));
    await writing;
    expect(told).toEqual(['written', 'settled']);
    expect(one.store.held('enabled')).toHaveLength(100);
    expect(one.disk.image().size).toBe(101);
  });
});

describe('work in slices', () => {
  /** How many of three steps are taken at once where each takes so long. */
  const takenAtOnce = async (stepMs: number): Promise<number> => {
    let [nowMs, taken, atOnce] = [0, 0, 0];
    const steps = function* (): Iterator<undefined> {
      for (; taken < 3; taken += 1) yield ((nowMs += stepMs), undefined);
    };
    const rest = (): Promise<void> => {
      atOnce ||= taken + 1;
      return Promise.resolve();
    };
    await inSlices(steps(), { now: () => nowMs, rest });
    expect(taken).toBe(3);
    return atOnce;
  };

  it('rests once a slice is over, and not before', async () => {
    expect(await takenAtOnce(storeLimits.sliceMs / 2)).toBe(2);
    expect(await takenAtOnce(storeLimits.sliceMs)).toBe(1);
    expect(await takenAtOnce(storeLimits.sliceMs / 2 - 0.01)).toBe(3);
  });

  it('is one slice where nobody else is there', () => {
    let taken = 0;
    const steps = (function* () {
      for (; taken < 1_000; taken += 1) yield;
    })();
    expect(inSlices(steps, { now: () => 0, rest: () => Promise.reject(new Error('a rest')) })).toBe(
      undefined,
    );
    expect(taken).toBe(1_000);
  });
});
