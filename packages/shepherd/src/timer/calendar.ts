/**
 * When an alarm rings, as a pure function of what was asked for, of an instant and of a local time.
 *
 *     calendar   seconds, minutes, hours, days of the month, months and days of the week all match: GNU's logical and.
 *                In what comes from cron a day matches where either of its two fields does, if both are restricted
 *     every      so many milliseconds after one another, counted from an instant
 *     once       at one instant
 *
 *     the local clock is set    its times in between     an alarm of such a time
 *     forward, as in spring     do not exist             rings once, when it is set forward
 *     back, as in autumn        exist twice              rings the first time; where every hour rings, twice
 *
 * So a job of each night runs each night once, and a job of each minute runs each minute.
 */

import type { CalendarEvent, When, Zone } from '../words/timer-types.ts';

/** The zone of whoever gives none. */
export const utc: Zone = { offsetMs: () => 0 };

/** Milliseconds. */
const second = 1_000;
const day = 86_400_000;
/**
 * Days that are searched. A 29th of February falls on each day of the week within 40 years, also where a year like 2100
 * has none: what does not ring in 41 never does.
 */
const searchedDayCount = 41 * 366;
/** Local time is between 12 hours behind UTC and 14 ahead; a day more, for a clock that is set over the date line. */
const furthestMs = 40 * 3_600_000;

/**
 * The first instant behind this one at which it rings, in milliseconds since 1970; undefined where it never does again.
 * What rings at intervals is counted from `originMs`.
 */
export const nextAlarm = (
  when: When,
  afterMs: number,
  zone: Zone,
  originMs: number,
): number | undefined => {
  switch (when.kind) {
    case 'once':
      return when.atMs > afterMs ? when.atMs : undefined;
    case 'every':
      return originMs + (Math.floor((afterMs - originMs) / when.everyMs) + 1) * when.everyMs;
    case 'calendar':
      return nextOfCalendar(when, afterMs, zone);
  }
};

/** Whether it rings at all: the 30th of February does not. */
export const canRing = (when: When): boolean =>
  when.kind !== 'calendar' || nextOfCalendar(when, 0, utc) !== undefined;

const nextOfCalendar = (event: CalendarEvent, afterMs: number, zone: Zone): number | undefined => {
  // Where the clock is set back over midnight, the end of a day comes again behind the beginning of the next one.
  const first = startOf(afterMs + zone.offsetMs(afterMs)) - day;
  for (let at = 0; at < searchedDayCount; at += 1) {
    const midnight = first + at * day;
    const rings = nextOfDay(event, midnight, afterMs, zone);
    if (rings === undefined) continue;
    return Math.min(rings, nextOfDay(event, midnight + day, afterMs, zone) ?? Infinity);
  }
  return undefined;
};

const startOf = (localMs: number): number => Math.floor(localMs / day) * day;

/** A local day is named by its midnight, read as if it were UTC. */
const nextOfDay = (
  event: CalendarEvent,
  midnight: number,
  afterMs: number,
  zone: Zone,
): number | undefined => {
  if (!isDayOf(event, midnight)) return undefined;
  const [from, to] = [midnight - furthestMs, midnight + day + furthestMs];
  const [before, after] = [zone.offsetMs(from), zone.offsetMs(to)];
  const earliest = afterMs + 1;
  const within = (lowMs: number, highMs: number): number | undefined =>
    timeWithin(event, midnight, lowMs, highMs);
  if (before === after) return minus(within(earliest + before, Infinity), before);
  const change = changeWithin(from, to, zone);
  const old = within(earliest + before, change + before);
  if (old !== undefined) return old - before;
  const skipped = within(change + before, change + after);
  if (skipped !== undefined && change >= earliest) return change;
  // What was there before the clock was set back has rung, but for what rings each hour.
  const begin = change + (event.hours === undefined ? after : Math.max(before, after));
  return minus(within(Math.max(begin, earliest + after), Infinity), after);
};

const minus = (value: number | undefined, offset: number): number | undefined =>
  value === undefined ? undefined : value - offset;

const isDayOf = (event: CalendarEvent, midnight: number): boolean => {
  const date = new Date(midnight);
  const { daysOfMonth, months, daysOfWeek, isEitherDay } = event;
  if (months?.includes(date.getUTCMonth() + 1) === false) return false;
  const isDate = daysOfMonth?.includes(date.getUTCDate());
  const isWeekday = daysOfWeek?.includes(date.getUTCDay());
  if (isEitherDay === true) return isDate === true || isWeekday === true;
  return isDate !== false && isWeekday !== false;
};

/** The first instant that changes the offset, where it is changed once. */
const changeWithin = (from: number, to: number, zone: Zone): number => {
  const before = zone.offsetMs(from);
  let [low, high] = [from, to];
  while (high - low > 1) {
    const middle = Math.floor((low + high) / 2);
    if (zone.offsetMs(middle) === before) low = middle;
    else high = middle;
  }
  return high;
};

/** The first time of this day from `lowMs` on and before `highMs`, all of them local. */
const timeWithin = (
  event: CalendarEvent,
  midnight: number,
  lowMs: number,
  highMs: number,
): number | undefined => {
  const begin = Math.max(0, Math.ceil((lowMs - midnight) / second));
  const time = firstTime(event, begin);
  if (time === undefined) return undefined;
  const local = midnight + time * second;
  return local < highMs ? local : undefined;
};

/** The first second of a day, from this one on, whose three fields match. */
const firstTime = (event: CalendarEvent, from: number): number | undefined => {
  if (from >= 86_400) return undefined;
  const { hours, minutes, seconds } = event;
  const [hour, minute] = [Math.floor(from / 3_600), Math.floor(from / 60) % 60];
  const firstMinute = least(minutes, 0);
  const firstSecond = least(seconds, 0);
  if (firstMinute === undefined || firstSecond === undefined) return undefined;
  const nextHour = least(hours, hour);
  if (nextHour === undefined) return nextHour;
  if (nextHour > hour) return (nextHour * 60 + firstMinute) * 60 + firstSecond;
  const nextMinute = least(minutes, minute);
  if (nextMinute === minute) {
    const nextSecond = least(seconds, from % 60);
    if (nextSecond !== undefined) return (hour * 60 + minute) * 60 + nextSecond;
  }
  const laterMinute = nextMinute === minute ? least(minutes, minute + 1) : nextMinute;
  if (laterMinute !== undefined && laterMinute < 60)
    return (hour * 60 + laterMinute) * 60 + firstSecond;
  const laterHour = least(hours, hour + 1);
  if (laterHour === undefined || laterHour > 23) return undefined;
  return (laterHour * 60 + firstMinute) * 60 + firstSecond;
};

/** The first of a field's values from this one on; every value is one where there is no list. */
const least = (values: readonly number[] | undefined, from: number): number | undefined =>
  values === undefined ? from : values.find((value) => value >= from);
