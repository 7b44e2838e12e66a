/** How a service is stopped by a command, and how one stays up without a process. */
import { World } from '@bellwether/actors';
import { limits, type ServiceConfig } from '@bellwether/shepherd';
import { describe, expect, it } from 'vitest';
import { Machine, program, service } from '../../support/shepherd-machine.ts';

import { ServiceRig } from '../../support/shepherd-service.ts';

const run = { argv: ['down'] } as const;
const stop = { signal: 'SIGTERM', graceMs: 4_000, run } as const;
const web = (given: Partial<ServiceConfig> = {}) => program({ provision: ['web'], stop, ...given });
const running = (config = web()) => {
  const rig = new ServiceRig(config);
  rig.perform('start');
  rig.spawned();
  rig.commandsUnderWay = [];
  return rig;
};

describe('a command that stops a service', () => {
  it('is run before any signal, with the pid of its process and the grace', () => {
    const rig = running();
    const asked = rig.perform('stop');
    expect(rig.commands).toEqual([{ argv: ['down'], timeoutMs: 4_000 }]);
    expect(rig.commandEnv).toMatchObject({ MAINPID: '101' });
    expect(rig.signals).toEqual([]);
    rig.exit({ code: 0 });
    expect(asked).toEqual({});
    rig.endCommands({ code: 0, output: [] });
    expect(asked.value).toMatchObject({ result: 'changed', stage: 'stopped' });
    expect(asked.value?.output).toBeUndefined();
    expect(rig.signals).toEqual([]);
  });
  it('that leaves its process running is followed by the signal, and after the grace by SIGKILL', () => {
    const rig = running();
    const asked = rig.perform('stop');
    rig.endCommands({ code: 0, output: [] });
    expect(rig.signals).toEqual(['SIGTERM e-1']);
    rig.wait(4_000);
    expect(rig.signals).toEqual(['SIGTERM e-1', 'SIGKILL e-1']);
    rig.exit({ signal: 'SIGKILL' });
    expect(asked.value?.result).toBe('changed');
  });
  it('that fails stops it all the same, and is told in the words of GNU', () => {
    const rig = running(service({ provision: ['web'], stop }));
    const asked = rig.perform('stop');
    rig.endCommands({ code: 3, output: ['no such thing'] });
    const text = 'Service web might have failed to stop: its stop command exited with code 3.';
    expect(asked.value).toMatchObject({ result: 'changed', stage: 'stopped', output: [text] });
    expect(rig.log).toContainEqual({
      event: 'service.doubtful',
      fields: { service: 'web', text, output: ['no such thing'] },
    });
  });
  it('does not hide what its process has left, of which some are named and the others counted', () => {
    const rig = running();
    const asked = rig.perform('stop');
    const left = Array.from({ length: limits.leftNameCount + 2 }, (_, at) => `${at} (sleep)`);
    rig.exit({ code: 0, left });
    rig.endCommands({ code: 3, output: [] });
    const named = left.slice(0, limits.leftNameCount).join(', ');
    const text = `Service web has left behind process ${named} and 2 more.`;
    const doubt = 'Service web might have failed to stop: its stop command exited with code 3.';
    expect(asked.value?.output).toEqual([text, doubt]);
    expect(rig.log).toContainEqual({
      event: 'service.left-behind',
      fields: { service: 'web', text },
    });
  });
  it('names as many as it may, and is silent of none', () => {
    const rig = running(program({ provision: ['web'] }));
    const asked = rig.perform('stop');
    const left = Array.from({ length: limits.leftNameCount }, (_, at) => `${at} (sleep)`);
    rig.exit({ code: 0, left });
    expect(asked.value?.output?.[0]).toMatch(/\d \(sleep\)\.$/);
  });
  it('is not run for what is not up: a start that is called off, or that was not ready', () => {
    const rig = new ServiceRig(
      web({ ready: { kind: 'tcp', host: 'h', port: 1, timeoutMs: 1_000 } }),
    );
    rig.perform('start');
    rig.spawned();
    rig.perform('stop');
    expect(rig.commands).toEqual([]);
    expect(rig.signals).toEqual(['SIGTERM e-1']);
  });
  it('is not ended by the stop that it is part of, as custom actions are', () => {
    const actions = {
      test: { documentation: 'Tests.', kind: 'command', command: { argv: ['test'] } },
    } as const;
    const rig = running(web({ actions }));
    rig.perform('test');
    rig.perform('stop');
    // That of the action is e-2, that of the stop e-3.
    expect(rig.signals).toEqual(['SIGTERM e-2']);
  });
  it('makes a stop take twice its grace at most', () => {
    expect(running().status()).toMatchObject({ graceMs: 8_000, stopCommand: ['down'] });
  });
});

describe('a service that remains after its exit', () => {
  const net = web({ remainsAfterExit: true });
  const done = () => {
    const rig = running(net);
    rig.exit({ code: 0 });
    return rig;
  };
  it('is up once its start has run to its end, without a process', () => {
    const rig = running(net);
    expect(rig.state()).toBe('waking');
    rig.exit({ code: 0 });
    expect(rig.status()).toMatchObject({ stage: 'running', remainsAfterExit: true });
    expect(rig.status().pid).toBeUndefined();
  });
  it('whose start exits with another code has failed to start', () => {
    const rig = running(net);
    rig.exit({ code: 2 });
    expect(rig.status()).toMatchObject({
      stage: 'stopped',
      failure: { reason: 'its process exited with code 2' },
    });
  });
  it('is stopped by its command, and its record goes with that', () => {
    const rig = done();
    expect(rig.records.at(-1)).toMatchObject({ running: { startId: 'e-1', isDone: true } });
    const asked = rig.perform('stop');
    expect(rig.commands).toEqual([{ argv: ['down'], timeoutMs: 4_000 }]);
    expect(rig.commandEnv).not.toHaveProperty('MAINPID');
    rig.endCommands({ code: 0, output: [] });
    expect(asked.value?.stage).toBe('stopped');
    expect(rig.records).toContainEqual({ kind: 'ended', startId: 'e-1' });
  });

  const booted = (given: Partial<ServiceConfig> = {}) => {
    const world = new World(1);
    const machine = new Machine(world, 'A', {
      services: [
        program({ provision: ['net'], remainsAfterExit: true, isAutoStarted: true, ...given }),
      ],
    });
    machine.processes.programs.set('net', { ends: { afterMs: 50, ending: { code: 0 } } });
    machine.boot();
    world.runFor(1_000);
    const again = (lose: boolean): void => {
      if (lose) machine.losePower();
      else machine.crash();
      machine.boot();
      world.runFor(1_000);
    };
    return { world, machine, again };
  };
  it('is up for the next daemon, which does not run its start again', () => {
    const { machine, again, world } = booted();
    again(false);
    again(false);
    expect(machine.processes.started).toEqual(['net']);
    const asked = machine.herd('start', 'net');
    world.runFor(100);
    expect(asked.value).toMatchObject({ result: 'ok', stage: 'running' });
  });
  it('is started anew once the machine was switched off', () => {
    const { machine, again } = booted();
    again(true);
    expect(machine.processes.started).toEqual(['net', 'net']);
  });
});
