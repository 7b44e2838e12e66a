import { describe, expect, it } from 'vitest';
import { Garbage } from '../../../packages/ocapn/src/session/garbage.ts';
import { Writer } from '../../../packages/ocapn/src/syrup/write.ts';

const KiB = 1_024;
const filled = (answers: number, exports: number, byteCount = 0): Garbage => {
  const garbage = new Garbage();
  for (let at = 0; at < answers; at += 1) garbage.addAnswer(at, byteCount);
  for (let at = 0; at < exports; at += 1) garbage.addExport(at + 1, 1);
  return garbage;
};

describe('garbage waits to be swept', () => {
  it('up to 255 references and answers together, and no further', () => {
    expect(filled(200, 55).isMuch).toBe(false);
    expect(filled(200, 56).isMuch).toBe(true);
  });
  it('as long as the answers weigh less than 256 KiB', () => {
    expect(filled(1, 0, 256 * KiB - 1).isMuch).toBe(false);
    expect(filled(2, 0, 128 * KiB).isMuch).toBe(true);
  });
  it('and weighs nothing once it was written', () => {
    const garbage = filled(1, 0, 256 * KiB);
    const out = new Writer();
    out.begin();
    garbage.writeAnswers(out);
    garbage.addAnswer(2, 1);
    expect([garbage.isMuch, garbage.hasAnswers]).toEqual([false, true]);
  });
});
