/** Instants as somebody names them. */
import { describe, expect, it } from 'vitest';
import { limits } from '../../../packages/shepherd/src/limits.ts';
import { readMoment } from '../../../packages/shepherd/src/timer/moment.ts';

const now = Date.parse('2026-11-26T10:00:00Z');
const east = { offsetMs: () => 3_600_000 };
const read = (text: string) => readMoment(text.split(' '), now, east);
const at = (text: string): string => new Date(read(text).atMs).toISOString().slice(0, 19);

describe('readMoment', () => {
  it.each([
    ['at 12:30', '2026-11-26T11:30:00'],
    ['at 10:59', '2026-11-27T09:59:00'],
    ['at 7:05:09', '2026-11-27T06:05:09'],
    ['at 2026-12-24 18:00', '2026-12-24T17:00:00'],
    ['at 2026-12-24T18:00:30', '2026-12-24T17:00:30'],
    ['at 2027-11-25 10:00', '2027-11-25T09:00:00'],
    ['in 90s', '2026-11-26T10:01:30'],
    ['in 1d', '2026-11-27T10:00:00'],
  ])('reads %s by local time', (text, expected) => {
    expect(at(text)).toBe(expected);
  });
  it('tells how many words it took', () => {
    expect(read('at 12:30 cmd').wordCount).toBe(2);
    expect(read('at 2026-12-24 18:00 cmd').wordCount).toBe(3);
    expect(read('at 2026-12-24T18:00 cmd').wordCount).toBe(2);
    expect(read('in 5m cmd').wordCount).toBe(2);
  });
  it('looks scheduleMs ahead, and no further', () => {
    const days = limits.scheduleMs / 86_400_000;
    expect(read(`in ${days}d`).atMs).toBe(now + limits.scheduleMs);
    expect(() => read(`in ${days + 1}d`)).toThrow('expected a span up to 366d');
    expect(() => read('at 2028-01-01 10:00')).toThrow('more than a year ahead');
  });
  it('quotes what it refuses in whole characters', () => {
    for (const text of ['\u{1f600}'.repeat(30), `a${'\u{1f600}'.repeat(30)}`])
      for (const way of ['in', 'at'])
        expect(() => read(`${way} ${text}`)).toThrow(/^[^\p{Surrogate}]*…'$/u);
  });
  it.each([
    'at',
    'at noon',
    'at 10:60',
    'at 2026-02-30 10:00',
    'at 2026-12-24',
    'tomorrow',
    'in -1m',
    'in 0s',
    '',
  ])('refuses %j', (text) => {
    expect(() => read(text)).toThrow();
  });
});
