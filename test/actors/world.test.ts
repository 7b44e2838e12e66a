import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { World } from '@bellwether/actors';

/** A story whose tasks make more tasks, cancel some, and draw from the seed. */
const story = (seed: number, delays: readonly number[]): readonly string[] => {
  const world = new World(seed);
  const clock = world.clock();
  const lines: string[] = [];
  const schedulers = [world.scheduler(), world.scheduler()];
  delays.forEach((ms, at) => {
    const cancel = clock.after(ms, () => {
      lines.push(`${at} at ${world.now} ${world.random()}`);
      world.pick(schedulers).enqueue(() => lines.push(`${at} enqueued at ${world.now}`));
      if (at % 3 === 0) world.at(ms, () => lines.push(`${at} again at ${world.now}`));
    });
    if (at % 5 === 4) cancel();
  });
  world.run();
  return lines;
};

describe('a world', () => {
  it('tells the same story for the same seed', () => {
    const delays = fc.array(fc.nat(20), { maxLength: 40 });
    fc.assert(
      fc.property(fc.nat(), delays, (seed, list) => {
        expect(story(seed, list)).toEqual(story(seed, list));
      }),
      { seed: 21, numRuns: 200 },
    );
  });
  it('runs what is due in order of time, whatever was put in first', () => {
    fc.assert(
      fc.property(fc.nat(), fc.array(fc.nat(1_000), { maxLength: 200 }), (seed, list) => {
        const world = new World(seed);
        const times: number[] = [];
        for (const ms of list) world.at(ms, () => times.push(world.now));
        world.run();
        expect(times).toEqual([...list].sort((a, b) => a - b));
      }),
      { seed: 22, numRuns: 200 },
    );
  });
  it('lets the seed decide the order of what is due together', () => {
    const orders = new Set<string>();
    for (let seed = 1; seed <= 100; seed += 1) {
      const world = new World(seed);
      const order: number[] = [];
      for (let n = 0; n < 3; n += 1) world.at(5, () => order.push(n));
      world.run();
      orders.add(order.join());
    }
    expect(orders.size).toBe(6);
  });
  it('keeps the order within one scheduler', () => {
    for (let seed = 1; seed <= 100; seed += 1) {
      const world = new World(seed);
      const order: number[] = [];
      const one = world.scheduler();
      for (let n = 0; n < 10; n += 1) one.enqueue(() => order.push(n));
      world.run();
      expect(order).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
    }
  });
  it('does not run what was cancelled, nor let its time pass', () => {
    const world = new World(1);
    const ran: string[] = [];
    const cancel = world.at(50, () => ran.push('cancelled'));
    world.at(10, () => ran.push('kept'));
    expect(world.pendingCount).toBe(2);
    cancel();
    cancel();
    expect(world.pendingCount).toBe(1);
    world.run();
    cancel();
    expect([ran, world.now, world.pendingCount, world.step()]).toEqual([['kept'], 10, 0, false]);
  });
  it('runs until a time, which has come then, and no further', () => {
    const world = new World(1);
    const ran: number[] = [];
    for (const ms of [10, 20, 30]) world.at(ms, () => ran.push(ms));
    world.at(5, () => undefined)();
    world.run(20);
    expect([ran, world.now]).toEqual([[10, 20], 20]);
    world.runFor(5);
    expect([ran, world.now]).toEqual([[10, 20], 25]);
    world.run();
    expect([ran, world.now]).toEqual([[10, 20, 30], 30]);
  });
  it('says so, with its seed, when it finds no rest', () => {
    const world = new World(42);
    const again = (): void => void world.at(1, again);
    again();
    expect(() => world.run(Infinity, 1_000)).toThrow(
      /world 42: no rest after 1000 steps, at 1000 ms/,
    );
    expect(() => world.run(1_999, 1_000)).not.toThrow();
    expect(() => world.at(-1, again)).toThrow(RangeError);
    expect(() => world.at(NaN, again)).toThrow(RangeError);
    expect(() => world.pick([])).toThrow(/world 42/);
  });
  it('lets time pass in any wait, also in one that is too short for the number that the time is', () => {
    const world = new World(1);
    const untilMs = 65_840;
    world.run(untilMs - 2 ** -36); // the number before it
    let waitCount = 0;
    // Seed 647 of chaos: a deadline was waited for like that for ever.
    const wait = (): void => {
      waitCount += 1;
      if (untilMs - world.now > 0) world.at((untilMs - world.now) / 4, wait);
    };
    wait();
    world.run(Infinity, 1_000);
    expect(world.now).toBeGreaterThanOrEqual(untilMs);
    expect(waitCount).toBeLessThan(10);
  });
  it('gives a clock with its own date, and bytes from the seed', () => {
    const world = new World(1);
    const clock = world.clock(5_000);
    world.run(7);
    expect([clock.now(), clock.wall()]).toEqual([7, 5_007]);
    const bytes = [1, 1, 2].map((seed) => {
      const into = new Uint8Array(16);
      new World(seed).entropy().fill(into);
      return into.join();
    });
    expect(bytes[0]).toBe(bytes[1]);
    expect(bytes[0]).not.toBe(bytes[2]);
  });
});
