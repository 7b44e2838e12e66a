/** Whoever reads a trace slowly is told where in it something is missing, and how much. */
import { FLEET_LIMITS } from '@bellwether/fleet';
import type { Tap } from '@bellwether/ocapn';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { TraceBuffer } from '../../../packages/fleet/src/net/trace-buffer.ts';

const { traceBatchCount, traceWaitingCount } = FLEET_LIMITS;

test('what is told and what is left out are all messages, in their order', () => {
  const step = fc.oneof(
    fc.record({ heard: fc.constantFrom(1, 50, traceBatchCount, traceWaitingCount + 3) }),
    fc.record({ taken: fc.integer({ min: 1, max: 20 }) }),
  );
  fc.assert(
    fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
      let tap: Tap | undefined;
      let wakes = 0;
      const listen = (_session: string, given: Tap) => {
        tap = given;
        return { isDialler: true, stop: () => undefined };
      };
      const buffer = new TraceBuffer(
        listen,
        's-1',
        'plain',
        () => 0,
        () => (wakes += 1),
      );
      let heard = 0;
      // The number of the message that is to be told of next.
      let next = 1;
      let isMore = false;
      const take = (): void => {
        const { lines, droppedCount, hasMore } = buffer.take();
        for (const { number } of lines) expect(number).toBe(next++);
        next += droppedCount;
        if (droppedCount > 0) expect(lines.length).toBe(traceBatchCount);
        isMore = hasMore;
        wakes = 0;
      };
      for (const each of steps)
        if ('taken' in each) for (let n = 0; n < each.taken; n += 1) take();
        else
          for (let n = 0; n < each.heard; n += 1) {
            heard += 1;
            tap?.got(heard, { op: 'gc-answers', positions: [heard] }, 20);
            // Whoever has been told that there is more takes it without being woken.
            expect(wakes).toBe(isMore ? 0 : 1);
          }
      for (isMore = true; isMore;) take();
      expect(next).toBe(heard + 1);
    }),
    { numRuns: 30 },
  );
});
