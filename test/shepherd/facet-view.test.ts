import { World } from '@bellwether/actors';
import { BadRequest, Cycle } from '@bellwether/shepherd';
import type { Event, FleetStatus, LocalStatus, Outcome } from '@bellwether/shepherd';
import { describe, expect, it } from 'vitest';
import { Machine, program, requestOf } from '../support/shepherd-machine.ts';
import {
  facetEvents,
  facetOutcome,
  facetReason,
  facetSight,
  facetView,
} from '../../packages/shepherd/src/facet-view.ts';

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
  logFile: '/var/log/bellwether/web-server.log',
  recentLines: ['listening'],
};
const { pid: _pid, command: _command, logFile: _logFile, recentLines: _lines, ...facts } = status;
const fleet: FleetStatus = {
  ...facts,
  kind: 'fleet',
  members: [{ name: 'a', stage: 'running', ageMs: 1 }],
  runningCount: 1,
  neededCount: 1,
};
const sight = facetSight('A', status);
const line = (text: string, from = 'A'): Event => ({ kind: 'line', from, text });
const linesOf = (...texts: readonly string[]): readonly string[] =>
  facetEvents(
    texts.map((text) => line(text)),
    sight,
  ).map((event) => (event.kind === 'line' ? event.text : event.kind));
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
  it('is otherwise as it was', () => {
    const other = new BadRequest('request: no');
    expect(facetReason(other, sight)).toBe(other);
  });
});

describe('the status that a facet shows', () => {
  it('has neither log path nor command line nor requirements, and all else', () => {
    const { command: _command, logFile: _logFile, ...rest } = status;
    expect(facetView(status)).toEqual({ ...rest, requirement: [] });
  });
  it('keeps the members of an aggregate, whose names are what it is', () => {
    expect(facetView(fleet)).toEqual({ ...fleet, requirement: [] });
    const { kind: _kind, ...known } = fleet;
    for (const status of [fleet, { ...known, kind: 'exported', origin: 'B' } as const])
      expect(facetSight('C', status).names).toEqual(new Set(['web-server', 'www', 'a']));
  });
});

describe('the lines that a facet passes on', () => {
  it('are those about its service, by any of its names', () => {
    const own = [
      'Service web-server has been started.',
      'Service www is not running.',
      'Service web-server: its process exited with code 3.',
      'Disabled service web-server.',
    ];
    expect(linesOf(...own)).toEqual(own);
  });
  it('name a requirement that has been started, as the story of the fleet does', () => {
    expect(linesOf('Service networking has been started.')).toEqual([
      'Service networking has been started.',
    ]);
  });
  it('name no other service in anything else', () => {
    expect(
      linesOf(
        'Service secret-front has been stopped.',
        'Service secret-db could not be started.',
        'Service secret-db: exec: /srv/secret: no such file.',
        'Service secret-db is already running.',
        'Service web-server depends on secret-db.',
        'Service web-serverx: its process exited with code 3.',
        'secret-db says hello',
        'Enabled service secret-db.',
      ),
    ).toEqual([
      'Another service has been stopped.',
      'Another service could not be started.',
      'Service web-server depends on another service.',
    ]);
  });
  it('from another node are as the facet there passed them on', () => {
    const events = [line('Service web-server has been stopped.', 'B'), line('anything', 'B')];
    expect(
      facetEvents(events, facetSight('C', { ...status, provision: ['web-server-b'] })),
    ).toEqual(events);
  });
  it('keep the count of what was dropped, and lose rows of others', () => {
    const row = { member: 'web-server', result: 'ok' } as const;
    const events: readonly Event[] = [
      { kind: 'dropped', count: 3 },
      { kind: 'row', row },
      { kind: 'row', row: { ...row, member: 'secret-db' } },
      { kind: 'row', row: { ...row, also: ['secret-db'], reason: 'it took secret-db down' } },
    ];
    expect(facetEvents(events, sight)).toEqual([
      ...events.slice(0, 2),
      {
        kind: 'row',
        row: { ...row, also: ['1 other service'], reason: 'it took another service down' },
      },
    ]);
  });
});

describe('the outcome that a facet answers with', () => {
  it('counts what else was touched', () => {
    expect(facetOutcome(outcome({ also: ['networking', 'secret-db'] }), sight).also).toEqual([
      '2 other services',
    ]);
    expect(facetOutcome(outcome({}), sight)).toEqual(outcome({}));
  });
  it('does not say which requirement failed, nor why', () => {
    const failed = outcome({
      result: 'failed',
      reason: 'Service web-server depends on secret-db.',
      rows: [{ member: 'secret-db', result: 'failed', reason: 'its process exited with code 1' }],
    });
    expect(facetOutcome(failed, sight)).toEqual(
      outcome({ result: 'failed', reason: 'Service web-server depends on another service.' }),
    );
  });
  it('says no name that it knows to be hidden in any words', () => {
    const late = outcome({
      result: 'timed-out',
      reason:
        "Service web-server waits for secret-db, and 'secret-db'; not for secret-dbs: secret-db.",
      rows: [{ member: 'secret-db', result: 'timed-out' }],
    });
    expect(facetOutcome(late, sight).reason).toBe(
      "Service web-server waits for another service, and 'another service'; not for secret-dbs: another service.",
    );
  });
  it('keeps the rows of the members of an aggregate', () => {
    const whole = facetSight('C', { ...fleet, provision: ['fleet'] });
    const rows = [{ member: 'a', result: 'unreachable', reason: 'a: no route' }] as const;
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
        const facet = turn.call(shepherd, 'facet', 'web', 'somebody');
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
    expect(ask('start')).toMatchObject({ result: 'changed', also: ['1 other service'] });
    expect(machine.lines).toEqual([
      'A: Service secret-db has been started.',
      'A: Service web has been started.',
    ]);
    machine.herd('start', 'secret-front');
    world.run();
    machine.lines.length = 0;
    expect(ask('stop')).toMatchObject({ result: 'changed', also: ['1 other service'] });
    expect(machine.lines).toEqual([
      'A: Another service has been stopped.',
      'A: Service web has been stopped.',
    ]);
  });
  it('hears that a requirement failed, and not which or why', () => {
    const { machine, ask } = up();
    machine.processes.programs.set('secret-db', { refusal: 'exec: /srv/secret: no such file' });
    const outcome = ask('start');
    expect(outcome).toMatchObject({ result: 'failed', member: 'web', rows: [] });
    expect(JSON.stringify([outcome, machine.lines])).not.toContain('secret');
    expect(machine.lines).toContain('A: Another service could not be started.');
  });
});
