/** Sizes of text, and text of a size, without asking a platform. */
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
const isHigh = (unit: number): boolean => unit >= 0xd800 && unit < 0xdc00;
const isLow = (unit: number): boolean => unit >= 0xdc00 && unit < 0xe000;

/** With the `u` flag a surrogate matches only where it stands alone. */
const loneHalf = /\p{Surrogate}/gu;
/** The same for a look that replaces nothing: nearly every text is whole, and is looked at a few times on its way. */
const anyHalf = /\p{Surrogate}/u;
const whole = (text: string): string =>
  anyHalf.test(text) ? text.replace(loneHalf, '\uFFFD') : text;
/**
 * At most `maxChars` UTF-16 units, the last of which is an ellipsis where something was cut off. No
 * pair is cut in two, and a half that came alone becomes U+FFFD: neither has UTF-8, and a session
 * that was asked to send one would refuse.
 */
export const cutText = (text: string, maxChars: number): string => {
  if (text.length <= maxChars) return whole(text);
  if (maxChars <= 0) return '';
  const end = maxChars - 1;
  const splits = isHigh(text.charCodeAt(end - 1)) && isLow(text.charCodeAt(end));
  return `${whole(text.slice(0, splits ? end - 1 : end))}…`;
};

/** A line that is short enough to be kept and sent. */
export const cut = (line: string): string => cutText(line, limits.lineCharacters);

/** An instant of the wall clock up to the minute, in UTC: it is read on machines of any zone. */
export const timeText = (ms: number): string =>
  `${new Date(ms).toISOString().slice(0, 16).replace('T', ' ')} UTC`;
