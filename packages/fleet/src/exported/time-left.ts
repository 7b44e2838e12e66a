/** What is left of the times of a command that waits here before it is sent. */
import type { Request } from '@bellwether/shepherd';

/** Whose machine is away there is waited for there, as long as here. */
export const withQueueLeft = (request: Request, usedMs: number): Request => {
  if (request.queueMs === undefined) return request;
  const { queueMs, ...whole } = request;
  const leftMs = Math.floor(queueMs - usedMs);
  return leftMs < 1 ? whole : { ...whole, queueMs: leftMs };
};

/** The same with its deadline. */
export const withTimeLeft = (request: Request, usedMs: number): Request => ({
  ...withQueueLeft(request, usedMs),
  remainingMs: Math.max(1, Math.floor(request.remainingMs - usedMs)),
});
