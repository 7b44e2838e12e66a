import type { FarAnswer } from '@bellwether/actors';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  ChosenThere,
  type Export,
  Exports,
  Question,
} from '../../../packages/ocapn/src/session/tables.ts';

const answer: FarAnswer = { slot: undefined, kept: () => undefined, broken: () => undefined };
const some = { some: 'object' };
const other = { other: 'object' };

describe('exports', () => {
  it('give one number to one object, and count every mention', () => {
    const exports = new Exports();
    expect([exports.mention(some, 9), exports.mention(other, 9), exports.mention(some, 9)]).toEqual(
      [1, 2, 1],
    );
    exports.keep();
    exports.returned(1, 1);
    expect(exports.get(1)).toMatchObject({ value: some, count: 1 });
    exports.returned(1, 1);
    expect(exports.get(1)).toBeUndefined();
  });
  it('a frame that was taken back leaves no trace', () => {
    const exports = new Exports();
    exports.mention(some, 9);
    exports.keep();
    exports.mention(some, 9);
    exports.mention(other, 9);
    exports.undo();
    expect([exports.get(1), exports.get(2), exports.objectCount]).toEqual([
      expect.objectContaining({ count: 1, pendingCount: 0 }),
      undefined,
      1,
    ]);
  });
  it('an object that was given back is exported anew under another number', () => {
    const exports = new Exports();
    exports.mention(some, 9);
    exports.keep();
    exports.returned(1, 1);
    expect(exports.mention(some, 9)).toBe(2);
  });
  it('a mention in a frame that is being written holds what is given back meanwhile', () => {
    const exports = new Exports();
    exports.mention(some, 9);
    exports.keep();
    exports.mention(some, 9);
    exports.returned(1, 1);
    expect(exports.get(1)).toMatchObject({ value: some });
    exports.keep();
    expect(exports.get(1)).toMatchObject({ count: 1 });
  });
  it('take back no more than was given, and nothing that never was', () => {
    const exports = new Exports();
    exports.mention(some, 9);
    exports.keep();
    for (const delta of [0, -1, 2, 1.5e9]) expect(() => exports.returned(1, delta)).toThrow('1..1');
    expect(() => exports.returned(2, 1)).toThrow('never given');
    expect(exports.get(1)).toMatchObject({ count: 1 });
  });
  it('ignore late word about what is gone, and about the bootstrap', () => {
    const exports = new Exports();
    exports.mention(some, 9);
    exports.keep();
    exports.returned(1, 1);
    expect([exports.returned(1, 1), exports.returned(0, 7)]).toEqual([undefined, undefined]);
  });
  it('refuse one object more than the limit, and go on after one is given back', () => {
    const exports = new Exports();
    exports.mention(some, 1);
    exports.keep();
    expect(() => exports.mention(other, 1)).toThrow('more than 1 exports');
    expect(exports.mention(some, 1)).toBe(1);
    exports.undo();
    exports.returned(1, 1);
    expect(exports.mention(other, 1)).toBe(2);
  });
});

describe('what is exported', () => {
  it('has one number for as long as the peer holds it, whatever else comes and goes', () => {
    const values = Array.from({ length: 4 }, (_, at) => ({ at }));
    const step = fc.record({ at: fc.integer({ min: 0, max: 3 }), isMention: fc.boolean() });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
        const exports = new Exports();
        const held = new Map<object, number>();
        const given = new Set<number>();
        for (const { at, isMention } of steps) {
          const value = values[at] ?? {};
          const position = held.get(value);
          if (isMention) {
            const mentioned = exports.mention(value, 4);
            exports.keep();
            if (position === undefined) expect(given.has(mentioned)).toBe(false);
            else expect(mentioned).toBe(position);
            held.set(value, mentioned);
            given.add(mentioned);
          } else if (position !== undefined) {
            const { count } = exports.get(position) as Export;
            exports.returned(position, count);
            held.delete(value);
            expect(exports.get(position)).toBeUndefined();
          }
          expect(exports.objectCount).toBe(held.size);
        }
      }),
      { seed: 1 },
    );
  });
});

describe('questions', () => {
  it('share the numbers of exports and have a limit of their own', () => {
    const exports = new Exports();
    exports.mention(some, 9);
    const first = exports.ask(0, answer, 1, 0);
    expect([first.position, exports.questionCount, exports.objectCount]).toEqual([2, 1, 1]);
    expect(() => exports.ask(1, answer, 1, 0)).toThrow('more than 1 open questions');
    exports.drop(first);
    exports.drop(first);
    expect([exports.questionCount, exports.ask(1, answer, 1, 0).position]).toEqual([0, 3]);
  });
  it('come back when the peer gives the resolver back unused, once', () => {
    const exports = new Exports();
    const question = exports.ask(0, answer, 9, 0);
    expect(() => exports.returned(question.position, 2)).toThrow('1..1');
    expect(exports.returned(question.position, 1)).toBe(question);
    expect(exports.returned(question.position, 1)).toBeUndefined();
    expect(exports.questionCount).toBe(0);
  });
  it('are what is left over when the table is cleared', () => {
    const exports = new Exports();
    exports.mention(some, 9);
    exports.keep();
    const open = exports.ask(0, answer, 9, 0);
    expect(exports.clear()).toEqual([open]);
    expect(open).toBeInstanceOf(Question);
    expect([exports.questionCount, exports.objectCount, exports.get(1)]).toEqual([0, 0, undefined]);
  });
});

describe('a table whose numbers the peer picks', () => {
  it('takes any number once, up to its limit', () => {
    const table = new ChosenThere<{ readonly position: number }>('answers');
    const admit = (position: number): void => table.admit(position, { position }, 2);
    admit(7);
    expect(() => admit(7)).toThrow('has an entry 7');
    admit(0);
    expect(() => admit(1)).toThrow('more than 2 answers');
    table.drop(7);
    admit(1);
    expect([table.get(7), table.get(1)?.position, table.size]).toEqual([undefined, 1, 2]);
  });
});
