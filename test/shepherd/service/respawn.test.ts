import { describe, expect, it } from 'vitest';
import {
  minds,
  nextRespawn,
  noRespawns,
  type Respawns,
} from '../../../packages/shepherd/src/service/respawn.ts';

const policy = { limitCount: 5, limitWindowMs: 7_000, delayMs: 100, maxDelayMs: 3_000 };
/** The delays of deaths that follow each other after so many milliseconds. */
const delays = (gapMs: number, count: number, from: Respawns = noRespawns) => {
  const found: (number | undefined)[] = [];
  let respawns = from;
  for (let at = 0; at < count; at += 1) {
    const next = nextRespawn(policy, respawns, at * gapMs);
    found.push(next?.delayMs);
    respawns = next?.respawns ?? respawns;
  }
  return found;
};

describe('the next respawn', () => {
  it('of failures minds one that was not alive, even if it went with the exit code 0', () => {
    expect(minds('failure', 0, 'ended')).toBe(false);
    expect(minds('failure', 0, 'not-alive')).toBe(true);
    expect(minds('failure', 1, 'ended')).toBe(true);
    expect(minds(undefined, 0, 'ended')).toBe(true);
  });
  it('is refused for the sixth death within seven seconds', () => {
    expect(delays(1_000, 6)).toEqual([100, 200, 400, 800, 1_600, undefined]);
  });
  it('is made where the sixth death is just outside of the window', () => {
    expect(delays(1_400, 6)).toEqual([100, 200, 400, 800, 1_600, 3_000]);
    expect(delays(1_399, 6).at(-1)).toBeUndefined();
  });
  it('waits for no more than the cap, however often the delay has doubled', () => {
    expect(delays(10_000, 2_000).at(-1)).toBe(3_000);
  });
  it('remembers no more deaths than the limit', () => {
    let respawns = noRespawns;
    for (let at = 0; at < 100; at += 1)
      respawns = nextRespawn(policy, respawns, at * 1_400)?.respawns ?? respawns;
    expect(respawns.times).toHaveLength(5);
  });
  it('is never made where the limit is 0', () => {
    expect(nextRespawn({ ...policy, limitCount: 0 }, noRespawns, 0)).toBeUndefined();
  });
});
