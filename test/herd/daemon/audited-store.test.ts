/** One output commit for records and audit: no change without its line, no line of a change that never was. */
import type { AuditEntry, AuditRecord } from '@bellwether/authority';
import {
  DiskFailed,
  MemoryAudit,
  MemoryDisk,
  MemoryMark,
  openMemory,
  verifyAudit,
  type FailurePoint,
} from '@bellwether/store';
import { describe, expect, it } from 'vitest';
import { AuditedStore } from '../../../packages/herd/src/daemon/audited-store.ts';

const entry = (name: string): AuditEntry => ({
  kind: 'audit',
  event: 'asked',
  asker: 'root',
  service: name,
});
const desired = (service: string) => ({ kind: 'desired', service, isWanted: true });
/** A change, and its line. */
const batch = (name: string): readonly unknown[] => [desired(name), entry(name)];

interface Bench {
  readonly disk: MemoryDisk;
  readonly mark: MemoryMark;
  readonly place: MemoryAudit;
  readonly told: AuditRecord[];
  /** What is done with the room that is kept. */
  readonly reserve: {
    hold(): Promise<void>;
    free(): Promise<boolean>;
    takenBack(): Promise<boolean>;
  };
  clockMs: number;
}
const makeBench = (): Bench => ({
  disk: new MemoryDisk(),
  mark: new MemoryMark(),
  place: new MemoryAudit(),
  told: [],
  reserve: {
    hold: async () => undefined,
    free: async () => false,
    takenBack: async () => true,
  },
  clockMs: 0,
});
/** The next daemon on the same disks. */
const opened = async (bench: Bench): Promise<AuditedStore> => {
  const { disk, mark, place, told, reserve } = bench;
  const store = await openMemory(disk, mark);
  const audited = new AuditedStore(store, place, {
    wall: () => bench.clockMs,
    reserve,
    told: (note) => void told.push(note),
  });
  await audited.settle();
  return audited;
};
const commit = (store: AuditedStore, entries: readonly unknown[]): Promise<Error | undefined> =>
  new Promise((resolve) => store.commit(entries, resolve));

const textIn = ({ place }: Bench): string =>
  [...place.files.values()].map((bytes) => bytes.toString('latin1')).join('');
/** Services that the log tells of, one for each line. */
const loggedIn = (bench: Bench): readonly (string | undefined)[] =>
  textIn(bench)
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => (JSON.parse(line) as AuditRecord).service);
const storedIn = async ({ disk, mark }: Bench): Promise<readonly string[]> => {
  const store = await openMemory(disk, mark);
  const found = store.held('desired').map(({ service }) => service);
  await store.close();
  return found;
};
const linesInStore = async ({ disk, mark }: Bench): Promise<number> => {
  const store = await openMemory(disk, mark);
  const { length } = store.held('audited');
  await store.close();
  return length;
};

describe('an audited store', () => {
  it('writes records and their lines, and what has none as before', async () => {
    const bench = makeBench();
    const store = await opened(bench);
    expect(await commit(store, batch('a'))).toBeUndefined();
    expect(await commit(store, [desired('b')])).toBeUndefined();
    expect(await commit(store, [entry('c'), entry('d')])).toBeUndefined();
    await store.close();
    expect(loggedIn(bench)).toEqual(['a', 'c', 'd']);
    expect(await storedIn(bench)).toEqual(['a', 'b']);
  });
  it('tells whoever waits for what was recorded so far once no commit is under way, nor begun by the end of one', async () => {
    const bench = makeBench();
    const audited = await opened(bench);
    const heard: string[] = [];
    audited.whenIdle(() => heard.push('idle'));
    expect(heard).toEqual(['idle']);
    const both = new Promise<void>((done) =>
      audited.commit(batch('a'), () => {
        heard.push('a');
        audited.commit(batch('b'), () => {
          heard.push('b');
          done();
        });
      }),
    );
    audited.whenIdle(() => heard.push('all'));
    await both;
    expect(heard).toEqual(['idle', 'a', 'b', 'all']);
    bench.disk.failures.set(bench.disk.writeCount + 1, 'before');
    const failing = commit(audited, batch('c'));
    audited.whenIdle(() => heard.push('never'));
    expect(await failing).toBeInstanceOf(Error);
    expect(heard).toHaveLength(4);
  });
  it.each([
    ['at once', 0],
    ['in the middle', 3],
  ])('fails in one way where something cannot be encoded: %s', async (_, before) => {
    const bench = makeBench();
    const store = await opened(bench);
    const heard: string[] = [];
    const entries = [...Array.from({ length: before }, () => desired('a')), { kind: 'nothing' }];
    const failing = commit(store, entries);
    store.whenIdle(() => heard.push('idle'));
    expect(await failing).toBeInstanceOf(Error);
    expect(heard).toEqual(['idle']); // it was over already, and nobody waits for it
    expect(await commit(store, batch('b'))).toBeUndefined();
    expect(await storedIn(bench)).toEqual(['b']);
  });
  it('has the line in the log before anything that waits for the batch goes on', async () => {
    const bench = makeBench();
    const store = await opened(bench);
    let seen = '';
    await new Promise<void>((resolve) =>
      store.commit(batch('a'), () => {
        seen = textIn(bench);
        resolve();
      }),
    );
    expect(seen).toContain('"service":"a"');
  });
  it('keeps no line twice for long, and always the newest', async () => {
    const bench = makeBench();
    const store = await opened(bench);
    for (let at = 0; at < 50; at += 1) {
      await commit(store, batch(`s-${at}`));
      await new Promise((resolve) => setImmediate(resolve)); // the log is synced meanwhile
    }
    await store.close();
    const count = await linesInStore(bench);
    expect(count).toBeGreaterThanOrEqual(1);
    expect(count).toBeLessThanOrEqual(3);
  });
  it('refuses what is no record, and nothing of its batch is written', async () => {
    const bench = makeBench();
    const store = await opened(bench);
    const bad = { ...entry('a'), event: 'begun' };
    expect(await commit(store, [desired('a'), bad])).toBeInstanceOf(TypeError);
    await store.close();
    expect([loggedIn(bench), await storedIn(bench)]).toEqual([[], []]);
  });
  it('finds out that its log was cut while no daemon ran, and says so in the log', async () => {
    const bench = makeBench();
    const store = await opened(bench);
    for (const name of ['a', 'b', 'c', 'd']) {
      await commit(store, batch(name));
      await new Promise((resolve) => setImmediate(resolve));
    }
    await store.close();
    const [file = ''] = bench.place.files.keys();
    const [first = ''] = textIn(bench).split('\n');
    bench.place.files.set(file, Buffer.from(`${first}\n`));
    await (await opened(bench)).close();
    expect(bench.told).toMatchObject([{ event: 'alert', code: 'audit-cut' }]);
    expect(textIn(bench)).toContain('audit-cut');
  });
});

describe('an audited store whose log is replaced while it is written to', () => {
  it('goes on in the one that is there, and no line is lost', async () => {
    const bench = makeBench();
    const store = await opened(bench);
    let go = (): void => undefined;
    bench.place.slow = new Promise((resolve) => {
      go = resolve;
    });
    expect(await commit(store, batch('a'))).toBeUndefined();
    const [file = ''] = bench.place.files.keys();
    bench.place.inodes.set(file, 2);
    bench.place.files.set(file, Buffer.alloc(0));
    go();
    expect(await commit(store, batch('b'))).toBeUndefined();
    expect(loggedIn(bench)).toEqual(['a', 'b']);
    expect((await verifyAudit(bench.place)).state).toMatchObject({ kind: 'whole' });
  });
});

describe('a crash or a failure at any write', () => {
  const names = ['a', 'b', 'c', 'd', 'e'];
  const truth = async (bench: Bench, told: readonly string[]): Promise<void> => {
    await (await opened(bench)).close();
    const logged = loggedIn(bench);
    const stored = await storedIn(bench);
    // The same changes, in both, once each; and all that anybody was told of.
    expect([...new Set(logged)]).toHaveLength(logged.length);
    expect([...logged].sort()).toEqual([...stored].sort());
    expect(told.filter((name) => !stored.includes(name))).toEqual([]);
    expect((await verifyAudit(bench.place)).state).toMatchObject({ kind: 'whole' });
    expect(bench.told).toEqual([]);
  };
  /** As a daemon: a commit that fails ends a life, and the next one asks for the next thing. */
  const live = async (bench: Bench): Promise<readonly string[]> => {
    const told: string[] = [];
    const store = await opened(bench);
    for (const name of names) {
      const failure = await commit(store, batch(name));
      if (failure === undefined) told.push(name);
      else await store.settle();
    }
    await store.close();
    return told;
  };
  const points: readonly FailurePoint[] = ['before', 'unsynced', 'synced'];
  it.each(points)('of the store (%s) leaves one truth in both', async (point) => {
    for (let number = 1; number <= 7; number += 1) {
      const bench = makeBench();
      await (await opened(bench)).close();
      bench.disk.failures.set(bench.disk.writeCount + number, point);
      await truth(bench, await live(bench));
    }
  });
  it('of the log leaves one truth in both, wherever a write is torn', async () => {
    for (let step = 1; step <= 14; step += 1)
      for (const byteCount of [0, 1, 100, 230]) {
        const bench = makeBench();
        bench.place.failAt = { step, byteCount };
        await truth(bench, await live(bench));
      }
  });
  it('of both disks for a while costs what was asked for meanwhile, and nothing else', async () => {
    const bench = makeBench();
    const store = await opened(bench);
    expect(await commit(store, batch('a'))).toBeUndefined();
    bench.disk.failures.set(bench.disk.writeCount + 1, 'unsynced');
    bench.disk.isUnreadable = true;
    for (const name of ['b', 'c']) {
      expect(await commit(store, batch(name))).toBeInstanceOf(Error);
      await store.settle();
    }
    bench.disk.isUnreadable = false;
    expect(await commit(store, batch('d'))).toBeUndefined();
    await store.close();
    await truth(bench, ['a', 'd']);
    expect(loggedIn(bench)).toEqual(['a', 'd']);
  });
  it('of the power leaves one truth in both, and all that anybody was told', async () => {
    const bench = makeBench();
    const store = await opened(bench);
    bench.place.slow = new Promise(() => undefined);
    for (const name of ['a', 'b', 'c']) expect(await commit(store, batch(name))).toBeUndefined();
    // The log was never synced; what it lacks is in the store.
    bench.disk.losePower();
    bench.place.losePower();
    expect(loggedIn(bench)).toEqual([]);
    bench.place.slow = undefined;
    await truth(bench, ['a', 'b', 'c']);
  });
});

describe('an audited store on a full disk', () => {
  const look = { ...entry('look'), asker: 'g-1', isExpendable: true as const };
  const fail = (bench: Bench, count = 1): void => {
    for (let at = 1; at <= count; at += 1)
      bench.disk.failures.set(bench.disk.writeCount + at, 'before');
  };
  it('ends no life by looks and refusals, and writes their number down when it can', async () => {
    const bench = makeBench();
    const store = await opened(bench);
    fail(bench);
    expect(await commit(store, [look, look])).toBeUndefined();
    const { writeCount } = bench.disk;
    expect(await commit(store, [look])).toBeUndefined();
    expect(bench.disk.writeCount).toBe(writeCount);
    bench.clockMs += 5_000;
    expect(await commit(store, [look])).toBeUndefined();
    expect(await commit(store, batch('a'))).toBeUndefined();
    await store.close();
    expect(loggedIn(bench)).toEqual(['look', undefined, 'a']);
    expect(textIn(bench)).toContain('3 looks and refusals, while the disk');
    expect((await verifyAudit(bench.place)).state).toMatchObject({ kind: 'whole' });
  });
  it('ends none by the time either, which is seen again in the next life', async () => {
    const bench = makeBench();
    const store = await opened(bench);
    fail(bench);
    expect(await commit(store, [{ kind: 'clock', wallMs: 7 }])).toBeUndefined();
    bench.clockMs += 5_000;
    expect(await commit(store, [{ kind: 'clock', wallMs: 8 }, look])).toBeUndefined();
    await store.close();
    expect(loggedIn(bench)).toEqual(['look']);
  });
  it('ends one by a look that goes with a change', async () => {
    const bench = makeBench();
    const store = await opened(bench);
    fail(bench);
    expect(await commit(store, [desired('a'), look])).toBeInstanceOf(Error);
    await store.close();
  });
  const revoked: AuditEntry = { ...entry('web'), event: 'revoked' };
  const revocation = { kind: 'revocation', id: 'g-1', atMs: 1, by: 'root' };
  const stop: AuditEntry = { ...entry('web'), action: 'stop' };
  it.each([
    ['a right is taken back', [revocation, revoked]],
    ['the owner stops something', [desired('web'), stop]],
    ['the daemon is told to stop', [{ ...stop, asker: 'shepherd' }]],
  ])('frees the room that is kept where %s', async (_what, entries) => {
    const bench = makeBench();
    const freed: string[] = [];
    bench.reserve.free = async () => freed.push('freed') === 1;
    const store = await opened(bench);
    fail(bench);
    expect(await commit(store, entries)).toBeUndefined();
    expect(freed).toEqual(['freed']);
    fail(bench);
    expect(
      await commit(
        store,
        entries.map((each) => ({ ...each, id: 'g-2' })),
      ),
    ).toBeInstanceOf(Error);
    await store.close();
    expect(loggedIn(bench)).toEqual(['web']);
    expect((await verifyAudit(bench.place)).state).toMatchObject({ kind: 'whole' });
  });
  it.each([
    ['somebody else stops something', [desired('web'), { ...stop, asker: 'g-1' }]],
    ['the owner starts something', [desired('web'), { ...stop, action: 'start' }]],
  ])('keeps it where %s', async (_what, entries) => {
    const bench = makeBench();
    bench.reserve.free = async () => true;
    const store = await opened(bench);
    fail(bench);
    expect(await commit(store, entries)).toBeInstanceOf(Error);
    await store.close();
  });
  it('gives room to a new life, for the records alone where it is room that is missing', async () => {
    const bench = makeBench();
    const store = await opened(bench);
    fail(bench);
    expect(await commit(store, batch('a'))).toBeInstanceOf(Error);
    const open = bench.disk.open.bind(bench.disk);
    let words = 'IO error: Input/output error';
    bench.disk.open = () => Promise.reject(new DiskFailed(words));
    let freedCount = 0;
    bench.reserve.free = async () => {
      freedCount += 1;
      bench.disk.open = open;
      return true;
    };
    await store.settle();
    expect(freedCount).toBe(0);
    words = 'IO error: No space left on device';
    await store.settle();
    expect(freedCount).toBe(1);
    expect(await commit(store, batch('b'))).toBeUndefined();
    await store.close();
  });
  it('leaves what is left of that room to the owner until it is taken back', async () => {
    const bench = makeBench();
    const store = await opened(bench);
    bench.reserve.takenBack = async () => false;
    const { writeCount } = bench.disk;
    const failure = await commit(store, [desired('a'), { ...entry('a'), asker: 'g-1' }]);
    expect(failure).toMatchObject({ trouble: 'the disk is full (ENOSPC)' });
    expect(bench.disk.writeCount).toBe(writeCount);
    expect(await commit(store, batch('b'))).toBeUndefined();
    bench.reserve.takenBack = async () => true;
    expect(await commit(store, [desired('a'), { ...entry('a'), asker: 'g-1' }])).toBeUndefined();
    await store.close();
    expect(loggedIn(bench)).toEqual(['b', 'a']);
  });
  it('has the mark moved before a revocation is told that was tried twice', async () => {
    const bench = makeBench();
    bench.reserve.free = async () => true;
    const store = await opened(bench);
    const moveTo = bench.mark.moveTo.bind(bench.mark);
    let failedCount = 0;
    bench.mark.moveTo = async (epoch) => {
      failedCount += 1;
      if (failedCount === 1) throw new Error('No space left on device');
      return moveTo(epoch);
    };
    const before = bench.mark.epoch;
    expect(await commit(store, [revocation, revoked])).toBeUndefined();
    expect(bench.mark.epoch).toBeGreaterThan(before);
    await store.close();
    const again = await openMemory(bench.disk, bench.mark);
    expect(again.rightsEpoch).toMatchObject({ now: bench.mark.epoch, restored: 0 });
    await again.close();
  });
});
