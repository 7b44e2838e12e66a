/** All commands of an entry, wherever they stand: who goes through them forgets none that is new. */
import type { ExecDescription } from './schema.ts';

/** The same, each of its commands as it was changed. */
export const withCommands = <T>(value: T, change: (one: ExecDescription) => ExecDescription): T =>
  changed(value, change) as T;
const changed = (value: unknown, change: (one: ExecDescription) => ExecDescription): unknown => {
  if (isCommand(value)) return change(value);
  if (Array.isArray(value)) return value.map((each) => changed(each, change));
  if (typeof value !== 'object' || value === null) return value;
  const all = Object.entries(value).map(([key, each]) => [key, changed(each, change)] as const);
  return Object.fromEntries(all);
};

/** Each with the keys that lead to it. */
export const commandsIn = (
  value: unknown,
  keys: readonly string[] = [],
): readonly (readonly [keys: readonly string[], command: ExecDescription])[] => {
  if (isCommand(value)) return [[keys, value]];
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([key, each]) => commandsIn(each, [...keys, key]));
};

/** Labels may have such a kind, too, and no list. */
const isCommand = (value: unknown): value is ExecDescription =>
  typeof value === 'object' &&
  value !== null &&
  Reflect.get(value, 'kind') === 'exec' &&
  Array.isArray(Reflect.get(value, 'argv'));
