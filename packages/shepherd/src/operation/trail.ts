/**
 * What a command or a question carries from machine to machine: how much of its deadline is left, and
 * the way that it came. Neither can be compared with a clock or a name of another machine.
 */
import { Cycle } from '../errors.ts';
import { limits } from '../limits.ts';

/**
 * What is left for the next one of a deadline of which `usedMs` are used up: a little less than there
 * is, so that its answer, which has more to say, comes before our own clock runs out. 0 when it is too
 * late to ask.
 */
export const leftFor = (remainingMs: number, usedMs: number): number => {
  const left = remainingMs - usedMs;
  return Math.max(0, Math.floor(left - Math.min(limits.hopMarginMs, left / 10)));
};

/**
 * The way through one more service, whose own id is `hop`; one that is at home leaves none.
 * @throws Cycle where the way leads through it already
 */
export const through = (
  hops: readonly string[],
  name: string,
  hop: string | undefined,
): readonly string[] => {
  if (hop === undefined) return hops;
  if (hops.includes(hop)) throw new Cycle([name, '…', name]);
  return [...hops, hop];
};
