/**
 * An instant that somebody names: `at 03:15`, `at 03:15:30`, `at 2026-12-24 18:00`, `in 10m`. By local time, and always
 * ahead: a time of the day is the next one.
 */
import { BadRequest } from '../errors.ts';
import { limits } from '../limits.ts';
import { cutText } from '../text.ts';
import { nextAlarm } from './calendar.ts';
import type { CalendarEvent, Zone } from '../words/timer-types.ts';

/** An instant, and how many words it was. */
export interface Moment {
  /** Milliseconds since 1970. */
  readonly atMs: number;
  readonly wordCount: number;
}

/** Reads the instant that some words begin with. @throws BadRequest */
export const readMoment = (words: readonly string[], nowMs: number, zone: Zone): Moment => {
  const [kind, first = '', second = ''] = words;
  if (kind === 'in') return { atMs: nowMs + spanIn(first), wordCount: 2 };
  // What else it is may be a word of a command, and those are nobody's business.
  if (kind !== 'at') throw new BadRequest(`expected ${forms}`);
  const [date, time, wordCount] = partsOf(first, second);
  const clock = clockIn(time);
  const atMs =
    date === undefined
      ? nextAlarm({ kind: 'calendar', ...clock }, nowMs, zone, 0)
      : onDate(date, clock, nowMs, zone);
  if (atMs === undefined) throw new BadRequest(`'${cutText(first, 40)}' never comes`);
  if (atMs - nowMs > limits.scheduleMs)
    throw new BadRequest('lies more than a year ahead; a timer of the configuration waits longer');
  return { atMs, wordCount };
};

const forms = "'at HH:MM', 'at HH:MM:SS', 'at YYYY-MM-DD HH:MM' or 'in 10m'";

const datePattern = /^(\d{4})-(\d{2})-(\d{2})$/;
const partsOf = (
  first: string,
  second: string,
): readonly [date: string | undefined, time: string, wordCount: number] => {
  const [date = '', time] = first.split('T');
  if (!datePattern.test(date)) return [undefined, first, 2];
  return time === undefined ? [date, second, 3] : [date, time, 2];
};

type ClockTime = Pick<CalendarEvent, 'seconds'> &
  Required<Pick<CalendarEvent, 'minutes' | 'hours'>>;
const clockIn = (text: string): ClockTime => {
  const [, hours = '', minutes = '', seconds = '0'] =
    /^(\d{1,2}):(\d{2})(?::(\d{2}))?$/.exec(text) ?? [];
  const isTime = hours !== '' && Number(hours) < 24 && Number(minutes) < 60 && Number(seconds) < 60;
  if (!isTime) throw new BadRequest(`expected ${forms}, found '${cutText(text, 40)}'`);
  return { seconds: [Number(seconds)], minutes: [Number(minutes)], hours: [Number(hours)] };
};

/** On that day of that year alone. */
const onDate = (date: string, clock: ClockTime, nowMs: number, zone: Zone): number => {
  const [year = 0, month = 0, day = 0] = date.split('-').map(Number);
  const event: CalendarEvent = { kind: 'calendar', ...clock, months: [month], daysOfMonth: [day] };
  const midnight = Date.UTC(year, month - 1, day);
  const atMs = nextAlarm(event, midnight - 2 * dayMs, zone, 0);
  if (atMs === undefined || atMs > midnight + 3 * dayMs)
    throw new BadRequest(`there is no day ${date}`);
  if (atMs <= nowMs) throw new BadRequest(`${date} lies behind us at that time`);
  return atMs;
};
const dayMs = 86_400_000;

const units: ReadonlyMap<string, number> = new Map([
  ['s', 1_000],
  ['m', 60_000],
  ['h', 3_600_000],
  ['d', dayMs],
]);
const spanIn = (text: string): number => {
  const [, count = '', unit = ''] = /^(\d{1,9})([smhd])$/.exec(text) ?? [];
  const ms = Number(count) * (units.get(unit) ?? NaN);
  if (!(ms > 0) || ms > limits.scheduleMs)
    throw new BadRequest(
      `expected a span up to 366d as in 90s, 10m, 2h or 1d, found '${cutText(text, 40)}'`,
    );
  return ms;
};
