import { describe, expect, it } from 'vitest';
import { runIn } from '../support/actors-vat.ts';
import {
  grantBench,
  hear,
  held,
  inviteOf,
  judged,
  make,
  nextLife,
  wordsOf,
  type GrantBench,
} from '../support/grant-bench.ts';

const hourMs = 3_600_000;
const look = { action: 'status' };
const pass = (bench: GrantBench, ms: number): void => bench.world.run(bench.world.now + ms);

describe('the end of a grant', () => {
  it('is told to who asks, to the millisecond, with its date', async () => {
    const bench = await grantBench();
    const id = await held(bench, 'root', { lifetimeMs: hourMs });
    const [{ expiresMs = 0 } = {}] = await runIn(bench, (turn) =>
      turn.call(bench.book, 'list', 'root'),
    );
    const left = expiresMs - 1_700_000_000_000 - bench.world.now;
    pass(bench, left - 1);
    expect(await judged(bench, id, look)).toBe('ok');
    pass(bench, 1);
    expect(await wordsOf(bench, id, look)).toBe(`grant ${id} expired at 2023-11-14 23:13:20 UTC`);
  });
  it('cuts what lives off it when it comes, though nobody asks', async () => {
    const bench = await grantBench();
    const alice = await held(bench, 'root', { lifetimeMs: hourMs });
    const bot = await held(bench, alice);
    const other = await held(bench, 'root', { lifetimeMs: 2 * hourMs });
    const heard: string[] = [];
    for (const id of [bot, other]) await hear(bench, id, heard);
    pass(bench, hourMs - 1_000);
    expect(heard).toEqual([]);
    pass(bench, 1_000);
    expect(heard).toEqual([`${bot}: expired`]);
    pass(bench, hourMs);
    expect(heard).toEqual([`${bot}: expired`, `${other}: expired`]);
  });
  it('leaves no timer behind', async () => {
    const bench = await grantBench();
    await held(bench, 'root', { lifetimeMs: hourMs });
    bench.world.run();
    expect(bench.world.pendingCount).toBe(0);
    expect(bench.world.now).toBeLessThan(2 * hourMs);
  });
});

describe('a clock that is set', () => {
  it('an hour forward ends a grant within a minute, and an hour back does not begin it again', async () => {
    let bench = await grantBench();
    const id = await held(bench, 'root', { lifetimeMs: hourMs });
    const heard: string[] = [];
    await hear(bench, id, heard);
    bench.shift.ms = hourMs;
    pass(bench, 60_000);
    expect(heard).toEqual([`${id}: expired`]);
    bench.shift.ms = 0;
    expect(await judged(bench, id, look)).toBe('expired');
    bench = await nextLife(bench);
    expect(await judged(bench, id, look)).toBe('expired');
  });
  it('forward and back is remembered where the one call in between saw it', async () => {
    let bench = await grantBench();
    const id = await held(bench, 'root', { lifetimeMs: hourMs });
    bench.shift.ms = hourMs;
    expect(await judged(bench, id, look)).toBe('expired');
    expect(bench.disk.records().clockMs).toBeGreaterThanOrEqual(1_700_000_000_000 + hourMs);
    bench.shift.ms = -hourMs;
    bench = await nextLife(bench);
    expect(await judged(bench, id, look)).toBe('expired');
  });
  it('an hour back gives nobody more than the time that was given', async () => {
    const bench = await grantBench();
    const id = await held(bench, 'root', { lifetimeMs: hourMs });
    bench.shift.ms = -hourMs;
    pass(bench, hourMs - 10_000);
    expect(await judged(bench, id, look)).toBe('ok');
    pass(bench, 20_000);
    expect(await judged(bench, id, look)).toBe('expired');
  });
  it('back while calls come by the half millisecond does not stop the time', async () => {
    const bench = await grantBench();
    const id = await held(bench, 'root', { lifetimeMs: 1_000 });
    bench.shift.ms = -hourMs;
    // Each call is judged in fractions that must not get lost.
    for (let count = 0; count < 1_700; count += 1) {
      await judged(bench, id, look);
      pass(bench, 0.6);
    }
    expect(await judged(bench, id, look)).toBe('expired');
  });
  it('back before a restart takes back a minute at most of what had passed', async () => {
    let bench = await grantBench();
    const id = await held(bench, 'root', { lifetimeMs: hourMs });
    await hear(bench, id, []);
    pass(bench, hourMs - 30_000);
    // Nothing else is written: the next entry takes the time along.
    await make(bench, 'root');
    bench.shift.ms = -hourMs;
    bench = await nextLife(bench);
    pass(bench, 91_000);
    expect(await judged(bench, id, look)).toBe('expired');
  });
  it('back before a restart takes back nothing of what any record shows', async () => {
    const after = async (
      done: (bench: GrantBench, other: string) => Promise<unknown>,
    ): Promise<string> => {
      let bench = await grantBench();
      const id = await held(bench, 'root', { lifetimeMs: 60_000 });
      const other = await held(bench, 'root');
      pass(bench, 50_000);
      await done(bench, other);
      bench.shift.ms = -hourMs;
      bench = await nextLife(bench);
      pass(bench, 11_000);
      return judged(bench, id, look);
    };
    expect(await after(async () => undefined)).toBe('ok');
    expect(await after((bench) => make(bench, 'root'))).toBe('expired');
    expect(
      await after((bench, other) => judged(bench, other, { action: 'restart', operation: 'op-1' })),
    ).toBe('expired');
    expect(
      await after((bench, other) =>
        runIn(bench, (turn) => void turn.call(bench.book, 'revoke', 'root', other)),
      ),
    ).toBe('expired');
  });
  it('forward does not keep new grants from being given', async () => {
    const bench = await grantBench();
    bench.shift.ms = 1_000 * hourMs;
    await held(bench, 'root', { lifetimeMs: hourMs });
    bench.shift.ms = 0;
    const id = await held(bench, 'root', { lifetimeMs: hourMs });
    expect(await judged(bench, id, look)).toBe('ok');
    pass(bench, hourMs);
    expect(await judged(bench, id, look)).toBe('expired');
  });
});

describe('a time that was wrong', () => {
  const takeBack = async (bench: GrantBench) => {
    const [clock] = await runIn(bench, (turn) => [turn.call(bench.book, 'takeBackTime')]);
    if (clock === undefined) throw new Error('no clock');
    return clock;
  };
  it('is taken back by the owner: what only that had ended stands again, over a restart, too', async () => {
    let bench = await grantBench();
    const id = await held(bench, 'root', { lifetimeMs: hourMs });
    const short = await held(bench, 'root', { lifetimeMs: 60_000 });
    const revoked = await held(bench, 'root', { lifetimeMs: hourMs });
    await runIn(bench, (turn) => void turn.call(bench.book, 'revoke', 'root', revoked));
    bench.shift.ms = 48 * hourMs;
    pass(bench, 120_000);
    expect(await judged(bench, id, look)).toBe('expired');
    bench.shift.ms = 0;
    bench = await nextLife(bench);
    expect(await judged(bench, id, look)).toBe('expired');
    const { nowMs, wallMs, returned } = await takeBack(bench);
    expect(nowMs - wallMs).toBeGreaterThan(47 * hourMs);
    expect(returned).toEqual([id]);
    expect(await judged(bench, id, look)).toBe('ok');
    expect(await judged(bench, short, look)).toBe('expired');
    expect(await judged(bench, revoked, look)).toBe('revoked');
    bench = await nextLife(bench);
    expect(await judged(bench, id, look)).toBe('ok');
    const again = await takeBack(bench);
    expect([again.nowMs - again.wallMs, again.returned]).toEqual([0, []]);
    pass(bench, hourMs);
    expect(await judged(bench, id, look)).toBe('expired');
  });
  it('gives what was made by it no more than it had left', async () => {
    let bench = await grantBench();
    await held(bench, 'root', { lifetimeMs: hourMs });
    bench.shift.ms = 10_000 * hourMs;
    pass(bench, 120_000);
    const late = await held(bench, 'root', { lifetimeMs: hourMs });
    const { grant: open, swissnum } = await make(bench, 'root', { lifetimeMs: hourMs });
    const gone = await held(bench, 'root', { lifetimeMs: hourMs });
    await runIn(bench, (turn) => void turn.call(bench.book, 'revoke', 'root', gone));
    expect(await judged(bench, late, { action: 'restart', operation: 'op-1' })).toBe('ok');
    pass(bench, hourMs / 2);
    bench.shift.ms = 0;
    await takeBack(bench);
    bench = await nextLife(bench);
    expect(await judged(bench, late, look)).toBe('ok');
    expect(await judged(bench, gone, look)).toBe('revoked');
    await expect(inviteOf(bench, swissnum)).rejects.toThrow('no such invite');
    pass(bench, hourMs / 2 + 1_000);
    expect(await judged(bench, late, look)).toBe('expired');
    const all = await runIn(bench, (turn) => turn.call(bench.book, 'list', 'root'));
    const { wallMs } = await takeBack(bench);
    for (const { id, madeMs, expiresMs = 0, revoked } of all) {
      expect(madeMs, id).toBeLessThan(wallMs);
      expect(expiresMs, id).toBeLessThan(wallMs);
      if (revoked !== undefined) expect(revoked.atMs).toBeLessThan(wallMs);
    }
    expect(all.map(({ id }) => id)).toContain(open.id);
  });
  it('gives what was renewed by it no more than it had left, and not again what had ended since', async () => {
    let bench = await grantBench();
    const lease = { lifetimeMs: 60_000, renewableMs: 10_000 * hourMs };
    const [kept, left] = [await held(bench, 'root', lease), await held(bench, 'root', lease)];
    const renew = (id: string) =>
      runIn(bench, (turn) => void turn.call(bench.book, 'renew', 'root', id, 60_000));
    // Both are renewed by the right time and by the wrong one.
    pass(bench, 30_000);
    for (const id of [kept, left]) await renew(id);
    bench.shift.ms = 50_000;
    for (const id of [kept, left]) await renew(id);
    pass(bench, 50_000);
    await renew(kept);
    pass(bench, 20_000);
    bench.shift.ms = 0;
    expect([await judged(bench, kept, look), await judged(bench, left, look)]).toEqual([
      'ok',
      'expired',
    ]);
    expect(await takeBack(bench)).toMatchObject({ returned: [] });
    bench = await nextLife(bench);
    expect([await judged(bench, kept, look), await judged(bench, left, look)]).toEqual([
      'ok',
      'expired',
    ]);
    pass(bench, 39_000);
    expect(await judged(bench, kept, look)).toBe('ok');
    pass(bench, 2_000);
    expect(await judged(bench, kept, look)).toBe('expired');
  });
  it('is not taken back where it is right', async () => {
    const bench = await grantBench();
    const id = await held(bench, 'root', { lifetimeMs: hourMs });
    pass(bench, 2 * hourMs);
    expect(await judged(bench, id, look)).toBe('expired');
    expect((await takeBack(bench)).returned).toEqual([]);
    expect(await judged(bench, id, look)).toBe('expired');
  });
});

describe('an invite', () => {
  it('ends when it says, whatever the clock does afterwards', async () => {
    let bench = await grantBench();
    const { swissnum, inviteExpiresMs } = await make(bench, 'root');
    expect(inviteExpiresMs).toBe(1_700_000_000_000 + bench.world.now + 15 * 60_000);
    pass(bench, 15 * 60_000 - 1);
    await inviteOf(bench, swissnum);
    pass(bench, 1);
    await expect(inviteOf(bench, swissnum)).rejects.toThrow('no such invite');
    bench.shift.ms = -hourMs;
    bench = await nextLife(bench);
    await expect(inviteOf(bench, swissnum)).rejects.toThrow('no such invite');
  });
  it('ends with its grant where that is earlier', async () => {
    const bench = await grantBench();
    const { grant, inviteExpiresMs } = await make(bench, 'root', { lifetimeMs: 60_000 });
    expect(inviteExpiresMs).toBe(grant.expiresMs);
  });
});
