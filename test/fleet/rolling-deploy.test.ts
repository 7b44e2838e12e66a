/**
 * A fleet of slots that is given another release, batch by batch: who serves at each moment, what a bad release comes
 * to, and what a controller leaves that dies meanwhile.
 */
import { exitCodeOf } from '@bellwether/fleet';
import type { Outcome } from '@bellwether/shepherd';
import { describe, expect, it } from 'vitest';
import { program, type Asked } from '../support/shepherd-machine.ts';
import { rowsOf, SlotFleet } from '../support/slot-fleet.ts';
import { release } from '../support/slot-machine.ts';

const one = release('1');
const two = release('2');
const exitCode = ({ value }: Asked<Outcome>): number | undefined =>
  value && exitCodeOf(value, { isStrict: false });

/** A fleet that serves the first release and has the second one. */
const begun = (seed: number, slots: 'here' | 'there', count = 4): SlotFleet => {
  const fleet = new SlotFleet(seed, slots, count);
  fleet.bring(one);
  const first = fleet.act('deploy', [one.digest, 'no-confirm'], { rolling: { batch: '100%' } });
  fleet.until(first, 60_000);
  expect(first.value).toMatchObject({ result: 'changed' });
  expect(fleet.running).toEqual(fleet.members.map(() => one.digest));
  fleet.bring(two);
  return fleet;
};

describe.each(['here', 'there'] as const)('slots that are %s', (slots) => {
  // A controller confirms what is elsewhere; here it is whoever deploys.
  const confirms = slots === 'here';
  it.each([1, 2, 3])('get a good release one by one, then a quarter at a time: seed %i', (seed) => {
    const fleet = begun(seed, slots, 8);
    const asked = fleet.act('deploy', [two.digest]);
    expect(fleet.until(asked, 300_000, confirms)).toBeGreaterThanOrEqual(6);
    expect(rowsOf(asked)).toEqual(fleet.members.map((_each, at) => `${at + 1} changed`));
    expect(exitCode(asked)).toBe(0);
    expect(fleet.running).toEqual(fleet.members.map(() => two.digest));
    expect(fleet.startCounts).toEqual(fleet.members.map(() => 2));
    expect(fleet.operator.lines.filter((line) => line.includes('batch')).slice(1)).toEqual([
      'C: Service web: batch 1 of 5, the canary.',
      ...[2, 3, 4, 5].map((batch) => `C: Service web: batch ${batch} of 5.`),
    ]);
  });
  it('keep the old one where the canary goes back, and only that one was ever touched', () => {
    const fleet = begun(1, slots);
    fleet.break('2');
    const asked = fleet.act('deploy', [two.digest]);
    expect(fleet.until(asked, 300_000, confirms)).toBe(3);
    expect(rowsOf(asked)).toEqual(['1 rolled-back', '2 skipped', '3 skipped', '4 skipped']);
    expect(exitCode(asked)).toBe(7);
    expect(asked.value).toMatchObject({ result: 'rolled-back' });
    expect(asked.value?.rows[1]).toMatchObject({
      reason: 'left as it is: a member of the canary failed',
      cause: { member: 'web-1', reason: expect.stringContaining('was rolled back') as string },
    });
    expect(fleet.running).toEqual(fleet.members.map(() => one.digest));
    expect(fleet.startCounts).toEqual([3, 1, 1, 1]);
    const again = fleet.retry('op-2');
    fleet.until(again, 60_000);
    expect(rowsOf(again)).toEqual(rowsOf(asked));
    expect(fleet.startCounts).toEqual([3, 1, 1, 1]);
  });
  it('go on over as many as may go back: those serve as before', () => {
    const fleet = begun(2, slots);
    const bad = fleet.members[1];
    if (bad === undefined) throw new Error('too few');
    const { machine } = bad.node;
    // One of them cannot be well with it: its program ends at once.
    machine.processes.behaves = ({ command: { cwd = '' }, service }) =>
      cwd.endsWith(two.digest) && service === bad.slot ? { refusal: 'no such program' } : undefined;
    const asked = fleet.act('deploy', [two.digest], { rolling: { batch: 1, maxFailed: 1 } });
    expect(fleet.until(asked, 300_000, confirms)).toBe(3);
    expect(rowsOf(asked)).toEqual(['1 changed', '2 rolled-back', '3 changed', '4 changed']);
    expect(exitCode(asked)).toBe(7);
    expect(fleet.running).toEqual([two, one, two, two].map(({ digest }) => digest));
  });
  it('go back to the release before batch by batch, too', () => {
    const fleet = begun(1, slots);
    const deploy = fleet.act('deploy', [two.digest, 'no-confirm']);
    fleet.until(deploy, 300_000);
    const asked = fleet.act('rollback', []);
    expect(fleet.until(asked, 300_000)).toBe(3);
    expect(rowsOf(asked)).toEqual(['1 changed', '2 changed', '3 changed', '4 changed']);
    expect(fleet.running).toEqual(fleet.members.map(() => one.digest));
  });
  it('go back where it is called off, whoever has begun it, and the others never begin', () => {
    const fleet = begun(2, slots);
    const args = [two.digest, ...(slots === 'there' ? ['confirm=60'] : [])];
    const asked = fleet.act('deploy', args, { operation: 'op-d' });
    while (fleet.records[0]?.underway?.phase !== 'health-gate') fleet.world.step();
    fleet.operator.ask(fleet.c, (turn, root) => turn.send(root, 'cancel', 'op-d'));
    expect(fleet.until(asked, 60_000)).toBe(3);
    const others = ['2 cancelled', '3 cancelled', '4 cancelled'];
    expect(rowsOf(asked)).toEqual(['1 rolled-back', ...others]);
    expect(asked.value?.rows[0]?.reason).toContain('it was called off');
    expect(fleet.running).toEqual(fleet.members.map(() => one.digest));
    expect(fleet.startCounts).toEqual([3, 1, 1, 1]);
  });
  it('are told 8 where the canary could not go back, and the others are as they were', () => {
    const fleet = begun(1, slots);
    fleet.break('1', '2');
    const asked = fleet.act('deploy', [two.digest]);
    fleet.until(asked, 300_000, confirms);
    expect(rowsOf(asked)).toEqual(['1 rollback-failed', '2 skipped', '3 skipped', '4 skipped']);
    expect(exitCode(asked)).toBe(8);
    expect(fleet.running.slice(1)).toEqual([one, one, one].map(({ digest }) => digest));
  });
  it('are told 3 where one refuses it before anything was touched', () => {
    const fleet = begun(1, slots);
    const [, second] = fleet.members;
    if (second === undefined) throw new Error('too few');
    fleet.operator.herd(second.node, 'disable', second.slot, { operation: 'op-d' });
    fleet.pass(2_000);
    const asked = fleet.act('deploy', [two.digest]);
    expect(fleet.until(asked, 300_000, confirms)).toBe(3);
    expect(rowsOf(asked)).toEqual(['1 changed', '2 failed', '3 skipped', '4 skipped']);
    expect(exitCode(asked)).toBe(3);
  });
});

describe('a release that nobody can confirm', () => {
  const isLeft = (fleet: SlotFleet): void => {
    const asked = fleet.act('deploy', [two.digest]);
    expect(fleet.until(asked, 300_000)).toBe(3);
    expect(rowsOf(asked)).toEqual(['1 rolled-back', '2 skipped', '3 skipped', '4 skipped']);
    expect(asked.value?.rows[0]?.reason).toContain('nobody has confirmed it');
    expect(fleet.running).toEqual(fleet.members.map(() => one.digest));
    expect(fleet.startCounts).toEqual([3, 1, 1, 1]);
  };
  it('since whoever deploys does not, is on the canary alone, for a while', () => {
    isLeft(begun(3, 'here'));
  });
  it.each([1, 2])('since it takes the network of its machine away, likewise: seed %i', (seed) => {
    const fleet = begun(seed, 'there');
    for (const { node } of fleet.members)
      node.machine.processes.behaves = ({ command: { cwd = '' } }) => {
        if (cwd.endsWith(two.digest)) fleet.network.part('C', node.name);
        else fleet.network.heal('C', node.name);
        return undefined;
      };
    isLeft(fleet);
  });
});

describe('a fleet with members that are no slots', () => {
  const mixed = (): SlotFleet => {
    const fleet = new SlotFleet(1, 'here', 3);
    const config = fleet.c.config;
    fleet.c.config = {
      ...config,
      services: [program({ provision: ['plain'] }), program({ provision: ['other'] })],
      fleets: [{ name: 'web', members: ['web-1', 'plain', 'web-2', 'other'] }],
    };
    fleet.operator.ask(fleet.c, (turn, root) =>
      turn.send(root, 'reload', false, fleet.operator.printer(turn)),
    );
    fleet.pass(5_000);
    fleet.bring(one);
    return fleet;
  };
  const refusal =
    "deploy of 'web' was not begun: 'plain', 'other' do not have an action 'deploy'; " +
    "'herd deploy -l SELECTOR', without SERVICE, asks those alone that have it";
  it.each([
    ['in batches', {}],
    ['all at once', { rolling: { batch: '100%' } }],
  ] as const)('is refused %s before anybody is asked, and they are named', (_how, given) => {
    const fleet = mixed();
    const asked = fleet.act('deploy', [one.digest, 'no-confirm'], given);
    fleet.until(asked, 60_000);
    expect(asked.error).toMatchObject({
      code: 'unknown-action',
      message: refusal,
    });
    // What is only shown, and what is brought, are refused in the same words.
    const request = { operation: 'op-dry', member: 'web', action: 'deploy', remainingMs: 1_000 };
    const shown = fleet.operator.ask(fleet.c, (turn, root) =>
      turn.send(root, 'plan', { ...request, args: [one.digest], hops: [], ...given }),
    );
    const offer = { release: two.digest, manifestBytes: two.manifestBytes.length };
    const offered = fleet.operator.ask(fleet.c, (turn, root) =>
      turn.send(root, 'offer', 'web', offer),
    );
    fleet.pass(1_000);
    expect([shown.error?.message, offered.error?.message]).toEqual([refusal, refusal]);
    expect(fleet.startCounts).toEqual([0, 0, 0]);
    expect(fleet.report('op-1')).toBeUndefined();
  });
  it('gets it where only the others are asked', () => {
    const fleet = mixed();
    const onlyMembers = ['web-1', 'web-2'];
    const asked = fleet.act('deploy', [one.digest, 'no-confirm'], { onlyMembers });
    fleet.until(asked, 60_000);
    expect(rowsOf(asked)).toEqual(['1 changed', '2 changed']);
  });
});

describe.each(['here', 'there'] as const)('a controller that is killed, slots %s', (slots) => {
  const policy = { batch: 1, pauseMs: 200 } as const;
  const args = [two.digest, 'no-confirm'];
  const start = (): { readonly fleet: SlotFleet; readonly asked: Asked<Outcome> } => {
    const fleet = begun(7, slots, 3);
    return { fleet, asked: fleet.act('deploy', args, { operation: 'op-d', rolling: policy }) };
  };
  const stepCount = (): number => {
    const { fleet, asked } = start();
    const before = fleet.world.stepCount;
    fleet.until(asked, 300_000);
    expect(rowsOf(asked)).toEqual(['1 changed', '2 changed', '3 changed']);
    return fleet.world.stepCount - before;
  };
  it('leaves a true record at any moment, and a retry does the rest, and nobody twice', () => {
    const most = stepCount();
    expect(most).toBeGreaterThan(100);
    let partCount = 0;
    for (let at = 3; at < most; at += Math.ceil(most / 40)) {
      const where = `killed after ${at} steps`;
      const { fleet } = start();
      for (let step = 0; step < at; step += 1) fleet.world.step();
      fleet.c.crash();
      fleet.c.boot();
      let least = 3;
      for (const endMs = fleet.world.now + 60_000; fleet.world.now < endMs;) {
        least = Math.min(least, fleet.servingCount);
        if (!fleet.world.step()) break;
      }
      expect(least, where).toBeGreaterThanOrEqual(2);
      const report = fleet.report('op-d');
      if (report === undefined) {
        expect(fleet.startCounts, where).toEqual([1, 1, 1]);
        continue;
      }
      expect(report.endedMs, where).toBeDefined();
      const isPart = fleet.startCounts.includes(1) && fleet.startCounts.includes(2);
      if (isPart) partCount += 1;
      for (const [place, { name }] of fleet.members.entries()) {
        const result = report.steps.find((each) => each.service === name)?.row?.result;
        // A slot that had not switched when its daemon died says so, and is tried again.
        expect(['changed', 'skipped', 'failed', 'unknown'], `${name} ${where}`).toContain(result);
        expect(fleet.running[place], `${name} ${where}`).toBe(
          result === 'changed' ? two.digest : one.digest,
        );
      }
      // What was brought to a slot of the daemon that died is there, and was offered to nobody in this life.
      if (slots === 'here') fleet.bring(two);
      const again = fleet.retry('op-d');
      expect(fleet.until(again, 60_000), where).toBeGreaterThanOrEqual(2);
      expect(rowsOf(again), where).toEqual(['1 changed', '2 changed', '3 changed']);
      expect(fleet.running, where).toEqual(fleet.members.map(() => two.digest));
      if (slots === 'there') expect(fleet.startCounts, where).toEqual([2, 2, 2]);
      for (const { node } of fleet.members)
        expect(node.machine.processes.doubled, where).toEqual([]);
    }
    expect(partCount).toBeGreaterThan(3);
  });
});
