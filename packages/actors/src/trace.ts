/**
 * Values as text, for the rehearsal: equal for two runs that did the same, whatever was made anew.
 */
import { limits } from './limits.ts';
import { writtenName } from './names.ts';

const depthLimit = 4;

/** One line that describes a value by its data and the classes of what is no data. */
export const traceOf = (value: unknown): string => {
  const parts: string[] = [];
  write(value, parts, 0);
  const text = parts.join('');
  return text.length > limits.quotedCharacters * 5
    ? text.slice(0, limits.quotedCharacters * 5)
    : text;
};

const write = (value: unknown, parts: string[], depth: number): void => {
  if (typeof value === 'function') parts.push('function');
  else if (typeof value !== 'object' || value === null)
    parts.push(`${typeof value} ${String(value)}`);
  else if (depth >= depthLimit) parts.push('…');
  else if (Array.isArray(value)) writeAll(value.entries(), parts, depth, '[]');
  else if (value instanceof Error) parts.push(`${value.name} ${value.message}`);
  else if (isPlain(value)) writeAll(Object.entries(value), parts, depth, '{}');
  else parts.push(writtenName(value.constructor.name));
};

const writeAll = (
  entries: Iterable<readonly [unknown, unknown]>,
  parts: string[],
  depth: number,
  brackets: string,
): void => {
  parts.push(brackets.charAt(0));
  for (const [key, value] of entries) {
    parts.push(`${String(key)}:`);
    write(value, parts, depth + 1);
    parts.push(' ');
  }
  parts.push(brackets.charAt(1));
};

const isPlain = (value: object): boolean => {
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
};

/** Freezes lists and records all the way down, so that sharing a mutable argument shows at once. */
export const freezeData = (value: unknown): void => {
  if (typeof value !== 'object' || value === null || Object.isFrozen(value)) return;
  if (!Array.isArray(value) && !isPlain(value)) return;
  Object.freeze(value);
  for (const each of Object.values(value)) freezeData(each);
};
