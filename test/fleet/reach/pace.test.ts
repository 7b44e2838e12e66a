/** Heartbeats, and the limits of the layers below that are made for them. */
import { paceFor } from '@bellwether/fleet';
import { LIMITS } from '@bellwether/ocapn';
import { limits } from '@bellwether/shepherd';
import { expect, it } from 'vitest';

const slowestMs = paceFor(1_000_000).heartbeatMs;

it('the slowest member of a fleet is answered before its session is silent for long enough to be pinged', () => {
  expect(slowestMs).toBe(limits.mostHeartbeatMs);
  expect((limits.toldBeatCount + 1) * slowestMs).toBeLessThanOrEqual(LIMITS.idleMs);
  // With one more that wants no answer it would not be.
  expect((limits.toldBeatCount + 2) * slowestMs).toBeGreaterThan(LIMITS.idleMs);
});
it('a little garbage waits for longer than a session goes without a word', () => {
  expect(LIMITS.lingerMs).toBeGreaterThan(LIMITS.idleMs + LIMITS.pingMs);
});
