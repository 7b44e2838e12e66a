/** Whether those who did not do it may as well be asked again: no retry is offered that ends like the last. */
import type { Row } from '@bellwether/shepherd';

/**
 * Whether each of `left` would end as it did: it is disabled, it refuses what it was asked, or it was left alone since
 * one of `all` does, or went back from a release.
 */
export const isInVain = (left: readonly Row[], all: readonly Row[]): boolean => {
  const isStopped = all.some((row) => isStuck(row) || isBack(row));
  return left.every((row) => isStuck(row) || (isStopped && row.result === 'skipped'));
};
const isStuck = ({ isDisabled, isVain }: Row): boolean => isDisabled === true || isVain === true;

/** Whether it had another release, and has the one before again, or neither. */
export const isBack = ({ result }: Row): boolean =>
  result === 'rolled-back' || result === 'rollback-failed';
