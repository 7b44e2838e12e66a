/** A service that is asked whether it is alive: when, and what follows where it is not. */
import type { Liveness, ServiceConfig } from '@bellwether/shepherd';
import { describe, expect, it } from 'vitest';
import { program } from '../../support/shepherd-machine.ts';
import { ServiceRig } from '../../support/shepherd-service.ts';

const live: Liveness = {
  probe: { kind: 'http', url: 'http://h/', timeoutMs: 2_000 },
  everyMs: 10_000,
  failureCount: 2,
};
const respawn = { limitCount: 2, limitWindowMs: 10_000, delayMs: 100, maxDelayMs: 250 };
const web = (given: Partial<ServiceConfig> = {}) =>
  program({ provision: ['web'], live, respawn, ...given });
const running = (config = web()) => {
  const rig = new ServiceRig(config);
  rig.perform('start');
  rig.spawned();
  return rig;
};

describe('a service that is asked whether it is alive', () => {
  it('is asked first within a pause, not before half of one, and then a pause after each answer', () => {
    const rig = running();
    rig.wait(4_999);
    expect(rig.probed).toEqual([]);
    rig.wait(5_001);
    expect(rig.probed).toEqual(['http://h/ 2000']);
    rig.wait(60_000);
    expect(rig.probed).toHaveLength(1);
    rig.answerProbes(true);
    rig.wait(9_999);
    expect(rig.probed).toHaveLength(1);
    rig.wait(1);
    expect(rig.probed).toHaveLength(2);
  });
  it('of another name is asked first at another time', () => {
    const firstOf = (name: string): number => {
      const rig = running(web({ provision: [name] }));
      while (rig.probed.length === 0) rig.wait(10);
      return rig.world.now;
    };
    expect(new Set(['a', 'b', 'c', 'd'].map(firstOf)).size).toBeGreaterThan(1);
  });
  it('goes on after one check fewer than may fail, and is ended by the last of so many in a row', () => {
    const rig = running();
    const fails = (isAlive: boolean): void => {
      rig.wait(10_000);
      rig.answerProbes(isAlive);
    };
    fails(false);
    expect(rig.status().live).toEqual({
      failureCount: 1,
      limitCount: 2,
      checkedAt: rig.world.now,
    });
    fails(true);
    fails(false);
    expect(rig.signals).toEqual([]);
    fails(false);
    expect(rig.signals).toEqual(['SIGTERM e-1']);
    expect(rig.log.map(({ fields }) => fields['text'])).toContain(
      'Service web (PID 101) is not alive any more: 2 checks in a row have failed.',
    );
    rig.wait(5_000);
    expect(rig.signals).toEqual(['SIGTERM e-1', 'SIGKILL e-1']);
    rig.exit({ signal: 'SIGKILL' });
    rig.wait(100);
    rig.spawned();
    expect(rig.status()).toMatchObject({
      stage: 'running',
      pid: 102,
      live: { failureCount: 0, limitCount: 2 },
    });
  });
  it('is not asked while it starts or stops, and what it answers then counts for nothing', () => {
    const rig = running();
    rig.wait(10_000);
    const stopped = rig.perform('stop');
    rig.answerProbes(false);
    rig.wait(60_000);
    expect(rig.probed).toHaveLength(1);
    expect(rig.status().live).toBeUndefined();
    rig.exit({ signal: 'SIGTERM' });
    expect(stopped.value?.result).toBe('changed');
  });
  it('by a command has that ended with it', () => {
    const command = { argv: ['ping'] } as const;
    const probe = { kind: 'exec', command, timeoutMs: 1_000 } as const;
    const rig = running(web({ live: { ...live, probe } }));
    rig.wait(10_000);
    expect(rig.probed).toEqual(['e-1: ping 1000']);
    rig.perform('stop');
    expect(rig.forgotten).toEqual(['e-1']);
  });
});
