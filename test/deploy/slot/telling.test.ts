/** What whoever may deploy is told of why a release is not well: nothing of the machine but what the release says. */
import { World } from '@bellwether/actors';
import { StartFailed } from '@bellwether/shepherd';
import { expect, it } from 'vitest';
import { release, shortRules, SlotMachine, type Made } from '../../support/slot-machine.ts';

const one = release('1');
const found = 'exec: polish: no such file; looked in PATH /home/owner/private/bin';
const summary = 'exec: its program: no such file';
const up = (): { readonly world: World; readonly machine: SlotMachine } => {
  const world = new World(1);
  const machine = new SlotMachine(world, 'A', shortRules, true);
  machine.boot();
  world.runFor(500);
  return { world, machine };
};
/** What a deploy of it comes to, all that the record has then, and what was logged for the owner of the machine. */
const told = ({ world, machine }: ReturnType<typeof up>, made: Made) => {
  machine.bring(world, made);
  const deploy = machine.act('deploy', [made.digest, 'no-confirm']);
  world.runFor(24_000);
  const listed = machine.act('releases');
  world.runFor(100);
  return {
    reason: deploy.value?.reason ?? deploy.error?.message ?? '',
    all: JSON.stringify([deploy.value, machine.record(), listed.value]),
    log: machine.log.map((entry) => JSON.stringify(entry)),
  };
};

it('of a program that is not there it is told that, and its owner where it was looked for', () => {
  const rig = up();
  rig.machine.processes.behaves = ({ service }) =>
    service === 'web' ? { refusal: found, summary } : undefined;
  const { reason, all, log } = told(rig, one);
  expect(reason).toContain(summary);
  expect(all).not.toContain('private');
  expect(log.filter((line) => line.includes('/home/owner/private/bin'))).not.toEqual([]);
});
it('of a check whose command is not there likewise, and its owner once', () => {
  const rig = up();
  rig.machine.probes.broken.set('exec polish', new StartFailed(found, { summary }));
  const made = release('2', { checks: [{ exec: ['polish'], timeoutMs: 500 }] });
  const { reason, all, log } = told(rig, made);
  expect(reason).toContain(`its check 'polish' says no (${summary})`);
  expect(all).not.toContain('private');
  expect(log.filter((line) => line.includes('/home/owner/private/bin'))).toHaveLength(1);
});
it('of what its service requires no more than that it is not up', () => {
  const rig = up();
  rig.machine.act('disable', [], { member: 'networking' });
  rig.world.runFor(100);
  const { reason, all } = told(rig, one);
  expect(reason).toContain('depends on');
  expect(all).not.toContain('networking');
});
