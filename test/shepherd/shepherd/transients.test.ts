/** Commands that are run once, now or at a time: who may, how they end, and what outlives the daemon. */
import { World } from '@bellwether/actors';
import {
  limits,
  type Entry,
  type LocalStatus,
  type Outcome,
  type ServiceConfig,
  type Swap,
} from '@bellwether/shepherd';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { principalOf } from '../../../packages/shepherd/src/words/principal.ts';
import { makeElsewhere } from '../../support/shepherd-graph.ts';
import { Machine, program, requestOf, type Asked } from '../../support/shepherd-machine.ts';

const second = 1_000;
let world: World;
let machine: Machine;
/** What the next boot finds. */
let services: ServiceConfig[];
const up = (rehearse: boolean): void => {
  world = new World(3);
  services = [program({ provision: ['web'] })];
  machine = new Machine(world, 'A', { services, rehearse });
  machine.boot();
  world.runFor(second);
};
beforeEach(() => up(true));
afterEach(() => {
  expect(machine.log.filter(({ event }) => /^(turn|vat\.(?!halted)|vow)\./.test(event))).toEqual(
    [],
  );
});

const spawn = (...args: string[]): Asked<Outcome> => herd('spawn', 'transient', args);
const herd = (action: string, member: string, args: readonly string[] = []): Asked<Outcome> => {
  const asked = machine.herd(action, member, { args });
  world.runFor(second);
  return asked;
};
const names = (): readonly string[] => {
  const asked = machine.ask((turn, shepherd) => turn.call(shepherd, 'names'));
  world.runFor(100);
  return asked.value ?? [];
};
const status = (name: string): LocalStatus | undefined => {
  const asked = machine.ask((turn, shepherd) => turn.call(shepherd, 'status', name));
  world.runFor(100);
  return asked.value?.kind === 'local' ? asked.value : undefined;
};
const reboot = (): void => {
  machine.crash();
  machine.boot();
  world.runFor(second);
};

describe('herd spawn', () => {
  it('runs a command once, under the parent of all, and says its name', () => {
    expect(names()).toEqual(['web']);
    const { value } = spawn('--', 'make', '-j2');
    expect(value).toMatchObject({ result: 'changed', output: ['transient-1'] });
    expect(machine.lines).toContain('A: Service transient-1 has been started.');
    expect(names()).toEqual(['web', 'transient', 'transient-1']);
    expect(status('transient-1')).toMatchObject({
      stage: 'running',
      requirement: ['transient'],
      command: ['make', '-j2'],
      transient: 'lives',
      isRespawned: false,
    });
    expect(spawn('-N', 'job', '-d', '/srv', '-E', 'A=1=2', 'make').value?.output).toEqual(['job']);
    expect(machine.processes.living('job')).toMatchObject([{ cwd: '/srv' }]);
  });

  it('is out of the list when it has ended, and its end can be asked for', () => {
    spawn('make');
    machine.processes.kill('transient-1', { code: 3 });
    world.runFor(second);
    expect(names()).toEqual(['web', 'transient']);
    expect(status('transient-1')).toMatchObject({
      stage: 'stopped',
      transient: 'ended',
      lastExit: { code: 3 },
    });
    expect(herd('start', 'transient-1').value).toMatchObject({
      result: 'failed',
      reason: 'Transient service transient-1 has ended.',
    });
    expect(machine.processes.started).toEqual(['transient-1']);
    expect(spawn('make').value?.output).toEqual(['transient-2']);
  });

  it('ends all where their parent is stopped, and neither restarts', () => {
    spawn('make');
    spawn('make');
    expect(herd('stop', 'transient').value?.result).toBe('changed');
    expect(machine.processes.living()).toEqual([]);
    expect(names()).toEqual(['web', 'transient']);
    expect(herd('restart', 'transient').value?.result).toBe('changed');
    expect(machine.processes.started).toEqual(['transient-1', 'transient-2']);
    expect(spawn('make').value?.output).toEqual(['transient-3']);
    expect(herd('restart', 'transient-3').value?.result).toBe('failed');
    expect(machine.processes.living()).toEqual([]);
  });

  it('says why nothing runs, and leaves nothing behind', () => {
    machine.processes.programs.set('transient-1', { refusal: 'no such program' });
    const { value } = spawn('maek');
    expect(value?.result).toBe('failed');
    expect(value?.reason).toContain('no such program');
    expect(names()).toEqual(['web', 'transient']);
    for (const [args, why] of [
      [[], 'a command is missing'],
      [['-N', 'a b', 'make'], 'is no name for a service'],
      [['-N', 'root', 'make'], 'is no name for a service'],
      [['-N', 'timer', 'make'], 'is no name for a service'],
      [['-N', 'web', 'make'], "there is a service 'web' already"],
      [['--log-file', 'here', 'make'], '--log-file takes an absolute path'],
      [['-d', 'here', 'make'], '-d takes an absolute folder'],
      [['-E', 'A', 'make'], '-E takes VAR=VALUE'],
      [['--nice', '3', 'make'], 'there is no option --nice'],
      [['-N'], '-N needs a value'],
    ] as const)
      expect(spawn(...args).value).toMatchObject({
        result: 'failed',
        reason: expect.stringContaining(why) as string,
      });
    expect(names()).toEqual(['web', 'transient']);
  });

  it('is for the owner of the machine alone', () => {
    spawn('make');
    const asked = machine.ask((turn, shepherd) => {
      const request = requestOf({ action: 'spawn', member: 'transient', args: ['make'] });
      return turn.send(shepherd, 'perform', request, machine.printer(turn), {
        principal: principalOf('abc'),
      });
    });
    world.runFor(second);
    expect(asked.value).toMatchObject({ result: 'denied' });
    expect(machine.processes.started).toEqual(['transient-1']);
  });

  it('drops a record that cannot be read, says so, and boots with the others', () => {
    for (const name of ['bad', 'worse', 'good']) spawn('-N', name, 'make');
    machine.crash();
    const wrong = ['{"start":{"argv":[]}}', '{', '{}', '{"start":{"argv":[1]}}', '[]', '"\\u0000'];
    for (const [at, text] of wrong.entries()) {
      const service = at === 0 ? 'bad' : at === 1 ? 'worse' : `other-${at}`;
      machine.disk.entries.push({ kind: 'transient', service, text, operation: `op-${at}` });
    }
    const text = '{"start":{"argv":["make"]}}';
    for (const service of ['root', 'timer', 'a=b'])
      machine.disk.entries.push({ kind: 'transient', service, text, operation: 'op' });
    machine.boot();
    world.runFor(10 * second);
    expect(machine.logged('transient.unreadable').map(({ service }) => service)).toEqual([
      ...['bad', 'worse', 'other-2', 'other-3', 'other-4', 'other-5', 'root', 'timer', 'a=b'],
    ]);
    expect(names()).toEqual(['web', 'transient', 'good']);
    expect(status('good')).toMatchObject({ stage: 'running', requirement: ['transient'] });
    // What they had running is nobody's any more.
    expect(machine.processes.living().map(({ service }) => service)).toEqual(['good']);
    reboot();
    expect(machine.logged('transient.unreadable')).toHaveLength(wrong.length + 3);
    expect(spawn('-N', 'bad', 'make').value?.result).toBe('changed');
  });

  it('may have the name of one that has ended, of which nothing is left then', () => {
    spawn('-N', 'job', '-E', 'A=1', 'make');
    const asked = machine.herd('spawn', 'transient', { args: ['-N', 'job', 'make'] });
    world.runFor(second);
    expect(asked.value?.reason).toContain("there is a service 'job' already");
    herd('disable', 'job');
    machine.processes.kill('job', { code: 3 });
    world.runFor(second);
    herd('start', 'job');
    expect(spawn('-N', 'job', 'make', 'again').value?.output).toEqual(['job']);
    const again = { stage: 'running', transient: 'lives', command: ['make', 'again'] };
    expect(status('job')).toMatchObject({ ...again, isEnabled: true });
    expect(status('job')?.lastExit).toBeUndefined();
    reboot();
    expect(status('job')).toMatchObject({ ...again, isEnabled: true });
    expect(machine.processes.started).toEqual(['job', 'job']);
    machine.processes.kill('job');
    world.runFor(second);
    expect(herd('schedule', 'timer', ['-N', 'job', 'in', '1m', 'make']).value?.output).toEqual([
      'job',
    ]);
    world.runFor(90 * second);
    expect(machine.processes.living('job')).toHaveLength(1);
  });

  it('tells the audit how many arguments there were, and none of them', () => {
    spawn('-E', 'PASSWORD=secret', '--', 'make', 'secret');
    const audit = JSON.stringify(machine.disk.audits);
    expect(audit).toContain('"action":"spawn"');
    expect(audit).not.toContain('secret');
  });

  it('goes on while there is no daemon, is adopted by the next, and is never run twice', () => {
    spawn('make');
    spawn('make');
    const [, second] = machine.processes.living();
    machine.crash();
    machine.processes.kill('transient-1', { code: 0 });
    machine.boot();
    world.runFor(1_000);
    expect(machine.processes.living()).toEqual([second]);
    expect(names()).toEqual(['web', 'transient', 'transient-2']);
    expect(status('transient-2')).toMatchObject({ stage: 'running', pid: second?.pid });
    expect(status('transient-1')).toMatchObject({ transient: 'ended' });
    expect(status('transient')).toMatchObject({ stage: 'running' });
    reboot();
    expect(status('transient-1')).toMatchObject({ transient: 'ended' });
    expect(machine.processes.started).toHaveLength(2);
  });

  it('is run at most once, whenever the daemon is killed, also where the command is repeated', () => {
    for (let ms = 0; ms < 40; ms += 4) {
      const operation = `op-${ms}`;
      const before = machine.processes.started.length;
      machine.herd('spawn', 'transient', { operation, args: ['make'] });
      world.runFor(ms);
      reboot();
      const again = machine.herd('spawn', 'transient', {
        operation,
        args: ['make'],
        isRepeat: true,
      });
      world.runFor(second);
      expect(machine.processes.started.length - before, `killed ${ms} ms in`).toBeLessThanOrEqual(
        1,
      );
      if (machine.processes.started.length > before) expect(again.error).toBeUndefined();
      herd('stop', 'transient');
    }
    expect(machine.processes.started.length).toBeGreaterThan(2);
  });

  it('takes spawnVariableCount variables, and not one more', () => {
    const variables = (count: number): string[] =>
      Array.from({ length: count }, (_none, at) => ['-E', `A${at}=1`]).flat();
    expect(spawn(...variables(limits.spawnVariableCount), 'make').value?.result).toBe('changed');
    expect(spawn(...variables(limits.spawnVariableCount + 1), 'make').value?.reason).toContain(
      'over',
    );
  });

  it('takes a description of transientCharacters, and none that is longer', () => {
    spawn('-N', 'a', 'make', 'x');
    const [entry] = (machine.disk.entries as readonly Entry[]).filter(
      ({ kind }) => kind === 'transient',
    );
    if (entry?.kind !== 'transient') throw new Error('nothing is on the disk');
    const left = limits.transientCharacters - entry.text.length + 1;
    // What a terminal would obey takes six characters there, and one in the request.
    const long = `${'\u0001'.repeat(Math.floor(left / 6))}${'x'.repeat(left % 6)}`;
    expect(spawn('-N', 'b', 'make', long).value?.result).toBe('changed');
    expect(spawn('-N', 'c', 'make', `${long}x`).value?.reason).toContain('has over');
  });

  it('has at most transientCount alive', () => {
    up(false);
    for (let count = 0; count < limits.transientCount; count += 1)
      machine.herd('spawn', 'transient', { args: ['make'] });
    world.runFor(5 * second);
    expect(machine.processes.living()).toHaveLength(limits.transientCount);
    expect(spawn('make').value).toMatchObject({
      result: 'failed',
      reason: expect.stringContaining(`${limits.transientCount} transient services`) as string,
    });
    machine.processes.kill('transient-7');
    world.runFor(second);
    expect(spawn('make').value?.result).toBe('changed');
  });

  it('remembers the last endedTransientCount that have ended, and each for endedTransientMs', () => {
    up(false);
    for (let count = 0; count <= limits.endedTransientCount; count += 1) {
      spawn('make');
      machine.processes.kill(`transient-${count + 1}`);
      world.runFor(second);
    }
    expect(status('transient-1')).toBeUndefined();
    expect(status('transient-2')).toBeDefined();
    world.runFor(limits.endedTransientMs - 120 * second);
    spawn('make');
    expect(status('transient-60')).toBeDefined();
    world.runFor(180 * second);
    spawn('make');
    expect(status('transient-60')).toBeUndefined();
    reboot();
    expect(status('transient-60')).toBeUndefined();
  });
});

describe('one that has ended', () => {
  const reload = (given: Partial<Swap>): Asked<Outcome> => {
    const none: Swap = { removed: [], own: [], elsewhere: [], aggregates: [] };
    const asked = machine.ask((turn, shepherd) =>
      turn.send(shepherd, 'swap', { ...none, ...given }, machine.printer(turn)),
    );
    world.runFor(second);
    return asked;
  };
  const end = (): void => {
    spawn('-N', 'job', 'make');
    herd('disable', 'job');
    machine.processes.kill('job', { code: 3 });
    world.runFor(second);
    machine.logs.of('job').push('made');
  };
  const own = (more: Partial<ServiceConfig> = {}): Partial<Swap> => ({
    own: [program({ provision: ['job'], ...more })],
  });

  it('gives its name to a service of the configuration, to which nothing of it is left', () => {
    end();
    expect(reload(own({ isAutoStarted: true })).value).toMatchObject({ result: 'changed' });
    expect(names()).toEqual(['web', 'transient', 'job']);
    const { transient, lastExit, exits, isEnabled, stage, requirement } = status('job') ?? {};
    expect({ transient, lastExit, exits, isEnabled, stage, requirement }).toEqual({
      ...{ transient: undefined, lastExit: undefined, exits: undefined },
      ...{ isEnabled: true, stage: 'running', requirement: [] },
    });
    expect(machine.logs.of('job')).toEqual(['job said']);
    expect(machine.disk.records().transients).toEqual([]);
    expect(herd('restart', 'job').value?.result).toBe('changed');
    world.runFor(2 * limits.endedTransientMs);
    spawn('make');
    expect(names()).toContain('job');
    machine.crash();
    machine.processes.kill('job');
    services.push(program({ provision: ['job'], isAutoStarted: true }));
    machine.boot();
    world.runFor(second);
    expect(status('job')?.stage).toBe('running');
  });

  it('gives it to what is not started by itself either, and to another name of a service', () => {
    end();
    reload(own());
    expect(status('job')?.stage).toBe('stopped');
    expect(herd('start', 'job').value?.result).toBe('changed');
    reload({ removed: ['job'] });
    end();
    expect(reload(own({ provision: ['make', 'job'] })).value?.result).toBe('ok');
    expect(names()).toEqual(['web', 'transient', 'make']);
    expect(herd('start', 'job').value).toMatchObject({ member: 'make', result: 'changed' });
  });

  it('keeps its name where the reload comes to nothing', () => {
    end();
    machine.herd('start', 'web');
    world.runFor(second);
    machine.processes.programs.set('web', { isStubborn: true, isStuck: true });
    const asked = reload({ removed: ['web'], ...own() });
    world.runFor(10 * 60 * second);
    expect(asked.error?.message).toContain('web did not stop');
    expect(status('job')).toMatchObject({ transient: 'ended', lastExit: { code: 3 } });
  });

  it('gives it to a service elsewhere', () => {
    end();
    const asked = machine.ask((turn, shepherd) => {
      const far = turn.spawn(makeElsewhere, 'job', (turn) => turn.vow<Outcome>().vow);
      const swap: Swap = { removed: [], own: [], elsewhere: [far], aggregates: [] };
      return turn.send(shepherd, 'swap', swap, machine.printer(turn));
    });
    world.runFor(second);
    expect(asked.error).toBeUndefined();
    expect(names()).toEqual(['web', 'transient', 'job']);
  });
});

describe('herd schedule', () => {
  const schedule = (...args: string[]): Asked<Outcome> => herd('schedule', 'timer', args);

  it('runs a command once at its time, and is then gone', () => {
    expect(schedule('in', '10m', 'backup', '--all').value?.output).toEqual(['timer-1']);
    expect(machine.lines).toContain('A: Service timer-1 has been scheduled.');
    expect(names()).toEqual(['web', 'timer', 'timer-1']);
    const next = status('timer-1')?.timer?.nextMs ?? 0;
    expect(next - world.clock().wall()).toBeLessThan(600 * second);
    world.runFor(605 * second);
    expect(machine.processes.living('timer-1')).toHaveLength(1);
    expect(names()).toContain('timer-1');
    machine.processes.kill('timer-1', { code: 0 });
    world.runFor(second);
    expect(names()).toEqual(['web', 'timer']);
    expect(status('timer-1')).toMatchObject({ transient: 'ended', stage: 'stopped' });
  });

  it('waits on in the next daemon, and runs at once where the time has passed meanwhile', () => {
    schedule('in', '10m', 'backup');
    schedule('in', '2h', 'backup');
    reboot();
    expect(names()).toEqual(['web', 'timer', 'timer-1', 'timer-2']);
    machine.crash();
    world.runFor(1_200 * second);
    machine.boot();
    world.runFor(second);
    expect(machine.processes.started).toEqual(['timer-1']);
    reboot();
    expect(machine.processes.started).toEqual(['timer-1']);
    expect(machine.processes.living()).toHaveLength(1);
    world.runFor(7_000 * second);
    expect(machine.processes.started).toEqual(['timer-1', 'timer-2']);
  });

  it('waits on where the shepherd was shut down in order', () => {
    schedule('in', '10m', 'backup');
    spawn('make');
    machine.ask((turn, shepherd) => turn.send(shepherd, 'shutDown', machine.printer(turn)));
    world.runFor(second);
    expect(machine.processes.living()).toEqual([]);
    reboot();
    expect(names()).toEqual(['web', 'timer', 'timer-1', 'transient']);
    expect(status('transient-1')).toMatchObject({ transient: 'ended' });
    world.runFor(600 * second);
    expect(machine.processes.started).toEqual(['transient-1', 'timer-1']);
  });

  it('is called off by its stop', () => {
    schedule('in', '10m', 'backup');
    expect(herd('stop', 'timer-1').value?.result).toBe('changed');
    expect(names()).toEqual(['web', 'timer']);
    world.runFor(1_200 * second);
    expect(machine.processes.started).toEqual([]);
    reboot();
    world.runFor(1_200 * second);
    expect(machine.processes.started).toEqual([]);
  });

  it('says what a time is where it is none', () => {
    for (const [args, why] of [
      [['backup'], "expected 'at HH:MM'"],
      [['at', '25:00', 'backup'], "expected 'at HH:MM'"],
      [['at', '2023-11-31', '10:00', 'backup'], 'there is no day 2023-11-31'],
      [['at', '2023-11-01', '10:00', 'backup'], 'lies behind us'],
      [['in', '10', 'backup'], 'expected a span'],
      [['in', '10m'], 'a command is missing'],
    ] as const)
      expect(schedule(...args).value).toMatchObject({
        result: 'failed',
        reason: expect.stringContaining(why) as string,
      });
  });
});
