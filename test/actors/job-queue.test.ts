import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Job } from '../../packages/actors/src/core.ts';
import { JobQueue } from '../../packages/actors/src/job-queue.ts';
import { Timers } from '../../packages/actors/src/timers.ts';
import { World } from '@bellwether/actors';

describe('the queue of turns', () => {
  it('gives back what was put in, in order, whatever its size', () => {
    // Positive: so many in; negative: so many out.
    const moves = fc.array(fc.integer({ min: -150, max: 200 }), { maxLength: 30 });
    fc.assert(
      fc.property(moves, (list) => {
        const queue = new JobQueue();
        const model: Job[] = [];
        let next = 0;
        for (const move of list) {
          for (let n = 0; n < move; n += 1) {
            const job = { number: (next += 1) } as unknown as Job;
            queue.push(job);
            model.push(job);
          }
          for (let n = 0; n < -move; n += 1) expect(queue.shift()).toBe(model.shift());
          expect(queue.count).toBe(model.length);
        }
      }),
      { seed: 31, numRuns: 200 },
    );
  });
  it('gives a ring that has grown large back when it is empty', () => {
    const queue = new JobQueue();
    const job = {} as Job;
    for (let n = 0; n < 40_000; n += 1) queue.push(job);
    for (let n = 0; n < 40_000; n += 1) queue.shift();
    queue.push(job);
    expect([queue.count, queue.shift(), queue.shift()]).toEqual([1, job, undefined]);
  });
});

describe('the timers of a vat', () => {
  it('are stopped all at once, and only those that still run', () => {
    const world = new World(1);
    const stopped: number[] = [];
    const clock = world.clock();
    const timers = new Timers({
      ...clock,
      after: (ms, task) => {
        const stop = clock.after(ms, task);
        return () => {
          stopped.push(ms);
          stop();
        };
      },
    });
    const ran: number[] = [];
    for (const ms of [10, 20, 30]) timers.start(ms, () => ran.push(ms));
    const stop = timers.start(40, () => ran.push(40));
    stop();
    stop();
    world.run(15);
    timers.close();
    world.run();
    expect([ran, stopped]).toEqual([[10], [40, 20, 30]]);
  });
});
