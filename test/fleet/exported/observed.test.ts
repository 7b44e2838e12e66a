import { describe, expect, it } from 'vitest';
import { unknownStatus } from '@bellwether/shepherd';
import {
  heard,
  heardAnswer,
  nothingObserved,
  statusOf,
  type Known,
} from '../../../packages/fleet/src/exported/observed.ts';

it('the age of what was seen is in whole milliseconds, whatever the clock counts', () => {
  const exported = { provision: ['web'], origin: 'A', requirement: [] } as const;
  const { kind: _kind, ...known } = { ...unknownStatus('web', ''), ageMs: 0.25, unservedMs: 1 };
  const seen = heard(nothingObserved, known, { now: 10, wall: 10 });
  const shown = statusOf(exported, seen, { now: 141.127_46, wall: 141 }, 60_000);
  expect([shown.ageMs, shown.unservedMs]).toEqual([131, 132]);
});

it('a service elsewhere has the labels that it has here, whatever its own shepherd calls it', () => {
  const { kind: _kind, ...known } = { ...unknownStatus('web', ''), labels: { role: 'db' } };
  const at = { now: 1, wall: 1 };
  const exported = { provision: ['web'], origin: 'A', requirement: [] } as const;
  const seen = heard(nothingObserved, known, at);
  const labels = { role: 'web' };
  expect(statusOf(exported, seen, at, 60_000).labels).toBeUndefined();
  expect(statusOf({ ...exported, labels }, seen, at, 60_000).labels).toEqual(labels);
  expect(statusOf({ ...exported, labels }, nothingObserved, at, 60_000).labels).toEqual(labels);
});

// Seed 1695 of chaos: what commands were answered with before a cut came behind it, as if it were so now.
describe('an answer', () => {
  const exported = { provision: ['web'], origin: 'A', requirement: [] } as const;
  const staleMs = 5_000;
  const at = (ms: number) => ({ now: ms, wall: ms });
  const known = (stage: Known['stage'], born: number, sequence: number): Known => {
    const { kind: _kind, ...rest } = unknownStatus('web', '');
    return { ...rest, stage, ageMs: 0, version: { born, sequence } };
  };
  const pushed = heard(nothingObserved, known('stopped', 1, 1), at(1_000));
  const shown = (answer: Known, askedMs: number, atMs: number) => {
    const seen = heardAnswer(pushed, answer, at(askedMs), at(atMs));
    const { stage, ageMs } = statusOf(exported, seen, at(atMs), staleMs);
    return { stage, ageMs };
  };

  it('is as old as its question', () => {
    expect(shown(known('running', 1, 2), 2_000, 2_100)).toEqual({ stage: 'running', ageMs: 100 });
    expect(shown(known('running', 2, 1), 2_000, 6_999)).toEqual({ stage: 'running', ageMs: 4_999 });
  });
  it('is no news where it was on its way for longer than anything counts', () => {
    expect(shown(known('running', 1, 2), 2_000, 7_000)).toEqual({ stage: 'unknown', ageMs: 5_000 });
  });
  it('to an older question than what is known is no older than that, where it is newer', () => {
    expect(shown(known('running', 1, 2), 0, 1_100)).toEqual({ stage: 'running', ageMs: 100 });
    expect(shown(known('running', 1, 0), 0, 1_100)).toEqual({ stage: 'stopped', ageMs: 100 });
  });
  it('of another life changes nothing where more was heard since it was asked for', () => {
    expect(shown(known('running', 0, 9), 999, 1_100)).toEqual({ stage: 'stopped', ageMs: 100 });
  });
});
