import { World, type Bcom, type Behavior, type Ref, type Turn } from '@bellwether/actors';
import { limits, type Observer, type ServiceFacet, type Status } from '@bellwether/shepherd';
import { describe, expect, it } from 'vitest';
import { makeNotingObserver } from '../support/noting-observer.ts';
import { Machine, program, service, type Asked } from '../support/shepherd-machine.ts';
import { localRoot, principalOf } from '../../packages/shepherd/src/words/principal.ts';

const makeObserver = (
  _turn: Turn<Observer>,
  _bcom: Bcom<Observer>,
  told: (statuses: readonly Status[]) => void,
): Behavior<Observer> => ({
  observed: (turn, _sequence, statuses) => turn.effect(() => told(statuses)),
});
interface Watched {
  readonly machine: Machine;
  readonly world: World;
  readonly pushes: (readonly Status[])[];
  readonly asked: Asked<unknown>;
  pass(ms: number): void;
}
type Watch = (
  turn: Turn,
  observer: Ref<Observer>,
  shepherd: Parameters<Parameters<Machine['ask']>[0]>[1],
) => unknown;
const watching = (watch: Watch): Watched => {
  const world = new World(1);
  const machine = new Machine(world, 'A', {
    services: [
      service({ provision: ['networking'] }),
      program({
        provision: ['web', 'http'],
        requirement: ['networking'],
        respawn: { limitCount: 5, limitWindowMs: 7_000, delayMs: 100, maxDelayMs: 100 },
      }),
    ],
    rehearse: true,
  });
  machine.boot();
  world.run();
  const pushes: (readonly Status[])[] = [];
  const pass = (ms: number): void => world.run(world.now + ms);
  const asked = machine.ask((turn, shepherd) => {
    const told = (statuses: readonly Status[]): void => void pushes.push(statuses);
    return watch(turn, turn.spawn(makeObserver, told), shepherd);
  });
  pass(100);
  return { machine, world, pushes, asked, pass };
};
const all: Watch = (turn, observer, shepherd) =>
  turn.call(shepherd, 'watch', [], observer, 2_000, { principal: localRoot });
const last = ({ pushes }: Watched, name: string): Status | undefined =>
  pushes.flat().findLast(({ provision }) => provision.includes(name));

describe('watching a shepherd', () => {
  it('shows a start, with what is wanted, pulled in requirements too', () => {
    const bench = watching(all);
    expect(last(bench, 'web')).toMatchObject({ stage: 'stopped', isWanted: false });
    bench.machine.herd('start', 'web');
    bench.pass(200);
    expect(last(bench, 'web')).toMatchObject({ stage: 'running', isWanted: true });
    expect(last(bench, 'networking')).toMatchObject({ stage: 'running', isWanted: true });
  });
  it('shows a death and the respawn, with a new pid and one more, without being asked', () => {
    const bench = watching(all);
    bench.machine.herd('start', 'web');
    bench.pass(200);
    const before = last(bench, 'web');
    bench.machine.processes.kill('web');
    bench.pass(400);
    const after = last(bench, 'web');
    expect(after).toMatchObject({ stage: 'running', respawnCount: 1, isWanted: true });
    expect(after).not.toHaveProperty('pid', before?.kind === 'local' ? before.pid : undefined);
  });
  it('shows that a service was disabled', () => {
    const bench = watching(all);
    bench.machine.herd('disable', 'web');
    bench.pass(200);
    expect(last(bench, 'web')).toMatchObject({ isEnabled: false });
  });
  it('still wants what ended by itself, and no more what was stopped', () => {
    const bench = watching(all);
    bench.machine.herd('start', 'web');
    bench.machine.processes.programs.set('web', { refusal: 'no such file' });
    bench.pass(200);
    expect(last(bench, 'web')).toMatchObject({ stage: 'stopped', isWanted: true });
    bench.machine.herd('stop', 'web');
    bench.pass(200);
    expect(last(bench, 'web')).toMatchObject({ isWanted: false });
  });
  it('wants again after a restart of the daemon what it wanted before', () => {
    const bench = watching(all);
    bench.machine.herd('start', 'web');
    bench.pass(200);
    bench.machine.crash();
    bench.machine.boot();
    bench.pass(500);
    const status = bench.machine.ask((turn, shepherd) => turn.call(shepherd, 'status', 'web'));
    bench.pass(10);
    expect(status.value).toMatchObject({ isWanted: true });
  });
  it('knows services by any of their names, and refuses one that is none', () => {
    const named = watching((turn, observer, shepherd) =>
      turn.call(shepherd, 'watch', ['http'], observer, 2_000, { principal: localRoot }),
    );
    expect(named.pushes.flat().map(({ provision }) => provision[0])).toEqual(['web']);
    const wrong = watching((turn, observer, shepherd) =>
      turn.call(shepherd, 'watch', ['nothing'], observer, 2_000, { principal: localRoot }),
    );
    expect(wrong.asked.error).toMatchObject({ code: 'unknown-service' });
  });
  it.each([
    [limits.leastHeartbeatMs - 1, 'bad-request'],
    [limits.leastHeartbeatMs, undefined],
    [limits.mostHeartbeatMs, undefined],
    [limits.mostHeartbeatMs + 1, 'bad-request'],
    [2_000.5, 'bad-request'],
    [NaN, 'bad-request'],
  ])('with a heartbeat of %s ms: %s', (heartbeatMs, code) => {
    const bench = watching((turn, observer, shepherd) =>
      turn.call(shepherd, 'watch', [], observer, heartbeatMs, { principal: localRoot }),
    );
    expect((bench.asked.error as { code?: string } | undefined)?.code).toBe(code);
    expect(bench.pushes.length > 0).toBe(code === undefined);
  });
  it('refuses an observer that is no reference', () => {
    const bench = watching((turn, _observer, shepherd) =>
      turn.call(shepherd, 'watch', [], {} as Ref<Observer>, 2_000, { principal: localRoot }),
    );
    expect(bench.asked.error).toMatchObject({ code: 'bad-request' });
  });
});

describe('watching a facet', () => {
  const facetOf: Watch = (turn, observer, shepherd) => {
    const facet: Ref<ServiceFacet> = turn.call(shepherd, 'facet', 'web', principalOf('grant-1'));
    return turn.send(facet, 'watch', observer, 2_000);
  };
  it('shows the one service, without what belongs to its machine', () => {
    const bench = watching(facetOf);
    bench.machine.herd('start', 'web');
    bench.pass(200);
    expect(new Set(bench.pushes.flat().map(({ provision }) => provision[0]))).toEqual(
      new Set(['web']),
    );
    expect(last(bench, 'web')).toMatchObject({ stage: 'running', requirement: [] });
    for (const key of ['logFile', 'command']) expect(last(bench, 'web')).not.toHaveProperty(key);
  });
  it('is told of a heartbeat that wants no answer as of one, and answers the others', () => {
    const kinds: unknown[] = [];
    const bench = watching((turn, _observer, shepherd) => {
      const note = (isOneWay: unknown): void => void kinds.push(isOneWay);
      const facet: Ref<ServiceFacet> = turn.call(shepherd, 'facet', 'web', principalOf('grant-1'));
      return turn.send(facet, 'watch', turn.spawn(makeNotingObserver, note), 2_000);
    });
    bench.pass(2_000 * 2 * (limits.toldBeatCount + 1));
    const words = Array.from({ length: limits.toldBeatCount }, () => true);
    expect(kinds).toEqual([undefined, ...words, undefined, ...words, undefined]);
  });
  it('is counted for its own reference', () => {
    const bench = watching((turn, observer, shepherd) => {
      for (let count = 0; count < limits.askerWatchingCount; count += 1)
        facetOf(turn, observer, shepherd);
      return facetOf(turn, observer, shepherd);
    });
    expect(bench.asked.error).toMatchObject({ code: 'limit' });
    const other = bench.machine.ask((turn, shepherd) =>
      turn.send(
        turn.call(shepherd, 'facet', 'web', principalOf('grant-2')),
        'watch',
        turn.spawn(makeObserver, () => undefined),
        2_000,
      ),
    );
    bench.pass(10);
    expect(other.error).toBeUndefined();
  });
});
