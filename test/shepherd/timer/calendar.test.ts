/** When alarms ring, against an oracle that looks at every minute one after another. */
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { canRing, nextAlarm, utc } from '../../../packages/shepherd/src/timer/calendar.ts';
import type { CalendarEvent, Zone } from '@bellwether/shepherd';

const minute = 60_000;
const hour = 60 * minute;
const day = 24 * hour;
const at = (text: string): number => Date.parse(`${text}Z`);

/** Offsets from instants on. */
type Changes = readonly (readonly [fromMs: number, offsetMs: number])[];
const zoneOf = (changes: Changes): Zone => ({
  offsetMs: (instant) => changes.findLast(([from]) => from <= instant)?.[1] ?? 0,
});
/** Central Europe in 2026: forward at 01:00 UTC on 29 March, back at 01:00 UTC on 25 October. */
const berlin = zoneOf([
  [-Infinity, hour],
  [at('2026-03-29T01:00'), 2 * hour],
  [at('2026-10-25T01:00'), hour],
]);
const calendar = (event: Partial<CalendarEvent>): CalendarEvent => ({
  kind: 'calendar',
  seconds: [0],
  ...event,
});
const ringsAfter = (event: CalendarEvent, from: string, zone: Zone, count: number): string[] => {
  const rings: string[] = [];
  for (let now = at(from); rings.length < count;) {
    const next = nextAlarm(event, now, zone, 0);
    if (next === undefined) break;
    rings.push(new Date(next).toISOString().slice(0, 16));
    now = next;
  }
  return rings;
};

/** Whether it rings at this minute, found out without any cleverness. */
const ringsAt = (event: CalendarEvent, instant: number, changes: Changes): boolean => {
  const zone = zoneOf(changes);
  const offset = zone.offsetMs(instant);
  const isChange = changes.find(([from]) => from === instant);
  const before = isChange === undefined ? offset : zone.offsetMs(instant - 1);
  for (let local = instant + before; local < instant + offset; local += minute)
    if (matches(event, local)) return true;
  const local = instant + offset;
  if (!matches(event, local)) return false;
  if (event.hours === undefined) return true;
  return !changes.some(([, other]) => {
    const earlier = local - other;
    return earlier < instant && zone.offsetMs(earlier) === other;
  });
};
const matches = (event: CalendarEvent, local: number): boolean => {
  const date = new Date(local);
  const has = (list: readonly number[] | undefined, value: number): boolean =>
    list === undefined || list.includes(value);
  const [isDate, isWeekday] = [
    has(event.daysOfMonth, date.getUTCDate()),
    has(event.daysOfWeek, date.getUTCDay()),
  ];
  return (
    has(event.seconds, date.getUTCSeconds()) &&
    has(event.minutes, date.getUTCMinutes()) &&
    has(event.hours, date.getUTCHours()) &&
    has(event.months, date.getUTCMonth() + 1) &&
    (event.isEitherDay === true ? isDate || isWeekday : isDate && isWeekday)
  );
};

const listOf = (first: number, last: number, maxLength = 4) =>
  fc
    .uniqueArray(fc.integer({ min: first, max: last }), { minLength: 1, maxLength })
    .map((list) => list.sort((a, b) => a - b));
const events = fc
  .record(
    {
      minutes: listOf(0, 59),
      hours: listOf(0, 23, 8),
      daysOfMonth: listOf(1, 31, 20),
      months: listOf(1, 12, 11),
      daysOfWeek: listOf(0, 6, 6),
    },
    { requiredKeys: [] },
  )
  .chain((event) =>
    event.daysOfMonth && event.daysOfWeek
      ? fc.boolean().map((either) => ({ ...event, ...(either && { isEitherDay: true as const }) }))
      : fc.constant(event),
  )
  .map(calendar);
const start = at('2026-03-01T00:00');
const zones: fc.Arbitrary<Changes> = fc
  .record({
    first: fc.integer({ min: -24, max: 28 }),
    changes: fc.array(
      fc.record({
        minute: fc.integer({ min: 4 * 60, max: 9 * 24 * 60 }),
        step: fc.constantFrom(-120, -60, -30, -15, 30, 60, 120, 1_440),
      }),
      { maxLength: 1 },
    ),
  })
  .map(({ first, changes }) => {
    const base = first * 30 * minute;
    return [
      [-Infinity, base] as const,
      ...changes.map(
        ({ minute: at, step }) => [start + at * minute, base + step * minute] as const,
      ),
    ];
  });

describe('nextAlarm', () => {
  it('agrees with an oracle that looks at every minute, also where the clock is set', () => {
    fc.assert(
      fc.property(
        events,
        zones,
        fc.integer({ min: -30, max: 9 * 24 * 60 * 60 }),
        (event, changes, seconds) => {
          const from = start + seconds * 1_000;
          const horizon = from + 2 * day;
          let expected: number | undefined;
          for (let now = Math.floor(from / minute + 1) * minute; now <= horizon; now += minute) {
            if (!ringsAt(event, now, changes)) continue;
            expected = now;
            break;
          }
          const found = nextAlarm(event, from, zoneOf(changes), 0);
          expect(found !== undefined && found > horizon ? undefined : found).toBe(expected);
        },
      ),
      { numRuns: 150 },
    );
  });

  it('rings when a whole day is left out, however far ahead the clock is then', () => {
    const changed = at('2026-03-02T00:01');
    const tuesday = calendar({ daysOfWeek: [2] });
    for (const [before, after] of [
      [0, day],
      [-11 * hour, 13 * hour],
    ] as const) {
      const zone = zoneOf([
        [-Infinity, before],
        [changed - before, after],
      ]);
      expect(nextAlarm(tuesday, changed - before - hour, zone, 0)).toBe(changed - before);
    }
  });

  it('rings at each second that matches', () => {
    const event = calendar({ seconds: [0, 15, 59], minutes: [0, 59], hours: [0, 23] });
    const rings = [];
    for (let now = at('2026-01-01T00:00:15'), left = 5; left > 0; left -= 1) {
      now = nextAlarm(event, now, utc, 0) ?? 0;
      rings.push(new Date(now).toISOString().slice(11, 19));
    }
    expect(rings).toEqual(['00:00:59', '00:59:00', '00:59:15', '00:59:59', '23:00:00']);
  });

  it('runs a job of a time that spring leaves out when the clock is set forward, once', () => {
    const nightly = calendar({ hours: [2], minutes: [15, 30] });
    expect(ringsAfter(nightly, '2026-03-28T12:00', berlin, 3)).toEqual([
      '2026-03-29T01:00',
      '2026-03-30T00:15',
      '2026-03-30T00:30',
    ]);
  });

  it('runs a nightly job once where autumn has its time twice, and one of every half hour on', () => {
    const nightly = calendar({ hours: [2], minutes: [30] });
    expect(ringsAfter(nightly, '2026-10-24T12:00', berlin, 2)).toEqual([
      '2026-10-25T00:30',
      '2026-10-26T01:30',
    ]);
    expect(ringsAfter(calendar({ minutes: [0, 30] }), '2026-10-25T00:00', berlin, 4)).toEqual([
      '2026-10-25T00:30',
      '2026-10-25T01:00',
      '2026-10-25T01:30',
      '2026-10-25T02:00',
    ]);
  });

  it('finds a 29th of February on one day of the week over a century without one', () => {
    const event = calendar({
      daysOfMonth: [29],
      months: [2],
      daysOfWeek: [1],
      hours: [0],
      minutes: [0],
    });
    expect(ringsAfter(event, '2073-01-01T00:00', utc, 1)).toEqual([slowLeap(2073, 1)]);
  });

  it('is never where there is no such day, and says so', () => {
    const never = calendar({ daysOfMonth: [30, 31], months: [2] });
    expect(canRing(never)).toBe(false);
    expect(nextAlarm(never, at('2026-01-01T00:00'), berlin, 0)).toBeUndefined();
    expect(canRing(calendar({ daysOfMonth: [31], months: [4, 6, 9, 11] }))).toBe(false);
    expect(canRing(calendar({ daysOfMonth: [29], months: [2], daysOfWeek: [3] }))).toBe(true);
  });

  it('counts intervals from where they began, also before that', () => {
    const every = { kind: 'every', everyMs: 10_000 } as const;
    expect(nextAlarm(every, 25_000, utc, 4_000)).toBe(34_000);
    expect(nextAlarm(every, 34_000, utc, 4_000)).toBe(44_000);
    expect(nextAlarm(every, -1_000, utc, 4_000)).toBe(4_000);
  });

  it('rings once at an instant', () => {
    const once = { kind: 'once', atMs: 5_000 } as const;
    expect(nextAlarm(once, 4_999, utc, 0)).toBe(5_000);
    expect(nextAlarm(once, 5_000, utc, 0)).toBeUndefined();
  });
});

const slowLeap = (year: number, weekday: number): string => {
  for (let at = year; ; at += 1) {
    const date = new Date(Date.UTC(at, 1, 29));
    if (date.getUTCMonth() === 1 && date.getUTCDay() === weekday)
      return date.toISOString().slice(0, 16);
  }
};
