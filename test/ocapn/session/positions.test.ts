import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Positions } from '../../../packages/ocapn/src/session/positions.ts';

describe('a table of positions', () => {
  it('does what a Map does, whoever picks the numbers', () => {
    const near = fc.integer({ min: 0, max: 200 });
    const colliding = fc.integer({ min: 0, max: 20 }).map((n) => n * 4_096);
    const huge = fc.integer({ min: 2 ** 31 - 10, max: 2 ** 53 - 1 });
    const step = fc.record({ position: fc.oneof(near, colliding, huge), isAdd: fc.boolean() });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 400 }), (steps) => {
        const table = new Positions<{ readonly position: number }>();
        const model = new Map<number, { readonly position: number }>();
        for (const { position, isAdd } of steps) {
          expect(table.get(position)).toBe(model.get(position));
          if (!isAdd) expect(table.drop(position)).toBe(model.delete(position));
          else if (!model.has(position)) {
            const entry = { position };
            table.add(position, entry);
            model.set(position, entry);
          }
          expect(table.size).toBe(model.size);
        }
        const inOrder = (entries: Iterable<{ readonly position: number }>): unknown[] =>
          [...entries].sort((a, b) => a.position - b.position);
        expect(inOrder(table.values())).toEqual(inOrder(model.values()));
      }),
      { seed: 1, numRuns: 300 },
    );
  });
  it('holds more than its ring has room for, and gives all of it out again', () => {
    const table = new Positions<{ readonly position: number }>();
    for (let position = 0; position < 5_000; position += 1) table.add(position, { position });
    expect(table.size).toBe(5_000);
    for (let position = 0; position < 5_000; position += 1) {
      expect(table.get(position)).toEqual({ position });
      expect(table.drop(position)).toBe(true);
      expect(table.get(position)).toBeUndefined();
    }
    expect(table.size).toBe(0);
  });
  it('is empty after clear', () => {
    const table = new Positions<{ readonly position: number }>();
    for (const position of [1, 2, 3 + 2 ** 20, 3 + 2 ** 30, 3]) table.add(position, { position });
    table.clear();
    expect([table.size, table.values().length, table.get(3)]).toEqual([0, 0, undefined]);
  });
});
