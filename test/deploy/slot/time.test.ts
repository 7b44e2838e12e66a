/** What clocks, ends of daemons and changes of the configuration do to a deploy that is under way. */
import { World } from '@bellwether/actors';
import { describe, expect, it } from 'vitest';
import { release, shortRules, SlotMachine } from '../../support/slot-machine.ts';

const one = release('1');
const two = release('2');
const { confirmMs } = shortRules;
const hourMs = 3_600_000;

interface Rig {
  readonly world: World;
  readonly machine: SlotMachine;
}
/** Waits to be confirmed, since about 1.5 s. */
const waiting = (): Rig => {
  const world = new World(1);
  const machine = new SlotMachine(world, 'A');
  machine.boot();
  world.runFor(500);
  machine.bring(world, one);
  machine.act('deploy', [one.digest, 'no-confirm']);
  world.runFor(3_000);
  machine.bring(world, two);
  machine.act('deploy', [two.digest], { operation: 'the-deploy' });
  world.runFor(3_000);
  expect(machine.record().underway?.phase).toBe('awaiting-confirm');
  return { world, machine };
};
/** Milliseconds until nothing is under way any more. */
const untilIdle = ({ world, machine }: Rig, mostMs = 100_000): number => {
  const startMs = world.now;
  while (machine.record().underway !== undefined && world.now - startMs < mostMs) world.runFor(100);
  return world.now - startMs;
};
const leftMs = ({ machine }: Rig): number =>
  (machine.record().underway?.deadlineMs ?? 0) - machine.time.clock().wall();

describe('the wait for a confirmation', () => {
  it('is as long as was said, however the wall clock is set meanwhile', () => {
    for (const shiftMs of [hourMs, -hourMs]) {
      const rig = waiting();
      const left = leftMs(rig);
      rig.machine.time.wallShiftMs = shiftMs;
      expect(Math.abs(untilIdle(rig) - left)).toBeLessThan(1_500);
      expect(rig.machine.running()).toEqual([one.digest]);
    }
  });
  it('goes on in the next life with what was left', () => {
    const rig = waiting();
    const left = leftMs(rig);
    rig.world.runFor(2_000);
    rig.machine.crash();
    rig.world.runFor(2_000);
    rig.machine.boot();
    expect(untilIdle(rig)).toBeLessThan(left - 4_000 + 2_500);
    expect(rig.machine.running()).toEqual([one.digest]);
  });
  it('is over at once where the machine was away for longer', () => {
    const rig = waiting();
    rig.machine.losePower();
    rig.world.runFor(confirmMs);
    rig.machine.boot();
    expect(untilIdle(rig)).toBeLessThan(2_500);
    expect(rig.machine.running()).toEqual([one.digest]);
  });
  it('is not longer than what was left where the clock was set back in between', () => {
    const rig = waiting();
    rig.machine.crash();
    rig.machine.time.wallShiftMs = -hourMs;
    rig.machine.boot();
    const ms = untilIdle(rig);
    expect(ms).toBeLessThan(confirmMs + 3_000);
    expect(rig.machine.running()).toEqual([one.digest]);
  });
  it('is at most over where the clock was set forward in between', () => {
    const rig = waiting();
    rig.machine.crash();
    rig.machine.time.wallShiftMs = hourMs;
    rig.machine.boot();
    expect(untilIdle(rig)).toBeLessThan(2_500);
    expect(rig.machine.running()).toEqual([one.digest]);
    expect(rig.machine.record().held).toBeUndefined();
  });
  it('may end in a confirmation of the next life, through any session of that', () => {
    const rig = waiting();
    rig.machine.crash();
    rig.machine.boot();
    rig.world.runFor(1_000);
    const confirm = rig.machine.act('confirm');
    rig.world.runFor(100);
    expect(confirm.value?.result).toBe('changed');
    const told = rig.machine.act('deploy', [two.digest], {
      operation: 'the-deploy',
      isRepeat: true,
    });
    rig.world.runFor(100);
    expect(told.value?.result).toBe('changed');
    expect(rig.machine.running()).toEqual([two.digest]);
  });
  it('notes now and then how much is left of it', () => {
    const rig = waiting();
    rig.machine.act('rollback');
    rig.world.runFor(3_000);
    rig.machine.bring(rig.world, two);
    rig.machine.act('deploy', [two.digest, 'confirm=60']);
    rig.world.runFor(3_000);
    const before = rig.machine.record().underway?.leftMs ?? 0;
    rig.world.runFor(16_000);
    const after = rig.machine.record().underway?.leftMs ?? 0;
    expect(before).toBe(60_000);
    expect(after).toBeLessThan(46_000);
  });
});

describe('a daemon that is told to end', () => {
  it('leaves what waits to be confirmed as it is, for the next life to go on with', () => {
    const rig = waiting();
    const { world, machine } = rig;
    const before = machine.record();
    machine.ask((turn, shepherd) => turn.send(shepherd, 'shutDown', machine.printer(turn)));
    world.runFor(2_000);
    expect(machine.running()).toEqual([]);
    expect(machine.record()).toEqual(before);
    machine.crash();
    machine.boot();
    world.runFor(1_500);
    expect(machine.running()).toEqual([two.digest]);
    const confirm = machine.act('confirm');
    world.runFor(100);
    expect(confirm.value?.result).toBe('changed');
    expect(machine.record().current).toBe(two.digest);
  });
  it('takes on no deploy any more', () => {
    const { world, machine } = waiting();
    machine.ask((turn, shepherd) => turn.send(shepherd, 'shutDown', machine.printer(turn)));
    const rollback = machine.act('rollback');
    world.runFor(500);
    expect(rollback.value?.result ?? 'refused').not.toBe('changed');
    expect(machine.record().underway?.phase).toBe('awaiting-confirm');
  });
});

describe('a slot that goes out of the configuration', () => {
  it('keeps what was under way; what stays after all goes on with it', () => {
    const { world, machine } = waiting();
    machine.ask((turn) => turn.call(machine.slot, 'rest', true));
    world.runFor(2 * confirmMs);
    expect(machine.record().underway?.phase).toBe('awaiting-confirm');
    machine.ask((turn) => turn.call(machine.slot, 'rest', false));
    world.runFor(5_000);
    expect(machine.record().underway).toBeUndefined();
    expect(machine.running()).toEqual([one.digest]);
  });
});

describe('a service that has disabled itself just before the daemon died', () => {
  it('is enabled for the way back', () => {
    const { world, machine } = waiting();
    machine.act('disable');
    world.runFor(50);
    machine.processes.kill('web');
    machine.losePower();
    machine.boot();
    world.runFor(5_000);
    expect(machine.record()).toMatchObject({ current: one.digest });
    expect(machine.record().held).toBeUndefined();
    expect(machine.running()).toEqual([one.digest]);
  });
});

describe('records that are put back from a backup', () => {
  it('take no tree away under a process that runs in it; what nobody needs goes when it is pruned', () => {
    const world = new World(1);
    const machine = new SlotMachine(world, 'A');
    machine.boot();
    world.runFor(500);
    machine.bring(world, one);
    machine.act('deploy', [one.digest, 'no-confirm']);
    world.runFor(3_000);
    const backup = machine.disk.entries.length;
    machine.bring(world, two);
    machine.act('deploy', [two.digest, 'no-confirm']);
    world.runFor(3_000);
    machine.crash();
    const running = machine.disk.entries.filter(
      (entry) => (entry as { kind: string }).kind === 'running',
    );
    machine.disk.entries.splice(backup);
    machine.disk.entries.push(...running);
    machine.boot();
    world.runFor(2_000);
    expect(machine.running()).toEqual([two.digest]);
    expect([...(machine.depots.trees.get('web')?.keys() ?? [])]).toEqual([one.digest, two.digest]);
    machine.act('restart');
    world.runFor(2_000);
    expect(machine.running()).toEqual([one.digest]);
    machine.act('prune');
    world.runFor(100);
    expect([...(machine.depots.trees.get('web')?.keys() ?? [])]).toEqual([one.digest]);
  });
});

it('nothing is begun while the shepherd is shutting down, and that is no refusal for good', () => {
  const { world, machine } = waiting();
  machine.ask((turn, shepherd) => turn.send(shepherd, 'shutDown', machine.printer(turn)));
  const asked = machine.act('deploy', [one.digest]);
  world.runFor(100);
  expect(asked.value).toMatchObject({ result: 'failed', reason: 'The shepherd is shutting down.' });
  expect(asked.value).not.toHaveProperty('isVain');
});
