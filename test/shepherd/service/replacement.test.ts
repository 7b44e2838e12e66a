/** A `^service` that is described anew while it is in each of its states. */
import { describe, expect, it } from 'vitest';
import type { ServiceConfig } from '@bellwether/shepherd';
import { digestOf } from '../../../packages/shepherd/src/digest.ts';
import { program, service } from '../../support/shepherd-machine.ts';
import { ServiceRig } from '../../support/shepherd-service.ts';

const respawn = { limitCount: 5, limitWindowMs: 7_000, delayMs: 100, maxDelayMs: 100 };
const reopen = { kind: 'signal', signal: 'SIGHUP', documentation: 'Reopens its log.' } as const;
const old = program({ provision: ['web'], actions: { reopen } });
const anew: ServiceConfig = {
  ...old,
  start: { argv: ['run', 'web', '--fast'] },
  documentation: 'Faster.',
  actions: {},
};
const revise = (rig: ServiceRig, config: ServiceConfig) =>
  rig.ask((turn, each) => turn.call(each, 'revise', config));
const running = (config: ServiceConfig = old) => {
  const rig = new ServiceRig(config);
  rig.perform('start');
  rig.spawned();
  return rig;
};
const shown = (rig: ServiceRig) => {
  const { stage, command, documentation, actions, hasReplacement } = rig.status();
  return [stage, command?.at(-1), documentation, actions.length, hasReplacement === true];
};

describe('a service that is described anew', () => {
  it('while it is stopped is the new one at once', () => {
    const rig = new ServiceRig(old);
    revise(rig, anew);
    expect(shown(rig)).toEqual(['stopped', '--fast', 'Faster.', 0, false]);
  });
  it('while it runs stays what it is, with its actions, until it is restarted', () => {
    const rig = running();
    revise(rig, anew);
    expect(shown(rig)).toEqual(['running', 'web', '', 1, true]);
    expect(rig.perform('reopen').value?.result).toBe('changed');
    expect(rig.signals).toEqual(['SIGHUP e-1']);
    rig.perform('stop');
    expect(rig.status().hasReplacement).toBe(true);
    rig.exit({ signal: 'SIGTERM' });
    expect(shown(rig)).toEqual(['stopped', '--fast', 'Faster.', 0, false]);
    expect(rig.perform('reopen').error).toMatchObject({ code: 'unknown-action' });
  });
  it('while it runs has other labels at once, and no replacement for that alone', () => {
    const rig = running({ ...old, labels: { role: 'web' } });
    expect(rig.status().labels).toEqual({ role: 'web' });
    revise(rig, { ...old, labels: { role: 'db', canary: '' } });
    expect(rig.status()).toMatchObject({ labels: { role: 'db', canary: '' } });
    expect(rig.status().hasReplacement).toBeUndefined();
    revise(rig, anew);
    expect([rig.status().labels, rig.status().hasReplacement]).toEqual([undefined, true]);
  });
  it('while it runs is stopped in the old way', () => {
    const rig = running({ ...old, stop: { signal: 'SIGINT', graceMs: 1_000 } });
    revise(rig, { ...old, stop: { signal: 'SIGQUIT', graceMs: 9_000 } });
    rig.perform('stop');
    rig.wait(1_000);
    expect(rig.signals).toEqual(['SIGINT e-1', 'SIGKILL e-1']);
  });
  it.each(['spawning', 'waking'])('while it is %s has its replacement pending', (state) => {
    const slow = { ...old, ready: { kind: 'tcp', host: 'h', port: 1, timeoutMs: 1_000 } } as const;
    const rig = new ServiceRig(slow);
    rig.perform('start');
    if (state === 'waking') rig.spawned();
    revise(rig, { ...slow, documentation: 'Other.' });
    expect(rig.status()).toMatchObject({ documentation: '', hasReplacement: true });
    if (state === 'spawning') rig.spawned();
    rig.answerProbes(true);
    expect(rig.status()).toMatchObject({ stage: 'running', hasReplacement: true });
  });
  it('is respawned as the new one', () => {
    const rig = running({ ...old, respawn });
    revise(rig, { ...anew, respawn });
    rig.exit({ code: 1 });
    expect(shown(rig)).toEqual(['starting', '--fast', 'Faster.', 0, false]);
    rig.wait(100);
    rig.spawned();
    expect(rig.status()).toMatchObject({ stage: 'running', respawnCount: 1 });
  });
  it('is respawned after a death if the new one says so, and only then', () => {
    for (const [before, after, stage] of [
      [old, { ...old, respawn }, 'starting'],
      [{ ...old, respawn }, old, 'stopped'],
    ] as const) {
      const rig = running(before);
      revise(rig, after);
      rig.exit({ code: 1 });
      expect(rig.status().stage).toBe(stage);
    }
  });
  it('as what it was has no replacement any more', () => {
    const rig = running();
    revise(rig, anew);
    revise(rig, { ...old });
    expect(shown(rig)).toEqual(['running', 'web', '', 1, false]);
  });
  it('the last description wins', () => {
    const rig = running();
    revise(rig, anew);
    revise(rig, { ...anew, documentation: 'Fastest.' });
    rig.exit({ code: 0 });
    expect(rig.status().documentation).toBe('Fastest.');
  });
  it('requires at once what it requires now, and a restart would change nothing', () => {
    const rig = running();
    revise(rig, { ...old, requirement: ['db'], provision: ['web', 'www'], isAutoStarted: true });
    expect(rig.status()).toMatchObject({ requirement: ['db'], provision: ['web', 'www'] });
    expect(rig.status().hasReplacement).toBeUndefined();
  });
  it('keeps a flag that refuses its start', () => {
    const rig = running();
    rig.perform('disable');
    revise(rig, anew);
    rig.exit({ code: 0 });
    expect(rig.status()).toMatchObject({ isEnabled: false, documentation: 'Faster.' });
    expect(rig.perform('start').value).toMatchObject({ result: 'failed' });
  });
  it('is another version of itself, since its status differs', () => {
    const rig = running();
    const before = rig.status().version?.sequence ?? 0;
    revise(rig, anew);
    expect(rig.status().version?.sequence).toBeGreaterThan(before);
  });
  it.each([
    ['its own command', old.start, undefined],
    ['another command', { argv: ['run', 'other'] } as const, true],
  ])('and adopts a process that was made from %s', (_what, command, hasReplacement) => {
    const rig = new ServiceRig(old);
    rig.ask((turn, each) =>
      turn.call(each, 'adopt', {
        startId: 'old',
        pid: 9,
        ended: turn.vow<never>().vow,
        madeFrom: digestOf(command),
      }),
    );
    expect(rig.status()).toMatchObject({ stage: 'running', pid: 9 });
    expect(rig.status().hasReplacement).toBe(hasReplacement);
  });
  it('without a process takes its replacement when it is stopped', () => {
    const rig = new ServiceRig(service({ provision: ['web'] }));
    rig.perform('start');
    revise(rig, old);
    expect(rig.status()).toMatchObject({ stage: 'running', hasReplacement: true });
    rig.perform('stop');
    rig.perform('start');
    rig.spawned();
    expect(rig.status()).toMatchObject({ pid: 101, command: ['run', 'web'] });
  });
});
