/** How a restart batch by batch is laid out, and when the next may go down: pure functions, and a world that is unkind. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { limits, type Request, type Result, type Rolling } from '@bellwether/shepherd';
import { checkedRequest } from '../../../packages/shepherd/src/checks/requests.ts';
import {
  keyOf,
  type Gate,
  type Graph,
  type Step,
} from '../../../packages/shepherd/src/operation/plan/plan.ts';
import {
  judge,
  planFor,
  termsOf,
  type WhoServes,
  type MemberTurn,
  type Verdict,
} from '../../../packages/shepherd/src/operation/plan/rolling.ts';
import { requestOf } from '../../support/shepherd-machine.ts';

/** By a look at each of them. */
const judgeAll = (gate: Gate, turns: readonly MemberTurn[], seen: WhoServes): Verdict =>
  judge(
    gate,
    {
      bad: turns.filter(({ state }) => state === 'bad'),
      askedCount: turns.filter(({ state }) => state === 'asked').length,
      idle: turns.filter(({ name, state }) => state !== 'asked' && seen(name) !== true),
    },
    seen,
  );

interface Sketch {
  readonly members: readonly string[];
  readonly inner?: readonly string[];
  readonly idle?: readonly string[];
  /** Of whom nobody can tell. */
  readonly hidden?: readonly string[];
  readonly elsewhere?: readonly string[];
  /** By service: what it requires. */
  readonly requires?: Readonly<Record<string, readonly string[]>>;
}
const graphOf = ({
  members,
  inner,
  idle = [],
  hidden = [],
  elsewhere = [],
  requires = {},
}: Sketch): Graph => ({
  requirements: (name) => requires[name] ?? [],
  dependents: (name) => Object.keys(requires).filter((each) => requires[each]?.includes(name)),
  waitsFor: () => 'all',
  members: (name) => (name === 'fleet' ? members : name === 'inner' ? inner : undefined),
  isOwn: (name) => name !== 'fleet' && name !== 'inner' && !elsewhere.includes(name),
  isEnabled: () => true,
  whyDisabled: () => 'it is disabled',
  isUp: (name) => !idle.includes(name),
  isServing: (name) => (hidden.includes(name) ? undefined : !idle.includes(name)),
});
const planned = (rolling: Rolling, sketch: Sketch): readonly Step[] =>
  planFor(requestOf({ action: 'restart', member: 'fleet', rolling }), graphOf(sketch));
const switched = (sketch: Sketch, more: Partial<Request> = {}): readonly Step[] =>
  planFor(requestOf({ action: 'deploy', member: 'fleet', args: ['d'], ...more }), graphOf(sketch));
type GateStep = Step & Gate;
const gatesIn = (steps: readonly Step[]): readonly GateStep[] =>
  steps.flatMap((step) => (step.kind === 'gate' ? [step] : []));
/** Batches with bars between, a canary in brackets. */
const batchesOf = (steps: readonly Step[]): string => {
  const batches: string[][] = [];
  for (const { batch, opens, isCanary } of gatesIn(steps)) {
    batches[batch - 1] ??= [];
    batches[batch - 1]?.push(isCanary === true ? `(${opens.join('+')})` : opens.join('+'));
  }
  return batches.map((each) => each.join(' ')).join(' | ');
};
const six = ['a', 'b', 'c', 'd', 'e', 'f'];

describe('a restart batch by batch is laid out', () => {
  it.each<[string, Rolling, Sketch]>([
    ['a b | c d | e f', { batch: 2 }, { members: six }],
    ['a b | c d | e f', { batch: '25%' }, { members: six }],
    ['a b c d e f', { batch: 100 }, { members: six }],
    ['(a) | b c d | e f', { batch: 3, canary: 1 }, { members: six }],
    ['c f | a b | d e', { batch: 2 }, { members: six, idle: ['f', 'c'] }],
    ['a+b | c', { batch: 2 }, { members: ['a', 'b', 'c'], requires: { b: ['a'] } }],
    [
      'c | a+b',
      { batch: 1, maxUnavailable: 2 },
      { members: ['a', 'b', 'c'], idle: ['c'], requires: { b: ['x'], x: ['a'] } },
    ],
    ['a x | y b', { batch: 2 }, { members: ['a', 'inner', 'b'], inner: ['x', 'y', 'a'] }],
    ['', { batch: 1 }, { members: [] }],
  ])('as %s', (batches, rolling, sketch) => {
    expect(batchesOf(planned(rolling, sketch))).toBe(batches);
  });
  it('with each member once, behind its own gate, and what it needs behind the first', () => {
    const requires = { a: ['net'], b: ['net'], web: ['a', 'b'] };
    const steps = planned({ batch: 1 }, { members: ['a', 'b'], elsewhere: ['b'], requires });
    expect(steps.map(({ key, gate }) => `${key}${gate === undefined ? '' : ` <${gate}`}`)).toEqual([
      'gate/restart/fleet/a',
      'restart/a/stop/web <gate/restart/fleet/a',
      'restart/a/stop/a <gate/restart/fleet/a',
      'start/net <gate/restart/fleet/a',
      'restart/a/start/a <gate/restart/fleet/a',
      'restart/a/start/web <gate/restart/fleet/a',
      'restart/a <gate/restart/fleet/a',
      'gate/restart/fleet/b',
      'restart/b/stop/web <gate/restart/fleet/b',
      'restart/b/stop/b <gate/restart/fleet/b',
      'restart/b/start/b <gate/restart/fleet/b',
      'restart/b/start/web <gate/restart/fleet/b',
      'restart/b <gate/restart/fleet/b',
      'restart/fleet',
    ]);
    expect(steps.at(-1)).toMatchObject({ kind: 'sum', parts: ['restart/a', 'restart/b'] });
    expect(steps[7]?.after).toEqual(['gate/restart/fleet/a', 'restart/a']);
  });
  it('in as many steps and edges for each member, however many there are', () => {
    const sizeOf = (count: number): number => {
      const members = Array.from({ length: count }, (_, at) => `m${at}`);
      const steps = planned({ batch: '10%' }, { members, elsewhere: members });
      return steps.reduce((sum, { after }) => sum + 1 + after.length, 0) / count;
    };
    expect(sizeOf(1_000)).toBeLessThan(sizeOf(50) * 1.1);
  });
  it('by a policy whose shares are never rounded to more that may go wrong', () => {
    const terms = { batchSize: 2, maxUnavailable: 1, maxFailed: 0, pauseMs: 7, canaryCount: 0 };
    const rolling = { batch: '25%', maxUnavailable: '25%', maxFailed: '15%', pauseMs: 7 } as const;
    expect(termsOf(rolling, 6)).toEqual(terms);
    expect(termsOf({ batch: '1%', maxUnavailable: '1%' }, 6)).toMatchObject({
      batchSize: 1,
      maxUnavailable: 1,
    });
    expect(termsOf({ batch: 3 }, 6).maxUnavailable).toBe(3);
  });
});

describe('another release for an aggregate is laid out', () => {
  it.each<[string, Sketch, Partial<Request>]>([
    ['(a) | b c | d e | f', { members: six }, {}],
    ['(a) | b c | d e | f', { members: six }, { action: 'rollback' }],
    ['(a) | b c | d e | f', { members: six }, { action: 'activate' }],
    ['(a) | b', { members: ['a', 'b'] }, {}],
    ['a b c d e f', { members: six }, { rolling: { batch: '100%' } }],
    ['(d) | f a | b c | e', { members: six, idle: ['d', 'f'] }, {}],
    ['(b) | c d | e f | a', { members: six, hidden: ['a'] }, {}],
    ['(a) | b c | d e | f', { members: six, hidden: six }, {}],
    ['a | b', { members: ['a', 'b'], requires: { b: ['a'] } }, { rolling: { batch: 1 } }],
    ['(a) | x | y | b', { members: ['a', 'inner', 'b'], inner: ['x', 'y', 'a'] }, {}],
    ['', { members: [] }, {}],
  ])('as %s', (batches, sketch, more) => {
    expect(batchesOf(switched(sketch, more))).toBe(batches);
  });
  it('with one step for each member, and nothing that it requires or that hangs on it', () => {
    const requires = { a: ['net'], b: ['a'], web: ['a', 'b'] };
    const steps = switched({ members: ['a', 'b'], elsewhere: ['b'], requires });
    expect(steps.map(({ key, gate = '' }) => `${key} <${gate}`)).toEqual([
      'gate/deploy/fleet/a <',
      'deploy/a <gate/deploy/fleet/a',
      'gate/deploy/fleet/b <',
      'deploy/b <gate/deploy/fleet/b',
      'deploy/fleet <',
    ]);
    expect(steps[1]).toMatchObject({ kind: 'ask', isAsked: true, isMember: true });
    expect(steps[2]).toMatchObject({ of: 'deploy', after: ['gate/deploy/fleet/a', 'deploy/a'] });
    expect(steps[3]).not.toHaveProperty('wish');
  });
  it('in no batches where there are no members, or they are left alone', () => {
    const sketch = { members: six };
    const alone = planFor(requestOf({ action: 'deploy', member: 'a' }), graphOf(sketch));
    expect(alone.map(({ key }) => key)).toEqual(['deploy/a']);
    expect(switched(sketch, { withMembers: false })).toMatchObject([{ kind: 'known' }]);
  });
  it('all at once for any other action, and for a restart of which nobody says otherwise', () => {
    for (const action of ['stage', 'confirm', 'restart'])
      expect(gatesIn(switched({ members: six }, { action }))).toEqual([]);
  });
});

describe('a member with another release', () => {
  const gates = gatesIn(switched({ members: six }, { rolling: { batch: 1, maxFailed: 1 } }));
  const verdictAfter = (result: Result, isServing: boolean | undefined): string => {
    const [, gate] = gates;
    if (gate === undefined) throw new Error('there is no gate');
    const outcome = { member: 'a', result, rows: [] };
    const turns = six.map((name): MemberTurn => {
      const ahead = { name, state: 'ahead', isCanary: false } as const;
      return name === 'a' ? { ...ahead, state: 'bad', outcome } : ahead;
    });
    return judgeAll(gate, turns, (name) => (name === 'a' ? isServing : true)).kind;
  };
  it.each<[Result, boolean | undefined, string]>([
    ['rolled-back', true, 'open'],
    ['failed', true, 'open'],
    ['rolled-back', false, 'settle'],
    ['rolled-back', undefined, 'settle'],
    ['rollback-failed', true, 'settle'],
    ['unreachable', true, 'settle'],
    ['unknown', true, 'settle'],
  ])('that is %s, and serves: %s, lets the next gate be: %s', (result, isServing, kind) => {
    expect(verdictAfter(result, isServing)).toBe(kind);
  });
});

describe('a request', () => {
  const checked = (rolling: unknown, more: object = {}) =>
    checkedRequest(
      requestOf({ action: 'restart', member: 'fleet', rolling: rolling as Rolling, ...more }),
    );
  it('is taken with a policy at its limits, without what is none of it', () => {
    const most: Rolling = {
      batch: limits.rowCount,
      maxUnavailable: '100%',
      maxFailed: 0,
      pauseMs: limits.rollPauseMs,
      canary: limits.rowCount,
    };
    expect(checked({ ...most, more: 1 }).rolling).toEqual(most);
    expect(checked({ batch: '1%' }).rolling).toEqual({ batch: '1%' });
  });
  it.each([
    [{}],
    [null],
    [{ batch: 0 }],
    [{ batch: '0%' }],
    [{ batch: 1.5 }],
    [{ batch: limits.rowCount + 1 }],
    [{ batch: '101%' }],
    [{ batch: 1, maxUnavailable: 0 }],
    [{ batch: 1, maxFailed: -1 }],
    [{ batch: 1, maxFailed: 'all' }],
    [{ batch: 1, pauseMs: limits.rollPauseMs + 1 }],
    [{ batch: 1, pauseMs: 0.5 }],
    [{ batch: 1, canary: 0 }],
    [{ batch: 1, canary: limits.rowCount + 1 }],
  ])('is refused with the policy %j', (rolling) => {
    expect(() => checked(rolling)).toThrow(/rolling/);
  });
  it('is refused where there is nothing to divide', () => {
    expect(() => checked({ batch: 1 }, { action: 'stop' })).toThrow(
      'batches go with restart, activate, deploy, rollback, not with stop',
    );
    expect(() => checked({ batch: 1 }, { withMembers: false })).toThrow('has no batches');
  });
});

/** A roll in a world that does as it likes: who is asked may fail, and anybody may die at any time. */
const played = (
  rolling: Rolling,
  sketch: Sketch,
  next: () => number,
): { readonly asked: readonly string[]; readonly complaints: readonly string[] } => {
  const gates = gatesIn(planned(rolling, sketch));
  const { maxUnavailable, maxFailed } = termsOf(rolling, sketch.members.length);
  const turns = new Map<string, MemberTurn>();
  for (const { opens, isCanary = false } of gates)
    for (const name of opens) turns.set(name, { name, state: 'ahead', isCanary });
  const serving = new Set(sketch.members.filter((name) => sketch.idle?.includes(name) !== true));
  /** Members of whom nobody can tell. */
  const hidden = new Set<string>();
  const asked: string[] = [];
  const complaints: string[] = [];
  const inState = (state: MemberTurn['state']): readonly MemberTurn[] =>
    [...turns.values()].filter((turn) => turn.state === state);
  const isOver = (key: string): boolean =>
    gates.some((gate) => gate.key === key) ||
    ['well', 'bad'].includes(turns.get(key.slice('restart/'.length))?.state ?? '');
  const look = (gate: GateStep): 'opened' | 'waits' | 'shut' => {
    if (!gate.after.every(isOver)) return 'waits';
    const verdict = judgeAll(gate, [...turns.values()], (name) =>
      hidden.has(name) ? undefined : serving.has(name),
    );
    if (verdict.kind !== 'open') return verdict.kind === 'wait' ? 'waits' : 'shut';
    const taken = gate.opens.filter((name) => serving.has(name));
    for (const name of gate.opens) {
      if (asked.includes(name)) complaints.push(`${name} twice`);
      asked.push(name);
      turns.set(name, { name, state: 'asked', isCanary: gate.isCanary === true });
      serving.delete(name);
    }
    const downCount = sketch.members.length - serving.size;
    if (taken.length > 0 && downCount > maxUnavailable)
      complaints.push(`${downCount} down after ${gate.opens.join()}`);
    if (inState('bad').length > maxFailed) complaints.push(`went on after too many failures`);
    if (inState('bad').some(({ isCanary }) => isCanary)) complaints.push('went on over the canary');
    if (inState('asked').length > maxUnavailable) complaints.push('too many at once');
    return 'opened';
  };
  for (let at = 0, count = 0; at < gates.length && count < 500; count += 1) {
    const gate = gates[at];
    if (gate === undefined) break;
    const dice = next();
    const running = inState('asked');
    const one = running[Math.floor(next() * running.length)];
    if (dice < 0.3 && one !== undefined) {
      const isWell = next() < 0.8;
      turns.set(one.name, { ...one, state: isWell ? 'well' : 'bad' });
      if (isWell) serving.add(one.name);
    } else if (dice < 0.35) {
      const name = sketch.members[Math.floor(next() * sketch.members.length)] ?? '';
      if (turns.get(name)?.state === 'ahead' || turns.get(name)?.state === 'well')
        if (!serving.delete(name)) serving.add(name);
    } else if (dice < 0.4) {
      const name = sketch.members[Math.floor(next() * sketch.members.length)] ?? '';
      if (!hidden.delete(name)) hidden.add(name);
    } else {
      const found = look(gate);
      if (found === 'opened') at += 1;
      else if (found === 'shut' && next() < 0.3) break;
      else if (found === 'waits' && running.length === 0) {
        complaints.push('waits for nobody');
        break;
      }
    }
  }
  return { asked, complaints };
};
const randoms = (seed: number) => {
  let state = seed;
  return (): number => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
};

describe('whatever fails, and whenever', () => {
  const share = (least: number) =>
    fc.oneof(
      fc.integer({ min: least, max: 5 }),
      fc.integer({ min: least, max: 100 }).map((percent) => `${percent}%` as const),
    );
  const policy = fc.record(
    {
      batch: share(1),
      maxUnavailable: share(1),
      maxFailed: share(0),
      canary: fc.integer({ min: 1, max: 3 }),
    },
    { requiredKeys: ['batch'] },
  );
  it('no more members are down than may be, each is asked once, and in the order of the plan', () => {
    let finishedCount = 0;
    let stoppedCount = 0;
    fc.assert(
      fc.property(
        policy,
        fc.integer({ min: 1, max: 12 }),
        fc.integer({ min: 0, max: 4_095 }),
        fc.nat(),
        (rolling, count, idleBits, seed) => {
          const members = Array.from({ length: count }, (_, at) => `m${at}`);
          const idle = members.filter((_, at) => (idleBits >> at) % 4 === 3);
          const { asked, complaints } = played(
            rolling as Rolling,
            { members, idle },
            randoms(seed),
          );
          expect(complaints).toEqual([]);
          const order = gatesIn(planned(rolling as Rolling, { members, idle })).flatMap(
            ({ opens }) => opens,
          );
          expect(asked).toEqual(order.slice(0, asked.length));
          if (asked.length === count) finishedCount += 1;
          else stoppedCount += 1;
        },
      ),
      { numRuns: 1_000, seed: 11 },
    );
    // Both happen often enough to mean something.
    expect(finishedCount).toBeGreaterThan(100);
    expect(stoppedCount).toBeGreaterThan(100);
  });
  it('a gate says who is the reason', () => {
    const [, gate] = gatesIn(planned({ batch: 1 }, { members: ['a', 'b', 'c'] }));
    if (gate === undefined) throw new Error('no second gate');
    const turn = (name: string, state: MemberTurn['state']): MemberTurn => ({
      name,
      state,
      isCanary: false,
    });
    const all = [turn('a', 'well'), turn('b', 'ahead'), turn('c', 'ahead')];
    const verdict = (turns: readonly MemberTurn[], ...serving: readonly string[]) =>
      judgeAll(gate, turns, (name) => serving.includes(name));
    expect(verdict(all, 'a', 'b', 'c')).toEqual({ kind: 'open' });
    expect(verdict(all, 'b', 'c')).toEqual({
      kind: 'settle',
      reason: 'left as it is: 1 member failed, and none may',
      culprit: { name: 'a' },
    });
    expect(verdict(all, 'a', 'b')).toMatchObject({ kind: 'settle', culprit: { name: 'c' } });
    expect(verdict(all, 'a', 'c')).toEqual({ kind: 'open' });
    expect(judgeAll(gate, all, (name) => (name === 'a' ? true : undefined))).toMatchObject({
      kind: 'settle',
      reason:
        "left as it is: 2 members are out of reach, and at most 1 may be unavailable ('--max-unavailable 2' goes on)",
    });
    expect(verdict([turn('a', 'asked'), ...all.slice(1)], 'b', 'c')).toEqual({ kind: 'wait' });
    expect(verdict([turn('a', 'bad'), ...all.slice(1)], 'b', 'c')).toMatchObject({ kind: 'shut' });
    expect(keyOf('restart', 'a')).toBe('restart/a');
  });
});
