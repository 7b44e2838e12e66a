/** Commands in one text, taken apart into words and put together again for a shell. */

const escapes: Readonly<Record<string, string>> = {
  ...{ a: '\u0007', b: '\b', f: '\f', n: '\n', r: '\r', t: '\t', v: '\v', s: ' ' },
};
/**
 * The words of a command in the quoting of systemd, which has the escapes of C everywhere, or in that of a POSIX shell
 * without its expansions. Undefined where a quotation mark or an escape is not finished.
 */
export const splitWords = (text: string, how: 'c' | 'posix'): readonly string[] | undefined =>
  split(text, how, false)?.flat();
/** The words of each command in a text of systemd: a `;` that is all of a word stands between two of them. */
export const splitCommands = (text: string): readonly (readonly string[])[] | undefined =>
  split(text, 'c', true)?.filter((words) => words.length > 0);
const split = (
  text: string,
  how: 'c' | 'posix',
  areCommands: boolean,
): readonly (readonly string[])[] | undefined => {
  const all: string[][] = [];
  let words: string[] = [];
  let word: string | undefined;
  let quote = '';
  for (let at = 0; at < text.length; at += 1) {
    const each = text.charAt(at);
    if (quote !== '' && each === quote) quote = '';
    else if (quote === '' && (each === '"' || each === "'")) {
      quote = each;
      word ??= '';
    } else if (each === '\\' && (how === 'c' || quote !== "'")) {
      const [plain, length] = escapeAt(text, at + 1, how, quote);
      if (length === 0) return undefined;
      word = `${word ?? ''}${plain}`;
      at += length;
    } else if (quote === '' && /\s/.test(each)) {
      if (word !== undefined) words.push(word);
      word = undefined;
    } else if (areCommands && word === undefined && /^;(?:\s|$)/.test(text.slice(at, at + 2))) {
      all.push(words);
      words = [];
    } else word = `${word ?? ''}${each}`;
  }
  if (quote !== '') return undefined;
  if (word !== undefined) words.push(word);
  return [...all, words];
};
/** What an escape stands for, and how many characters it has behind its backslash; none: it is unfinished. */
const escapeAt = (
  text: string,
  at: number,
  how: 'c' | 'posix',
  quote: string,
): readonly [plain: string, length: number] => {
  const next = text.charAt(at);
  if (next === '') return ['', 0];
  if (how === 'posix') return [quote === '"' && !/["\\$`]/.test(next) ? `\\${next}` : next, 1];
  const [hex] = /^x[0-9A-Fa-f]{2}|^u[0-9A-Fa-f]{4}/.exec(text.slice(at)) ?? [];
  if (hex !== undefined) return [String.fromCodePoint(parseInt(hex.slice(1), 16)), hex.length];
  const [octal] = /^[0-3][0-7]{2}/.exec(text.slice(at)) ?? [];
  if (octal !== undefined) return [String.fromCodePoint(parseInt(octal, 8)), octal.length];
  return [escapes[next] ?? next, 1];
};

/** A word as a shell takes it literally. */
export const shellWord = (word: string): string =>
  /^[A-Za-z0-9_@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`;
