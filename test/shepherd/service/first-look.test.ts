/** Who answers for a service before its process can: that is not the service. */
import { describe, expect, it } from 'vitest';
import type { Readiness, ServiceConfig, SocketConfig } from '@bellwether/shepherd';
import { limits } from '../../../packages/shepherd/src/limits.ts';
import { program } from '../../support/shepherd-machine.ts';
import { ServiceRig } from '../../support/shepherd-service.ts';

const { firstLookMs, livedOnMs } = limits;
const http: Readiness = { kind: 'http', url: 'http://127.0.0.1:18181/', timeoutMs: 20_000 };
const tcp: Readiness = { kind: 'tcp', host: '127.0.0.1', port: 18_181, timeoutMs: 20_000 };
const web = (ready: Readiness = http, more: Partial<ServiceConfig> = {}): ServiceConfig =>
  program({ provision: ['web'], ready, ...more });
/** A service whose process is there, and who answered before that. */
const started = (config: ServiceConfig, before: boolean) => {
  const rig = new ServiceRig(config);
  rig.before = before;
  const asked = rig.perform('start');
  rig.spawned();
  return { rig, asked };
};
/** Lets time go by in which every question is answered so. */
const answered = (rig: ServiceRig, isReady: boolean, ms: number): void => {
  for (let left = ms; left > 0; left -= 1) {
    rig.answerProbes(isReady);
    rig.wait(1);
  }
  rig.answerProbes(isReady);
};

describe.each([
  ['a URL', http],
  ['a port', tcp],
] as const)('%s that nobody answers at before the process is there', (_what, ready) => {
  it('is believed at its first yes', () => {
    const { rig, asked } = started(web(ready), false);
    rig.answerProbes(true);
    expect(asked.value).toMatchObject({ result: 'changed', stage: 'running' });
    expect(rig.complaints()).toEqual([]);
  });
});

describe.each([
  ['a URL', http, 'http://127.0.0.1:18181/'],
  ['a port', tcp, '127.0.0.1:18181'],
] as const)('%s that answers before the process is there', (_what, ready, target) => {
  it('fails the start where the process ends by then, and says whose it may be', () => {
    const { rig, asked } = started(web(ready), true);
    answered(rig, true, 50);
    expect(rig.state()).toBe('waking');
    rig.exit({ code: 1 });
    expect(asked.value).toMatchObject({
      result: 'failed',
      stage: 'stopped',
      reason:
        `its process exited with code 1; ${target} had answered before it was started, so that port may be another ` +
        `program's ('ss -ltnp' tells whose)`,
      plainReason: 'its process exited with code 1; another program may have its port',
    });
    expect(rig.complaints()).toEqual([]);
  });
  it('is believed of a process that has lived on with it for 3 s, and of none that ends by then', () => {
    const soon = started(web(ready), true);
    answered(soon.rig, true, livedOnMs - 1);
    expect(soon.rig.state()).toBe('waking');
    soon.rig.exit({ code: 1 });
    expect(soon.asked.value).toMatchObject({ result: 'failed' });
    const late = started(web(ready), true);
    answered(late.rig, true, livedOnMs);
    expect(late.asked.value).toMatchObject({ result: 'changed', stage: 'running' });
    late.rig.exit({ code: 1 });
    expect(late.rig.status().lastExit).toMatchObject({ code: 1 });
  });
  it('is believed at once after a no: whoever it was has gone', () => {
    const { rig, asked } = started(web(ready), true);
    answered(rig, true, 200);
    answered(rig, false, 200);
    answered(rig, true, 500);
    expect(asked.value).toMatchObject({ result: 'changed', stage: 'running' });
  });
  it('and goes away is not named where the process ends later', () => {
    const { rig, asked } = started(web(ready), true);
    answered(rig, true, 200);
    answered(rig, false, 500);
    rig.exit({ code: 1 });
    expect(asked.value?.reason).toBe('its process exited with code 1');
  });
  it('is told in the log, with what follows', () => {
    const { rig } = started(web(ready), true);
    expect(rig.log.filter(({ event }) => event === 'service.doubted')).toEqual([
      {
        event: 'service.doubted',
        fields: {
          service: 'web',
          text:
            `Service web: ${target} answers, and did before its process was started; ` +
            `that counts once the process has lived on for 3 s.`,
        },
      },
    ]);
  });
  it('is believed of a process that has lived for all the time in which it was to become ready', () => {
    const { rig, asked } = started(web({ ...ready, timeoutMs: 1_000 }), true);
    answered(rig, true, 999);
    expect(rig.state()).toBe('waking');
    answered(rig, true, 1);
    expect(asked.value).toMatchObject({ result: 'changed', stage: 'running' });
  });
});

describe('the look before a process is there', () => {
  it('is over before the process is started', () => {
    const rig = new ServiceRig(web());
    rig.before = undefined;
    rig.perform('start');
    expect(rig.probed).toEqual(['http://127.0.0.1:18181/ 2000']);
    expect(rig.forks).toEqual([]);
    rig.answerProbes(false);
    expect(rig.forks).toHaveLength(1);
  });
  it('holds a start up for 100 ms at most, and counts also when it comes later', () => {
    const rig = new ServiceRig(web());
    rig.before = undefined;
    const asked = rig.perform('start');
    rig.wait(firstLookMs - 1);
    expect(rig.forks).toEqual([]);
    rig.wait(1);
    expect(rig.forks).toHaveLength(1);
    rig.spawned();
    rig.wait(200);
    expect(rig.probed).toHaveLength(1);
    rig.answerProbes(true);
    rig.answerProbes(true);
    expect(rig.state()).toBe('waking');
    rig.exit({ code: 1 });
    expect(asked.value?.reason).toContain('had answered before it was started');
  });
  it('that cannot be made is no reason to doubt', () => {
    const rig = new ServiceRig(web());
    rig.before = undefined;
    const asked = rig.perform('start');
    for (const answer of rig.probes.splice(0)) answer.broken(new TypeError('no URL'));
    rig.settle();
    rig.spawned();
    rig.answerProbes(true);
    expect(asked.value).toMatchObject({ result: 'changed' });
  });
  it('starts nothing where a stop came meanwhile', () => {
    const rig = new ServiceRig(web());
    rig.before = undefined;
    const asked = rig.perform('start');
    const halted = rig.perform('stop');
    rig.answerProbes(false);
    expect(rig.forks).toEqual([]);
    expect(asked.value).toMatchObject({ result: 'superseded' });
    expect(halted.value).toMatchObject({ result: 'changed', stage: 'stopped' });
    rig.wait(10_000);
    expect([rig.state(), rig.world.pendingCount]).toEqual(['stopped', 0]);
  });
  it('is made for each start anew, that of a respawn as well', () => {
    const respawn = { limitCount: 5, limitWindowMs: 7_000, delayMs: 300, maxDelayMs: 1_000 };
    const { rig } = started(web(http, { respawn }), false);
    rig.answerProbes(true);
    rig.before = true;
    rig.exit({ code: 1 });
    rig.wait(300);
    rig.spawned();
    answered(rig, true, livedOnMs - 1);
    expect(rig.state()).toBe('waking');
    answered(rig, true, 1);
    expect(rig.state()).toBe('running');
  });
  it('is made of no process that was adopted: that one was there before the question', () => {
    const rig = new ServiceRig(web());
    rig.before = undefined;
    rig.ask((turn, service) =>
      turn.call(service, 'adopt', { startId: 'old', pid: 9, ended: turn.vow<never>().vow }),
    );
    rig.answerProbes(true);
    expect(rig.state()).toBe('running');
  });
  it.each([
    { kind: 'notify', descriptor: 3, timeoutMs: 20_000 },
    { kind: 'log', text: 'Up', timeoutMs: 20_000 },
    { kind: 'exec', command: { argv: ['ask'] }, timeoutMs: 20_000 },
  ] as const)('is not made of $kind', (ready) => {
    const { rig, asked } = started(web(ready), true);
    rig.answerProbes(true);
    expect(asked.value).toMatchObject({ result: 'changed', stage: 'running' });
  });
});

describe('a service whose sockets the shepherd holds', () => {
  const at = (port: number): SocketConfig => ({
    name: 'web',
    place: { family: 4, host: '127.0.0.1', port },
    style: 'stream',
    backlog: 128,
    bindAttempts: 3,
    mode: 0o600,
    folderMode: 0o700,
  });
  /** Whether the first yes of its process counts. */
  const isBelieved = (ready: Readiness, socket: SocketConfig): boolean => {
    const rig = new ServiceRig(web(ready, { sockets: [socket] }));
    rig.before = true;
    const asked = rig.perform('start');
    rig.listening[0]?.kept(undefined);
    rig.settle();
    rig.spawned();
    rig.answerProbes(true);
    return asked.value?.result === 'changed';
  };
  it('is believed at once where it is asked at one of these', () => {
    expect(isBelieved(http, at(18_181))).toBe(true);
    expect(isBelieved(tcp, at(18_181))).toBe(true);
    expect(isBelieved({ ...http, url: 'http://127.0.0.1/' }, at(80))).toBe(true);
    expect(isBelieved({ ...http, url: 'https://127.0.0.1/' }, at(443))).toBe(true);
  });
  it('is looked at before where it is asked elsewhere', () => {
    expect(isBelieved(http, at(18_182))).toBe(false);
    const unix: SocketConfig = { ...at(0), place: { family: 'unix', host: '/run/w', port: 0 } };
    expect(isBelieved(tcp, unix)).toBe(false);
  });
});
