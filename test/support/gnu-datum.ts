/** S-expressions for tests: any that the protocol of GNU Shepherd may have, and those that come from a text. */
import * as fc from 'fast-check';
import {
  Dotted,
  Keyword,
  listOf,
  Real,
  sym,
  Vector,
  type Datum,
} from '../../packages/herd/src/gnu/wire/datum.ts';
import { DatumReader } from '../../packages/herd/src/gnu/wire/read.ts';

/** The first datum of a text, in pieces of so many characters; undefined where it has none. @throws BadSyntax */
export const readText = (text: string, pieceLength = text.length + 1): Datum | undefined => {
  const reader = new DatumReader();
  for (let at = 0; at < text.length; at += pieceLength) {
    const datum = reader.feed(text.slice(at, at + pieceLength));
    if (datum !== undefined) return datum;
  }
  return reader.feed('\n');
};

/** Characters that mean something to a reader, beside all others. */
const odd = fc.constantFrom(
  ...'()[]{}#|;:\'"`,.\\ \n\t\r\0+-0159eixuU@é日😀\u200b\u202e\u2028\u00a0',
);
const text = fc.oneof(
  fc.string({ maxLength: 12 }),
  fc.string({ unit: odd, maxLength: 12 }),
  fc.string({ unit: 'binary', maxLength: 6 }),
);
/** Texts that look like S-expressions, or nearly. */
export const oddText: fc.Arbitrary<string> = fc
  .array(
    fc.oneof(
      odd,
      fc.constantFrom(
        ...[
          '(',
          ')',
          '(a . b)',
          '#(',
          '"',
          '\\x41',
          '#{',
          '}#',
          '#:',
          "'",
          ' . ',
          '#;',
          '#|',
          '|#',
          '1',
          '1.5',
          '-',
          'e3',
          'a',
        ],
      ),
    ),
    { maxLength: 8 },
  )
  .map((parts) => parts.join(''));
const real = fc.double().map((value) => new Real(value));
/** Whole numbers, on both sides of where they become bigints. */
const whole = fc.oneof(
  fc.maxSafeInteger(),
  fc.bigInt({ min: 2n ** 53n, max: 2n ** 90n }),
  fc.bigInt({ min: -(2n ** 90n), max: -(2n ** 53n) }),
);
/** Any datum. */
export const anyDatum: fc.Arbitrary<Datum> = fc.letrec<{ datum: Datum; items: readonly Datum[] }>(
  (tie) => ({
    items: fc.array(tie('datum'), { maxLength: 4 }),
    datum: fc.oneof(
      { depthSize: 'small', withCrossShrink: true },
      fc.boolean(),
      whole,
      text,
      real,
      text.map(sym),
      text.map((name) => new Keyword(name)),
      tie('items'),
      tie('items').map((items) => new Vector(items)),
      fc.tuple(tie('items'), tie('datum')).map(([items, tail]) => listOf(items, tail)),
    ),
  }),
).datum;

/** A datum as what can be compared: what is no number is equal to itself. */
export const plain = (datum: Datum): unknown => {
  if (datum instanceof Real) return { real: Object.is(datum.value, NaN) ? 'nan' : datum.value };
  if (datum instanceof Dotted) return { items: datum.items.map(plain), tail: plain(datum.tail) };
  if (datum instanceof Vector) return { vector: datum.items.map(plain) };
  return Array.isArray(datum) ? (datum as readonly Datum[]).map(plain) : datum;
};
