/** What differs between two releases, and which of many may go. */
import { releaseDifference, toPrune, type Digest } from '@bellwether/deploy';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { fileOf, manifestOf } from '../../support/releases.ts';

describe('the difference of two releases', () => {
  it('has files and links that came, went and changed, and what of them', () => {
    const before = manifestOf([fileOf('a'), fileOf('b'), fileOf('c'), fileOf('d')], {
      links: [
        { path: 'l', to: 'a' },
        { path: 'm', to: 'a' },
      ],
    });
    const after = manifestOf(
      [
        fileOf('a'),
        { ...fileOf('b', 'new'), mode: 0o755 },
        { ...fileOf('c'), mode: 0o755 },
        fileOf('e'),
        fileOf('m'),
      ],
      { links: [{ path: 'l', to: 'b' }] },
    );
    expect(releaseDifference(before, after)).toEqual({
      added: ['e'],
      removed: ['d'],
      changed: [
        { path: 'b', what: ['content', 'mode'] },
        { path: 'c', what: ['mode'] },
        { path: 'l', what: ['target'] },
        { path: 'm', what: ['kind'] },
      ],
      fields: [],
      newBytes: 3 + 1 + 1,
    });
  });
  it('has every other field that is not the same, and what was there', () => {
    const before = manifestOf([fileOf('a')], { version: '1', provenance: { commit: 'x' } });
    const after = manifestOf([fileOf('a')], {
      run: { command: ['node', 'a'] },
      dataMigration: 'forward-only',
      provenance: { commit: 'y' },
    });
    expect(releaseDifference(before, after).fields).toEqual([
      { field: 'version', before: '1', after: undefined },
      {
        field: 'run',
        before: { command: ['node', 'server.js'] },
        after: { command: ['node', 'a'] },
      },
      { field: 'dataMigration', before: 'none', after: 'forward-only' },
      { field: 'provenance', before: { commit: 'x' }, after: { commit: 'y' } },
    ]);
  });
  it('counts a content once, and none that is there under another name', () => {
    const before = manifestOf([fileOf('a', 'same')]);
    const after = manifestOf([fileOf('b', 'same'), fileOf('c', 'fresh'), fileOf('d', 'fresh')]);
    expect(releaseDifference(before, after).newBytes).toBe(5);
  });
  it('is empty between a release and itself', () => {
    const same = manifestOf([fileOf('a')], { links: [{ path: 'l', to: 'a' }] });
    const { added, removed, changed, fields, newBytes } = releaseDifference(same, same);
    expect([...added, ...removed, ...changed, ...fields, newBytes]).toEqual([0]);
  });
});

describe('pruning', () => {
  const digests = 'abcdef'.split('').map((digit): Digest => `rel:sha256-${digit.repeat(64)}`);
  const [a, b, c, d, e, f] = digests as [Digest, Digest, Digest, Digest, Digest, Digest];
  it('takes the oldest of those that nobody needs', () => {
    expect(toPrune({ releases: digests, keepCount: 1, current: b, previous: d })).toEqual([
      f,
      e,
      c,
    ]);
    expect(toPrune({ releases: digests, keepCount: 4, current: b, previous: d })).toEqual([]);
  });
  it('never takes what is current, previous, pending or pinned, whatever is to be kept', () => {
    const some = fc.subarray(digests);
    const one = fc.option(fc.constantFrom(...digests), { nil: undefined });
    fc.assert(
      fc.property(
        fc.integer({ min: -1, max: 7 }),
        one,
        one,
        some,
        some,
        (keepCount, current, previous, pending, pinned) => {
          const gone = toPrune({
            releases: digests,
            keepCount,
            pending,
            pinned,
            ...(current !== undefined && { current }),
            ...(previous !== undefined && { previous }),
          });
          const needed = new Set([current, previous, ...pending, ...pinned]);
          expect(gone.filter((digest) => needed.has(digest))).toEqual([]);
          const spareCount = digests.filter((digest) => !needed.has(digest)).length;
          expect(gone).toHaveLength(Math.max(0, spareCount - Math.max(0, keepCount)));
        },
      ),
      { numRuns: 300, seed: 2 },
    );
    expect(
      toPrune({ releases: digests, keepCount: 0, current: a, pending: [c], pinned: [e] }),
    ).toEqual([f, d, b]);
  });
});
