import { describe, expect, it } from 'vitest';
import {
  aboutIn,
  BadAnswer,
  batchIn,
  changesIn,
  linesIn,
  outcomeIn,
  reloadedIn,
  statusesIn,
  statusIn,
  textIn,
} from '../../../packages/herd/src/client/answers.ts';
import type { Reloaded, ShepherdFacts } from '@bellwether/fleet';
import { maxTextCharacters } from '../../../packages/herd/src/client/limits.ts';
import {
  limits,
  type ExportedStatus,
  type FleetStatus,
  type LocalStatus,
  type MemberStatus,
  type Prompt,
  type SlotFacts,
  type TimerFacts,
  type TimerRun,
  type Outcome,
} from '@bellwether/shepherd';

const row = {
  member: 'a',
  result: 'failed',
  reason: 'r',
  stage: 'stopped',
  pid: 1,
  plainReason: 'p',
  dependsOn: 'd',
  isCycle: true,
  isDisabled: true,
  isBusy: true,
  isVain: true,
  isSlip: true,
  lostTo: { action: 'stop', operation: 'op-2', atMs: 7 },
  cause: { member: 'a/c', reason: 'r', plainReason: 'p' },
  sharedWith: ['f'],
  also: ['b'],
  otherCount: 2,
  origin: 'B',
  output: ['x'],
  lastSeenMs: 5,
  queuedUntilMs: 6,
  version: { born: 1, sequence: 2 },
} as const;
/** Every field that there is: a field that the shapes forget, or spell wrong, is found below. */
const outcome: Required<Outcome> = {
  ...row,
  isLate: true,
  rows: [row],
};
const slot: Required<SlotFacts> = {
  current: 'rel:sha256-c',
  previous: 'rel:sha256-p',
  phase: 'health-gate',
  target: 'rel:sha256-t',
  operation: 'op-1',
  deadlineMs: 11,
};
const run: Required<TimerRun> = {
  number: 1,
  startedMs: 12,
  endedMs: 13,
  code: 1,
  signal: 'SIGTERM',
  reason: 'r',
  isOverdue: true,
  isTriggered: true,
  isLost: true,
};
const timer: Required<TimerFacts> = {
  when: 'minute 0',
  event: {
    kind: 'calendar',
    seconds: [0],
    minutes: Array.from({ length: limits.calendarNumberCount }, (_, at) => at),
    hours: [1],
    daysOfMonth: [2],
    months: [3],
    daysOfWeek: [4],
    isEitherDay: true,
  },
  nextMs: 14,
  executingMs: 15,
  leftCount: 16,
  upcoming: [14],
  runs: [run],
};
const prompt: Required<Prompt> = {
  kind: 'command',
  atMs: 17,
  asker: 'root',
  operation: 'op-1',
  action: 'start',
  service: 'web',
  reason: 'r',
  isYours: true,
  adoptedMs: 18,
};
const status: Required<ExportedStatus> = {
  kind: 'exported',
  version: { born: 1, sequence: 2 },
  provision: ['web'],
  labels: { role: 'web' },
  follows: 'web{role=web}',
  stage: 'running',
  requirement: ['net'],
  documentation: 'd',
  actions: [{ name: 'reload', documentation: 'd' }],
  ageMs: 1,
  since: 2,
  pid: 3,
  runsAs: { user: 'www', group: 33 },
  command: ['node'],
  stopCommand: ['down'],
  remainsAfterExit: true,
  pidFile: '/p',
  live: { failureCount: 1, limitCount: 3, checkedAt: 5 },
  endpoints: [{ name: 'web', address: '127.0.0.1:80' }],
  accepting: { openCount: 1, limitCount: 2, sourceLimitCount: 1, refusedCount: 3 },
  connection: { of: 'web', peer: '127.0.0.1:4711', local: '127.0.0.1:80' },
  keepsGroup: true,
  isReady: true,
  isEnabled: true,
  isOneShot: false,
  isRespawned: true,
  respawnCount: 1,
  lastRespawn: 4,
  lastExit: { at: 5, code: 1, signal: 'SIGTERM' },
  exits: [{ at: 5, code: 1, signal: 'SIGTERM' }],
  hang: { pid: 11, at: 'its program' },
  nextStartMs: 12,
  disabledReason: 'respawned',
  startedBy: prompt,
  stoppedBecause: prompt,
  disabledBy: prompt,
  failure: { reason: 'r', plainReason: 'p', at: 6 },
  hasReplacement: true,
  isGone: true,
  isRespawning: true,
  unservedMs: 10,
  readyMs: 30_000,
  graceMs: 5_000,
  health: 'degraded',
  blame: ['a'],
  logFile: '/l',
  recentLines: ['x'],
  slot,
  timer,
  transient: 'lives',
  members: [
    {
      name: 'a',
      stage: 'unknown',
      isReady: false,
      ageMs: 7,
      pid: 8,
      respawnCount: 9,
      unknownReason: 'u',
      isWanted: true,
      isEnabled: false,
      reason: 'r',
      slot,
      sharedWith: ['f'],
    } satisfies Required<MemberStatus>,
  ],
  runningCount: 1,
  neededCount: 1,
  origin: 'o',
  unknownReason: 'u',
  isWanted: true,
};
const {
  members,
  runningCount,
  neededCount,
  health,
  blame,
  follows,
  origin: _origin,
  ...own
} = status;
const local: Required<LocalStatus> = { ...own, kind: 'local' };
const { version: _v, since: _s, pid: _p, command: _c, runsAs: _u, lastRespawn: _l, ...less } = own;
const {
  lastExit: _e,
  exits: _x,
  nextStartMs: _n,
  failure: _f,
  logFile: _g,
  recentLines: _r,
  ...most
} = less;
const {
  hasReplacement: _h,
  isGone: _gone,
  disabledReason: _d,
  startedBy: _started,
  stoppedBecause: _stopped,
  disabledBy: _disabled,
  slot: _slot,
  timer: _timer,
  transient: _t,
  ...many
} = most;
const {
  stopCommand: _stop,
  remainsAfterExit: _stays,
  pidFile: _file,
  live: _live,
  endpoints: _endpoints,
  accepting: _accepting,
  connection: _connection,
  keepsGroup: _group,
  hang: _hang,
  ...facts
} = many;
const fleet: Required<FleetStatus> = {
  ...facts,
  kind: 'fleet',
  members,
  runningCount,
  neededCount,
  health,
  blame,
  follows,
};
const change = { service: 'web', what: 'running', at: 1 };
const reloaded: Required<Extract<Reloaded, { readonly kind: 'read' }>> = {
  kind: 'read',
  difference: {
    added: ['a'],
    changed: [{ name: 'b', paths: ['start.argv'] }],
    removed: ['c'],
    elsewhere: [{ name: 'c', node: 'C', from: 'c-web' }],
    unchangedCount: 1,
    atRestart: ['listen'],
  },
  pending: ['b'],
  outcome,
};
const about: Required<ShepherdFacts> = {
  unkept: 'it is not there',
  name: 'A',
  version: '1',
  pid: 1,
  locations: ['ocapn://x.unix'],
  shut: ['x'],
  since: 1,
  logFile: '/l',
};

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
  ['a status of a service elsewhere', status, statusIn],
  ['a status of a local service', local, statusIn],
  ['a status of a fleet', fleet, statusIn],
  ['an outcome', outcome, outcomeIn],
  ['statuses', [status], statusesIn],
  ['a history', [change], changesIn],
  ['lines', ['a', 'b'], linesIn],
  ['a text', 'a', textIn],
  ['about', about, aboutIn],
  ['a reload', reloaded, reloadedIn],
  ['a refused reload', { kind: 'refused', problems: ['line 1'] }, reloadedIn],
  [
    'a batch',
    [
      { kind: 'line', from: 'A', text: 't' },
      { kind: 'line', from: 'A', text: 't', about: 'web', what: 'depends', on: 'net' },
      { kind: 'row', row },
      { kind: 'dropped', count: 1 },
      { kind: 'alone' },
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
  it('has words, events and changes of a newer peer read as unknown, or skipped', () => {
    const newer = { ...row, result: 'postponed', stage: 'paused' };
    expect(outcomeIn({ ...newer, rows: [newer] })).toMatchObject({
      result: 'unknown',
      stage: 'unknown',
      rows: [{ result: 'unknown', stage: 'unknown' }],
    });
    expect(batchIn([{ kind: 'progress' }, { kind: 'dropped', count: 1 }])).toEqual([
      { kind: 'dropped', count: 1 },
    ]);
    expect(changesIn([{ ...change, what: 'paused' }, change])).toEqual([change]);
    expect(statusIn({ ...local, kind: 'timer' })).toEqual(local);
  });
  it('is cut where a text is longer than anything that is typed', () => {
    expect(textIn('x'.repeat(maxTextCharacters + 1))).toBe(`${'x'.repeat(maxTextCharacters - 1)}…`);
  });
  it('may be as long as its limit and no longer', () => {
    const lines = Array.from({ length: limits.logLineCount }, () => 'x');
    expect(linesIn(lines)).toHaveLength(limits.logLineCount);
    expect(() => linesIn([...lines, 'x'])).toThrow(BadAnswer);
  });
});
