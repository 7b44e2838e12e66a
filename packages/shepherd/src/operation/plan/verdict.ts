/**
 * What many rows mean together. Pure functions: a fleet has no state of its own.
 *
 *     start, restart     enough members good   ok or changed, "2/2" or "degraded 1/2"
 *     anything else      all members good      ok or changed, "2/2"
 *     otherwise          the worst result of a member, "1 of 2 members"
 */
import { isStart } from '../../action-table.ts';
import { percentOf } from '../../checks/rolling.ts';
import { isGood, worstOf, type Result } from '../../words/vocabulary.ts';
import type { Cause, MinReady, Outcome, Row } from '../../words/types.ts';

/**
 * The number of members that a policy asks for.
 * @throws RangeError for what is no count up to `memberCount` and no whole percentage up to 100.
 */
export const neededOf = (minReady: MinReady, memberCount: number): number => {
  if (typeof minReady === 'number') {
    if (Number.isInteger(minReady) && minReady >= 0 && minReady <= memberCount) return minReady;
    throw new RangeError(`minReady: expected 0 to ${memberCount} members, found ${minReady}`);
  }
  const percent = percentOf(minReady);
  if (percent !== undefined) return Math.ceil((percent * memberCount) / 100);
  throw new RangeError(`minReady: expected 0% to 100%, found ${JSON.stringify(minReady)}`);
};

/** The same of those who are asked: where they are fewer than a count says, that is all of them. */
export const neededCountOf = (minReady: MinReady, askedCount: number): number =>
  neededOf(typeof minReady === 'number' ? Math.min(minReady, askedCount) : minReady, askedCount);

/**
 * The outcome of an aggregate named `member`: one row for each member that was asked, and the verdict over
 * them. Where fewer were asked than its policy counts, that is all of these.
 */
export const verdict = (
  member: string,
  action: string,
  rows: readonly Row[],
  minReady: MinReady,
): Outcome => {
  const goodCount = rows.filter(isGood).length;
  const needed = isStart(action) ? neededCountOf(minReady, rows.length) : rows.length;
  const result = goodCount >= needed ? bestOf(rows) : worstOf(rows);
  const isSlip = rows.length > 0 && rows.every((row) => row.isSlip === true);
  const reason = wordsOf(goodCount, needed, rows.length);
  return { member, result, reason, ...(isSlip && { isSlip }), rows };
};

const bestOf = (rows: readonly Row[]): Result =>
  rows.some((row) => row.result === 'changed') ? 'changed' : 'ok';

const wordsOf = (goodCount: number, needed: number, memberCount: number): string => {
  if (goodCount === memberCount) return `${goodCount}/${memberCount}`;
  if (goodCount >= needed) return `degraded ${goodCount}/${memberCount}`;
  const words = `${goodCount} of ${memberCount} members`;
  return needed === memberCount ? words : `${words}, ${needed} needed`;
};

/**
 * A row is an outcome without its own rows; what went wrong below it is named, by the last who knows: the first of what
 * did not wait for something else there, and how many there are.
 */
export const memberRow = ({ rows, ...row }: Outcome): Row => {
  const bad = isGood(row) ? [] : rows.filter((one) => !isGood(one));
  const roots = bad.filter((one) => one.dependsOn === undefined && one.result !== 'skipped');
  const [first = bad[0], ...others] = roots;
  if (first === undefined) return row;
  const otherCount = others.length + (first.cause?.otherCount ?? 0);
  return { ...row, cause: { ...causeOf(first), ...(otherCount > 0 && { otherCount }) } };
};
/** The deepest thing that is known to be wrong. */
const causeOf = ({ member, reason, plainReason, cause }: Row): Cause =>
  cause ?? {
    member,
    ...(reason !== undefined && { reason }),
    ...(plainReason !== undefined && { plainReason }),
  };
