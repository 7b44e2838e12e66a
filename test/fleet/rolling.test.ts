/** A fleet of machines that is restarted batch by batch: who serves at each moment, and what a dead controller leaves. */
import { exitCodeOf } from '@bellwether/fleet';
import type { OperationReport, Outcome, Request, Rolling } from '@bellwether/shepherd';
import { describe, expect, it } from 'vitest';
import { FleetNode, introduce, type Site } from '../support/fleet-node.ts';
import { tellStory, type Story } from '../support/fleet-story.ts';
import type { Asked } from '../support/shepherd-machine.ts';

const hosts = ['A', 'B', 'D', 'E'];
const members = hosts.map((name) => `web-server-${name.toLowerCase()}`);
const tell = (seed: number): Story => {
  const story = tellStory(seed, { hosts });
  roll(story, 'start', undefined, 'op-0');
  story.world.run(story.world.now + 20_000);
  return story;
};
const roll = (
  { operator, c }: Story,
  action: string,
  rolling: Rolling | undefined,
  operation = 'op-1',
  given: Partial<Request> = {},
): Asked<Outcome> =>
  operator.herd(c, action, 'web-server-fleet', {
    operation,
    ...(rolling !== undefined && { rolling }),
    ...given,
  });
const servingIn = (story: Story): number =>
  story.hosts.filter(({ machine }) => machine.processes.living('web-server').length > 0).length;
/** Runs on for so long, and answers how many machines served at least. */
const leastOver = (story: Story, ms: number): number => {
  const endMs = story.world.now + ms;
  let least = hosts.length;
  do least = Math.min(least, servingIn(story));
  while (story.world.now < endMs && story.world.step());
  return least;
};
const startsOf = (story: Story): readonly number[] =>
  story.hosts.map(
    ({ machine }) => machine.processes.started.filter((name) => name === 'web-server').length,
  );
const rowsOf = ({ value }: Asked<Outcome>): readonly string[] =>
  (value?.rows ?? []).map(({ member, result }) => `${member.slice(-1)} ${result}`);
const retried = (story: Story): Asked<Outcome> =>
  story.operator.ask(story.c, (turn, root) =>
    turn.send(root, 'retry', 'op-1', story.operator.printer(turn)),
  );
const reported = (story: Story): OperationReport | undefined => {
  const asked = story.operator.ask(story.c, (turn, root) => turn.send(root, 'operation', 'op-1'));
  story.world.run(story.world.now + 1_000);
  return asked.value;
};

describe('a fleet of machines', () => {
  it.each([1, 2, 3, 4, 5])('is restarted one by one, in order: seed %i', (seed) => {
    const story = tell(seed);
    const asked = roll(story, 'restart', { batch: 2, maxUnavailable: 1, pauseMs: 1_000 });
    expect(leastOver(story, 30_000)).toBe(3);
    expect(rowsOf(asked)).toEqual(['a changed', 'b changed', 'd changed', 'e changed']);
    expect(startsOf(story)).toEqual([2, 2, 2, 2]);
  });
  it('is left alone where the only one that may be unavailable cannot be reached', () => {
    const story = tell(1);
    story.hosts[2]?.losePower();
    story.world.run(story.world.now + 200_000);
    const asked = roll(story, 'restart', { batch: 1 });
    story.world.run(story.world.now + 60_000);
    expect(rowsOf(asked)).toEqual(['a skipped', 'b skipped', 'd unreachable', 'e skipped']);
    expect(asked.value && exitCodeOf(asked.value, { isStrict: false })).toBe(4);
    expect(asked.value?.rows[0]).toMatchObject({
      reason: 'left as it is: 1 member failed, and none may',
      cause: { member: 'web-server-d' },
    });
    expect(startsOf(story).filter((count) => count === 1)).toHaveLength(4);
  });
  it('tells who was out of reach before apart, and foresees that it stops for it', () => {
    const story = tell(1);
    story.hosts[2]?.losePower();
    story.world.run(story.world.now + 200_000);
    const rolling = { batch: '25%', canary: 1 } as const;
    const dry = (policy: Rolling): readonly string[] => {
      const request = { operation: 'op-dry', member: 'web-server-fleet', action: 'restart' };
      const asked = story.operator.ask(story.c, (turn, root) =>
        turn.send(root, 'plan', {
          ...request,
          args: [],
          hops: [],
          remainingMs: 1_000,
          rolling: policy,
        }),
      );
      story.world.run(story.world.now + 1_000);
      return (asked.value ?? []).flatMap(({ service, action, effect, note = '' }) =>
        action === 'restart' ? [`${service.slice(11)} ${effect} ${note}`.trim()] : [],
      );
    };
    const why =
      "left as it is: 1 member is out of reach, and at most 1 may be unavailable ('--max-unavailable 2' goes on)";
    expect(dry(rolling)).toEqual([
      ...['a', 'b', 'e', 'd'].map((name) => `${name} skipped ${why}`),
      'fleet skipped 4 members',
    ]);
    expect(dry({ ...rolling, maxUnavailable: 2 })).toEqual([
      'a change',
      'b change',
      'e change',
      'd unknown',
      'fleet change 4 members',
    ]);
    const asked = roll(story, 'restart', rolling);
    story.world.run(story.world.now + 60_000);
    expect(rowsOf(asked)).toEqual(['a skipped', 'b skipped', 'd unreachable', 'e skipped']);
    expect(asked.value?.rows).toMatchObject([
      { reason: why, cause: { member: 'web-server-d', reason: 'it is out of reach' } },
      {},
      {
        reason: `out of reach before, and not asked; ${why}`,
        lastSeenMs: expect.any(Number) as number,
      },
      {},
    ]);
    expect(asked.value && exitCodeOf(asked.value, { isStrict: false })).toBe(4);
    const around = roll(story, 'restart', { ...rolling, maxUnavailable: 2 }, 'op-2');
    story.world.run(story.world.now + 120_000);
    expect(rowsOf(around)).toEqual(['a changed', 'b changed', 'd unreachable', 'e changed']);
  });
  it('is restarted around one that cannot be reached, where that may be', () => {
    const story = tell(1);
    story.hosts[2]?.losePower();
    story.world.run(story.world.now + 200_000);
    const asked = roll(story, 'restart', { batch: 4, maxUnavailable: 2, maxFailed: 1 });
    expect(leastOver(story, 60_000)).toBe(2);
    expect(rowsOf(asked)).toEqual(['a changed', 'b changed', 'd unreachable', 'e changed']);
    story.hosts[2]?.boot();
    story.world.run(story.world.now + 60_000);
    const again = retried(story);
    story.world.run(story.world.now + 60_000);
    expect(rowsOf(again)).toEqual(['a changed', 'b changed', 'd changed', 'e changed']);
    expect(startsOf(story).map((count, at) => (at === 2 ? 'again' : count))).toEqual([
      2,
      2,
      'again',
      2,
    ]);
  });
  it('is restarted so through a ref of the fleet, too, by the policy of who asks', () => {
    const story = tell(1);
    const site: Site = story;
    const far = new FleetNode(site, 'F', { exported: { theirs: 'C' } });
    far.boot();
    story.world.run(story.world.now + 1_000);
    introduce(site, story.operator, story.c, 'web-server-fleet', far);
    const asked = story.operator.herd(far, 'restart', 'theirs', {
      operation: 'op-9',
      rolling: { batch: 1, pauseMs: 20_000 },
      remainingMs: 30_000,
    });
    expect(leastOver(story, 100_000)).toBe(3);
    expect(asked.value?.rows.map(({ member, result }) => `${member} ${result}`)).toEqual(
      members.map((member) => `theirs/${member} changed`),
    );
  });
  it('is restarted one by one by a controller that has just begun, too', () => {
    const story = tell(3);
    story.c.crash();
    story.c.boot();
    while (!story.c.machine.isUp) story.world.step();
    const asked = story.c.machine.herd('restart', 'web-server-fleet', { rolling: { batch: 1 } });
    expect(leastOver(story, 30_000)).toBe(3);
    expect(rowsOf(asked)).toEqual(['a changed', 'b changed', 'd changed', 'e changed']);
  });
  it('is left at the end of a member whose turn it is, where it is called off', () => {
    const story = tell(1);
    const asked = roll(story, 'restart', { batch: 1 });
    while (servingIn(story) === hosts.length) story.world.step();
    story.operator.ask(story.c, (turn, root) => turn.send(root, 'cancel', 'op-1'));
    story.world.run(story.world.now + 30_000);
    expect(rowsOf(asked)).toEqual(['a changed', 'b cancelled', 'd cancelled', 'e cancelled']);
    expect(servingIn(story)).toBe(4);
  });
  it('that is no fleet there is refused there', () => {
    const story = tell(1);
    const asked = story.operator.herd(story.c, 'restart', 'web-server-a', {
      operation: 'op-9',
      rolling: { batch: 1 },
    });
    story.world.run(story.world.now + 10_000);
    expect(asked.value).toMatchObject({
      result: 'failed',
      reason: expect.stringContaining("service 'web-server' is no fleet") as string,
    });
    expect(startsOf(story)).toEqual([1, 1, 1, 1]);
  });
});

describe('a controller that is killed in a restart batch by batch', () => {
  const policy: Rolling = { batch: 2, maxUnavailable: 1, pauseMs: 200 };
  const stepCount = (): number => {
    const story = tell(7);
    const asked = roll(story, 'restart', policy);
    let count = 0;
    while (asked.value === undefined && story.world.step()) count += 1;
    return count;
  };
  it('leaves a true record at any moment, and a retry does the rest, and nobody twice', () => {
    const most = stepCount();
    expect(most).toBeGreaterThan(200);
    let takenCount = 0;
    let partCount = 0;
    for (let at = 0; at < most; at += 7) {
      const where = `killed after ${at} steps`;
      const story = tell(7);
      roll(story, 'restart', policy);
      for (let step = 0; step < at; step += 1) story.world.step();
      story.c.crash();
      story.c.boot();
      expect(leastOver(story, 30_000), where).toBeGreaterThanOrEqual(3);
      const report = reported(story);
      if (report === undefined) {
        expect(startsOf(story), where).toEqual([1, 1, 1, 1]);
        continue;
      }
      takenCount += 1;
      expect(report.endedMs, where).toBeDefined();
      const counts = startsOf(story);
      for (const [place, member] of members.entries()) {
        const step = report.steps.find((each) => each.service === member);
        const isDone = step?.row?.result === 'changed';
        expect(['changed', 'skipped'], `${member} ${where}`).toContain(step?.row?.result);
        expect(counts[place], `${member} ${where}`).toBe(isDone ? 2 : 1);
      }
      if (counts.includes(1) && counts.includes(2)) partCount += 1;
      const again = retried(story);
      expect(leastOver(story, 30_000), where).toBeGreaterThanOrEqual(3);
      expect(rowsOf(again), where).toEqual(['a changed', 'b changed', 'd changed', 'e changed']);
      expect(startsOf(story), where).toEqual([2, 2, 2, 2]);
    }
    expect(takenCount).toBeGreaterThan(20);
    expect(partCount).toBeGreaterThan(10);
  });
});
