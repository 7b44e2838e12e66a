/**
 * Short names for plain data: two values with the same meaning have the same one. Not for secrets and
 * not against anybody: whoever finds two commands with one digest hides from himself that a restart
 * would change something.
 */

/**
 * One text for one meaning: keys sorted, no blanks, what is undefined left out. Manifests of releases are written so,
 * and signed: it stays as it is.
 */
export const canonicalText = (value: unknown): string => JSON.stringify(sorted(value)) ?? '';

/** 16 hexadecimal digits: two lanes of FNV-1a over UTF-16 units. */
export const digestOf = (value: unknown): string => {
  const text = canonicalText(value);
  let low = 0x811c9dc5;
  let high = 0x9dc5811c;
  for (let at = 0; at < text.length; at += 1) {
    const unit = text.charCodeAt(at);
    low = Math.imul(low ^ unit, 0x01000193);
    high = Math.imul(high ^ (unit + at), 0x01000193);
  }
  return [hex(high), hex(low)].join(''); // flat: there is one for each process
};

const hex = (word: number): string => (word >>> 0).toString(16).padStart(8, '0');

const sorted = (value: unknown): unknown => {
  if (Array.isArray(value)) return value.map(sorted);
  if (typeof value !== 'object' || value === null) return value;
  const pairs = Object.entries(value).filter(([, each]) => each !== undefined);
  pairs.sort(([a], [b]) => (a < b ? -1 : 1));
  return Object.fromEntries(pairs.map(([key, each]) => [key, sorted(each)])) as unknown;
};
