/**
 * When a service that died is started again: pure arithmetic, so that its corners can be tested
 * alone.
 */
import { limits } from '../limits.ts';
import type { Prompting, RespawnPolicy } from '../words/types.ts';

/** What is remembered of the respawns since the last explicit start or stop. */
export interface Respawns {
  /** Respawns that were made. */
  readonly count: number;
  /** Wall clock of the last one, milliseconds since 1970. */
  readonly lastAt?: number;
  /** Delays since the last stable run: how far the delay has doubled. */
  readonly delayCount: number;
  /** Monotonic times of the deaths within the window, oldest first; never more than the limit. */
  readonly times: readonly number[];
}
/** Whether a policy minds such a death: what was ended since it was not alive has failed, however it went. */
export const minds = (on: RespawnPolicy['on'], code?: number, kind?: Prompting['kind']): boolean =>
  on !== 'failure' || code !== 0 || kind === 'not-alive';

/** Nothing has died yet. */
export const noRespawns: Respawns = { count: 0, delayCount: 0, times: [] };

/**
 * The delay before the next respawn, in milliseconds; undefined where there were too many of them
 * lately.
 */
export const nextRespawn = (
  policy: RespawnPolicy,
  before: Respawns,
  nowMs: number,
): { readonly delayMs: number; readonly respawns: Respawns } | undefined => {
  const recent = before.times.filter((at) => nowMs - at < policy.limitWindowMs);
  if (recent.length >= policy.limitCount) return undefined;
  const factor = 2 ** Math.min(before.delayCount, limits.doublingCount);
  return {
    delayMs: Math.min(policy.delayMs * factor, policy.maxDelayMs),
    respawns: { ...before, delayCount: before.delayCount + 1, times: [...recent, nowMs] },
  };
};
