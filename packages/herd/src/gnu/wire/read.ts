/**
 * Reads S-expressions as they come, in pieces of any size, in time and room that what came bounds: character by
 * character, with a stack of its own. It knows what `herd` writes, and comments and quotes, as Scheme's reader does;
 * nothing that is evaluated while it is read (`#.`), and nothing else behind a `#`.
 *
 *     mode        begins with    ends with                      next
 *     between     (nothing)      a delimiter, or what begins    what that begins
 *                                something
 *     word        a character    a delimiter                    between: a number, a symbol, #t, a keyword
 *     string      "              "                              between; escape behind \
 *     escape      \              the character, or the hex      string
 *                                digits that it asks for
 *     extended    #{             }#                             between; code behind \x, up to a semicolon
 *     line        ;              the end of the line            between
 *     block       #|             |#, as often as begun          between
 *     hash        #              the next character             what the two begin
 */
import { Keyword, listOf, Sym, sym, Vector, type Datum } from './datum.ts';
import {
  commentDepth,
  datumDepth,
  requestCharacters,
  stringCharacters,
  tokenCharacters,
} from './limits.ts';
import { BadSyntax, isBlank, isDelimiter, wordMeaning } from './tokens.ts';

/** Something that was begun: where what is read next goes. */
type Frame =
  | {
      readonly kind: 'list' | 'vector';
      readonly close: string;
      readonly items: Datum[];
      /** Behind a dot, once it is there. */
      tail: Datum | undefined;
      isDotted: boolean;
    }
  | { readonly kind: 'quote' }
  /** A datum that is a comment. */
  | { readonly kind: 'skip' };
type Mode =
  | 'between'
  | 'word'
  | 'string'
  | 'escape'
  | 'extended'
  | 'code'
  | 'line'
  | 'block'
  | 'hash'
  | 'keyword';

const closeOf: ReadonlyMap<string, string> = new Map([
  ['(', ')'],
  ['[', ']'],
]);
const simpleEscapes: ReadonlyMap<string, string> = new Map([
  ['"', '"'],
  ['\\', '\\'],
  ['a', '\u0007'],
  ['b', '\b'],
  ['t', '\t'],
  ['n', '\n'],
  ['v', '\v'],
  ['f', '\f'],
  ['r', '\r'],
  ['0', '\0'],
  ['\n', ''],
]);
/** How many hex digits follow. */
const hexEscapes: ReadonlyMap<string, number> = new Map([
  ['x', 2],
  ['u', 4],
  ['U', 6],
]);
const booleans: ReadonlyMap<string, boolean> = new Map([
  ['#t', true],
  ['#true', true],
  ['#f', false],
  ['#false', false],
]);

/** Reads one datum. To be thrown away behind it, and where it threw. */
export class DatumReader {
  readonly #frames: Frame[];
  #mode: Mode;
  /** What has come of a word, a string or an escape. */
  #text: string;
  /** Digits of an escape, and how many of them there have to be. */
  #digits: string;
  #digitCount: number;
  #isKeyword: boolean;
  /** The last character, where two belong together. */
  #before: string;
  #blockDepth: number;
  #characterCount: number;
  #result: Datum | undefined;

  constructor() {
    this.#frames = [];
    this.#mode = 'between';
    this.#text = '';
    this.#digits = '';
    this.#digitCount = 0;
    this.#isKeyword = false;
    this.#before = '';
    this.#blockDepth = 0;
    this.#characterCount = 0;
    this.#result = undefined;
  }

  /**
   * Takes what comes next; the datum once it is there, and what comes behind it in the same text is not looked at. A
   * word ends with what follows it. @throws BadSyntax
   */
  feed(text: string): Datum | undefined {
    for (const character of text) {
      this.#characterCount += 1;
      if (this.#characterCount > requestCharacters)
        throw new BadSyntax(`more than ${requestCharacters} characters`);
      this.#take(character);
      if (this.#result !== undefined) return this.#result;
    }
    return undefined;
  }

  #take(character: string): void {
    switch (this.#mode) {
      case 'between':
        return this.#begin(character);
      case 'word':
        return this.#word(character);
      case 'string':
        return this.#string(character);
      case 'escape':
        return this.#escape(character);
      case 'extended':
        return this.#extended(character);
      case 'code':
        return this.#code(character);
      case 'line':
        if (character === '\n') this.#mode = 'between';
        return undefined;
      case 'block':
        return this.#block(character);
      case 'hash':
        return this.#hash(character);
      case 'keyword':
        return this.#keyword(character);
    }
  }

  #begin(character: string): void {
    if (isBlank(character)) return;
    const close = closeOf.get(character);
    if (close !== undefined) return this.#open('list', close);
    switch (character) {
      case ')':
      case ']':
        return this.#close(character);
      case '"':
        return this.#enter('string');
      case ';':
        return this.#enter('line');
      case '#':
        return this.#enter('hash');
      case "'":
        return this.#push({ kind: 'quote' });
      case '`':
      case ',':
        throw new BadSyntax('a quotation with holes');
      default:
        this.#enter('word');
        this.#add(character, tokenCharacters);
    }
  }
  #enter(mode: Mode): void {
    this.#mode = mode;
    this.#text = '';
    this.#before = '';
    this.#isKeyword = false;
    this.#blockDepth = 1;
  }
  #add(characters: string, most: number): void {
    this.#text += characters;
    if (this.#text.length > most) throw new BadSyntax(`a word or a string of more than ${most}`);
  }

  #open(kind: 'list' | 'vector', close: string): void {
    this.#push({ kind, close, items: [], tail: undefined, isDotted: false });
  }
  #push(frame: Frame): void {
    if (this.#frames.length >= datumDepth) throw new BadSyntax(`deeper than ${datumDepth}`);
    this.#frames.push(frame);
    this.#mode = 'between';
  }
  #close(character: string): void {
    const frame = this.#frames.pop();
    if (frame === undefined || !('items' in frame) || frame.close !== character)
      throw new BadSyntax(`a ${character} that closes nothing`);
    const { kind, items, tail, isDotted } = frame;
    if (isDotted && tail === undefined) throw new BadSyntax('nothing stands behind a dot');
    this.#done(kind === 'vector' ? new Vector(items) : listOf(items, tail ?? []));
  }
  /** A datum is there: it goes where it belongs. */
  #done(read: Datum): void {
    this.#mode = 'between';
    let datum = read;
    for (;;) {
      const frame = this.#frames.at(-1);
      if (frame === undefined) {
        this.#result = datum;
        return;
      }
      if (!('items' in frame)) {
        this.#frames.pop();
        if (frame.kind === 'skip') return;
        datum = [sym('quote'), datum];
        continue;
      }
      if (frame.tail !== undefined) throw new BadSyntax('more than one thing behind a dot');
      if (frame.isDotted) frame.tail = datum;
      else frame.items.push(datum);
      return;
    }
  }

  #word(character: string): void {
    if (!isDelimiter(character)) return this.#add(character, tokenCharacters);
    const word = this.#text;
    if (!this.#isKeyword && word === '.') this.#dot();
    else this.#done(this.#isKeyword ? keywordOf(word) : meaningOf(word));
    if (this.#result === undefined) this.#begin(character);
  }
  #dot(): void {
    const frame = this.#frames.at(-1);
    if (frame?.kind !== 'list' || frame.items.length === 0 || frame.isDotted)
      throw new BadSyntax('a dot stands where none can');
    frame.isDotted = true;
    this.#mode = 'between';
  }

  #string(character: string): void {
    if (character === '"') return this.#done(this.#text);
    if (character !== '\\') return this.#add(character, stringCharacters);
    this.#mode = 'escape';
    this.#digitCount = 0;
    this.#digits = '';
  }
  #escape(character: string): void {
    if (this.#digitCount === 0) {
      const simple = simpleEscapes.get(character);
      this.#digitCount = hexEscapes.get(character) ?? 0;
      if (simple !== undefined) this.#escaped(simple);
      else if (this.#digitCount === 0) throw new BadSyntax('an escape that there is not');
      return;
    }
    this.#digit(character);
    if (this.#digits.length === this.#digitCount) this.#escaped(characterOf(this.#digits));
  }
  #escaped(characters: string): void {
    this.#mode = 'string';
    this.#add(characters, stringCharacters);
  }
  #digit(character: string): void {
    if (!/^[0-9a-fA-F]$/.test(character)) throw new BadSyntax('an escape without its digits');
    this.#digits += character;
  }

  #extended(character: string): void {
    if (this.#before === '}' && character === '#') {
      const name = this.#text.slice(0, -1);
      return this.#done(this.#isKeyword ? new Keyword(name) : sym(name));
    }
    this.#before = character;
    if (character !== '\\') return this.#add(character, tokenCharacters);
    this.#mode = 'code';
    this.#digits = '';
    this.#digitCount = -1;
  }
  #code(character: string): void {
    if (this.#digitCount === -1) {
      if (character !== 'x') throw new BadSyntax('an escape that there is not');
      this.#digitCount = 0;
      return;
    }
    if (character !== ';') {
      this.#digit(character);
      if (this.#digits.length > 6) throw new BadSyntax('an escape of more than six digits');
      return;
    }
    this.#mode = 'extended';
    this.#add(characterOf(this.#digits), tokenCharacters);
  }

  #block(character: string): void {
    const pair = this.#before + character;
    this.#before = character;
    if (pair !== '|#' && pair !== '#|') return;
    this.#before = '';
    this.#blockDepth += pair === '#|' ? 1 : -1;
    if (this.#blockDepth > commentDepth)
      throw new BadSyntax(`comments deeper than ${commentDepth}`);
    if (this.#blockDepth === 0) this.#mode = 'between';
  }

  #hash(character: string): void {
    switch (character) {
      case '(':
        return this.#open('vector', ')');
      case '|':
        return this.#enter('block');
      case ';':
        return this.#push({ kind: 'skip' });
      case '{':
        return this.#enter('extended');
      case ':':
        return this.#enter('keyword');
      case 't':
      case 'f':
        this.#enter('word');
        return this.#add(`#${character}`, tokenCharacters);
      default:
        throw new BadSyntax('something behind a # that is not read here');
    }
  }
  /** Behind `#:`, or behind `#:#`. */
  #keyword(character: string): void {
    if (this.#before === '#') {
      if (character !== '{') throw new BadSyntax('a keyword without its name');
      this.#enter('extended');
    } else if (character === '#') {
      this.#before = '#';
      return;
    } else if (isDelimiter(character) || "'`,".includes(character)) {
      throw new BadSyntax('a keyword without its name');
    } else {
      this.#enter('word');
      this.#add(character, tokenCharacters);
    }
    this.#isKeyword = true;
  }
}

const meaningOf = (word: string): Datum => {
  const value = booleans.get(word);
  if (value !== undefined) return value;
  if (word.startsWith('#')) throw new BadSyntax('something behind a # that is not read here');
  return wordMeaning(word);
};
/** What is a number alone is no name without its braces. */
const keywordOf = (word: string): Keyword => {
  if (wordMeaning(word) instanceof Sym) return new Keyword(word);
  throw new BadSyntax('a keyword without its name');
};
/** Halves of pairs are no characters. */
const characterOf = (digits: string): string => {
  const code = digits === '' ? NaN : Number.parseInt(digits, 16);
  if (!(code <= 0x10ffff) || (code >= 0xd800 && code <= 0xdfff))
    throw new BadSyntax('an escape that means no character');
  return String.fromCodePoint(code);
};
