/** What the schema refused, in words, at the line of the entry it is in. */
import type * as z from 'zod';
import type { Position, Problem } from './config-error.ts';
import { problemCount } from './limits.ts';

/** Where an entry of the configuration was made; the nearest one around a path. */
export type Site = (path: readonly PropertyKey[]) => Position;

/** `services[1].ready.http` */
export const pathText = (path: readonly PropertyKey[]): string =>
  path
    .map((key, at) => {
      if (typeof key === 'number') return `[${key}]`;
      const text = String(key);
      if (!/^[A-Za-z_$][\w$]*$/.test(text)) return `[${JSON.stringify(text)}]`;
      return at === 0 ? text : `.${text}`;
    })
    .join('');

const foundChars = 60;
/** A value as people know it, short. */
export const found = (value: unknown): string => {
  if (value === undefined) return 'nothing';
  if (value === null) return 'null';
  if (Array.isArray(value)) return 'a list';
  if (typeof value === 'object') return 'an object';
  if (typeof value !== 'string') return String(value);
  const text = JSON.stringify(value);
  return text.length <= foundChars ? text : `${text.slice(0, foundChars)}…"`;
};

const articles: Readonly<Record<string, string>> = {
  string: 'a text',
  number: 'a number',
  int: 'a whole number',
  boolean: 'true or false',
  array: 'a list',
  object: 'an object',
  record: 'an object',
};
/** For what the schema has no words of its own. */
export const wordsFor: z.core.$ZodErrorMap = (issue) => {
  if (issue.code === 'invalid_type')
    return `expected ${articles[issue.expected] ?? issue.expected}`;
  // Written by hand, without the function of the package that makes it.
  if (issue.code === 'invalid_value' && issue.path?.at(-1) === 'kind')
    return `expected what ${functionOf(String(issue.values[0]))}(…) makes`;
  return undefined;
};
/** `ref-file` is made by `ref`, `system-log` by `systemLog`. */
const functionOf = (kind: string): string =>
  kind.replace(/-file$/, '').replace(/-(.)/g, (_all, letter: string) => letter.toUpperCase());

/** What is in the value at this path; undefined where the path leads nowhere. */
const valueAt = (value: unknown, path: readonly PropertyKey[]): unknown =>
  path.reduce<unknown>(
    (inner, key) =>
      typeof inner === 'object' && inner !== null
        ? (Reflect.get(inner, key) as unknown)
        : undefined,
    value,
  );

const textOf = (issue: z.core.$ZodIssue, value: unknown): string => {
  const inner = issue.code === 'invalid_key' ? issue.issues[0]?.message : undefined;
  const text = inner ?? issue.message;
  if (issue.code === 'unrecognized_keys' || issue.code === 'invalid_key') return text;
  return text.startsWith('expected ')
    ? `${text}, found ${found(valueAt(value, issue.path))}`
    : text;
};

/** The first problems of a refused value. */
export const problemsOf = (
  issues: readonly z.core.$ZodIssue[],
  value: unknown,
  siteOf: Site,
): readonly Problem[] => {
  const misspelled = new Set(
    issues.filter(({ code }) => code === 'unrecognized_keys').map(({ path }) => pathText(path)),
  );
  return issues
    .map((issue) => ({ issue, path: pathText(issue.path) }))
    .filter(({ issue, path }) => issue.code !== 'custom' || !misspelled.has(path)) // it follows
    .slice(0, problemCount)
    .map(({ issue, path }) => ({ ...siteOf(issue.path), path, text: textOf(issue, value) }));
};
