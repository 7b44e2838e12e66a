/** What a slot does when nothing dies: one machine, its releases, and what becomes of them. */
import { World } from '@bellwether/actors';
import { describe, expect, it } from 'vitest';
import { release, SlotMachine } from '../../support/slot-machine.ts';

const up = (): { world: World; machine: SlotMachine } => {
  const world = new World(1);
  const machine = new SlotMachine(world, 'A', undefined, true);
  machine.boot();
  world.runFor(1_000);
  return { world, machine };
};

describe('a deploy', () => {
  it('brings a first release up, and waits to be confirmed', () => {
    const { world, machine } = up();
    const one = release('1');
    machine.bring(world, one);
    const deploy = machine.act('deploy', [one.digest]);
    world.runFor(3_000);
    expect(machine.running()).toEqual([one.digest]);
    expect(machine.record().underway?.phase).toBe('awaiting-confirm');
    expect(deploy.value).toBeUndefined();
    const confirm = machine.act('confirm', [one.digest]);
    world.runFor(100);
    expect(confirm.value).toMatchObject({ result: 'changed' });
    expect(deploy.value).toMatchObject({ result: 'changed' });
    expect(machine.record()).toMatchObject({ current: one.digest });
    expect(machine.depots.current.get('web')).toBe(one.digest);
    expect(machine.logged('turn.unjournalled')).toEqual([]);
  });
});
