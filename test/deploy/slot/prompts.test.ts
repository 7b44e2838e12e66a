/** What is written down of why a slot starts and stops its service, and that the next daemon knows it. */
import { World } from '@bellwether/actors';
import { localRoot, type LocalStatus, type Prompt } from '@bellwether/shepherd';
import { describe, expect, it } from 'vitest';
import { release, shortRules, SlotMachine } from '../../support/slot-machine.ts';

const [one, two] = [release('1'), release('2')];
const up = (asker = localRoot) => {
  const world = new World(1);
  const machine = new SlotMachine(world, 'A', shortRules, true);
  const boot = (): void => {
    machine.boot();
    world.runFor(500);
  };
  boot();
  const act = (operation: string, action: string, args: readonly string[]): void => {
    machine.act(action, args, { operation, principal: asker });
    world.runFor(3_000);
  };
  const look = (name = 'web'): LocalStatus => {
    const asked = machine.ask((turn, shepherd) =>
      turn.send(shepherd, 'probe', name, 1_000, [], { principal: localRoot }),
    );
    world.runFor(100);
    if (asked.value?.kind !== 'local') throw asked.error ?? new Error('no answer');
    return asked.value;
  };
  const again = (): void => {
    machine.crash();
    boot();
    world.runFor(3_000);
  };
  machine.bring(world, one);
  machine.bring(world, two);
  return { world, machine, act, look, again };
};
const by = (operation: string, action: string): Partial<Prompt> => ({
  ...{ kind: 'deploy', asker: 'root', operation, action, service: 'web' },
});

describe('a release', () => {
  it('is what its service, and what that requires, is started for, and stopped, also to the next daemon', () => {
    const it = up();
    it.act('op-1', 'deploy', [one.digest, 'no-confirm']);
    expect(it.look()).toMatchObject({ stage: 'running', startedBy: by('op-1', 'deploy') });
    expect(it.look().stoppedBecause).toBeUndefined();
    expect(it.look('networking').startedBy).toMatchObject(by('op-1', 'deploy'));
    it.act('op-2', 'deploy', [two.digest, 'no-confirm']);
    const both = { startedBy: by('op-2', 'deploy'), stoppedBecause: by('op-2', 'deploy') };
    expect(it.look()).toMatchObject(both);
    it.again();
    expect(it.look()).toMatchObject(both);
    it.act('op-3', 'rollback', []);
    const back = { startedBy: by('op-3', 'rollback'), stoppedBecause: by('op-3', 'rollback') };
    expect(it.look()).toMatchObject(back);
    expect(it.machine.running()).toEqual([one.digest]);
  });
  it('that is not well is what the old one is started for again, by the deploy that went wrong', () => {
    const it = up();
    it.act('op-1', 'deploy', [one.digest, 'no-confirm']);
    it.machine.probes.isReady = (url) => !url.endsWith('/2');
    it.act('op-2', 'deploy', [two.digest, 'no-confirm']);
    it.world.runFor(25_000);
    expect(it.machine.running()).toEqual([one.digest]);
    const both = { startedBy: by('op-2', 'deploy'), stoppedBecause: by('op-2', 'deploy') };
    expect(it.look()).toMatchObject(both);
  });
  it('that was being switched to is what it was stopped for, also where its daemon was killed at that', () => {
    const it = up();
    it.act('op-1', 'deploy', [one.digest, 'no-confirm']);
    it.machine.act('deploy', [two.digest, 'no-confirm'], { operation: 'op-2' });
    while (it.machine.processes.living('web').length > 0) it.world.step();
    it.again();
    expect(it.machine.running()).toEqual([two.digest]);
    const how = { startedBy: { kind: 'boot' }, stoppedBecause: by('op-2', 'deploy') };
    expect(it.look()).toMatchObject(how);
  });
});
