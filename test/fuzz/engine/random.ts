/** Chance from a seed: the same campaign again. */
export interface Random {
  /** A whole number from 0, below `count`. */
  below(count: number): number;
  pick<T>(from: readonly T[]): T;
}

/** Mulberry32. */
export const makeRandom = (seed: number): Random => {
  let state = Math.imul(seed, 0x9e3779b1) >>> 0;
  const below = (count: number): number => {
    state = (state + 0x6d2b79f5) >>> 0;
    let x = state;
    x = Math.imul(x ^ (x >>> 15), x | 1);
    x ^= x + Math.imul(x ^ (x >>> 7), x | 61);
    return Math.floor((((x ^ (x >>> 14)) >>> 0) / 4_294_967_296) * count);
  };
  return {
    below,
    pick: (from) => {
      if (from.length === 0) throw new RangeError('nothing to pick from');
      return from[below(from.length)] as (typeof from)[number];
    },
  };
};
