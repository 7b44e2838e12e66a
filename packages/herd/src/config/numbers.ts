/** Numbers as configurations have them, with the words that refuse all others. */
import * as z from 'zod';
import { longestSeconds } from './limits.ts';

/** A time in seconds, also a part of one. */
export const seconds = z
  .number()
  .min(0, 'is negative')
  .max(longestSeconds, `is over ${longestSeconds}`);
/** The same, and not none. */
export const someSeconds = seconds.gt(0, 'must be more than 0');

/** A whole number from `least` to `most`. */
export const whole = (least: number, most: number) =>
  z
    .int('expected a whole number')
    .min(least, least === 0 ? 'is negative' : `is below ${least}`)
    .max(most, `is over ${most}`);
