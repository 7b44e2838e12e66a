/**
 * How often a grant is good in a while: no window of that length, wherever it begins, has more uses than the rate
 * says. (A bucket that fills again lets nearly twice as many through: all at once, and each that comes back meanwhile.)
 * Up to `exactCount` uses are remembered one by one; of more, those of one slot leave together, when the last one may:
 * by a part of the window too late, never too early. Pure.
 */
import type { Rate } from './types.ts';

/** Uses that still count, the oldest first; by the monotonic clock, when they were. */
export type Spent = readonly { readonly atMs: number; readonly count: number }[];

/** Milliseconds until the rate allows one more: 0 where it does now. */
export const waitFor = ({ count, windowMs }: Rate, spent: Spent, ticksMs: number): number => {
  const counted = stillCounted(windowMs, spent, ticksMs);
  const [oldest] = counted;
  if (oldest === undefined || sumOf(counted) < count) return 0;
  return oldest.atMs + windowMs - ticksMs;
};

/** The same after one more use. */
export const spend = ({ count, windowMs }: Rate, spent: Spent, ticksMs: number): Spent => {
  const counted = stillCounted(windowMs, spent, ticksMs);
  if (count <= exactCount) return [...counted, { atMs: ticksMs, count: 1 }];
  const slotMs = windowMs / exactCount;
  const atMs = (Math.floor(ticksMs / slotMs) + 1) * slotMs;
  const last = counted.at(-1);
  if (last?.atMs !== atMs) return [...counted, { atMs, count: 1 }];
  return [...counted.slice(0, -1), { atMs, count: last.count + 1 }];
};

const exactCount = 32;

const stillCounted = (windowMs: number, spent: Spent, ticksMs: number): Spent =>
  spent.filter(({ atMs }) => atMs + windowMs > ticksMs);
const sumOf = (spent: Spent): number => spent.reduce((sum, { count }) => sum + count, 0);
