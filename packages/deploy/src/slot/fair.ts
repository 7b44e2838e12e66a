/**
 * Who makes room where places are few and several have taken all of them: whoever has the most, as long as he still has
 * no less afterwards than the one who comes. So nobody is kept out by some who have come together, those who have an
 * equal share keep it, and nothing goes back and forth.
 */

/** What is counted, and whose it is. */
export interface Shares<T> {
  readonly ownerOf: (each: T) => string;
  /** Of what there is a bound: 1 for each, where that is their count. */
  readonly sizeOf: (each: T) => number;
}
/**
 * The first of what the one has who has the most; undefined where nobody has more than `ownSize`, what the one who
 * comes is to have then.
 */
export const firstOfMost = <T>(
  all: readonly T[],
  { ownerOf, sizeOf }: Shares<T>,
  ownSize: number,
): T | undefined => {
  const sizes = new Map<string, number>();
  for (const each of all) sizes.set(ownerOf(each), (sizes.get(ownerOf(each)) ?? 0) + sizeOf(each));
  const most = Math.max(0, ...sizes.values());
  return most > ownSize ? all.find((each) => sizes.get(ownerOf(each)) === most) : undefined;
};
