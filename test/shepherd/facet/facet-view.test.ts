import { World, type Ref, type Turn } from '@bellwether/actors';
import { BadRequest, Cycle, NotForAll, topics } from '@bellwether/shepherd';
import type {
  Event,
  FleetStatus,
  LocalStatus,
  Outcome,
  PlannedStep,
  Prompt,
  Row,
  ServiceFacet,
  Shepherd,
  Status,
  Topic,
} from '@bellwether/shepherd';
import { describe, expect, it } from 'vitest';
import { Machine, program, requestOf } from '../../support/shepherd-machine.ts';
import {
  facetEvents,
  facetOutcome,
  facetReason,
  facetSight,
  facetSteps,
  facetView,
} from '../../../packages/shepherd/src/facet/facet-view.ts';
import { principalOf } from '../../../packages/shepherd/src/words/principal.ts';

const status: LocalStatus = {
  kind: 'local',
  provision: ['web-server', 'www'],
  requirement: ['networking', 'secret-db'],
  documentation: 'Serves.',
  actions: [{ name: 'reload', documentation: 'Reloads.' }],
  stage: 'running',
  ageMs: 0,
  isEnabled: true,
  isOneShot: false,
  isRespawned: true,
  respawnCount: 0,
  pid: 77,
  command: ['node', 'server.js', '--token', 'abc'],
  runsAs: { user: 'www', group: 33 },
  logFile: '/var/log/bellwether/web-server.log',
  recentLines: ['listening'],
};
const {
  pid: _pid,
  command: _command,
  runsAs: _user,
  logFile: _log,
  recentLines: _lines,
  ...facts
} = status;
const fleet: FleetStatus = {
  ...facts,
  kind: 'fleet',
  members: [{ name: 'a', stage: 'running', ageMs: 1 }],
  runningCount: 1,
  neededCount: 1,
};
const sight = facetSight(status);
type Line = Extract<Event, { readonly kind: 'line' }>;

describe('what a service was started and stopped by, through a facet', () => {
  const mine = principalOf('grant-1');
  const who = { asker: 'grant-1', operation: 'op-1', action: 'start', service: 'web-server' };
  const viewed = (startedBy: Prompt, principal = mine): unknown => {
    const { startedBy: told } = facetView({ ...status, startedBy }, principal) as LocalStatus;
    return told;
  };
  it('is told whole to whoever has asked for it through that very facet', () => {
    const told = { kind: 'command', atMs: 1, operation: 'op-1', action: 'start' };
    expect(viewed({ kind: 'command', atMs: 1, ...who })).toEqual({
      ...{ ...told, service: 'web-server', isYours: true },
    });
  });
  it('names nobody else, no operation, no action and no service out of sight', () => {
    const others = { ...who, service: 'secret-db', isYours: true } as const;
    for (const asker of ['root', 'grant-2', 'shepherd'])
      for (const kind of ['command', 'along', 'deploy', 'requirement-lost'] as const)
        expect(viewed({ kind, atMs: 1, ...others, asker })).toEqual({ kind, atMs: 1 });
    const { startedBy } = facetView({
      ...status,
      startedBy: { kind: 'along', atMs: 1, ...others },
    }) as LocalStatus;
    expect(startedBy).toEqual({ kind: 'along', atMs: 1 });
  });
  it('is told likewise of a stop, of a disabling, and of what is elsewhere', () => {
    const prompt: Prompt = { kind: 'along', atMs: 1, ...who, asker: 'root', reason: 'r' };
    const told = { kind: 'along', atMs: 1, reason: 'r', service: 'web-server' };
    const all = { startedBy: prompt, stoppedBecause: prompt, disabledBy: prompt };
    const seen = { startedBy: told, stoppedBecause: told, disabledBy: told };
    expect(facetView({ ...status, ...all }, mine)).toMatchObject(seen);
    const elsewhere: Status = { ...facts, kind: 'exported', origin: 'A', ...all };
    const view = facetView(elsewhere, mine);
    expect(view).toMatchObject(seen);
    expect(JSON.stringify(view)).not.toMatch(/root|op-1/);
  });
});
const line = (about: string, what?: Topic, more: Partial<Line> = {}): Line => ({
  kind: 'line',
  from: 'A',
  text: `${about} ${what ?? 'says hello'} ${more.on ?? ''}`,
  about,
  ...(what && { what }),
  ...more,
});
const textsOf = (...events: readonly Event[]): readonly string[] =>
  facetEvents(events, sight).map((event) => (event.kind === 'line' ? event.text : event.kind));
const outcome = (more: Partial<Outcome>): Outcome => ({
  member: 'web-server',
  result: 'changed',
  rows: [],
  ...more,
});

describe('a refusal that passes a facet', () => {
  it('shows of a cycle only the part of its own service', () => {
    const cycle = new Cycle(['web-server', 'secret-db', 'vault', 'web-server']);
    expect(facetReason(cycle, sight).message).toBe(
      'web-server requires another requires another requires web-server: a cycle',
    );
  });
  it('names the members that lack an action where all of them are in sight', () => {
    const shown = (...lacking: readonly string[]): string =>
      facetReason(new NotForAll('www', 'deploy', lacking), facetSight(fleet)).message;
    expect(shown('a')).toContain("not begun: 'a' does not have");
    for (const lacking of [['hidden', 'a'], ['hidden']])
      expect(shown(...lacking)).toBe("service 'www' does not have an action 'deploy'");
  });
  it('is otherwise as it was', () => {
    const other = new BadRequest('request: no');
    expect(facetReason(other, sight)).toBe(other);
  });
});

describe('the status that a facet shows', () => {
  it('has neither log path nor command line, user nor requirements, and all else', () => {
    const { command: _command, runsAs: _user, logFile: _logFile, ...rest } = status;
    expect(facetView(status)).toEqual({ ...rest, requirement: [] });
  });
  it('keeps the members of an aggregate, whose names are what it is', () => {
    expect(facetView(fleet)).toEqual({ ...fleet, requirement: [] });
    const { kind: _kind, ...known } = fleet;
    for (const status of [fleet, { ...known, kind: 'exported', origin: 'B' } as const])
      expect(facetSight(status).names).toEqual(new Set(['web-server', 'www', 'a']));
  });
});

describe('the lines that a facet passes on', () => {
  it('are those about its service, by any of its names', () => {
    const own = [
      line('web-server', 'started'),
      line('www', 'not-running'),
      line('web-server'),
      line('web-server', 'disabled'),
      line('web-server/networking', 'stopped'),
    ];
    expect(facetEvents(own, sight)).toEqual(own);
    // How much of it is elsewhere is not for a holder.
    expect(facetEvents([{ kind: 'alone' }, ...own], sight)).toEqual(own);
  });
  it('name a requirement that has been started, as the story of the fleet does', () => {
    const started = line('networking', 'started');
    expect(facetEvents([started], sight)).toEqual([started]);
  });
  it('name no other service in anything else, whatever the words are', () => {
    for (const what of [...topics, undefined]) {
      if (what === 'started') continue;
      const said = [
        line('secret-db', what),
        line('secret-db', what, { text: 'Service web-server: about secret-db' }),
        line('secret-db/web-server', what),
        line('web-serverx', what, { text: 'secret-db' }),
        line('web-server', what, { on: 'secret-db' }),
        line('secret-db', what, { on: 'web-server' }),
      ];
      expect(JSON.stringify(facetEvents(said, sight))).not.toMatch(/secret|serverx/);
    }
    expect(
      textsOf(
        line('secret-front', 'stopped'),
        line('secret-db', 'not-started'),
        line('secret-db', 'not-stopped'),
        line('web-server', 'depends', { on: 'secret-db' }),
      ),
    ).toEqual([
      'A service that requires web-server, not shown by this ref, has been stopped.',
      'Another service, not shown by this ref, could not be started.',
      'Another service, not shown by this ref, could not be stopped.',
      'Service web-server depends on another service, not shown by this ref.',
    ]);
  });
  it('keep what is behind a service of another machine for who sees that service', () => {
    expect(textsOf(line('secret-db', 'started'))).toHaveLength(1);
    expect(textsOf(line('secret-db/networking', 'started'))).toEqual([]);
  });
  it('say what they are about: of one that does not, nothing is known', () => {
    expect(textsOf({ kind: 'line', from: 'A', text: 'Service web-server is up.' })).toEqual([]);
  });
  it('keep the count of what was dropped, and lose rows of others', () => {
    const row = { member: 'web-server', result: 'ok' } as const;
    const events: readonly Event[] = [
      { kind: 'dropped', count: 3 },
      { kind: 'row', row },
      { kind: 'row', row: { ...row, member: 'web-server/inner' } },
      { kind: 'row', row: { ...row, member: 'secret-db' } },
      { kind: 'row', row: { ...row, member: 'secret-db/web-server' } },
      { kind: 'row', row: { ...row, also: ['secret-db', 'www'], otherCount: 2 } },
    ];
    expect(facetEvents(events, sight)).toEqual([
      ...events.slice(0, 3),
      { kind: 'row', row: { ...row, also: ['www'], otherCount: 3 } },
    ]);
  });
});

describe('a longer time that a facet passes on', () => {
  const longer = (slowest: string): Event => ({
    kind: 'deadline',
    ...{ remainingMs: 360_000, slowest, slowestMs: 300_000 },
  });
  it('names who may take it, where that is in sight', () => {
    for (const name of ['web-server', 'www'])
      expect(facetEvents([longer(name)], sight)).toEqual([longer(name)]);
  });
  it('names nobody else', () => {
    const bare = { kind: 'deadline', remainingMs: 360_000 };
    for (const name of ['secret-db', 'secret-db/web-server', 'web-serverx'])
      expect(facetEvents([longer(name)], sight)).toEqual([bare]);
  });
});

describe('a field that has no rule', () => {
  const more = { secret: 'secret-db', note: { secret: ['secret-db'] } };
  it('passes no facet, wherever it stands', () => {
    const row: Row = { member: 'web-server', result: 'ok', ...more };
    const events: readonly Event[] = [
      { ...line('web-server', 'started'), ...more },
      { ...line('x', 'stopped'), ...more },
      { kind: 'row', row, ...more },
      { kind: 'dropped', count: 1, ...more },
      { kind: 'deadline', remainingMs: 1, ...more },
    ];
    const member = { name: 'a', stage: 'running', ageMs: 1, ...more } as const;
    const members = { members: [member], runningCount: 1, neededCount: 1 };
    const { kind: _kind, ...known } = { ...status, ...more };
    const passed = [
      facetEvents(events, sight),
      facetOutcome({ ...row, rows: [row] }, sight),
      facetView({ ...known, kind: 'local' }),
      facetView({ ...facts, ...more, ...members, kind: 'fleet' }),
      facetView({ ...known, ...members, kind: 'exported', origin: 'B' }),
    ];
    expect(passed[0]).toHaveLength(5);
    expect(JSON.stringify(passed)).not.toContain('secret');
  });
});

describe('the outcome that a facet answers with', () => {
  it('counts what else was touched', () => {
    const { also, otherCount } = facetOutcome(outcome({ also: ['networking', 'db'] }), sight);
    expect({ also, otherCount }).toEqual({ also: undefined, otherCount: 2 });
    expect(facetOutcome(outcome({}), sight)).toEqual(outcome({}));
  });
  it('does not say which requirement failed, nor why', () => {
    const failed = outcome({
      result: 'failed',
      reason: 'Service web-server depends on secret-db.',
      dependsOn: 'secret-db',
      rows: [{ member: 'secret-db', result: 'failed', reason: 'its process exited with code 1' }],
    });
    expect(facetOutcome(failed, sight)).toEqual(
      outcome({
        result: 'failed',
        reason: 'Service web-server depends on another service, not shown by this ref.',
      }),
    );
    const own = { ...failed, dependsOn: 'www', rows: [] };
    expect(facetOutcome(own, sight)).toEqual(own);
  });
  it('does not say what else a member belongs to, nor what went wrong below another', () => {
    const whole = facetSight({ ...fleet, provision: ['fleet'] });
    const row = { member: 'a', result: 'failed', reason: '0 of 1 members' } as const;
    const hidden = { ...row, sharedWith: ['secret-fleet'], cause: { member: 'secret-db' } };
    const seen = { ...row, cause: { member: 'a/x', reason: 'no route' } };
    const said: Outcome = { member: 'fleet', result: 'failed', rows: [hidden, seen] };
    expect(facetOutcome(said, whole).rows).toEqual([row, seen]);
  });
  it('keeps the rows of the members of an aggregate, and of what is below them', () => {
    const whole = facetSight({ ...fleet, provision: ['fleet'] });
    const rows = [
      { member: 'a', result: 'unreachable', reason: 'a: no route' },
      { member: 'a/inner', result: 'ok' },
    ] as const;
    const outcome: Outcome = { member: 'fleet', result: 'failed', rows };
    expect(facetOutcome(outcome, whole)).toEqual(outcome);
  });
});

describe('whoever holds a facet', () => {
  const up = () => {
    const world = new World(3);
    const machine = new Machine(world, 'A', {
      rehearse: true,
      services: [
        program({ provision: ['secret-db'] }),
        program({ provision: ['web'], requirement: ['secret-db'] }),
        program({ provision: ['secret-front'], requirement: ['web'] }),
      ],
    });
    machine.boot();
    world.run();
    const ask = (action: string) => {
      const asked = machine.ask((turn, shepherd) => {
        const facet = turn.call(shepherd, 'facet', 'web', principalOf('somebody'));
        const request = requestOf({ action, member: 'web', operation: action });
        return turn.send(facet, 'perform', request, machine.printer(turn));
      });
      world.run();
      return asked.value;
    };
    return { world, machine, ask };
  };

  it('hears what a start brings up, and of dependents that went down no name', () => {
    const { world, machine, ask } = up();
    expect(ask('start')).toMatchObject({ result: 'changed', otherCount: 1 });
    expect(machine.lines).toEqual([
      'A: Service secret-db has been started.',
      'A: Service web has been started.',
    ]);
    machine.herd('start', 'secret-front');
    world.run();
    machine.lines.length = 0;
    expect(ask('stop')).toMatchObject({ result: 'changed', otherCount: 1 });
    expect(machine.lines).toEqual([
      'A: A service that requires web, not shown by this ref, has been stopped.',
      'A: Service web has been stopped.',
    ]);
  });
  it('hears that a requirement failed, and not which or why', () => {
    const { machine, ask } = up();
    machine.processes.programs.set('secret-db', { refusal: 'exec: /srv/secret: no such file' });
    const outcome = ask('start');
    expect(outcome).toMatchObject({ result: 'failed', member: 'web', rows: [] });
    expect(JSON.stringify([outcome, machine.lines])).not.toContain('secret');
    expect(machine.lines).toContain(
      'A: Another service, not shown by this ref, could not be started.',
    );
  });
});

it('a plan tells of another service that it is a step, and nothing of how it stands', () => {
  const step = (effect: PlannedStep['effect']): PlannedStep => ({
    service: 'secret-db',
    action: 'start',
    why: 'requirement',
    of: 'web-server',
    effect,
    stage: 'stopped',
    ageMs: 5,
  });
  const seen = (['change', 'none', 'refused', 'unknown'] as const).map(
    (effect) => facetSteps([step(effect)], sight)[0],
  );
  const hidden = { service: 'another service', action: 'start', why: 'requirement' };
  for (const one of seen) expect(one).toEqual({ ...hidden, of: 'web-server', effect: 'unknown' });
});

describe('the paths of a machine', () => {
  const place = '/opt/very/secret/program';
  const failed: Outcome = {
    member: 'web-server',
    result: 'failed',
    reason: `exec: ${place}: no such file`,
    plainReason: 'exec: its program: no such file',
    rows: [],
  };
  it('stay there when a start fails: outcome, rows, causes and lines say what was found alone', () => {
    const { rows: _rows, ...row } = failed;
    const cause = { member: 'web-server', reason: place, plainReason: 'no such file' };
    const seen = facetOutcome({ ...failed, rows: [{ ...row, cause }] }, sight);
    expect(seen).toEqual({
      member: 'web-server',
      result: 'failed',
      reason: 'exec: its program: no such file',
      rows: [
        {
          member: 'web-server',
          result: 'failed',
          reason: 'exec: its program: no such file',
          cause: { member: 'web-server', reason: 'no such file' },
        },
      ],
    });
    const text = `Service web-server: ${place}.`;
    expect(
      textsOf({ kind: 'line', from: 'A', about: 'web-server', text, plainText: 'no such file' }),
    ).toEqual(['no such file']);
  });
  it('are not in what a real start and its status say', () => {
    const world = new World(1);
    const machine = new Machine(world, 'A', { services: [program({ provision: ['web'] })] });
    const words = { summary: 'exec: its program: no such file' };
    machine.processes.programs.set('web', { refusal: `exec: ${place}: no such file`, ...words });
    machine.boot();
    world.run();
    const facetOf = (turn: Turn, shepherd: Ref<Shepherd>): Ref<ServiceFacet> =>
      turn.call(shepherd, 'facet', 'web', principalOf('holder'));
    const asked = machine.ask((turn, shepherd) =>
      turn.send(
        facetOf(turn, shepherd),
        'perform',
        requestOf({ member: 'web', action: 'start' }),
        machine.printer(turn),
      ),
    );
    world.run();
    const status = machine.ask((turn, shepherd) =>
      turn.send(facetOf(turn, shepherd), 'probe', 1_000),
    );
    world.run();
    expect(asked.value).toMatchObject({ result: 'failed', reason: words.summary });
    expect(status.value).toMatchObject({ failure: { reason: words.summary } });
    expect(machine.lines).toContain(`A: Service web: ${words.summary}.`);
    expect(JSON.stringify([asked, status, machine.lines, machine.events])).not.toContain(place);
    expect(machine.logged('service.failed').slice(0, 1)).toMatchObject([
      { reason: `exec: ${place}: no such file` },
    ]);
  });
});

it('a facet that is narrowed to some members speaks of no other', () => {
  const [first] = fleet.members;
  if (first === undefined) throw new Error('a fleet without members');
  const wide: FleetStatus = { ...fleet, members: [first, { ...first, name: 'b' }] };
  const narrow = facetSight(wide, ['a']);
  expect([...facetSight(wide).names]).toContain('b');
  const row: Row = { member: 'a', result: 'changed', also: ['b'] };
  const shown = facetOutcome({ ...row, rows: [row, { ...row, member: 'b' }] }, narrow);
  const line: Event = { kind: 'line', from: 'A', text: 'Service b …', about: 'b', what: 'stopped' };
  const step: PlannedStep = {
    service: 'b',
    action: 'stop',
    why: 'dependent',
    of: 'a',
    effect: 'change',
    stage: 'running',
    ageMs: 5,
  };
  const all = [shown, facetEvents([line], narrow), facetSteps([step], narrow)];
  expect(JSON.stringify(all)).not.toContain('"b');
  expect(shown.rows).toMatchObject([{ member: 'a', otherCount: 1 }]);
});
