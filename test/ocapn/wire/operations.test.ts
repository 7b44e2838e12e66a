import { describe, expect, test } from 'vitest';
import { Decode, Limit } from '../../../packages/ocapn/src/errors.ts';
import { LIMITS } from '../../../packages/ocapn/src/limits.ts';
import { Splitter } from '../../../packages/ocapn/src/syrup/split.ts';
import { Sym, SyrupRecord } from '../../../packages/ocapn/src/syrup/values.ts';
import { Writer } from '../../../packages/ocapn/src/syrup/write.ts';
import {
  Descriptor,
  Envelope,
  type Operation,
} from '../../../packages/ocapn/src/wire/operations.ts';
import { OperationReader } from '../../../packages/ocapn/src/wire/read.ts';
import {
  writeAbort,
  writeDeliver,
  writeDescriptor,
  writeGcAnswers,
  writeGcExports,
  writeListen,
} from '../../../packages/ocapn/src/wire/write.ts';
import { fromLatin1, latin1 } from '../syrup/values.ts';

const read = (text: string, recordBytes: number = LIMITS.recordBytes): Operation | undefined =>
  new OperationReader().read(fromLatin1(text), 0, recordBytes, false);
const written = (write: (out: Writer) => void): string => {
  const out = new Writer();
  out.begin();
  write(out);
  return latin1(out.take());
};
const export7 = new Descriptor('export', 7);
const answer3 = new Descriptor('answer', 3);

describe('operations, written and read', () => {
  test('a call with an answer and a resolver', () => {
    const frame = written((out) =>
      writeDeliver(out, undefined, export7, 'fetch', [new Uint8Array([65]), 5], 0, 1),
    );
    expect(frame).toBe(
      "<10'op:deliver<11'desc:export7+>[5'fetch1:A5+]0+<18'desc:import-object1+>>",
    );
    expect(read(frame)).toEqual({
      op: 'deliver',
      to: export7,
      method: 'fetch',
      args: [new Uint8Array([65]), 5],
      answer: 0,
      resolver: new Descriptor('import-object', 1),
      references: false,
    });
  });
  test('a one-way message without a method, to an answer', () => {
    const frame = written((out) =>
      writeDeliver(out, undefined, answer3, undefined, ['Alice'], undefined, undefined),
    );
    expect(frame).toBe(`<10'op:deliver<11'desc:answer3+>[5"Alice]ff>`);
    expect(read(frame)).toEqual({
      op: 'deliver',
      to: answer3,
      method: undefined,
      args: ['Alice'],
      answer: undefined,
      resolver: undefined,
      references: false,
    });
  });
  test('a reference in an argument is written by the hook, and noticed when read', () => {
    const mine = { mine: true };
    const refs = {
      write: (value: object, out: Writer): boolean => {
        if (value !== mine) return false;
        writeDescriptor(out, 'import-promise', 12);
        return true;
      },
    };
    const frame = written((out) =>
      writeDeliver(out, refs, export7, 'x', [[{ a: mine }]], undefined, undefined),
    );
    expect(frame).toContain(`[1'x[{1"a<19'desc:import-promise12+>}]]`);
    const op = read(frame);
    expect(op).toMatchObject({ op: 'deliver', references: true });
    expect(op?.op === 'deliver' ? op.args[0] : undefined).toEqual([
      { a: new Descriptor('import-promise', 12) },
    ]);
  });
  test('an answer may stand without a resolver', () => {
    expect(read("<10'op:deliver<11'desc:export0+>[]4+f>")).toMatchObject({
      answer: 4,
      resolver: undefined,
    });
  });
  test('listen', () => {
    const frame = written((out) => writeListen(out, export7, 5, true));
    expect(frame).toBe("<9'op:listen<11'desc:export7+><18'desc:import-object5+>t>");
    expect(read(frame)).toEqual({
      op: 'listen',
      to: export7,
      listener: new Descriptor('import-object', 5),
      wantsPartial: true,
    });
  });
  test.each([
    ['get', 'field', `<6'op:get<11'desc:answer3+>5"field9+>`],
    ['index', 0, "<8'op:index<11'desc:answer3+>0+9+>"],
    ['untag', 'tag', `<8'op:untag<11'desc:answer3+>3"tag9+>`],
  ] as const)('%s', (op, selector, frame) => {
    expect(read(frame)).toEqual({ op, from: answer3, selector, answer: 9 });
  });
  test('gc of exports and of answers', () => {
    const exports = written((out) => writeGcExports(out, [2, 0], [1, 4]));
    expect(exports).toBe("<13'op:gc-exports[2+0+][1+4+]>");
    expect(read(exports)).toEqual({ op: 'gc-exports', positions: [2, 0], deltas: [1, 4] });
    const answers = written((out) => writeGcAnswers(out, [4]));
    expect(answers).toBe("<13'op:gc-answers[4+]>");
    expect(read(answers)).toEqual({ op: 'gc-answers', positions: [4] });
    expect(read("<13'op:gc-answers[]>")).toEqual({ op: 'gc-answers', positions: [] });
  });
  test('abort, with any reason', () => {
    const frame = written((out) => writeAbort(out, 'enough'));
    expect(frame).toBe(`<8'op:abort6"enough>`);
    expect(read(frame)).toEqual({ op: 'abort', reason: 'enough' });
    expect(read("<8'op:abort5+>")).toEqual({ op: 'abort', reason: 'no reason given' });
    const long = read(`<8'op:abort2000"${'x'.repeat(2_000)}>`);
    expect(long).toEqual({ op: 'abort', reason: 'x'.repeat(1_024) });
  });
  test('a record that is no operation is named and skipped whole', () => {
    const reader = new OperationReader();
    const chunk = fromLatin1("<15'op:deliver-only<11'desc:export0+>[]><8'op:abort1\"x>");
    const first = reader.read(chunk, 0, LIMITS.recordBytes, false);
    expect(first).toEqual({ op: 'unknown', label: 'op:deliver-only' });
    expect(reader.read(chunk, reader.end, LIMITS.recordBytes, false)).toEqual({
      op: 'abort',
      reason: 'x',
    });
    expect(reader.end).toBe(chunk.length);
    expect(read('<1"a>')).toEqual({ op: 'unknown', label: 'no symbol' });
  });
  test('a signed record keeps the bytes that were signed', () => {
    const inner = '<4\'give{1"b1+1"a2+}>';
    const envelope = `<17'desc:sig-envelope${inner}1+>`;
    const op = read(`<10'op:deliver<11'desc:export0+>[5+${envelope}]ff>`);
    const value = op?.op === 'deliver' ? op.args[1] : undefined;
    expect(value).toBeInstanceOf(Envelope);
    if (!(value instanceof Envelope)) return;
    expect(latin1(value.bytes)).toBe(envelope);
    expect(latin1(value.innerBytes)).toBe(inner);
    expect(value.inner.label).toEqual(new Sym('give'));
    expect(value.signature).toBe(1);
    expect(op).toMatchObject({ references: true });
  });
});

describe('refusals', () => {
  const to = "<11'desc:export0+>";
  test.each([
    ['[1+]', 'syrup: expected a record at byte 0, found 0x5b'],
    ['5+', 'syrup: expected a record at byte 0, found 0x35'],
    [' ', 'syrup: expected a record at byte 0, found 0x20'],
    ["<10'op:deliver5+[]ff>", 'captp: expected an export or an answer as the target'],
    ["<10'op:deliver<18'desc:import-object1+>[]ff>", 'an export or an answer as the target'],
    [`<10'op:deliver${to}5+ff>`, 'syrup: expected a list of arguments at byte 32, found 0x35'],
    [`<10'op:deliver${to}[]1-f>`, 'syrup: expected an answer position at byte 34, found 0x31'],
    [`<10'op:deliver${to}[]tf>`, 'expected an answer position at byte 34, found 0x74'],
    [`<10'op:deliver${to}[]D\x3f\xf0\0\0\0\0\0\0f>`, 'expected an answer position'],
    [`<10'op:deliver${to}[]1180591620717411303424+f>`, 'expected an answer position'],
    [`<10'op:deliver${to}[]f${to}>`, 'captp: expected an import as a resolver'],
    [`<10'op:deliver${to}[]f1+>`, 'captp: expected an import as a resolver'],
    [`<10'op:deliver${to}[]ff1+>`, 'syrup: expected the end of op:deliver at byte 36, found 0x31'],
    [`<10'op:deliver${to}[]f>`, 'syrup: expected a value at byte 35, found 0x3e'],
    ["<10'op:deliver<11'desc:export1->[]ff>", 'syrup: expected a position at byte 29, found 0x31'],
    ["<10'op:deliver<11'desc:export1+2+>[]ff>", 'expected the end of a descriptor'],
    [`<9'op:listen${to}<18'desc:import-object5+>>`, 'expected a value'],
    [`<9'op:listen${to}<18'desc:import-object5+>5+>`, 'captp: expected true or false'],
    [`<9'op:listen${to}${to}t>`, 'captp: expected an import as a listener'],
    [`<6'op:get${to}1+2+>`, 'captp: expected a string as the second field of op:get'],
    [`<8'op:index${to}1"a2+>`, 'syrup: expected an index'],
    [`<8'op:untag${to}1'a2+>`, 'captp: expected a string as the second field of op:untag'],
    [`<6'op:get${to}1"af>`, 'syrup: expected an answer position'],
    ["<13'op:gc-exports[1+][]>", 'captp: expected as many deltas as positions'],
    ["<13'op:gc-exports[1+][1-]>", 'syrup: expected a list of deltas'],
    ["<13'op:gc-exports1+1+>", 'syrup: expected a list of export positions'],
    ["<13'op:gc-answers[t]>", 'syrup: expected a list of answer positions'],
    ['<16\'op:start-session3"1.0>', 'expected a value'],
    [`<10'op:deliver${to}[<17'desc:sig-envelope5+6+>]ff>`, 'captp: expected a record in'],
  ])('%j is refused', (frame, message) => {
    expect(() => read(frame)).toThrow(Decode);
    expect(() => read(frame)).toThrow(message);
  });
  test('a hello of just its limit is read, of one byte more refused', () => {
    const hello = (pad: number): string => `<16'op:start-session3"1.0[]f${pad}:${'x'.repeat(pad)}>`;
    expect(hello(4_062).length).toBe(4_096);
    expect(read(hello(4_062), LIMITS.helloBytes)).toMatchObject({ op: 'start-session' });
    expect(() => read(hello(4_063), LIMITS.helloBytes)).toThrow(Limit);
    expect(() => read('<16'.padEnd(5_000, 'x'), LIMITS.helloBytes)).toThrow();
    expect(() => read(`<1'x[${'t'.repeat(5_000)}`, LIMITS.helloBytes)).toThrow(
      'syrup: a record is longer than 4096 bytes',
    );
  });
});

describe('chunks', () => {
  const frames = [
    "<10'op:deliver<11'desc:export7+>[5'fetch1:A5+]0+<18'desc:import-object1+>>",
    "<9'op:listen<11'desc:export7+><18'desc:import-object5+>t>",
    "<13'op:gc-exports[2+0+][1+4+]>",
    `<10'op:deliver<11'desc:answer3+>[5"Alice{1"a[tf]}<4'void>]ff>`,
  ];
  const all = fromLatin1(frames.join(''));
  const whole = frames.map((frame) => read(frame));

  test('every prefix of a frame is undefined: nothing is read of it', () => {
    for (const frame of frames) {
      for (let length = 0; length < frame.length; length++) {
        expect(read(frame.slice(0, length))).toBeUndefined();
      }
    }
  });
  test('frames of one chunk are read one after another, in place', () => {
    const reader = new OperationReader();
    const ops: unknown[] = [];
    for (let at = 0; at < all.length; at = reader.end) {
      ops.push(reader.read(all, at, LIMITS.recordBytes, false));
    }
    expect(ops).toEqual(whole);
  });
  test('frames that come one byte at a time are the same', () => {
    const reader = new OperationReader();
    const splitter = new Splitter();
    const ops: unknown[] = [];
    let kept: number[] = [];
    for (const byte of all) {
      kept.push(byte);
      if (splitter.scan(new Uint8Array([byte]), 0) < 0) continue;
      ops.push(reader.read(new Uint8Array(kept), 0, LIMITS.recordBytes, true));
      expect(reader.end).toBe(kept.length);
      splitter.begin(LIMITS.recordBytes);
      kept = [];
    }
    expect(ops).toEqual(whole);
    expect(kept).toEqual([]);
  });
  test('no changed byte of a frame does more than end its session', () => {
    for (const frame of frames) {
      for (let at = 0; at < frame.length; at++) {
        for (const change of [1, 2, 16, 128]) {
          const bytes = fromLatin1(frame);
          bytes[at] = (bytes[at] ?? 0) ^ change;
          try {
            new OperationReader().read(bytes, 0, LIMITS.recordBytes, false);
          } catch (error) {
            expect(error instanceof Decode || error instanceof Limit).toBe(true);
          }
        }
      }
    }
  });
  test('labels are known after a peer sent thousands of other symbols', () => {
    const reader = new OperationReader();
    for (let i = 0; i < 3_000; i++) {
      const name = `op:${i}`;
      const frame = fromLatin1(`<${name.length}'${name}>`);
      expect(reader.read(frame, 0, LIMITS.recordBytes, false)).toEqual({
        op: 'unknown',
        label: name,
      });
    }
    expect(reader.read(all, 0, LIMITS.recordBytes, false)).toEqual(whole[0]);
  });
});

describe('frames that are too rich', () => {
  test('a message of too many arguments is not written', () => {
    const out = new Writer();
    out.begin();
    const args = new Array<number>(LIMITS.values).fill(1);
    expect(() =>
      writeDeliver(out, undefined, export7, undefined, args, undefined, undefined),
    ).toThrow(Limit);
    out.cancel();
    expect(out.length).toBe(0);
  });
  test('what can be written can be read: the limits are the same on both sides', () => {
    const limits = { ...LIMITS, values: 20 };
    const most = (count: number): Uint8Array => {
      const out = new Writer(limits);
      out.begin();
      const args = new Array<number>(count).fill(1);
      writeDeliver(out, undefined, export7, 'm', args, undefined, undefined);
      return out.take();
    };
    expect(() => most(12)).toThrow(Limit);
    expect(new OperationReader(limits).read(most(11), 0, 1_000, false)).toBeDefined();
  });
  test('depth is counted from the frame on, in both directions', () => {
    const nested = (levels: number): unknown => {
      let value: unknown = 1;
      for (let i = 0; i < levels; i++) value = [value];
      return value;
    };
    const deliver = (levels: number): Uint8Array => {
      const out = new Writer();
      out.begin();
      writeDeliver(out, undefined, export7, 'm', [nested(levels)], undefined, undefined);
      return out.take();
    };
    const bytes = deliver(62);
    expect(new OperationReader().read(bytes, 0, LIMITS.recordBytes, false)).toBeDefined();
    expect(new Splitter().scan(bytes, 0)).toBe(bytes.length);
    expect(() => deliver(63)).toThrow(Limit);
  });
  test('too many positions for one frame are refused', () => {
    const out = new Writer();
    out.begin();
    const many = new Array<number>(LIMITS.values + 1).fill(1);
    expect(() => writeGcAnswers(out, many)).toThrow(Limit);
    out.cancel();
    expect(() => writeGcExports(out, many, many)).toThrow(Limit);
  });
});

test('an unknown record with fields is kept as it came', () => {
  const argument = (bytes: string): unknown => {
    const op = read(`<10'op:deliver<11'desc:export0+>[${bytes}]ff>`);
    return op?.op === 'deliver' ? op.args[0] : undefined;
  };
  const plain = "<3'odd1+D\x3f\xf8\0\0\0\0\0\0[t]<1'a>>";
  expect(argument(plain)).toEqual(
    new SyrupRecord(new Sym('odd'), [1, 1.5, [true], new SyrupRecord(new Sym('a'), [])]),
  );
  const variants = ['D\x40\0\0\0\0\0\0\0', 'D\x7f\xf8\0\0\0\0\0\0', '{1"a1+}', '#1+$'];
  for (const variant of [...variants, ...variants.map((each) => `[${each}]`)]) {
    const bytes = `<3'odd${variant}>`;
    expect(argument(bytes)).toMatchObject({ came: { bytes: fromLatin1(bytes), depth: 2 } });
  }
});

describe('a signed record', () => {
  const envelope = (depth: number, inner = "<1'a1+>"): string =>
    depth === 0 ? inner : `<17'desc:sig-envelope<1'b${envelope(depth - 1, inner)}>1+>`;
  const deliver = (argument: string): string => `<10'op:deliver<11'desc:export0+>[${argument}]ff>`;
  test('may hold one that holds none, as a withdrawal holds a gift', () => {
    expect(() => read(deliver(envelope(2)))).not.toThrow();
    expect(() => read(deliver(envelope(3)))).toThrow(Limit);
    expect(() => read(deliver(envelope(30, `1000000:${'x'.repeat(1_000_000)}`)))).toThrow(Limit);
  });
  test('may stand beside any number of others', () => {
    expect(() => read(deliver(envelope(2).repeat(50)))).not.toThrow();
  });
});
