import { exitCodeOf } from '@bellwether/fleet';
import {
  memberRow,
  verdict,
  type MinReady,
  type Outcome,
  type Result,
  type Row,
} from '@bellwether/shepherd';
import { describe, expect, it } from 'vitest';

const calm = { isStrict: false };
const strictly = { isStrict: true };
const late = (outcome: Outcome): Outcome => ({ ...outcome, isLate: true });
const one = (result: Result): Outcome => ({ member: 'a', result, rows: [] });
const many = (results: readonly Result[], minReady: MinReady = '100%', action = 'start'): Outcome =>
  verdict(
    'f',
    action,
    results.map((result, at) => ({ member: `m${at}`, result })),
    minReady,
  );

describe('the exit code of one target', () => {
  it.each([
    ['ok', 0],
    ['changed', 0],
    ['failed', 1],
    ['denied', 5],
    ['unreachable', 4],
    ['timed-out', 4],
    ['unknown', 4],
    ['skipped', 4],
    ['cancelled', 4],
    ['superseded', 9],
    ['rolled-back', 7],
    ['rollback-failed', 8],
  ] as const)('is for %s: %d', (result, code) => {
    expect(exitCodeOf(one(result), calm)).toBe(code);
    expect(exitCodeOf(one(result), strictly)).toBe(code);
  });
  it('is 6 when its own deadline passed and nobody knows', () => {
    expect(exitCodeOf(late(one('timed-out')), calm)).toBe(6);
    expect(exitCodeOf(late(one('unknown')), calm)).toBe(6);
    expect(exitCodeOf(late(one('unreachable')), calm)).toBe(4);
    expect(exitCodeOf(late(one('failed')), calm)).toBe(1);
    expect(exitCodeOf(late(one('changed')), calm)).toBe(0);
  });
});

describe('the exit code of what somebody else was first at', () => {
  const busy = { member: 'm', result: 'failed', isBusy: true } as const;
  it('is 9 where that is so of every target, and as of a failure where it is not', () => {
    expect(exitCodeOf({ ...busy, rows: [] }, calm)).toBe(9);
    const fleet = (...rows: readonly Row[]): Outcome => verdict('f', 'deploy', rows, '100%');
    expect(exitCodeOf(fleet(busy, busy), strictly)).toBe(9);
    expect(exitCodeOf(fleet(busy, { member: 'n', result: 'superseded' }), calm)).toBe(9);
    expect(exitCodeOf(fleet(busy, { member: 'n', result: 'failed' }), calm)).toBe(1);
    expect(exitCodeOf(fleet(busy, { member: 'n', result: 'changed' }), calm)).toBe(3);
    expect(exitCodeOf(fleet(busy, { member: 'n', result: 'rolled-back' }), calm)).toBe(7);
  });
});

describe('the exit code of what was typed wrongly', () => {
  const slip = { member: 'm', result: 'failed', isSlip: true } as const;
  const fleet = (...rows: readonly Row[]): Outcome => verdict('f', 'greet', rows, '100%');
  it('is 2 where every target says so, and as of a failure where another ended otherwise', () => {
    expect(exitCodeOf({ ...slip, rows: [] }, calm)).toBe(2);
    expect(exitCodeOf(fleet(slip, slip), strictly)).toBe(2);
    expect(exitCodeOf(fleet(slip, { member: 'n', result: 'failed' }), calm)).toBe(1);
    expect(exitCodeOf(fleet(slip, { member: 'n', result: 'changed' }), calm)).toBe(3);
    expect(exitCodeOf(fleet(slip, { member: 'n', result: 'unreachable' }), calm)).toBe(3);
  });
  it('is that of a fleet of such fleets, too', () => {
    const inner = memberRow(fleet(slip, slip));
    expect(exitCodeOf(fleet(inner, slip), calm)).toBe(2);
    expect(exitCodeOf(fleet(memberRow(fleet(slip, { member: 'n', result: 'failed' }))), calm)).toBe(
      1,
    );
  });
});

describe('the exit code of a fleet', () => {
  it('is 1 when all failed and 3 when some did, also where enough are ready', () => {
    expect(exitCodeOf(many(['failed', 'failed']), calm)).toBe(1);
    expect(exitCodeOf(many(['changed', 'failed']), calm)).toBe(3);
    expect(exitCodeOf(many(['changed', 'failed'], 1), calm)).toBe(3);
    expect(exitCodeOf(many(['unreachable', 'failed']), calm)).toBe(3);
  });
  it('is 5 when a grant allowed none of it, and 3 when it allowed some or others failed', () => {
    expect(exitCodeOf(many(['denied', 'denied']), calm)).toBe(5);
    expect(exitCodeOf(many(['denied', 'changed'], 1), calm)).toBe(3);
    expect(exitCodeOf(many(['denied', 'failed']), calm)).toBe(3);
    expect(exitCodeOf(many(['denied', 'unreachable']), calm)).toBe(3);
  });
  it('is 4 for an unreachable member and 0 when the policy is met without it', () => {
    expect(exitCodeOf(many(['changed', 'unreachable']), calm)).toBe(4);
    expect(exitCodeOf(many(['changed', 'unreachable'], 1), calm)).toBe(0);
    expect(exitCodeOf(many(['changed', 'unreachable'], 1), strictly)).toBe(4);
  });
  it('is 8 where a way back failed, else 7 where one was gone, whatever else there is', () => {
    expect(exitCodeOf(many(['rolled-back', 'failed', 'denied']), calm)).toBe(7);
    expect(exitCodeOf(many(['changed', 'rolled-back'], 1), calm)).toBe(7);
    expect(exitCodeOf(many(['rolled-back', 'rollback-failed', 'changed'], 1), strictly)).toBe(8);
    expect(exitCodeOf(late(many(['rolled-back', 'unknown'])), calm)).toBe(7);
  });
  it('is 9 when all that did not do it lost to a later command', () => {
    expect(exitCodeOf(many(['superseded', 'superseded']), calm)).toBe(9);
    expect(exitCodeOf(many(['superseded', 'changed']), calm)).toBe(9);
    expect(exitCodeOf(many(['superseded', 'ok'], 1), strictly)).toBe(9);
    expect(exitCodeOf(many(['superseded', 'changed'], 1), calm)).toBe(0);
    expect(exitCodeOf(many(['superseded', 'unreachable']), calm)).toBe(4);
    expect(exitCodeOf(many(['superseded', 'changed', 'unknown']), calm)).toBe(4);
    expect(exitCodeOf(many(['superseded', 'failed']), calm)).toBe(3);
  });
  it('is 1 for a fleet that failed as a whole', () => {
    expect(exitCodeOf({ ...many(['ok', 'ok']), result: 'failed' }, calm)).toBe(1);
  });
  it('takes the first line of the order that holds, for every mix of three', () => {
    const results: Result[] = ['ok', 'changed', 'failed', 'unreachable', 'timed-out', 'superseded'];
    for (const a of results)
      for (const b of results)
        for (const c of results)
          for (let needed = 0; needed <= 3; needed += 1)
            for (const isStrict of [false, true])
              for (const isLate of [false, true]) {
                const mix = [a, b, c];
                const count = (...which: Result[]): number =>
                  mix.filter((each) => which.includes(each)).length;
                const good = count('ok', 'changed');
                const order: [boolean, number][] = [
                  [count('superseded') === 3, 9],
                  [count('failed') === 3, 1],
                  [count('failed') > 0, 3],
                  [good >= (isStrict ? 3 : needed), 0],
                  [good + count('superseded') === 3, 9],
                  [isLate && count('timed-out') > 0, 6],
                  [true, 4],
                ];
                const expected = order.find(([holds]) => holds)?.[1];
                const outcome = { ...many(mix, needed), isLate };
                expect(exitCodeOf(outcome, { isStrict })).toBe(expected);
              }
  });
});
