/**
 * Where the values of a text in Syrup begin and end, so that a mutation can move whole ones. Whatever is no Syrup is
 * passed over: after a few mutations little is.
 */

/** One value, or the rest of one that was cut off. */
export interface Span {
  readonly start: number;
  readonly end: number;
  readonly kind: 'number' | 'text' | 'atom' | 'whole';
}

const CLOSER: Readonly<Record<number, number>> = { 0x3c: 0x3e, 0x5b: 0x5d, 0x7b: 0x7d, 0x23: 0x24 };
const isDigit = (byte: number | undefined): boolean =>
  byte !== undefined && byte >= 0x30 && byte <= 0x39;

/** All values in the bytes, those within others included. */
export const spansOf = (bytes: Uint8Array): readonly Span[] => {
  const spans: Span[] = [];
  const open: { readonly start: number; readonly closer: number }[] = [];
  for (let at = 0; at < bytes.length;) {
    const start = at;
    const byte = bytes[at] ?? 0;
    const closer = CLOSER[byte];
    at += 1;
    if (closer !== undefined) open.push({ start, closer });
    else if (open.at(-1)?.closer === byte)
      spans.push({ start: open.pop()?.start ?? start, end: at, kind: 'whole' });
    else if (byte === 0x74 || byte === 0x66) spans.push({ start, end: at, kind: 'atom' });
    else if (byte === 0x44) spans.push({ start, end: (at += 8), kind: 'atom' });
    else if (isDigit(byte)) {
      while (isDigit(bytes[at])) at += 1;
      const counted = counting(bytes, start, at);
      at = counted?.end ?? at;
      if (counted !== undefined) spans.push(counted);
    }
  }
  return spans.filter(({ end }) => end <= bytes.length);
};

/** What the digits between two offsets count. */
const counting = (bytes: Uint8Array, start: number, at: number): Span | undefined => {
  switch (bytes[at]) {
    case 0x2b: // +
    case 0x2d: // -
      return { start, end: at + 1, kind: 'number' };
    case 0x22: // "
    case 0x27: // '
    case 0x3a: {
      const length = Number(Buffer.from(bytes.subarray(start, at)).toString('latin1'));
      return { start, end: at + 1 + length, kind: 'text' };
    }
    default:
      return undefined;
  }
};
