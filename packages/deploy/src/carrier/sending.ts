/**
 * A release on its way to who takes it, as a pure state machine: what is missing there is asked for page by page, and
 * sent in pieces, some of which are on their way at a time. `herd` drives it with promises, a courier in turns.
 *
 *     offer ──► the manifest is missing ──► sent ──► offer ──► files are missing ──► sent ──► offer ──► nothing is
 *
 *     an answer came                              from then on
 *     soon                                        one more piece may be on its way, up to `pieceCount`
 *     late                                        half as many
 *     and the content does not end where          the content is left, and asked about anew: somebody else brings it,
 *       the piece did                             or the other side has forgotten some
 *     never: contact was lost                     all is asked about anew
 *
 * Whatever came stays there for a while, so that who begins anew goes on where it ended.
 */
import { ActorError } from '@bellwether/actors';
import { Malformed, type Missing, type Offered } from '@bellwether/shepherd';
import { carrierLimits as limits } from './limits.ts';

/** Of all contents that can be missing, by SHA-256: bytes. Nothing else is ever sent. */
export type Sizes = Pick<ReadonlyMap<string, number>, 'get'>;
/** How far it is. What was sent and is answered: pieces and bytes; of the bytes that were missing, how many came. */
export interface Sending {
  readonly phase: 'ask' | 'send' | 'settle' | 'done';
  readonly sizes: Sizes;
  readonly round: number;
  /** The last content of the page before. */
  readonly after?: string;
  readonly page: readonly Missing[];
  readonly isMore: boolean;
  /** Which of the page is sent, and from where. */
  readonly at: number;
  readonly offset: number;
  /** Contents that somebody else brings, or of which some is gone, until the next round. */
  readonly left: ReadonlySet<string>;
  readonly flyingCount: number;
  /** How many pieces may be on their way; not always whole. */
  readonly window: number;
  readonly pieceCount: number;
  readonly byteCount: number;
  readonly doneBytes: number;
  readonly allBytes: number;
}
/** A piece that is to be read and sent. */
export interface PieceToSend {
  readonly sha256: string;
  readonly offset: number;
  readonly byteCount: number;
}
/** What is to be done next. */
export type NextStep =
  /** Ask what is missing, behind a content where one is named; nothing else goes on until that is answered. */
  | { readonly kind: 'offer'; readonly after?: string }
  | ({ readonly kind: 'piece' } & PieceToSend)
  /** Nothing, before a piece is answered. */
  | { readonly kind: 'wait' }
  | { readonly kind: 'done' };

const nobody: ReadonlySet<string> = new Set();

/** Nothing is known yet. */
export const beginSending = (sizes: Sizes): Sending => ({
  phase: 'ask',
  sizes,
  round: 0,
  page: [],
  isMore: false,
  at: 0,
  offset: 0,
  left: nobody,
  flyingCount: 0,
  window: limits.firstPieceCount,
  pieceCount: 0,
  byteCount: 0,
  doneBytes: 0,
  allBytes: 0,
});

/** What is to be done now, and how it stands once that is begun. @throws ActorError `not-taken` */
export const nextStep = (sending: Sending): readonly [NextStep, Sending] => {
  switch (sending.phase) {
    case 'done':
      return [{ kind: 'done' }, sending];
    case 'ask': {
      const { after } = sending;
      return [{ kind: 'offer', ...(after !== undefined && { after }) }, sending];
    }
    case 'send':
      return nextPiece(sending);
    case 'settle':
      return sending.flyingCount > 0 ? [{ kind: 'wait' }, sending] : nextStep(nextRound(sending));
  }
};
const nextPiece = (sending: Sending): readonly [NextStep, Sending] => {
  const { page, left, isMore, flyingCount, window } = sending;
  let { at, offset } = sending;
  while (left.has(page[at]?.sha256 ?? '')) [at, offset] = [at + 1, page[at + 1]?.have ?? 0];
  const content = page[at];
  if (content === undefined) return nextStep({ ...sending, phase: isMore ? 'ask' : 'settle' });
  if (flyingCount >= Math.floor(window)) return [{ kind: 'wait' }, { ...sending, at, offset }];
  const { sha256, size } = content;
  const byteCount = Math.min(limits.pieceBytes, size - offset);
  const isLast = offset + byteCount >= size;
  const next = isLast
    ? { at: at + 1, offset: page[at + 1]?.have ?? 0 }
    : { at, offset: offset + byteCount };
  const { pieceCount, byteCount: sentBytes } = sending;
  const counts = { pieceCount: pieceCount + 1, byteCount: sentBytes + byteCount };
  return [
    { kind: 'piece', sha256, offset, byteCount },
    { ...sending, ...next, ...counts, flyingCount: flyingCount + 1 },
  ];
};
const nextRound = ({ after: _after, ...sending }: Sending): Sending => {
  if (sending.round + 1 < limits.roundCount)
    return { ...sending, phase: 'ask', round: sending.round + 1, left: nobody };
  throw new ActorError('not-taken', 'some of the release is missing there again and again');
};

/** What is missing was answered. @throws Malformed for what is none of the release, or out of order */
export const offerAnswered = (sending: Sending, offered: Offered): Sending => {
  const { missing, isMore = false, missingBytes } = offered;
  const { sizes, after, doneBytes } = sending;
  let last = after;
  for (const { sha256, size, have } of missing) {
    if (sizes.get(sha256) !== size || have > size)
      throw new Malformed(
        `offer: ${have} of ${size} bytes of ${sha256}, which are none of the release`,
      );
    if (last !== undefined && sha256 <= last)
      throw new Malformed(`offer: ${sha256} does not stand behind ${last}`);
    last = sha256;
  }
  if (missing.length === 0 && isMore)
    throw new Malformed('offer: more is missing, behind an empty page');
  const isFirst = after === undefined;
  if (missing.length === 0) return { ...sending, phase: isFirst ? 'done' : 'settle' };
  return {
    ...sending,
    phase: 'send',
    page: missing,
    isMore,
    ...(last !== undefined && { after: last }),
    at: 0,
    offset: missing[0]?.have ?? 0,
    ...(isFirst && { allBytes: doneBytes + missingBytes }),
  };
};

/** How far a content is there was answered to a piece of it, after so many milliseconds. */
export const pieceAnswered = (
  sending: Sending,
  { sha256, offset, byteCount }: PieceToSend,
  have: number,
  tookMs: number,
): Sending => {
  const { flyingCount, doneBytes, left } = sending;
  const window =
    tookMs < limits.lateMs
      ? Math.min(sending.window + 1, limits.pieceCount)
      : sending.window / 2 + 1;
  const isThere = have === offset + byteCount;
  return {
    ...sending,
    flyingCount: flyingCount - 1,
    window,
    ...(isThere ? { doneBytes: doneBytes + byteCount } : { left: new Set([...left, sha256]) }),
  };
};

/** Contact was lost, and is there again: nobody knows what has arrived of what was on its way. */
export const sendAgain = ({ after: _after, ...sending }: Sending): Sending =>
  sending.phase === 'done'
    ? sending
    : {
        ...sending,
        phase: 'ask',
        left: nobody,
        flyingCount: 0,
        window: limits.firstPieceCount,
      };
