import { describe, expect, it } from 'vitest';
import {
  aboutIn,
  BadAnswer,
  batchIn,
  changesIn,
  linesIn,
  outcomeIn,
  statusesIn,
  statusIn,
  textIn,
} from '../../../packages/herd/src/client/answers.ts';
import { maxListCount } from '../../../packages/herd/src/client/limits.ts';
import type { Outcome, Status } from '@bellwether/shepherd';

const row = {
  member: 'a',
  result: 'failed',
  reason: 'r',
  stage: 'stopped',
  pid: 1,
  also: ['b'],
  output: ['x'],
  lastSeenMs: 5,
} as const;
/** Every field that there is: a field that the shapes forget, or spell wrong, is found below. */
const outcome: Required<Outcome> = { ...row, rows: [row] };
const status: Required<Status> = {
  provision: ['web'],
  stage: 'running',
  requirement: ['net'],
  documentation: 'd',
  actions: [{ name: 'reload', documentation: 'd' }],
  ageMs: 1,
  since: 2,
  pid: 3,
  command: ['node'],
  isReady: true,
  isEnabled: true,
  isOneShot: false,
  isRespawned: true,
  respawnCount: 1,
  lastRespawn: 4,
  lastExit: { at: 5, code: 1, signal: 'SIGTERM' },
  failure: { reason: 'r', at: 6 },
  logFile: '/l',
  recentLines: ['x'],
  members: [{ name: 'a', stage: 'unknown', ageMs: 7, pid: 8, respawnCount: 9, unknownReason: 'u' }],
  runningCount: 1,
  neededCount: 1,
  origin: 'o',
  unknownReason: 'u',
};
const change = { service: 'web', what: 'running', at: 1 };
const about = { name: 'A', version: '1', pid: 1, locations: ['ocapn://x.unix'] };

/** A value with one field, at any depth, replaced by something of a kind that no field has. */
const spoiled = (value: unknown): unknown[] => {
  if (typeof value !== 'object' || value === null) return [Symbol('none'), null, { a: 1 }];
  const entries = Object.entries(value);
  return entries.flatMap(([key, inner]) =>
    spoiled(inner).map((bad) =>
      Array.isArray(value)
        ? value.map((each: unknown, at) => (String(at) === key ? bad : each))
        : { ...value, [key]: bad },
    ),
  );
};

describe.each<[string, unknown, (value: unknown) => unknown]>([
  ['a status', status, statusIn],
  ['an outcome', outcome, outcomeIn],
  ['statuses', [status], statusesIn],
  ['a history', [change], changesIn],
  ['lines', ['a', 'b'], linesIn],
  ['a text', 'a', textIn],
  ['about', about, aboutIn],
  [
    'a batch',
    [
      { kind: 'line', from: 'A', text: 't' },
      { kind: 'row', row },
      { kind: 'dropped', count: 1 },
    ],
    batchIn,
  ],
])('%s', (_what, value, read) => {
  it('is taken as it is', () => {
    expect(read(value)).toEqual(value);
  });
  it('is refused with any of its fields of another kind', () => {
    const bad = spoiled(value);
    expect(bad.length).toBeGreaterThan(0);
    for (const each of bad) expect(() => read(each)).toThrow(BadAnswer);
  });
});

describe('an answer', () => {
  it('may leave out what is optional, and say more than is known here', () => {
    expect(outcomeIn({ member: 'a', result: 'ok', rows: [], news: 1 })).toMatchObject({
      member: 'a',
    });
  });
  it('may not leave out what is needed', () => {
    for (const key of ['member', 'result', 'rows'])
      expect(() => outcomeIn({ member: 'a', result: 'ok', rows: [], [key]: undefined })).toThrow(
        BadAnswer,
      );
  });
  it('is not read from a prototype', () => {
    expect(() => outcomeIn(Object.create(outcome))).toThrow(BadAnswer);
  });
  it('has no number below zero, beyond exact counting or not a number', () => {
    for (const ageMs of [-1, NaN, Infinity, 2 ** 53, 5n])
      expect(() => statusIn({ ...status, ageMs })).toThrow(BadAnswer);
  });
  it('may be as long as its limit and no longer', () => {
    const lines = Array.from({ length: maxListCount }, () => 'x');
    expect(linesIn(lines)).toHaveLength(maxListCount);
    expect(() => linesIn([...lines, 'x'])).toThrow(BadAnswer);
  });
});
