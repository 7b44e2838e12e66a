import { expect, it } from 'vitest';
import { unknownStatus } from '@bellwether/shepherd';
import { heard, nothingObserved, statusOf } from '../../../packages/fleet/src/exported/observed.ts';

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
