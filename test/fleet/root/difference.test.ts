/** What differs between two configurations; that a shepherd becomes the later one: reload.test.ts. */
import { limits } from '@bellwether/shepherd';
import {
  checkPlanned,
  diffOf,
  FLEET_LIMITS,
  pathsOf,
  type PlannedService,
} from '@bellwether/fleet';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { plannedLists } from '../../support/fleet-plans.ts';
import { program, service } from '../../support/shepherd-machine.ts';

const own = (name: string, given: Partial<ReturnType<typeof program>> = {}): PlannedService => ({
  kind: 'service',
  config: program({ provision: [name], ...given }),
});
const fleet = (name: string, ...members: string[]): PlannedService => ({
  kind: 'fleet',
  spec: { provision: [name], documentation: '', members, minReady: '100%', settleMs: 10_000 },
});
const exported = (name: string, petname: string): PlannedService => ({
  kind: 'exported',
  spec: { provision: [name], petname, origin: 'A', requirement: [] },
});

describe('a difference', () => {
  it('of a list and itself is empty, whatever the order of keys', () => {
    fc.assert(
      fc.property(plannedLists(), (planned) => {
        const copy = JSON.parse(JSON.stringify(planned)) as PlannedService[];
        const { added, changed, removed, unchanged } = diffOf(planned, copy);
        expect([added, changed, removed]).toEqual([[], [], []]);
        expect(unchanged).toHaveLength(planned.length);
      }),
      { seed: 1 },
    );
  });
  it('names every service of both lists once', () => {
    fc.assert(
      fc.property(plannedLists(), plannedLists(), (before, after) => {
        const { added, changed, removed, unchanged } = diffOf(before, after);
        expect(added.length + changed.length + unchanged.length).toBe(after.length);
        expect(removed.length + changed.length + unchanged.length).toBe(before.length);
      }),
      { seed: 2 },
    );
  });
});

describe('what changed', () => {
  it.each<readonly [string, Partial<ReturnType<typeof program>>, readonly string[]]>([
    ['a word of the command', { start: { argv: ['other'] } }, ['start.argv']],
    ['a variable', { start: { argv: ['run', 'web'], env: { command: '1' } } }, ['start.env']],
    ['grace', { stop: { signal: 'SIGTERM', graceMs: 1 } }, ['stop.graceSeconds']],
    ['the signal', { stop: { signal: 'SIGINT', graceMs: 5_000 } }, ['stop.signal']],
    [
      'the stop command',
      { stop: { signal: 'SIGTERM', graceMs: 5_000, run: { argv: ['down'] } } },
      ['stop.run'],
    ],
    [
      'the PID file',
      { pidFile: { path: '/a', timeoutMs: 1 }, keepsGroup: true },
      ['killGroup', 'pidFile'],
    ],
    [
      'whether it is alive',
      {
        live: {
          probe: { kind: 'tcp', host: 'h', port: 1, timeoutMs: 1 },
          everyMs: 1,
          failureCount: 1,
        },
      },
      ['live'],
    ],
    ['that it is lazy', { isLazy: true }, ['lazyStart']],
    ['that it has a process for each', { inetd: { maxCount: 1, stem: 'a' } }, ['activation']],
    ['that it remains', { remainsAfterExit: true }, ['remainAfterExit']],
    ['flags', { isOneShot: true, isAutoStarted: true }, ['autoStart', 'oneShot']],
    ['readiness', { ready: { kind: 'tcp', host: 'h', port: 1, timeoutMs: 1 } }, ['ready']],
    ['words about it', { documentation: 'New.' }, ['documentation']],
    ['requirements', { requirement: ['db'] }, ['requirement']],
  ])('is told by path, in the words of a configuration: %s', (_what, given, paths) => {
    expect(pathsOf(own('web'), own('web', given))).toEqual(paths);
  });
  it('is told down to one variable and one part of an action', () => {
    const with_ = (env: Record<string, string>, argv: [string]): PlannedService =>
      own('web', {
        start: { argv: ['run'], env },
        actions: { tidy: { kind: 'command', documentation: 'd', command: { argv } } },
      });
    expect(pathsOf(with_({ A: '1', B: '1' }, ['a']), with_({ A: '2', C: '1' }, ['b']))).toEqual([
      'actions.tidy.run.argv',
      'start.env.A',
      'start.env.B',
      'start.env.C',
    ]);
  });
  it('never tells a value', () => {
    const at = (token: string): PlannedService =>
      own('web', { start: { argv: ['run'], env: { TOKEN: token } } });
    expect(pathsOf(at('old-secret'), at('new-secret'))).toEqual(['start.env.TOKEN']);
  });
  it('is told of proxies and fleets, too, and a change of kind is one', () => {
    expect(pathsOf(exported('a', 'x'), exported('a', 'y'))).toEqual(['from']);
    expect(pathsOf(fleet('f', 'a'), fleet('f', 'b'))).toEqual(['members']);
    expect(pathsOf(fleet('f', 'a'), own('f'))).toEqual(['kind']);
  });
  it('is told up to a limit', () => {
    const env = (count: number): PlannedService =>
      own('web', {
        start: {
          argv: ['run'],
          env: Object.fromEntries(Array.from({ length: count }, (_, at) => [`V${at}`, ''])),
        },
      });
    const max = FLEET_LIMITS.changedPathCount;
    // Against one that has an environment: else the whole of it is the difference.
    expect(pathsOf(env(0), env(max))).toHaveLength(max);
    expect(pathsOf(env(0), env(max + 3)).at(-1)).toBe('… and 3 more');
  });
});

describe('a list of planned services', () => {
  it('that fits together is taken', () => {
    fc.assert(
      fc.property(plannedLists(), (planned) => {
        expect(() => checkPlanned(planned)).not.toThrow();
      }),
      { seed: 3 },
    );
  });
  it.each<readonly [string, readonly PlannedService[], string]>([
    ['a name that is taken', [own('a'), own('a')], "the name 'a' is taken twice"],
    [
      'an alias that is taken',
      [own('a'), { kind: 'service', config: service({ provision: ['b', 'a'] }) }],
      "the name 'a' is taken twice",
    ],
    ['a name that is none', [own('a b')], "'a b' is no name of a service"],
    [
      'a requirement that leads nowhere',
      [own('a', { requirement: ['ghost'] })],
      "service 'a' needs 'ghost', which nothing provides",
    ],
    [
      'a member that leads nowhere',
      [fleet('f', 'ghost')],
      "service 'f' needs 'ghost', which nothing provides",
    ],
    [
      'a cycle',
      [own('a', { requirement: ['b'] }), own('b', { requirement: ['a'] })],
      'a requires b requires a: a cycle',
    ],
    [
      'a cycle through a member',
      [fleet('f', 'a'), own('a', { requirement: ['f'] })],
      'f requires a requires f: a cycle',
    ],
  ])('with %s is refused', (_what, planned, message) => {
    expect(() => checkPlanned(planned)).toThrow(message);
  });
  it('is taken up to the limit of a shepherd', () => {
    const many = Array.from({ length: limits.serviceCount }, (_, at) => own(`s${at}`));
    expect(() => checkPlanned(many)).not.toThrow();
    expect(() => checkPlanned([...many, own('more')])).toThrow('at most');
  });
});
