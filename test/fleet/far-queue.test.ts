/**
 * A controller of controllers: what C asks of D's fleet with a time to wait, D keeps for a machine of its own that is
 * away, and C tells what came of it.
 *
 *     operator ──► C (`webs` of D) ──► D (a fleet of two) ──► A, B (a web server each)
 */
import { World } from '@bellwether/actors';
import { FLEET_LIMITS } from '@bellwether/fleet';
import { MemoryNetwork } from '@bellwether/netlayer-memory';
import {
  limits,
  type OperationReport,
  type Outcome,
  type Request,
  type Row,
  type Status,
} from '@bellwether/shepherd';
import { describe, expect, it } from 'vitest';
import { answered, grantAt, Holder } from '../support/fleet-grants.ts';
import { FleetNode, introduce, Operator, type NodeConfig } from '../support/fleet-node.ts';
import { asking } from '../support/granted-place.ts';
import { program, type Asked } from '../support/shepherd-machine.ts';

const hourMs = 3_600_000;
const web: NodeConfig = { services: [program({ provision: ['web'] })] };

/** All four, B is away; `queued` has asked for a start that waits for it. */
const up = (seed = 5) => {
  const world = new World(seed);
  const site = { world, network: new MemoryNetwork(world) };
  const a = new FleetNode(site, 'A', web);
  const b = new FleetNode(site, 'B', web);
  const d = new FleetNode(site, 'D', {
    exported: { 'web-a': 'A', 'web-b': 'B' },
    fleets: [{ name: 'webs', members: ['web-a', 'web-b'] }],
  });
  const c = new FleetNode(site, 'C', {
    services: [program({ provision: ['gate'], requirement: ['webs'] })],
    exported: { webs: 'D' },
    fleets: [{ name: 'all', members: ['webs'] }],
  });
  const operator = new Operator(site);
  for (const node of [a, b, d, c]) node.boot();
  const pass = (ms: number): void => void world.run(world.now + ms);
  pass(1_000);
  introduce(site, operator, a, 'web', d);
  introduce(site, operator, b, 'web', d);
  introduce(site, operator, d, 'webs', c);
  pass(5_000);
  const ask = (action: string, name = 'webs', given: Partial<Request> = {}): Asked<Outcome> =>
    operator.herd(c, action, name, { operation: `op-${action}`, ...given });
  const report = (node: FleetNode, operation: string): OperationReport =>
    answered(
      site,
      operator.ask(node, (turn, root) => turn.send(root, 'operation', operation)),
    );
  /** What D calls an operation of C's. */
  const thereIs = (): string => {
    const all = answered(
      site,
      operator.ask(d, (turn, root) => turn.send(root, 'operations', {})),
    );
    return all.at(-1)?.operation ?? '';
  };
  /** Where its step for `webs` is at C. */
  const step = (operation = 'op-start') => {
    const { steps, ...facts } = report(c, operation);
    const { phase, row } = steps.find(({ service }) => service === 'webs') ?? {};
    return { phase, result: row?.result, row, facts };
  };
  const runs = (node: FleetNode): boolean => node.machine.processes.living('web').length > 0;
  const statusOf = (node: FleetNode, name: string): Status | undefined =>
    answered(
      site,
      operator.ask(node, (turn, root) => turn.send(root, 'status', [name], 900)),
    )[0];
  const restart = (node: FleetNode, meanwhileMs = 1_000): void => {
    node.crash();
    pass(meanwhileMs);
    node.boot();
    pass(10_000);
    // Of our own session to the one that died somebody has to hear first.
    operator.ask(node, (turn, root) => turn.send(root, 'about'));
    pass(1_000);
  };
  const startsOf = (node: FleetNode): number =>
    node.machine.disk.audits.filter(({ event, action }) => event === 'asked' && action === 'start')
      .length;
  const place = { world, a, b, c, d, operator, pass, ask, report, thereIs, step };
  return { ...place, site, runs, statusOf, restart, startsOf };
};
const rowsOf = ({ rows = [] }: { readonly rows?: readonly Row[] } = {}): readonly string[] =>
  rows.map(({ member, result, queuedUntilMs }) =>
    [member, result, queuedUntilMs === undefined ? '' : 'queued'].join(' ').trimEnd(),
  );
/** B goes, and C is asked to start all. */
const queued = (name = 'webs', queueMs = hourMs, seed?: number) => {
  const place = up(seed);
  place.b.crash();
  place.pass(10_000);
  const asked = place.ask('start', name, { queueMs });
  place.pass(20_000);
  return { ...place, asked };
};
/** B comes back, and everybody hears of it. */
const comesBack = ({ b, pass, operator }: ReturnType<typeof queued>): void => {
  b.boot();
  pass(30_000);
  operator.ask(b, (turn, root) => turn.send(root, 'about'));
  pass(1_000);
};

describe('a command that waits, to a fleet of another controller', () => {
  it('is answered at once with who is waited for there, is open meanwhile, and ends as it does there', () => {
    const place = queued();
    const { asked, step, runs } = place;
    expect(asked.value).toMatchObject({ member: 'webs', result: 'unreachable' });
    expect(rowsOf(asked.value)).toEqual(['webs/web-a changed', 'webs/web-b unreachable queued']);
    expect(step()).toMatchObject({
      phase: 'queued',
      facts: { queuedUntilMs: expect.any(Number) as number },
    });
    expect(step().facts).not.toHaveProperty('endedMs');
    expect([runs(place.a), runs(place.b)]).toEqual([true, false]);
    // Nobody asks all the time.
    place.pass(600_000);
    expect(step().phase).toBe('queued');
    comesBack(place);
    expect(runs(place.b)).toBe(true);
    expect(step()).toMatchObject({ phase: 'settled', result: 'changed' });
    expect(step().facts).toMatchObject({
      result: 'changed',
      endedMs: expect.any(Number) as number,
    });
    expect(place.startsOf(place.b)).toBe(1);
    const ended = place.c.machine.disk.audits.filter(
      ({ event, action }) => event === 'ended' && action === 'start',
    );
    expect(ended).toMatchObject([{ service: 'webs', action: 'start', result: 'changed' }]);
  });

  it('waits there for as long as is left, and here a little longer', () => {
    const place = queued('webs', 60_000);
    const here = place.step().facts.queuedUntilMs ?? 0;
    const there = place.report(place.d, place.thereIs()).queuedUntilMs ?? 0;
    expect(Math.abs(here - there)).toBeLessThan(1_000);
    place.pass(120_000);
    expect(place.step()).toMatchObject({ phase: 'settled', result: 'unreachable' });
    expect(place.report(place.d, place.thereIs())).toHaveProperty('endedMs');
    comesBack(place);
    expect(place.runs(place.b)).toBe(false);
  });

  it('waits there for no longer where it has waited here for that controller before', () => {
    const place = up();
    place.b.crash();
    place.d.crash();
    place.pass(10_000);
    place.ask('start', 'webs', { queueMs: hourMs });
    place.pass(hourMs / 2);
    place.d.boot();
    place.pass(30_000);
    place.operator.ask(place.d, (turn, root) => turn.send(root, 'about'));
    place.pass(1_000);
    const here = place.step().facts.queuedUntilMs ?? 0;
    const there = place.report(place.d, place.thereIs()).queuedUntilMs ?? 0;
    expect(Math.abs(here - there)).toBeLessThan(1_000);
  });

  it('is unknown here where the other controller is not heard of any more, until somebody asks', () => {
    const place = queued('webs', 60_000);
    place.d.crash();
    const { wall } = place.c.machine.time.clock();
    const endsMs = (place.step().facts.queuedUntilMs ?? 0) + limits.settleGraceMs;
    place.pass(endsMs - wall() - 2_000);
    expect(place.step().phase).toBe('queued');
    place.pass(endsMs - wall() + 1);
    expect(place.step()).toMatchObject({ phase: 'in-doubt', result: 'unknown' });
    expect(place.step().row?.reason).toMatch(
      /nothing was heard of start from the shepherd that waits for a machine there/,
    );
    place.d.boot();
    place.b.boot();
    place.pass(30_000);
    const again = place.operator.ask(place.c, (turn, root) =>
      turn.send(root, 'retry', 'op-start', place.operator.printer(turn)),
    );
    place.pass(30_000);
    expect(again.value).toMatchObject({ result: 'changed' });
    expect(place.runs(place.b)).toBe(true);
  });

  it('is watched to its end', () => {
    const place = queued();
    const watching = place.operator.ask(place.c, (turn, root) =>
      turn.send(root, 'join', 'op-start', place.operator.printer(turn)),
    );
    place.pass(60_000);
    expect(watching).toEqual({});
    comesBack(place);
    expect(watching.value).toMatchObject({ result: 'changed' });
    expect(rowsOf(watching.value)).toEqual(['webs/web-a changed', 'webs/web-b changed']);
  });

  it('is called off there, too', () => {
    const place = queued();
    answered(
      place.site,
      place.operator.ask(place.c, (turn, root) => turn.send(root, 'cancel', 'op-start')),
    );
    place.pass(1_000);
    expect(place.step()).toMatchObject({ phase: 'settled', result: 'cancelled' });
    expect(place.step().facts).toMatchObject({ isCancelled: true });
    expect(place.report(place.d, place.thereIs())).toMatchObject({ isCancelled: true });
    comesBack(place);
    expect(place.runs(place.b)).toBe(false);
  });

  it('is called off there once that is reached, also by the next life', () => {
    for (const kills of [false, true]) {
      const place = queued();
      place.d.crash();
      place.pass(10_000);
      answered(
        place.site,
        place.operator.ask(place.c, (turn, root) => turn.send(root, 'cancel', 'op-start')),
      );
      place.pass(1_000);
      expect(place.step()).toMatchObject({ phase: 'queued', facts: { isCancelled: true } });
      if (kills) place.restart(place.c);
      place.d.boot();
      place.pass(30_000);
      expect(place.step()).toMatchObject({ phase: 'settled', result: 'cancelled' });
      comesBack(place);
      expect(place.runs(place.b)).toBe(false);
    }
  });

  it('gives way to a later command, which is told there', () => {
    const place = queued();
    const stopped = place.ask('stop');
    place.pass(20_000);
    expect(rowsOf(stopped.value)).toEqual(['webs/web-a changed', 'webs/web-b unreachable']);
    expect(place.step()).toMatchObject({ phase: 'settled', result: 'superseded' });
    comesBack(place);
    expect([place.runs(place.a), place.runs(place.b)]).toEqual([false, false]);
  });

  it('gives way to a later command that did not get there', () => {
    const place = queued();
    place.d.crash();
    place.pass(10_000);
    const stopped = place.ask('stop');
    place.pass(20_000);
    expect(stopped.value).toMatchObject({ result: 'unreachable' });
    place.restart(place.c);
    place.d.boot();
    place.pass(30_000);
    comesBack(place);
    expect(place.runs(place.b)).toBe(false);
    expect(place.step()).toMatchObject({ phase: 'settled', result: 'cancelled' });
  });

  it('is tried at once there where somebody says so', () => {
    const place = queued();
    const again = place.operator.ask(place.c, (turn, root) =>
      turn.send(root, 'retry', 'op-start', place.operator.printer(turn)),
    );
    place.pass(20_000);
    expect(rowsOf(again.value)).toEqual(['webs/web-a changed', 'webs/web-b unreachable queued']);
    expect(place.step().phase).toBe('queued');
    comesBack(place);
    expect(place.step()).toMatchObject({ phase: 'settled', result: 'changed' });
    expect(place.startsOf(place.a)).toBe(1);
  });

  it('holds up what requires that fleet, and a fleet of such fleets', () => {
    const place = queued('gate');
    expect(place.asked.value).toMatchObject({ member: 'gate', dependsOn: 'webs' });
    expect(place.step().phase).toBe('queued');
    comesBack(place);
    expect(place.report(place.c, 'op-start')).toMatchObject({ result: 'changed' });
    expect(place.statusOf(place.c, 'gate')).toMatchObject({ stage: 'running' });
    const all = queued('all');
    expect(rowsOf(all.asked.value)).toEqual(['webs unreachable queued']);
    comesBack(all);
    expect(all.report(all.c, 'op-start')).toMatchObject({ result: 'changed' });
  });

  it('is asked after again and again, and nobody is left waiting there', () => {
    const place = queued('webs', 2 * hourMs);
    const { phase } = place.step();
    for (let times = 0; times < 12; times += 1) place.pass(FLEET_LIMITS.settleMs / 2);
    expect([phase, place.step().phase]).toEqual(['queued', 'queued']);
    comesBack(place);
    expect(place.step()).toMatchObject({ phase: 'settled', result: 'changed' });
  });

  it('ends with the grant that it was asked by, and that is told there', () => {
    const place = up();
    place.b.crash();
    place.pass(10_000);
    const { facts, invite } = grantAt(place.site, place.operator, place.c, {
      service: 'webs',
      actions: ['start'],
    });
    const ref = new Holder(place.site, 'alice').accept(invite);
    asking(ref, { owner: place.operator }, 'start', 'op-start', { queueMs: hourMs });
    place.pass(20_000);
    expect(place.step().phase).toBe('queued');
    answered(
      place.site,
      place.operator.ask(place.c, (turn, root) => turn.send(root, 'revokeGrant', facts.id)),
    );
    place.pass(1_000);
    expect(place.step()).toMatchObject({ phase: 'settled', result: 'cancelled' });
    expect(place.report(place.d, place.thereIs())).toMatchObject({ isCancelled: true });
    comesBack(place as ReturnType<typeof queued>);
    expect(place.runs(place.b)).toBe(false);
  });

  it('is called off there where that grant ended while nobody was here to see it', () => {
    const place = up();
    place.b.crash();
    place.pass(10_000);
    const { invite } = grantAt(place.site, place.operator, place.c, {
      service: 'webs',
      actions: ['start'],
      lifetimeMs: 60_000,
    });
    const ref = new Holder(place.site, 'alice').accept(invite);
    asking(ref, { owner: place.operator }, 'start', 'op-start', { queueMs: hourMs });
    place.pass(20_000);
    expect(place.step().phase).toBe('queued');
    place.restart(place.c, 60_000);
    place.pass(5_000);
    expect(place.step()).toMatchObject({ phase: 'settled', result: 'cancelled' });
    comesBack(place as ReturnType<typeof queued>);
    expect(place.runs(place.b)).toBe(false);
  });

  it('is denied where the other controller takes its ref back meanwhile, and nothing is done', () => {
    const place = queued();
    const [minted] = answered(
      place.site,
      place.operator.ask(place.d, (turn, root) => turn.send(root, 'grants')),
    ).grants;
    const id = minted?.id ?? '';
    answered(
      place.site,
      place.operator.ask(place.d, (turn, root) => turn.send(root, 'revokeGrant', id)),
    );
    place.pass(5_000);
    expect(place.step()).toMatchObject({ phase: 'settled', result: 'denied' });
    expect(place.step().row?.reason).toMatch(/What had not begun of start was called off there\.$/);
    comesBack(place);
    expect(place.runs(place.b)).toBe(false);
  });

  it('is answered by what is at home there as ever', () => {
    const place = up();
    const asked = place.operator.herd(place.d, 'start', 'web-a', {
      operation: 'op-start',
      queueMs: hourMs,
    });
    place.pass(10_000);
    expect(asked.value).toMatchObject({ result: 'changed' });
    expect(asked.value).not.toHaveProperty('queuedUntilMs');
    expect(place.report(place.d, 'op-start')).toHaveProperty('endedMs');
  });
});

describe('the controllers die while a machine is waited for', () => {
  const lives: readonly (readonly [string, (place: ReturnType<typeof queued>) => void])[] = [
    ['the near one', ({ restart, c }) => restart(c)],
    ['the far one', ({ restart, d }) => restart(d)],
    ['both, one after the other', ({ restart, c, d }) => (restart(d), restart(c))],
    ['the far one for longer than a while', ({ restart, d }) => restart(d, 300_000)],
    [
      'both at once',
      ({ restart, c, d }) => {
        c.crash();
        restart(d);
        c.boot();
      },
    ],
  ];
  it.each(lives)('%s, and what was asked is done once and told', (_who, die) => {
    const place = queued();
    die(place);
    place.pass(20_000);
    expect(place.step().phase).toBe('queued');
    comesBack(place);
    expect([place.runs(place.a), place.runs(place.b)]).toEqual([true, true]);
    expect(place.step()).toMatchObject({ phase: 'settled', result: 'changed' });
    expect([place.startsOf(place.a), place.startsOf(place.b)]).toEqual([1, 1]);
    expect(place.b.machine.processes.doubled).toEqual([]);
  });

  it('at any moment of it leaves a true record, and nothing done twice', () => {
    for (const [at, who] of [
      [60, 'c'],
      [500, 'c'],
      [1_500, 'd'],
      [5_100, 'c'],
      [10_050, 'd'],
      [10_200, 'd'],
      [16_000, 'c'],
    ] as const) {
      const place = up(at);
      place.b.crash();
      place.pass(10_000);
      place.ask('start', 'webs', { queueMs: hourMs });
      place.pass(at);
      place.restart(place[who]);
      place.pass(40_000);
      expect([at, place.step().phase]).toEqual([at, 'queued']);
      comesBack(place as ReturnType<typeof queued>);
      expect([at, place.step().result, place.startsOf(place.b)]).toEqual([at, 'changed', 1]);
    }
  });

  it.each(Array.from({ length: 12 }, (_, at) => at + 1))(
    'before and after the machine is back, at moments of seed %i, and it is done once',
    (seed) => {
      const place = up(seed);
      const { world, pass, c, d, b } = place;
      const some = (most: number): number => Math.floor(world.random() * most);
      b.crash();
      pass(10_000);
      place.ask('start', 'webs', { queueMs: hourMs });
      // Once it is on the disk of the near one.
      pass(100 + some(20_000));
      place.restart(world.random() < 0.5 ? c : d, some(5_000));
      pass(some(20_000));
      b.boot();
      pass(some(6_000));
      for (const node of world.random() < 0.5 ? [c, d] : [d, c]) {
        node.crash();
        pass(some(3_000));
        node.boot();
        pass(some(3_000));
      }
      pass(60_000);
      for (const node of [b, c, d])
        place.operator.ask(node, (turn, root) => turn.send(root, 'about'));
      pass(1_000);
      expect(place.step()).toMatchObject({ phase: 'settled', result: 'changed' });
      expect([place.startsOf(place.a), place.startsOf(b)]).toEqual([1, 1]);
      expect([place.runs(place.a), place.runs(b)]).toEqual([true, true]);
      expect(b.machine.processes.doubled).toEqual([]);
    },
  );
});
