/** References and answers to give back: gathered for a while, sent in as few frames as will do. */
import type { Writer } from '../syrup/write.ts';
import { writeGcAnswers, writeGcExports } from '../wire/write.ts';

/** Positions in one frame: far below the values that a record may have. */
const FRAME_POSITIONS = 8_192;

/** So much is worth a frame before it is swept. */
const GARBAGE_COUNT = 256;
/** Bytes of answers that the peer holds for us only because it was not told yet. */
const GARBAGE_BYTES = 256 * 1024;

/** Less than this may wait for something to go along with. */
const LIGHT_COUNT = 16;
/** The same in bytes of answers. */
const LIGHT_BYTES = 4 * 1024;

/** Positions that a list has no spare room for. */
const SHORT_COUNT = 8;

/** The garbage of one session. It has no lists while there is none: most sessions are idle. */
export class Garbage {
  #positions: number[] | undefined = undefined;
  /** Undefined while each is one, as for all resolvers. */
  #deltas: number[] | undefined = undefined;
  #answers: number[] | undefined = undefined;
  #answerBytes = 0;

  /** Whether it should not wait for the next sweep. */
  get isMuch(): boolean {
    const count = (this.#positions?.length ?? 0) + (this.#answers?.length ?? 0);
    return count >= GARBAGE_COUNT || this.#answerBytes >= GARBAGE_BYTES;
  }
  /** Whether it should not wait for much longer than a sweep. */
  get isHeavy(): boolean {
    const count = (this.#positions?.length ?? 0) + (this.#answers?.length ?? 0);
    return count >= LIGHT_COUNT || this.#answerBytes >= LIGHT_BYTES;
  }
  get hasExports(): boolean {
    return this.#positions !== undefined;
  }
  get hasAnswers(): boolean {
    return this.#answers !== undefined;
  }
  /** `delta` mentions of one export of the peer. */
  addExport(position: number, delta: number): void {
    if (delta !== 1) this.#deltas ??= onesFor(this.#positions);
    this.#positions = withOne(this.#positions, position);
    this.#deltas?.push(delta);
  }
  /** `byteCount`: of the frame that the answer came in. */
  addAnswer(position: number, byteCount: number): void {
    this.#answers = withOne(this.#answers, position);
    this.#answerBytes += byteCount;
  }
  /** One frame of exports, into an open frame. */
  writeExports(out: Writer): void {
    const positions = firstOf(this.#positions);
    writeGcExports(out, positions, firstOf(this.#deltas ?? onesFor(positions)));
    this.#positions = restOf(this.#positions);
    this.#deltas = restOf(this.#deltas);
  }
  /** One frame of answers, into an open frame. */
  writeAnswers(out: Writer): void {
    writeGcAnswers(out, firstOf(this.#answers));
    this.#answers = restOf(this.#answers);
    this.#answerBytes = 0;
  }
}

/** A push makes room for 16 more, which most sessions never have: a short list is made anew instead. */
const withOne = (list: number[] = [], one: number): number[] => {
  if (list.length < SHORT_COUNT) return [...list, one];
  list.push(one);
  return list;
};
const onesFor = (list: readonly number[] = []): number[] => list.map(() => 1);
const firstOf = (list: readonly number[] = []): readonly number[] =>
  list.length <= FRAME_POSITIONS ? list : list.slice(0, FRAME_POSITIONS);
const restOf = (list: readonly number[] = []): number[] | undefined =>
  list.length <= FRAME_POSITIONS ? undefined : list.slice(FRAME_POSITIONS);
