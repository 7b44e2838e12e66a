/**
 * UTF-8 as Syrup wants it: strict in both directions, and quick for the ASCII that nearly all of it
 * is.
 */
import { Decode, Encode } from '../errors.ts';

const encoder = new TextEncoder();
/** With the `u` flag a surrogate matches only where it stands alone. */
const LONE_SURROGATE = /\p{Surrogate}/u;

/**
 * The UTF-8 bytes of a text.
 * @throws Encode when the text holds half of a surrogate pair, which has no UTF-8
 */
export const utf8 = (text: string): Uint8Array => {
  refuseLoneSurrogates(text);
  return encoder.encode(text);
};

/** @throws Encode when the text holds half of a surrogate pair */
export const refuseLoneSurrogates = (text: string): void => {
  if (LONE_SURROGATE.test(text)) {
    throw new Encode('syrup: cannot write a text that holds a lone surrogate');
  }
};

/**
 * Encodes into `target` from `at` on; the caller has made room for 3 bytes per UTF-16 unit.
 * @returns the count of bytes written
 */
export const encodeUtf8Into = (text: string, target: Uint8Array, at: number): number =>
  encoder.encodeInto(text, target.subarray(at)).written;

/** A length-prefixed atom, whole: `mark` is `"` for a string and `'` for a symbol. */
export const encodedAtom = (text: string, mark: '"' | "'"): Uint8Array => {
  const body = utf8(text);
  const head = encoder.encode(`${body.length}${mark}`);
  const atom = new Uint8Array(head.length + body.length);
  atom.set(head);
  atom.set(body, head.length);
  return atom;
};

/** Bytes 0 to 127 as text; for digits and for what was seen to be ASCII. */
export const asciiText = (bytes: Uint8Array, from: number, to: number): string => {
  let text = '';
  for (let i = from; i < to; i++) text += String.fromCharCode(bytes[i] ?? 0);
  return text;
};

/**
 * A decoder that refuses overlong forms, encoded surrogates and all else that is no UTF-8, and
 * keeps a leading U+FEFF. Web decoders hold state between calls only when asked to stream; this one
 * never is.
 */
export class Utf8Decoder {
  readonly #decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

  /** @throws Decode that names `offset`, the place of the text in its record */
  decode(bytes: Uint8Array, from: number, to: number, offset: number): string {
    try {
      return this.#decoder.decode(bytes.subarray(from, to));
    } catch (cause) {
      throw new Decode(`syrup: expected UTF-8 in the text at byte ${offset}`, { cause });
    }
  }
}
