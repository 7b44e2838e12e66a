import {
  memberRow,
  neededOf,
  verdict,
  worstOf,
  type MinReady,
  type Result,
  type Row,
} from '@bellwether/shepherd';
import { describe, expect, it } from 'vitest';

const results: readonly Result[] = [
  'failed',
  'unreachable',
  'timed-out',
  'unknown',
  'superseded',
  'cancelled',
  'skipped',
  'changed',
  'ok',
];
const rowsOf = (...all: readonly Result[]): Row[] =>
  all.map((result, at) => ({ member: `m${at}`, result }));
/** Every list of results up to a length. */
const combinations = (length: number): Result[][] =>
  length === 0
    ? [[]]
    : combinations(length - 1).flatMap((rest) => results.map((result) => [...rest, result]));

describe('neededOf', () => {
  it('takes a count as it is and rounds a share up', () => {
    expect(neededOf(0, 3)).toBe(0);
    expect(neededOf(3, 3)).toBe(3);
    expect(neededOf('0%', 3)).toBe(0);
    expect(neededOf('50%', 3)).toBe(2);
    expect(neededOf('34%', 3)).toBe(2);
    expect(neededOf('33%', 100)).toBe(33);
    expect(neededOf('100%', 7)).toBe(7);
  });
  it('never asks for more or less than the share, for every share and size', () => {
    for (let share = 0; share <= 100; share += 1)
      for (let count = 0; count <= 60; count += 1) {
        const needed = neededOf(`${share}%`, count);
        expect(needed * 100 >= share * count && (needed - 1) * 100 < share * count).toBe(true);
      }
  });
  it.each(['101%', '1000%', '-1%', '1.5%', '%', ' 5%', '5', '1e1%'])('refuses %j', (text) => {
    expect(() => neededOf(text as MinReady, 3)).toThrow(RangeError);
  });
  it.each([-1, 4, 1.5, NaN, Infinity])('refuses %j of 3 members', (count) => {
    expect(() => neededOf(count, 3)).toThrow(RangeError);
  });
});

describe('worstOf', () => {
  it('weighs a failure more than silence, and silence more than a loss to a later command', () => {
    for (const [at, worse] of results.entries())
      for (const better of results.slice(at)) {
        expect(worstOf(rowsOf(worse, better))).toBe(worse);
        expect(worstOf(rowsOf(better, worse))).toBe(worse);
      }
  });
  it('is ok for nothing', () => expect(worstOf([])).toBe('ok'));
});

describe('verdict', () => {
  it('counts in words: all, enough, too few', () => {
    expect(verdict('f', 'start', rowsOf('changed', 'ok'), '100%').reason).toBe('2/2');
    expect(verdict('f', 'start', rowsOf('changed', 'failed'), 1).reason).toBe('degraded 1/2');
    expect(verdict('f', 'start', rowsOf('changed', 'failed'), 2).reason).toBe('1 of 2 members');
    expect(verdict('f', 'start', rowsOf('ok', 'failed', 'unknown'), 2).reason).toBe(
      '1 of 3 members, 2 needed',
    );
  });
  it('asks for all, where fewer were asked than the policy counts', () => {
    expect(verdict('f', 'start', rowsOf('changed'), 2)).toMatchObject({
      result: 'changed',
      reason: '1/1',
    });
    expect(verdict('f', 'start', rowsOf('ok', 'failed'), 3)).toMatchObject({ result: 'failed' });
    expect(verdict('f', 'start', [], 1).reason).toBe('0/0');
  });
  it('follows the policy for every mix of up to four members, every need and every action', () => {
    for (const length of [1, 2, 3, 4])
      for (const mix of combinations(length))
        for (let needed = 0; needed <= length; needed += 1)
          for (const action of ['start', 'stop', 'reload']) {
            const rows = rowsOf(...mix);
            const outcome = verdict('f', action, rows, needed);
            const goodCount = mix.filter((each) => each === 'ok' || each === 'changed').length;
            const isMet = goodCount >= (action === 'start' ? needed : length);
            const good = mix.includes('changed') ? 'changed' : 'ok';
            if (outcome.result !== (isMet ? good : worstOf(rows)))
              expect.fail(`${action} ${mix.join()} needs ${needed}: ${outcome.result}`);
            if (outcome.rows !== rows) expect.fail('the rows are not the ones given');
          }
  });
  it('lets a restart degrade as a start does', () => {
    expect(verdict('f', 'restart', rowsOf('changed', 'failed'), '50%').result).toBe('changed');
    expect(verdict('f', 'stop', rowsOf('changed', 'failed'), '50%').result).toBe('failed');
  });
});

describe('the row of a member', () => {
  it('names the first of what went wrong below it that waited for nothing else, and how many did', () => {
    const on = (dependsOn: string) => ({ result: 'failed', dependsOn }) as const;
    const bad = (member: string) => ({ member, result: 'failed', reason: 'full' }) as const;
    const rows = [
      { member: 'mid', ...on('db') },
      { member: 'left', result: 'skipped' } as const,
      bad('db'),
      { member: 'up', result: 'ok' } as const,
      bad('net'),
      { ...bad('fleet'), cause: { member: 'm1', otherCount: 2 } },
    ];
    const row = (count: number) =>
      memberRow({ member: 'web', ...on('mid'), rows: rows.slice(0, count) }).cause;
    expect(row(1)).toEqual({ member: 'mid' });
    expect(row(4)).toEqual({ member: 'db', reason: 'full' });
    expect(row(5)).toEqual({ member: 'db', reason: 'full', otherCount: 1 });
    expect(memberRow({ ...bad('all'), rows: rows.slice(5) }).cause).toEqual({
      member: 'm1',
      otherCount: 2,
    });
  });
});
