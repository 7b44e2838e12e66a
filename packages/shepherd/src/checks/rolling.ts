/** How an aggregate is to be asked batch by batch, in the words of a policy. */
import type { Rolling } from '../words/types.ts';

/** How an aggregate gets another release where nobody says how: one goes first, then a quarter of them at a time. */
export const careRolling = { batch: '25%', canary: 1 } as const satisfies Rolling;

/** The whole number in a share from `0%` to `100%`; undefined for everything else. */
export const percentOf = (share: unknown): number | undefined =>
  typeof share === 'string' && /^(?:\d|[1-9]\d|100)%$/.test(share)
    ? Number(share.slice(0, -1))
    : undefined;
