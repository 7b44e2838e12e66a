/** What the history tells of services elsewhere and of aggregates. */
import type { Bcom, Behavior, Ref, Turn } from '@bellwether/actors';
import {
  limits,
  unknownStatus,
  type Change,
  type ChangeFeed,
  type Chronicle,
  type ServiceRegistry,
  type Status,
} from '@bellwether/shepherd';
import { describe, expect, it } from 'vitest';
import { makeChronicle } from '../../../packages/shepherd/src/shepherd/chronicle.ts';
import { makeBench, runIn } from '../../support/actors-vat.ts';

type Names = Pick<ServiceRegistry, 'lookup' | 'canonical'>;
const makeNamed = (
  _turn: Turn<{ status(): Status }>,
  _bcom: Bcom<{ status(): Status }>,
  look: () => Status,
): Behavior<{ status(): Status }> => ({ status: () => look() });
const makeNames = (
  _turn: Turn<Names>,
  _bcom: Bcom<Names>,
  statuses: ReadonlyMap<string, Status>,
  looked: (name: string) => void,
): Behavior<Names> => ({
  lookup: (turn, name) =>
    turn.spawn(makeNamed, () => {
      looked(name);
      return statuses.get(name) ?? unknownStatus(name, '');
    }) as Ref<never>,
  canonical: (_turn, name) => (statuses.has(name) ? name : undefined),
});
const makeFeed = (
  _turn: Turn<Pick<ChangeFeed, 'changed'>>,
  _bcom: Bcom<Pick<ChangeFeed, 'changed'>>,
  heard: (change: Change) => void,
): Behavior<Pick<ChangeFeed, 'changed'>> => ({
  changed: (turn, change) => {
    turn.effect(() => heard(change));
    return 1;
  },
});

const far = (more: Partial<Status> = {}): Status =>
  ({ ...unknownStatus('web', ''), kind: 'exported', origin: 'b', ...more }) as Status;
const fleet = (more: Partial<Status> = {}): Status =>
  ({
    ...unknownStatus('all', ''),
    kind: 'fleet',
    members: [],
    stage: 'running',
    ...more,
  }) as Status;

const chronicleBench = async () => {
  const bench = makeBench();
  const statuses = new Map<string, Status>();
  const fed: Change[] = [];
  const looked: string[] = [];
  const { chronicle } = await runIn(bench, (turn) => {
    const registry = turn.spawn(makeNames, statuses, (name: string) => void looked.push(name));
    const feed = turn.spawn(makeFeed, (change: Change) => void fed.push(change));
    const clock = { wall: () => bench.world.now };
    return { chronicle: turn.spawn(makeChronicle, { registry, feed, clock }) };
  });
  const say = (method: 'service' | 'aggregate', name: string, status: Status | undefined): void => {
    if (status === undefined) statuses.delete(name);
    else statuses.set(name, status);
    bench.vat.post(chronicle as Ref<Chronicle>, method, [name]);
    bench.world.run(bench.world.now);
  };
  const told = (): readonly string[] =>
    fed.map(({ service, what, reason = '' }) => `${service} ${what} ${reason}`.trim());
  const history = () => runIn(bench, (turn) => ({ all: turn.call(chronicle, 'history') }));
  return { ...bench, say, told, fed, looked, history };
};

describe('the history of what is observed', () => {
  it('tells each change once, with the reason of what is bad', async () => {
    const { say, told, fed, history } = await chronicleBench();
    say('service', 'web', far({ stage: 'running' }));
    say('service', 'web', far({ stage: 'running', respawnCount: 1 }));
    say('service', 'web', far({ unknownReason: 'cannot reach b' }));
    say('service', 'web', far({ unknownReason: 'not heard of for 5 s' }));
    const failure = { reason: 'its process exited with code 3', at: 0 };
    say('service', 'web', far({ stage: 'stopped', failure } as Partial<Status>));
    say('service', 'web', far({ stage: 'stopped' }));
    expect(told()).toEqual([
      'web running',
      'web unknown cannot reach b',
      'web failed its process exited with code 3',
      'web stopped',
    ]);
    expect((await history()).all).toEqual(fed.map((change) => ({ ...change, number: 1 })));
  });
  it('says nothing of what was never heard of, until it stays so', async () => {
    const { say, told } = await chronicleBench();
    say('service', 'web', far({ unknownReason: 'not asked yet' }));
    expect(told()).toEqual([]);
    say('service', 'web', far({ unknownReason: 'cannot reach b' }));
    expect(told()).toEqual(['web unknown cannot reach b']);
  });
  it('leaves the services at home to themselves, and forgets what is gone', async () => {
    const { say, told } = await chronicleBench();
    say('service', 'db', { ...unknownStatus('db', ''), stage: 'running' });
    expect(told()).toEqual([]);
    say('service', 'web', far({ stage: 'running' }));
    say('service', 'web', undefined);
    say('service', 'web', far({ stage: 'running' }));
    expect(told()).toEqual(['web running', 'web running']);
  });
  it('looks at an aggregate once for what happens to its members together', async () => {
    const { say, told, looked, world } = await chronicleBench();
    for (let n = 0; n < 50; n += 1) say('aggregate', 'all', fleet({ health: 'settling' } as never));
    expect(looked).toEqual([]);
    world.run(world.now + limits.chronicleGapMs);
    expect(looked).toEqual(['all']);
    for (const health of ['failed', 'degraded', 'ok'] as const) {
      const badCount = {
        failed: limits.changeBlameCount + 1,
        degraded: limits.changeBlameCount,
        ok: 0,
      };
      const blame = ['a', 'b', 'c', 'd'].slice(0, badCount[health]);
      say('aggregate', 'all', fleet({ health, blame } as Partial<Status>));
      world.run(world.now + limits.chronicleGapMs);
    }
    say('aggregate', 'all', fleet({ stage: 'stopped' }));
    world.run(world.now + limits.chronicleGapMs);
    expect(told()).toEqual([
      'all settling',
      'all too-few a, b, c and 1 more',
      'all degraded a, b, c',
      'all running',
      'all stopped',
    ]);
  });
  it(`remembers ${limits.observedChangeCount} changes, and drops the oldest`, async () => {
    const { say, history } = await chronicleBench();
    for (let n = 0; n <= limits.observedChangeCount; n += 1)
      say('service', 'web', far({ stage: n % 2 === 0 ? 'running' : 'stopped' }));
    const { all } = await history();
    expect(all).toHaveLength(limits.observedChangeCount);
    expect(all.at(0)?.what).toBe('stopped');
  });
  it('takes from a machine that floods what is its own, and from nobody else', async () => {
    const { say, history } = await chronicleBench();
    const flap = (n: number) => far({ origin: 'm', stage: n % 2 === 0 ? 'running' : 'stopped' });
    say('service', 'web', far({ origin: 'a', stage: 'running' }));
    say('service', 'db', far({ origin: 'b', stage: 'running' }));
    const names = ['m-1', 'm-2', 'm-3'];
    for (let n = 0; n < limits.observedChangeCount - 2; n += 1)
      say('service', names[n % 3] ?? '', flap(Math.floor(n / 3)));
    const atLimit = (await history()).all;
    expect(atLimit).toHaveLength(limits.observedChangeCount);
    expect(atLimit.slice(0, 3).map(({ service }) => service)).toEqual(['web', 'db', 'm-1']);
    say('service', 'all', fleet({ origin: 'c', stage: 'stopped' } as never));
    say('service', 'm-1', flap(limits.observedChangeCount));
    say('service', 'm-1', flap(limits.observedChangeCount + 1));
    const { all } = await history();
    expect(all).toHaveLength(limits.observedChangeCount);
    const others = all.filter(({ service }) => !names.includes(service));
    expect(others.map(({ service }) => service)).toEqual(['web', 'db', 'all']);
  });
  it('takes a fleet for itself, whatever the machines of its members are called', async () => {
    const { say, history, world } = await chronicleBench();
    say('service', 'web', far({ origin: 'all', stage: 'running' }));
    for (let n = 0; n <= limits.observedChangeCount; n += 1) {
      say('aggregate', 'all', fleet({ health: n % 2 === 0 ? 'ok' : 'failed' } as never));
      world.run(world.now + limits.chronicleGapMs);
    }
    const { all } = await history();
    expect(all).toHaveLength(limits.observedChangeCount);
    expect(all.at(0)?.service).toBe('web');
  });
  it('cuts a reason that is too long', async () => {
    const { say, fed } = await chronicleBench();
    const most = limits.changeReasonCharacters;
    say('service', 'web', far({ stage: 'running' }));
    say('service', 'web', far({ unknownReason: 'x'.repeat(most) }));
    say('service', 'web', far({ stage: 'running' }));
    say('service', 'web', far({ unknownReason: 'x'.repeat(most + 1) }));
    expect(fed.flatMap(({ reason = [] }) => reason)).toEqual([
      'x'.repeat(most),
      `${'x'.repeat(most - 1)}…`,
    ]);
  });
});
