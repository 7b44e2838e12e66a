/** Bytes that services wrote, as lines for people: bounded, whatever was written. */
import { cutText } from '../text.ts';
import { followedLineBytes, followedLineCount } from './limits.ts';

const newline = 0x0a;

/**
 * The last `lineCount` lines of a piece of text, oldest first. Invalid UTF-8 becomes U+FFFD, a
 * carriage return before the newline is dropped, a line over `lineChars` is cut with an ellipsis.
 * Other control characters stay: whoever shows the lines escapes them.
 *
 * `isTorn` says that the bytes begin in the middle of a line; that piece is left out unless it is
 * all there is, and marked then.
 */
export const lastLines = (
  bytes: Uint8Array,
  isTorn: boolean,
  lineCount: number,
  lineChars: number,
): readonly string[] => {
  if (bytes.length === 0 || lineCount <= 0) return [];
  const end = bytes.at(-1) === newline ? bytes.length - 1 : bytes.length;
  const lines = new TextDecoder().decode(bytes.subarray(0, end)).split('\n');
  const [torn = '', ...others] = lines;
  if (isTorn && others.length === 0) return [`${restMark}${endOf(torn, lineChars)}`];
  return (isTorn ? others : lines).slice(-lineCount).map((line) => {
    const text = line.endsWith('\r') ? line.slice(0, -1) : line;
    return cutText(text, lineChars);
  });
};
/** The mark counts; half a character at the front is left out. */
const endOf = (text: string, lineChars: number): string =>
  text.slice(Math.min(0, restMark.length - lineChars)).replace(/^[\udc00-\udfff]/, '');
/**
 * Begins the rest of a line that came in pieces: without it whoever writes a long line had each piece taken for a line
 * of its own, with a time and a sender that he has made up.
 */
export const restMark = '… ';

/** Lines from the front of a piece of text, and the bytes that they took, newlines included. */
export interface LinePiece {
  readonly lines: readonly string[];
  readonly byteCount: number;
}
/**
 * Lines from the front, for a follower: a long one in several, cut between characters, of which all but the first are
 * marked. Where more may come the last one is left until its newline has. `isTorn`: the bytes begin within a line.
 */
export const wholeLines = (bytes: Uint8Array, mayGrow: boolean, isTorn = false): LinePiece => {
  const lines: string[] = [];
  let isRest = isTorn;
  const add = (text: string): number => lines.push(isRest ? `${restMark}${text}` : text);
  let at = 0;
  while (at < bytes.length && lines.length < followedLineCount) {
    const found = bytes.indexOf(newline, at);
    const end = found < 0 ? bytes.length : found;
    if (end - at > followedLineBytes) {
      const cut = characterEnd(bytes, at + followedLineBytes);
      add(decoded(bytes.subarray(at, cut)));
      isRest = true;
      at = cut;
      continue;
    }
    if (found < 0 && mayGrow) break;
    const text = decoded(bytes.subarray(at, end));
    add(text.endsWith('\r') ? text.slice(0, -1) : text);
    isRest = false;
    at = found < 0 ? end : end + 1;
  }
  return { lines, byteCount: at };
};
const decoded = (bytes: Uint8Array): string => new TextDecoder('utf-8', whole).decode(bytes);
/** A mark at the front of a line is text like any other: nobody reads this as a file. */
const whole = { ignoreBOM: true };
/** At most three bytes before `at`: where no character of UTF-8 is cut in two. */
const characterEnd = (bytes: Uint8Array, at: number): number => {
  let end = at;
  while (end > at - 3 && isInside(bytes[end])) end -= 1;
  return isInside(bytes[end]) ? at : end;
};
const isInside = (byte: number | undefined): boolean => byte !== undefined && byte >> 6 === 0b10;

/** Keeps the last bytes of a stream that may be endless. */
export class ByteTail {
  readonly #limit: number;
  #chunks: Uint8Array[] = [];
  #length = 0;
  #dropped = false;

  /** Never holds more than twice `limit` bytes, and one chunk. */
  constructor(limit: number) {
    this.#limit = limit;
  }

  /** Keeps the chunk itself: its owner must not write into it afterwards. */
  push(chunk: Uint8Array): void {
    this.#chunks.push(chunk);
    this.#length += chunk.length;
    if (this.#length > 2 * this.#limit) this.#trim();
  }

  /** True when the bytes at the front are gone. */
  get isTorn(): boolean {
    return this.#dropped || this.#length > this.#limit;
  }

  /** The last bytes, at most `limit`; a copy or a view that nobody writes into. */
  bytes(): Uint8Array {
    if (this.#length > this.#limit) this.#trim();
    return Buffer.concat(this.#chunks);
  }

  #trim(): void {
    const kept = Buffer.concat(this.#chunks).subarray(-this.#limit);
    this.#dropped = true;
    this.#chunks = [Buffer.from(kept)];
    this.#length = kept.length;
  }
}
