/** References and answers to give back: gathered for a while, sent in as few frames as will do. */
import type { Writer } from '../syrup/write.ts';
import { writeGcAnswers, writeGcExports } from '../wire/write.ts';

/** Positions in one frame: far below the values that a record may have. */
const FRAME_POSITIONS = 8_192;

/** The garbage of one session. It has no lists while there is none: most sessions are idle. */
export class Garbage {
  #positions: number[] | undefined = undefined;
  #deltas: number[] | undefined = undefined;
  #answers: number[] | undefined = undefined;

  /** References and answers together. */
  get count(): number {
    return (this.#positions?.length ?? 0) + (this.#answers?.length ?? 0);
  }
  get hasExports(): boolean {
    return this.#positions !== undefined;
  }
  get hasAnswers(): boolean {
    return this.#answers !== undefined;
  }
  /** `delta` mentions of one export of the peer. */
  addExport(position: number, delta: number): void {
    (this.#positions ??= []).push(position);
    (this.#deltas ??= []).push(delta);
  }
  addAnswer(position: number): void {
    (this.#answers ??= []).push(position);
  }
  /** One frame of exports, into an open frame. */
  writeExports(out: Writer): void {
    writeGcExports(out, firstOf(this.#positions), firstOf(this.#deltas));
    this.#positions = restOf(this.#positions);
    this.#deltas = restOf(this.#deltas);
  }
  /** One frame of answers, into an open frame. */
  writeAnswers(out: Writer): void {
    writeGcAnswers(out, firstOf(this.#answers));
    this.#answers = restOf(this.#answers);
  }
}

const firstOf = (list: readonly number[] = []): readonly number[] =>
  list.length <= FRAME_POSITIONS ? list : list.slice(0, FRAME_POSITIONS);
const restOf = (list: readonly number[] = []): number[] | undefined =>
  list.length <= FRAME_POSITIONS ? undefined : list.slice(FRAME_POSITIONS);
