/**
 * Twenty slots and a bad build, deployed one after the other by somebody who stops at the first that does not keep it.
 */
import { World } from '@bellwether/actors';
import { describe, expect, it } from 'vitest';
import { release, SlotMachine } from '../../support/slot-machine.ts';

const one = release('1');
const two = release('2');
const count = 20;

/** Twenty machines that serve, and whether each of them has the second release as a bad one. */
const twenty = (seed: number, isGood: boolean): { world: World; machines: SlotMachine[] } => {
  const world = new World(seed);
  const machines = Array.from({ length: count }, (_none, at) => new SlotMachine(world, `N${at}`));
  for (const machine of machines) {
    machine.probes.isReady = (url) => isGood || !url.endsWith('/2');
    machine.boot();
  }
  world.runFor(500);
  for (const machine of machines) machine.bring(world, one);
  for (const machine of machines) machine.act('deploy', [one.digest, 'no-confirm']);
  world.runFor(3_000);
  for (const machine of machines) machine.bring(world, two);
  return { world, machines };
};
/** Deploys to each, and answers how many served at least, looking every 100 ms. */
const deployAll = (world: World, machines: readonly SlotMachine[]): number => {
  let least = count;
  for (const machine of machines) {
    const deploy = machine.act('deploy', [two.digest]);
    while (deploy.value === undefined && deploy.error === undefined) {
      world.runFor(100);
      const serving = machines.filter((each) => each.running().length === 1).length;
      least = Math.min(least, serving);
      if (machine.record().underway?.phase === 'awaiting-confirm') machine.act('confirm');
    }
    if (deploy.value?.result !== 'changed') break;
  }
  return least;
};

describe.each([1, 2, 3])('twenty machines, seed %i', (seed) => {
  it('lose one at most, for a moment, to a bad build; the other nineteen never see it', () => {
    const { world, machines } = twenty(seed, false);
    const pids = machines.map((each) => each.processes.living('web')[0]?.pid);
    expect(deployAll(world, machines)).toBeGreaterThanOrEqual(count - 1);
    world.runFor(60_000);
    expect(machines.map((each) => each.running())).toEqual(machines.map(() => [one.digest]));
    const now = machines.map((each) => each.processes.living('web')[0]?.pid);
    expect(now.slice(1)).toEqual(pids.slice(1));
    expect(machines.map(({ processes }) => processes.started.length)).toEqual([
      3,
      ...pids.slice(1).map(() => 1),
    ]);
    expect(machines[0]?.record().releases.at(-1)).toMatchObject({ verdict: 'rejected' });
  });
  it('lose nothing to whoever deploys and is gone in the middle: the canary goes back alone', () => {
    const { world, machines } = twenty(seed, true);
    machines[0]?.act('deploy', [two.digest]);
    world.runFor(60_000);
    expect(machines.map((each) => each.running())).toEqual(machines.map(() => [one.digest]));
  });
  it('all have a good build in the end, with nineteen of them serving at every moment', () => {
    const { world, machines } = twenty(seed, true);
    expect(deployAll(world, machines)).toBeGreaterThanOrEqual(count - 1);
    expect(machines.map((each) => each.running())).toEqual(machines.map(() => [two.digest]));
  });
});
