import {
  isGood,
  isLeftUndone,
  limits,
  makeReader,
  Malformed,
  results,
  slotPhases,
  stages,
  unknownStatus,
  weightOf,
  worstOf,
  type Result,
} from '@bellwether/shepherd';
import { describe, expect, it } from 'vitest';

const reader = makeReader({ cut: 10 });
const row = { member: 'web', result: 'ok' } as const;
const outcome = { ...row, rows: [] };
const local = unknownStatus('web', 'why');
const members = [{ name: 'a', stage: 'running', ageMs: 0 }] as const;
const fleet = { ...local, kind: 'fleet', members, runningCount: 1, neededCount: 1 } as const;

describe('the words', () => {
  it('are each read as themselves', () => {
    for (const result of results)
      expect(reader.row({ ...row, result }, 'row')).toEqual({ ...row, result });
    for (const stage of stages)
      expect(reader.row({ ...row, stage }, 'row')).toEqual({ ...row, stage });
  });
  it('of what was taken back are over: a repeat asks for none of it again', () => {
    const undone = results.filter((result) => isLeftUndone({ result }));
    expect(undone).toEqual(['failed', 'denied', 'unreachable', 'unknown', 'skipped']);
  });
  it('of a slot are each read as themselves, also of a member, and left out where they are not known', () => {
    for (const phase of slotPhases)
      expect(reader.status({ ...local, slot: { phase } }, 's')).toMatchObject({ slot: { phase } });
    const slot = { current: 'rel:sha256-a', phase: 'dreaming', more: 1 };
    const read = { current: 'rel:sha256-a' };
    expect(reader.status({ ...local, slot }, 's')).toEqual({ ...local, slot: read });
    const told = { ...fleet, members: [{ ...members[0], slot }] };
    expect(reader.status(told, 's')).toEqual({
      ...fleet,
      members: [{ ...members[0], slot: read }],
    });
  });
  it('of a slot are never cut: a digest is read whole, or refused', () => {
    const slotOf = (characters: number) => ({ current: 'x'.repeat(characters) });
    const { nameCharacters } = limits;
    expect(reader.status({ ...local, slot: slotOf(nameCharacters) }, 's')).toHaveProperty('slot');
    expect(() => reader.status({ ...local, slot: slotOf(nameCharacters + 1) }, 's')).toThrow(
      Malformed,
    );
  });
  it('of as whom something runs, and of whom a fleet follows, are read as themselves or refused', () => {
    for (const runsAs of [{}, { user: 'www' }, { user: 0, group: 'staff' }])
      expect(reader.status({ ...local, runsAs }, 's')).toEqual({ ...local, runsAs });
    for (const runsAs of ['www', { user: -1 }, { user: 0.5 }, { group: true }])
      expect(() => reader.status({ ...local, runsAs }, 's')).toThrow(/runsAs/);
    const told = { ...fleet, labels: { a: '' }, follows: 'web{a}' };
    expect(reader.status(told, 's')).toEqual(told);
    // A service has no members to pick out.
    expect(reader.status({ ...local, follows: 'web{a}' }, 's')).toEqual(local);
  });
  it('that an attempt came to nothing are believed of nobody elsewhere', () => {
    expect(reader.outcome({ ...outcome, isUnmet: true, isPending: true }, 'o')).toEqual(outcome);
  });
  it('are ordered by how much they weigh', () => {
    const worst = (...all: Result[]): Result => worstOf(all.map((result) => ({ result })));
    expect(worst('ok', 'changed', 'unreachable', 'failed', 'unknown')).toBe('failed');
    expect(worst('timed-out', 'unknown', 'superseded')).toBe('timed-out');
    expect(worst('ok', 'changed')).toBe('changed');
    expect(worst('failed', 'rolled-back', 'ok')).toBe('rolled-back');
    expect(worst('rolled-back', 'rollback-failed')).toBe('rollback-failed');
    expect(worst()).toBe('ok');
    expect(results.filter((result) => isGood({ result }))).toEqual(['changed', 'ok']);
  });
});

describe('a longer time', () => {
  const longer = { kind: 'deadline', remainingMs: 1, slowest: 'web' };
  it('may be a day by one service, and no more', () => {
    const most = { ...longer, slowestMs: limits.remainingMs };
    expect(reader.batch([most], 'b')).toEqual([most]);
    for (const slowestMs of [limits.remainingMs + 1, -1, 0.5, '1'])
      expect(() => reader.batch([{ ...longer, slowestMs }], 'b')).toThrow(Malformed);
  });
});

describe('what a newer peer says', () => {
  it('is unknown where it is a result or a stage', () => {
    const newer = { ...row, result: 'postponed', stage: 'paused', pid: 7 };
    const known = { ...row, result: 'unknown', stage: 'unknown', pid: 7 };
    expect(reader.outcome({ ...newer, rows: [newer, row] }, 'o')).toEqual({
      ...known,
      rows: [known, row],
    });
    expect(reader.status({ ...fleet, members: [{ ...members[0], stage: 'paused' }] }, 's')).toEqual(
      { ...fleet, members: [{ ...members[0], stage: 'unknown' }] },
    );
  });
  it('is skipped where it is an event or a change, and counts against the limit all the same', () => {
    const dropped = { kind: 'dropped', count: 1 };
    expect(reader.batch([{ kind: 'progress' }, dropped, { kind: '' }], 'b')).toEqual([dropped]);
    const many = Array.from({ length: limits.batchEventCount + 1 }, () => ({ kind: 'progress' }));
    expect(() => reader.batch(many, 'b')).toThrow(Malformed);
    const change = { service: 'web', what: 'running', at: 1 };
    expect(reader.changes([{ ...change, what: 'paused' }, change], 'c')).toEqual([change]);
  });
  it('is left out where it is a field, at every depth', () => {
    const more = { colour: 'red' };
    const said = { ...fleet, ...more, members: [{ ...members[0], ...more }] };
    expect(reader.status(said, 's')).toEqual(fleet);
    expect(reader.outcome({ ...outcome, ...more, rows: [{ ...row, ...more }] }, 'o')).toEqual({
      ...outcome,
      rows: [row],
    });
    const line = { kind: 'line', from: 'A', text: 'x' };
    expect(reader.batch([{ ...line, ...more }], 'b')).toEqual([line]);
  });
  it('is no excuse for a word that is none', () => {
    for (const bad of [undefined, null, 1, ['ok'], { ok: 1 }]) {
      expect(() => reader.row({ ...row, result: bad }, 'row')).toThrow(Malformed);
      expect(() => reader.batch([{ kind: bad }], 'b')).toThrow(Malformed);
      expect(() => reader.changes([{ service: 'web', what: bad, at: 1 }], 'c')).toThrow(Malformed);
      expect(() => reader.status({ ...local, stage: bad }, 's')).toThrow(Malformed);
    }
  });
});

describe('the kind of a status', () => {
  it('decides what else it tells', () => {
    const exported = { ...fleet, kind: 'exported', origin: 'B', pid: 7 };
    expect(reader.status(exported, 's')).toEqual(exported);
    expect(reader.status({ ...exported, kind: 'fleet' }, 's')).toEqual(fleet);
    expect(reader.status({ ...fleet, kind: 'local' }, 's')).toEqual(local);
    expect(() => reader.status({ ...local, kind: 'fleet' }, 's')).toThrow('s.members');
    expect(() => reader.status({ ...local, kind: 'exported' }, 's')).toThrow('s.origin');
  });
  it('is local where it is not given, or not known here', () => {
    const { kind: _kind, ...older } = local;
    expect(reader.status(older, 's')).toEqual(local);
    expect(reader.status({ ...local, kind: 'timer' }, 's')).toEqual(local);
    expect(() => reader.status({ ...local, kind: null }, 's')).toThrow(Malformed);
  });
});

describe('the policy of a reader', () => {
  it('cuts what is for people, and refuses a name that would have to be cut', () => {
    const reason = 'x'.repeat(11);
    expect(reader.row({ ...row, reason }, 'row')).toMatchObject({ reason: `${'x'.repeat(9)}…` });
    const names = ['x'.repeat(limits.nameCharacters)];
    expect(reader.row({ ...row, also: names }, 'row')).toMatchObject({ also: names });
    expect(() => reader.row({ ...row, also: [`${names[0]}x`] }, 'row')).toThrow(Malformed);
  });
  it('leaves out the details of what weighs more than it wants, and only then', () => {
    const command = ['node', 'server.js'];
    for (const status of [
      { ...local, command },
      { ...fleet, kind: 'exported', origin: 'B', command },
    ]) {
      const weight = weightOf(status);
      expect(makeReader({ cut: 100, weight }).status(status, 's')).toEqual(status);
      const light = makeReader({ cut: 100, weight: weight - 1 }).status(status, 's');
      expect(light).not.toHaveProperty('command');
      expect(light).not.toHaveProperty('members');
      expect(light).toMatchObject({ provision: ['web'], stage: 'unknown' });
    }
    const weight = weightOf(fleet) - 1;
    expect(makeReader({ cut: 100, weight }).status(fleet, 's')).toEqual({ ...fleet, members: [] });
  });
});
