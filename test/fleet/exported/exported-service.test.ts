import { Refused, Remote, Severed, TimedOut, type Turn, Unreachable } from '@bellwether/actors';
import { exitCodeOf, FLEET_LIMITS, paceFor } from '@bellwether/fleet';
import { limits, type Outcome, type Request, type Status } from '@bellwether/shepherd';
import { describe, expect, it } from 'vitest';
import { settled } from '../../support/actors-vat.ts';
import {
  makeProxyBench,
  pass,
  requestOf,
  runningStatus,
  watched,
  type ProxyBench,
  type Watched,
} from '../../support/fleet-bench.ts';
import {
  localRoot,
  principalOf,
  type Principal,
} from '../../../packages/shepherd/src/words/principal.ts';

const perform = (bench: ProxyBench, request: Request, principal = localRoot): Watched<Outcome> =>
  watched(
    bench.vat.run((turn: Turn) =>
      turn.send(bench.proxy, 'perform', request, bench.writer, { principal }),
    ),
  );
/** What the far end was asked, by what is chosen at the controller. */
const operationsAt = ({ asked }: ProxyBench): readonly string[] =>
  asked.map(({ request }) => request.operation.replace(/\.[0-9a-f]{32}$/, ' …'));
const probe = (bench: ProxyBench, timeoutMs = 1_000): Watched<Status> =>
  watched(bench.vat.run((turn: Turn) => turn.send(bench.proxy, 'probe', timeoutMs)));
const statusOf = (bench: ProxyBench): Promise<Status> =>
  settled(
    bench.world,
    bench.vat.run((turn) => turn.call(bench.proxy, 'status')),
  );
const connect = async (bench: ProxyBench): Promise<void> => {
  await pass(bench, 0);
  bench.calls.at(-1)?.reached.kept(bench.facet);
  await pass(bench, 0);
};
const changed: Outcome = {
  member: 'web-server',
  result: 'changed',
  stage: 'running',
  pid: 7,
  rows: [],
};

describe('a command through an exported service', () => {
  it('dials, sends once, and gives the outcome under its own name', async () => {
    const bench = await makeProxyBench();
    const outcome = perform(bench, requestOf('start', { args: ['x'], hops: ['hop-a'] }));
    await connect(bench);
    expect(bench.calls.map(({ petname }) => petname)).toEqual(['a-web']);
    expect(bench.asked).toHaveLength(1);
    expect(bench.asked[0]?.request).toMatchObject({
      operation: expect.stringMatching(/^op-1\.[0-9a-f]{32}$/) as string,
      action: 'start',
      args: ['x'],
      hops: ['hop-a'],
    });
    bench.asked[0]?.answer.kept({ ...changed, rows: [{ member: 'x', result: 'ok' }] });
    await pass(bench, 0);
    expect(outcome.value).toEqual({
      ...changed,
      member: 'web-server-a',
      origin: 'A',
      rows: [{ member: 'web-server-a/x', result: 'ok' }],
    });
    // One look at whether the far end says anything.
    expect(bench.world.pendingCount).toBe(1);
  });
  it('uses a live session as it is, in the turn of the command', async () => {
    const bench = await makeProxyBench();
    perform(bench, requestOf('start'));
    await connect(bench);
    perform(bench, requestOf('stop', { operation: 'op-2' }));
    await pass(bench, 0);
    expect(bench.calls).toHaveLength(1);
    expect(bench.asked.map(({ request }) => request.action)).toEqual(['start', 'stop']);
  });
  it('overtakes no earlier command that waits for contact, in whatever turn that is made', async () => {
    const bench = await makeProxyBench();
    perform(bench, requestOf('start', { operation: 'op-0' }));
    await pass(bench, 0);
    const send = (turn: Turn, waitCount: number, operation: string): void => {
      if (waitCount > 0)
        return void turn.when(turn.kept(0), (turn) => send(turn, waitCount - 1, operation));
      const request = requestOf('stop', { operation });
      void turn.send(bench.proxy, 'perform', request, bench.writer, { principal: localRoot });
    };
    const turns = [0, 1, 2, 3, 4, 5];
    // In each turn of those in which contact is made, one command comes before it and one after it.
    void bench.vat.run((turn) => turns.forEach((at) => send(turn, at, `before-${at}`)));
    bench.calls[0]?.reached.kept(bench.facet);
    void bench.vat.run((turn) => turns.forEach((at) => send(turn, at, `behind-${at}`)));
    await pass(bench, 0);
    const operations = bench.asked.map(({ request }) => request.operation.split('.')[0]);
    expect(operations).toEqual([
      'op-0',
      ...turns.flatMap((at) => [`before-${at}`, `behind-${at}`]),
    ]);
  });
  it('has an id at the far end that no other asker here can take, and the same one each time', async () => {
    const bench = await makeProxyBench();
    perform(bench, requestOf('start'));
    await connect(bench);
    perform(bench, requestOf('start'), principalOf('a holder'));
    perform(bench, requestOf('start'));
    await pass(bench, 0);
    const [first, second, third] = bench.asked.map(({ request }) => request.operation);
    expect(operationsAt(bench)).toEqual(['op-1 …', 'op-1 …', 'op-1 …']);
    expect(third).toBe(first);
    expect(second).not.toBe(first);
  });
  it('passes on less time than it has, whatever the dial took, and never an instant', async () => {
    const bench = await makeProxyBench();
    perform(bench, requestOf('start', { remainingMs: 20_000 }));
    await pass(bench, 3_000);
    await connect(bench);
    const remainingMs = bench.asked[0]?.request.remainingMs ?? 0;
    expect(remainingMs).toBe(17_000 - limits.hopMarginMs);
  });
  it('keeps a tenth of a short deadline for the way back', async () => {
    const bench = await makeProxyBench();
    perform(bench, requestOf('start', { remainingMs: 100 }));
    await connect(bench);
    expect(bench.asked[0]?.request.remainingMs).toBe(90);
  });
});

describe('a member that cannot be reached', () => {
  it('is unreachable at once when the dial fails, in words that name petname and peer', async () => {
    const bench = await makeProxyBench();
    const outcome = perform(bench, requestOf('start'));
    await pass(bench, 0);
    bench.calls[0]?.reached.broken(new Unreachable('connection refused'));
    await pass(bench, 0);
    expect(outcome.value).toMatchObject({ member: 'web-server-a', result: 'unreachable' });
    expect(outcome.value?.reason).toBe(
      'cannot reach a-web at x.tcp-tls: connection refused. Nothing was sent: back again, it is as it was last told to be; start it then.',
    );
  });
  it('is told without the place once more, which may be for this machine alone', async () => {
    const bench = await makeProxyBench();
    const outcome = perform(bench, requestOf('start'));
    await pass(bench, 0);
    const found = Object.assign(new Error('/run/x: nobody there'), { summary: 'nobody there' });
    const reason = new Unreachable('captp: cannot reach x: nobody there', { cause: found });
    bench.calls[0]?.reached.broken(reason);
    await pass(bench, 0);
    expect(outcome.value?.reason).toMatch(
      /^cannot reach a-web at x\.tcp-tls: nobody there\. Nothing/,
    );
  });
  it('is failed, not unreachable, when the peer answers that it knows no such reference', async () => {
    const bench = await makeProxyBench();
    const outcome = perform(bench, requestOf('start'));
    await pass(bench, 0);
    bench.calls[0]?.reached.broken(new Refused('nothing has this swissnum'));
    await pass(bench, 0);
    expect(outcome.value).toMatchObject({
      result: 'failed',
      reason: 'cannot use a-web at x.tcp-tls: nothing has this swissnum. Nothing was sent.',
    });
  });
  it('is failed when the peer answers that it is unreachable: it has answered', async () => {
    for (const code of ['unreachable', 'severed', 'timed-out', 'halted']) {
      const bench = await makeProxyBench();
      const outcome = perform(bench, requestOf('start'));
      await pass(bench, 0);
      bench.calls[0]?.reached.broken(new Remote(code, 'hello'));
      await pass(bench, 0);
      expect(outcome.value).toMatchObject({ result: 'failed' });
      expect(outcome.value?.reason).toContain('cannot use a-web at x.tcp-tls: hello');
    }
  });
  it('is unreachable when the dial takes longer than the connect deadline, and is not sent to later', async () => {
    const bench = await makeProxyBench();
    const outcome = perform(bench, requestOf('start'));
    await pass(bench, FLEET_LIMITS.connectMs - 1);
    expect(outcome.value).toBeUndefined();
    await pass(bench, 1);
    expect(outcome.value).toMatchObject({ result: 'unreachable' });
    bench.calls[0]?.reached.kept(bench.facet);
    await pass(bench, 10_000);
    expect(bench.asked).toEqual([]);
  });
  it('times out without being sent to when the deadline is shorter than the dial', async () => {
    const bench = await makeProxyBench();
    const outcome = perform(bench, requestOf('start', { remainingMs: 500 }));
    await pass(bench, 500);
    expect(outcome.value).toMatchObject({ result: 'timed-out' });
    expect(outcome.value?.reason).toContain('Nothing was sent');
    await connect(bench);
    expect(bench.asked).toEqual([]);
  });
  it('says when it was last heard of', async () => {
    const bench = await makeProxyBench();
    perform(bench, requestOf('start'));
    await connect(bench);
    bench.asked[0]?.answer.kept(changed);
    await pass(bench, 0);
    bench.calls[0]?.lost.broken(new Severed('cut'));
    await pass(bench, 41_000);
    const outcome = perform(bench, requestOf('start', { operation: 'op-2' }));
    await pass(bench, 0);
    for (let dials = 0; dials < 2; dials += 1) {
      bench.calls.at(-1)?.reached.broken(new Severed('no route'));
      await pass(bench, 0);
    }
    expect(outcome.value).toMatchObject({ result: 'unreachable', lastSeenMs: 41_000 });
  });
  it('is dialled once more for who came while a dial from before was under way, in the same time', async () => {
    const joined = async () => {
      const bench = await makeProxyBench();
      const first = perform(bench, requestOf('start'));
      await pass(bench, 1_000);
      const second = perform(bench, requestOf('start', { operation: 'op-2' }));
      await pass(bench, 3_000);
      bench.calls[0]?.reached.broken(new Severed('no route'));
      await pass(bench, 0);
      expect(first.value).toMatchObject({ result: 'unreachable' });
      expect(second.value).toBeUndefined();
      expect(bench.calls).toHaveLength(2);
      return { bench, second };
    };
    const mended = await joined();
    mended.bench.calls[1]?.reached.kept(mended.bench.facet);
    await pass(mended.bench, 0);
    expect(mended.bench.asked.map(({ request }) => request.operation)).toEqual([
      expect.stringMatching(/^op-2\./) as string,
    ]);
    const { bench, second } = await joined();
    await pass(bench, FLEET_LIMITS.connectMs - 3_001);
    expect(second.value).toBeUndefined();
    await pass(bench, 1);
    expect(second.value).toMatchObject({
      result: 'unreachable',
      reason: expect.stringContaining('no route') as string,
    });
  });
  it('says so also when it was lost, or did not answer in time, and not when it was never seen', async () => {
    const seen = async (): Promise<ProxyBench> => {
      const bench = await makeProxyBench();
      perform(bench, requestOf('start'));
      await connect(bench);
      bench.asked[0]?.answer.kept(changed);
      await pass(bench, 3_000);
      return bench;
    };
    const late = await seen();
    const timedOut = perform(late, requestOf('stop', { operation: 'op-2', remainingMs: 1_000 }));
    await pass(late, 1_000);
    expect(timedOut.value).toMatchObject({ result: 'timed-out', lastSeenMs: 4_000 });
    const cut = await seen();
    const lost = perform(cut, requestOf('stop', { operation: 'op-2' }));
    await pass(cut, 0);
    cut.asked[1]?.answer.broken(new Severed('cut'));
    cut.calls[0]?.lost.broken(new Severed('cut'));
    await pass(cut, 0);
    cut.calls.at(-1)?.reached.broken(new Severed('no route'));
    await pass(cut, 0);
    expect(lost.value).toMatchObject({ result: 'unknown', lastSeenMs: 3_000 });
    const bench = await makeProxyBench();
    const never = perform(bench, requestOf('start', { remainingMs: 500 }));
    await pass(bench, 500);
    expect(never.value).toMatchObject({ result: 'timed-out' });
    expect(never.value).not.toHaveProperty('lastSeenMs');
  });
  it('is dialled afresh by the next command after a failed dial and after a lost session', async () => {
    const bench = await makeProxyBench();
    perform(bench, requestOf('start'));
    await pass(bench, 0);
    bench.calls[0]?.reached.broken(new Severed('no route'));
    await pass(bench, 0);
    perform(bench, requestOf('start', { operation: 'op-2' }));
    await connect(bench);
    bench.calls[1]?.lost.broken(new Severed('cut'));
    await pass(bench, 0);
    perform(bench, requestOf('start', { operation: 'op-3' }));
    await connect(bench);
    expect(bench.calls).toHaveLength(3);
    expect(operationsAt(bench)).toEqual(['op-2 …', 'op-3 …']);
  });
});

describe('a command that was sent and not answered', () => {
  const sent = async (): Promise<{ bench: ProxyBench; outcome: Watched<Outcome> }> => {
    const bench = await makeProxyBench();
    const outcome = perform(bench, requestOf('start', { remainingMs: 5_000 }));
    await connect(bench);
    return { bench, outcome };
  };
  /** The session ends in the middle, for the question and for the ref. */
  const lose = async (bench: ProxyBench, at = 0): Promise<void> => {
    bench.asked[at]?.answer.broken(new Severed('cut'));
    bench.calls[at]?.lost.broken(new Severed('cut'));
    await pass(bench, 0);
  };
  it('is asked once more on the next session, under its id and with what time is left', async () => {
    const { bench, outcome } = await sent();
    await pass(bench, 1_000);
    await lose(bench);
    expect(bench.calls).toHaveLength(2);
    await connect(bench);
    const { operation } = bench.asked[0]?.request ?? {};
    expect(bench.asked[1]?.request).toMatchObject({ operation, action: 'start' });
    expect(bench.asked[1]?.request).not.toHaveProperty('isRepeat');
    expect(bench.asked[1]?.request.remainingMs).toBeLessThanOrEqual(4_000);
    bench.asked[1]?.answer.kept(changed);
    await pass(bench, 0);
    expect(outcome.value).toMatchObject({ result: 'changed', pid: 7 });
  });
  it.each(['restart', 'reload-config'])(
    'is not done anew by a far end that does not remember it: %s',
    async (action) => {
      const bench = await makeProxyBench();
      const outcome = perform(bench, requestOf(action, { remainingMs: 5_000 }));
      await connect(bench);
      await lose(bench);
      await connect(bench);
      const { operation } = bench.asked[0]?.request ?? {};
      expect(bench.asked[1]?.request).toMatchObject({ operation, isRepeat: true });
      bench.asked[1]?.answer.broken(new Remote('unknown-operation', 'hello'));
      await pass(bench, 0);
      expect(outcome.value).toMatchObject({ result: 'unknown' });
      expect(outcome.value?.reason).toContain(`was lost after ${action} was sent`);
    },
  );
  const cancel = async (
    bench: ProxyBench,
    operation = 'op-1',
    principal: Principal = localRoot,
  ) => {
    bench.vat.post(bench.proxy, 'cancel', [operation, principal]);
    await pass(bench, 0);
  };
  it('is called off anew on the next session, where it is not begun anew', async () => {
    const { bench, outcome } = await sent();
    const { operation } = bench.asked[0]?.request ?? {};
    await cancel(bench);
    expect(bench.cancelled).toEqual([operation]);
    await lose(bench);
    await connect(bench);
    expect(bench.asked[1]?.request).toMatchObject({ operation, isRepeat: true });
    expect(bench.cancelled).toEqual([operation, operation]);
    bench.asked[1]?.answer.kept({ ...changed, result: 'cancelled' });
    await pass(bench, 0);
    expect(outcome.value).toMatchObject({ result: 'cancelled' });
  });
  it('is not sent at all where it was called off before there was contact', async () => {
    const bench = await makeProxyBench();
    const outcome = perform(bench, requestOf('start'));
    await pass(bench, 0);
    await cancel(bench);
    await connect(bench);
    expect(bench.asked).toEqual([]);
    expect(outcome.value).toMatchObject({
      member: 'web-server-a',
      result: 'cancelled',
      reason: 'Service web-server-a: start was cancelled before it was sent.',
    });
  });
  it('is sent as ever under an id that was called off when it was over, or is another one', async () => {
    const { bench } = await sent();
    await cancel(bench, 'op-2');
    await cancel(bench, 'op-1', principalOf('another asker'));
    bench.asked[0]?.answer.kept(changed);
    await pass(bench, 0);
    await cancel(bench);
    for (const [at, operation] of (['op-1', 'op-2'] as const).entries()) {
      perform(bench, requestOf('start', { operation }));
      await pass(bench, 0);
      expect(bench.asked[at + 1]?.request).not.toHaveProperty('isRepeat');
    }
  });
  it('is unknown when the session is lost in the middle, and there is no other', async () => {
    const { bench, outcome } = await sent();
    await lose(bench);
    bench.calls[1]?.reached.broken(new Unreachable('nobody there'));
    await pass(bench, 0);
    expect(outcome.value).toMatchObject({ result: 'unknown' });
    expect(outcome.value?.reason).toContain('was lost after start was sent; it may have been done');
  });
  it('is unknown by its deadline when no other session comes', async () => {
    const { bench, outcome } = await sent();
    await lose(bench);
    await pass(bench, 4_999);
    expect(outcome.value).toBeUndefined();
    await pass(bench, 1);
    expect(outcome.value).toMatchObject({ result: 'unknown' });
  });
  it('is asked no third time', async () => {
    const { bench, outcome } = await sent();
    await lose(bench);
    await connect(bench);
    await lose(bench, 1);
    expect(bench.asked).toHaveLength(2);
    expect(outcome.value).toMatchObject({ result: 'unknown' });
  });
  it('is timed out at its own deadline', async () => {
    const { bench, outcome } = await sent();
    await pass(bench, 4_999);
    expect(outcome.value).toBeUndefined();
    await pass(bench, 1);
    expect(outcome.value).toMatchObject({ result: 'timed-out' });
    expect(outcome.value?.reason).toContain('it may still be done');
  });
  it('is failed with the words of a refusal', async () => {
    const { bench, outcome } = await sent();
    bench.asked[0]?.answer.broken(new Refused('it is disabled'));
    await pass(bench, 0);
    expect(outcome.value?.reason).toBe('a-web at A refused to start: it is disabled.');
    expect(outcome.value?.result).toBe('failed');
  });
  it('is failed as busy where something else is under way there, or its id is taken', async () => {
    const { bench, outcome } = await sent();
    bench.asked[0]?.answer.broken(new Remote('conflict', 'deploy of web 2 is under way'));
    await pass(bench, 0);
    expect(outcome.value).toMatchObject({ result: 'failed', isBusy: true });
    expect(outcome.value && exitCodeOf(outcome.value, { isStrict: false })).toBe(9);
  });
  it('is failed with those words once, where they say themselves what was asked', async () => {
    const { bench, outcome } = await sent();
    bench.asked[0]?.answer.broken(new Refused('start: it is disabled'));
    await pass(bench, 0);
    expect(outcome.value?.reason).toBe('a-web at A refused to start: it is disabled.');
  });
  it('is failed with those words without the name that it has there', async () => {
    const { bench, outcome } = await sent();
    bench.asked[0]?.answer.broken(new Refused('Service web: start: it is disabled'));
    await pass(bench, 0);
    expect(outcome.value?.reason).toBe('a-web at A refused to start: it is disabled.');
  });
  it.each([
    ['refused', true, undefined, 1],
    ['bad-request', true, true, 2],
    ['unknown-action', true, undefined, 1],
    ['limit', undefined, undefined, 1],
  ])('is failed in vain, or not, where the code is %s', async (code, isVain, isSlip, exitCode) => {
    const { bench, outcome } = await sent();
    bench.asked[0]?.answer.broken(new Remote(code, 'no'));
    await pass(bench, 0);
    expect(outcome.value).toMatchObject({ result: 'failed' });
    expect([outcome.value?.isVain, outcome.value?.isSlip]).toEqual([isVain, isSlip]);
    expect(outcome.value && exitCodeOf(outcome.value, { isStrict: false })).toBe(exitCode);
  });
  it.each(['severed', 'halted', 'timed-out', 'unreachable', 'refused'])(
    'is failed, and nothing else, when the far end answers with the code %s',
    async (code) => {
      const { bench, outcome } = await sent();
      bench.asked[0]?.answer.broken(new Remote(code, 'hello'));
      await pass(bench, 0);
      expect(outcome.value).toMatchObject({
        result: 'failed',
        reason: 'a-web at A refused to start: hello.',
      });
    },
  );
  it.each(['denied', 'revoked', 'expired', 'used-up', 'too-many', 'unconfirmed', 'too-wide'])(
    'is denied when the grant of this shepherd does not allow it: %s',
    async (code) => {
      const { bench, outcome } = await sent();
      bench.asked[0]?.answer.broken(new Remote(code, 'grant g-1 is no good'));
      await pass(bench, 0);
      expect(outcome.value).toMatchObject({
        result: 'denied',
        reason: /revoked|expired/.test(code)
          ? 'a-web at A: grant g-1 is no good.'
          : 'a-web at A: grant g-1 is no good. Nothing was done.',
      });
    },
  );
  it('is unknown when the far end knows no such operation any more', async () => {
    const { bench, outcome } = await sent();
    bench.asked[0]?.answer.broken(new Remote('unknown-operation', 'hello'));
    await pass(bench, 0);
    expect(outcome.value).toMatchObject({ result: 'unknown' });
  });
  it.each([
    ['nothing', undefined],
    ['a word', 'done'],
    ['a result that is no word', { member: 'x', result: 7, rows: [] }],
    ['a row too many', { ...changed, rows: Array.from({ length: 10_001 }, () => changed) }],
  ])('is unknown when the answer is %s', async (_what, answer) => {
    const { bench, outcome } = await sent();
    bench.asked[0]?.answer.kept(answer);
    await pass(bench, 0);
    expect(outcome.value).toMatchObject({ result: 'unknown' });
    expect(outcome.value?.reason).toContain('what is no outcome');
  });
});

describe('what is known of a service elsewhere', () => {
  it('is nothing before the first contact', async () => {
    const bench = await makeProxyBench();
    expect(await statusOf(bench)).toMatchObject({
      provision: ['web-server-a'],
      stage: 'unknown',
      origin: 'A',
      unknownReason: 'not asked yet',
    });
  });
  it('is what a probe brings, under our names, with its age', async () => {
    const bench = await makeProxyBench();
    const first = probe(bench);
    await connect(bench);
    expect(bench.asked[0]?.timeoutMs).toBe(900);
    bench.asked[0]?.answer.kept({ ...runningStatus, ageMs: 5 });
    await pass(bench, 0);
    expect(first.value).toEqual({
      ...runningStatus,
      ageMs: 5,
      kind: 'exported',
      provision: ['web-server-a'],
      requirement: [],
      origin: 'A',
    });
    await pass(bench, 2_000);
    expect(await statusOf(bench)).toMatchObject({ stage: 'running', ageMs: 2_005 });
  });
  it('is unknown by a live probe that gets no answer, never a stale running', async () => {
    const bench = await makeProxyBench();
    probe(bench);
    await connect(bench);
    bench.asked[0]?.answer.kept(runningStatus);
    await pass(bench, 0);
    const second = probe(bench);
    await pass(bench, 1_000);
    expect(second.value).toMatchObject({ stage: 'unknown', ageMs: 1_000 });
    expect(second.value?.unknownReason).toContain('no answer');
    expect(second.value).not.toHaveProperty('pid');
  });
  it('is not made unknown for others by one who had no time to wait', async () => {
    const bench = await makeProxyBench();
    probe(bench);
    await connect(bench);
    bench.asked[0]?.answer.kept(runningStatus);
    await pass(bench, 0);
    const touched = bench.touched.count;
    const short = probe(bench, 200);
    const command = perform(bench, requestOf('status', { remainingMs: 200 }));
    await pass(bench, 200);
    expect(short.value).toMatchObject({ stage: 'unknown' });
    expect(command.value).toMatchObject({ result: 'timed-out' });
    expect(await statusOf(bench)).toMatchObject({ stage: 'running', pid: 42 });
    expect(bench.touched.count).toBe(touched);
  });
  it('is asked anew for one who has more time than the question that is on its way', async () => {
    const bench = await makeProxyBench();
    const short = probe(bench, 200);
    await connect(bench);
    const patient = probe(bench, 2_000);
    await pass(bench, 200);
    expect(bench.asked).toHaveLength(2);
    expect(short.value).toMatchObject({ stage: 'unknown' });
    expect(patient.value).toBeUndefined();
    bench.asked[1]?.answer.kept(runningStatus);
    await pass(bench, 0);
    expect(patient.value).toMatchObject({ stage: 'running' });
  });
  it('is asked once more for one whose time is not over when that of the question is', async () => {
    const bench = await makeProxyBench();
    probe(bench, 1_000);
    await connect(bench);
    await pass(bench, 900);
    const second = probe(bench, 1_000);
    await pass(bench, 100);
    expect(bench.asked).toHaveLength(2);
    expect(second.value).toBeUndefined();
    bench.asked[1]?.answer.kept(runningStatus);
    await pass(bench, 0);
    expect(second.value).toMatchObject({ stage: 'running' });
  });
  it.each([
    ['had patience', 1_000],
    ['had none', 1],
  ])(
    'dials where there is no contact, but once a second, also for one who %s',
    async (_who, ms) => {
      const bench = await makeProxyBench();
      const refuse = async (): Promise<void> => {
        await pass(bench, 10);
        bench.calls.at(-1)?.reached.broken(new Unreachable('nobody there'));
        await pass(bench, 0);
      };
      const ask = (): Watched<Status> =>
        watched(bench.vat.run((turn: Turn) => turn.send(bench.proxy, 'probe', ms, ['a', 'b'])));
      // The first may come along with a dial of the proxy's own.
      for (const _time of ['first', 'second']) {
        ask();
        await refuse();
      }
      const [before, begun] = [bench.calls.length, bench.world.now];
      const told = ask();
      await pass(bench, 0);
      expect(told.value).toMatchObject({
        stage: 'unknown',
        unknownReason: expect.stringContaining('cannot reach') as string,
      });
      const command = perform(bench, requestOf('start'));
      await pass(bench, 0);
      expect(bench.calls).toHaveLength(before + 1);
      await refuse();
      expect(command.value).toMatchObject({ result: 'unreachable' });
      let dialCount = 0;
      while (bench.world.now < begun + 3_000) {
        const { length } = bench.calls;
        ask();
        await refuse();
        dialCount += bench.calls.length - length;
      }
      // Of 300 questions three; and what the proxy dials by itself, at times drawn by chance.
      expect(dialCount).toBeLessThanOrEqual(10);
    },
  );
  it('turns unknown by itself after two missed heartbeats', async () => {
    const bench = await makeProxyBench();
    probe(bench);
    await connect(bench);
    bench.asked[0]?.answer.kept(runningStatus);
    await pass(bench, paceFor(1).staleMs - 1);
    expect(await statusOf(bench)).toMatchObject({ stage: 'running' });
    await pass(bench, 1);
    expect(await statusOf(bench)).toMatchObject({
      stage: 'unknown',
      unknownReason: 'not heard of for 5 s',
    });
  });
  it('is one question for all who ask meanwhile, each within its own patience', async () => {
    const bench = await makeProxyBench();
    const patient = probe(bench, 10_000);
    const hasty = probe(bench, 500);
    await connect(bench);
    expect(bench.asked).toHaveLength(1);
    await pass(bench, 500);
    expect(hasty.value).toMatchObject({ stage: 'unknown' });
    expect(patient.value).toBeUndefined();
    bench.asked[0]?.answer.kept(runningStatus);
    await pass(bench, 0);
    expect(patient.value).toMatchObject({ stage: 'running' });
    probe(bench);
    await pass(bench, 0);
    expect(bench.asked).toHaveLength(2);
  });
  it('follows the outcome of a command', async () => {
    const bench = await makeProxyBench();
    probe(bench);
    await connect(bench);
    bench.asked[0]?.answer.kept(runningStatus);
    const stopped = perform(bench, requestOf('stop'));
    await pass(bench, 0);
    bench.asked[1]?.answer.kept({ member: 'w', result: 'changed', stage: 'stopped', rows: [] });
    await pass(bench, 0);
    expect(stopped.value).toMatchObject({ result: 'changed' });
    const status = await statusOf(bench);
    expect(status).toMatchObject({ stage: 'stopped', ageMs: 0 });
    expect(status).not.toHaveProperty('pid');
  });
  it('is not overtaken by an older answer: a slow probe that comes late changes nothing', async () => {
    const bench = await makeProxyBench();
    const versioned = (sequence: number, born = 1) => ({ version: { born, sequence } });
    probe(bench, 10_000);
    await connect(bench);
    bench.asked[0]?.answer.kept({ ...runningStatus, ...versioned(3) });
    await pass(bench, 0);
    const slow = probe(bench, 10_000);
    perform(bench, requestOf('stop'));
    await pass(bench, 0);
    const stopped = { member: 'w', result: 'changed', stage: 'stopped', rows: [] };
    bench.asked[1]?.answer.kept({ ...stopped, ...versioned(5) });
    await pass(bench, 0);
    bench.asked[2]?.answer.kept({ ...runningStatus, ...versioned(4) });
    await pass(bench, 1_000);
    expect(slow.value).toMatchObject({ stage: 'stopped', ...versioned(5) });
    expect(await statusOf(bench)).toMatchObject({ stage: 'stopped', ageMs: 1_000 });
    for (const [index, newer] of [versioned(5), versioned(6), versioned(0, 2)].entries()) {
      probe(bench);
      await pass(bench, 0);
      bench.asked[3 + index]?.answer.kept({ ...runningStatus, pid: index, ...newer });
      await pass(bench, 0);
      expect(await statusOf(bench)).toMatchObject({ stage: 'running', pid: index, ...newer });
    }
  });
  it('is not what an earlier life of the far end is told to have left, by whoever repeats', async () => {
    const bench = await makeProxyBench();
    const versioned = (sequence: number, born: number) => ({ version: { born, sequence } });
    const left = { member: 'w', result: 'changed', rows: [] };
    probe(bench);
    await connect(bench);
    bench.asked[0]?.answer.kept({ ...runningStatus, stage: 'stopped', ...versioned(3, 2) });
    await pass(bench, 1_000);
    const states = [{ stage: 'running', ...versioned(9, 1) }, { stage: 'running' }];
    for (const [index, state] of states.entries()) {
      const repeat = perform(bench, requestOf('start'));
      await pass(bench, 0);
      bench.asked[1 + index]?.answer.kept({ ...left, ...state });
      await pass(bench, 0);
      expect(repeat.value).toMatchObject(state);
      expect(await statusOf(bench)).toMatchObject({ stage: 'stopped', ageMs: 1_000 });
    }
    perform(bench, requestOf('start'));
    await pass(bench, 0);
    bench.asked[3]?.answer.kept({ ...left, stage: 'running', ...versioned(4, 2) });
    await pass(bench, 0);
    expect(await statusOf(bench)).toMatchObject({ stage: 'running', ageMs: 0 });
  });
  it('stays what it is when a command is refused', async () => {
    const bench = await makeProxyBench();
    probe(bench);
    await connect(bench);
    bench.asked[0]?.answer.kept(runningStatus);
    perform(bench, requestOf('fly'));
    await pass(bench, 1_000);
    bench.asked[1]?.answer.broken(new Refused('no such action'));
    await pass(bench, 0);
    expect(await statusOf(bench)).toMatchObject({ stage: 'running', ageMs: 1_000 });
  });
  it('does not get younger by an answer that does not say where the service is', async () => {
    const bench = await makeProxyBench();
    probe(bench);
    await connect(bench);
    bench.asked[0]?.answer.kept(runningStatus);
    await pass(bench, paceFor(1).staleMs - 1_000);
    perform(bench, requestOf('start'));
    await pass(bench, 500);
    bench.asked[1]?.answer.kept({ member: 'w', result: 'timed-out', rows: [] });
    await pass(bench, 500);
    expect(await statusOf(bench)).toMatchObject({ stage: 'unknown' });
  });
  it.each([
    ['the session is lost', new Severed('cut'), 'the connection to a-web at A was lost'],
    ['it does not tell', new Refused('revoked'), 'revoked'],
    ['its own clock runs out', new TimedOut('late'), 'no answer from a-web at A in time'],
  ])('says why it is unknown when %s', async (_what, reason, words) => {
    const bench = await makeProxyBench();
    const status = probe(bench);
    await connect(bench);
    bench.asked[0]?.answer.broken(reason);
    await pass(bench, 0);
    expect(status.value).toMatchObject({ stage: 'unknown', unknownReason: words });
  });
  it('is unknown, and says why, when the far end is in a stage that only it knows', async () => {
    const bench = await makeProxyBench();
    const status = probe(bench);
    await connect(bench);
    bench.asked[0]?.answer.kept({ ...runningStatus, stage: 'fly\ning' });
    await pass(bench, 0);
    expect(status.value).toMatchObject({
      stage: 'unknown',
      unknownReason: 'stage "fly\\ning" is not known here',
      pid: 42,
    });
  });
  it('is unknown when the far end tells something that is no status', async () => {
    const bench = await makeProxyBench();
    const status = probe(bench);
    await connect(bench);
    bench.asked[0]?.answer.kept({ ...runningStatus, stage: 7 });
    await pass(bench, 0);
    expect(status.value?.stage).toBe('unknown');
    expect(status.value?.unknownReason).toContain('status.stage');
  });
});

describe('the stream of a member', () => {
  const rows = (bench: ProxyBench, batch: unknown, sequence: number): Watched<unknown> => {
    const sink = bench.asked[0]?.sink;
    if (sink === undefined) throw new Error('nothing was asked');
    return watched(bench.vat.run((turn: Turn) => turn.forward(sink, 'rows', [batch, sequence])));
  };
  const streaming = async (): Promise<ProxyBench> => {
    const bench = await makeProxyBench();
    perform(bench, requestOf('start'));
    await connect(bench);
    return bench;
  };
  const line = { kind: 'line', from: 'root@c', text: 'hello' };

  it('carries our name for the machine, whatever the machine calls itself', async () => {
    const bench = await streaming();
    const row = { kind: 'row', row: { member: 'x', result: 'ok' } };
    rows(bench, [line, row, { kind: 'dropped', count: 3 }], 0);
    await pass(bench, 0);
    expect(bench.told).toEqual([
      { kind: 'line', from: 'A', text: 'hello', about: 'web-server-a' },
      { kind: 'row', row: { member: 'web-server-a/x', result: 'ok' } },
      { kind: 'dropped', count: 3 },
    ]);
  });
  it('names every service by the way to it, and no aggregate of the far end', async () => {
    const bench = await streaming();
    const said = { ...line, about: 'web', what: 'depends', on: 'db' };
    const row = { member: 'x', result: 'failed', dependsOn: 'db', sharedWith: ['their-fleet'] };
    const deep = { ...row, cause: { member: 'y', reason: 'no route' } };
    rows(bench, [said, { ...said, what: 'shouted' }, { kind: 'row', row: deep }], 0);
    await pass(bench, 0);
    const way = { ...line, from: 'A', about: 'web-server-a/web', on: 'web-server-a/db' };
    expect(bench.told).toEqual([
      { ...way, what: 'depends' },
      way,
      {
        kind: 'row',
        row: {
          member: 'web-server-a/x',
          result: 'failed',
          dependsOn: 'web-server-a/db',
          cause: { member: 'web-server-a/y', reason: 'no route' },
        },
      },
    ]);
  });
  it('skips events that only a newer member knows', async () => {
    const bench = await streaming();
    rows(bench, [{ kind: 'progress', share: 0.5 }, line], 0);
    await pass(bench, 0);
    expect(bench.told).toEqual([{ ...line, from: 'A', about: 'web-server-a' }]);
  });
  it('is taken in order only: a repeated and a skipped batch are refused', async () => {
    const bench = await streaming();
    const results = [
      rows(bench, [line], 0),
      rows(bench, [line], 0),
      rows(bench, [line], 2),
      rows(bench, [line], 1),
    ];
    await pass(bench, 0);
    expect(results.map(({ reason }) => reason === undefined)).toEqual([true, false, false, true]);
    expect(bench.told).toHaveLength(2);
  });
  it.each([
    ['no list', 'text'],
    ['an event of no kind', [{ text: 'tune' }]],
    ['a line without text', [{ kind: 'line', from: 'A' }]],
    ['too many events', Array.from({ length: limits.batchEventCount + 1 }, () => line)],
  ])('refuses a batch that is %s, whole', async (_what, batch) => {
    const bench = await streaming();
    const result = rows(bench, batch, 0);
    await pass(bench, 0);
    const again = rows(bench, batch, 0);
    await pass(bench, 0);
    expect([result.reason, again.reason]).toMatchObject([
      { code: 'malformed' },
      { code: 'malformed' },
    ]);
    // Said once to those who listen, in words of this side.
    const text =
      'Service web-server-a: what A goes on to say of it is not told: it has no such form, or is too much.';
    expect(bench.told).toEqual([{ kind: 'line', from: 'C', about: 'web-server-a', text }]);
  });
  it('takes a batch of exactly the limit, and cuts a line that is too long', async () => {
    const bench = await streaming();
    const text = 'x'.repeat(FLEET_LIMITS.textLength + 1);
    const batch = Array.from({ length: limits.batchEventCount }, () => ({ ...line, text }));
    rows(bench, batch, 0);
    await pass(bench, 0);
    expect(bench.told).toHaveLength(limits.batchEventCount);
    const cut = `${'x'.repeat(FLEET_LIMITS.textLength - 1)}…`;
    expect(bench.told[0]).toMatchObject({ text: cut });
  });
  it('ends after as many events as one member may say, and the operation does not', async () => {
    const bench = await streaming();
    const batch = Array.from({ length: 1_000 }, () => line);
    const taken = Array.from({ length: 101 }, (_, sequence) => rows(bench, batch, sequence));
    await pass(bench, 0);
    expect(taken.filter(({ reason }) => reason === undefined)).toHaveLength(100);
    expect(bench.told).toHaveLength(FLEET_LIMITS.streamEventCount + 1);
    expect(bench.told.at(-1)).toMatchObject({ from: 'C', about: 'web-server-a' });
  });
});

describe('the sink of a member', () => {
  const line = { kind: 'line', from: 'root@c', text: 'hello' };
  const said = (bench: ProxyBench, at: number, sequence: number): Watched<unknown> => {
    const { sink } = bench.asked[at] ?? {};
    if (sink === undefined) throw new Error('it was not asked');
    return watched(bench.vat.run((turn: Turn) => turn.forward(sink, 'rows', [[line], sequence])));
  };
  const ask = async (bench: ProxyBench, operation: string): Promise<void> => {
    perform(bench, requestOf('start', { operation, remainingMs: 1_000 }));
    await pass(bench, 0);
  };
  const answer = async (bench: ProxyBench, at: number): Promise<void> => {
    bench.asked[at]?.answer.kept(changed);
    await pass(bench, 0);
  };
  const sinkCount = ({ asked }: ProxyBench): number => new Set(asked.map(({ sink }) => sink)).size;
  const asking = async (): Promise<ProxyBench> => {
    const bench = await makeProxyBench();
    perform(bench, requestOf('start', { operation: 'op-1', remainingMs: 1_000 }));
    await connect(bench);
    return bench;
  };

  it('is that of the last command, which was answered, and counts anew', async () => {
    const bench = await asking();
    const first = [said(bench, 0, 0), said(bench, 0, 1)];
    await answer(bench, 0);
    await ask(bench, 'op-2');
    const second = [said(bench, 1, 2), said(bench, 1, 0)];
    await pass(bench, 0);
    expect(sinkCount(bench)).toBe(1);
    expect([...first, ...second].map(({ reason }) => reason === undefined)).toEqual([
      true,
      true,
      false,
      true,
    ]);
    expect(bench.told).toHaveLength(3);
  });
  it('is one of its own while another command is under way', async () => {
    const bench = await asking();
    await ask(bench, 'op-2');
    await answer(bench, 0);
    await answer(bench, 1);
    await ask(bench, 'op-3');
    await ask(bench, 'op-4');
    expect(sinkCount(bench)).toBe(3);
    expect(bench.asked[2]?.sink).toBe(bench.asked[1]?.sink);
  });
  it('stays with a command that was not answered in time, which may say more', async () => {
    const bench = await asking();
    await pass(bench, 1_000);
    await ask(bench, 'op-2');
    const late = said(bench, 0, 0);
    const own = said(bench, 1, 0);
    await pass(bench, 0);
    expect([late.reason, own.reason]).toEqual([undefined, undefined]);
    expect(sinkCount(bench)).toBe(2);
  });
});

describe('the rows of a member', () => {
  it('are passed on as those of its machine, which has one share for all of its services', async () => {
    const bench = await makeProxyBench();
    perform(bench, requestOf('start'));
    await connect(bench);
    const sink = bench.asked[0]?.sink;
    if (sink === undefined) throw new Error('nothing was asked');
    const row = { kind: 'row', row: { member: 'x', result: 'ok' } };
    const taken = watched(bench.vat.run((turn: Turn) => turn.forward(sink, 'rows', [[row], 0])));
    await pass(bench, 0);
    expect(taken.reason).toBeUndefined();
    expect(bench.toldFrom).toEqual(['A']);
  });
});

describe('a method that a service does not have', () => {
  it('is refused, and forwarded to nobody', async () => {
    const bench = await makeProxyBench();
    const asked = ['reach', 'adopt', 'fly'].map((method) =>
      watched(bench.vat.run((turn) => turn.forward(bench.proxy, method, ['x']))),
    );
    await pass(bench, 0);
    expect(asked.map(({ reason }) => reason)).toEqual(
      asked.map(() => expect.objectContaining({ code: 'refused' }) as unknown),
    );
    expect(bench.calls).toEqual([]);
  });
});

describe('contact with its machine', () => {
  const ask = (bench: ProxyBench): Watched<string> =>
    watched(
      bench.vat.run((turn: Turn) => turn.when(turn.send(bench.proxy, 'contact'), () => 'there')),
    );

  it('is told once it is there, to all who wait, and at once while it is', async () => {
    const bench = await makeProxyBench();
    const waiting = [ask(bench), ask(bench)];
    await pass(bench, 1_000);
    expect(waiting.map(({ value }) => value)).toEqual([undefined, undefined]);
    await connect(bench);
    expect(waiting.map(({ value }) => value)).toEqual(['there', 'there']);
    const late = ask(bench);
    await pass(bench, 0);
    expect(late.value).toBe('there');
  });
  it('is told of no more once nobody wants it to be followed', async () => {
    const bench = await makeProxyBench();
    await pass(bench, 1_000);
    const waiting = ask(bench);
    await pass(bench, 0);
    void bench.vat.run((turn: Turn) => turn.tell(bench.proxy, 'leave'));
    await pass(bench, 0);
    expect(waiting.reason).toMatchObject({ code: 'refused' });
  });
});
