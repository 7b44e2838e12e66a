/** When something rings, in words: fields of a calendar as a crontab has them, each with its name. */
import type { When } from '../words/timer-types.ts';

/** `second 0; minute 0,30; hour 3`, `every 10 s`, or `once`. */
export const whenWords = (when: When): string => {
  switch (when.kind) {
    case 'once':
      return 'once';
    case 'every':
      return `every ${when.everyMs / 1_000} s`;
    case 'calendar':
      return [
        ...(isZero(when.seconds) ? [] : [`second ${rangesOf(when.seconds)}`]),
        `minute ${rangesOf(when.minutes)}`,
        `hour ${rangesOf(when.hours)}`,
        ...(when.daysOfMonth === undefined ? [] : [`day ${rangesOf(when.daysOfMonth)}`]),
        ...(when.months === undefined ? [] : [`month ${rangesOf(when.months)}`]),
        ...(when.daysOfWeek === undefined
          ? []
          : [`${when.isEitherDay === true ? 'or ' : ''}${daysIn(when.daysOfWeek)}`]),
      ].join('; ');
  }
};

const isZero = (values: readonly number[]): boolean => values.length === 1 && values[0] === 0;

/** `1-3,5`; `*` for whatever there is. */
const rangesOf = (values: readonly number[] | undefined): string => {
  if (values === undefined) return '*';
  const ranges: { first: number; last: number }[] = [];
  for (const value of values) {
    const range = ranges.at(-1);
    if (range?.last === value - 1) range.last = value;
    else ranges.push({ first: value, last: value });
  }
  return ranges
    .map(({ first, last }) => (first === last ? `${first}` : `${first}-${last}`))
    .join(',');
};

const dayNames = ['Sunday', 'Monday', 'Tuesday', 'Wednesday', 'Thursday', 'Friday', 'Saturday'];
const daysIn = (days: readonly number[]): string => days.map((day) => dayNames[day]).join(', ');
