/** A service whose program makes another process: what it is until its PID file has named that, and afterwards. */
import { StartFailed, type ServiceConfig } from '@bellwether/shepherd';
import { describe, expect, it } from 'vitest';
import { program } from '../../support/shepherd-machine.ts';
import { ServiceRig } from '../../support/shepherd-service.ts';

const pidFile = { path: '/run/web.pid', timeoutMs: 5_000 };
const web = (given: Partial<ServiceConfig> = {}) =>
  program({ provision: ['web'], pidFile, ...given });
const begun = (config = web()) => {
  const rig = new ServiceRig(config);
  const asked = rig.perform('start');
  rig.spawned();
  const handOver = (pid: number): void => {
    rig.followers.at(-1)?.kept({ startId: 'e-1', pid });
    rig.settle();
  };
  return { rig, asked, handOver };
};

describe('a service with a PID file', () => {
  it('is starting until that names a process, which is its own from then on', () => {
    const { rig, asked, handOver } = begun();
    expect(rig.followed).toEqual(['/run/web.pid e-1']);
    expect(rig.status()).toMatchObject({ stage: 'starting', pid: 101 });
    handOver(777);
    expect(asked.value).toMatchObject({ result: 'changed', stage: 'running', pid: 777 });
    expect(rig.status()).toMatchObject({ pid: 777, pidFile: '/run/web.pid', readyMs: 5_000 });
    expect(rig.records.at(-1)).toMatchObject({ running: { startId: 'e-1', pid: 777 } });
    expect(rig.records.at(-1)).not.toMatchObject({ running: { handsOver: true } });
  });
  it('says in its record that it has not handed over yet', () => {
    const { rig } = begun();
    expect(rig.records.at(-1)).toMatchObject({ running: { pid: 101, handsOver: true } });
  });
  it('is asked whether it is ready once that process is there', () => {
    const ready = { kind: 'tcp', host: 'h', port: 1, timeoutMs: 1_000 } as const;
    const { rig, asked, handOver } = begun(web({ ready }));
    expect(rig.probed).toEqual([]);
    handOver(777);
    expect(rig.probed).toHaveLength(1);
    rig.answerProbes(true);
    expect(asked.value).toMatchObject({ stage: 'running', pid: 777 });
    expect(rig.status().readyMs).toBe(6_000);
  });
  it('whose file does not come is ended, and its start has failed with what was found', () => {
    const { rig, asked } = begun();
    const text = 'PID file /run/web.pid did not show up within 5 s';
    rig.followers.at(-1)?.broken(new StartFailed(text, { summary: 'its PID file did not …' }));
    rig.settle();
    expect(rig.signals).toEqual(['SIGTERM e-1']);
    rig.wait(5_000);
    expect(rig.signals).toEqual(['SIGTERM e-1', 'SIGKILL e-1']);
    rig.exit({ signal: 'SIGKILL' });
    expect(asked.value).toMatchObject({
      result: 'failed',
      reason: text,
      plainReason: 'its PID file did not …',
    });
  });
  it('is respawned when the process that was named dies', () => {
    const respawn = { limitCount: 2, limitWindowMs: 10_000, delayMs: 100, maxDelayMs: 250 };
    const { rig, handOver } = begun(web({ respawn }));
    handOver(777);
    rig.exit({ signal: 'SIGSEGV' });
    expect(rig.log.map(({ fields }) => fields['text'])).toContain(
      'Service web (PID 777) terminated with signal SIGSEGV.',
    );
    rig.wait(100);
    rig.spawned();
    expect(rig.followed).toEqual(['/run/web.pid e-1', '/run/web.pid e-2']);
  });
  it('that is stopped meanwhile is signalled, and what is named later changes nothing', () => {
    const { rig, asked, handOver } = begun();
    rig.perform('stop');
    expect(asked.value?.result).toBe('superseded');
    handOver(777);
    expect(rig.status()).toMatchObject({ stage: 'stopping', pid: 101 });
    rig.exit({ signal: 'SIGTERM' });
    expect(rig.status().stage).toBe('stopped');
  });
});
