/** Whether a fleet is well, for every mix of small fleets and many of large ones. */
import { judge, type Seen } from '@bellwether/fleet';
import type { Stage } from '@bellwether/shepherd';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';

const settleMs = 10_000;
const member = (stage: Stage, more: Partial<Seen> = {}): Seen => ({
  provision: ['m'],
  stage,
  isReady: stage === 'running',
  isWanted: true,
  ...more,
});
const up = member('running');
const down = (unservedMs: number, more: Partial<Seen> = {}): Seen =>
  member('stopped', { unservedMs, ...more });
const respawning = (unservedMs: number): Seen =>
  member('starting', { unservedMs, isRespawning: true });
const lost = member('unknown');
const asWished = (unservedMs: number): Seen => down(unservedMs, { isWanted: false });
const healthOf = (neededCount: number, ...members: readonly Seen[]): string | undefined =>
  judge(members, { neededCount, settleMs }).health;

const stages: readonly Stage[] = ['stopped', 'starting', 'running', 'stopping', 'unknown'];
const anyMember: fc.Arbitrary<Seen> = fc.record(
  {
    provision: fc.constant(['m']),
    stage: fc.constantFrom(...stages),
    isReady: fc.boolean(),
    isWanted: fc.boolean(),
    isRespawning: fc.boolean(),
    unservedMs: fc.integer({ min: 0, max: 2 * settleMs }),
  },
  { requiredKeys: ['provision', 'stage'] },
);
const anyFleet = fc
  .array(anyMember, { minLength: 1, maxLength: 8 })
  .chain((members) => fc.tuple(fc.constant(members), fc.integer({ min: 0, max: members.length })));
const serves = ({ stage, isReady }: Seen): boolean => stage === 'running' && isReady !== false;
const isIdle = (one: Seen): boolean => !serves(one) && one.stage !== 'unknown';

describe('a fleet', () => {
  it('is well when all of its members serve', () => {
    expect(healthOf(2, up, up)).toBe('ok');
    expect(healthOf(2, up, member('running', { isReady: false, unservedMs: 1 }))).not.toBe('ok');
  });
  it('is degraded by a member that stops or dies, while enough serve', () => {
    expect(healthOf(1, up, down(settleMs))).toBe('degraded');
    expect(healthOf(1, up, asWished(settleMs))).toBe('degraded');
    expect(healthOf(1, up, lost)).toBe('degraded');
  });
  it('is degraded by one that comes back by itself, also below what it needs', () => {
    expect(healthOf(2, up, respawning(settleMs - 1))).toBe('degraded');
    expect(healthOf(2, up, down(settleMs - 1))).toBe('settling');
  });
  it('has failed when too few have served for as long as it may settle, and not before', () => {
    expect(healthOf(2, up, down(settleMs - 1))).toBe('settling');
    expect(healthOf(2, up, down(settleMs))).toBe('failed');
    expect(healthOf(2, up, respawning(settleMs))).toBe('failed');
  });
  it('has not failed while those who are started may still take their time to be ready', () => {
    const starting = (unservedMs: number, more: Partial<Seen> = {}): Seen =>
      member('starting', { unservedMs, readyMs: 60_000, ...more });
    expect(healthOf(2, up, starting(59_999))).toBe('settling');
    expect(healthOf(2, up, starting(60_000))).toBe('failed');
    expect(healthOf(2, up, starting(settleMs, { isRespawning: true }))).toBe('failed');
    expect(healthOf(2, up, starting(settleMs - 1, { readyMs: 1_000 }))).toBe('settling');
    expect(healthOf(2, up, starting(settleMs, { readyMs: 1_000 }))).toBe('failed');
    expect(healthOf(2, starting(20_000), down(settleMs))).toBe('failed');
    expect(healthOf(1, starting(20_000), down(settleMs))).toBe('settling');
    const failsIn = (...members: readonly Seen[]) =>
      judge(members, { neededCount: 1, settleMs }).failsInMs;
    expect(failsIn(starting(20_000), down(4_000))).toBe(40_000);
    expect(failsIn(starting(20_000), up)).toBe(Infinity);
  });
  it('counts from the last death that mattered, not from one that was to spare', () => {
    expect(healthOf(2, up, down(90_000), down(0))).toBe('settling');
    expect(healthOf(2, up, down(90_000), down(settleMs))).toBe('failed');
  });
  it('has failed, too, where too few serve since others were stopped on purpose', () => {
    expect(healthOf(2, up, asWished(settleMs - 1))).toBe('settling');
    expect(healthOf(2, up, asWished(settleMs))).toBe('failed');
    expect(healthOf(2, down(settleMs), asWished(settleMs))).toBe('failed');
    expect(judge([up, asWished(settleMs)], { neededCount: 2, settleMs }).blame).toEqual(['m']);
  });
  it('is stopped, and nobody’s fault, where all were stopped as wished', () => {
    const members = [asWished(90_000), asWished(90_000)];
    const { stage, health, blame } = judge(members, { neededCount: 2, settleMs });
    expect({ stage, health, blame }).toEqual({ stage: 'stopped', health: undefined, blame: [] });
  });
  it('that was to stop as a whole is not wanted, as long as too few serve', () => {
    const members = [up, down(settleMs), asWished(settleMs)];
    const judged = (neededCount: number) =>
      judge(members, { neededCount, settleMs, isStopped: () => true });
    expect(judged(2)).toMatchObject({ isWanted: false, health: 'degraded', stage: 'running' });
    expect(judged(1)).toMatchObject({ isWanted: true, health: 'degraded' });
    const dead = judge([down(settleMs)], { neededCount: 1, settleMs, isStopped: () => true });
    expect(dead).toMatchObject({ isWanted: false, stage: 'stopped', blame: [] });
  });
  it('is not judged where those decide of whom nothing is known', () => {
    expect(healthOf(2, up, lost)).toBeUndefined();
    expect(healthOf(2, down(settleMs), lost)).toBe('failed');
    const quiet: Seen = { provision: ['m'], stage: 'stopped' };
    expect(healthOf(2, quiet, quiet)).toBeUndefined();
  });
  it('that cannot tell how long is not called failed', () => {
    expect(healthOf(2, up, member('stopped'))).toBe('settling');
  });
  it('names those who do not serve', () => {
    const named = (name: string, one: Seen): Seen => ({ ...one, provision: [name, 'alias'] });
    const members = [
      named('up', up),
      named('dead', down(1)),
      named('wished', asWished(1)),
      named('back', respawning(1)),
      named('lost', lost),
      named('slow', { provision: [], stage: 'starting' }),
    ];
    expect(judge(members, { neededCount: 6, settleMs }).blame).toEqual([
      ...['dead', 'wished', 'back', 'slow'],
    ]);
  });
});

describe('every fleet', () => {
  const holds = (property: (members: readonly Seen[], neededCount: number) => boolean): void =>
    fc.assert(
      fc.property(anyFleet, ([members, neededCount]) => property(members, neededCount)),
      { numRuns: 2_000 },
    );
  it('is ok exactly when all serve', () => {
    holds((members, neededCount) => {
      const { health } = judge(members, { neededCount, settleMs });
      return (health === 'ok') === members.every(serves);
    });
  });
  it('has failed only by somebody, who is named, and where nobody unknown could help', () => {
    holds((members, neededCount) => {
      const { health, blame, runningCount } = judge(members, { neededCount, settleMs });
      const unknownCount = members.filter(({ stage }) => stage === 'unknown').length;
      return health !== 'failed' || (blame.length > 0 && runningCount + unknownCount < neededCount);
    });
  });
  it('is stopped, or stopping, only where none of its members serves', () => {
    holds((members, neededCount) => {
      const { stage } = judge(members, { neededCount, settleMs });
      return (stage !== 'stopped' && stage !== 'stopping') || !members.some(serves);
    });
  });
  it('runs where enough serve, and never where the unknown ones decide', () => {
    holds((members, neededCount) => {
      const { stage, runningCount } = judge(members, { neededCount, settleMs });
      const unknownCount = members.filter((one) => one.stage === 'unknown').length;
      if (runningCount >= neededCount && runningCount > 0) return stage === 'running';
      return runningCount + unknownCount < neededCount || unknownCount === 0 || stage === 'unknown';
    });
  });
  it('has served too little for as long as a look at every moment shows', () => {
    holds((members, neededCount) => {
      // Without a way to see them, the unknown ones may have served all along.
      const idle = members.filter(isIdle);
      const isBelowAt = (agoMs: number): boolean =>
        members.length - idle.filter(({ unservedMs = 0 }) => unservedMs >= agoMs).length <
        neededCount;
      const { unservedMs } = judge(members, { neededCount, settleMs });
      if (unservedMs === undefined) return !isBelowAt(0);
      return isBelowAt(unservedMs) && !isBelowAt(unservedMs + 1);
    });
  });
  it('gets no better by time alone', () => {
    const order = ['ok', 'degraded', 'settling', 'failed'];
    holds((members, neededCount) => {
      const terms = { neededCount, settleMs };
      const later = members.map((one) =>
        one.unservedMs === undefined ? one : { ...one, unservedMs: one.unservedMs + 500 },
      );
      const [now, then] = [judge(members, terms).health, judge(later, terms).health];
      if (now === undefined || then === undefined) return now === then;
      return order.indexOf(then) >= order.indexOf(now);
    });
  });
});

describe('the stage of a fleet', () => {
  const stages: readonly Stage[] = ['stopped', 'starting', 'running', 'stopping', 'unknown'];
  const fleets = stages.flatMap((a) => stages.flatMap((b) => stages.map((c) => [a, b, c])));
  const stageOf = (all: readonly Pick<Seen, 'stage' | 'isReady'>[], neededCount: number) => {
    const members = all.map((one): Seen => ({ provision: ['m'], ...one }));
    const { stage, runningCount } = judge(members, { neededCount, settleMs: 0 });
    return { stage, runningCount };
  };
  it('is running when enough members are, and while some are and none is on its way', () => {
    for (const mix of fleets)
      for (let needed = 1; needed <= 3; needed += 1) {
        const count = (which: Stage): number => mix.filter((stage) => stage === which).length;
        const { stage, runningCount } = stageOf(
          mix.map((stage) => ({ stage })),
          needed,
        );
        expect(runningCount).toBe(count('running'));
        if (count('running') >= needed) expect(stage).toBe('running');
        if (count('running') === 0) expect(stage).not.toBe('running');
        if (count('running') > 0) expect(['stopped', 'stopping']).not.toContain(stage);
      }
  });
  it('is never stopped or running where the unknown members decide', () => {
    for (const mix of fleets)
      for (let needed = 1; needed <= 3; needed += 1) {
        const count = (stage: Stage): number => mix.filter((each) => each === stage).length;
        const isOpen = count('running') < needed && count('running') + count('unknown') >= needed;
        const { stage } = stageOf(
          mix.map((stage) => ({ stage })),
          needed,
        );
        if (isOpen) expect(stage).toBe('unknown');
      }
  });
  it('counts a member that runs and is not ready as starting', () => {
    expect(stageOf([{ stage: 'running', isReady: false }], 1)).toEqual({
      stage: 'starting',
      runningCount: 0,
    });
    expect(stageOf([{ stage: 'running', isReady: true }], 1).stage).toBe('running');
  });
  it('does not run on nothing, even where nothing is needed', () => {
    expect(stageOf([], 0).stage).toBe('stopped');
    expect(stageOf([{ stage: 'stopped' }], 0).stage).toBe('stopped');
  });
});
