/** The planner: small graphs word by word, then properties of many. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Request, Step } from '@bellwether/shepherd';
import {
  draftOf,
  keyOf,
  plan,
  planEnd,
  restartsTogether,
  type Graph,
} from '../../../packages/shepherd/src/operation/plan/plan.ts';
import { requestOf } from '../../support/shepherd-machine.ts';

interface Sketch {
  /** By service: what it requires. */
  readonly requires?: Readonly<Record<string, readonly string[]>>;
  /** By aggregate: its members. */
  readonly members?: Readonly<Record<string, readonly string[]>>;
  readonly elsewhere?: readonly string[];
  readonly disabled?: readonly string[];
  readonly up?: readonly string[];
}
/** A graph from a sketch, and how often it was asked for edges. */
const graphOf = (sketch: Sketch): Graph & { readonly asked: { count: number } } => {
  const { requires = {}, members = {}, elsewhere = [], disabled = [], up = [] } = sketch;
  const dependents = new Map<string, string[]>();
  for (const [name, requirements] of Object.entries(requires))
    for (const each of new Set(requirements))
      dependents.set(each, [...(dependents.get(each) ?? []), name]);
  const asked = { count: 0 };
  const counted = (names: readonly string[]): readonly string[] => {
    asked.count += 1;
    return names;
  };
  return {
    asked,
    requirements: (name) => counted(requires[name] ?? []),
    dependents: (name) => counted(dependents.get(name) ?? []),
    waitsFor: () => 'all',
    members: (name) => members[name],
    isOwn: (name) => members[name] === undefined && !elsewhere.includes(name),
    isEnabled: (name) => !disabled.includes(name),
    whyDisabled: () => 'it is disabled',
    isUp: (name) => up.includes(name),
    isServing: (name) => up.includes(name),
  };
};
const planned = (
  action: string,
  member: string,
  sketch: Sketch,
  more: Partial<Request> = {},
): readonly Step[] => plan(requestOf({ action, member, ...more }), graphOf(sketch));
/** Each step as a line: its key, what it does, and what it waits for. */
const shown = (steps: readonly Step[]): readonly string[] =>
  steps.map(({ key, kind, after }) => `${key} ${kind}${after.map((each) => ` <${each}`).join('')}`);

describe('a start', () => {
  it('takes each requirement once, after its own, and needs it', () => {
    const steps = planned('start', 'top', {
      requires: { top: ['a', 'b'], a: ['base'], b: ['base'] },
    });
    expect(shown(steps)).toEqual([
      'start/base ask',
      'start/a ask <start/base',
      'start/b ask <start/base',
      'start/top ask <start/a <start/b',
    ]);
    expect(steps.every(({ needed, after, wish }) => needed === after || wish === 'start')).toBe(
      true,
    );
    expect(steps.at(-1)).toMatchObject({
      needed: ['start/a', 'start/b'],
      touched: ['start/base', 'start/a', 'start/b'],
      isAsked: true,
    });
    expect(steps[0]).toMatchObject({ isAsked: false, isMember: false });
  });
  it('of an aggregate starts its members, and what they need, and sums them up', () => {
    const steps = planned('start', 'fleet', {
      members: { fleet: ['m1', 'inner', 'm1'], inner: ['m2'] },
      requires: { m1: ['net'] },
    });
    expect(shown(steps)).toEqual([
      'start/net ask',
      'start/m1 ask <start/net',
      'start/m2 ask',
      'start/inner sum <start/m2',
      'start/fleet sum <start/m1 <start/inner',
    ]);
    expect(steps.at(-1)).toMatchObject({
      parts: ['start/m1', 'start/inner', 'start/m1'],
      needed: [],
    });
    expect(steps.map(({ touched }) => touched)).toEqual([
      undefined,
      ['start/net'],
      undefined,
      undefined,
      undefined,
    ]);
    expect(steps.map(({ isMember }) => isMember)).toEqual([false, true, true, true, false]);
    expect(steps.map(({ isAsked }) => isAsked)).toEqual([false, true, true, true, true]);
  });
  it('of what requires an aggregate asks its members for nothing but to start', () => {
    const steps = planned('start', 'site', {
      requires: { site: ['fleet'] },
      members: { fleet: ['m'] },
    });
    expect(shown(steps)).toEqual([
      'start/m ask',
      'start/fleet sum <start/m',
      'start/site ask <start/fleet',
    ]);
    expect(steps[0]).toMatchObject({ isAsked: false, isMember: true });
    expect(steps.at(-1)?.touched).toEqual(['start/fleet']);
  });
  it('through an aggregate that leads back is a cycle', () => {
    const sketch = { requires: { m: ['site'], site: ['fleet'] }, members: { fleet: ['m'] } };
    expect(() => planned('start', 'fleet', sketch)).toThrow(
      'fleet requires m requires site requires fleet: a cycle',
    );
  });
});

describe('a stop', () => {
  it('takes each dependent once, after its own, and needs none', () => {
    const steps = planned('stop', 'base', {
      requires: { top: ['a', 'b'], a: ['base'], b: ['base'] },
    });
    expect(shown(steps)).toEqual([
      'stop/top ask',
      'stop/a ask <stop/top',
      'stop/b ask <stop/top',
      'stop/base ask <stop/a <stop/b',
    ]);
    expect(steps.flatMap(({ needed }) => needed)).toEqual([]);
  });
  it('of an aggregate stops what depends on it, then its members, each after its dependents', () => {
    const steps = planned('stop', 'fleet', {
      requires: { site: ['fleet'], app: ['m1'], m1: ['net'] },
      members: { fleet: ['m1', 'm2'] },
    });
    expect(shown(steps)).toEqual([
      'stop/site ask',
      'gate/stop/fleet order <stop/site',
      'stop/app ask',
      'stop/m1 ask <stop/app <gate/stop/fleet',
      'stop/m2 ask <gate/stop/fleet',
      'stop/fleet sum <gate/stop/fleet <stop/m1 <stop/m2',
    ]);
    // Each is told with what it hangs on: on a member, or on the fleet as a whole.
    expect(steps.map(({ touched }) => touched)).toEqual([
      undefined,
      undefined,
      undefined,
      ['stop/app'],
      undefined,
      ['stop/site'],
    ]);
  });
  it('tells what several members share once, and what hangs on it with it', () => {
    const steps = planned('stop', 'fleet', {
      requires: { app: ['m1', 'm2'], top: ['app'], site: ['fleet', 'm2'] },
      members: { fleet: ['m1', 'm2'] },
    });
    const told = steps.flatMap(({ name, touched = [] }) => touched.map((key) => `${name} ${key}`));
    expect(told).toEqual(['m2 stop/site', 'm2 stop/top', 'm2 stop/app']);
  });
  it('of an aggregate on which nothing depends waits for nothing', () => {
    expect(shown(planned('stop', 'fleet', { members: { fleet: ['m1', 'm2'] } }))).toEqual([
      'stop/m1 ask',
      'stop/m2 ask',
      'stop/fleet sum <stop/m1 <stop/m2',
    ]);
  });
  it('of an aggregate within another waits for what depends on either', () => {
    const steps = planned('stop', 'outer', {
      members: { outer: ['inner'], inner: ['m'] },
      requires: { x: ['outer'], y: ['inner'] },
    });
    expect(shown(steps)).toEqual([
      'stop/x ask',
      'gate/stop/outer order <stop/x',
      'stop/y ask',
      'gate/stop/inner order <stop/y <gate/stop/outer',
      'stop/m ask <gate/stop/inner',
      'stop/inner sum <gate/stop/inner <stop/m',
      'stop/outer sum <gate/stop/outer <stop/inner',
    ]);
  });
});

describe('a restart', () => {
  const requires = { mid: ['base'], idle: ['base'], top: ['mid'] };
  it('stops what runs, and starts again only that', () => {
    const steps = planned('restart', 'base', { requires, up: ['base', 'mid', 'top'] });
    const r = 'restart/base';
    expect(shown(steps)).toEqual([
      `${r}/stop/top ask`,
      `${r}/stop/mid ask <${r}/stop/top`,
      `${r}/stop/idle order`,
      `${r}/stop/base ask <${r}/stop/mid <${r}/stop/idle`,
      `${r}/start/base ask <${r}/stop/base`,
      `${r}/start/mid ask <${r}/start/base <${r}/stop/mid`,
      `${r}/start/top ask <${r}/start/mid <${r}/stop/top`,
      `${r} same <${r}/start/base <${r}/start/mid <${r}/start/top`,
    ]);
    expect(steps.at(-1)).toMatchObject({ touched: [`${r}/start/mid`, `${r}/start/top`] });
    const wishes = steps.filter(({ kind }) => kind === 'ask').map(({ wish }) => wish);
    expect(new Set(wishes)).toEqual(new Set(['start']));
  });
  it('of a service that is stopped says so, and starts it', () => {
    const steps = planned('restart', 'base', { requires });
    expect(steps.flatMap((step) => (step.kind === 'ask' ? (step.note ?? []) : []))).toEqual([
      'not-running',
    ]);
  });
  it('of a service elsewhere is left to its own shepherd', () => {
    const steps = planned('restart', 'far', {
      requires: { local: ['far'] },
      elsewhere: ['far'],
      up: ['local'],
    });
    expect(steps.map(({ name, action, kind }) => `${name} ${action} ${kind}`)).toEqual([
      'local stop ask',
      'far stop order',
      'far restart ask',
      'local start ask',
      'far restart same',
    ]);
  });
  it('of an aggregate restarts its members, after what depends on it and before that again', () => {
    const steps = planned('restart', 'fleet', {
      members: { fleet: ['far', 'own', 'off'] },
      elsewhere: ['far'],
      disabled: ['off'],
      requires: { site: ['fleet', 'own'], off: ['net'] },
      up: ['site', 'own', 'fleet'],
    });
    const r = 'restart/fleet';
    expect(shown(steps)).toEqual([
      `${r}/stop/site ask`,
      `${r}/stop/fleet order <${r}/stop/site`,
      `${r}/stop/far order <${r}/stop/fleet`,
      `${r}/stop/own ask <${r}/stop/site <${r}/stop/fleet`,
      `${r}/start/far ask <${r}/stop/far`,
      `${r}/start/own ask <${r}/stop/own`,
      `${r}/start/off known`,
      `${r}/start/fleet sum <${r}/start/far <${r}/start/own <${r}/start/off`,
      `${r}/start/site ask <${r}/start/fleet <${r}/start/own <${r}/stop/site`,
      `${r} same <${r}/start/far <${r}/start/own <${r}/start/fleet <${r}/start/site`,
    ]);
    expect(steps.at(-1)).toMatchObject({ touched: [], touchedBy: { own: [`${r}/start/site`] } });
    expect(steps.find(({ kind }) => kind === 'sum')?.action).toBe('restart');
  });
  it('waits for no beginning of what may not start', () => {
    const graph = graphOf({ requires: { a: ['off'] }, disabled: ['off'], up: ['a', 'off'] });
    const wanted = { action: 'restart', names: ['off', 'a'] };
    const steps = restartsTogether(draftOf(wanted, { ...graph, waitsFor: () => 'process' }));
    const keys = new Set(steps.map(({ key }) => key));
    expect(steps.flatMap(({ after }) => after).filter((key) => !keys.has(key))).toEqual([]);
  });
  it('of a disabled service touches nothing', () => {
    expect(planned('restart', 'base', { requires, disabled: ['base'] })).toMatchObject([
      { kind: 'known', result: 'failed', reason: 'it is disabled', isDisabled: true },
    ]);
  });
});

describe('any other action', () => {
  it('is for the service alone, whatever depends on it', () => {
    expect(shown(planned('reload', 'a', { requires: { a: ['b'], c: ['a'] } }))).toEqual([
      'reload/a ask',
    ]);
  });
  it('goes to each member of an aggregate', () => {
    expect(shown(planned('reload', 'f', { members: { f: ['a', 'b'] } }))).toEqual([
      'reload/a ask',
      'reload/b ask',
      'reload/f sum <reload/a <reload/b',
    ]);
  });
  it.each(['start', 'stop', 'reload', 'restart'])(
    'leaves members alone when told to: %s',
    (action) => {
      const steps = planned(action, 'f', { members: { f: ['a'] } }, { withMembers: false });
      expect(steps.map(({ name }) => name)).not.toContain('a');
      expect(steps.find(({ kind }) => kind === 'known')).toMatchObject({
        name: 'f',
        result: 'ok',
        reason: 'nothing to do: a fleet runs by its members alone, and they are left as they are',
      });
    },
  );
});

describe('the end of a daemon', () => {
  it('stops what is at home, in order, and leaves alone what is elsewhere', () => {
    const steps = planEnd(
      ['base', 'web'],
      graphOf({ requires: { far: ['base'], web: ['far'] }, elsewhere: ['far'] }),
    );
    expect(shown(steps)).toEqual([
      'stop/web ask',
      'stop/far order <stop/web',
      'stop/base ask <stop/far',
      'end/root order <stop/web <stop/far <stop/base',
    ]);
  });
});

/** Any graph without a cycle: a service requires only later ones, and aggregates come before all of them. */
const sketches = fc
  .record({
    serviceCount: fc.integer({ min: 1, max: 9 }),
    fleetCount: fc.integer({ min: 0, max: 3 }),
  })
  .chain(({ serviceCount, fleetCount }) => {
    const services = Array.from({ length: serviceCount }, (_, at) => `s${at}`);
    const fleets = Array.from({ length: fleetCount }, (_, at) => `f${at}`);
    const names = [...fleets, ...services];
    const later = (at: number, of: readonly string[]) => fc.subarray(of.slice(at + 1));
    return fc
      .record({
        requires: fc.tuple(...services.map((_, at) => later(at, services))),
        members: fc.tuple(
          ...fleets.map((_, at) => fc.subarray(names.slice(at + 1), { minLength: 1 })),
        ),
        elsewhere: fc.subarray(services),
        disabled: fc.subarray(services),
        up: fc.subarray(names),
        // A few services require fleets; none that a fleet has for a member, which would be a cycle.
        site: fc.subarray(fleets),
      })
      .map(
        ({
          requires,
          members,
          site,
          ...rest
        }): Required<Sketch> & { names: readonly string[] } => ({
          ...rest,
          names: [...names, 'site'],
          requires: {
            ...Object.fromEntries(services.map((name, at) => [name, requires[at] ?? []])),
            site,
          },
          members: Object.fromEntries(fleets.map((name, at) => [name, members[at] ?? []])),
        }),
      );
  });

describe('every plan', () => {
  it.each(['start', 'stop', 'restart', 'reload'])(
    'has each step once, after all that it waits for, and ends with the answer: %s',
    (action) => {
      fc.assert(
        fc.property(sketches, fc.nat(), (sketch, pick) => {
          const member = sketch.names[pick % sketch.names.length] ?? '';
          const steps = planned(action, member, sketch);
          const laid = new Set<string>();
          for (const step of steps) {
            expect(laid.has(step.key), step.key).toBe(false);
            for (const key of step.after) expect(laid.has(key), `${step.key} < ${key}`).toBe(true);
            expect(new Set(step.after).size).toBe(step.after.length);
            for (const key of step.needed) expect(step.after).toContain(key);
            if (step.kind === 'sum')
              for (const key of step.parts) expect(step.after).toContain(key);
            if (step.kind === 'same') expect(step.after).toContain(step.part);
            for (const key of step.touched ?? []) expect(laid.has(key)).toBe(true);
            laid.add(step.key);
          }
          expect(steps.at(-1)?.key).toBe(keyOf(action, member));
          expect(structuredClone(steps)).toEqual(steps);
        }),
        { seed: 1, numRuns: 200 },
      );
    },
  );
  it('respects every edge: what is required is up before, what depends is down before', () => {
    fc.assert(
      fc.property(sketches, fc.nat(), (sketch, pick) => {
        const member = sketch.names[pick % sketch.names.length] ?? '';
        for (const [action, isBefore] of [
          ['start', true],
          ['stop', false],
        ] as const) {
          const steps = planned(action, member, sketch);
          const at = (name: string): number =>
            steps.findIndex(({ key }) => key === keyOf(action, name));
          for (const [name, requirements] of Object.entries(sketch.requires))
            for (const requirement of requirements) {
              const [first, then] = isBefore ? [requirement, name] : [name, requirement];
              if (sketch.members[requirement] !== undefined && !isBefore) continue;
              // Whoever is reached by an edge is there, and in order.
              if (at(then) >= 0)
                expect(at(first), `${first} before ${then}`).toBeGreaterThanOrEqual(0);
              if (at(then) >= 0) expect(at(first)).toBeLessThan(at(then));
            }
        }
      }),
      { seed: 2, numRuns: 200 },
    );
  });
  it('is linear: each name of a ladder of 200 layers of 2 is asked for its edges once', () => {
    const layers = Array.from({ length: 200 }, (_, at) => at);
    const requires = Object.fromEntries(
      layers.flatMap((at) =>
        ['a', 'b'].map((side) => [`${side}${at}`, at === 0 ? [] : [`a${at - 1}`, `b${at - 1}`]]),
      ),
    );
    const up = Object.keys(requires);
    for (const [action, member, most] of [
      ['start', 'a199', 2],
      ['stop', 'a0', 2],
      ['restart', 'a0', 8],
    ] as const) {
      const graph = graphOf({ requires, up });
      const steps = plan(requestOf({ action, member }), graph);
      const edgeCount = steps.reduce((sum, { after }) => sum + after.length, 0);
      expect(graph.asked.count, action).toBeLessThanOrEqual(most * 400);
      expect(edgeCount, action).toBeLessThanOrEqual(6 * 400);
    }
  });
  it('reaches to the end of a chain of 20,000, and over 10,000 members with 1,000 dependents', () => {
    const chain = Array.from({ length: 20_000 }, (_, at): [string, readonly string[]] => [
      `s${at}`,
      at === 0 ? [] : [`s${at - 1}`],
    ]);
    const graph = graphOf({ requires: Object.fromEntries(chain) });
    for (const [action, member] of [
      ['start', 's19999'],
      ['stop', 's0'],
    ] as const)
      expect(plan(requestOf({ action, member }), graph)).toHaveLength(20_000);
    const members = Array.from({ length: 10_000 }, (_, at) => `m${at}`);
    const sites = Array.from({ length: 1_000 }, (_, at): [string, readonly string[]] => [
      `site${at}`,
      ['fleet'],
    ]);
    const steps = planned('stop', 'fleet', {
      requires: Object.fromEntries(sites),
      members: { fleet: members },
    });
    expect(steps.reduce((sum, { after }) => sum + after.length, 0)).toBe(1_000 + 10_000 + 10_001);
  });
});
