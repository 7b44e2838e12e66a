/**
 * A new input out of old ones: a few changes in a row, some to bytes, some to whole values of Syrup, which keeps what
 * stands around them in order, so that more than the reader is reached.
 */
import type { Random } from './random.ts';
import { type Span, spansOf } from './spans.ts';

/** What a campaign mutates with. */
export interface Stock {
  readonly random: Random;
  readonly words: readonly Uint8Array[];
  /** Another input, to take parts from. */
  readonly other: () => Uint8Array;
  readonly maxBytes: number;
}
type Mutation = (bytes: Uint8Array, stock: Stock) => Uint8Array;

/** Numbers at which something changes: positions, lengths, limits, and what no double holds. */
const NUMBERS = [
  '0', '1', '2', '3', '5', '7', '8', '9', '15', '16', '17', '31', '32', '33', '63', '64', '65', '100', '127', '128', '255',
  '256', '1023', '1024', '65535', '65536', '2147483647', '4294967296', '9007199254740991', '9007199254740992',
  '9999999999', '18446744073709551616', '1180591620717411303424', '007', '00',
]; // prettier-ignore
const CHANGES = [1, 1, 1, 1, 2, 2, 3, 4, 6, 10];

/** A mutant. @returns at most `maxBytes` */
export const mutate = (bytes: Uint8Array, stock: Stock): Uint8Array => {
  let mutant = bytes;
  for (let left = stock.random.pick(CHANGES); left > 0; left -= 1) {
    const change = stock.random.pick(MUTATIONS);
    const changed = change(mutant, stock);
    if (changed.length <= stock.maxBytes) mutant = changed;
  }
  return mutant;
};

/** `bytes` with what is between two offsets replaced. */
export const spliced = (
  bytes: Uint8Array,
  start: number,
  end: number,
  by: Uint8Array = new Uint8Array(0),
): Uint8Array => {
  const made = new Uint8Array(bytes.length - (end - start) + by.length);
  made.set(bytes.subarray(0, start));
  made.set(by, start);
  made.set(bytes.subarray(end), start + by.length);
  return made;
};
const ascii = (text: string): Uint8Array => new Uint8Array(Buffer.from(text, 'latin1'));

const flipBit: Mutation = (bytes, { random }) => {
  if (bytes.length === 0) return bytes;
  const made = bytes.slice();
  const at = random.below(bytes.length);
  made[at] = (made[at] ?? 0) ^ (1 << random.below(8));
  return made;
};
const setByte: Mutation = (bytes, { random }) => {
  if (bytes.length === 0) return bytes;
  const made = bytes.slice();
  made[random.below(bytes.length)] = random.below(256);
  return made;
};
const insertBytes: Mutation = (bytes, { random }) => {
  const at = random.below(bytes.length + 1);
  const count = 1 + random.below(4);
  return spliced(
    bytes,
    at,
    at,
    Uint8Array.from({ length: count }, () => random.below(256)),
  );
};
const cutBytes: Mutation = (bytes, { random }) => {
  const at = random.below(bytes.length + 1);
  return spliced(bytes, at, Math.min(bytes.length, at + 1 + random.below(8)));
};
const cutEnd: Mutation = (bytes, { random }) => bytes.slice(0, random.below(bytes.length + 1));
const insertWord: Mutation = (bytes, { random, words }) => {
  if (words.length === 0) return bytes;
  const at = random.below(bytes.length + 1);
  return spliced(bytes, at, at, random.pick(words));
};
const takeOver: Mutation = (bytes, { random, other }) => {
  const from = other();
  const start = random.below(from.length + 1);
  const part = from.subarray(start, start + 1 + random.below(from.length - start + 1));
  const at = random.below(bytes.length + 1);
  return spliced(bytes, at, at, part);
};
const joinOther: Mutation = (bytes, { other }) =>
  spliced(bytes, bytes.length, bytes.length, other());

/** A mutation of one value in the bytes. */
const atSpan =
  (change: (bytes: Uint8Array, span: Span, stock: Stock) => Uint8Array, kind?: Span['kind']) =>
  (bytes: Uint8Array, stock: Stock): Uint8Array => {
    const spans = spansOf(bytes).filter((span) => kind === undefined || span.kind === kind);
    return spans.length === 0 ? bytes : change(bytes, stock.random.pick(spans), stock);
  };
/** A value of another input, or a word. */
const aValue = ({ other, random, words }: Stock): Uint8Array => {
  const from = other();
  const spans = spansOf(from);
  if (spans.length === 0 || random.below(3) === 0)
    return words.length === 0 ? from : random.pick(words);
  const { start, end } = random.pick(spans);
  return from.subarray(start, end);
};
const dropValue = atSpan((bytes, { start, end }) => spliced(bytes, start, end));
const replaceValue = atSpan((bytes, { start, end }, stock) =>
  spliced(bytes, start, end, aValue(stock)),
);
const insertValue = atSpan((bytes, { start }, stock) =>
  spliced(bytes, start, start, aValue(stock)),
);
const repeatValue = atSpan((bytes, { start, end }, { random }) => {
  const copies = Buffer.concat(
    Array.from({ length: random.pick([1, 1, 2, 20, 70]) }, () => bytes.subarray(start, end)),
  );
  return spliced(bytes, end, end, copies);
});
const swapValues = atSpan((bytes, first, { random }) => {
  const others = spansOf(bytes).filter(({ start }) => start >= first.end);
  if (others.length === 0) return bytes;
  const second = random.pick(others);
  const [a, b] = [first, second].map(({ start, end }) => bytes.slice(start, end));
  return spliced(spliced(bytes, second.start, second.end, a), first.start, first.end, b);
});
const nestValue = atSpan((bytes, { start, end }, { random }) => {
  const depth = random.pick([1, 1, 2, 10, 63, 64, 65]);
  const [open, close] = random.pick(['[]', '<>', '{}', '#$']);
  const inner = bytes.subarray(start, end);
  const outer = [ascii((open ?? '').repeat(depth)), inner, ascii((close ?? '').repeat(depth))];
  return spliced(bytes, start, end, Buffer.concat(outer));
});
const changeNumber = atSpan((bytes, { start, end }, { random }) => {
  const sign = random.below(8) === 0 ? '-' : '+';
  return spliced(bytes, start, end, ascii(`${random.pick(NUMBERS)}${sign}`));
}, 'number');
/** A long number, of digits as many as there may be, and one more. */
const longNumber = atSpan((bytes, { start, end }, { random }) => {
  const digits = '9'.repeat(random.pick([16, 100, 1_299, 1_300, 1_301]));
  return spliced(bytes, start, end, ascii(`${digits}${random.pick(['+', '-', ':', '"', "'"])}`));
});
/** Says another length than there is. */
const changeLength = atSpan((bytes, { start }, { random }) => {
  let end = start;
  while ((bytes[end] ?? 0) >= 0x30 && (bytes[end] ?? 0) <= 0x39) end += 1;
  return spliced(bytes, start, end, ascii(random.pick(NUMBERS)));
}, 'text');
/** Another text of the length that it says. */
const changeText = atSpan((bytes, { start, end }, { random }) => {
  let from = start;
  while ((bytes[from] ?? 0) >= 0x30 && (bytes[from] ?? 0) <= 0x39) from += 1;
  const mark = bytes[from] ?? 0x3a;
  const texts = ['', '__proto__', 'fetch', 'fulfill', 'a', 'ä', '\ud800', 'x'.repeat(40)];
  const text = Buffer.from(random.pick(texts), random.below(2) === 0 ? 'utf8' : 'utf16le');
  return spliced(bytes, start, end, Buffer.concat([ascii(String(text.length)), new Uint8Array([mark]), text]));
}, 'text'); // prettier-ignore

const MUTATIONS: readonly Mutation[] = [
  flipBit, setByte, insertBytes, cutBytes, cutEnd, insertWord, takeOver, joinOther, dropValue, replaceValue, replaceValue,
  insertValue, insertValue, repeatValue, swapValues, nestValue, changeNumber, changeNumber, longNumber, changeLength,
  changeText,
]; // prettier-ignore
