/** The chain of services that a command came through, by opaque ids: how a cycle across machines is found. */
import type { Outcome, Request } from '@bellwether/shepherd';
import { LIMITS } from './limits.ts';

/** The request with this service's own hop on its chain; or the outcome that refuses it. */
export const throughHop = (
  name: string,
  hop: string,
  request: Request,
): { readonly next: Request } | { readonly refusal: Outcome } => {
  if (request.hops.includes(hop))
    return refusal(
      name,
      `${name} is reached through itself: a cycle of fleets or exported services`,
    );
  if (request.hops.length >= LIMITS.hopCount)
    return refusal(name, `${name} is more than ${LIMITS.hopCount} services away from the command`);
  return { next: { ...request, hops: [...request.hops, hop] } };
};

const refusal = (member: string, reason: string): { readonly refusal: Outcome } => ({
  refusal: { member, result: 'failed', reason, rows: [] },
});

/** What is left for the far end, so that its answer comes before our own deadline; 0 when it is too late to send. */
export const leftFor = (remainingMs: number, usedMs: number): number => {
  const left = remainingMs - usedMs;
  return Math.max(0, Math.floor(left - Math.min(LIMITS.hopMarginMs, left / 10)));
};
