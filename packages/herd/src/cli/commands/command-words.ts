/**
 * A command in one text, as it is typed: words with blanks between them, quotes as in a shell. What only a shell can do
 * is refused, since nothing here would do it.
 */
import { Usage } from '../grammar/usage.ts';

/** Unquoted, a shell would make something of it. */
const special = /[$`|&;<>()*?[\]\n]/;
/** At the beginning of a word, these as well. */
const beginning = /[#~]/;
/** As the first word, a variable of the command behind it. */
const assignment = /^([A-Za-z_]\w*)=/;
/** Between quotation marks, too. */
const expanded = /[$`]/;

/** The words of a command; `where` names the option that it was given in. @throws Usage */
export const wordsIn = (text: string, where: string): readonly string[] => {
  const words: string[] = [];
  let word: string | undefined;
  let quote = '';
  for (let at = 0; at < text.length; at += 1) {
    const character = text.charAt(at);
    if (quote === "'" && character !== "'") word = `${word ?? ''}${character}`;
    else if (quote !== '' && character === quote) quote = '';
    else if (quote === '' && /['"]/.test(character)) {
      quote = character;
      word ??= '';
    } else if (character === '\\') {
      at += 1;
      if (at === text.length) throw unfinished(where, 'a backslash');
      const isKept = quote === '"' && !/[$`"\\]/.test(text.charAt(at));
      word = `${word ?? ''}${isKept ? '\\' : ''}${text.charAt(at)}`;
    } else if (quote === '' && /[ \t]/.test(character)) {
      if (word !== undefined) words.push(word);
      word = undefined;
    } else if (isForShell(character, quote, word === undefined)) throw forShell(where, character);
    else word = `${word ?? ''}${character}`;
  }
  if (quote !== '') throw unfinished(where, `a quotation mark ${quote}`);
  if (word !== undefined) words.push(word);
  const [, name] = assignment.exec(words[0] ?? '') ?? [];
  if (name !== undefined) throw assigned(where, name);
  return words;
};

const isForShell = (character: string, quote: string, isFirst: boolean): boolean =>
  (quote === '' ? special : expanded).test(character) ||
  (quote === '' && isFirst && beginning.test(character));
/** Without the value, which may be a secret. */
const assigned = (where: string, name: string): Usage =>
  new Usage(
    `${where} begins with '${name}=…', which only a shell makes a variable`,
    `Say it apart, --env ${name}=…, or name a shell: --run "sh -c '${name}=… a'".`,
  );
const unfinished = (where: string, what: string): Usage =>
  new Usage(`${where} ends within ${what}`);
const forShell = (where: string, character: string): Usage =>
  new Usage(
    `${where} has ${JSON.stringify(character)} in it, and no shell reads it`,
    `Quote it, or name a shell: --run "sh -c 'a | b'".`,
  );
