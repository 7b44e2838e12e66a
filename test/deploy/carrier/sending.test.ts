/** What is sent next of a release, as a pure machine: driven against a slot that has some, loses some, or lies. */
import {
  beginSending,
  carrierLimits as limits,
  nextStep,
  offerAnswered,
  pieceAnswered,
  type PieceToSend,
  type Sending,
} from '@bellwether/deploy';
import type { Missing, Offered } from '@bellwether/shepherd';
import { describe, expect, it } from 'vitest';

const { pieceBytes, pieceCount, firstPieceCount, lateMs, roundCount } = limits;
const sha = (digit: string): string => digit.repeat(64);
const contents = new Map([
  [sha('a'), 3 * pieceBytes + 1],
  [sha('b'), 0],
  [sha('c'), pieceBytes],
]);
const lacking = (...missing: readonly Missing[]): Offered => ({
  missing,
  missingCount: missing.length,
  missingBytes: missing.reduce((sum, { size, have }) => sum + size - have, 0),
});
const all = lacking(...[...contents].map(([sha256, size]) => ({ sha256, size, have: 0 })));
const begin = (offered = all): Sending => offerAnswered(beginSending(contents), offered);
/** Begins pieces until it has to wait, or to ask. */
const burst = (from: Sending): { readonly pieces: readonly PieceToSend[]; sending: Sending } => {
  const pieces: PieceToSend[] = [];
  let sending = from;
  for (;;) {
    const [step, next] = nextStep(sending);
    sending = next;
    if (step.kind !== 'piece') return { pieces, sending };
    pieces.push(step);
  }
};
const allOf = ({ offset, byteCount }: PieceToSend): number => offset + byteCount;

describe('what is sent of a release', () => {
  it('is every byte that is missing, once and in order, an empty content included', () => {
    let sending = begin();
    const sent: string[] = [];
    for (;;) {
      const { pieces, sending: next } = burst(sending);
      sending = next;
      if (pieces.length === 0) break;
      for (const piece of pieces) {
        sent.push(`${piece.sha256.slice(0, 1)} ${piece.offset} ${piece.byteCount}`);
        sending = pieceAnswered(sending, piece, allOf(piece), 1);
      }
    }
    expect(sent).toEqual([
      `a 0 ${pieceBytes}`,
      `a ${pieceBytes} ${pieceBytes}`,
      `a ${2 * pieceBytes} ${pieceBytes}`,
      `a ${3 * pieceBytes} 1`,
      'b 0 0',
      `c 0 ${pieceBytes}`,
    ]);
    expect(sending).toMatchObject({ pieceCount: 6, doneBytes: 4 * pieceBytes + 1 });
    expect(nextStep(sending)[0]).toEqual({ kind: 'offer' });
    expect(nextStep(offerAnswered(nextStep(sending)[1], lacking()))[0]).toEqual({ kind: 'done' });
  });
  it('goes on where somebody has left off', () => {
    const some = lacking({ sha256: sha('a'), size: 3 * pieceBytes + 1, have: 3 * pieceBytes });
    expect(burst(begin(some)).pieces).toEqual([
      { kind: 'piece', sha256: sha('a'), offset: 3 * pieceBytes, byteCount: 1 },
    ]);
  });
  it('is so many pieces at first, one more for each that is answered soon, up to a window', () => {
    const size = 400 * pieceBytes;
    const sizes = new Map([[sha('a'), size]]);
    const big = lacking({ sha256: sha('a'), size, have: 0 });
    let { pieces, sending } = burst(offerAnswered(beginSending(sizes), big));
    expect(pieces).toHaveLength(firstPieceCount);
    for (let round = 0; round < 6; round += 1) {
      const before = pieces;
      for (const piece of before) sending = pieceAnswered(sending, piece, allOf(piece), lateMs - 1);
      ({ pieces, sending } = burst(sending));
      expect(pieces).toHaveLength(Math.min(before.length * 2, pieceCount));
    }
    expect(sending.flyingCount).toBe(pieceCount);
    const [first] = pieces;
    if (first !== undefined) sending = pieceAnswered(sending, first, allOf(first), lateMs);
    // Half of it from now on: nothing more before the others are there.
    expect(sending.window).toBe(pieceCount / 2 + 1);
    expect(nextStep(sending)[0]).toEqual({ kind: 'wait' });
  });
  it('leaves a content that somebody else brings, until all is asked anew', () => {
    const { pieces, sending } = burst(begin());
    const [first] = pieces;
    if (first === undefined) throw new Error('nothing was sent');
    const left = pieceAnswered(sending, first, 7, 1);
    // Only the last one is to be sent: the others are on their way, or belong to the first.
    expect(burst(left).pieces.map(({ sha256 }) => sha256.slice(0, 1))).toEqual(['b', 'c']);
    expect(left.doneBytes).toBe(0);
  });
  it('is asked for in pages, each behind the one before', () => {
    const page = {
      ...lacking({ sha256: sha('a'), size: 3 * pieceBytes + 1, have: 0 }),
      isMore: true,
    } as const;
    const { sending } = burst(begin(page));
    expect(nextStep(sending)[0]).toEqual({ kind: 'offer', after: sha('a') });
    const last = lacking({ sha256: sha('c'), size: pieceBytes, have: 0 });
    expect(burst(offerAnswered(sending, last)).pieces).toEqual([]);
    const [flying] = burst(begin(page)).pieces;
    const freed = flying && pieceAnswered(offerAnswered(sending, last), flying, allOf(flying), 1);
    expect(freed && burst(freed).pieces.map(({ sha256 }) => sha256)).toEqual([sha('c')]);
  });
  it.each([
    ['of another size', lacking({ sha256: sha('a'), size: 5, have: 0 })],
    ['of another release', lacking({ sha256: sha('d'), size: 5, have: 0 })],
    ['of which it has more', lacking({ sha256: sha('c'), size: pieceBytes, have: pieceBytes + 1 })],
    [
      'out of order',
      lacking(
        { sha256: sha('c'), size: pieceBytes, have: 0 },
        { sha256: sha('b'), size: 0, have: 0 },
      ),
    ],
    ['behind an empty page', { ...lacking(), isMore: true } as const],
  ])('is nothing where a content is asked for %s', (_what, offered) => {
    expect(() => begin(offered)).toThrow(expect.objectContaining({ code: 'malformed' }));
  });
  it('is given up after so many rounds, and not one before', () => {
    const one = lacking({ sha256: sha('c'), size: pieceBytes, have: 0 });
    let sending = beginSending(contents);
    for (let round = 1; round <= roundCount; round += 1) {
      const { pieces, sending: next } = burst(offerAnswered(sending, one));
      const [piece] = pieces;
      if (piece === undefined) throw new Error(`nothing was sent in round ${round}`);
      sending = pieceAnswered(next, piece, allOf(piece), 1);
      if (round < roundCount) sending = nextStep(sending)[1];
    }
    expect(() => nextStep(sending)).toThrow(expect.objectContaining({ code: 'not-taken' }));
  });
});
