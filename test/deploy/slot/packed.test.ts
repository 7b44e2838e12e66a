/** Many contents in a few bytes: they are found, told in pages and put together as lists of objects would be. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  contentAt,
  lackingPage,
  packed,
  packedLacking,
  sizeIn,
} from '../../../packages/deploy/src/slot/packed.ts';

const hex = fc
  .uint8Array({ minLength: 32, maxLength: 32 })
  .map((bytes) => Buffer.from(bytes).toString('hex'));
const lacking = fc
  .uniqueArray(fc.record({ sha256: hex, size: fc.nat(2 ** 31 - 1), have: fc.nat(1_000) }), {
    selector: ({ sha256 }) => sha256,
    maxLength: 60,
  })
  .map((list) => [...list].sort((a, b) => (a.sha256 < b.sha256 ? -1 : 1)));

describe('packed contents', () => {
  it('are those that were packed, in order, and no other is found', () => {
    fc.assert(
      fc.property(lacking, hex, (list, other) => {
        const contents = list.map(({ sha256, size }) => ({ sha256, size }));
        const all = packed([...contents].reverse());
        expect(contents.map((_content, at) => contentAt(all, at))).toEqual(contents);
        for (const { sha256, size } of contents) expect(sizeIn(all, sha256)).toBe(size);
        const known = contents.find(({ sha256 }) => sha256 === other)?.size;
        expect(sizeIn(all, other)).toBe(known);
      }),
    );
  });
  it('are told in pages, each once, whatever stands between two of them', () => {
    fc.assert(
      fc.property(lacking, fc.integer({ min: 1, max: 9 }), hex, (list, count, between) => {
        const all = packedLacking(list);
        expect(all.missingBytes).toBe(list.reduce((sum, { size, have }) => sum + size - have, 0));
        const told = [];
        for (let page = lackingPage(all, count); ;) {
          told.push(...page.missing);
          expect(page.missing.length).toBeLessThanOrEqual(count);
          if (!page.isMore) break;
          page = lackingPage(all, count, page.missing.at(-1)?.sha256);
        }
        expect(told).toEqual(list);
        const rest = list.filter(({ sha256 }) => sha256 > between);
        expect(lackingPage(all, 1_000, between).missing).toEqual(rest);
      }),
    );
  });
});
