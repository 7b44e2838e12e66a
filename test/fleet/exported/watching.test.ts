/** How a controller watches one member: what it believes, and for how long. */
import { Refused, Remote, Severed, type Ref, type Turn } from '@bellwether/actors';
import { FLEET_LIMITS, paceFor } from '@bellwether/fleet';
import { Malformed, type Observer, type Status } from '@bellwether/shepherd';
import { describe, expect, it } from 'vitest';
import { settled } from '../../support/actors-vat.ts';
import {
  crowd,
  makeProxyBench,
  pass,
  requestOf,
  runningStatus,
  watched,
  type ProxyBench,
  type Watched,
} from '../../support/fleet-bench.ts';
import { localRoot } from '../../../packages/shepherd/src/words/principal.ts';

const { heartbeatMs, staleMs, redialCapMs } = paceFor(1);
const statusOf = (bench: ProxyBench): Promise<Status> =>
  settled(
    bench.world,
    bench.vat.run((turn) => turn.call(bench.proxy, 'status')),
  );
const probe = (bench: ProxyBench): Watched<Status> =>
  watched(bench.vat.run((turn: Turn) => turn.send(bench.proxy, 'probe', 1_000)));
/** The last dial is answered, and so is the watching that follows. */
const connect = async (bench: ProxyBench): Promise<void> => {
  await pass(bench, 10);
  bench.calls.at(-1)?.reached.kept(bench.facet);
  await pass(bench, 0);
  bench.watched.at(-1)?.answer.kept(undefined);
  await pass(bench, 0);
};
const connected = async (): Promise<ProxyBench> => {
  const bench = await makeProxyBench();
  await connect(bench);
  return bench;
};
/** A push of the member; a reason where it was refused. */
const push = async (
  bench: ProxyBench,
  sequence: number,
  statuses: unknown,
  observer: Ref<Observer> | undefined = bench.watched.at(-1)?.observer,
  ...isOneWay: readonly true[]
): Promise<unknown> => {
  if (observer === undefined) throw new Error('nobody watches');
  const args = [sequence, statuses, ...isOneWay];
  const answer = watched(bench.vat.run((turn: Turn) => turn.forward(observer, 'observed', args)));
  await pass(bench, 0);
  return answer.reason;
};
const versioned = (sequence: number, born = 1): Partial<Status> => ({
  version: { born, sequence },
});

describe('a member', () => {
  it('is dialled and watched from the first moment, and is known by what it pushes', async () => {
    const bench = await makeProxyBench();
    expect(await statusOf(bench)).toMatchObject({
      stage: 'unknown',
      unknownReason: 'not asked yet',
    });
    expect(await statusOf(bench)).not.toHaveProperty('ageMs');
    await connect(bench);
    expect(bench.watched.map((one) => one.heartbeatMs)).toEqual([heartbeatMs]);
    expect(await push(bench, 0, [runningStatus])).toBeUndefined();
    expect(await statusOf(bench)).toMatchObject({ stage: 'running', pid: 42, ageMs: 0 });
    expect(bench.asked).toEqual([]);
  });
  it('is confirmed by heartbeats for as long as they come', async () => {
    const bench = await connected();
    await push(bench, 0, [runningStatus]);
    const touched = bench.touched.count;
    for (let beat = 1; beat <= 50; beat += 1) {
      await pass(bench, heartbeatMs);
      expect(await push(bench, beat, [])).toBeUndefined();
    }
    expect(await statusOf(bench)).toMatchObject({ stage: 'running', ageMs: 0 });
    expect(bench.touched.count).toBe(touched);
  });
  it('is confirmed as well by one that wants no answer', async () => {
    const bench = await connected();
    await push(bench, 0, [runningStatus]);
    for (let beat = 1; beat <= 50; beat += 1) {
      await pass(bench, heartbeatMs);
      expect(await push(bench, beat, [], undefined, true)).toBeUndefined();
      expect(await statusOf(bench)).toMatchObject({ stage: 'running', ageMs: 0 });
    }
    expect(bench.watched).toHaveLength(1);
  });
  it('that counts wrong is refused with its next push, where nobody waits for an answer', async () => {
    const bench = await connected();
    await push(bench, 0, [runningStatus]);
    expect(await push(bench, 2, [], undefined, true)).toBeUndefined();
    expect(await statusOf(bench)).toMatchObject({ stage: 'unknown' });
    expect(await push(bench, 1, [], undefined, true)).toBeUndefined();
    expect(await push(bench, 1, [])).toBeInstanceOf(Malformed);
    expect(await statusOf(bench)).toMatchObject({ stage: 'unknown' });
  });
  it('is unknown after two missed heartbeats, and its board hears of it then', async () => {
    const bench = await connected();
    await push(bench, 0, [runningStatus]);
    const touched = bench.touched.count;
    await pass(bench, staleMs - 1);
    expect(await statusOf(bench)).toMatchObject({ stage: 'running' });
    expect(bench.touched.count).toBe(touched);
    await pass(bench, 1);
    expect(bench.touched.count).toBe(touched + 1);
    expect(await statusOf(bench)).toMatchObject({
      stage: 'unknown',
      ageMs: staleMs,
      unknownReason: 'not heard of for 5 s',
    });
    expect(await statusOf(bench)).not.toHaveProperty('pid');
  });
  it('of a large fleet is doubted when it is asked for, and its board hears of it with the second', async () => {
    const bench = await makeProxyBench();
    await crowd(bench, FLEET_LIMITS.largeFleetCount - 1);
    bench.wallShift.ms = 290 - bench.world.now;
    await connect(bench);
    await push(bench, 0, [runningStatus]);
    expect(bench.world.now + bench.wallShift.ms).toBe(300);
    const touched = bench.touched.count;
    const { staleMs } = paceFor(FLEET_LIMITS.largeFleetCount);
    await pass(bench, staleMs - 1);
    expect(await statusOf(bench)).toMatchObject({ stage: 'running' });
    await pass(bench, 1);
    expect(await statusOf(bench)).toMatchObject({ stage: 'unknown', ageMs: staleMs });
    const { gatheredMs } = FLEET_LIMITS;
    const untilSecondMs = gatheredMs - ((300 + staleMs) % gatheredMs);
    await pass(bench, untilSecondMs - 1);
    expect(bench.touched.count).toBe(touched);
    await pass(bench, 1);
    expect(bench.touched.count).toBe(touched + 1);
  });
  it('is known again by the next push, whoever asked for it', async () => {
    const bench = await connected();
    await push(bench, 0, [runningStatus]);
    const first = bench.watched[0]?.observer;
    await pass(bench, staleMs);
    expect(bench.watched).toHaveLength(2);
    bench.watched[1]?.answer.kept(undefined);
    expect(await push(bench, 0, [runningStatus])).toBeUndefined();
    expect(await statusOf(bench)).toMatchObject({ stage: 'running', ageMs: 0 });
    expect(await push(bench, 1, [], first)).toMatchObject({ code: 'malformed' });
  });
  it('that is silent is asked to tell again, a few times, and more often only when it answers', async () => {
    const bench = await connected();
    await push(bench, 0, [runningStatus]);
    await pass(bench, 20 * staleMs);
    expect(bench.watched).toHaveLength(1 + FLEET_LIMITS.askingCount);
    bench.watched[1]?.answer.kept(undefined);
    await pass(bench, staleMs);
    expect(bench.watched).toHaveLength(2 + FLEET_LIMITS.askingCount);
    await pass(bench, 20 * staleMs);
    expect(bench.watched).toHaveLength(2 + FLEET_LIMITS.askingCount);
  });
  it('that was silent for long is believed nothing that it was asked for meanwhile', async () => {
    const bench = await connected();
    await push(bench, 0, [runningStatus]);
    await pass(bench, 20 * staleMs);
    // What it was asked to tell then comes through a wire that is whole again.
    const reasons = [];
    for (const { observer } of bench.watched)
      reasons.push(
        await push(
          bench,
          observer === bench.watched[0]?.observer ? 1 : 0,
          [runningStatus],
          observer,
        ),
      );
    expect(reasons).toEqual(
      bench.watched.map(() => expect.objectContaining({ code: 'malformed' }) as unknown),
    );
    expect(await statusOf(bench)).toMatchObject({ stage: 'unknown' });
    const askedCount = bench.watched.length;
    bench.watched[1]?.answer.kept(undefined);
    await pass(bench, 0);
    expect(bench.watched).toHaveLength(askedCount + 1);
    expect(await push(bench, 0, [runningStatus])).toBeUndefined();
    expect(await statusOf(bench)).toMatchObject({ stage: 'running', ageMs: 0 });
  });
  it('that is silent is doubted in the end, though fractions of a millisecond do not add up', async () => {
    const bench = await connected();
    const heardAtMs = 31_700.7;
    bench.world.run(heardAtMs);
    await push(bench, 0, [runningStatus]);
    bench.wallShift.ms = -7_000;
    expect(heardAtMs + staleMs - heardAtMs).toBeLessThan(staleMs);
    await pass(bench, staleMs + 1);
    expect(await statusOf(bench)).toMatchObject({ stage: 'unknown' });
  });
  it('whose session ends is unknown at once, dialled again, and watched anew', async () => {
    const bench = await connected();
    await push(bench, 0, [runningStatus]);
    bench.calls[0]?.lost.broken(new Severed('cut'));
    await pass(bench, 0);
    expect(await statusOf(bench)).toMatchObject({
      stage: 'unknown',
      unknownReason: 'the connection to a-web at A was lost',
    });
    await pass(bench, FLEET_LIMITS.redialMs);
    expect(bench.calls).toHaveLength(2);
    await connect(bench);
    expect(bench.watched).toHaveLength(2);
    await push(bench, 0, [{ ...runningStatus, pid: 43 }]);
    expect(await statusOf(bench)).toMatchObject({ stage: 'running', pid: 43 });
  });
  it('whose session ends before its ref is here is dialled again all the same', async () => {
    const bench = await makeProxyBench();
    await pass(bench, 10);
    bench.calls[0]?.reached.kept(bench.facet);
    bench.calls[0]?.lost.broken(new Severed('cut'));
    await pass(bench, FLEET_LIMITS.redialMs);
    expect(bench.calls).toHaveLength(2);
    expect(bench.watched).toEqual([]);
  });
  it('that says nothing new does not trouble who watches here', async () => {
    const bench = await connected();
    await push(bench, 0, [{ ...runningStatus, ...versioned(4) }]);
    const touched = bench.touched.count;
    const asked = probe(bench);
    await pass(bench, 0);
    bench.asked[0]?.answer.kept({ ...runningStatus, ...versioned(4) });
    await pass(bench, 0);
    expect(asked.value).toMatchObject({ stage: 'running' });
    expect(bench.touched.count).toBe(touched);
    await push(bench, 1, [{ ...runningStatus, ...versioned(5) }]);
    expect(bench.touched.count).toBe(touched + 1);
  });
  it('whose push was overtaken by an answer is not shown as it was', async () => {
    const bench = await connected();
    await push(bench, 0, [{ ...runningStatus, ...versioned(5), pid: 5 }]);
    await push(bench, 1, [{ ...runningStatus, ...versioned(4), pid: 4 }]);
    expect(await statusOf(bench)).toMatchObject({ pid: 5 });
  });
});

describe('a probe that is not answered', () => {
  it('is told to who asked, and makes nothing unknown that heartbeats confirm', async () => {
    const bench = await connected();
    await push(bench, 0, [runningStatus]);
    const touched = bench.touched.count;
    const asked = probe(bench);
    await pass(bench, 1_000);
    expect(asked.value).toMatchObject({ stage: 'unknown', ageMs: 1_000 });
    expect(await statusOf(bench)).toMatchObject({ stage: 'running', ageMs: 1_000 });
    expect(bench.touched.count).toBe(touched);
    await push(bench, 1, []);
    expect(await statusOf(bench)).toMatchObject({ stage: 'running', ageMs: 0 });
  });
});

describe('a command that takes longer than its asker waits', () => {
  it('makes nothing unknown that heartbeats confirm', async () => {
    const bench = await connected();
    await push(bench, 0, [runningStatus]);
    const request = requestOf('restart', { remainingMs: 1_000 });
    const outcome = watched(
      bench.vat.run((turn: Turn) =>
        turn.send(bench.proxy, 'perform', request, bench.writer, { principal: localRoot }),
      ),
    );
    await pass(bench, 1_000);
    expect(outcome.value).toMatchObject({ result: 'timed-out' });
    expect(await statusOf(bench)).toMatchObject({ stage: 'running' });
  });
});

describe('a member of a fleet that a reload has made small', () => {
  it('is asked for quicker beats with its next one, and known all the while', async () => {
    const large = paceFor(FLEET_LIMITS.largeFleetCount);
    const bench = await makeProxyBench();
    const takeBack = await crowd(bench, FLEET_LIMITS.largeFleetCount - 1);
    await connect(bench);
    await push(bench, 0, [runningStatus]);
    expect(bench.watched.map((one) => one.heartbeatMs)).toEqual([large.heartbeatMs]);
    takeBack();
    await pass(bench, large.heartbeatMs);
    expect(await statusOf(bench)).toMatchObject({ stage: 'running' });
    expect(bench.watched).toHaveLength(1);
    expect(await push(bench, 1, [])).toBeUndefined();
    expect(bench.watched.at(-1)?.heartbeatMs).toBe(heartbeatMs);
    bench.watched.at(-1)?.answer.kept(undefined);
    await push(bench, 0, [runningStatus]);
    await pass(bench, staleMs);
    expect(await statusOf(bench)).toMatchObject({ stage: 'unknown' });
  });
  it('is asked once only, and not again while the pace is what it was', async () => {
    const bench = await makeProxyBench();
    await connect(bench);
    await push(bench, 0, [runningStatus]);
    await crowd(bench, FLEET_LIMITS.largeFleetCount - 2);
    await push(bench, 1, []);
    expect(bench.watched).toHaveLength(1);
    await crowd(bench, FLEET_LIMITS.largeFleetCount - 1);
    await push(bench, 2, []);
    await push(bench, 0, [runningStatus]);
    await push(bench, 1, []);
    expect(bench.watched.map((one) => one.heartbeatMs)).toEqual([
      heartbeatMs,
      paceFor(FLEET_LIMITS.largeFleetCount).heartbeatMs,
    ]);
  });
});

describe('a machine that slept', () => {
  it('does not show as fresh what it knew before', async () => {
    const bench = await connected();
    await push(bench, 0, [runningStatus]);
    bench.wallShift.ms = 3_600_000;
    expect(await statusOf(bench)).toMatchObject({ stage: 'unknown', ageMs: 3_600_000 });
    await push(bench, 1, []);
    expect(await statusOf(bench)).toMatchObject({ stage: 'running', ageMs: 0 });
  });
  it('whose clock is set back knows what it knew', async () => {
    const bench = await connected();
    await push(bench, 0, [runningStatus]);
    await pass(bench, 1_000);
    bench.wallShift.ms = -3_600_000;
    expect(await statusOf(bench)).toMatchObject({ stage: 'running', ageMs: 1_000 });
  });
});

describe('a push that is none', () => {
  const lines = Array.from({ length: 500 }, () => 'x'.repeat(4_096));
  it.each([
    ['skips a number', 1, [runningStatus]],
    ['has no number', 'zero', [runningStatus]],
    ['is no list', 0, 'running'],
    ['has a status of no shape', 0, [{ stage: 'running' }]],
    ['is about more than one service', 0, [runningStatus, runningStatus]],
  ])('because it %s is refused, shown as unknown, and asked for anew later', async (...given) => {
    const [, sequence, statuses] = given;
    const bench = await connected();
    expect(await push(bench, sequence as number, statuses)).toBeInstanceOf(Malformed);
    expect(await statusOf(bench)).toMatchObject({
      stage: 'unknown',
      unknownReason: expect.stringContaining('a-web at A did not tell') as unknown,
    });
    // What follows in the same watching is refused, too, however good it is.
    expect(await push(bench, 1, [])).toBeInstanceOf(Malformed);
    await pass(bench, heartbeatMs - 1);
    expect(bench.watched).toHaveLength(1);
    await pass(bench, 1);
    expect(bench.watched).toHaveLength(2);
    bench.watched[1]?.answer.kept(undefined);
    expect(await push(bench, 0, [runningStatus])).toBeUndefined();
    expect(await statusOf(bench)).toMatchObject({ stage: 'running' });
  });
  it('because it repeats a number is refused', async () => {
    const bench = await connected();
    await push(bench, 0, [runningStatus]);
    expect(await push(bench, 0, [runningStatus])).toBeInstanceOf(Malformed);
  });
  it('because it is too heavy comes without its lists', async () => {
    const bench = await connected();
    expect(await push(bench, 0, [{ ...runningStatus, recentLines: lines }])).toBeUndefined();
    expect(await statusOf(bench)).toMatchObject({ stage: 'running', actions: [] });
    expect(await statusOf(bench)).not.toHaveProperty('recentLines');
  });
  it(`because it is one of more than ${FLEET_LIMITS.pushCount} in a second ends its watching alone`, async () => {
    const bench = await connected();
    for (let sequence = 0; sequence < FLEET_LIMITS.pushCount; sequence += 1)
      expect(await push(bench, sequence, [runningStatus])).toBeUndefined();
    expect(await push(bench, FLEET_LIMITS.pushCount, [runningStatus])).toBeInstanceOf(Malformed);
    expect(await statusOf(bench)).toMatchObject({ stage: 'unknown' });
    expect(bench.logs.filter(({ event }) => event === 'vat.halted')).toEqual([]);
  });
  it('is none that comes at the pace at which a shepherd may push', async () => {
    const bench = await connected();
    for (let sequence = 0; sequence < 200; sequence += 1) {
      expect(await push(bench, sequence, [runningStatus])).toBeUndefined();
      await pass(bench, 50);
    }
    expect(await statusOf(bench)).toMatchObject({ stage: 'running' });
  });
});

describe('a member that refuses', () => {
  it('to be watched says so, and is asked again rarely', async () => {
    const bench = await makeProxyBench();
    await pass(bench, 10);
    bench.calls[0]?.reached.kept(bench.facet);
    await pass(bench, 0);
    bench.watched[0]?.answer.broken(new Refused('too many watch already'));
    await pass(bench, 0);
    expect(await statusOf(bench)).toMatchObject({
      stage: 'unknown',
      unknownReason: 'too many watch already',
    });
    await pass(bench, redialCapMs - 1);
    expect(bench.watched).toHaveLength(1);
    await pass(bench, 1);
    expect(bench.watched).toHaveLength(2);
  });
  /** A member whose grant was revoked, `count` times asked to be watched. */
  const denied = async (count: number): Promise<ProxyBench> => {
    const bench = await makeProxyBench();
    await pass(bench, 10);
    bench.calls[0]?.reached.kept(bench.facet);
    await pass(bench, 0);
    for (let at = 0; at < count; at += 1) {
      expect(bench.watched).toHaveLength(at + 1);
      bench.watched[at]?.answer.broken(new Remote('revoked', 'grant g-1 was revoked'));
      await pass(bench, 0);
      const waitMs = Math.min(redialCapMs * 2 ** at, FLEET_LIMITS.deniedCapMs);
      await pass(bench, waitMs - 1);
      expect(bench.watched).toHaveLength(at + 1);
      await pass(bench, 1);
    }
    return bench;
  };
  it('by a grant is asked half as often each time, up to once an hour', async () => {
    const bench = await denied(13);
    expect(bench.watched).toHaveLength(14);
  });
  it('by a grant is watched again as soon as a question is answered, and is asked soon then', async () => {
    const bench = await denied(4);
    bench.watched[4]?.answer.broken(new Remote('unconfirmed', 'it waits'));
    await pass(bench, 0);
    const asked = probe(bench);
    await pass(bench, 0);
    bench.asked.at(-1)?.answer.kept(runningStatus);
    await pass(bench, 0);
    expect(asked.value).toMatchObject({ stage: 'running' });
    expect(bench.watched).toHaveLength(6);
    bench.watched[5]?.answer.broken(new Remote('revoked', 'grant g-1 was revoked'));
    await pass(bench, redialCapMs);
    expect(bench.watched).toHaveLength(7);
  });
  it('its reference says so, is dialled again rarely, and at once for a command', async () => {
    const bench = await makeProxyBench();
    await pass(bench, 10);
    const no = (at: number): void => {
      for (const answer of [bench.calls[at]?.reached, bench.calls[at]?.lost])
        answer?.broken(new Remote('refused', 'no such reference'));
    };
    no(0);
    await pass(bench, 0);
    expect(await statusOf(bench)).toMatchObject({
      unknownReason: 'cannot use a-web at x.tcp-tls: no such reference',
    });
    await pass(bench, redialCapMs - 1);
    expect(bench.calls).toHaveLength(1);
    const asked = probe(bench);
    await pass(bench, 0);
    expect(bench.calls).toHaveLength(2);
    no(1);
    await pass(bench, 0);
    expect(asked.value).toMatchObject({ stage: 'unknown' });
    await pass(bench, 2 * redialCapMs);
    expect(bench.calls.length).toBeGreaterThan(2);
    expect(bench.calls.length).toBeLessThanOrEqual(4);
  });
});

describe('a service that was taken out', () => {
  it('dials nobody, believes nobody, and leaves no timer', async () => {
    const bench = await connected();
    await push(bench, 0, [runningStatus]);
    bench.vat.post(bench.proxy, 'leave', []);
    await pass(bench, 0);
    expect(await push(bench, 1, [])).toBeInstanceOf(Malformed);
    bench.calls[0]?.lost.broken(new Severed('cut'));
    await pass(bench, 60_000);
    expect(bench.calls).toHaveLength(1);
    expect(bench.watched).toHaveLength(1);
    expect(bench.world.pendingCount).toBe(0);
  });
});
