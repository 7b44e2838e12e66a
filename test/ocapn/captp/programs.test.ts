/**
 * Programs of two and of three peers, run whole and cut at every one of their writes: nothing is delivered twice, in another
 * order, or lost but what was cut; every vow settles; and the tables are empty afterwards.
 */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { anyProgram, type Program, runProgram } from '../../support/ocapn-programs.ts';
import { SEED } from '../syrup/values.ts';

/** Whole, then cut at its first write, its second, … */
const runCuts = (program: Program): number => {
  const { writeCount } = runProgram(program, Infinity);
  for (let cutAt = 1; cutAt <= writeCount; cutAt += 1) runProgram(program, cutAt);
  return writeCount;
};

describe.each([2, 3])('a program of %i peers', (peerCount) => {
  it('comes to its end, and leaves nothing', () => {
    fc.assert(
      fc.property(anyProgram(peerCount, 20), (program) => void runProgram(program, Infinity)),
      { seed: SEED, numRuns: 120 },
    );
  });
  it('that is cut at any of its writes loses what was cut, and nothing else', () => {
    let cutCount = 0;
    fc.assert(
      fc.property(anyProgram(peerCount, 10), (program) => void (cutCount += runCuts(program))),
      { seed: SEED, numRuns: 12 },
    );
    expect(cutCount).toBeGreaterThan(200);
  }, 60_000);
});
