/** Sizes of text, without asking a platform. */
import { limits } from './limits.ts';

/** Bytes that a text takes in UTF-8; a lone surrogate counts as the three bytes of U+FFFD. */
export const utf8Bytes = (text: string): number => {
  let bytes = text.length;
  for (let at = 0; at < text.length; at += 1) {
    const unit = text.charCodeAt(at);
    if (unit < 0x80) continue;
    bytes += unit < 0x800 ? 1 : 2;
    if (unit >= 0xd800 && unit < 0xdc00 && isLow(text.charCodeAt(at + 1))) {
      // A pair is two units and four bytes.
      at += 1;
    }
  }
  return bytes;
};
const isLow = (unit: number): boolean => unit >= 0xdc00 && unit < 0xe000;

/** A line that is short enough to be kept and sent. */
export const cut = (line: string): string =>
  line.length <= limits.lineCharacters ? line : `${line.slice(0, limits.lineCharacters - 1)}…`;
