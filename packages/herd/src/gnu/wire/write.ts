/** Writes S-expressions so that Guile reads what was meant; as Guile writes them itself, but for some numbers. */
import { Dotted, Keyword, Real, Sym, Vector, type Datum } from './datum.ts';
import { symbolText } from './tokens.ts';

/** The text of a datum, on one line. It recurses: what is written is made here, or as deep as what is read. */
export const datumText = (datum: Datum): string => {
  switch (typeof datum) {
    case 'boolean':
      return datum ? '#t' : '#f';
    case 'number':
    case 'bigint':
      return String(datum);
    case 'string':
      return stringText(datum);
    default:
      return objectText(datum);
  }
};
const objectText = (datum: Exclude<Datum, boolean | number | bigint | string>): string => {
  if (datum instanceof Sym) return symbolText(datum.name);
  if (datum instanceof Keyword) return `#:${symbolText(datum.name)}`;
  if (datum instanceof Real) return realText(datum.value);
  if (datum instanceof Vector) return `#(${itemsText(datum.items)})`;
  if (datum instanceof Dotted) return `(${itemsText(datum.items)} . ${datumText(datum.tail)})`;
  return `(${itemsText(datum)})`;
};
const itemsText = (items: readonly Datum[]): string => items.map(datumText).join(' ');

const realText = (value: number): string => {
  if (Number.isNaN(value)) return '+nan.0';
  if (!Number.isFinite(value)) return value > 0 ? '+inf.0' : '-inf.0';
  if (Object.is(value, -0)) return '-0.0';
  const [mantissa = '', exponent] = String(value).split('e');
  const decimal = mantissa.includes('.') ? mantissa : `${mantissa}.0`;
  return exponent === undefined ? decimal : `${decimal}e${exponent.replace('+', '')}`;
};

/** Whatever is not shown, and halves of pairs, which are written as what stands for them. */
const escaped = /["\\]|[\p{Cc}\p{Cf}\p{Cs}\p{Co}\p{Cn}\p{Zl}\p{Zp}]|(?! )\p{Zs}/gu;
const namedEscapes: ReadonlyMap<string, string> = new Map([
  ['"', '\\"'],
  ['\\', '\\\\'],
  ['\u0007', '\\a'],
  ['\b', '\\b'],
  ['\t', '\\t'],
  ['\n', '\\n'],
  ['\v', '\\v'],
  ['\f', '\\f'],
  ['\r', '\\r'],
]);
const stringText = (text: string): string => `"${text.replace(escaped, escapeOf)}"`;
const escapeOf = (character: string): string => {
  const code = character.codePointAt(0) ?? 0;
  if (code >= 0xd800 && code <= 0xdfff) return '\ufffd';
  const hex = (digitCount: number): string => code.toString(16).padStart(digitCount, '0');
  return (
    namedEscapes.get(character) ??
    (code < 0x100 ? `\\x${hex(2)}` : code < 0x10000 ? `\\u${hex(4)}` : `\\U${hex(6)}`)
  );
};
