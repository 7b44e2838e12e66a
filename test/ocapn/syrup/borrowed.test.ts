/** Long byte strings are sent from where they are, and look as if they had been copied. */
import { describe, expect, it } from 'vitest';
import { LIMITS } from '../../../packages/ocapn/src/limits.ts';
import { Dictionary, joined, SyrupSet } from '../../../packages/ocapn/src/syrup/values.ts';
import { Writer } from '../../../packages/ocapn/src/syrup/write.ts';

const KiB = 1_024;
const LONG = 128 * KiB + 1;
const bytes = (length: number, fill = 7): Uint8Array => new Uint8Array(length).fill(fill);
const write = (out: Writer, value: unknown): void => {
  out.begin();
  out.value(value, undefined);
  out.end();
};
const partsOf = (value: unknown, out = new Writer()): Uint8Array[] => {
  write(out, value);
  const parts: Uint8Array[] = [];
  out.takeInto(parts);
  return parts;
};
const whole = (parts: readonly Uint8Array[]): Uint8Array =>
  joined(
    parts,
    parts.reduce((sum, part) => sum + part.length, 0),
  );
/** What it would be without any cleverness. */
const plain = (of: readonly Uint8Array[]): string =>
  `[${of.map((each) => `${each.length}:${Buffer.from(each).toString('latin1')}`).join('')}]`;

describe('a byte string', () => {
  it('of 128 KiB is copied, and one byte more is not', () => {
    const short = bytes(LONG - 1);
    const long = bytes(LONG);
    expect(partsOf(short).some((part) => part.buffer === short.buffer)).toBe(false);
    expect(partsOf(long)[1]).toBe(long);
  });
  it('that is a small part of what it would keep is copied', () => {
    const record = bytes(3 * LONG);
    expect(partsOf(record.subarray(0, LONG))).not.toContainEqual(undefined);
    const copied = partsOf(record.subarray(0, LONG));
    expect(copied.some((part) => part.buffer === record.buffer)).toBe(false);
    const most = partsOf(record.subarray(LONG));
    expect(most.some((part) => part.buffer === record.buffer)).toBe(true);
  });
  it('comes out at its place, with others before, between and behind', () => {
    const all = [bytes(3, 1), bytes(LONG, 2), bytes(LONG, 3), bytes(9, 4), bytes(LONG, 5)];
    const found = Buffer.from(whole(partsOf(all))).toString('latin1');
    expect(found === plain(all)).toBe(true);
    const out = new Writer();
    write(out, all);
    expect(out.length).toBe(found.length);
    expect(Buffer.from(out.take()).toString('latin1') === found).toBe(true);
    expect(out.length).toBe(0);
  });
  it('is taken back with its frame, and with no other', () => {
    const out = new Writer();
    const [first, second] = [bytes(LONG, 1), bytes(LONG, 2)];
    write(out, first);
    const { length } = out;
    out.begin();
    out.value([second, second], undefined);
    out.cancel();
    expect(out.length).toBe(length);
    write(out, 5);
    const parts: Uint8Array[] = [];
    out.takeInto(parts);
    expect(parts[1]).toBe(first);
    expect(Buffer.from(whole(parts).subarray(-2)).toString()).toBe('5+');
    expect(whole(parts)).toHaveLength(length + 2);
    expect(whole(partsOf('clean', out))).toHaveLength(7);
  });
  it('that must be sorted first is copied, and what is sorted is whole', () => {
    const key = bytes(LONG, 1);
    for (const value of [new Dictionary([[key, true]]), new SyrupSet([key])])
      expect(whole(partsOf(value))).toHaveLength(
        `${LONG}:`.length + LONG + 2 + (value instanceof Dictionary ? 1 : 0),
      );
  });
  it('counts for the limit of its record, and no other record counts with it', () => {
    const out = new Writer({ ...LIMITS, recordBytes: 300 * KiB });
    const half = bytes(149 * KiB);
    for (let frame = 0; frame < 5; frame += 1) write(out, [half, half]);
    out.begin();
    out.value([half, half, bytes(2 * KiB)], undefined);
    expect(() => out.end()).toThrow('cannot write a record over 307200 bytes');
    out.cancel();
    write(out, half);
  });
});
