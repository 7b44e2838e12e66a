import {
  Refused,
  type Answer,
  type Bcom,
  type Behavior,
  type Ref,
  type Turn,
} from '@bellwether/actors';
import { makeFleet, sharedMembers, type FleetOptions, type MinReady } from '@bellwether/fleet';
import type {
  Event,
  Outcome,
  Request,
  Service,
  Shepherd,
  Status,
  Writer,
} from '@bellwether/shepherd';
import { describe, expect, it } from 'vitest';
import { makeBench, runIn, settled, type Bench } from '../support/actors-vat.ts';
import {
  makeTestWriter,
  pass,
  requestOf,
  runningStatus,
  watched,
  type Watched,
} from '../support/fleet-bench.ts';

type MemberShepherd = Pick<Shepherd, 'member' | 'status' | 'probe'>;
interface Part {
  readonly request: Request;
  readonly answer: Answer;
}
/** A shepherd whose members answer when the test says so. */
const makeMembers = (
  _turn: Turn<MemberShepherd>,
  _bcom: Bcom<MemberShepherd>,
  parts: (part: Part) => void,
  probes: (name: string, timeoutMs: number, answer: Answer) => void,
  stages: ReadonlyMap<string, Status>,
): Behavior<MemberShepherd> => ({
  member: (turn, request) => turn.ask((answer) => parts({ request, answer })),
  status: (_turn, name) => stages.get(name) ?? { ...runningStatus, provision: [name] },
  probe: (turn, name, timeoutMs) => turn.ask((answer) => probes(name, timeoutMs, answer)),
});
interface FleetBench extends Bench {
  readonly parts: Part[];
  readonly probes: { name: string; timeoutMs: number; answer: Answer }[];
  readonly told: Event[];
  readonly stages: Map<string, Status>;
  readonly fleet: Ref<Service>;
  readonly writer: Ref<Writer>;
}
const members = ['web-server-a', 'web-server-b'];
const fleetBench = async (more: Partial<FleetOptions> = {}): Promise<FleetBench> => {
  const bench = makeBench();
  const parts: Part[] = [];
  const probes: FleetBench['probes'] = [];
  const told: Event[] = [];
  const stages = new Map<string, Status>();
  const { refs } = await runIn(bench, (turn) => {
    const shepherd = turn.spawn(
      makeMembers,
      (part: Part) => void parts.push(part),
      (name: string, timeoutMs: number, answer: Answer) =>
        void probes.push({ name, timeoutMs, answer }),
      stages,
    );
    const fleet = turn.spawn(makeFleet, {
      provision: ['web-server-fleet'],
      documentation: 'All of them.',
      members,
      minReady: '100%',
      sharedWith: {},
      shepherd,
      ...more,
    });
    const writer = turn.spawn(
      makeTestWriter,
      (events: readonly Event[]) => void told.push(...events),
    );
    return { refs: [fleet, writer] as const };
  });
  return { ...bench, parts, probes, told, stages, fleet: refs[0], writer: refs[1] };
};
const perform = (bench: FleetBench, request: Request): Watched<Outcome> =>
  watched(bench.vat.run((turn: Turn) => turn.send(bench.fleet, 'perform', request, bench.writer)));
const answer = (bench: FleetBench, at: number, outcome: Partial<Outcome>): void =>
  bench.parts[at]?.answer.kept({
    member: bench.parts[at].request.member,
    result: 'changed',
    rows: [],
    ...outcome,
  });

describe('an action on a fleet', () => {
  it.each(['start', 'stop', 'restart', 'reload-config'])(
    'goes to every member at once, inside the same operation: %s',
    async (action) => {
      const bench = await fleetBench();
      perform(bench, requestOf(action, { operation: 'op-7', args: ['now'], hops: ['hop-x'] }));
      await pass(bench, 0);
      expect(bench.parts.map(({ request }) => request)).toEqual(
        members.map((member) => ({
          operation: 'op-7',
          member,
          action,
          args: ['now'],
          remainingMs: 59_750,
          hops: ['hop-x'],
        })),
      );
    },
  );
  it('is summed up once every member has its row, without the rows of aggregates below', async () => {
    const bench = await fleetBench();
    const outcome = perform(bench, requestOf('start'));
    await pass(bench, 0);
    answer(bench, 1, { pid: 12, rows: [{ member: 'inner', result: 'ok' }] });
    await pass(bench, 0);
    expect(outcome.value).toBeUndefined();
    answer(bench, 0, { result: 'ok' });
    await pass(bench, 0);
    expect(outcome.value).toEqual({
      member: 'web-server-fleet',
      result: 'changed',
      reason: '2/2',
      rows: [
        { member: 'web-server-a', result: 'ok' },
        { member: 'web-server-b', result: 'changed', pid: 12 },
      ],
    });
    expect(bench.told).toEqual([]);
  });
  it('names what went wrong below a member, and nothing below one that is well', async () => {
    const bench = await fleetBench();
    const outcome = perform(bench, requestOf('start'));
    await pass(bench, 0);
    const below = [
      { member: 'x/1', result: 'ok', reason: 'fine' },
      { member: 'x/2', result: 'unreachable', reason: 'cannot reach it' },
    ] as const;
    answer(bench, 0, { result: 'unreachable', reason: '1 of 2 members', rows: below });
    answer(bench, 1, { reason: 'degraded 1/2', rows: below });
    await pass(bench, 0);
    expect(outcome.value?.rows.map(({ reason }) => reason)).toEqual([
      '1 of 2 members; x/2: cannot reach it',
      'degraded 1/2',
    ]);
  });
  it('tells the row of a member that was refused at once: nobody else does', async () => {
    const bench = await fleetBench();
    perform(bench, requestOf('start'));
    await pass(bench, 0);
    bench.parts[1]?.answer.broken(new Refused('no'));
    await pass(bench, 0);
    const row = { member: 'web-server-b', result: 'failed', reason: 'start was refused: no' };
    expect(bench.told).toEqual([{ kind: 'row', row }]);
  });
  it.each<[MinReady, string, string]>([
    ['100%', 'failed', '1 of 2 members'],
    [1, 'changed', 'degraded 1/2'],
    ['50%', 'changed', 'degraded 1/2'],
  ])('that needs %s of its members starts with one: %s', async (minReady, result, reason) => {
    const bench = await fleetBench({ minReady });
    const outcome = perform(bench, requestOf('start'));
    await pass(bench, 0);
    answer(bench, 0, {});
    bench.parts[1]?.answer.broken(new Refused('it is disabled'));
    await pass(bench, 0);
    expect(outcome.value).toMatchObject({ result, reason });
    expect(outcome.value?.rows[1]).toEqual({
      member: 'web-server-b',
      result: 'failed',
      reason: 'start was refused: it is disabled',
    });
  });
  it('leaves the members alone when it is told to', async () => {
    const bench = await fleetBench();
    const outcome = perform(bench, requestOf('stop', { withMembers: false }));
    await pass(bench, 0);
    expect(bench.parts).toEqual([]);
    expect(outcome.value).toMatchObject({ result: 'ok', reason: 'members left as they are' });
  });
  it('names the other fleets of a member that it changes, and of no other', async () => {
    const shares = sharedMembers([
      { name: 'web-server-fleet', members },
      { name: 'api-fleet', members: ['web-server-b', 'api'] },
    ]);
    const bench = await fleetBench({ sharedWith: shares['web-server-fleet'] ?? {} });
    const outcome = perform(bench, requestOf('stop'));
    await pass(bench, 0);
    answer(bench, 0, {});
    answer(bench, 1, { reason: 'it was asked to' });
    await pass(bench, 0);
    expect(outcome.value?.rows.map(({ reason }) => reason)).toEqual([
      undefined,
      'it was asked to; shared with api-fleet',
    ]);
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
      stage: 'stopped',
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
      unknownReason: expect.stringMatching(/\w/) as unknown,
    });
    expect(status.value?.actions).toEqual([]);
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

describe('a fleet that cannot be', () => {
  it('is refused where more members must be ready than it has', async () => {
    await expect(fleetBench({ minReady: 3 })).rejects.toThrow(RangeError);
  });
});
