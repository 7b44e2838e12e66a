/**
 * Words as they could be typed, each plain or in quotes: what somebody has chosen ends where it ends, and is taken for
 * nothing that herd says beside it.
 */

/** A command. */
export const commandText = (words: readonly string[]): string => words.map(typedWord).join(' ');
/** One word of it. */
export const typedWord = (word: string): string =>
  /^[\w./:=@%+,-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`;
