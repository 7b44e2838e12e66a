/**
 * Somebody does anything at all to a slot, at any time: whatever the seed says, it comes to rest with one process of the
 * release that its record names, and it never had two.
 */
import { World } from '@bellwether/actors';
import type { SlotEntry } from '@bellwether/deploy';
import { describe, expect, it } from 'vitest';
import { release, SlotMachine } from '../../support/slot-machine.ts';

const good = ['1', '3'].map((version) => release(version));
const bad = release('2');
const dying = release('4');
const forward = release('5', { dataMigration: 'forward-only' });
const all = [...good, bad, dying, forward];

interface Run {
  readonly world: World;
  readonly machine: SlotMachine;
  readonly told: string[];
}
type Deed = (run: Run) => void;
const digestIn = ({ world }: Run): string => world.pick(all).digest;
const act =
  (action: string, args: (run: Run) => readonly string[] = () => []): Deed =>
  (run) => {
    const { machine, told } = run;
    const given = args(run);
    told.push(`${action} ${given.map((each) => each.slice(0, 16)).join(' ')}`);
    if (machine.isUp) machine.act(action, given, { operation: `op-${told.length}` });
  };
const options = [
  [],
  ['no-confirm'],
  ['accept-data-loss'],
  ['confirm=3'],
  ['no-confirm', 'accept-data-loss'],
];
const deeds: readonly Deed[] = [
  act('deploy', (run) => [digestIn(run), ...run.world.pick(options)]),
  act('deploy', (run) => [digestIn(run), ...run.world.pick(options)]),
  act('activate', (run) => [digestIn(run), ...run.world.pick(options)]),
  act('confirm'),
  act('confirm'),
  act('rollback'),
  act('prune'),
  act('pin', (run) => [digestIn(run)]),
  act('unpin', (run) => [digestIn(run)]),
  act('stop'),
  act('start'),
  act('restart'),
  act('disable'),
  act('enable'),
  ({ machine, told }) => {
    told.push('its process dies');
    machine.processes.kill('web');
  },
  ({ machine, told }) => {
    told.push('the daemon dies');
    machine.crash();
  },
  ({ machine, told }) => {
    told.push('the power goes');
    machine.losePower();
  },
  ({ machine, told, world }) => {
    told.push('the clock is set');
    machine.time.wallShiftMs = world.pick([-100_000, 0, 100_000]);
  },
  ({ machine, told, world }) => {
    told.push('turns throw, or do not any more');
    machine.faultRate = world.pick([0, 0.002]);
  },
  ({ machine, told }) => {
    told.push('one call of the disk fails');
    machine.depots.failAt = machine.depots.asked.length + 2;
  },
];

const chaos = (seed: number): Run => {
  const world = new World(seed);
  const machine = new SlotMachine(world, 'A');
  const run: Run = { world, machine, told: [] };
  machine.probes.isReady = (url) => !url.endsWith('/2');
  machine.processes.behaves = ({ command: { cwd = '' } }) =>
    cwd.endsWith(dying.digest) ? { ends: { afterMs: 100, ending: { code: 1 } } } : undefined;
  machine.boot();
  world.runFor(500);
  for (let at = 0; at < 40; at += 1) {
    if (machine.isDown) machine.boot();
    if (at % 4 === 0) {
      world.runFor(500);
      if (machine.isUp) for (const made of all) machine.offer(made);
      if (at === 0) for (const made of all) machine.bring(world, made);
    }
    world.pick(deeds)(run);
    world.runFor(world.random() < 0.25 ? 4 : Math.floor(world.random() ** 2 * 6_000));
  }
  machine.faultRate = 0;
  if (machine.isDown) machine.boot();
  world.runFor(120_000);
  // That it is stopped may be somebody's wish, or that of a time in which it was disabled.
  machine.depots.failAt = undefined;
  machine.act('enable', [], { operation: 'last-enable' });
  machine.act('start', [], { operation: 'last-start' });
  machine.act('prune', [], { operation: 'last-prune' });
  world.runFor(10_000);
  return run;
};

const judge = ({ world, machine }: Run): void => {
  const record = machine.record();
  expect(record.underway).toBeUndefined();
  expect(machine.processes.doubled).toEqual([]);
  const status = machine.status();
  world.runFor(10);
  expect(status.value?.slot?.current).toBe(record.current);
  const digests = record.releases.map(({ digest }) => digest);
  for (const each of [record.current, record.previous, ...record.pinned])
    if (each !== undefined) expect(digests).toContain(each);
  expect([...(machine.depots.trees.get('web')?.keys() ?? [])].sort()).toEqual([...digests].sort());
  // A release that is not well may be kept where nobody looks for long enough; here everybody does.
  expect([bad.digest, dying.digest]).not.toContain(record.current);
  expect(machine.running()).toEqual(record.current === undefined ? [] : [record.current]);
  if (machine.logged('slot.not-pointed').length === 0)
    expect(machine.depots.current.get('web')).toBe(record.current);
  // What threw was made to, and nothing else has ended the vat.
  const threw = machine.logged('turn.threw').map(({ message }) => String(message));
  expect(threw.filter((message) => !/fault/i.test(message))).toEqual([]);
};

/** Every way in which a deploy can end, as the records of all runs have it. */
const ends = new Map<string, number>();
const count = ({ machine }: Run): void => {
  for (const entry of machine.disk.entries as readonly { readonly kind: string }[]) {
    if (entry.kind !== 'slot') continue;
    const last = (entry as SlotEntry).ended.at(-1);
    if (last?.action === 'deploy') ends.set(last.result, (ends.get(last.result) ?? 0) + 1);
  }
};

describe('a slot to which anything is done', () => {
  const seeds = Array.from(
    { length: Number(process.env['SLOT_SEEDS'] ?? 60) },
    (_none, at) => at + 1,
  );
  it.each(seeds)('comes to rest as its record says, seed %i', (seed) => {
    const run = chaos(seed);
    count(run);
    try {
      judge(run);
    } catch (error) {
      const story = [...run.told, JSON.stringify(run.machine.record().ended.slice(-3))].join('\n');
      throw new Error(`seed ${seed}:\n${story}`, { cause: error });
    }
  });
  it('is one in which every end of a deploy comes about', () => {
    const seen = ['changed', 'failed', 'rolled-back', 'superseded'];
    expect([...ends.keys()]).toEqual(expect.arrayContaining(seen));
  });
});
