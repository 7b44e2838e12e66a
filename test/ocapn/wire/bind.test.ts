import { describe, expect, test } from 'vitest';
import {
  Dictionary,
  Sym,
  SyrupRecord,
  SyrupSet,
} from '../../../packages/ocapn/src/syrup/values.ts';
import { encode } from '../../../packages/ocapn/src/syrup/write.ts';
import { bind, type Binder, check } from '../../../packages/ocapn/src/wire/bind.ts';
import {
  errorTextFrom,
  taggedFrom,
  taggedRecord,
} from '../../../packages/ocapn/src/wire/dialect.ts';
import { Descriptor, Envelope } from '../../../packages/ocapn/src/wire/operations.ts';
import { decode } from '../../../packages/ocapn/src/syrup/read.ts';
import { fromLatin1, latin1, struct } from '../syrup/values.ts';

const ref = (position: number): Descriptor => new Descriptor('export', position);
const envelope = new Envelope(
  new SyrupRecord(new Sym('give'), []),
  new Uint8Array(0),
  new Uint8Array(0),
  1,
);
const tree = (): unknown[] => [
  1,
  'text',
  undefined,
  null,
  new Uint8Array(3),
  new Sym('s'),
  ref(1),
  [ref(2), [envelope]],
  struct({ a: ref(3), __proto__: 1 }),
  new SyrupRecord(new Sym('x'), [ref(4)]),
  new SyrupSet([ref(5)]),
  new Dictionary([[ref(6), ref(7)]]),
];
/** Notes every reference in its order. */
const recording = (): { readonly seen: (number | string)[]; readonly binder: Binder } => {
  const seen: (number | string)[] = [];
  const note = (value: Descriptor | Envelope): string => {
    seen.push(value instanceof Descriptor ? value.position : 'envelope');
    return `live ${value instanceof Descriptor ? value.position : 'envelope'}`;
  };
  return { seen, binder: { check: note, bind: note } };
};

describe('two passes', () => {
  test('check sees every reference, wherever it stands, and changes nothing', () => {
    const { seen, binder } = recording();
    const before = tree();
    check(before, binder);
    expect(seen).toEqual([1, 2, 'envelope', 3, 4, 5, 6, 7]);
    expect(before).toEqual(tree());
  });
  test('bind puts a live reference in the place of every one that check saw', () => {
    const { seen, binder } = recording();
    const bound = bind(tree(), binder) as unknown[];
    expect(seen).toEqual([1, 2, 'envelope', 3, 4, 5, 6, 7]);
    expect(bound.slice(0, 6)).toEqual(tree().slice(0, 6));
    expect(bound.slice(6)).toEqual([
      'live 1',
      ['live 2', ['live envelope']],
      struct({ a: 'live 3', __proto__: 1 }),
      new SyrupRecord(new Sym('x'), ['live 4']),
      new SyrupSet(['live 5']),
      new Dictionary([['live 6', 'live 7']]),
    ]);
  });
  test('what check throws comes through, before anything was bound', () => {
    const binder: Binder = {
      check: (value) => {
        if (value instanceof Descriptor && value.position === 7) throw new RangeError('no 7');
      },
      bind: () => {
        throw new Error('bound');
      },
    };
    expect(() => check(tree(), binder)).toThrow('no 7');
  });
});

describe('dialects', () => {
  const read = (text: string): unknown => decode(fromLatin1(text));
  test('a tagged value is understood in both spellings and written in one', () => {
    expect(taggedFrom(read("<11'desc:tagged3'tag5+>"))).toEqual({ tag: 'tag', value: 5 });
    expect(taggedFrom(read("<11'user-record3'tag5+>"))).toEqual({ tag: 'tag', value: 5 });
    expect(taggedFrom(read(`<11'user-record3"tag5+>`))).toEqual({ tag: 'tag', value: 5 });
    expect(latin1(encode(taggedRecord({ tag: 'tag', value: 5 })))).toBe("<11'desc:tagged3'tag5+>");
  });
  test('what only looks like a tagged value is none', () => {
    for (const text of [
      "<11'desc:tagged3'tag>",
      "<11'desc:tagged5+5+>",
      "<6'tagged3'tag5+>",
      '5+',
    ]) {
      expect(taggedFrom(read(text))).toBeUndefined();
    }
  });
  test('an error is understood in both spellings', () => {
    expect(errorTextFrom(read(`<10'desc:error2"no>`))).toBe('no');
    expect(errorTextFrom(read("<10'desc:error5+>"))).toBe('');
    expect(errorTextFrom(read("<16'exn:fail:mystery>"))).toBe('');
    expect(errorTextFrom(read('2"no'))).toBeUndefined();
  });
});
