/** What is believed of how an aggregate is to be asked batch by batch. */
import { batchActions, hasBatches } from '../action-table.ts';
import { BadRequest } from '../errors.ts';
import { limits } from '../limits.ts';
import type { MinReady, Request, Rolling } from '../words/types.ts';

/** How an aggregate gets another release where nobody says how: one goes first, then a quarter of them at a time. */
export const careRolling = { batch: '25%', canary: 1 } as const satisfies Rolling;

/** The whole number in a share from `0%` to `100%`; undefined for everything else. */
export const percentOf = (share: unknown): number | undefined =>
  typeof share === 'string' && /^(?:\d|[1-9]\d|100)%$/.test(share)
    ? Number(share.slice(0, -1))
    : undefined;

/** The policy with nothing in it but what one has. @throws BadRequest */
export const checkedRolling = (
  rolling: Rolling,
  { action, withMembers }: Pick<Request, 'action' | 'withMembers'>,
): Rolling => {
  if (typeof rolling !== 'object' || rolling === null) throw new BadRequest('rolling: no record');
  if (!hasBatches(action))
    throw new BadRequest(`batches go with ${batchActions.join(', ')}, not with ${action}`);
  if (withMembers === false)
    throw new BadRequest(`a ${action} that leaves the members alone has no batches`);
  const { batch, maxUnavailable, maxFailed, pauseMs, canary } = rolling;
  return {
    batch: checkedShare('a batch', batch, 1),
    ...(maxUnavailable !== undefined && {
      maxUnavailable: checkedShare('maxUnavailable', maxUnavailable, 1),
    }),
    ...(maxFailed !== undefined && { maxFailed: checkedShare('maxFailed', maxFailed, 0) }),
    ...(pauseMs !== undefined && {
      pauseMs: checkedWhole('pauseMs', pauseMs, 0, limits.rollPauseMs),
    }),
    ...(canary !== undefined && { canary: checkedWhole('canary', canary, 1, limits.rowCount) }),
  };
};

const checkedShare = (what: string, share: MinReady, least: number): MinReady => {
  const number = typeof share === 'number' ? share : percentOf(share);
  const isWhole = Number.isInteger(number) && Number(number) <= limits.rowCount;
  if (isWhole && Number(number) >= least) return share;
  throw new BadRequest(
    `rolling: ${what} must be a count from ${least} to ${limits.rowCount}, or a share from ${least}% to 100%`,
  );
};
const checkedWhole = (what: string, value: number, least: number, most: number): number => {
  if (Number.isInteger(value) && value >= least && value <= most) return value;
  throw new BadRequest(`rolling: ${what} must be a whole number from ${least} to ${most}`);
};
