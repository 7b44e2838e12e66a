import type { FarAnswer } from '@bellwether/actors';
import { describe, expect, it } from 'vitest';
import { ChosenThere, Exports, Question } from '../../../packages/ocapn/src/session/tables.ts';

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

describe('questions', () => {
  it('share the numbers of exports and have a limit of their own', () => {
    const exports = new Exports();
    exports.mention(some, 9);
    const first = exports.ask(0, answer, 1, 0);
    expect([first.resolverPos, exports.questionCount, exports.objectCount]).toEqual([2, 1, 1]);
    expect(() => exports.ask(1, answer, 1, 0)).toThrow('more than 1 open questions');
    exports.drop(first);
    exports.drop(first);
    expect([exports.questionCount, exports.ask(1, answer, 1, 0).resolverPos]).toEqual([0, 3]);
  });
  it('come back when the peer gives the resolver back unused, once', () => {
    const exports = new Exports();
    const question = exports.ask(0, answer, 9, 0);
    expect(() => exports.returned(question.resolverPos, 2)).toThrow('1..1');
    expect(exports.returned(question.resolverPos, 1)).toBe(question);
    expect(exports.returned(question.resolverPos, 1)).toBeUndefined();
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
    const table = new ChosenThere<object>('answers');
    table.add(7, some, 2);
    expect(() => table.add(7, other, 2)).toThrow('has an entry 7');
    table.add(0, other, 2);
    expect(() => table.add(1, other, 2)).toThrow('more than 2 answers');
    table.drop(7);
    table.add(1, some, 2);
    expect([table.get(7), table.get(1), table.size]).toEqual([undefined, some, 2]);
  });
});
