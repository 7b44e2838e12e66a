/** Requirements that cross machines, and ways that lead in a circle. */
import { World } from '@bellwether/actors';
import { exitCodeOf } from '@bellwether/fleet';
import { MemoryNetwork } from '@bellwether/netlayer-memory';
import { limits, type Outcome, type Request, type Status } from '@bellwether/shepherd';
import { describe, expect, it } from 'vitest';
import {
  FleetNode,
  introduce,
  Operator,
  type NodeConfig,
  type Site,
} from '../support/fleet-node.ts';
import { program, requestOf, service, type Asked } from '../support/shepherd-machine.ts';
import { principalOf } from '../../packages/shepherd/src/words/principal.ts';

interface Place extends Site {
  readonly operator: Operator;
  readonly nodes: readonly FleetNode[];
}
/** Boots nodes, and gives each of the pairs a ref of the first one's service. */
const up = (
  configs: Readonly<Record<string, NodeConfig>>,
  refs: readonly (readonly [from: string, service: string, to: string])[],
): Place => {
  const world = new World(1);
  const site = { world, network: new MemoryNetwork(world) };
  const nodes = Object.entries(configs).map(([name, config]) => new FleetNode(site, name, config));
  const operator = new Operator(site);
  for (const node of nodes) node.boot();
  world.run(world.now + 1_000);
  const place = { ...site, operator, nodes };
  for (const [from, service, to] of refs)
    introduce(site, operator, nodeOf(place, from), service, nodeOf(place, to));
  return place;
};
const nodeOf = ({ nodes }: Pick<Place, 'nodes'>, name: string): FleetNode => {
  const node = nodes.find((each) => each.name === name);
  if (node === undefined) throw new Error(`no node ${name}`);
  return node;
};
const answer = <T>(asked: Asked<T>): T => {
  if (asked.value === undefined) throw asked.error ?? new Error('no answer');
  return asked.value;
};
let operationCount = 0;
const begin = (
  place: Place,
  node: string,
  action: string,
  name: string,
  given: Partial<Request> = {},
): Asked<Outcome> => {
  operationCount += 1;
  const operation = `op-${operationCount}`;
  return place.operator.herd(nodeOf(place, node), action, name, { operation, ...given });
};
const herd = (...[place, ...command]: Parameters<typeof begin>): Outcome => {
  const asked = begin(place, ...command);
  place.world.run(place.world.now + 90_000);
  return answer(asked);
};
const probe = (place: Place, node: string, ...names: string[]): Asked<readonly Status[]> =>
  place.operator.ask(nodeOf(place, node), (turn, root) => turn.send(root, 'status', names, 5_000));
const runs = (place: Place, node: string, name: string): boolean =>
  nodeOf(place, node).machine.processes.living(name).length > 0;

describe('a local service that requires one of another machine', () => {
  const withDb = (): Place =>
    up(
      {
        A: {
          services: [
            service({ provision: ['disk'] }),
            program({ provision: ['db'], requirement: ['disk'] }),
          ],
        },
        C: {
          services: [program({ provision: ['web'], requirement: ['db'] })],
          exported: { db: 'A' },
        },
      },
      [['A', 'db', 'C']],
    );
  it('starts it first, and everything that it needs there', () => {
    const place = withDb();
    expect(herd(place, 'C', 'start', 'web')).toMatchObject({ result: 'changed', also: ['db'] });
    expect(place.operator.lines).toEqual([
      'A: Service disk has been started.',
      'A: Service db has been started.',
      'C: Service db has been started.',
      'C: Service web has been started.',
    ]);
    expect([runs(place, 'A', 'db'), runs(place, 'C', 'web')]).toEqual([true, true]);
  });
  it('is not started where that one cannot be reached, and says which and why', () => {
    const place = withDb();
    nodeOf(place, 'A').crash();
    place.world.run(place.world.now + 1_000); // what is sent before C knows is in doubt
    const outcome = herd(place, 'C', 'start', 'web');
    expect(outcome).toMatchObject({
      result: 'failed',
      dependsOn: 'db',
      rows: [{ member: 'db', result: 'unreachable' }],
    });
    expect(runs(place, 'C', 'web')).toBe(false);
  });
  it('stays up when that one dies, or is stopped by others', () => {
    const place = withDb();
    herd(place, 'C', 'start', 'web');
    nodeOf(place, 'A').machine.processes.kill('db');
    place.world.run(place.world.now + 60_000);
    expect([runs(place, 'A', 'db'), runs(place, 'C', 'web')]).toEqual([false, true]);
    herd(place, 'A', 'start', 'db');
    herd(place, 'A', 'stop', 'db');
    expect([runs(place, 'A', 'db'), runs(place, 'C', 'web')]).toEqual([false, true]);
    nodeOf(place, 'A').crash();
    place.world.run(place.world.now + 60_000);
    expect(runs(place, 'C', 'web')).toBe(true);
  });
  it('is stopped by an explicit stop of it through this controller, and before it', () => {
    const place = withDb();
    herd(place, 'C', 'start', 'web');
    place.operator.lines.length = 0;
    expect(herd(place, 'C', 'stop', 'db')).toMatchObject({ result: 'changed', also: ['web'] });
    expect(place.operator.lines).toEqual([
      'C: Service web has been stopped.',
      'A: Service db has been stopped.',
      'C: Service db has been stopped.',
    ]);
    expect(runs(place, 'C', 'web')).toBe(false);
  });
});

describe('a local service that requires a fleet', () => {
  const withFleet = (minReady: 1 | '100%'): Place =>
    up(
      {
        A: { services: [program({ provision: ['web'] })] },
        B: { services: [program({ provision: ['web'] })] },
        C: {
          services: [program({ provision: ['balancer'], requirement: ['webs'] })],
          exported: { 'web-a': 'A', 'web-b': 'B' },
          fleets: [{ name: 'webs', members: ['web-a', 'web-b'], minReady }],
        },
      },
      [
        ['A', 'web', 'C'],
        ['B', 'web', 'C'],
      ],
    );
  it('starts where enough of its members do, and nowhere else', () => {
    for (const [minReady, result] of [
      [1, 'changed'],
      ['100%', 'failed'],
    ] as const) {
      const place = withFleet(minReady);
      nodeOf(place, 'B').crash();
      expect(herd(place, 'C', 'start', 'balancer').result).toBe(result);
      expect(runs(place, 'A', 'web')).toBe(true);
      expect(runs(place, 'C', 'balancer')).toBe(result === 'changed');
    }
  });
  it('is stopped with the fleet, before its members', () => {
    const place = withFleet('100%');
    herd(place, 'C', 'start', 'balancer');
    place.operator.lines.length = 0;
    expect(herd(place, 'C', 'stop', 'webs')).toMatchObject({
      result: 'changed',
      also: ['balancer'],
    });
    expect(place.operator.lines[0]).toBe('C: Service balancer has been stopped.');
    expect([runs(place, 'A', 'web'), runs(place, 'B', 'web')]).toEqual([false, false]);
  });
});

describe('a restart of a fleet', () => {
  it('names in the row of a member what hung on that and is up again, and with the whole what hung on it', () => {
    const on = (name: string, requirement: string) =>
      program({ provision: [name], requirement: [requirement] });
    const place = up(
      {
        A: { services: [program({ provision: ['web'] })] },
        B: { services: [program({ provision: ['web'] })] },
        C: {
          services: [
            on('metrics', 'web-a'),
            on('graphs', 'metrics'),
            on('idle', 'web-a'),
            on('balancer', 'webs'),
          ],
          exported: { 'web-a': 'A', 'web-b': 'B' },
          fleets: [{ name: 'webs', members: ['web-a', 'web-b'] }],
        },
      },
      [
        ['A', 'web', 'C'],
        ['B', 'web', 'C'],
      ],
    );
    for (const name of ['graphs', 'balancer']) herd(place, 'C', 'start', name);
    const outcome = herd(place, 'C', 'restart', 'webs');
    expect(outcome).toMatchObject({ result: 'changed', also: ['balancer'] });
    expect(outcome.rows.map(({ member, also }) => [member, also])).toEqual([
      ['web-a', ['metrics', 'graphs']],
      ['web-b', undefined],
    ]);
    expect(runs(place, 'C', 'graphs')).toBe(true);
    expect(herd(place, 'C', 'restart', 'web-a')).toMatchObject({ also: ['metrics', 'graphs'] });
  });
});

describe('an exported service that requires a local one', () => {
  it('is asked to start once that runs, and to stop before it', () => {
    const tunnel = program({ provision: ['tunnel'] });
    const place = up(
      {
        A: { services: [program({ provision: ['db'] })] },
        C: { services: [tunnel], exported: { db: { origin: 'A', requirement: ['tunnel'] } } },
      },
      [['A', 'db', 'C']],
    );
    expect(herd(place, 'C', 'start', 'db')).toMatchObject({ result: 'changed', also: ['tunnel'] });
    expect(herd(place, 'C', 'stop', 'tunnel')).toMatchObject({ also: ['db'] });
    expect(place.operator.lines).toEqual([
      'C: Service tunnel has been started.',
      'A: Service db has been started.',
      'C: Service db has been started.',
      'A: Service db has been stopped.',
      'C: Service db has been stopped.',
      'C: Service tunnel has been stopped.',
    ]);
    const [status] = answer(run(place, probe(place, 'C', 'db')));
    expect(status).toMatchObject({ kind: 'exported', requirement: ['tunnel'] });
  });
});
const run = <T>(place: Place, asked: Asked<T>): Asked<T> => {
  place.world.run(place.world.now + 6_000);
  return asked;
};

describe('a way that leads in a circle', () => {
  /** At C, web requires db of D; at D, db requires web of C. */
  const circle = (): Place =>
    up(
      {
        C: {
          services: [program({ provision: ['web'], requirement: ['db'] })],
          exported: { db: 'D' },
        },
        D: {
          services: [program({ provision: ['db'], requirement: ['web'] })],
          exported: { web: 'C' },
        },
      },
      [
        ['D', 'db', 'C'],
        ['C', 'web', 'D'],
      ],
    );
  it('is refused at once, and whoever asked hears that it was one', () => {
    const place = circle();
    const begun = place.world.now;
    const asked = begin(place, 'C', 'start', 'web');
    place.world.run(begun + 500);
    expect(asked.value).toMatchObject({ result: 'failed', dependsOn: 'db' });
    expect(asked.value && exitCodeOf(asked.value, { isStrict: false })).toBe(1);
    const words = 'requires itself by way of others: a cycle.';
    expect(asked.value?.isCycle).toBe(true);
    // What D answers with is told as C's.
    for (const line of [`C: Service db ${words}`, `C: Service web ${words}`])
      expect(place.operator.lines).toContain(line);
    expect(place.operator.lines.join()).not.toContain('D: Service db requires');
    expect([runs(place, 'C', 'web'), runs(place, 'D', 'db')]).toEqual([false, false]);
  });
  it('is refused for both of two who ask from both ends at once', () => {
    const place = circle();
    const both = [begin(place, 'C', 'start', 'web'), begin(place, 'D', 'start', 'db')];
    place.world.run(place.world.now + 1_000);
    expect(both.map(({ value }) => value?.result)).toEqual(['failed', 'failed']);
  });
  it('names to a stranger no service but those on his own side', () => {
    const place = up(
      {
        C: {
          services: [
            program({ provision: ['web'], requirement: ['secret'] }),
            program({ provision: ['secret'], requirement: ['db'] }),
          ],
          exported: { db: 'D' },
        },
        D: {
          services: [program({ provision: ['db'], requirement: ['web'] })],
          exported: { web: 'C' },
        },
      },
      [
        ['D', 'db', 'C'],
        ['C', 'web', 'D'],
      ],
    );
    const outcome = herd(place, 'D', 'start', 'db');
    const said = JSON.stringify([outcome, place.operator.lines]);
    expect(said).toContain('a cycle');
    expect(said).not.toContain('secret');
  });

  const fleets = (): Place =>
    up(
      {
        C: { exported: { 'd-fleet': 'D' }, fleets: [{ name: 'fleet-c', members: ['d-fleet'] }] },
        D: { exported: { 'c-fleet': 'C' }, fleets: [{ name: 'fleet-d', members: ['c-fleet'] }] },
      },
      [
        ['C', 'fleet-c', 'D'],
        ['D', 'fleet-d', 'C'],
      ],
    );
  it('ends for a question, too: at once, with unknown and the reason', () => {
    const place = fleets();
    const both = [
      probe(place, 'C', 'fleet-c'),
      probe(place, 'D', 'fleet-d'),
      probe(place, 'C', 'd-fleet', 'fleet-c'),
    ];
    place.world.run(place.world.now + 500);
    for (const asked of both) expect(answer(asked)[0]).toMatchObject({ stage: 'unknown' });
    const inner = answer(both[0] ?? {})[0];
    expect(JSON.stringify(inner)).toContain('1 of 1 members are unknown');
  });
  it('ends for a command on fleets of fleets at once', () => {
    const place = fleets();
    const asked = begin(place, 'C', 'start', 'fleet-c');
    place.world.run(place.world.now + 500);
    expect(asked.value?.result).toBe('failed');
    expect(JSON.stringify(asked.value)).toContain('a cycle');
  });
});

describe('a long way', () => {
  /** Fleets of one, each of the one before, over so many controllers; A has the service. */
  const chain = (hopCount: number): Place => {
    const names = Array.from({ length: hopCount }, (_, at) => `N${at}`);
    const configs = names.map((name, at): [string, NodeConfig] => [
      name,
      {
        exported: { below: at === 0 ? 'A' : `N${at - 1}` },
        fleets: [{ name: 'all', members: ['below'] }],
      },
    ]);
    return up(
      { A: { services: [program({ provision: ['web'] })] }, ...Object.fromEntries(configs) },
      names.map((name, at) => (at === 0 ? ['A', 'web', name] : [`N${at - 1}`, 'all', name])),
    );
  };
  it(`is asked afresh over ${limits.probeHopCount} machines, and beyond that is as it was told last`, () => {
    for (const [count, stage] of [
      [limits.probeHopCount, 'unknown'],
      [limits.probeHopCount + 1, 'running'],
    ] as const) {
      const place = chain(count);
      herd(place, 'A', 'start', 'web');
      place.network.part('A', 'N0');
      const asked = probe(place, `N${count - 1}`, 'all');
      place.world.run(place.world.now + 6_000);
      expect(answer(asked)[0]).toMatchObject({ stage });
    }
  });
});

describe('what a controller asks of itself', () => {
  const standing = (): Place =>
    up(
      {
        A: { services: [program({ provision: ['web'] })] },
        C: {
          services: [program({ provision: ['dep'], requirement: ['x'] })],
          exported: { x: 'A' },
        },
      },
      [['A', 'web', 'C']],
    );
  const startAfresh = (place: Place): void => {
    nodeOf(place, 'C').losePower();
    nodeOf(place, 'C').boot();
    place.world.run(place.world.now + 20_000);
  };
  it('at its beginning is done at the member each time, whatever came of it the last time', () => {
    const place = standing();
    herd(place, 'C', 'start', 'dep');
    for (const count of [1, 2, 3]) {
      herd(place, 'A', 'stop', 'web');
      startAfresh(place);
      expect([count, runs(place, 'A', 'web'), runs(place, 'C', 'dep')]).toEqual([
        count,
        true,
        true,
      ]);
    }
  });
  it('is told apart at the member from what others ask there under the same id', () => {
    const place = standing();
    const c = nodeOf(place, 'C');
    herd(place, 'C', 'start', 'x');
    const restart = c.machine.ask((turn, shepherd) => {
      const facet = turn.call(shepherd, 'facet', 'x', principalOf('a holder'));
      const request = requestOf({ operation: 'mine', action: 'restart', member: 'x' });
      return turn.send(facet, 'perform', request, c.machine.printer(turn));
    });
    place.world.run(place.world.now + 5_000);
    expect(answer(restart)).toMatchObject({ result: 'changed' });
    expect(herd(place, 'C', 'stop', 'x', { operation: 'mine' })).toMatchObject({
      result: 'changed',
    });
    expect(runs(place, 'A', 'web')).toBe(false);
  });
});

describe('two operations that wait for each other', () => {
  it('end by their deadlines, and say what they wait for', () => {
    const ready = { kind: 'tcp', host: 'x', port: 1, timeoutMs: 600_000 } as const;
    const place = up(
      {
        C: {
          services: [program({ provision: ['front'], requirement: ['db'] })],
          exported: { db: 'D' },
        },
        D: { services: [program({ provision: ['db'], ready })], exported: { front: 'C' } },
      },
      [
        ['D', 'db', 'C'],
        ['C', 'front', 'D'],
      ],
    );
    // db is ready once front is there, which waits for db: nothing that a graph could know of.
    nodeOf(place, 'D').machine.probes.isReady = () => runs(place, 'C', 'front');
    const one = begin(place, 'C', 'start', 'front', { remainingMs: 10_000 });
    const other = begin(place, 'D', 'start', 'front', { remainingMs: 10_000 });
    place.world.run(place.world.now + 10_100);
    expect(one.value).toMatchObject({ result: 'failed', dependsOn: 'db' });
    expect(JSON.stringify(one.value)).toContain('start is not over after');
    expect(other.value?.result).not.toBe('changed');
  });
});

describe('a member that says that it takes long', () => {
  const slow = (timeoutMs: number) =>
    program({ provision: ['web'], ready: { kind: 'tcp', host: 'h', port: 1, timeoutMs } });
  it('is named to who waits, by its name here, for as long as is believed', () => {
    const place = up(
      {
        A: { services: [slow(5_000)] },
        B: { services: [slow(24 * 3_600_000)] },
        C: {
          exported: { 'web-a': 'A', 'web-b': 'B' },
          fleets: [{ name: 'webs', members: ['web-a', 'web-b'] }],
        },
      },
      [
        ['A', 'web', 'C'],
        ['B', 'web', 'C'],
      ],
    );
    begin(place, 'C', 'start', 'webs', { isPatient: true });
    place.world.run(place.world.now + 1_000);
    const { slowMs } = limits;
    expect(place.operator.rows.filter(({ kind }) => kind === 'deadline')).toEqual([
      { kind: 'deadline', remainingMs: 60_000 + slowMs, slowest: 'web-b', slowestMs: slowMs },
    ]);
  });
});

describe('two controllers that are members of each other', () => {
  it('say nothing to each other without end: only heartbeats, when nothing changes', () => {
    const place = up(
      {
        C: { exported: { 'd-fleet': 'D' }, fleets: [{ name: 'fleet-c', members: ['d-fleet'] }] },
        D: { exported: { 'c-fleet': 'C' }, fleets: [{ name: 'fleet-d', members: ['c-fleet'] }] },
      },
      [
        ['C', 'fleet-c', 'D'],
        ['D', 'fleet-d', 'C'],
      ],
    );
    place.world.run(place.world.now + 60_000);
    const stepCount = place.world.stepCount;
    place.world.run(place.world.now + 60_000);
    expect(place.world.stepCount - stepCount).toBeLessThan(2_000);
  });
});
