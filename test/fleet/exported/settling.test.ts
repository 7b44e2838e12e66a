/** A command that the far end has and lets wait: what it is told, and what its answers mean. */
import { Remote, Severed } from '@bellwether/actors';
import type { Outcome, Request } from '@bellwether/shepherd';
import { describe, expect, it } from 'vitest';
import {
  makeProxyBench,
  pass,
  requestOf,
  watched,
  type ProxyBench,
  type Watched,
} from '../../support/fleet-bench.ts';
import { localRoot } from '../../../packages/shepherd/src/words/principal.ts';

const queueMs = 60_000;
const asking = (
  bench: ProxyBench,
  method: 'perform' | 'settle',
  request: Request = requestOf('start', { queueMs }),
): Watched<Outcome> =>
  watched(
    bench.vat.run((turn) =>
      turn.send(bench.proxy, method, request, bench.writer, { principal: localRoot }),
    ),
  );
/** Connected. */
const up = async (): Promise<ProxyBench> => {
  const bench = await makeProxyBench();
  watched(bench.vat.run((turn) => turn.send(bench.proxy, 'probe', 900)));
  await pass(bench, 0);
  bench.calls.at(-1)?.reached.kept(bench.facet);
  await pass(bench, 0);
  bench.asked.shift();
  await pass(bench, 0);
  return bench;
};
const waiting: Outcome = {
  member: 'webs',
  result: 'unreachable',
  rows: [
    { member: 'a', result: 'changed' },
    { member: 'b', result: 'unreachable', queuedUntilMs: 1_700_000_000_000 },
  ],
};
const over: Outcome = { member: 'webs', result: 'changed', rows: [] };

describe('a command that is to wait', () => {
  it('goes on with what is left of its time, and with none where nothing is left', async () => {
    const bench = await makeProxyBench();
    for (const ms of [queueMs, 301, 300, undefined])
      asking(
        bench,
        'perform',
        requestOf('start', { operation: `op-${ms ?? 'none'}`, ...(ms && { queueMs: ms }) }),
      );
    await pass(bench, 300);
    bench.calls.at(-1)?.reached.kept(bench.facet);
    await pass(bench, 0);
    expect(bench.asked.map(({ request }) => request.queueMs)).toEqual([
      queueMs - 300,
      1,
      undefined,
      undefined,
    ]);
    expect(bench.asked.every(({ request }) => !('queueMs' in request) || request.queueMs)).toBe(
      true,
    );
  });

  it('is not over where the far end waits for anybody, and is where it was not asked to wait', async () => {
    const bench = await up();
    const patient = asking(bench, 'perform');
    const other = requestOf('start', { operation: 'op-2' });
    const plain = asking(bench, 'perform', other);
    await pass(bench, 0);
    for (const { answer } of bench.asked) answer.kept(waiting);
    await pass(bench, 0);
    expect(patient.value).toMatchObject({
      isPending: true,
      member: 'web-server-a',
      reason: 'a-web at A waits for web-server-a/b',
      lastSeenMs: 0,
    });
    expect(plain.value).not.toHaveProperty('isPending');
    const many = asking(bench, 'perform', requestOf('start', { operation: 'op-4', queueMs }));
    const alone = asking(bench, 'perform', requestOf('start', { operation: 'op-5', queueMs }));
    await pass(bench, 0);
    const [several, single] = bench.asked.slice(-2);
    const queuedUntilMs = 1_700_000_000_000;
    several?.answer.kept({
      ...waiting,
      rows: ['a', 'b', 'c', 'd', 'e'].map((member) => ({
        member,
        result: 'unreachable',
        queuedUntilMs,
      })),
    });
    single?.answer.kept({ ...waiting, queuedUntilMs, rows: [] });
    await pass(bench, 0);
    expect(many.value?.reason).toMatch(/\/a, web-server-a\/b, web-server-a\/c and 2 more$/);
    expect(alone.value?.reason).toBe('a-web at A waits for a machine');
    const done = asking(bench, 'perform', requestOf('start', { operation: 'op-3', queueMs }));
    await pass(bench, 0);
    bench.asked.at(-1)?.answer.kept(over);
    await pass(bench, 0);
    expect(done.value).not.toHaveProperty('isPending');
  });
});

describe('how it ends', () => {
  it('is asked under the id that it is known by there, and told under our names', async () => {
    const bench = await up();
    const ending = asking(bench, 'settle');
    await pass(bench, 0);
    expect(bench.asked).toMatchObject([
      { method: 'join', request: { operation: expect.stringMatching(/^op-1\./) as string } },
    ]);
    bench.asked[0]?.answer.kept({ ...over, rows: [{ member: 'b', result: 'changed' }] });
    await pass(bench, 0);
    expect(ending.value).toMatchObject({
      member: 'web-server-a',
      result: 'changed',
      rows: [{ member: 'web-server-a/b' }],
    });
    expect(ending.value).not.toHaveProperty('isPending');
  });

  it.each([
    ['somebody is waited for there', waiting],
    ['the answer only says how far it is', { ...over, result: 'timed-out', isLate: true }],
  ])('is not known yet where %s', async (_what, answer) => {
    const bench = await up();
    const ending = asking(bench, 'settle');
    await pass(bench, 0);
    bench.asked[0]?.answer.kept(answer);
    await pass(bench, 0);
    expect(ending.value).toMatchObject({ isPending: true });
  });

  it.each([
    ['the session ends', new Severed('gone')],
    ['there is no room', new Remote('limit', '64 wait for it already')],
  ])('is to be asked again where %s', async (_what, reason) => {
    const bench = await up();
    const ending = asking(bench, 'settle');
    await pass(bench, 0);
    bench.asked[0]?.answer.broken(reason);
    await pass(bench, 0);
    expect(ending.reason).toMatchObject({ message: reason.message });
  });

  it.each([
    [
      'unknown-operation',
      'unknown',
      /let start wait and does not tell what came of it: .*See herd status/,
    ],
    ['refused', 'unknown', /let start wait and does not tell/],
    ['revoked', 'denied', /What had not begun of start was called off there\.$/],
    ['expired', 'denied', /was called off there\.$/],
  ])('is %s there, so %s here', async (code, result, words) => {
    const bench = await up();
    const ending = asking(bench, 'settle');
    await pass(bench, 0);
    bench.asked[0]?.answer.broken(new Remote(code, 'so it is'));
    await pass(bench, 0);
    expect(ending.value).toMatchObject({ result, reason: expect.stringMatching(words) as string });
  });

  it('is unknown where the answer is none', async () => {
    const bench = await up();
    const ending = asking(bench, 'settle');
    await pass(bench, 0);
    bench.asked[0]?.answer.kept('fine');
    await pass(bench, 0);
    expect(ending.value).toMatchObject({ result: 'unknown' });
  });
});
