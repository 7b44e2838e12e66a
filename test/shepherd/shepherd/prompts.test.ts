/** What is written down of why a service was started, stopped and disabled, and that it outlives the daemon. */
import { World } from '@bellwether/actors';
import {
  limits,
  type LocalStatus,
  type Prompt,
  type ServiceConfig,
  type SocketConfig,
  type Swap,
  type TimerConfig,
} from '@bellwether/shepherd';
import { describe, expect, it } from 'vitest';
import {
  Machine,
  program,
  requestOf,
  service,
  type Blueprint,
} from '../../support/shepherd-machine.ts';
import { localRoot } from '../../../packages/shepherd/src/words/principal.ts';

const policy = { limitCount: 2, limitWindowMs: 60_000, delayMs: 100, maxDelayMs: 1_000 };
const up = (services: readonly ServiceConfig[], more: Partial<Blueprint> = {}) => {
  const world = new World(1);
  const machine = new Machine(world, 'A', { services, rehearse: true, ...more });
  const run = (): void => {
    for (let step = 0; step < 400; step += 1) world.step();
  };
  machine.boot();
  run();
  const ask = (operation: string, action: string, member: string): void => {
    machine.ask((turn, shepherd) =>
      turn.send(
        shepherd,
        'perform',
        requestOf({ operation, action, member }),
        machine.printer(turn),
        { principal: localRoot },
      ),
    );
    run();
  };
  const look = (name: string): LocalStatus => {
    const asked = machine.ask((turn, shepherd) =>
      turn.send(shepherd, 'probe', name, 1_000, [], { principal: localRoot }),
    );
    for (let step = 0; step < 60; step += 1) world.step();
    if (asked.value?.kind !== 'local') throw asked.error ?? new Error('no answer');
    return asked.value;
  };
  const again = (how: 'crash' | 'losePower' = 'crash'): void => {
    machine[how]();
    machine.boot();
    run();
  };
  const reload = (given: Partial<Swap>): void => {
    const none: Swap = { removed: [], own: [], elsewhere: [], aggregates: [] };
    machine.ask((turn, shepherd) =>
      turn.send(shepherd, 'swap', { ...none, ...given }, machine.printer(turn)),
    );
    run();
  };
  return { world, machine, run, ask, look, again, reload };
};
const socket: SocketConfig = {
  ...{ name: 'http', place: { family: 4, host: '192.0.2.80', port: 80 }, style: 'stream' },
  ...{ backlog: 8, bindAttempts: 1, mode: 0o666, folderMode: 0o755 },
};
const command = (action: string, service: string, operation = 'op-1'): Partial<Prompt> => ({
  ...{ kind: 'command', asker: 'root', operation, action, service },
});
const web = (more: Partial<ServiceConfig> = {}): ServiceConfig =>
  program({ provision: ['web'], ...more });
const db = program({ provision: ['db'] });

describe('what a service was started and stopped by', () => {
  it('is nothing where nobody ever did', () => {
    const { startedBy, stoppedBecause, disabledBy } = up([web()]).look('web');
    expect([startedBy, stoppedBecause, disabledBy]).toEqual([undefined, undefined, undefined]);
  });
  it('is a command, with who gave it, and for what it came along', () => {
    const it = up([db, web({ requirement: ['db'] })]);
    it.ask('op-1', 'start', 'web');
    expect(it.look('web').startedBy).toMatchObject(command('start', 'web'));
    expect(it.look('db').startedBy).toMatchObject({ ...command('start', 'web'), kind: 'along' });
    it.ask('op-2', 'restart', 'web');
    expect(it.look('web')).toMatchObject({
      startedBy: command('restart', 'web', 'op-2'),
      stoppedBecause: command('restart', 'web', 'op-2'),
    });
    it.ask('op-3', 'stop', 'db');
    expect(it.look('db').stoppedBecause).toMatchObject(command('stop', 'db', 'op-3'));
    const along = { ...command('stop', 'db', 'op-3'), kind: 'along' };
    expect(it.look('web').stoppedBecause).toMatchObject(along);
  });
  it('is its own end, and a respawn, and in the end that there were too many', () => {
    const it = up([web({ respawn: policy })]);
    it.ask('op-1', 'start', 'web');
    const die = (): void => {
      it.machine.processes.kill('web', { code: 3 });
      it.run();
    };
    die();
    expect(it.look('web')).toMatchObject({
      startedBy: { kind: 'respawn' },
      stoppedBecause: { kind: 'ended', reason: 'its process exited with code 3' },
    });
    die();
    die();
    const why = 'respawned 2 times within 60 s';
    const last = { kind: 'respawn-limit', reason: `${why}, and its process exited with code 3` };
    const seen = {
      ...{ isEnabled: false, disabledReason: why, stoppedBecause: last },
      disabledBy: { kind: 'respawn-limit', reason: why },
    };
    expect(it.look('web')).toMatchObject(seen);
    it.again();
    expect(it.look('web')).toMatchObject(seen);
    it.ask('op-2', 'enable', 'web');
    expect(it.look('web').disabledBy).toBeUndefined();
    it.again();
    expect(it.look('web')).toMatchObject({ isEnabled: true, stoppedBecause: last });
    expect(it.look('web').disabledBy).toBeUndefined();
  });
  it('is that its start has failed, in words that are cut', () => {
    const it = up([web({ ready: { kind: 'http', url: 'http://w/', timeoutMs: 50 } })]);
    it.machine.probes.isReady = () => false;
    it.ask('op-1', 'start', 'web');
    expect(it.look('web').stoppedBecause).toMatchObject({
      ...{ kind: 'start-failed', reason: 'it was not ready within 0.05 s' },
    });
  });
  it('is that it was not alive any more', () => {
    const probe = { kind: 'tcp', host: 'h', port: 1, timeoutMs: 10 } as const;
    const it = up([web({ live: { probe, everyMs: 100, failureCount: 2 } })]);
    it.ask('op-1', 'start', 'web');
    it.machine.probes.isReady = () => false;
    for (let at = 0; at < 10; at += 1) it.run();
    expect(it.look('web').stoppedBecause).toMatchObject({
      ...{ kind: 'not-alive', reason: '2 checks in a row failed' },
    });
  });
  it('is that what it requires was lost, and is back', () => {
    const terms = { db: { ifLost: 'restart' } } as const;
    const it = up([db, web({ requirement: ['db'], terms })]);
    it.ask('op-1', 'start', 'web');
    it.machine.processes.kill('db', { code: 1 });
    it.run();
    expect(it.look('web').stoppedBecause).toMatchObject({
      kind: 'requirement-lost',
      service: 'db',
    });
    it.again();
    expect(it.look('db').startedBy).toMatchObject({ kind: 'boot' });
    it.machine.processes.kill('db', { code: 1 });
    it.run();
    it.ask('op-2', 'start', 'db');
    expect(it.look('web').startedBy).toMatchObject({ kind: 'requirement-back', service: 'db' });
  });
  it('is that another has failed, for which it is started', () => {
    const onFailure = [{ kind: 'start', service: 'db' }] as const;
    const it = up([db, web({ onFailure })]);
    it.ask('op-1', 'start', 'web');
    it.machine.processes.kill('web', { code: 1 });
    it.run();
    expect(it.look('db').startedBy).toMatchObject({ kind: 'failure-hook', service: 'web' });
  });
  it('is that it has done its work', () => {
    const it = up([{ ...web(), isOneShot: true }]);
    it.ask('op-1', 'start', 'web');
    it.machine.processes.kill('web', { code: 0 });
    it.run();
    expect(it.look('web').stoppedBecause).toMatchObject({ kind: 'done' });
  });
  it('is who has disabled it, also where it waits to be started again', () => {
    const it = up([web({ respawn: { ...policy, delayMs: 60_000, maxDelayMs: 60_000 } })]);
    it.ask('op-1', 'start', 'web');
    it.machine.processes.kill('web', { code: 3 });
    while (!it.machine.log.some(({ event }) => event === 'service.exited')) it.world.step();
    it.ask('op-2', 'disable', 'web');
    const by = command('disable', 'web', 'op-2');
    expect(it.look('web')).toMatchObject({ disabledBy: by, stoppedBecause: by });
    it.again();
    expect(it.look('web')).toMatchObject({ disabledBy: by, stoppedBecause: by });
  });
});

describe('a reload', () => {
  it('is what stops a service with what it requires, and starts it again, and what is new', () => {
    const it = up([db, web({ requirement: ['db'] })]);
    it.ask('op-1', 'start', 'web');
    const cache = program({ provision: ['cache'], isAutoStarted: true });
    it.reload({ removed: ['db'], own: [web(), cache] });
    const byReload = { startedBy: { kind: 'reload' }, stoppedBecause: { kind: 'reload' } };
    expect(it.look('web')).toMatchObject({ ...byReload, stage: 'running' });
    expect(it.look('cache')).toMatchObject({ startedBy: { kind: 'reload' }, stage: 'running' });
    expect(it.look('cache').stoppedBecause).toBeUndefined();
  });
  it('is what stops one that waits to be started again', () => {
    const waits = { ...policy, delayMs: 60_000, maxDelayMs: 60_000 };
    const it = up([db, web({ requirement: ['db'], respawn: waits })]);
    it.ask('op-1', 'start', 'web');
    it.machine.processes.kill('web', { code: 3 });
    while (!it.machine.log.some(({ event }) => event === 'service.exited')) it.world.step();
    it.reload({ removed: ['db'], own: [web()] });
    expect(it.look('web')).toMatchObject({
      startedBy: { kind: 'reload' },
      stoppedBecause: { kind: 'reload' },
    });
  });
  it('leaves no word of it to a service that comes later under its name', () => {
    const it = up([web()]);
    it.ask('op-1', 'start', 'web');
    it.reload({ removed: ['web'] });
    it.reload({ own: [web()] });
    const { startedBy, stoppedBecause } = it.look('web');
    expect([startedBy, stoppedBecause]).toEqual([undefined, undefined]);
  });
});

describe('who comes', () => {
  it('is what starts the process of a lazy service, before a crash and after it', () => {
    const it = up([web({ sockets: [socket], isLazy: true })]);
    it.ask('op-1', 'start', 'web');
    expect(it.look('web').startedBy).toMatchObject(command('start', 'web'));
    it.machine.processes.arrivals.come('web', '192.0.2.1');
    it.run();
    expect(it.look('web')).toMatchObject({ pid: 101, startedBy: { kind: 'socket' } });
    it.again();
    const { startedBy } = it.look('web');
    expect(startedBy).toMatchObject({ kind: 'socket' });
    expect(startedBy?.adoptedMs).toBeGreaterThan(Number(startedBy?.atMs));
  });
  it('is what starts the process that a connection has, and is forgotten with it', () => {
    const inetd = { maxCount: 3, maxPerSource: 3, stem: 'web' };
    const it = up([web({ sockets: [{ ...socket, accepts: true }], inetd })]);
    it.ask('op-1', 'start', 'web');
    it.machine.processes.arrivals.come('web', '192.0.2.1');
    it.run();
    const accepted = { kind: 'connection', service: 'web' };
    expect(it.look('web-1').startedBy).toMatchObject(accepted);
    it.again();
    expect(it.look('web-1').startedBy).toMatchObject(accepted);
    it.machine.processes.kill('web-1', { code: 0 });
    it.run();
    expect([...it.machine.disk.records().prompts.keys()]).not.toContain('web-1');
  });
});

describe('a timer', () => {
  const timer = { when: { kind: 'every', everyMs: 10_000 }, run: { argv: ['run'] } } as const;
  const backup = (more: Partial<TimerConfig>): ServiceConfig =>
    service({ provision: ['backup'], timer: { ...timer, overlap: 'skip', ...more } });
  it('that never rings again has stopped for that, also to the next daemon', () => {
    const it = up([backup({ runCount: 1 })]);
    it.machine.processes.programs.set('backup', { ends: { afterMs: 10, ending: { code: 0 } } });
    it.ask('op-1', 'start', 'backup');
    it.world.runFor(11_000);
    const over = { stage: 'stopped', isWanted: false, stoppedBecause: { kind: 'timer-over' } };
    expect(it.look('backup')).toMatchObject(over);
    it.again();
    expect(it.look('backup')).toMatchObject(over);
  });
});

describe('the next daemon', () => {
  it('finds how something ended while there was none, and says so until it runs again', () => {
    const it = up([web(), program({ provision: ['job'], respawn: policy })]);
    it.machine.processes.keepsEndings = true;
    it.ask('op-1', 'start', 'web');
    it.ask('op-2', 'start', 'job');
    it.machine.crash();
    for (const name of ['web', 'job']) it.machine.processes.kill(name, { code: 3 });
    it.machine.boot();
    it.run();
    const away = { kind: 'ended-away', reason: 'its process exited with code 3' };
    for (const name of ['web', 'job'])
      expect(it.look(name)).toMatchObject({
        ...{ stage: 'running', stoppedBecause: away, startedBy: { kind: 'boot' } },
      });
    it.again();
    expect(it.look('web')).toMatchObject({ stoppedBecause: away, startedBy: { kind: 'boot' } });
  });
  it.each<[string, Partial<Prompt>]>([
    ['stop', { ...command('stop', 'web', 'op-2') }],
    ['restart', { ...command('restart', 'web', 'op-2') }],
    ['shutdown', { kind: 'shutdown' }],
  ])('knows that it ended by its %s that was under way, and no failure', (how, because) => {
    const it = up([db, web({ onFailure: [{ kind: 'start', service: 'db' }] })]);
    it.machine.processes.keepsEndings = true;
    it.machine.processes.programs.set('web', { stopMs: 60_000 });
    it.ask('op-1', 'start', 'web');
    it.machine.ask((turn, shepherd) => {
      const printer = it.machine.printer(turn);
      const request = requestOf({ operation: 'op-2', action: how, member: 'web' });
      if (because.kind === 'shutdown') return void turn.send(shepherd, 'shutDown', printer);
      return void turn.send(shepherd, 'perform', request, printer, { principal: localRoot });
    });
    while (it.machine.processes.living('web')[0]?.signals.length === 0) it.world.step();
    // No signal waits for the word why, which is on its way to the disk.
    it.world.runFor(it.machine.disk.commitMs);
    it.machine.crash();
    it.machine.processes.kill('web', { signal: 'SIGTERM' });
    it.machine.boot();
    it.run();
    expect(it.look('web').stoppedBecause).toMatchObject(because);
    expect(it.look('web').lastExit).toMatchObject({ signal: 'SIGTERM' });
    expect(it.look('db').stage).toBe('stopped');
  });
  it('takes no stop from before its start for what ended it, where the clock was set back between them', () => {
    const it = up([web()]);
    it.machine.processes.keepsEndings = true;
    it.ask('op-1', 'start', 'web');
    it.ask('op-2', 'stop', 'web');
    it.machine.time.wallShiftMs = -3_600_000;
    it.ask('op-3', 'start', 'web');
    const { startedBy, stoppedBecause } = it.look('web');
    expect(stoppedBecause).toMatchObject({ ...command('stop', 'web', 'op-2') });
    expect(stoppedBecause?.atMs).toBe(startedBy?.atMs);
    it.machine.crash();
    it.machine.processes.kill('web', { code: 3 });
    it.machine.boot();
    it.run();
    expect(it.look('web').stoppedBecause).toMatchObject({ kind: 'ended-away' });
  });
  it('knows it of what runs, and that it has taken that over', () => {
    const it = up([web()]);
    it.ask('op-1', 'start', 'web');
    const { atMs } = it.look('web').startedBy ?? {};
    it.again();
    const { startedBy } = it.look('web');
    expect(startedBy).toMatchObject({ ...command('start', 'web'), atMs });
    expect(startedBy?.adoptedMs).toBeGreaterThan(Number(atMs));
    it.ask('op-2', 'stop', 'web');
    it.again();
    expect(it.look('web').stoppedBecause).toMatchObject(command('stop', 'web', 'op-2'));
    expect(JSON.stringify(it.machine.disk.entries)).not.toContain('adoptedMs');
  });
  it('knows of what nobody has written down that it was found', () => {
    const it = up([web()]);
    it.ask('op-1', 'start', 'web');
    const { entries } = it.machine.disk;
    const others = entries.filter((entry) => (entry as { kind: string }).kind !== 'prompted');
    it.machine.crash();
    entries.splice(0, entries.length, ...others);
    it.machine.boot();
    it.run();
    expect(it.look('web').startedBy).toMatchObject({ kind: 'adopted' });
  });
  it('finds that something is gone with its machine, and starts what is wanted', () => {
    const it = up([db, web({ requirement: ['db'] })]);
    it.ask('op-1', 'start', 'web');
    it.again('losePower');
    for (const name of ['db', 'web'])
      expect(it.look(name)).toMatchObject({
        startedBy: { kind: 'boot' },
        stoppedBecause: { kind: 'lost' },
      });
  });
  it('forgets it of what is no service any more', () => {
    const services = [web(), db];
    const it = up(services);
    it.ask('op-1', 'start', 'web');
    it.ask('op-2', 'stop', 'web');
    services.shift();
    it.again();
    expect(it.machine.disk.records().prompts.get('web') ?? {}).toEqual({});
  });
});

describe('at the end of a shepherd', () => {
  it('its services were stopped by that, and start again when the next begins', () => {
    const it = up([web()]);
    it.ask('op-1', 'start', 'web');
    it.machine.ask((turn, shepherd) => turn.send(shepherd, 'shutDown', it.machine.printer(turn)));
    it.run();
    expect(it.look('web').stoppedBecause).toMatchObject({ kind: 'shutdown' });
    it.again();
    expect(it.look('web').startedBy).toMatchObject({ kind: 'boot' });
  });
});

describe('its record', () => {
  it('is one small one of each service, in commits that are there anyway', () => {
    const it = up([web()]);
    const commits = (action: string): number => {
      const before = it.machine.disk.commitCount;
      it.ask(`op-${before}`, action, 'web');
      return it.machine.disk.commitCount - before;
    };
    // As many as before there was such a record: the acceptance, the process, and how it ended.
    expect(commits('start')).toBe(2);
    expect(commits('stop')).toBe(2);
    expect(commits('start')).toBe(2);
    expect(commits('restart')).toBe(3);
    const records = it.machine.disk.records().prompts;
    expect([...records.keys()]).toEqual(['web']);
  });
  it.each([0, 1])('has a reason of the most characters, and cuts one of %d more', (more) => {
    const it = up([web()]);
    const words = 'x'.repeat(limits.promptReasonCharacters + more);
    it.machine.processes.programs.set('web', { refusal: words });
    it.ask('op-1', 'start', 'web');
    const { reason = '' } = it.look('web').stoppedBecause ?? {};
    expect(reason).toHaveLength(limits.promptReasonCharacters);
    expect(reason.endsWith('…')).toBe(more === 1);
  });
});
