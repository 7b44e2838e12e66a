/** The beginning and the end of a daemon: adoption, wanted services, shutting down. */
import { World } from '@bellwether/actors';
import { describe, expect, it } from 'vitest';
import type { Outcome, ServiceConfig } from '@bellwether/shepherd';
import { makeGroup } from '../../support/shepherd-graph.ts';
import {
  Machine,
  program,
  service,
  type Asked,
  type Blueprint,
} from '../../support/shepherd-machine.ts';

const run = (name: string, ...requirement: readonly string[]) =>
  program({ provision: [name], requirement });
const up = (services: readonly ServiceConfig[], more: Blueprint = {}, seed = 5) => {
  const world = new World(seed);
  const machine = new Machine(world, 'A', { services, rehearse: true, ...more });
  machine.boot();
  world.run();
  return { world, machine };
};
const reboot = ({ world, machine }: { readonly world: World; readonly machine: Machine }): void => {
  machine.crash();
  machine.boot();
  world.run();
};
const shutDown = ({ world, machine }: { readonly world: World; readonly machine: Machine }) => {
  const asked: Asked<Outcome> = machine.ask((turn, shepherd) =>
    turn.send(shepherd, 'shutDown', machine.printer(turn)),
  );
  world.run();
  return asked;
};
const statusOf = (it: { readonly world: World; readonly machine: Machine }, name: string) => {
  const asked = it.machine.ask((turn, shepherd) => turn.call(shepherd, 'status', name));
  it.world.run();
  return asked.value;
};

describe('a daemon that starts', () => {
  it('starts what is wanted by default, with what that requires, and writes it down', () => {
    const it = up([run('base'), { ...run('web', 'base'), isAutoStarted: true }, run('idle')]);
    expect(it.machine.processes.started).toEqual(['base', 'web']);
    expect([...it.machine.disk.records().desired]).toEqual([
      ['base', true],
      ['web', true],
    ]);
  });
  it('does not start by default what was stopped by hand', () => {
    const it = up([{ ...run('web'), isAutoStarted: true }]);
    it.machine.herd('stop', 'web');
    it.world.run();
    reboot(it);
    expect(it.machine.processes.living()).toEqual([]);
  });
  it('adopts what outlived its predecessor, and never doubles it', () => {
    const it = up([run('web')]);
    it.machine.herd('start', 'web');
    it.world.run();
    for (let round = 0; round < 3; round += 1) reboot(it);
    expect(statusOf(it, 'web')).toMatchObject({ stage: 'running', pid: 101 });
    expect(it.machine.processes.started).toEqual(['web']);
    it.machine.herd('stop', 'web');
    it.world.run();
    expect(it.machine.processes.living()).toEqual([]);
    expect(it.machine.disk.records().running).toEqual([]);
  });
  it('runs nothing again that has done its work since the machine was switched on', () => {
    const once = (name: string) => ({ ...run(name), isOneShot: true });
    const again = { limitCount: 5, limitWindowMs: 60_000, delayMs: 10_000, maxDelayMs: 10_000 };
    const it = up([
      ...[run('job'), run('wrong'), run('killed'), { ...run('respawned'), respawn: again }],
      ...[once('done'), once('failed')],
    ]);
    const all = ['job', 'wrong', 'killed', 'respawned', 'done', 'failed'];
    for (const name of all) it.machine.herd('start', name);
    it.world.run();
    const ends = [0, 3, undefined, 0, 0, 3].map((code) =>
      code === undefined ? { signal: 'SIGKILL' } : { code },
    );
    for (const [at, name] of all.entries()) it.machine.processes.kill(name, ends[at] ?? {});
    it.world.runFor(1_000);
    reboot(it);
    const counts = () =>
      all.map((name) => it.machine.processes.started.filter((each) => each === name).length);
    // Who was killed has not done its work, and who was about to come back comes.
    expect(counts()).toEqual([1, 1, 2, 2, 1, 1]);
    for (const name of ['job', 'done']) {
      it.machine.herd('start', name);
      it.world.run();
      it.machine.processes.kill(name, { code: 0 });
      it.world.run();
    }
    reboot(it);
    expect(counts()).toEqual([2, 1, 2, 2, 2, 1]);
    it.machine.losePower();
    it.machine.boot();
    it.world.run();
    expect(counts()).toEqual([3, 2, 3, 3, 3, 2]);
  });
  it('knows since when what it adopts has run, also the daemon after it', () => {
    const http = { kind: 'http', url: 'http://localhost/', timeoutMs: 500 } as const;
    const it = up([run('plain'), { ...run('asked'), ready: http }]);
    it.machine.herd('start', 'plain');
    it.machine.herd('start', 'asked');
    it.world.run();
    const sinceOf = (name: string): number | undefined => {
      const status = statusOf(it, name);
      return status?.kind === 'local' ? status.since : undefined;
    };
    const before = ['plain', 'asked'].map(sinceOf);
    expect(before).toEqual([expect.any(Number), expect.any(Number)]);
    for (let round = 0; round < 2; round += 1) {
      it.world.runFor(60_000);
      reboot(it);
      const since = ['plain', 'asked'].map(sinceOf);
      // The commit of its record lies between a start and the moment in which it is shown.
      expect(since.map((ms, at) => Math.abs((ms ?? 0) - (before[at] ?? 0)) < 1_000)).toEqual([
        ...[true, true],
      ]);
    }
  });
  it('believes the readiness that its predecessor saw, and asks anew for one it did not', () => {
    const ready = { kind: 'http', url: 'http://localhost/', timeoutMs: 500 } as const;
    const it = up([{ ...run('web'), ready }, run('needy', 'web')]);
    const { probes } = it.machine;
    it.machine.herd('start', 'web');
    it.world.run();
    probes.isReady = () => false;
    reboot(it);
    expect(statusOf(it, 'web')).toMatchObject({ stage: 'running', pid: 101 });
    it.machine.herd('stop', 'web');
    it.world.run();

    it.machine.herd('start', 'needy');
    it.world.runFor(100);
    const [waking] = it.machine.processes.living('web');
    reboot(it);
    expect(waking?.signals).toEqual(['SIGTERM']);
    expect(statusOf(it, 'web')?.stage).toBe('stopped');
    expect(statusOf(it, 'needy')?.stage).toBe('stopped');
    expect(it.machine.processes.living()).toEqual([]);
  });
  it('notices the end of an adopted process, and respawns it', () => {
    const respawn = { limitCount: 5, limitWindowMs: 7_000, delayMs: 1, maxDelayMs: 10 };
    const it = up([{ ...run('web'), respawn }], { rehearse: false });
    it.machine.herd('start', 'web');
    it.world.run();
    reboot(it);
    it.machine.processes.kill('web');
    it.world.run();
    expect(statusOf(it, 'web')).toMatchObject({ stage: 'running', pid: 102, respawnCount: 1 });
  });
  it('starts anew what died while nobody was there', () => {
    const it = up([run('web')]);
    it.machine.herd('start', 'web');
    it.world.run();
    it.machine.crash();
    it.machine.processes.kill('web');
    it.machine.boot();
    it.world.run();
    expect(statusOf(it, 'web')).toMatchObject({ stage: 'running', pid: 102 });
    expect(it.machine.disk.records().running.map(({ pid }) => pid)).toEqual([102]);
  });
  it('is right wherever its predecessor died in the middle of a start', () => {
    let diedInSpawn = 0;
    for (let steps = 1; steps < 60; steps += 1) {
      const it = up([run('web')], {}, steps);
      it.machine.herd('start', 'web');
      for (let at = 0; at < steps && it.world.pendingCount > 0; at += 1) it.world.step();
      if (it.machine.disk.records().running.some(({ pid }) => pid === undefined)) diedInSpawn += 1;
      reboot(it);
      const isWanted = it.machine.disk.records().desired.get('web') ?? false;
      expect(it.machine.processes.living('web'), `${steps} steps`).toHaveLength(isWanted ? 1 : 0);
      expect(it.machine.processes.doubled).toEqual([]);
    }
    expect(diedInSpawn).toBeGreaterThan(0);
  });
  it('finishes a stop that its predecessor had accepted', () => {
    const it = up([run('web')]);
    it.machine.herd('start', 'web');
    it.world.run();
    it.machine.processes.programs.set('web', { isStubborn: true });
    it.machine.herd('stop', 'web');
    it.world.runFor(100);
    it.machine.processes.programs.delete('web');
    reboot(it);
    expect(it.machine.processes.living()).toEqual([]);
  });
  it('keeps up a requirement of something wanted, whatever its own record says', () => {
    const it = up([run('base'), run('web', 'base')]);
    it.machine.herd('start', 'web');
    it.world.run();
    it.machine.disk.entries.push({ kind: 'desired', service: 'base', isWanted: false });
    reboot(it);
    expect(it.machine.processes.living().map(({ pid }) => pid)).toEqual([101, 102]);
    it.machine.crash();
    it.machine.processes.kill('base');
    it.machine.processes.kill('web');
    it.machine.boot();
    it.world.run();
    expect(statusOf(it, 'base')).toMatchObject({ stage: 'running', pid: 103 });
    expect(statusOf(it, 'web')).toMatchObject({ stage: 'running', pid: 104 });
  });
  it('ends a process whose service is gone from the configuration', () => {
    const configs = [run('web')];
    const it = up(configs);
    it.machine.herd('start', 'web');
    it.world.run();
    configs.pop();
    const before = it.world.now;
    reboot(it);
    expect(it.machine.processes.living()).toEqual([]);
    // Its SIGKILL is called off: nothing waits for the grace to be over.
    expect(it.world.now - before).toBeLessThan(1_000);
    expect(it.machine.logged('service.orphaned')).toMatchObject([{ service: 'web', pid: 101 }]);
  });
  it('starts the others where one leads back to itself through an aggregate, and says so', () => {
    const wanted = { isAutoStarted: true };
    const it = up(
      [{ ...run('site', 'fleet'), ...wanted }, { ...run('web', 'base'), ...wanted }, run('base')],
      {
        setUp: (turn, shepherd) =>
          turn.call(shepherd, 'registerAggregate', turn.spawn(makeGroup, 'fleet', ['site'])),
      },
    );
    expect(it.machine.processes.started).toEqual(['base', 'web']);
    expect(it.machine.logged('service.failed')).toEqual([
      { service: 'site', reason: 'site requires fleet requires site: a cycle' },
    ]);
  });
  it('serves nobody before it knows what runs', () => {
    const it = up([run('web')]);
    it.machine.crash();
    it.machine.boot();
    it.world.runFor(1);
    expect(it.machine.isUp).toBe(false);
    it.world.run();
    expect(it.machine.isUp).toBe(true);
  });
  it('remembers who is disabled', () => {
    const it = up([run('web')]);
    it.machine.herd('disable', 'web');
    it.world.run();
    reboot(it);
    expect(statusOf(it, 'web')?.isEnabled).toBe(false);
  });
});

describe('shutting down', () => {
  const chain = [run('base'), run('web', 'base'), run('db', 'base'), run('other')];
  const running = (more: Blueprint = {}) => {
    const it = up(chain, more);
    for (const name of ['web', 'db', 'other']) it.machine.herd('start', name);
    it.world.run();
    it.machine.lines.length = 0;
    return it;
  };
  it('stops dependents before what they require, and independent ones at once', () => {
    const it = running();
    for (const name of ['base', 'web', 'db', 'other'])
      it.machine.processes.programs.set(name, { stopMs: 1_000 });
    const before = it.world.now;
    const asked = shutDown(it);
    expect(asked.value?.result).toBe('changed');
    expect(asked.value?.rows.map(({ member }) => member)).toEqual(['base', 'web', 'db', 'other']);
    expect(it.machine.lines.at(-1)).toBe('A: Service base has been stopped.');
    expect(it.machine.processes.living()).toEqual([]);
    expect(it.world.now - before).toBeLessThan(2_200);
  });
  it('leaves the wishes: the next daemon brings everything back', () => {
    const it = running();
    shutDown(it);
    reboot(it);
    expect(it.machine.processes.living()).toHaveLength(4);
  });
  it('refuses new starts, also those that were accepted before but still wait', () => {
    const it = up([run('slow'), run('web', 'slow')]);
    it.machine.processes.programs.set('slow', { spawnMs: 500 });
    const waits = it.machine.herd('start', 'web');
    it.world.runFor(50);
    const over = it.machine.ask((turn, shepherd) =>
      turn.send(shepherd, 'shutDown', it.machine.printer(turn)),
    );
    it.world.runFor(50);
    const refused = it.machine.herd('start', 'web');
    it.world.run();
    expect(refused.error).toMatchObject({ code: 'shutting-down' });
    expect(waits.value?.result).toBe('superseded');
    expect(over.value?.result).toBe('changed');
    expect(it.machine.processes.living()).toEqual([]);
  });
  it('ends respawning at once', () => {
    const respawn = { limitCount: 5, limitWindowMs: 7_000, delayMs: 1, maxDelayMs: 10 };
    const it = up([{ ...run('base'), respawn }, run('top', 'base')], { rehearse: false });
    it.machine.herd('start', 'top');
    it.world.run();
    it.machine.processes.programs.set('top', { stopMs: 1_000 });
    const over = it.machine.ask((turn, shepherd) =>
      turn.send(shepherd, 'shutDown', it.machine.printer(turn)),
    );
    it.world.runFor(100);
    it.machine.processes.kill('base');
    it.world.run();
    expect(over.value?.result).toBe('changed');
    expect(it.machine.processes.started).toEqual(['base', 'top']);
  });
  it('kills what does not listen, and holds up nobody else', () => {
    const it = running({ rehearse: false });
    it.machine.processes.programs.set('other', { isStubborn: true });
    expect(shutDown(it).value?.result).toBe('changed');
    expect(it.machine.processes.living()).toEqual([]);
  });
  it('is asked for twice and done once', () => {
    const it = running();
    const asked = [1, 2].map(() =>
      it.machine.ask((turn, shepherd) => turn.send(shepherd, 'shutDown', it.machine.printer(turn))),
    );
    it.world.run();
    expect(asked[0]?.value).toEqual(asked[1]?.value);
    expect(it.machine.lines).toHaveLength(4);
  });
  it('of services that are stopped changes nothing', () => {
    const it = up([service({ provision: ['a'] })]);
    expect(shutDown(it).value).toEqual({ member: 'root', result: 'ok', rows: [] });
  });
});
