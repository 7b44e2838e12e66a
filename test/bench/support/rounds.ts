/**
 * How everything here is compared: two runs back to back in every round, in turned order every
 * other one, so that a busy machine slows both alike. What counts is the ratio within a round.
 */

/** Measures both in every round. The results are in the order of the rounds. */
export const compare = async <T>(
  roundCount: number,
  ours: () => Promise<T>,
  theirs: () => Promise<T>,
): Promise<{ readonly ours: readonly T[]; readonly theirs: readonly T[] }> => {
  const found = { ours: [] as T[], theirs: [] as T[] };
  for (let round = 0; round < roundCount; round += 1) {
    const isTurned = round % 2 === 1;
    const first = await (isTurned ? theirs : ours)();
    const second = await (isTurned ? ours : theirs)();
    found.ours.push(isTurned ? second : first);
    found.theirs.push(isTurned ? first : second);
  }
  return found;
};

/** One figure over another, round by round. */
export const ratios = (over: readonly number[], under: readonly number[]): readonly number[] =>
  over.map((value, round) => value / (under[round] ?? NaN));

/** The middle one; NaN for none. */
export const median = (values: readonly number[]): number =>
  [...values].sort((a, b) => a - b)[values.length >> 1] ?? NaN;

/** To three places. */
export const rounded = (value: number): number => Math.round(value * 1_000) / 1_000;

/** Where what is found goes; as `print`. */
export type Print = (...line: Parameters<typeof print>) => void;

/**
 * One line of JSON: the row of the table of performance, what it must be, and what was found. Says what is missed, where
 * `must` begins with `<=` or `>=` and there is something to compare with.
 */
export const print = (
  row: number,
  what: string,
  must: string,
  values: readonly number[],
  more: Readonly<Record<string, readonly number[]>> = {},
): string | undefined => {
  const medians = Object.entries(more).map(([name, each]) => [name, rounded(median(each))]);
  const line = {
    row,
    what,
    must,
    median: rounded(median(values)),
    min: rounded(Math.min(...values)),
    max: rounded(Math.max(...values)),
    ...(Object.fromEntries(medians) as Readonly<Record<string, number>>),
  };
  process.stdout.write(`${JSON.stringify(line)}\n`);
  const [, way, bound] = /^([<>]=) ([\d.]+)$/.exec(must) ?? [];
  const isMissed = way === '<=' ? line.median > Number(bound) : line.median < Number(bound);
  return isMissed ? `row ${row}: ${what}: ${line.median}, must be ${must}` : undefined;
};

/** How long each of several goes takes, one after another, in ms: the median. */
export const each = async (count: number, go: () => Promise<number>): Promise<number> => {
  const times: number[] = [];
  for (let n = 0; n < count; n += 1) times.push(await go());
  return median(times);
};
/** How long one go takes, in ms. */
export const timed = async (go: () => Promise<unknown>): Promise<number> => {
  const start = performance.now();
  await go();
  return performance.now() - start;
};
