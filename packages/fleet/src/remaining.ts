import { LIMITS } from './limits.ts';

/**
 * What is left for the far end of a deadline of which `usedMs` are used up: a little less than
 * there is, so that its answer, which has more to say, comes before our own clock runs out. 0 when
 * it is too late to ask.
 */
export const leftFor = (remainingMs: number, usedMs: number): number => {
  const left = remainingMs - usedMs;
  return Math.max(0, Math.floor(left - Math.min(LIMITS.hopMarginMs, left / 10)));
};
