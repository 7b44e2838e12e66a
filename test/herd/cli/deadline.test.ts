import type { Event, Result, Row } from '@bellwether/shepherd';
import { describe, expect, it } from 'vitest';
import { waitedLines } from '../../../packages/herd/src/cli/format/waited.ts';
import { Deadline } from '../../../packages/herd/src/cli/operation/deadline.ts';

const minute = 60_000;
const rowOf = (member: string, result: Result = 'changed'): Row => ({ member, result });
const answer = (member: string, result?: Result): Event => ({
  kind: 'row',
  row: rowOf(member, result),
});
/** A deadline of a minute, and a clock that a test moves. */
const waiting = (batchPauseMs?: number) => {
  let now = 7;
  const deadline = new Deadline({
    waitMs: minute,
    now: () => now,
    ...(batchPauseMs !== undefined && { batchPauseMs }),
  });
  const waits: number[] = [];
  deadline.onExtend((ms) => waits.push(ms));
  return {
    deadline,
    waits,
    pass: (minutes: number) => (now += minutes * minute),
    asks: (slowest: string, minutes: number) =>
      deadline.take([
        {
          kind: 'deadline',
          ...{ remainingMs: (minutes + 1) * minute, slowest, slowestMs: minutes * minute },
        },
      ]),
    said: (...rows: readonly Row[]) => waitedLines(deadline.waitedFor({ rows })).join('\n'),
  };
};

describe('a wait that a member made longer', () => {
  it('is told with the name of that member', () => {
    const { deadline, asks, pass, said } = waiting();
    asks('web-b', 20);
    pass(0.5);
    deadline.take([answer('web-a')]);
    pass(12);
    deadline.take([answer('web-b')]);
    expect(said(rowOf('web-a'), rowOf('web-b'))).toBe(
      '  Waited 12 minutes for web-b, which had said that it may take 20 minutes.',
    );
  });
  it('is told as data with all names, and with who had asked where that one was waited for', () => {
    const { deadline, asks, pass } = waiting();
    asks('e', 20);
    pass(3);
    const rows = ['a', 'b', 'c', 'd'].map((member) => rowOf(member));
    deadline.take(rows.map((row) => ({ kind: 'row', row })));
    const all = { members: ['a', 'b', 'c', 'd'], waitedMs: 3 * minute };
    expect(deadline.waitedFor({ rows })).toEqual(all);
    expect(deadline.waitedFor({ rows: [...rows, rowOf('e')] })).toEqual({
      ...all,
      members: ['e', 'a', 'b', 'c', 'd'],
      slowest: 'e',
      slowestMs: 20 * minute,
    });
  });
  it('is told of who was not heard of at all', () => {
    const { asks, pass, said } = waiting();
    asks('web-\x1b[2Jb', 59);
    pass(60.1);
    expect(said(rowOf('web-\x1b[2Jb', 'timed-out'))).toBe(
      '  Waited 60 minutes for web-\\x1b[2Jb, which had said that it may take 59 minutes.',
    );
  });
  it('is told of whoever was waited for, and not of who asked and was quick', () => {
    const { deadline, asks, pass, said } = waiting();
    asks('web-b', 20);
    deadline.take([answer('web-b')]);
    pass(5);
    deadline.take([answer('web-c')]);
    expect(said(rowOf('web-b'), rowOf('web-c'))).toBe('  Waited 5 minutes for web-c.');
  });
  it('names three, the one that asked first, and counts the others', () => {
    const { deadline, asks, pass, said } = waiting();
    asks('e', 20);
    pass(3);
    const rows = ['a', 'b', 'c', 'd', 'e'].map((member) => rowOf(member));
    deadline.take(rows.map((row) => ({ kind: 'row', row })));
    expect(said(...rows)).toBe(
      '  Waited 3 minutes for e, a, b and 2 more; the first had said that it may take 20 minutes.',
    );
  });
  it('is not told where all have answered in the usual time', () => {
    const { deadline, asks, pass, said } = waiting();
    asks('web-b', 20);
    pass(1);
    deadline.take([answer('web-b')]);
    pass(9);
    expect(said(rowOf('web-b'))).toBe('');
  });
  it('is not told where nobody asked for more', () => {
    const { pass, said } = waiting();
    pass(1.1);
    expect(said(rowOf('web-b', 'timed-out'))).toBe('');
  });
});

describe('batch by batch', () => {
  it('each member has the usual time, and the pause before it', () => {
    const { deadline, asks, pass, said } = waiting(2 * minute);
    asks('c', 20);
    for (const member of ['a', 'b']) {
      pass(3);
      deadline.take([answer(member)]);
    }
    pass(3.1);
    deadline.take([answer('c'), answer('d', 'skipped')]);
    expect(said(rowOf('c'))).toBe(
      '  Waited 9 minutes for c, which had said that it may take 20 minutes.',
    );
  });
  it('nobody is waited for who was left out', () => {
    const { deadline, asks, pass, said } = waiting(0);
    asks('b', 20);
    pass(4);
    deadline.take([answer('d', 'skipped'), answer('b', 'failed')]);
    expect(said(rowOf('b', 'failed'), rowOf('d', 'skipped'))).toContain('for b, which');
  });
});

describe('a longer time', () => {
  it('counts once', () => {
    const { asks, deadline, waits } = waiting();
    asks('a', 1);
    asks('a', 50);
    expect([deadline.ms, waits.length]).toEqual([2 * minute, 1]);
  });
});
