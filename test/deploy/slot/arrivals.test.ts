/** The order in which releases came to a slot, and what it costs to remember it. */
import { slotLimits, type Digest } from '@bellwether/deploy';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { arrivalsOf, migrationBetween } from '../../../packages/deploy/src/slot/arrivals.ts';
import type { Arrival, SlotRelease } from '../../../packages/deploy/src/slot/types.ts';

const digest = (n: number): Digest => `rel:sha256-${n.toString(16).padStart(64, '0')}`;
const release = (n: number, isForward: boolean): SlotRelease => ({
  digest: digest(n),
  app: 'web',
  run: { command: ['x'] },
  checks: [],
  dataMigration: isForward ? 'forward-only' : 'none',
  byteCount: 0,
  signatures: [],
  stagedMs: 0,
  verdict: 'committed',
});

describe('the order in which releases came', () => {
  it('bars exactly what it would bar if nothing were ever forgotten, for what is here', () => {
    const steps = fc.array(fc.record({ isForward: fc.boolean(), gone: fc.nat(31) }), {
      maxLength: 60,
    });
    fc.assert(
      fc.property(steps, (all) => {
        let here: readonly SlotRelease[] = [];
        let arrivals: readonly Arrival[] = [];
        const everything: SlotRelease[] = [];
        for (const [n, { isForward, gone }] of all.entries()) {
          everything.push(release(n, isForward));
          here = [...here, release(n, isForward)];
          arrivals = arrivalsOf({ releases: here, arrivals });
          // One of those that are here goes, wherever it stands.
          here = here.filter((_each, at) => at !== gone);
          arrivals = arrivalsOf({ releases: here, arrivals });
          const between = (a: number, b: number): boolean =>
            everything.slice(a + 1, b + 1).some(({ dataMigration }) => dataMigration !== 'none');
          const numbers = here.map((each) => everything.findIndex((e) => e.digest === each.digest));
          for (const a of numbers)
            for (const b of numbers) {
              const found = migrationBetween({ releases: here, arrivals }, digest(a), digest(b));
              expect(found !== undefined).toBe(between(a, b));
            }
        }
      }),
      { numRuns: 200 },
    );
  });
  it('remembers so many of those that are gone, and no more migrations than bar a way', () => {
    let arrivals: readonly Arrival[] = [];
    for (let n = 0; n <= slotLimits.goneCount; n += 1)
      arrivals = arrivalsOf({ releases: [release(n, false)], arrivals });
    expect(arrivals).toHaveLength(slotLimits.goneCount + 1);
    expect(arrivals[0]?.digest).toBe(digest(0));
    arrivals = arrivalsOf({ releases: [release(900, false)], arrivals });
    expect(arrivals).toHaveLength(slotLimits.goneCount + 1);
    expect(arrivals[0]?.digest).toBe(digest(1));
    for (let n = 1_000; n < 1_200; n += 1)
      arrivals = arrivalsOf({ releases: [release(n, true)], arrivals });
    expect(arrivals.filter(({ hasMigrated }) => hasMigrated)).toHaveLength(1);
  });
});
