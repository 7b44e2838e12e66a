/**
 * One text for one meaning: JSON in UTF-8 with the keys of each object sorted, no blanks, whole numbers only. A text is
 * canonical if what was read from it gives it back, byte for byte; so no key stands there twice, and nothing is
 * left that two readers could take differently.
 */
import { canonicalText } from '@bellwether/shepherd';
import { BadRelease } from './errors.ts';
import { releaseLimits } from './limits.ts';

/** Objects and lists within each other, the outermost included: a word of a command of a check. */
const maxDepth = 4;
/** Commas and opening brackets: each file has five of them, and the rest has room enough. */
const maxMarkCount = 6 * releaseLimits.entryCount;

/** The text of bytes that are JSON, and what it says; of bounded depth and count. @throws BadRelease */
export const parsed = (
  bytes: Uint8Array,
  where: string,
): { readonly text: string; readonly value: unknown } => {
  checkMarks(bytes, where);
  let text: string;
  try {
    text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch (error) {
    throw new BadRelease(where, 'is no text in UTF-8', { cause: error });
  }
  try {
    return { text, value: JSON.parse(text) as unknown };
  } catch (error) {
    throw new BadRelease(where, 'is no JSON', { cause: error });
  }
};

/** @throws BadRelease unless a text is the canonical one of what was read from it */
export const checkCanonical = (text: string, read: unknown, where: string): void => {
  const canonical = canonicalText(read);
  if (canonical === text) return;
  let at = 0;
  while (at < text.length && text.charCodeAt(at) === canonical.charCodeAt(at)) at += 1;
  throw new BadRelease(
    where,
    `is not canonical at character ${at}: keys sorted, each of them once, no blanks, numbers as JSON writes them`,
  );
};

const quote = 0x22;
const backslash = 0x5c;
const comma = 0x2c;
const opening: ReadonlySet<number> = new Set([0x5b, 0x7b]);
const closing: ReadonlySet<number> = new Set([0x5d, 0x7d]);
/** Before anything is made of it: 32 MiB of brackets would be gigabytes of lists. */
const checkMarks = (bytes: Uint8Array, where: string): void => {
  let depth = 0;
  let markCount = 0;
  let isInText = false;
  for (let at = 0; at < bytes.length; at += 1) {
    const byte = bytes[at] ?? 0;
    if (isInText) {
      if (byte === backslash) at += 1;
      else if (byte === quote) isInText = false;
    } else if (byte === quote) isInText = true;
    else if (byte === comma) markCount += 1;
    else if (opening.has(byte)) {
      markCount += 1;
      depth += 1;
    } else if (closing.has(byte)) depth -= 1;
    if (depth > maxDepth) throw new BadRelease(where, `is deeper than ${maxDepth}`);
    if (markCount > maxMarkCount) throw new BadRelease(where, 'has too many parts');
  }
};
