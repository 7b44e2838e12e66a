/** Spans of time, rates and ages as they are typed. */
import { maxSinceMs, maxSpanMs } from '../limits.ts';

const ageUnits: Readonly<Record<string, number>> = {
  s: 1_000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
};
/** `90s`, `15m`, `8h`, `7d` in milliseconds; undefined for what is none, or nothing, or too long. */
export const spanIn = (text: string): number | undefined => {
  const [, digits, unit = ''] = /^(\d{1,6})([smhd])$/.exec(text) ?? [];
  const ms = Number(digits) * (ageUnits[unit] ?? 0);
  return ms > 0 && ms <= maxSpanMs ? ms : undefined;
};

/** `5/min`, `100/h`, `3/10s` in a number of times and milliseconds; undefined for what is none. */
export const rateIn = (
  text: string,
): { readonly count: number; readonly windowMs: number } | undefined => {
  const [, digits, many = '1', unit = ''] = /^(\d{1,6})\/(\d{1,6})?(s|min|m|h|d)$/.exec(text) ?? [];
  const windowMs = Number(many) * (ageUnits[unit.charAt(0)] ?? 0);
  const count = Number(digits);
  return count > 0 && windowMs > 0 && windowMs <= maxSpanMs ? { count, windowMs } : undefined;
};

const timeForm = /^\d{4}-\d\d-\d\d(?:[T ]\d\d:\d\d(?::\d\d(?:\.\d{1,3})?)?(?:Z|[+-]\d\d:?\d\d)?)?$/;

/**
 * Milliseconds since what `--since` says: an age, or a time, local where it names no zone. None since
 * what is still to come. Undefined for what is neither.
 */
export const ageIn = (text: string, now: number): number | undefined => {
  const [, digits, unit = ''] = /^(\d{1,6})([smhd])$/.exec(text) ?? [];
  if (digits !== undefined) return Math.min(Number(digits) * (ageUnits[unit] ?? 0), maxSinceMs);
  // A date alone would be read as one of Greenwich.
  const time = timeForm.test(text) ? Date.parse(text.length === 10 ? `${text}T00:00` : text) : NaN;
  return Number.isNaN(time) ? undefined : Math.min(Math.max(0, now - time), maxSinceMs);
};
