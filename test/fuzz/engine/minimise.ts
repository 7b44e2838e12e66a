/** The same failure from fewer bytes. */
import { spliced } from './mutate.ts';
import { spansOf } from './spans.ts';

/**
 * Takes parts out as long as `fails`: whole values first, then halves, quarters and so on down to single bytes. Tries at
 * most `tryCount` inputs.
 */
export const minimise = (
  input: Uint8Array,
  fails: (smaller: Uint8Array) => boolean,
  tryCount = 4_000,
): Uint8Array => {
  let left = tryCount;
  let best = input;
  const attempt = (smaller: Uint8Array): boolean => {
    left -= 1;
    if (left < 0 || smaller.length >= best.length || !fails(smaller)) return false;
    best = smaller;
    return true;
  };
  const withoutValues = (): boolean => {
    const spans = [...spansOf(best)].sort((a, b) => b.end - b.start - (a.end - a.start));
    return spans.some(({ start, end }) => attempt(spliced(best, start, end)));
  };
  while (left > 0 && withoutValues());
  for (let size = best.length >> 1; size >= 1 && left > 0; size >>= 1)
    for (let at = best.length - size; at >= 0 && left > 0; at -= size)
      attempt(spliced(best, at, Math.min(best.length, at + size)));
  return best;
};
