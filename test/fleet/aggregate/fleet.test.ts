import type { Answer, Bcom, Behavior, Ref, Turn } from '@bellwether/actors';
import {
  FLEET_LIMITS as LIMITS,
  makeFleet,
  sharedMembers,
  type FleetOptions,
} from '@bellwether/fleet';
import type {
  Aggregate,
  FleetStatus,
  MinReady,
  Outcome,
  Shepherd,
  Status,
  StatusBoard,
  Wish,
} from '@bellwether/shepherd';
import { describe, expect, it } from 'vitest';
import { makeBench, runIn, settled, type Bench } from '../../support/actors-vat.ts';
import { pass, runningStatus, watched } from '../../support/fleet-bench.ts';

type MemberShepherd = Pick<Shepherd, 'status' | 'probe' | 'board' | 'grounds'>;
const makeBoard = (
  _turn: Turn<StatusBoard>,
  _bcom: Bcom<StatusBoard>,
  touched: (provision: readonly string[]) => void,
): Behavior<StatusBoard> => ({
  touched: (turn, provision) => turn.effect(() => touched(provision)),
  touchedSince: () => ({ count: 0 }),
  contains: () => undefined,
  watch: () => undefined,
});
/** A shepherd whose members answer when the test says so. */
const makeMembers = (
  _turn: Turn<MemberShepherd>,
  _bcom: Bcom<MemberShepherd>,
  probes: (name: string, timeoutMs: number, answer: Answer) => void,
  stages: ReadonlyMap<string, Status>,
  board: Ref<StatusBoard>,
  wishes: ReadonlyMap<string, Wish>,
): Behavior<MemberShepherd> => ({
  grounds: (_turn, name) => {
    const wish = wishes.get(name);
    return { ...(wish && { wish }), underWay: [] };
  },
  status: (_turn, name) => stages.get(name) ?? { ...runningStatus, provision: [name] },
  probe: (turn, name, timeoutMs) => turn.ask((answer) => probes(name, timeoutMs, answer)),
  board: () => board,
});
interface FleetBench extends Bench {
  readonly probes: { name: string; timeoutMs: number; answer: Answer }[];
  readonly stages: Map<string, Status>;
  /** What was wished last of aggregates. */
  readonly wishes: Map<string, Wish>;
  /** What the board was told of. */
  readonly touched: (readonly string[])[];
  readonly fleet: Ref<Aggregate>;
}
const members = ['web-server-a', 'web-server-b'];
const fleetBench = async (more: Partial<FleetOptions> = {}): Promise<FleetBench> => {
  const bench = makeBench();
  const probes: FleetBench['probes'] = [];
  const stages = new Map<string, Status>();
  const wishes = new Map<string, Wish>();
  const touched: FleetBench['touched'] = [];
  const { fleet } = await runIn(bench, (turn) => {
    const shepherd = turn.spawn(
      makeMembers,
      (name: string, timeoutMs: number, answer: Answer) =>
        void probes.push({ name, timeoutMs, answer }),
      stages,
      turn.spawn(makeBoard, (provision: readonly string[]) => void touched.push(provision)),
      wishes,
    );
    const facts = { provision: ['web-server-fleet'] as const, documentation: 'All of them.' };
    const options = {
      ...facts,
      members,
      minReady: '100%',
      settleMs: 10_000,
      sharedWith: {},
      shepherd,
    } as const;
    return { fleet: turn.spawn(makeFleet, { ...options, ...more }) };
  });
  return { ...bench, probes, stages, wishes, touched, fleet };
};

describe('what came of an action on a fleet', () => {
  const sum = async (
    outcomes: readonly Partial<Outcome>[],
    more: Partial<FleetOptions> = {},
    action = 'start',
  ): Promise<Outcome> => {
    const bench = await fleetBench(more);
    const all = outcomes.map((outcome, at): Outcome => ({
      member: members[at] ?? '',
      result: 'changed',
      rows: [],
      ...outcome,
    }));
    return settled(
      bench.world,
      bench.vat.run((turn) => turn.call(bench.fleet, 'sum', action, all)),
    );
  };
  it('is summed up from the outcomes of its members, without the rows of aggregates below', async () => {
    expect(
      await sum([{ result: 'ok' }, { pid: 12, rows: [{ member: 'inner', result: 'ok' }] }]),
    ).toEqual({
      member: 'web-server-fleet',
      result: 'changed',
      reason: '2/2',
      rows: [
        { member: 'web-server-a', result: 'ok' },
        { member: 'web-server-b', result: 'changed', pid: 12 },
      ],
    });
  });
  it('names what went wrong below a member, and nothing below one that is well', async () => {
    const below = [
      { member: 'x/1', result: 'ok', reason: 'fine' },
      { member: 'x/2', result: 'unreachable', reason: 'cannot reach it' },
    ] as const;
    const outcome = await sum([
      { result: 'unreachable', reason: '1 of 2 members', rows: below },
      { reason: 'degraded 1/2', rows: below },
    ]);
    expect(outcome.rows).toMatchObject([
      { reason: '1 of 2 members', cause: { member: 'x/2', reason: 'cannot reach it' } },
      { reason: 'degraded 1/2' },
    ]);
    expect(outcome.rows[1]).not.toHaveProperty('cause');
  });
  it('names the deepest thing that went wrong', async () => {
    const cause = { member: 'x/y/z', reason: 'no route' };
    const below = [{ member: 'x/y', result: 'unreachable', cause }] as const;
    const outcome = await sum([{ result: 'unreachable', rows: below }]);
    expect(outcome.rows[0]).toMatchObject({ cause });
  });
  it.each<[MinReady, string, string]>([
    ['100%', 'failed', '1 of 2 members'],
    [1, 'changed', 'degraded 1/2'],
    ['50%', 'changed', 'degraded 1/2'],
  ])('that needs %s of its members starts with one: %s', async (minReady, result, reason) => {
    const bad = { result: 'failed', reason: 'start was refused: it is disabled' } as const;
    const outcome = await sum([{}, bad], { minReady });
    expect(outcome).toMatchObject({ result, reason });
    expect(outcome.rows[1]).toEqual({ member: 'web-server-b', ...bad });
  });
  it('names the other fleets of a member that it changes, and of no other', async () => {
    const shares = sharedMembers([
      { name: 'web-server-fleet', members },
      { name: 'api-fleet', members: ['web-server-b', 'api'] },
    ]);
    const sharedWith = shares['web-server-fleet'] ?? {};
    const outcome = await sum([{}, { reason: 'it was asked to' }], { sharedWith }, 'stop');
    expect(outcome.rows.map(({ sharedWith }) => sharedWith)).toEqual([undefined, ['api-fleet']]);
    expect(outcome.rows[1]?.reason).toBe('it was asked to');
    expect(shares['api-fleet']).toEqual({ 'web-server-b': ['web-server-fleet'] });
  });
});

describe('the status of a fleet', () => {
  it('follows from what is known of its members', async () => {
    const bench = await fleetBench();
    bench.stages.set('web-server-b', {
      ...runningStatus,
      provision: ['web-server-b'],
      stage: 'stopped',
      respawnCount: 0,
      ageMs: 40,
      actions: [],
    });
    const status = await settled(
      bench.world,
      bench.vat.run((turn) => turn.call(bench.fleet, 'status')),
    );
    expect(status).toMatchObject({
      provision: ['web-server-fleet'],
      stage: 'running',
      isReady: false,
      runningCount: 1,
      neededCount: 2,
      ageMs: 40,
      actions: [],
    });
    expect(status).toHaveProperty('members', [
      { name: 'web-server-a', stage: 'running', ageMs: 0, pid: 42, respawnCount: 1 },
      { name: 'web-server-b', stage: 'stopped', ageMs: 40, pid: 42 },
    ]);
  });
  it('was never seen where none of those who are unknown was', async () => {
    const bench = await fleetBench();
    const ask = () =>
      settled(
        bench.world,
        bench.vat.run((turn) => turn.call(bench.fleet, 'status')),
      );
    const { ageMs: _age, ...running } = runningStatus;
    for (const name of members)
      bench.stages.set(name, { ...running, provision: [name], stage: 'unknown' });
    expect(await ask()).toMatchObject({ stage: 'unknown' });
    expect(await ask()).not.toHaveProperty('ageMs');
    const seen = { ...running, provision: ['web-server-b'], stage: 'unknown', ageMs: 40 } as const;
    bench.stages.set('web-server-b', seen);
    expect(await ask()).toMatchObject({ stage: 'unknown', ageMs: 40 });
  });
  it('is asked of all members at once, and who does not answer is unknown with the reason', async () => {
    const bench = await fleetBench({ minReady: 1 });
    const status = watched(bench.vat.run((turn: Turn) => turn.send(bench.fleet, 'probe', 1_000)));
    await pass(bench, 0);
    expect(bench.probes.map(({ name, timeoutMs }) => [name, timeoutMs])).toEqual([
      ['web-server-a', 900],
      ['web-server-b', 900],
    ]);
    bench.probes[0]?.answer.kept({ ...runningStatus, provision: ['web-server-a'] });
    await pass(bench, 1_000);
    expect(status.value).toMatchObject({ stage: 'running', runningCount: 1, neededCount: 1 });
    expect(status.value).toHaveProperty('members[1]', {
      name: 'web-server-b',
      stage: 'unknown',
      ageMs: 0,
      respawnCount: 1,
      unknownReason: expect.stringMatching(/\w/) as unknown,
    });
    // What it can do does not depend on whether it was heard of just now.
    expect(status.value?.actions).toEqual(runningStatus.actions);
  });
  it('offers the actions that all members have', async () => {
    const bench = await fleetBench();
    const status = await settled(
      bench.world,
      bench.vat.run((turn) => turn.call(bench.fleet, 'status')),
    );
    expect(status.actions).toEqual(runningStatus.actions);
  });
});

describe('the health of a fleet', () => {
  const ask = (bench: FleetBench): Promise<Status> =>
    settled(
      bench.world,
      bench.vat.run((turn) => turn.call(bench.fleet, 'status')),
    );
  const dead = (unservedMs: number): Status => ({
    ...runningStatus,
    provision: ['web-server-b'],
    stage: 'stopped',
    isReady: false,
    isWanted: true,
    unservedMs,
  });
  it('says k/n, by whom, and what of it is shared', async () => {
    const bench = await fleetBench({ sharedWith: { 'web-server-b': ['api-fleet'] } });
    bench.stages.set('web-server-b', dead(1_000));
    expect(await ask(bench)).toMatchObject({
      stage: 'running',
      runningCount: 1,
      health: 'settling',
      blame: ['web-server-b'],
      members: [{ name: 'web-server-a' }, { name: 'web-server-b', sharedWith: ['api-fleet'] }],
    });
    bench.stages.set('web-server-b', dead(10_000));
    expect(await ask(bench)).toMatchObject({ health: 'failed', blame: ['web-server-b'] });
  });
  it('has not failed where it was stopped and a member goes on, who is named', async () => {
    const bench = await fleetBench();
    const left = { ...dead(90_000), isWanted: false };
    bench.stages.set('web-server-b', left);
    bench.wishes.set('web-server-fleet', 'stop');
    expect(await ask(bench)).toMatchObject({
      stage: 'running',
      isWanted: false,
      health: 'degraded',
      blame: ['web-server-a'],
    });
    bench.wishes.set('web-server-fleet', 'start');
    expect(await ask(bench)).toMatchObject({ isWanted: true, health: 'failed' });
    bench.wishes.set('web-server-fleet', 'stop');
    bench.stages.set('web-server-a', left);
    const stopped = await ask(bench);
    expect(stopped).toMatchObject({ stage: 'stopped', isWanted: false });
    expect(stopped).not.toHaveProperty('health');
  });
  it('says of each member which release of it is active, where it is a slot', async () => {
    const bench = await fleetBench();
    const [a = ''] = members;
    const slot = { current: 'rel:sha256-a', phase: 'health-gate', target: 'rel:sha256-b' } as const;
    bench.stages.set(a, { ...dead(1), ...{ kind: 'local', provision: [a], slot } });
    const { members: told } = (await ask(bench)) as FleetStatus;
    expect(told.map(({ slot }) => slot)).toEqual([slot, undefined]);
  });
  it('says of each member whether it is disabled, and why it does not serve', async () => {
    const bench = await fleetBench();
    const [a = '', b = ''] = members;
    const flapping: Status = {
      ...dead(1),
      ...{ kind: 'local', provision: [a], isEnabled: false, lastExit: { code: 3, at: 1 } },
      disabledReason: 'respawned 5 times within 7 s',
    };
    const failing: Status = {
      ...dead(1),
      ...{ kind: 'local', failure: { reason: 'x'.repeat(LIMITS.memberReasonCharacters), at: 1 } },
    };
    bench.stages.set(a, flapping).set(b, failing);
    expect(await ask(bench)).toMatchObject({
      isEnabled: true,
      members: [
        { isEnabled: false, reason: 'respawned 5 times within 7 s; exited with code 3' },
        { reason: 'x'.repeat(LIMITS.memberReasonCharacters) },
      ],
    });
    const long = { reason: 'x'.repeat(LIMITS.memberReasonCharacters + 1), at: 1 };
    bench.stages.set(a, { ...flapping, isWanted: false });
    bench.stages.set(b, { ...failing, isEnabled: false, failure: long });
    const off = await ask(bench);
    expect(off).toMatchObject({ isEnabled: false, members: [{ isEnabled: false }, {}] });
    const [first, second] = off.kind === 'fleet' ? off.members : [];
    expect(first).not.toHaveProperty('reason');
    expect(second?.reason).toMatch(/^x{119}…$/);
  });
  it('blames nobody for how he ended where a start or a stop is under way, unless he comes back by himself', async () => {
    const bench = await fleetBench();
    const [a = ''] = members;
    const lastExit = { signal: 'SIGTERM', at: 1 } as const;
    const under = (stage: 'starting' | 'stopping', isRespawning?: true): Status => ({
      ...dead(1),
      ...{ kind: 'local', provision: [a], stage, lastExit },
      ...(isRespawning === true && { isRespawning }),
    });
    const reason = async (status: Status): Promise<string | undefined> => {
      bench.stages.set(a, status);
      return ((await ask(bench)) as FleetStatus).members[0]?.reason;
    };
    expect(await reason(under('starting'))).toBeUndefined();
    expect(await reason(under('stopping'))).toBeUndefined();
    expect(await reason(under('starting', true))).toBe('terminated with signal SIGTERM');
  });
  it('gives reasons for as many members as a list may name', async () => {
    const names = Array.from({ length: LIMITS.nameCount + 1 }, (_, at) => `m${at}`);
    const bench = await fleetBench({ members: names });
    for (const name of names)
      bench.stages.set(name, {
        ...dead(1),
        ...{ kind: 'local', provision: [name], lastExit: { code: 3, at: 1 } },
      });
    const fleet = await ask(bench);
    const reasons = fleet.kind === 'fleet' ? fleet.members.map(({ reason }) => reason) : [];
    expect(reasons.slice(-2)).toEqual(['exited with code 3', undefined]);
  });
  it('is looked at again when it may settle no longer, though no member says anything', async () => {
    const bench = await fleetBench();
    bench.stages.set('web-server-b', dead(1_000));
    await ask(bench);
    await ask(bench);
    await pass(bench, 8_990);
    expect(bench.touched).toEqual([]);
    await pass(bench, 20);
    expect(bench.touched).toEqual([['web-server-fleet']]);
    bench.stages.set('web-server-b', dead(10_000));
    await ask(bench);
    await pass(bench, 60_000);
    expect(bench.touched).toHaveLength(1);
  });
  it('is settling while a member is started, and is looked at again when that has lasted too long', async () => {
    const bench = await fleetBench();
    const starting = { ...dead(20_000), stage: 'starting' as const, readyMs: 30_000 };
    bench.stages.set('web-server-b', starting);
    expect(await ask(bench)).toMatchObject({ health: 'settling', blame: ['web-server-b'] });
    await pass(bench, 9_990);
    expect(bench.touched).toEqual([]);
    // Who is looked at meanwhile may have failed sooner.
    bench.stages.set('web-server-b', dead(9_990));
    await ask(bench);
    await pass(bench, 20);
    expect(bench.touched).toEqual([['web-server-fleet']]);
    bench.stages.set('web-server-b', { ...starting, unservedMs: 30_000 });
    expect(await ask(bench)).toMatchObject({ health: 'failed' });
  });
});

describe('a fleet that cannot be', () => {
  it('is refused where more members must be ready than it has', async () => {
    await expect(fleetBench({ minReady: 3 })).rejects.toThrow(RangeError);
  });
});
