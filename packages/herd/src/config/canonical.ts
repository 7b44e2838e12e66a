/**
 * One text for one meaning: keys sorted, no spaces. Two descriptions are equal if their texts are.
 */

const sorted = (value: unknown): unknown => {
  if (Array.isArray(value)) return value.map(sorted);
  if (typeof value !== 'object' || value === null) return value;
  const pairs = Object.entries(value).filter(([, each]) => each !== undefined);
  pairs.sort(([a], [b]) => (a < b ? -1 : 1));
  return Object.fromEntries(pairs.map(([key, each]) => [key, sorted(each)])) as unknown;
};

/** Canonical JSON of plain data; what is undefined is left out. */
export const canonicalJson = (value: unknown): string => JSON.stringify(sorted(value));
