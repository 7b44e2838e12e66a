/** The last wish for each service elsewhere: what is on the disk of it, and that an older command loses to it in every life. */
import { World } from '@bellwether/actors';
import {
  limits,
  principalOf,
  type Outcome,
  type Principal,
  type Request,
  type WishRecord,
} from '@bellwether/shepherd';
import { checkEntries } from '@bellwether/store';
import { describe, expect, it } from 'vitest';
import { Away } from '../../support/away.ts';
import { makeElsewhere, makeGroup } from '../../support/shepherd-graph.ts';
import { ownOf, Machine, program, requestOf, type Asked } from '../../support/shepherd-machine.ts';

type Death = (machine: Machine) => void;
const deaths: readonly (readonly [string, Death])[] = [
  ['was killed', (machine) => machine.crash()],
  ['lost power', (machine) => machine.losePower()],
];

/** A fleet of services elsewhere, and a service of this machine that fails to start. */
class Bench {
  readonly world: World;
  readonly machine: Machine;
  readonly aways: ReadonlyMap<string, Away>;
  constructor(names: readonly string[], seed = 3) {
    this.world = new World(seed);
    this.aways = new Map(names.map((name) => [name, new Away(this.world, name)]));
    this.machine = new Machine(this.world, 'C', {
      services: [program({ provision: ['own'] })],
      setUp: (turn, shepherd) => {
        for (const { name, perform, contact } of this.aways.values())
          turn.call(
            shepherd,
            'register',
            turn.spawn(makeElsewhere, name, perform, [], undefined, contact),
          );
        turn.call(shepherd, 'registerAggregate', turn.spawn(makeGroup, 'fleet', names));
      },
    });
    this.boot();
  }
  boot(): void {
    this.machine.boot();
    this.run();
  }
  run(ms = 1_000): void {
    this.world.run(this.world.now + ms);
  }
  away(name: string): Away {
    const away = this.aways.get(name);
    if (away === undefined) throw new Error(`nobody is called ${name}`);
    return away;
  }
  herd(action: string, member: string, given: Partial<Request>): Asked<Outcome> {
    const asked = this.machine.herd(action, member, given);
    this.run();
    return asked;
  }
  retry(operation: string, principal?: Principal): Asked<Outcome> {
    const asked = this.machine.retry(operation, principal && ownOf(principal));
    this.run();
    return asked;
  }
  /** As somebody else than the owner. */
  granted(action: string, member: string, operation: string): Asked<Outcome> {
    const request = requestOf({ action, member, operation });
    const asked = this.machine.ask((turn, shepherd) =>
      turn.send(shepherd, 'perform', request, this.machine.printer(turn), {
        principal: principalOf('g-1'),
      }),
    );
    this.run();
    return asked;
  }
  get wishes(): readonly WishRecord[] {
    return this.machine.disk.records().wishes;
  }
  /** What the disk says of each service, the records in the order of their numbers. */
  get last(): Readonly<Record<string, string>> {
    const inOrder = this.wishes.toSorted((a, b) => a.number - b.number);
    return Object.fromEntries(
      inOrder.flatMap(({ wish, names }) => names.map((name) => [name, wish])),
    );
  }
}
const reasonsOf = ({ value }: Asked<Outcome>): readonly string[] =>
  (value?.rows ?? []).map(({ result, reason = '' }) => `${result}: ${reason}`);
const later = (action: string, operation: string): string =>
  `lost to a later ${action} (${operation}, 2023-11-14 22:13 UTC).`;

describe.each(deaths)('where the daemon %s in between', (_how, death) => {
  const nextLife = (bench: Bench): void => {
    death(bench.machine);
    bench.run(100);
    bench.boot();
  };

  it('a retry of an older start loses to a newer stop that was over, and says to which', () => {
    const bench = new Bench(['a', 'b']);
    bench.away('a').comesBack();
    bench.herd('start', 'fleet', { operation: 'op-1' });
    bench.away('b').comesBack();
    bench.herd('stop', 'fleet', { operation: 'op-2' });
    nextLife(bench);
    const again = bench.retry('op-1');
    expect(bench.away('b').done).toEqual(['op-2 stop']);
    expect(reasonsOf(again)).toEqual([
      'changed: ',
      `superseded: Service b: start ${later('stop', 'op-2')}`,
    ]);
  });
  it('a retry of an older stop loses to a newer start likewise', () => {
    const bench = new Bench(['a']);
    bench.herd('stop', 'fleet', { operation: 'op-1' });
    bench.away('a').comesBack();
    bench.herd('start', 'a', { operation: 'op-2' });
    nextLife(bench);
    const again = bench.retry('op-1');
    expect(bench.away('a').done).toEqual(['op-2 start']);
    expect(reasonsOf(again)).toEqual([`superseded: Service a: stop ${later('start', 'op-2')}`]);
  });
  it('a retry of what is still wished is done', () => {
    const bench = new Bench(['a']);
    bench.herd('start', 'fleet', { operation: 'op-1' });
    bench.herd('stop', 'fleet', { operation: 'op-2' });
    bench.herd('start', 'fleet', { operation: 'op-3' });
    bench.away('a').comesBack();
    nextLife(bench);
    bench.retry('op-1');
    expect(bench.away('a').done).toEqual(['op-1 start']);
  });
  it('what waited for its machine loses to what was over before', () => {
    const bench = new Bench(['a', 'b']);
    const queueMs = 3_600_000;
    bench.herd('start', 'fleet', { operation: 'op-1', queueMs });
    // In the turn that takes op-2 on nothing else of op-1 happens: its end is not on the disk for another reason.
    bench.machine.herd('stop', 'b', { operation: 'op-2' });
    bench.run(30);
    nextLife(bench);
    for (const name of ['a', 'b']) bench.away(name).comesBack();
    bench.run();
    expect(bench.away('a').done).toEqual(['op-1 start']);
    expect(bench.away('b').done).toEqual([]);
  });
  it('an action that waited is not done beside the later one that stood in its place', () => {
    const bench = new Bench(['a', 'b']);
    const queueMs = 3_600_000;
    bench.herd('rub', 'fleet', { operation: 'op-1', queueMs });
    bench.machine.herd('rub', 'a', { operation: 'op-2' });
    bench.run(30);
    nextLife(bench);
    for (const name of ['a', 'b']) bench.away(name).comesBack();
    bench.run();
    // It was not waited for in op-2: nobody does it.
    expect([bench.away('a').done, bench.away('b').done]).toEqual([[], ['op-1 rub']]);
  });
  it('what was under way loses to what was taken on later, and was over', () => {
    const bench = new Bench(['a']);
    const a = bench.away('a');
    a.comesBack();
    a.lost.add('op-1');
    bench.herd('start', 'a', { operation: 'op-1' });
    bench.herd('stop', 'a', { operation: 'op-2' });
    nextLife(bench);
    a.lost.clear();
    expect(bench.retry('op-1').value?.reason).toBe(`Service a: start ${later('stop', 'op-2')}`);
    expect(a.done).toEqual(['op-2 stop']);
  });
  it('a retry loses to a restart batch by batch, at those whose turn has come', () => {
    const bench = new Bench(['a', 'b']);
    bench.herd('stop', 'fleet', { operation: 'op-1' });
    bench.away('a').comesBack();
    bench.away('b').lost.add('op-2');
    bench.herd('restart', 'fleet', { operation: 'op-2', rolling: { batch: 1, maxUnavailable: 2 } });
    expect(bench.last).toEqual({ a: 'start', b: 'stop', fleet: 'start' });
    nextLife(bench);
    bench.away('b').comesBack();
    expect(reasonsOf(bench.retry('op-1'))).toEqual([
      `superseded: Service a: stop ${later('restart', 'op-2')}`,
      'changed: ',
    ]);
  });
  it('what asks a service of this machine is told of the later command, too', () => {
    const bench = new Bench([]);
    bench.machine.processes.programs.set('own', { refusal: 'no such program' });
    bench.herd('start', 'own', { operation: 'op-1' });
    bench.herd('stop', 'own', { operation: 'op-2' });
    nextLife(bench);
    expect(bench.retry('op-1').value).toMatchObject({
      result: 'superseded',
      reason: `Service own: start ${later('stop', 'op-2')}`,
    });
  });
  it('an id is told to whose it is and to the owner, and to nobody else', () => {
    const bench = new Bench(['a']);
    bench.granted('start', 'a', 'theirs');
    bench.herd('stop', 'a', { operation: 'op-2' });
    nextLife(bench);
    expect(bench.retry('theirs', principalOf('g-1')).value?.reason).toBe(
      'Service a: start lost to a later stop (2023-11-14 22:13 UTC).',
    );
    bench.granted('start', 'a', 'theirs-2');
    expect(bench.retry('op-2').value?.reason).toBe(`Service a: stop ${later('start', 'theirs-2')}`);
  });
});

describe('what is on the disk of wishes for services elsewhere', () => {
  const many = (count: number): readonly string[] =>
    Array.from({ length: count }, (_none, at) => `s${at}`);

  it('is one record for a command to many, and none for one that wishes the same', () => {
    const bench = new Bench(many(50));
    bench.herd('start', 'fleet', { operation: 'op-1' });
    expect(bench.wishes).toMatchObject([
      { number: 1, wish: 'start', by: { asker: 'root', operation: 'op-1' } },
    ]);
    expect(bench.wishes[0]?.names).toEqual([...many(50), 'fleet']);
    bench.herd('start', 'fleet', { operation: 'op-2' });
    bench.herd('restart', 's3', { operation: 'op-3' });
    bench.herd('start', 'own', { operation: 'op-4' });
    expect(bench.wishes.map(({ number }) => number)).toEqual([1]);
  });
  it(`is another one from one more than ${limits.wishedNameCount} names on, with that of the fleet`, () => {
    for (const [count, sizes] of [
      [limits.wishedNameCount - 1, [limits.wishedNameCount]],
      [limits.wishedNameCount, [limits.wishedNameCount, 1]],
    ] as const) {
      const bench = new Bench(many(count));
      bench.herd('stop', 'fleet', { operation: 'op-1' });
      expect(bench.wishes.map(({ names }) => names.length)).toEqual(sizes);
    }
  });
  it('fits in the store, as many and as long as its names may be', () => {
    const name = (at: number): string => `${at}`.padStart(limits.nameCharacters, '\u754c');
    const names = Array.from({ length: limits.wishedNameCount }, (_none, at) => name(at));
    const by = { asker: principalOf('g-1'), operation: name(0), atMs: 1 };
    checkEntries([{ kind: 'wished', number: 1, wish: 'stop', by, names }]);
  });
  it('of a fleet is what was asked of all of it, and nothing of what was asked of a part', () => {
    const bench = new Bench(many(3));
    bench.herd('start', 'fleet', { operation: 'op-1' });
    bench.herd('stop', 'fleet', { operation: 'op-2', onlyMembers: ['s0'] });
    bench.herd('stop', 'fleet', { operation: 'op-3', withMembers: false });
    expect(bench.last).toMatchObject({ s0: 'stop', s1: 'start', fleet: 'start' });
    bench.herd('stop', 'fleet', { operation: 'op-4' });
    expect(bench.last).toMatchObject({ s1: 'stop', fleet: 'stop' });
  });
  it('is erased once a later command wishes otherwise of all, written anew once of most', () => {
    const bench = new Bench(many(5));
    bench.herd('start', 'fleet', { operation: 'op-1' });
    for (const name of ['s0', 's1', 's2']) bench.herd('stop', name, { operation: `op-${name}` });
    expect(bench.wishes[0]?.names).toEqual([...many(5), 'fleet']);
    bench.herd('stop', 's3', { operation: 'op-s3' });
    expect(bench.wishes[0]).toMatchObject({ number: 1, names: ['s4', 'fleet'] });
    bench.herd('stop', 'fleet', { operation: 'op-2' });
    expect(bench.wishes.map(({ names }) => names)).toEqual([
      ...['s0', 's1', 's2', 's3'].map((name) => [name]),
      ['s4', 'fleet'],
    ]);
  });
  it('is what a service finds that comes back, but for a start; one that changes finds all', () => {
    const bench = new Bench(many(4));
    bench.herd('start', 'fleet', { operation: 'op-1' });
    bench.herd('stop', 's3', { operation: 'op-2' });
    const swap = (removed: readonly string[], coming: readonly string[]): void => {
      bench.machine.ask((turn, shepherd) => {
        const elsewhere = coming.map((name) =>
          turn.spawn(makeElsewhere, name, bench.away(name).perform),
        );
        const swap = { removed, own: [], elsewhere, aggregates: [] };
        return turn.send(shepherd, 'swap', swap, bench.machine.printer(turn));
      });
      bench.run();
    };
    swap(['s0', 's1', 's3'], ['s1', 's2']);
    expect(bench.last).toEqual({ s1: 'start', s2: 'start', s3: 'stop', fleet: 'start' });
  });
  it('follows any commands, over any number of lives, and is at most twice as long as the names', () => {
    const names = many(12);
    const bench = new Bench(names, 5);
    const { world } = bench;
    const model: Record<string, string> = {};
    for (let count = 1; count <= 150; count += 1) {
      const action = world.pick(['start', 'stop']);
      const onlyMembers = names.filter(() => world.random() < 0.4);
      if (onlyMembers.length === 0) continue;
      bench.machine.herd(action, 'fleet', { operation: `op-${count}`, onlyMembers });
      bench.run(200);
      for (const name of onlyMembers) model[name] = action;
      if (world.random() < 0.2) {
        bench.machine.losePower();
        bench.boot();
      }
      expect(bench.last).toEqual(model);
      const length = bench.wishes.reduce((sum, each) => sum + each.names.length, 0);
      expect(length).toBeLessThanOrEqual(2 * names.length);
    }
  });
});
