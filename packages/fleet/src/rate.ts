/** How often something may happen: so many times at once, and once more after each while. Pure. */

/** What is allowed. */
export interface Rate {
  readonly count: number;
  /** Milliseconds until one more may happen. */
  readonly gapMs: number;
}
/**
 * The same after it has happened once more: when, by a monotonic clock, all of it may happen at once again. Undefined
 * where it may not happen now. `clearMs`: what was given the last time; undefined: it has not happened.
 */
export const counted = (
  { count, gapMs }: Rate,
  clearMs: number | undefined,
  nowMs: number,
): number | undefined => {
  const nextMs = Math.max(clearMs ?? nowMs, nowMs) + gapMs;
  return nextMs - nowMs > count * gapMs ? undefined : nextMs;
};
