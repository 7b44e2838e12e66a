/** When heartbeats are due: together with those of others, and never late. */
import { limits } from '@bellwether/shepherd';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { beatIn } from '../../../packages/shepherd/src/shepherd/beat-times.ts';

const WALL_MS = 1_700_000_000_000;
const anyPeriod = fc.integer({ min: limits.leastHeartbeatMs, max: limits.mostHeartbeatMs });
const anyLife = fc.string({ maxLength: 24 });

describe('a heartbeat', () => {
  it('never comes later than it was asked for, whatever the clock says and however it is set', () => {
    fc.assert(
      fc.property(
        anyPeriod,
        fc.double({ noNaN: true, min: -1e13, max: 1e13 }),
        anyLife,
        (periodMs, wallMs, life) => {
          const ms = beatIn(periodMs, wallMs, life);
          expect(ms).toBeGreaterThan(limits.beatSlackMs);
          expect(ms).toBeLessThanOrEqual(periodMs + limits.beatSlackMs);
        },
      ),
    );
  });
  it('comes at the same moments whenever it was asked for, and at whole seconds', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 200_000 }), anyLife, (laterMs, life) => {
        const first = WALL_MS + beatIn(45_000, WALL_MS, life);
        const other = WALL_MS + laterMs + beatIn(45_000, WALL_MS + laterMs, life);
        expect(Math.abs(other - first) % 45_000).toBe(0);
        expect(first % 1_000).toBe(0);
      }),
    );
  });
  it('that came a little early is not due again, and one that came late comes no later next time', () => {
    const life = 'a life';
    const dueMs = WALL_MS + beatIn(15_000, WALL_MS, life);
    expect(beatIn(15_000, dueMs - limits.beatSlackMs, life)).toBe(15_000 + limits.beatSlackMs);
    expect(beatIn(15_000, dueMs - limits.beatSlackMs - 1, life)).toBe(limits.beatSlackMs + 1);
    expect(beatIn(15_000, dueMs, life)).toBe(15_000);
    expect(beatIn(15_000, dueMs + 400, life)).toBe(14_600);
  });
  it('of a thousand machines comes with some, and with few enough', () => {
    const counts = new Map<number, number>();
    for (let at = 0; at < 1_000; at += 1) {
      const ms = beatIn(45_000, WALL_MS, `machine ${at}`);
      counts.set(ms, (counts.get(ms) ?? 0) + 1);
    }
    expect(counts.size).toBe(45);
    expect(Math.max(...counts.values())).toBeLessThan(45);
  });
});
