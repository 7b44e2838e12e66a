/** Starts whose process does not come to run its program. */
import { World } from '@bellwether/actors';
import type { LocalStatus, ServiceConfig } from '@bellwether/shepherd';
import { describe, expect, it } from 'vitest';
import { limits } from '../../../packages/shepherd/src/limits.ts';
import { Machine, program, service } from '../../support/shepherd-machine.ts';
import { ServiceRig } from '../../support/shepherd-service.ts';

const stop = { signal: 'SIGTERM', graceMs: 4_000 } as const;
const web = (given: Partial<ServiceConfig> = {}) => program({ provision: ['web'], stop, ...given });
const starting = (given: Partial<ServiceConfig> = {}) => {
  const rig = new ServiceRig(web(given));
  return { rig, asked: rig.perform('start') };
};

describe('a start that does not come to run its program', () => {
  it(`is looked at after ${limits.hangMs} ms, and shown to hang from then on`, () => {
    const { rig } = starting();
    rig.wait(limits.hangMs - 1);
    expect(rig.status().hang).toBeUndefined();
    rig.wait(1);
    expect(rig.looks).toEqual(['e-1']);
    expect(rig.status()).toMatchObject({
      stage: 'starting',
      hang: { pid: 101, at: 'its program' },
    });
    rig.spawned();
    expect(rig.status()).toMatchObject({ stage: 'running', pid: 101 });
    expect(rig.status().hang).toBeUndefined();
  });
  it('is killed by a stop once the grace is over, though nobody has told of its process', () => {
    const { rig } = starting();
    const asked = rig.perform('stop');
    rig.wait(3_999);
    expect(rig.signals).toEqual([]);
    rig.wait(1);
    expect(rig.signals).toEqual(['SIGKILL e-1']);
    rig.spawned();
    rig.exit({ signal: 'SIGKILL' });
    expect(asked.value).toMatchObject({ result: 'changed', stage: 'stopped' });
    expect(rig.complaints()).toEqual([]);
  });
  it('that runs it within the grace of a stop is stopped as ever, with a grace of its own', () => {
    const { rig } = starting();
    rig.perform('stop');
    rig.wait(2_000);
    rig.spawned();
    rig.wait(3_999);
    expect(rig.signals).toEqual(['SIGTERM e-1']);
    rig.wait(1);
    expect(rig.signals).toEqual(['SIGTERM e-1', 'SIGKILL e-1']);
  });
  it.each([limits.hangMs, 3 * limits.hangMs])(
    'fails when its deadline of %i ms is over, and is killed',
    (timeoutMs) => {
      const ready = { kind: 'tcp', host: 'h', port: 1, timeoutMs } as const;
      const { rig, asked } = starting({ ready });
      rig.wait(timeoutMs - 1);
      expect(rig.state()).toBe('spawning');
      rig.wait(1);
      expect(rig.state()).toBe('cancelling');
      rig.wait(4_000);
      expect(rig.signals).toEqual(['SIGKILL e-1']);
      rig.spawned();
      rig.exit({ signal: 'SIGKILL' });
      const reason = `its program was not run within ${timeoutMs / 1_000} s`;
      expect(asked.value).toMatchObject({ result: 'failed', stage: 'stopped', reason });
    },
  );
  it('is not looked at any more where a stop and another start came before', () => {
    const { rig } = starting();
    rig.perform('stop');
    rig.spawned();
    rig.exit({ signal: 'SIGTERM' });
    rig.perform('start');
    rig.spawned();
    rig.wait(10 * limits.hangMs);
    expect(rig.looks).toEqual([]);
  });
});

describe('a start that an earlier daemon has left hanging', () => {
  const statusOf = (world: World, machine: Machine, name: string) => {
    const asked = machine.ask((turn, shepherd) => turn.call(shepherd, 'status', name));
    world.runFor(5);
    return asked.value as LocalStatus | undefined;
  };
  const machineWith = (given: Partial<ServiceConfig> = {}) => {
    const world = new World(1);
    const services = [web(given), service({ provision: ['db'] })];
    const machine = new Machine(world, 'A', { services });
    machine.processes.programs.set('web', { hangs: true });
    machine.boot();
    world.run();
    machine.herd('start', 'web');
    machine.herd('start', 'db');
    world.runFor(1_000);
    machine.crash();
    machine.boot();
    world.runFor(1_000);
    return { world, machine };
  };
  it('holds up neither the next daemon nor another service, and is shown as starting', () => {
    const { world, machine } = machineWith();
    expect(machine.isUp).toBe(true);
    expect(statusOf(world, machine, 'db')?.stage).toBe('running');
    expect(statusOf(world, machine, 'web')?.stage).toBe('starting');
    world.runFor(limits.hangMs);
    expect(statusOf(world, machine, 'web')).toMatchObject({ hang: { at: 'its program' } });
    expect(machine.processes.living('web')).toHaveLength(1);
  });
  it('is killed by a stop of the next daemon', () => {
    const { world, machine } = machineWith();
    const asked = machine.herd('stop', 'web');
    world.runFor(5_000);
    expect(asked.value).toMatchObject({ result: 'changed' });
    expect(machine.processes.living('web')).toEqual([]);
    expect(statusOf(world, machine, 'web')?.stage).toBe('stopped');
  });
  it('is the start of whoever asks for one', () => {
    const { world, machine } = machineWith();
    const asked = machine.herd('start', 'web');
    world.runFor(1_000);
    expect(asked.value).toBeUndefined();
    expect(machine.processes.living('web')).toHaveLength(1);
  });
});
