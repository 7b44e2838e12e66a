/**
 * Programs of two and of three peers, run whole and cut at every one of their writes: nothing is delivered twice, in another
 * order, or lost but what was cut; every vow settles; and the tables are empty afterwards. `long-programs.test.ts` runs more.
 */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { anyProgram, runCuts, runProgram } from '../../support/ocapn-programs.ts';
import { SEED } from '../syrup/values.ts';

describe.each([2, 3])('a program of %i peers', (peerCount) => {
  it('comes to its end, and leaves nothing', () => {
    fc.assert(
      fc.property(anyProgram(peerCount, 20), (program) => void runProgram(program, Infinity)),
      { seed: SEED, numRuns: 50 },
    );
  });
  it('that is cut at any of its writes loses what was cut, and nothing else', () => {
    let cutCount = 0;
    fc.assert(
      fc.property(anyProgram(peerCount, 10), (program) => void (cutCount += runCuts(program))),
      { seed: SEED, numRuns: 5 },
    );
    expect(cutCount).toBeGreaterThan(80);
  });
});
