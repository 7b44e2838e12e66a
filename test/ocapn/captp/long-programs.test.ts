/** What programs.test.ts does, longer: `npm run long`. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { anyProgram, runCuts, runProgram } from '../../support/ocapn-programs.ts';
import { SEED } from '../syrup/values.ts';

const LONG_MS = 900_000;

describe.each([2, 3])('a program of %i peers', (peerCount) => {
  it(
    'comes to its end, and leaves nothing, of 1,000',
    () => {
      fc.assert(
        fc.property(anyProgram(peerCount, 30), (program) => void runProgram(program, Infinity)),
        { seed: SEED, numRuns: 1_000 },
      );
    },
    LONG_MS,
  );
  it(
    'that is cut at any of its writes loses what was cut, and nothing else, of 50',
    () => {
      let cutCount = 0;
      fc.assert(
        fc.property(anyProgram(peerCount, 14), (program) => void (cutCount += runCuts(program))),
        { seed: SEED, numRuns: 50 },
      );
      expect(cutCount).toBeGreaterThan(900);
    },
    LONG_MS,
  );
});
