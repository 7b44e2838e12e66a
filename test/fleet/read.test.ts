import { describe, expect, it } from 'vitest';
import { FLEET_LIMITS } from '@bellwether/fleet';
import { limits } from '@bellwether/shepherd';
import { reader, weightOf } from '../../packages/fleet/src/read.ts';
import { runningStatus } from '../support/fleet-bench.ts';

const { batch: readBatch, outcome: readOutcome, status: readStatus } = reader;
const row = { member: 'web', result: 'ok' };
const outcome = { ...row, rows: [] };
const repeat = <T>(count: number, value: T): T[] => Array.from({ length: count }, () => value);
const refuses = (read: () => unknown): void =>
  expect(read).toThrow(expect.objectContaining({ code: 'malformed' }));

describe('reading an outcome', () => {
  it('takes one with every field, as it was', () => {
    const full = {
      ...outcome,
      reason: 'why',
      stage: 'running',
      pid: 1,
      also: ['networking'],
      output: ['line'],
      lastSeenMs: 0.5,
      version: { born: 1, sequence: 2 },
      rows: [row],
    };
    expect(readOutcome(full, 'outcome')).toEqual(full);
  });
  it('takes one without a prototype, as it comes from the wire, and keeps only what it knows', () => {
    const wire: unknown = Object.assign(Object.create(null), { ...outcome, colour: 'red' });
    expect(readOutcome(wire, 'outcome')).toEqual(outcome);
  });
  it('ignores what an object only inherits', () => {
    refuses(() => readOutcome(Object.create(outcome), 'outcome'));
  });
  it.each([
    ['rows that are no list', { ...outcome, rows: {} }],
    ['a pid that is text', { ...outcome, pid: '1' }],
    ['a pid below nothing', { ...outcome, pid: -1 }],
    ['a pid that is no number', { ...outcome, pid: NaN }],
    ['an endless age', { ...outcome, lastSeenMs: Infinity }],
    ['a reason that is a list', { ...outcome, reason: ['why'] }],
    ['a stage that is no word', { ...outcome, stage: 1 }],
    ['a version without a birth', { ...outcome, version: { sequence: 1 } }],
    ['no result', { member: 'web', rows: [] }],
    ['a name in `also` that is empty', { ...outcome, also: [''] }],
    ['a list', [outcome]],
    ['null', null],
  ])('refuses %s', (_what, value) => refuses(() => readOutcome(value, 'outcome')));
  it('names the field, what was expected and what was found', () => {
    expect(() => readOutcome({ ...outcome, rows: [row, { member: 7 }] }, 'outcome')).toThrow(
      'outcome.rows[1].member: expected a string, found 7',
    );
  });
});

describe('the limits of what is read', () => {
  it('let rows, lines and names pass up to the limit', () => {
    readBatch([{ kind: 'row', row: { ...row, also: repeat(limits.listCount, 'x') } }], 'b');
    readOutcome({ ...outcome, output: repeat(limits.outputLineCount, 'x') }, 'outcome');
    readOutcome({ ...outcome, also: repeat(limits.listCount, 'x') }, 'outcome');
    readOutcome({ ...outcome, also: ['x'.repeat(limits.nameCharacters)] }, 'outcome');
    readBatch(repeat(limits.batchEventCount, { kind: 'dropped', count: 1 }), 'batch');
  });
  it.each([
    ['rows', { ...outcome, rows: repeat(limits.rowCount + 1, row) }],
    ['lines', { ...outcome, output: repeat(limits.outputLineCount + 1, 'x') }],
    ['names', { ...outcome, also: repeat(limits.listCount + 1, 'x') }],
    ['characters of a name', { ...outcome, also: ['x'.repeat(limits.nameCharacters + 1)] }],
  ])('refuse one more of the %s', (_what, value) => refuses(() => readOutcome(value, 'outcome')));
  it('cut text for people where it is too long', () => {
    const reason = 'x'.repeat(limits.lineCharacters + 1);
    expect(readOutcome({ ...outcome, reason }, 'o').reason).toHaveLength(limits.lineCharacters);
  });
  it('never cut a pair of surrogates in two: half of one could not be sent on', () => {
    const max = limits.lineCharacters;
    for (const length of [max - 2, max - 1, max]) {
      const reason = `${'x'.repeat(length)}\u{1F600}${'y'.repeat(9)}`;
      const read = readOutcome({ ...outcome, reason }, 'o').reason ?? '';
      expect(Buffer.from(read, 'utf8').toString('utf8')).toBe(read);
      expect(read.length).toBeLessThanOrEqual(max);
    }
  });
  it('refuse a count of lines that is no count', () => {
    for (const count of [1.5, -1, 2 ** 53, Number.NaN])
      refuses(() => readBatch([{ kind: 'dropped', count }], 'batch'));
  });
});

describe('what is too heavy to be kept', () => {
  const heavyBy = (extra: number): unknown => {
    const rows = repeat(100, { ...row, reason: '' });
    const missing = FLEET_LIMITS.answerWeight - weightOf({ ...outcome, rows }) + extra;
    const each = Math.floor(missing / 99);
    const full = rows.map((one, at) => ({
      ...one,
      reason: 'x'.repeat(at < 99 ? each : missing - 99 * each),
    }));
    return { ...outcome, rows: full };
  };
  it('is not an outcome of just the limit', () => {
    expect(readOutcome(heavyBy(0), 'outcome').rows).toHaveLength(100);
  });
  it('is an outcome of one more: its verdict stays, and says what is missing', () => {
    expect(readOutcome(heavyBy(1), 'outcome')).toEqual({
      ...outcome,
      reason: '100 rows were too long to keep',
    });
  });
  it('is as many rows as there may be', () => {
    const rows = repeat(limits.rowCount, row);
    expect(readOutcome({ ...outcome, rows }, 'outcome').rows).toEqual([]);
  });
  it('is a status with a library of lines: it comes without its lists', () => {
    const recentLines = repeat(100, 'x'.repeat(limits.lineCharacters));
    const status = readStatus({ ...runningStatus, recentLines }, 'status');
    expect(status).toEqual({ ...runningStatus, requirement: [], actions: [] });
  });
});

describe('reading a status', () => {
  it('takes one with every field, as it was', () => {
    const full = {
      ...runningStatus,
      kind: 'exported',
      version: { born: 1, sequence: 2 },
      command: ['node', 'server.js'],
      lastRespawn: 1,
      lastExit: { code: 1, at: 2 },
      failure: { reason: 'no', at: 3 },
      logFile: '/log',
      recentLines: ['hello'],
      members: [{ name: 'a', stage: 'running', ageMs: 0, pid: 2 }],
      runningCount: 1,
      neededCount: 1,
      origin: 'B',
      unknownReason: '',
    };
    expect(readStatus(full, 'status')).toEqual(full);
  });
  it.each(
    Object.keys(runningStatus).filter(
      (key) => !['kind', 'pid', 'since', 'isReady', 'ageMs'].includes(key),
    ),
  )('refuses one without %s', (key) =>
    refuses(() => readStatus({ ...runningStatus, [key]: undefined }, 'status')),
  );
});
