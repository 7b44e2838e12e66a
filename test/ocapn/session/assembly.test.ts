import { describe, expect, it } from 'vitest';
import { LIMITS } from '../../../packages/ocapn/src/limits.ts';
import { Assembly } from '../../../packages/ocapn/src/session/assembly.ts';

const MiB = 1024 * 1024;
/** A record that holds one byte string. */
const record = (byteCount: number): Uint8Array => {
  const head = new TextEncoder().encode(`<1'a${byteCount}:`);
  const whole = new Uint8Array(head.length + byteCount + 1).fill(7);
  whole.set(head);
  whole[whole.length - 1] = 0x3e;
  return whole;
};
const assembled = (bytes: Uint8Array, pieceBytes: number): Assembly => {
  const assembly = new Assembly(LIMITS);
  assembly.begin(LIMITS.recordBytes);
  for (let at = 0; at < bytes.length; at += pieceBytes)
    assembly.take(bytes.slice(at, at + pieceBytes), 0);
  return assembly;
};

describe('a record in pieces', () => {
  it.each([1, 7, 4_096, 65_536, 5 * MiB])(
    'is itself again, in pieces of %i bytes',
    (pieceBytes) => {
      const whole = record(pieceBytes < 100 ? 20_000 : MiB);
      expect(Buffer.compare(assembled(whole, pieceBytes).finish(), whole)).toBe(0);
    },
  );
  it('has the room for an announced body at once when a 32nd of it has come', () => {
    const first = record(MiB).subarray(0, MiB / 16);
    const assembly = assembled(first, first.length);
    expect(assembly.byteCount).toBeGreaterThan(MiB);
    expect(assembly.byteCount).toBeLessThan(MiB + 1_024);
  });
  it('gets no more than 32 times what has come for what it announces', () => {
    const first = record(4 * MiB).subarray(0, 8_192);
    expect(assembled(first, first.length).byteCount).toBe(32 * 8_192);
    expect(assembled(first.subarray(0, 20), 1).byteCount).toBe(4_096);
  });
});
