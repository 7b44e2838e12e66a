/** What `--dry-run` says of a plan: the plan of a real graph, and what is known of its services. */
import { describe, expect, it } from 'vitest';
import {
  limits,
  makeReader,
  unknownStatus,
  type PlannedStep,
  type Request,
  type SlotFacts,
  type Status,
} from '@bellwether/shepherd';
import { facetSight, facetSteps } from '../../../packages/shepherd/src/facet/facet-view.ts';
import { foreseen } from '../../../packages/shepherd/src/operation/plan/foresight.ts';
import { narrowed, type Graph } from '../../../packages/shepherd/src/operation/plan/plan.ts';
import { planFor } from '../../../packages/shepherd/src/operation/plan/rolling.ts';
import { run, up } from '../../support/shepherd-graph.ts';
import { requestOf } from '../../support/shepherd-machine.ts';

const statusOf = (name: string, more: Partial<Status> = {}): Status =>
  ({ ...unknownStatus(name, ''), stage: 'stopped', ageMs: 0, ...more }) as Status;
/** A graph of edges, everything at home here but what has members. */
const graphOf = (
  requires: Readonly<Record<string, readonly string[]>>,
  all: ReadonlyMap<string, Status>,
  members: Readonly<Record<string, readonly string[]>> = {},
): Graph => ({
  requirements: (name) => requires[name] ?? [],
  dependents: (name) => Object.keys(requires).filter((each) => requires[each]?.includes(name)),
  waitsFor: () => 'all',
  members: (name) => members[name],
  isOwn: (name) => members[name] === undefined && all.get(name)?.kind !== 'exported',
  isEnabled: (name) => all.get(name)?.isEnabled ?? true,
  whyDisabled: () => 'it is disabled',
  isUp: (name) => all.get(name)?.stage === 'running',
  isServing: (name) => all.get(name)?.stage === 'running',
});
interface Sketch {
  readonly services: Readonly<Record<string, Partial<Status>>>;
  readonly requires?: Readonly<Record<string, readonly string[]>>;
  readonly members?: Readonly<Record<string, readonly string[]>>;
}
const foresee = (
  action: string,
  member: string,
  { services, requires = {}, members }: Sketch,
  more: Partial<Request> = {},
): readonly PlannedStep[] => {
  const all = new Map(
    Object.entries(services).map(([name, status]) => [name, statusOf(name, status)]),
  );
  const request = requestOf({ action, member, ...more });
  const steps = planFor(request, narrowed(graphOf(requires, all, members), request));
  return foreseen(steps, [member], request.args, (name) => all.get(name));
};
const lines = (steps: readonly PlannedStep[]): readonly string[] =>
  steps.map(
    ({ action, service, effect, why, of, note }) =>
      `${action} ${service}: ${effect}, ${why}${of === undefined ? '' : ` of ${of}`}` +
      (note === undefined ? '' : ` (${note})`),
  );
const running = { stage: 'running' } as const;

describe('a restart batch by batch foreseen', () => {
  it('tells of each step in which batch it is, and keeps that over the wire', () => {
    const steps = foresee(
      'restart',
      'fleet',
      { services: { a: running, b: running, fleet: {} }, members: { fleet: ['a', 'b'] } },
      { rolling: { batch: 1, canary: 1, pauseMs: 5_000 } },
    );
    const told = steps.map(({ service, action, batch, isCanary, pauseMs }) =>
      [action, service, batch, isCanary, pauseMs].join(),
    );
    expect(told).toEqual([
      'stop,a,1,true,',
      'start,a,1,true,',
      'stop,b,2,,5000',
      'start,b,2,,5000',
      'restart,fleet,,,',
    ]);
    expect(makeReader({ cut: 100 }).plan(steps, 'plan')).toEqual(steps);
    expect(facetSteps(steps, { names: new Set(['fleet', 'a', 'b']) })).toEqual(steps);
  });
  it('takes as many looks at each member, however many there are', () => {
    const looksFor = (count: number): number => {
      const members = Array.from({ length: count }, (_, at) => `m${at}`);
      const all = new Map(members.map((name) => [name, statusOf(name, running)]));
      const request = requestOf({ action: 'restart', member: 'fleet', rolling: { batch: 1 } });
      const steps = planFor(request, graphOf({}, all, { fleet: members }));
      let looks = 0;
      const foretold = foreseen(steps, ['fleet'], [], (name) => {
        looks += 1;
        return all.get(name);
      });
      expect(foretold.at(-1)).toMatchObject({ effect: 'change', note: `${count} members` });
      return looks;
    };
    const [few = 0, more = 0, most = 0] = [20, 40, 60].map(looksFor);
    expect(most - more).toBe(more - few);
  });
});

describe('a start foreseen', () => {
  it('brings up the requirements that are down, and says whose they are', () => {
    const steps = foresee('start', 'web', {
      services: { base: running, net: {}, web: {} },
      requires: { web: ['net'], net: ['base'] },
    });
    expect(lines(steps)).toEqual([
      'start base: none, requirement of net',
      'start net: change, requirement of web',
      'start web: change, asked',
    ]);
  });
  it('of what is disabled is refused', () => {
    const steps = foresee('start', 'web', { services: { web: { isEnabled: false } } });
    expect(lines(steps)).toEqual(['start web: refused, asked (it is disabled)']);
  });
  it('of what is elsewhere and disabled there is refused, too, and so is a restart', () => {
    const there = { kind: 'exported', isEnabled: false } as const;
    const say = (action: string, web: Partial<Status>) =>
      lines(foresee(action, 'web', { services: { web: { ...there, ...web } } }));
    const refused = 'refused, asked (it is disabled)';
    expect(say('start', {})).toEqual([`start web: ${refused}`]);
    expect(say('restart', {})).toEqual([`restart web: ${refused}`]);
    expect(say('restart', { stage: 'running' })).toEqual([`restart web: ${refused}`]);
    expect(say('start', { stage: 'running' })).toEqual(['start web: none, asked']);
    expect(say('restart', { stage: 'unknown' })).toEqual(['restart web: unknown, asked']);
    expect(say('restart', { isEnabled: true })).toEqual(['restart web: change, asked']);
  });
  it.each<readonly [string, Sketch['services'], string]>([
    ['is not there', {}, "service 'net' could not be found"],
    ['is disabled', { net: { isEnabled: false } }, 'it is disabled'],
  ])('of what requires something that %s is refused, all the way up', (_what, services, why) => {
    const steps = foresee('start', 'web', {
      services: { ...services, dns: {}, web: running },
      requires: { web: ['dns'], dns: ['net'] },
    });
    expect(lines(steps)).toEqual([
      `start net: refused, requirement of dns (${why})`,
      'start dns: refused, requirement of web (Service dns depends on net.)',
      'start web: refused, asked (Service web depends on dns.)',
    ]);
    expect(steps.map(({ dependsOn }) => dependsOn)).toEqual([undefined, 'net', 'dns']);
  });
  it('of what is disabled and runs has nothing to do, and a restart of it is refused', () => {
    const sketch = {
      services: { net: { ...running, isEnabled: false }, web: {}, base: running },
      requires: { web: ['net'], net: ['base'] },
    } as const;
    expect(foresee('start', 'web', sketch).map(({ effect }) => effect)).toEqual([
      'none',
      'none',
      'change',
    ]);
    expect(foresee('restart', 'base', sketch).at(-1)).toMatchObject({
      service: 'net',
      effect: 'refused',
    });
  });
  it('of what requires something of which nobody knows is unknown, where it is not refused', () => {
    const sketch = {
      services: { net: { stage: 'unknown' }, web: {}, off: { isEnabled: false } },
      requires: { web: ['net'], off: ['net'] },
    } as const;
    expect(foresee('start', 'web', sketch).at(-1)?.effect).toBe('unknown');
    expect(foresee('start', 'off', sketch).at(-1)?.effect).toBe('refused');
  });
  it.each<readonly [number, Sketch['services'], PlannedStep['effect']]>([
    [2, { a: { isEnabled: false } }, 'refused'],
    [1, { a: { isEnabled: false } }, 'change'],
    [2, { a: { stage: 'unknown' } }, 'unknown'],
    [1, { a: { stage: 'unknown' } }, 'change'],
  ])('of what requires a fleet that needs %i of two members, with %o, is %s', (count, odd, is) => {
    const fleet = { kind: 'fleet', neededCount: count } as const;
    const steps = foresee('start', 'web', {
      services: { a: {}, b: {}, web: {}, ...odd, fleet },
      requires: { web: ['fleet'] },
      members: { fleet: ['a', 'b'] },
    });
    expect(steps.at(-1)).toMatchObject({ service: 'web', effect: is });
  });
  it('of a fleet has a line for each member and one for the fleet', () => {
    const steps = foresee('start', 'fleet', {
      services: { a: running, b: { stage: 'unknown', ageMs: 7 }, fleet: { stage: 'unknown' } },
      members: { fleet: ['a', 'b'] },
    });
    expect(lines(steps)).toEqual([
      'start a: none, member of fleet',
      'start b: unknown, member of fleet',
      'start fleet: unknown, asked (2 members)',
    ]);
    expect(steps[1]).toMatchObject({ stage: 'unknown', ageMs: 7 });
  });
  it('of a fleet that all members refuse is refused', () => {
    const off = { isEnabled: false };
    const sketch = { services: { a: off, fleet: {} }, members: { fleet: ['a'] } };
    expect(foresee('start', 'fleet', sketch).at(-1)).toMatchObject({ effect: 'refused' });
  });
  it.each<readonly [string, number, Partial<Request>, PlannedStep['effect'], string]>([
    ['that needs two', 2, {}, 'refused', 'at most 1 of 3 members, 2 needed'],
    ['that needs all', 3, {}, 'refused', 'at most 1 of 3 members'],
    ['that needs one', 1, {}, 'change', '3 members'],
    [
      'of which two are to be ready',
      1,
      { minReady: 2 },
      'refused',
      'at most 1 of 3 members, 2 needed',
    ],
    [
      'of which half is to be ready',
      1,
      { minReady: '50%' },
      'refused',
      'at most 1 of 3 members, 2 needed',
    ],
    ['of which a third is to be ready', 3, { minReady: '33%' }, 'change', '3 members'],
  ])('of a fleet %s, and one can be, says so', (_what, neededCount, more, effect, note) => {
    const off = { isEnabled: false };
    const fleet = { kind: 'fleet', neededCount } as const;
    const services = { a: off, b: {}, c: off, fleet };
    const steps = foresee(
      'start',
      'fleet',
      { services, members: { fleet: ['a', 'b', 'c'] } },
      more,
    );
    expect(steps.at(-1)).toMatchObject({ service: 'fleet', effect, note });
  });
  it('of a fleet counts those of whom nobody knows as if they could', () => {
    const fleet = { kind: 'fleet', neededCount: 2 } as const;
    const services = { a: { isEnabled: false }, b: { stage: 'unknown' }, c: {}, fleet } as const;
    const steps = foresee('start', 'fleet', { services, members: { fleet: ['a', 'b', 'c'] } });
    expect(steps.at(-1)).toMatchObject({ effect: 'change', note: '3 members' });
  });
  it('of what was picked out needs all of it, unless it is said how many', () => {
    const sketch = { services: { a: { isEnabled: false }, b: {} } };
    const picked = { onlyMembers: ['a', 'b'] };
    const all = foresee('start', '{role=web}', sketch, picked);
    expect(all.at(-1)).toMatchObject({ effect: 'refused', note: 'at most 1 of 2 members' });
    const one = foresee('start', '{role=web}', sketch, { ...picked, minReady: 1 });
    expect(one.at(-1)).toMatchObject({ effect: 'change' });
  });
  it('of some members of a fleet goes by the policy where that was said, and else claims nothing', () => {
    const status = { name: '', stage: 'stopped' } as const;
    const fleet = { kind: 'fleet', neededCount: 2, members: [status, status, status] } as const;
    const sketch = {
      services: { a: { isEnabled: false }, b: {}, c: {}, fleet },
      members: { fleet: ['a', 'b', 'c'] },
    };
    const some = { onlyMembers: ['a', 'b'] };
    expect(foresee('start', 'fleet', sketch, some).at(-1)?.effect).toBe('change');
    const two = foresee('start', 'fleet', sketch, { ...some, minReady: 2 });
    expect(two.at(-1)?.effect).toBe('refused');
  });
  it('of anything else than a start needs all members', () => {
    const run = { actions: [{ name: 'flush', documentation: '' }] } as const;
    const fleet = { kind: 'fleet', neededCount: 1 } as const;
    const steps = foresee('flush', 'fleet', {
      services: { a: run, b: {}, fleet },
      members: { fleet: ['a', 'b'] },
    });
    expect(steps.at(-1)).toMatchObject({ effect: 'refused', note: 'at most 1 of 2 members' });
  });
  it('with arguments is refused, as the service would', () => {
    const steps = foresee('start', 'web', { services: { web: {} } }, { args: ['now'] });
    expect(steps).toMatchObject([{ effect: 'refused', note: 'start takes no arguments' }]);
  });
});

describe('anything else foreseen', () => {
  it('a stop takes down dependents first, and leaves requirements alone', () => {
    const steps = foresee('stop', 'net', {
      services: { base: running, net: running, web: running, cron: {} },
      requires: { web: ['net'], cron: ['net'], net: ['base'] },
    });
    expect(lines(steps)).toEqual([
      'stop web: change, dependent of net',
      'stop cron: none, dependent of net',
      'stop net: change, asked',
    ]);
  });
  it('a restart stops what it then starts, dependents included', () => {
    const steps = foresee('restart', 'net', {
      services: { net: running, web: running, base: running },
      requires: { web: ['net'], net: ['base'] },
    });
    expect(lines(steps)).toEqual([
      'stop web: change, dependent of net',
      'stop net: change, asked',
      'start base: none, requirement of net',
      'start net: change, asked',
      'start web: change, dependent of net',
    ]);
  });
  it.each<readonly [string, Partial<Status>, PlannedStep['effect']]>([
    ['enable', { isEnabled: true }, 'none'],
    ['enable', { isEnabled: false }, 'change'],
    ['disable', { isEnabled: true }, 'change'],
    ['disable', { isEnabled: false }, 'none'],
    ['reload', { actions: [{ name: 'reload', documentation: '' }] }, 'change'],
    ['reload', {}, 'refused'],
    ['reload', { stage: 'unknown' }, 'unknown'],
  ])('%s of %o comes to %s', (action, status, effect) => {
    expect(foresee(action, 'web', { services: { web: status } })).toMatchObject([{ effect }]);
  });
});

describe('a plan through a facet', () => {
  it('names no other service and tells nothing about one', () => {
    const steps = foresee('start', 'web', {
      services: { base: running, net: {}, web: {} },
      requires: { web: ['net'], net: ['base'] },
    });
    const seen = facetSteps(steps, facetSight(statusOf('web')));
    expect(seen).toEqual([
      { service: 'another service', action: 'start', why: 'requirement', effect: 'unknown' },
      {
        service: 'another service',
        action: 'start',
        why: 'requirement',
        effect: 'unknown',
        of: 'web',
      },
      {
        service: 'web',
        action: 'start',
        why: 'asked',
        effect: 'change',
        stage: 'stopped',
        ageMs: 0,
      },
    ]);
    expect(JSON.stringify(seen)).not.toMatch(/base|net/);
  });
  it('does not tell which requirement is in the way, unless that is in sight', () => {
    const steps = foresee('start', 'web', { services: { web: {} }, requires: { web: ['net'] } });
    const seen = facetSteps(steps, facetSight(statusOf('web')));
    expect(seen[1]).toMatchObject({
      note: 'Service web depends on another service, not shown by this ref.',
    });
    expect(JSON.stringify(seen)).not.toContain('net');
    const sight = { names: new Set(['web', 'net']) };
    expect(facetSteps(steps, sight)[1]).toMatchObject({
      dependsOn: 'net',
      note: 'Service web depends on net.',
    });
  });
});

describe('the shepherd', () => {
  it('foresees without touching anything, and of root the stop alone', () => {
    const { machine, world } = up([run('net'), run('web', 'net')]);
    const ask = (action: string, member: string) => {
      const asked = machine.ask((turn, shepherd) =>
        turn.send(shepherd, 'foresee', requestOf({ action, member })),
      );
      world.run();
      return asked;
    };
    expect(lines(ask('start', 'web').value ?? [])).toEqual([
      'start net: change, requirement of web',
      'start web: change, asked',
    ]);
    expect(machine.processes.started).toEqual([]);
    expect(machine.lines).toEqual([]);
    expect(lines(ask('stop', 'root').value ?? [])).toEqual([
      'stop web: none, asked',
      'stop net: none, asked',
    ]);
    expect(ask('reload', 'root').error).toMatchObject({ code: 'unknown-action' });
    expect(ask('start', 'gone').error).toMatchObject({ code: 'unknown-service' });
  });
  it('foresees in the same words what then comes of it', () => {
    const { machine, world } = up([run('net'), run('web', 'net')]);
    machine.herd('disable', 'net');
    world.run();
    const request = requestOf({ action: 'start', member: 'web' });
    const plan = machine.ask((turn, shepherd) => turn.send(shepherd, 'foresee', request));
    const start = machine.herd('start', 'web');
    world.run();
    expect(start.value).toMatchObject({ result: 'failed', reason: 'Service web depends on net.' });
    expect(plan.value?.at(-1)).toMatchObject({ effect: 'refused', note: start.value?.reason });
  });
});

describe('another release foreseen', () => {
  const digest = (digit: string) => `rel:sha256-${digit.repeat(64)}`;
  const slot = (given: SlotFacts): Partial<Status> => ({
    ...running,
    actions: [{ name: 'deploy', documentation: '' }],
    slot: { current: digest('a'), ...given },
  });
  const deploy = (web: Partial<Status>, args: readonly string[]) =>
    lines(foresee('deploy', 'web', { services: { web } }, { args }));

  it.each([[digest('a')], ['a'.repeat(12), 'confirm=60']])(
    'is nothing to do where that is active: %s',
    (...args) => {
      expect(deploy(slot({}), args)).toEqual(['deploy web: none, asked (that release is active)']);
    },
  );
  it.each<readonly [string, SlotFacts, string]>([
    ['it is another one', {}, digest('b')],
    ['nobody says which', {}, 'no-confirm'],
    ['one is under way', { phase: 'fetching', target: digest('b') }, digest('a')],
    ['there was none yet', { current: undefined } as unknown as SlotFacts, digest('a')],
  ])('is to be done where %s', (_what, facts, word) => {
    expect(deploy(slot(facts), [word])).toEqual(['deploy web: change, asked']);
  });
});

describe('the reader of a plan', () => {
  const step = { service: 'web', action: 'start', why: 'asked', effect: 'change' };
  const read = (value: unknown) => makeReader({ cut: 100 }).plan(value, 'plan');
  it('takes as many steps as a plan can have, and not one more', () => {
    const many = Array.from({ length: limits.planStepCount }, () => step);
    expect(read(many)).toHaveLength(limits.planStepCount);
    expect(() => read([...many, step])).toThrow(`of at most ${limits.planStepCount}`);
  });
  it('reads a word that it does not know as the one that promises least', () => {
    expect(read([{ ...step, why: 'fate', effect: 'magic', stage: 'paused', more: 1 }])).toEqual([
      { ...step, why: 'asked', effect: 'unknown', stage: 'unknown' },
    ]);
  });
  it('refuses what is no step', () => {
    expect(() => read([{ ...step, effect: 1 }])).toThrow('plan[0].effect');
    expect(() => read([{ action: 'start' }])).toThrow('plan[0]');
  });
});
