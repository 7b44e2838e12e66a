/** What a proxy confirms by what it sees of its far end, and how often it tries. Tested without machines. */
import { Remote, Unreachable } from '@bellwether/actors';
import { FLEET_LIMITS } from '@bellwether/fleet';
import type { Outcome, Request, SlotFacts, Status } from '@bellwether/shepherd';
import { describe, expect, it } from 'vitest';
import { localRoot } from '../../../packages/shepherd/src/words/principal.ts';
import {
  makeProxyBench,
  pass,
  requestOf,
  runningStatus,
  watched,
  type ProxyBench,
  type Watched,
} from '../../support/fleet-bench.ts';

const digest = `rel:sha256-${'ab'.repeat(32)}`;
const other = `rel:sha256-${'cd'.repeat(32)}`;
/** As a person may name it. */
const digits = digest.slice('rel:sha256-'.length);
const waits: SlotFacts = { phase: 'awaiting-confirm', target: digest };
const done: Outcome = { member: 'web', result: 'changed', rows: [] };

interface Deploying extends ProxyBench {
  readonly deploy: Watched<Outcome>;
  /** The far end says so, of itself. */
  see(slot: SlotFacts | undefined, more?: Partial<Status>): Promise<void>;
  /** The session that was asked for last stands; what is asked on it. */
  reach(): Promise<Request | undefined>;
}
const deploying = async (request: Partial<Request> = {}, isDenied = false): Promise<Deploying> => {
  const bench = await makeProxyBench();
  await pass(bench, 100);
  bench.calls.at(-1)?.reached.kept(bench.facet);
  await pass(bench, 0);
  const [watching] = bench.watched;
  if (isDenied) watching?.answer.broken(new Remote('denied', 'grant g-1 does not allow it'));
  else watching?.answer.kept(undefined);
  await pass(bench, 0);
  let sequence = 0;
  const see: Deploying['see'] = async (slot, more = {}) => {
    const status = { ...runningStatus, ...more, ...(slot && { slot }) } as Status;
    const version = { born: 1, sequence: (sequence += 1) };
    const pushed = [{ ...status, version }];
    void bench.vat.run(
      (turn) => watching && turn.send(watching.observer, 'observed', sequence - 1, pushed),
    );
    await pass(bench, 0);
  };
  if (!isDenied) await see(undefined);
  const asked = { action: 'deploy', args: [digest], remainingMs: 3_600_000, ...request };
  const deploy = watched(
    bench.vat.run((turn) =>
      turn.send(bench.proxy, 'perform', requestOf(asked.action, asked), bench.writer, {
        principal: localRoot,
      }),
    ),
  );
  await pass(bench, 0);
  const reach: Deploying['reach'] = async () => {
    bench.freshCalls.at(-1)?.reached.kept(bench.facet);
    await pass(bench, 0);
    return bench.asked.at(-1)?.request;
  };
  return { ...bench, deploy, see, reach };
};

describe('what waits to be confirmed', () => {
  it('is confirmed by its digest, once, over a session that is ended behind the answer', async () => {
    const bench = await deploying();
    await bench.see({ phase: 'health-gate', target: digest });
    expect(bench.freshCalls).toEqual([]);
    await bench.see(waits);
    expect(bench.freshCalls).toMatchObject([{ petname: 'a-web' }]);
    expect(await bench.reach()).toMatchObject({
      action: 'confirm',
      args: [digest],
      remainingMs: FLEET_LIMITS.confirmMs,
    });
    expect(bench.freshCalls[0]?.endCount).toBe(0);
    bench.asked.at(-1)?.answer.kept(done);
    await pass(bench, 0);
    expect(bench.freshCalls[0]?.endCount).toBe(1);
    await bench.see(waits);
    await pass(bench, 60_000);
    expect(bench.freshCalls).toHaveLength(1);
  });
  it.each<[string, SlotFacts, Partial<Status>, Partial<Request>]>([
    ['another release', { ...waits, target: other }, {}, {}],
    ['another one than digits name', { ...waits, target: other }, {}, { args: [digits] }],
    ['what another controller stands before', waits, { kind: 'exported' }, {}],
    ['what shall not be confirmed', waits, {}, { args: [digest, 'no-confirm'] }],
    ['what is only gone back to', waits, {}, { action: 'rollback' }],
    ['what was only staged', waits, {}, { action: 'stage' }],
    ['what was only started', waits, {}, { action: 'start', args: [] }],
  ])('is not where it is %s', async (_what, slot, status, request) => {
    const bench = await deploying(request);
    const more = status.kind === 'exported' ? { ...status, origin: 'B' } : status;
    await bench.see(slot, more);
    await pass(bench, 10_000);
    expect(bench.freshCalls).toEqual([]);
  });
  it.each([digits, digits.slice(0, 12)])('is where its digits alone name it: %s', async (word) => {
    const bench = await deploying({ action: 'activate', args: [word] });
    await bench.see(waits);
    expect(await bench.reach()).toMatchObject({ action: 'confirm', args: [digest] });
  });
  it('is where it is gone back to and somebody wants to see that confirmed', async () => {
    const bench = await deploying({ action: 'rollback', args: ['confirm=60'] });
    await bench.see(waits);
    expect(await bench.reach()).toMatchObject({ action: 'confirm', args: [digest] });
  });
  it('is not any more once the command is called off, for which its machine takes it back', async () => {
    const bench = await deploying();
    bench.vat.post(bench.proxy, 'cancel', ['op-1', localRoot]);
    await pass(bench, 0);
    await bench.see(waits);
    await pass(bench, 10_000);
    expect([bench.freshCalls.length, bench.cancelled.length]).toEqual([0, 1]);
  });
  it('is not where it was called off while a session for that was dialled', async () => {
    const bench = await deploying();
    await bench.see(waits);
    bench.vat.post(bench.proxy, 'cancel', ['op-1', localRoot]);
    await pass(bench, 0);
    expect((await bench.reach())?.action).toBe('deploy');
    expect(bench.freshCalls.map(({ endCount }) => endCount)).toEqual([1]);
    await bench.see(waits);
    await pass(bench, 10_000);
    expect([bench.freshCalls.length, bench.told]).toEqual([1, []]);
  });
  it('is not any more once the command is over', async () => {
    const bench = await deploying();
    bench.asked.at(-1)?.answer.kept({ ...done, result: 'rolled-back' });
    await pass(bench, 0);
    expect(bench.deploy.value?.result).toBe('rolled-back');
    await bench.see(waits);
    await pass(bench, 10_000);
    expect(bench.freshCalls).toEqual([]);
  });
});

/** When each try began, as far as all of them fail. */
const triesIn = async (bench: Deploying, ms: number): Promise<readonly number[]> => {
  const begunAt: number[] = [];
  for (let at = 0; at < ms; at += 50) {
    await pass(bench, 50);
    const { freshCalls, world } = bench;
    if (freshCalls.length === begunAt.length) continue;
    begunAt.push(world.now);
    freshCalls.at(-1)?.reached.broken(new Unreachable('nobody gets in'));
  }
  return begunAt;
};

describe('where nobody gets in', () => {
  it('it is tried more and more rarely, and said once', async () => {
    const bench = await deploying();
    await bench.see(waits);
    const begunAt = await triesIn(bench, 60_000);
    const gaps = begunAt.slice(1).map((each, at) => each - (begunAt[at] ?? 0));
    expect(gaps[0]).toBeLessThanOrEqual(FLEET_LIMITS.confirmAgainMs + 100);
    for (const gap of gaps.slice(6))
      expect(gap).toBeGreaterThanOrEqual(FLEET_LIMITS.confirmLastMs / 2);
    for (const gap of gaps) expect(gap).toBeLessThanOrEqual(FLEET_LIMITS.confirmLastMs + 100);
    expect(bench.told).toEqual([
      expect.objectContaining({
        text: 'web-server-a could not be confirmed from here: cannot reach a-web anew: nobody gets in',
      }),
    ]);
    expect(bench.freshCalls.every(({ endCount }) => endCount === 1)).toBe(true);
  });
  it('it is tried in time also where that is short', async () => {
    const bench = await deploying({ args: [digest, 'confirm=2'] });
    await bench.see(waits);
    expect((await triesIn(bench, 2_000)).length).toBeGreaterThanOrEqual(4);
  });
  it('it is given up after very many tries', async () => {
    const bench = await deploying({ args: [digest, 'confirm=1'] });
    await bench.see(waits);
    await triesIn(bench, 300_000);
    expect(bench.freshCalls).toHaveLength(FLEET_LIMITS.confirmTryCount);
  });
});

describe('where it may not be seen whether it waits', () => {
  it('it is tried every few seconds, each under an id of its own, and what is refused is not said', async () => {
    const bench = await deploying({}, true);
    expect(bench.freshCalls).toEqual([]);
    const ids = new Set<string>();
    for (let at = 0; at < 300; at += 1) {
      await pass(bench, 100);
      if (bench.freshCalls.length === ids.size) continue;
      const request = await bench.reach();
      ids.add(request?.operation ?? '');
      bench.asked.at(-1)?.answer.broken(new Remote('refused', 'nothing waits to be confirmed'));
    }
    expect(ids.size).toBeGreaterThanOrEqual(30_000 / FLEET_LIMITS.confirmLastMs - 1);
    expect(ids.size).toBeLessThanOrEqual(30_000 / 2_500 + 3);
    expect(bench.told).toEqual([]);
  });
  it('it is the one alone that digits name', async () => {
    const bench = await deploying({ args: [digits] }, true);
    await pass(bench, 10_000);
    expect(await bench.reach()).toMatchObject({ action: 'confirm', args: [digest] });
  });
});
