/** Values in messages of errors: whatever it is, it costs one short line. */
import { limits } from './limits.ts';

/** A value for an error message: short, on one line, and never the inside of an object. */
export const quoted = (value: unknown): string => {
  if (typeof value === 'string') return JSON.stringify(short(value));
  if (typeof value === 'bigint' || typeof value === 'symbol') return short(value.toString());
  if (typeof value === 'function') return 'a function';
  if (typeof value !== 'object' || value === null) return String(value);
  return Array.isArray(value) ? `a list of ${value.length}` : 'an object';
};

/** Text cut to the length that an error message may quote. */
export const short = (text: string): string =>
  text.length <= limits.quotedCharacters ? text : `${text.slice(0, limits.quotedCharacters)}…`;
