/** References and answers to give back: gathered for a while, sent in as few frames as will do. */
import type { Writer } from '../syrup/write.ts';
import { writeGcAnswers, writeGcExports } from '../wire/write.ts';

/** Positions in one frame: far below the values that a record may have. */
const FRAME_POSITIONS = 8_192;

/** The garbage of one session. */
export class Garbage {
  readonly #positions: number[] = [];
  readonly #deltas: number[] = [];
  readonly #answers: number[] = [];

  /** References and answers together. */
  get count(): number {
    return this.#positions.length + this.#answers.length;
  }
  get hasExports(): boolean {
    return this.#positions.length > 0;
  }
  get hasAnswers(): boolean {
    return this.#answers.length > 0;
  }
  /** `delta` mentions of one export of the peer. */
  addExport(position: number, delta: number): void {
    this.#positions.push(position);
    this.#deltas.push(delta);
  }
  addAnswer(position: number): void {
    this.#answers.push(position);
  }
  /** One frame of exports, into an open frame. */
  writeExports(out: Writer): void {
    writeGcExports(out, takeSome(this.#positions), takeSome(this.#deltas));
  }
  /** One frame of answers, into an open frame. */
  writeAnswers(out: Writer): void {
    writeGcAnswers(out, takeSome(this.#answers));
  }
}

const takeSome = (list: number[]): readonly number[] => list.splice(0, FRAME_POSITIONS);
