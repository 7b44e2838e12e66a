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
  it.each([
    ['each second', limits.slowBeatMs - 1_000, limits.beatStepMs],
    ['each fifth second where it is slow', limits.slowBeatMs, limits.slowBeatStepMs],
    ['each fifth second of a large fleet', 45_000, limits.slowBeatStepMs],
  ])('comes at the same moments whenever it was asked for: %s', (_, periodMs, stepMs) => {
    // A moment that is a multiple of all these periods, as 1970 is.
    const wallMs = WALL_MS - (WALL_MS % (14_000 * 45));
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 200_000 }), anyLife, (laterMs, life) => {
        const first = wallMs + beatIn(periodMs, wallMs, life);
        const other = wallMs + laterMs + beatIn(periodMs, wallMs + laterMs, life);
        expect(Math.abs(other - first) % periodMs).toBe(0);
        expect((first - wallMs) % stepMs).toBe(0);
      }),
    );
  });
  it('comes at each of its moments on some machine', () => {
    for (const [periodMs, stepMs] of [
      [14_000, limits.beatStepMs],
      [15_000, limits.slowBeatStepMs],
      [60_000, limits.slowBeatStepMs],
    ] as const) {
      const lives = Array.from({ length: 500 }, (_, at) => `machine ${at}`);
      const moments = new Set(lives.map((life) => beatIn(periodMs, WALL_MS, life)));
      expect(moments.size).toBe(periodMs / stepMs);
    }
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
    expect(counts.size).toBe(9);
    expect(Math.max(...counts.values())).toBeLessThan(150);
  });
});
