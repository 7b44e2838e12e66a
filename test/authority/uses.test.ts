import { describe, expect, it } from 'vitest';
import { runIn } from '../support/actors-vat.ts';
import {
  grantBench,
  GrantDisk,
  held,
  judged,
  keysOf,
  nextLife,
  wordsOf,
} from '../support/grant-bench.ts';

const restart = (operation: string) => ({ action: 'restart', operation });
const usedOf = (disk: GrantDisk, id: string): number =>
  disk.records().uses.find((entry) => entry.id === id)?.count ?? 0;

describe('uses', () => {
  it('are counted once for an operation, however often it is asked for', async () => {
    const bench = await grantBench();
    const id = await held(bench, 'root', { maxUses: 2 });
    for (const operation of ['op-1', 'op-1', 'op-2', 'op-1', 'op-2'])
      expect(await judged(bench, id, restart(operation))).toBe('ok');
    expect(await wordsOf(bench, id, restart('op-3'))).toBe(
      `grant ${id} was good for 2 operations, which are used up`,
    );
    expect(await judged(bench, id, restart('op-1'))).toBe('ok');
    expect(await judged(bench, id, { action: 'status' })).toBe('ok');
    expect(usedOf(bench.disk, id)).toBe(2);
  });
  it('are not counted for what is refused', async () => {
    const bench = await grantBench();
    const id = await held(bench, 'root', { maxUses: 1 });
    expect(await judged(bench, id, { action: 'stop', operation: 'op-1' })).toBe('denied');
    expect(await judged(bench, id, restart('op-2'))).toBe('ok');
  });
  it('are undone with the turn whose operation was not accepted', async () => {
    const bench = await grantBench();
    const id = await held(bench, 'root', { maxUses: 1 });
    const undone = runIn(bench, (turn) => {
      expect(turn.call(bench.book, 'judge', id, restart('op-1'))).toBe(undefined);
      throw new TypeError('not accepted');
    });
    await expect(undone).rejects.toThrow('not accepted');
    expect(await judged(bench, id, restart('op-2'))).toBe('ok');
    expect(await judged(bench, id, restart('op-1'))).toBe('used-up');
  });
  it('are counted again where the shepherd has forgotten the operation, and never where it has not', async () => {
    const bench = await grantBench();
    const id = await held(bench, 'root', { maxUses: 2 });
    expect(await judged(bench, id, { ...restart('op-1'), isKnown: false })).toBe('ok');
    expect(await judged(bench, id, { ...restart('op-1'), isKnown: false })).toBe('ok');
    expect(await judged(bench, id, { ...restart('op-1'), isKnown: false })).toBe('used-up');
    expect(await judged(bench, id, { ...restart('op-9'), isKnown: true })).toBe('ok');
  });
  it('remember 32 operations, and count the one before them again', async () => {
    const bench = await grantBench();
    const id = await held(bench, 'root', { maxUses: 100 });
    for (let at = 0; at < 33; at += 1) await judged(bench, id, restart(`op-${at}`));
    await judged(bench, id, restart('op-1'));
    expect(usedOf(bench.disk, id)).toBe(33);
    await judged(bench, id, restart('op-0'));
    expect(usedOf(bench.disk, id)).toBe(34);
  });
  it('count for every grant above, also where another holder chose the same id', async () => {
    const bench = await grantBench();
    const alice = await held(bench, 'root', { maxUses: 3 });
    const bot = await held(bench, alice, {}, keysOf(2));
    const cat = await held(bench, alice, { maxUses: 1 }, keysOf(3));
    for (const id of [alice, bot, cat]) expect(await judged(bench, id, restart('op'))).toBe('ok');
    expect(usedOf(bench.disk, alice)).toBe(3);
    expect(usedOf(bench.disk, cat)).toBe(1);
    for (const id of [alice, bot, cat])
      expect(await judged(bench, id, restart('op-2'))).toBe('used-up');
    for (const id of [alice, bot, cat]) expect(await judged(bench, id, restart('op'))).toBe('ok');
  });
  it('wait for the disk where they are bounded, and hold nothing back where they are not', async () => {
    const late: (() => void)[] = [];
    const disk = new GrantDisk();
    const bench = await grantBench(disk);
    const free = await held(bench, 'root');
    const bounded = await held(bench, 'root', { maxUses: 9 });
    const commit = disk.commit.bind(disk);
    disk.commit = (entries, done) => void late.push(() => commit(entries, done));
    let answered = '';
    const ask = (id: string): void => {
      void bench.vat
        .run((turn) => [turn.call(bench.book, 'judge', id, restart('op-1'))])
        .then(() => (answered += id));
    };
    const rest = async (): Promise<void> => {
      for (let n = 0; n < 50; n += 1) {
        bench.world.step();
        await Promise.resolve();
      }
    };
    ask(free);
    await rest();
    expect(answered).toBe(free);
    for (const land of late.splice(0)) land();
    await rest();
    ask(bounded);
    await rest();
    expect(answered).toBe(free);
    // Another commit may be under way, which this one waits for.
    for (let n = 0; n < 2; n += 1) {
      for (const land of late.splice(0)) land();
      await rest();
    }
    expect(answered).toBe(free + bounded);
  });

  /** A story in which every commit may be the last one, on the disk or not; it is told again until it is through. */
  const story = async (
    disk: GrantDisk,
  ): Promise<{ readonly lives: number; readonly id: string }> => {
    let bench = await grantBench(disk);
    let lives = 1;
    const again = async <T>(step: () => Promise<T>): Promise<T> => {
      for (;;) {
        try {
          return await step();
        } catch (error) {
          if (disk.failing === undefined) throw error;
          disk.failing = undefined;
          lives += 1;
          bench = await nextLife(bench);
        }
      }
    };
    const id = await again(() => held(bench, 'root', { maxUses: 2, label: 'story' }));
    const answers: string[] = [];
    for (const operation of ['op-1', 'op-2', 'op-1', 'op-3', 'op-2'])
      answers.push(await again(() => judged(bench, id, restart(operation))));
    expect(answers).toEqual(['ok', 'ok', 'ok', 'used-up', 'ok']);
    expect(usedOf(disk, id)).toBe(2);
    await again(() => runIn(bench, (turn) => void turn.call(bench.book, 'revoke', 'root', id)));
    bench = await nextLife(bench);
    expect(await judged(bench, id, restart('op-1'))).toBe('revoked');
    return { lives, id };
  };
  it('are counted once over a crash at every commit, written or not', async () => {
    const calm = new GrantDisk();
    expect((await story(calm)).lives).toBe(1);
    expect(calm.commitCount).toBeGreaterThan(4);
    for (let at = 1; at <= calm.commitCount; at += 1)
      for (const isWritten of [true, false]) {
        const disk = new GrantDisk();
        disk.failing = { at, isWritten };
        expect((await story(disk)).lives).toBe(2);
      }
  });
});

describe('a rate', () => {
  it('is for any while of that length, by the monotonic clock, and says how long to wait', async () => {
    const bench = await grantBench();
    const id = await held(bench, 'root', { rate: { count: 2, windowMs: 60_000 } });
    const ask = (operation: string) => wordsOf(bench, id, restart(operation));
    expect(await ask('op-1')).toBe('ok');
    bench.world.run(bench.world.now + 30_000);
    bench.shift.ms = 3_600_000;
    expect(await ask('op-2')).toBe('ok');
    expect(await ask('op-3')).toBe(`grant ${id} allows no more just now: again in 30 s`);
    bench.world.run(bench.world.now + 29_000);
    expect(await ask('op-3')).toBe(`grant ${id} allows no more just now: again in 1 s`);
    bench.world.run(bench.world.now + 1_000);
    expect(await ask('op-3')).toBe('ok');
    expect(await ask('op-4')).toBe(`grant ${id} allows no more just now: again in 30 s`);
    expect(await judged(bench, id, { action: 'status' })).toBe('ok');
  });
  it('counts repeats, since they cost as much, and what is done below', async () => {
    const bench = await grantBench();
    const alice = await held(bench, 'root', { rate: { count: 2, windowMs: 60_000 } });
    const bot = await held(bench, alice, {}, keysOf(2));
    expect(await judged(bench, alice, restart('op-1'))).toBe('ok');
    expect(await judged(bench, bot, restart('op-1'))).toBe('ok');
    expect(await judged(bench, alice, restart('op-1'))).toBe('too-many');
  });
  it('does not fill beyond its count', async () => {
    const bench = await grantBench();
    const id = await held(bench, 'root', { rate: { count: 2, windowMs: 1_000 } });
    expect(await judged(bench, id, restart('op-0'))).toBe('ok');
    bench.world.run(bench.world.now + 3_600_000);
    for (const operation of ['op-1', 'op-2'])
      expect(await judged(bench, id, restart(operation))).toBe('ok');
    expect(await judged(bench, id, restart('op-3'))).toBe('too-many');
  });
});
