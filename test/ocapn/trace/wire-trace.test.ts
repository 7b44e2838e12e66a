/** Messages as a trace tells of them, up to each limit and one over it. */
import { describe, expect, it } from 'vitest';
import { LIMITS } from '../../../packages/ocapn/src/limits.ts';
import { SyrupRecord, Sym } from '../../../packages/ocapn/src/syrup/values.ts';
import { encode, Writer } from '../../../packages/ocapn/src/syrup/write.ts';
import { type TracedMessage, WireTrace } from '../../../packages/ocapn/src/trace/wire-trace.ts';
import { Descriptor, type Operation } from '../../../packages/ocapn/src/wire/operations.ts';
import {
  writeDeliver,
  writeGcExports,
  writeListen,
} from '../../../packages/ocapn/src/wire/write.ts';

const gotten = (operation: Operation, byteCount = 10): TracedMessage | undefined => {
  const told: TracedMessage[] = [];
  new WireTrace(
    'plain',
    (one) => void told.push(one),
    () => undefined,
  ).got(3, operation, byteCount);
  return told[0];
};
const sent = (parts: readonly Uint8Array[]): TracedMessage | undefined => {
  const told: TracedMessage[] = [];
  new WireTrace(
    'open',
    (one) => void told.push(one),
    () => undefined,
  ).sent(5, parts);
  return told[0];
};
const written = (write: (out: Writer) => void): Uint8Array => {
  const out = new Writer();
  out.begin();
  write(out);
  return out.take();
};
const to = new Descriptor('export', 3);

describe('a message that was sent', () => {
  it('is told as its bytes say, also where they are in pieces', () => {
    const bytes = written((out) => writeDeliver(out, undefined, to, 'start', ['x', 7], 4, 9));
    const whole = {
      way: 'sent',
      number: 5,
      byteCount: bytes.length,
      op: 'deliver',
      to: 'export 3',
      method: 'start',
      args: '[string(1) 7]',
      answer: 4,
      resolver: 'import-object 9',
    };
    expect(sent([bytes])).toEqual(whole);
    expect(sent([bytes.subarray(0, 7), bytes.subarray(7)])).toEqual(whole);
    expect(sent([written((out) => writeListen(out, to, 8, true))])).toMatchObject({
      op: 'listen',
      to: 'export 3',
      resolver: 'import-object 8',
    });
    expect(sent([written((out) => writeGcExports(out, [1, 2], [3, 1]))])).toMatchObject({
      op: 'gc-exports',
      args: '[1×3 2×1]',
    });
  });
  it('is told by its length alone where it has more bytes than are read once more', () => {
    const most = LIMITS.traceDecodedBytes;
    const frame = (length: number): Uint8Array =>
      written((out) => writeDeliver(out, undefined, to, 'm', [new Uint8Array(length)], 1, 2));
    const over = frame(most).length - most;
    expect(sent([frame(most - over)])).toMatchObject({ op: 'deliver', byteCount: most });
    expect(sent([frame(most - over + 1)])).toEqual({
      way: 'sent',
      number: 5,
      byteCount: most + 1,
      op: 'long',
    });
  });
  it('ends nothing where it cannot be read', () => {
    expect(sent([new Uint8Array([1, 2, 3])])).toMatchObject({ op: 'unreadable', byteCount: 3 });
    const half = written((out) => writeListen(out, to, 8, true)).subarray(0, 9);
    expect(sent([half])).toMatchObject({ op: 'unreadable' });
    expect(sent([encode(new SyrupRecord(new Sym('op:x'), []))])).toMatchObject({ op: 'unknown' });
  });
});

describe('a message that came', () => {
  const deliver = (method: string): Operation => ({
    op: 'deliver',
    to,
    method,
    args: [],
    answer: undefined,
    resolver: undefined,
    references: false,
  });
  it('has names and reasons of so many characters, and the rest is cut', () => {
    const most = 'm'.repeat(LIMITS.traceTextCharacters);
    expect(gotten(deliver(most))?.method).toBe(most);
    expect(gotten(deliver(`${most}x`))?.method).toBe(`${most}…`);
    expect(gotten({ op: 'abort', reason: `${most}x` })?.args).toBe(`${most}…`);
  });
  it('has so many of the positions that are given back', () => {
    const numbers = Array.from({ length: LIMITS.tracePositions }, (_none, at) => at);
    expect(gotten({ op: 'gc-answers', positions: numbers })?.args).toBe(`[${numbers.join(' ')}]`);
    const more = [...numbers, 99];
    expect(gotten({ op: 'gc-answers', positions: more })?.args).toBe(`[${numbers.join(' ')} +1]`);
  });
  it('is told by its length alone where it is long', () => {
    const most = LIMITS.traceDecodedBytes;
    expect(gotten(deliver('m'), most)?.op).toBe('deliver');
    expect(gotten(deliver('m'), most + 1)).toEqual({
      way: 'got',
      number: 3,
      byteCount: most + 1,
      op: 'long',
    });
  });
  it('tells which part of a promise is asked for by its shape', () => {
    const part = gotten({ op: 'get', from: to, selector: 'password', answer: 3 });
    expect(part).toMatchObject({ op: 'get', args: '[string(8)]', answer: 3 });
  });
});
