/** Words between blanks and parentheses: numbers, symbols, and how a symbol is written that would be read otherwise. */
import { ActorError } from '@bellwether/actors';
import { Real, sym, type Datum } from './datum.ts';

/** What came is no S-expression, or none that is read here. */
export class BadSyntax extends ActorError {
  constructor(message: string) {
    super('bad-syntax', message);
  }
}

/** Whether a character ends a word. */
export const isDelimiter = (character: string): boolean => delimiters.has(character);
/** Whether it is a blank to Guile. */
export const isBlank = (character: string): boolean => blanks.has(character);
const blanks: ReadonlySet<string> = new Set(' \t\n\r\f\v');
const delimiters: ReadonlySet<string> = new Set([...blanks, ...'()[]";']);

const whole = /^[+-]?\d+$/;
const decimal = /^[+-]?(?:\d+\.\d*|\.\d+|\d+(?=e))(?:e[+-]?\d+)?$/i;
const special: ReadonlyMap<string, number> = new Map([
  ['+inf.0', Infinity],
  ['-inf.0', -Infinity],
  ['+nan.0', NaN],
  ['-nan.0', NaN],
]);
const digits = String.raw`\d[\d#]*`;
const positive = String.raw`(?:${digits}/${digits}|(?:${digits}\.[\d#]*|\.${digits}|${digits})(?:[esfdl][+-]?\d+)?)`;
const beyond = String.raw`(?:inf\.0|nan\.\d+)`;
const real = `(?:[+-]?${positive}|[+-]${beyond})`;
/** What is a number to Guile, fractions and complex ones among them. */
const number = new RegExp(
  `^(?:${real}|${real}?[+-](?:${positive}|${beyond})?i|${real}@${real})$`,
  'i',
);

/** What a word means. @throws BadSyntax for `.` alone, and for numbers of which nobody has need here */
export const wordMeaning = (word: string): Datum => {
  if (whole.test(word)) return integerOf(word);
  if (decimal.test(word)) return new Real(Number(word));
  const value = special.get(word.toLowerCase());
  if (value !== undefined) return new Real(value);
  if (word === '.') throw new BadSyntax('a dot stands where none can');
  if (number.test(word)) throw new BadSyntax('a number of a kind that is not read here');
  return sym(word);
};
const integerOf = (word: string): number | bigint => {
  const value = Number(word);
  if (Number.isSafeInteger(value)) return value + 0 === 0 ? 0 : value;
  return BigInt(word.replace(/^\+/, ''));
};

/** Categories of Unicode of which Guile writes symbols as they are, at the beginning and behind it. */
const initial =
  /^[\p{Lu}\p{Ll}\p{Lt}\p{Lm}\p{Lo}\p{Mn}\p{Nl}\p{No}\p{Pd}\p{Pc}\p{Po}\p{Sc}\p{Sm}\p{Sk}\p{So}\p{Co}]$/u;
const subsequent = /^[\p{L}\p{Mn}\p{Mc}\p{Me}\p{N}\p{Pd}\p{Pc}\p{Po}\p{S}\p{Co}]$/u;

/** A symbol as Guile writes it: `#{…}#` where it would be read as something else. */
export const symbolText = (name: string): string =>
  isPlain(name) ? name : `#{${Array.from(name, extendedCharacter).join('')}}#`;

const isPlain = (name: string): boolean => {
  const [first = '', ...rest] = name;
  if (!initial.test(first) || '\'`,";#'.includes(first)) return false;
  if (name === '.' || number.test(name)) return false;
  return rest.every((character) => subsequent.test(character) && !'";#'.includes(character));
};
const extendedCharacter = (character: string): string =>
  character === ' ' || (subsequent.test(character) && character !== '\\')
    ? character
    : `\\x${(character.codePointAt(0) ?? 0).toString(16)};`;
