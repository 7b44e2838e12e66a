/** LIMITS.md says what the sources say, and every limit that strangers reach is held by tests. `npm run limits` writes it. */
import fs from 'node:fs';
import { beforeAll, describe, expect, it } from 'vitest';
import { held, strictAreas } from './support/limits-held.ts';
import {
  type Limit,
  limitsTable,
  namedIn,
  pathOf,
  readLimits,
  testText,
} from './support/limits-table.ts';

/**
 * Limits of the packages that strangers do not reach first, which no test of theirs names. To be made fewer; one more, and
 * somebody has to write its test.
 */
const mostUnnamed: Readonly<Record<string, number>> = {
  authority: 7,
  'authority/audit': 4,
  'deploy/carrier': 6,
  'deploy/node': 2,
  'deploy/release': 10,
  'deploy/slot': 13,
  fleet: 21,
  'herd/cli': 8,
  'herd/client': 30,
  'herd/config': 30,
  'herd/gnu': 1,
  'herd/refs': 1,
  shepherd: 15,
  'shepherd/node/keeper': 5,
  'shepherd/node': 23,
  store: 7,
};

let limits: readonly Limit[];
beforeAll(async () => {
  limits = await readLimits();
});
const keyOf = ({ area, name }: Limit): string => `${area} ${name}`;
const isStrict = ({ area }: Limit): boolean => strictAreas.includes(area);

describe('LIMITS.md', () => {
  it('has a row for each limit, with its value and its reason', () => {
    const found = limitsTable(limits, held);
    const file = pathOf('LIMITS.md');
    if (process.env['WRITE_LIMITS'] !== undefined) fs.writeFileSync(file, found);
    expect(fs.readFileSync(file, 'utf8'), 'npm run limits writes it').toBe(found);
  });
  it('has a reason for each', () => {
    expect(limits.filter(({ reason }) => reason === undefined).map(keyOf)).toEqual([]);
  });
});

describe('a limit that the bytes of strangers reach', () => {
  it('has tests, or a reason why nobody outside can exceed it', () => {
    expect(
      limits
        .filter(isStrict)
        .map(keyOf)
        .filter((key) => held[key] === undefined),
    ).toEqual([]);
  });
  it('is one that there is', () => {
    const known = new Set(limits.map(keyOf));
    expect(Object.keys(held).filter((key) => !known.has(key))).toEqual([]);
  });
  it('has tests that there are', () => {
    const missing = Object.entries(held).flatMap(([key, how]) =>
      'ours' in how
        ? []
        : how.tests
            .map((test) => ({ test, at: test.indexOf(': ') }))
            .filter(({ test, at }) => {
              const text = testText(test.slice(0, at));
              const title = test.slice(at + 2);
              return text === undefined || !text.includes(title);
            })
            .map(({ test }) => `${key}: ${test}`),
    );
    expect(missing).toEqual([]);
  });
});

describe('any other limit', () => {
  it('is named by a test, or is one of those of which fewer and fewer are not', () => {
    const counts: Record<string, number> = {};
    for (const limit of limits)
      if (!isStrict(limit) && namedIn(limit).length === 0)
        counts[limit.area] = (counts[limit.area] ?? 0) + 1;
    const grown = Object.entries(counts).filter(
      ([area, count]) => count > (mostUnnamed[area] ?? 0),
    );
    expect(grown).toEqual([]);
  });
});
