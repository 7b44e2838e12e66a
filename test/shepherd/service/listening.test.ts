/** A service with sockets: what it is before somebody comes, and when they are closed. */
import { StartFailed, type ServiceConfig, type SocketConfig } from '@bellwether/shepherd';
import { describe, expect, it } from 'vitest';
import { program } from '../../support/shepherd-machine.ts';
import { ServiceRig } from '../../support/shepherd-service.ts';

const socket: SocketConfig = {
  name: 'http',
  place: { family: 6, host: '::1', port: 80 },
  style: 'stream',
  backlog: 128,
  bindAttempts: 5,
  mode: 0o666,
  folderMode: 0o755,
};
const respawn = { limitCount: 2, limitWindowMs: 10_000, delayMs: 100, maxDelayMs: 250 };
const web = (given: Partial<ServiceConfig> = {}) =>
  program({ provision: ['web'], sockets: [socket], isLazy: true, respawn, ...given });
const begun = (config = web()) => {
  const rig = new ServiceRig(config);
  const asked = rig.perform('start');
  const listens = (): void => {
    rig.listening.at(-1)?.kept(undefined);
    rig.settle();
  };
  const comes = (): void => {
    for (const each of rig.connections.splice(0)) each.kept(undefined);
    rig.settle();
  };
  return { rig, asked, listens, comes };
};

describe('a lazy service with sockets', () => {
  it('is up as soon as they listen, and its process begins when somebody comes', () => {
    const { rig, asked, listens, comes } = begun();
    expect(rig.sockets).toEqual(['[::1]:80']);
    expect(rig.status().stage).toBe('starting');
    listens();
    expect(asked.value).toMatchObject({ result: 'changed', stage: 'running' });
    expect(rig.status().endpoints).toEqual([{ name: 'http', address: '[::1]:80' }]);
    expect(rig.forks).toHaveLength(0);
    comes();
    rig.spawned();
    expect(rig.status()).toMatchObject({ stage: 'running', pid: 101 });
  });
  it('waits for the next one when its process has ended, with its sockets open', () => {
    const { rig, listens, comes } = begun();
    listens();
    comes();
    rig.spawned();
    rig.exit({ code: 0 });
    rig.wait(100);
    listens();
    expect(rig.status().stage).toBe('running');
    expect(rig.status().pid).toBeUndefined();
    expect(rig.sockets).toEqual(['[::1]:80', '[::1]:80']);
    comes();
    expect(rig.forks).toHaveLength(2);
  });
  it('whose process dies again and again is disabled, and its sockets are closed', () => {
    const { rig, listens, comes } = begun();
    for (let death = 0; death < 3; death += 1) {
      listens();
      comes();
      rig.spawned();
      rig.exit({ code: 1 });
      rig.wait(250);
    }
    expect(rig.status()).toMatchObject({ stage: 'stopped', isEnabled: false });
    expect(rig.sockets.at(-1)).toBe('closed');
  });
  it('is stopped before somebody has come, and its sockets are closed', () => {
    const { rig, listens, comes } = begun();
    listens();
    const stopped = rig.perform('stop');
    expect(stopped.value).toMatchObject({ result: 'changed', stage: 'stopped' });
    expect(rig.sockets).toContain('closed');
    comes();
    expect(rig.forks).toHaveLength(0);
  });
  it('that is stopped before they listen starts nothing afterwards', () => {
    const { rig, listens } = begun();
    const stopped = rig.perform('stop');
    listens();
    expect(stopped.value).toMatchObject({ result: 'changed', stage: 'stopped' });
    expect(rig.sockets.at(-1)).toBe('closed');
  });
  it('whose sockets cannot be had has failed to start, and says why', () => {
    const { rig, asked } = begun();
    rig.listening.at(-1)?.broken(new StartFailed('socket [::1]:80: taken', { summary: 'taken' }));
    rig.settle();
    expect(asked.value).toMatchObject({ result: 'failed', reason: 'socket [::1]:80: taken' });
  });
});

describe('a service with sockets that is not lazy', () => {
  it('has its process at once, and its sockets closed once that is stopped', () => {
    const { isLazy: _lazy, ...eager } = web();
    const { rig, asked, listens } = begun(eager);
    listens();
    rig.spawned();
    expect(asked.value).toMatchObject({ stage: 'running', pid: 101 });
    rig.perform('stop');
    expect(rig.sockets).toEqual(['[::1]:80']);
    rig.exit({ signal: 'SIGTERM' });
    expect(rig.sockets).toContain('closed');
  });
});
