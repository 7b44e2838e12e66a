/** What a shepherd does by itself: requirements that bind, and what is done about failures. */
import { World } from '@bellwether/actors';
import {
  limits,
  type FailureHook,
  type RequirementTerms,
  type ServiceConfig,
} from '@bellwether/shepherd';
import { describe, expect, it } from 'vitest';
import { Machine, program } from '../../support/shepherd-machine.ts';

const once = { limitCount: 5, limitWindowMs: 7_000, delayMs: 100, maxDelayMs: 30_000 };
const db = program({ provision: ['db', 'database'] });
/** Requires `database`, as these terms say. */
const web = (terms: RequirementTerms, more: Partial<ServiceConfig> = {}) =>
  program({ provision: ['web'], requirement: ['database'], terms: { database: terms }, ...more });

const up = (...services: readonly ServiceConfig[]) => {
  const world = new World(7);
  const machine = new Machine(world, 'A', { services, rehearse: true });
  machine.boot();
  world.run();
  const stageOf = (name: string): string | undefined => {
    const asked = machine.ask((turn, shepherd) => turn.call(shepherd, 'status', name));
    world.runFor(5);
    return asked.value?.stage;
  };
  const herd = (action: string, name: string): string | undefined => {
    const asked = machine.herd(action, name);
    world.run();
    return asked.value?.result;
  };
  const stages = (): string => ['db', 'web'].map((name) => stageOf(name)).join();
  return { world, machine, herd, stageOf, stages };
};

describe('a requirement of which a process is enough', () => {
  it('is waited for no longer than until that is there, and must get one', () => {
    const it = up(
      { ...db, ready: { kind: 'tcp', host: 'h', port: 1, timeoutMs: 9_000 } },
      web({ until: 'started' }),
    );
    it.machine.probes.isReady = () => false;
    it.machine.herd('start', 'web');
    it.world.runFor(100);
    expect(it.stages()).toBe('starting,running');
    it.machine.probes.isReady = () => true;
    it.world.run();
    expect([it.stages(), it.machine.lines]).toEqual([
      'running,running',
      // Whoever asked was answered when the one that he asked for was up.
      ['A: Service web has been started.'],
    ]);
    expect(it.herd('restart', 'db')).toBe('changed');
    expect(it.stages()).toBe('running,running');
    it.machine.processes.programs.set('db', { refusal: 'no such program' });
    expect([it.herd('stop', 'db'), it.herd('start', 'web')]).toEqual(['changed', 'failed']);
    expect(it.machine.lines.at(-2)).toContain('Service web depends on db');
  });
  it('that never gets ready fails alone', () => {
    const it = up(
      { ...db, ready: { kind: 'tcp', host: 'h', port: 1, timeoutMs: 500 } },
      web({ until: 'started' }),
    );
    it.machine.probes.isReady = () => false;
    expect([it.herd('start', 'web'), it.stages()]).toEqual(['changed', 'stopped,running']);
    expect(it.machine.logged('service.failed')).toHaveLength(2);
  });
});

describe('a requirement that has to complete', () => {
  it('is run once in a life of the shepherd, and again where it has failed or is asked for', () => {
    const migrate = { ...db, isOneShot: true };
    const it = up(migrate, web({ until: 'completed' }));
    it.machine.processes.programs.set('db', { ends: { afterMs: 50, ending: { code: 1 } } });
    expect([it.herd('start', 'web'), it.machine.processes.started]).toEqual(['failed', ['db']]);
    it.machine.processes.programs.set('db', { ends: { afterMs: 50, ending: { code: 0 } } });
    it.herd('start', 'web');
    it.herd('restart', 'web');
    expect(it.machine.processes.started).toEqual(['db', 'db', 'web', 'web']);
    it.herd('start', 'db');
    it.machine.crash();
    it.machine.boot();
    it.world.run();
    it.herd('stop', 'web');
    it.herd('start', 'web');
    expect(it.machine.processes.started.filter((name) => name === 'db')).toHaveLength(4);
  });
  it('that says nothing of that is run with each start', () => {
    const it = up({ ...db, isOneShot: true }, web({}));
    it.machine.processes.programs.set('db', { ends: { afterMs: 50, ending: { code: 0 } } });
    it.herd('start', 'web');
    it.herd('restart', 'web');
    expect(it.machine.processes.started).toEqual(['db', 'web', 'db', 'web']);
  });
});

describe('a requirement that is lost', () => {
  const lost = (terms: RequirementTerms, dbMore: Partial<ServiceConfig> = {}) => {
    const it = up({ ...db, ...dbMore }, web(terms), {
      ...program({ provision: ['page'], requirement: ['web'] }),
    });
    it.herd('start', 'page');
    it.machine.processes.kill('db');
    return it;
  };
  it('leaves what requires it alone where nothing else is said', () => {
    const it = lost({});
    it.world.run();
    expect([it.stages(), it.stageOf('page')]).toEqual(['stopped,running', 'running']);
  });
  it('takes with it what is to stop, and that starts with the next life, for it is wanted still', () => {
    const it = lost({ ifLost: 'stop' });
    it.world.run();
    expect([it.stages(), it.stageOf('page')]).toEqual(['stopped,stopped', 'stopped']);
    expect(it.machine.logged('service.requirement-lost')).toEqual([
      { service: 'web', text: 'Service web: it requires db, which has ended.' },
    ]);
    it.machine.crash();
    it.machine.boot();
    it.world.run();
    expect([it.stages(), it.stageOf('page')]).toEqual(['running,running', 'running']);
  });
  it('and comes back by itself takes nothing with it that is to stop', () => {
    const it = lost({ ifLost: 'stop' }, { respawn: once });
    it.world.run();
    expect(it.stages()).toBe('running,running');
    expect(it.machine.processes.started).toEqual(['db', 'web', 'page', 'db']);
  });
  it('restarts what is to restart, and what hangs on that, once it is back', () => {
    const it = lost({ ifLost: 'restart' }, { respawn: once });
    it.world.runFor(50);
    expect([it.stages(), it.stageOf('page')]).toEqual(['starting,stopped', 'stopped']);
    it.world.run();
    expect([it.stages(), it.stageOf('page')]).toEqual(['running,running', 'running']);
    expect(it.machine.processes.started).toEqual(['db', 'web', 'page', 'db', 'web', 'page']);
  });
  it('restarts also what takes longer to stop than it to come back', () => {
    const it = up({ ...db, respawn: once }, web({ ifLost: 'restart' }));
    it.machine.processes.programs.set('web', { stopMs: 2_000 });
    it.herd('start', 'web');
    it.machine.processes.kill('db');
    it.world.run();
    expect([it.stages(), it.machine.processes.started]).toEqual([
      'running,running',
      ['db', 'web', 'db', 'web'],
    ]);
    expect(it.machine.processes.doubled).toEqual([]);
  });
  it('does not start what somebody has stopped meanwhile', () => {
    const it = up({ ...db, respawn: { ...once, delayMs: 5_000 } }, web({ ifLost: 'restart' }));
    it.herd('start', 'web');
    it.machine.processes.kill('db');
    it.world.runFor(1_000);
    const stop = it.machine.herd('stop', 'web');
    it.world.run();
    expect([stop.value?.result, it.stages()]).toEqual(['ok', 'running,stopped']);
  });
  it('for good leaves what was to restart stopped, until it is started by hand', () => {
    const it = lost({ ifLost: 'restart' });
    it.world.run();
    expect(it.stages()).toBe('stopped,stopped');
    it.herd('start', 'db');
    expect([it.stages(), it.stageOf('page')]).toEqual(['running,running', 'running']);
  });
  it.each(['db', 'cache'])(
    'again and again is disabled after as many times as alone, with two of them: %s',
    (name) => {
      const it = up(
        { ...db, respawn: once },
        program({ provision: ['cache'], respawn: once }),
        program({ provision: ['mid'], requirement: ['cache'] }),
        web(
          { ifLost: 'restart' },
          {
            requirement: ['database', 'mid'],
            terms: { database: { ifLost: 'restart' }, mid: { ifLost: 'restart' } },
          },
        ),
      );
      for (const [each, afterMs] of [
        ['db', 40],
        ['cache', 70],
      ] as const)
        it.machine.processes.programs.set(each, { ends: { afterMs, ending: { code: 1 } } });
      it.machine.herd('start', 'web');
      it.world.runFor(60_000);
      const starts = it.machine.processes.started.filter((each) => each === name);
      expect(starts).toHaveLength(1 + once.limitCount);
      expect(it.machine.logged('service.disabled')).toHaveLength(2);
    },
  );
  it('and is disabled before it is back takes with it what is to stop', () => {
    const it = lost({ ifLost: 'stop' }, { respawn: { ...once, delayMs: 5_000 } });
    it.world.runFor(1_000);
    expect(it.stages()).toBe('starting,running');
    it.herd('disable', 'db');
    expect([it.stages(), it.stageOf('page')]).toEqual(['stopped,stopped', 'stopped']);
  });
  it('and is stopped by hand is not lost: what requires it is stopped with it, and stays so', () => {
    const it = up({ ...db, respawn: once }, web({ ifLost: 'restart' }));
    it.herd('start', 'web');
    it.herd('stop', 'db');
    it.herd('start', 'db');
    expect(it.stages()).toBe('running,stopped');
  });
});

describe('what is done about a failure', () => {
  const failing = (hooks: readonly FailureHook[], more: Partial<ServiceConfig> = {}) =>
    up({ ...db, onFailure: hooks, ...more }, program({ provision: ['web'] }));
  const command = { argv: ['tell', 'ops'], env: { TO: 'ops' } } as const;

  it('is a start, a command and a word over HTTP, once each', () => {
    const it = failing([
      { kind: 'start', service: 'web' },
      { kind: 'command', command },
      { kind: 'webhook', url: 'http://ops.example/hook' },
    ]);
    const ran: unknown[] = [];
    it.machine.processes.runCommand = (service, { argv, env }) => {
      ran.push([service, argv, env]);
      return { code: 0, output: [] };
    };
    it.herd('start', 'db');
    it.machine.processes.kill('db', { code: 3 });
    it.world.run();
    expect(it.stages()).toBe('stopped,running');
    expect(ran).toEqual([
      [
        'db',
        ['tell', 'ops'],
        {
          TO: 'ops',
          BELLWETHER_SERVICE: 'db',
          BELLWETHER_NODE: 'A',
          BELLWETHER_FAILURE: 'ended',
          BELLWETHER_REASON: 'its process exited with code 3',
          BELLWETHER_START: expect.any(String) as string,
        },
      ],
    ]);
    const [url, json = ''] = it.machine.posted[0]?.split(/ (.*)/) ?? [];
    expect([it.machine.posted.length, url, JSON.parse(json)]).toEqual([
      1,
      'http://ops.example/hook',
      expect.objectContaining({ node: 'A', service: 'db', failure: 'ended' }),
    ]);
    expect(it.machine.logged('service.hook-failed')).toEqual([]);
    const { postMs, processes } = it.machine;
    expect([postMs, processes.commandMs]).toEqual([limits.webhookMs, limits.hookMs]);
  });
  it('tells of a start that failed, and of one too many, and of no respawn before', () => {
    const it = failing([{ kind: 'webhook', url: 'http://h/' }], { respawn: once });
    const failures = (): readonly string[] =>
      it.machine.posted.map((each) => /"failure":"([a-z-]+)"/.exec(each)?.[1] ?? '');
    it.machine.processes.programs.set('db', { refusal: 'no such program' });
    it.herd('start', 'db');
    expect(failures()).toEqual(['start-failed']);
    it.machine.processes.programs.set('db', { ends: { afterMs: 10, ending: { code: 1 } } });
    it.herd('start', 'db');
    expect(failures()).toEqual(['start-failed', 'disabled']);
  });
  it('is nothing where it has ended well, was stopped, or comes back', () => {
    const it = failing([{ kind: 'webhook', url: 'http://h/' }]);
    it.herd('start', 'db');
    it.machine.processes.kill('db', { code: 0 });
    it.world.run();
    it.herd('start', 'db');
    it.herd('stop', 'db');
    expect(it.machine.posted).toEqual([]);
    const respawned = failing([{ kind: 'webhook', url: 'http://h/' }], { respawn: once });
    respawned.herd('start', 'db');
    respawned.machine.processes.kill('db');
    respawned.world.run();
    expect(respawned.machine.posted).toEqual([]);
  });
  it('is done so often in a while, and again after it', () => {
    const it = failing([{ kind: 'webhook', url: 'http://h/' }]);
    it.machine.processes.programs.set('db', { refusal: 'no such program' });
    for (let at = 0; at <= limits.hookCount; at += 1) it.herd('start', 'db');
    expect(it.machine.posted).toHaveLength(limits.hookCount);
    expect(it.machine.logged('service.hooks-skipped')).toHaveLength(1);
    it.world.runFor(limits.hookWindowMs);
    it.herd('start', 'db');
    expect(it.machine.posted).toHaveLength(limits.hookCount + 1);
  });
  it('that does not work is told in the log, and holds up nothing', () => {
    const it = failing([
      { kind: 'start', service: 'nobody' },
      { kind: 'command', command },
      { kind: 'webhook', url: 'http://h/secret/500' },
      { kind: 'webhook', url: 'https://h:8443?secret=gone' },
    ]);
    const said = Array.from({ length: limits.recentLineCount + 1 }, (_none, at) => `line ${at}`);
    it.machine.processes.runCommand = () => ({ code: 2, output: said });
    it.machine.postAnswer = (url) => (url.endsWith('500') ? 500 : new Error('nobody listens'));
    it.herd('start', 'db');
    it.machine.processes.kill('db');
    it.world.run();
    const told = it.machine.logged('service.hook-failed').map(({ text }) => String(text));
    expect(told.toSorted()).toEqual(
      [
        'there is no service nobody here',
        'http://h has answered with 500',
        'https://h:8443: nobody listens',
        'its command exited with code 2',
      ]
        .map((why) => `Service db: what is done about its failure did not work: ${why}.`)
        .toSorted(),
    );
    expect(
      it.machine.logged('service.hook-failed').flatMap(({ output }) => (output ? [output] : [])),
    ).toEqual([said.slice(-limits.recentLineCount)]);
  });
  it('tells the log so much of why it did not work, and no more', () => {
    const it = failing([{ kind: 'webhook', url: 'http://h/' }]);
    const told = (length: number): string => {
      it.machine.postAnswer = () => new Error('x'.repeat(length));
      it.herd('start', 'db');
      it.machine.processes.kill('db', { code: 1 });
      it.world.run();
      return String(it.machine.logged('service.hook-failed').at(-1)?.['text']);
    };
    const room = limits.refusalCharacters - 'http://h: '.length;
    expect(told(room)).toMatch(/ http:\/\/h: x+\.$/);
    expect(told(room + 1)).toMatch(/ http:\/\/h: x+…\.$/);
  });
  it('of two that start each other comes to rest', () => {
    const it = up(
      { ...db, onFailure: [{ kind: 'start', service: 'web' }] },
      { ...program({ provision: ['web'] }), onFailure: [{ kind: 'start', service: 'db' }] },
    );
    for (const name of ['db', 'web'])
      it.machine.processes.programs.set(name, { ends: { afterMs: 5, ending: { code: 1 } } });
    it.herd('start', 'db');
    expect(it.machine.processes.started.length).toBe(1 + 2 * limits.hookCount);
  });
});
