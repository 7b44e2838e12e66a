/** What lies on a disk and belongs to no release: whose it is, and what goes for what. */
import { Limit } from '@bellwether/actors';
import { describe, expect, it } from 'vitest';
import { BroughtQuota } from '../../../packages/deploy/src/slot/quota.ts';

const owner = (asker: string, slot = 'web') => ({ slot, asker });

describe('contents that were brought and not staged', () => {
  it('of one asker are so many bytes, and the oldest go for what is new', () => {
    const quota = new BroughtQuota();
    for (const sha256 of ['a', 'b', 'c']) {
      expect(quota.surplus(owner('alice'), 10, 30)).toEqual([]);
      quota.add(owner('alice'), sha256, 10);
    }
    expect(quota.surplus(owner('alice'), 1, 30)).toEqual(['a']);
    quota.add(owner('alice'), 'd', 1);
    expect(quota.surplus(owner('alice'), 30, 30)).toEqual(['b', 'c', 'd']);
    expect(() => quota.surplus(owner('alice'), 31, 30)).toThrow(Limit);
  });
  it('of others stay, and take no more than two shares together', () => {
    const quota = new BroughtQuota();
    quota.add(owner('alice'), 'a', 30);
    expect(quota.surplus(owner('bob'), 30, 30)).toEqual([]);
    quota.add(owner('bob'), 'b', 30);
    expect(() => quota.surplus(owner('carol'), 1, 30)).toThrow(
      'not staged, and 60 is what it takes',
    );
    expect(quota.surplus(owner('carol', 'other'), 30, 30)).toEqual([]);
    // They cost nothing any more once a release has them, or they are gone.
    quota.forget('web', 'a');
    expect(quota.surplus(owner('carol'), 30, 30)).toEqual([]);
    quota.keepOnly(() => false);
    expect(quota.surplus(owner('bob'), 30, 30)).toEqual([]);
  });
  it('count once, for who was first', () => {
    const quota = new BroughtQuota();
    quota.add(owner('alice'), 'a', 30);
    quota.add(owner('bob'), 'a', 30);
    expect(quota.surplus(owner('bob'), 30, 30)).toEqual([]);
    expect(quota.surplus(owner('alice'), 30, 30)).toEqual(['a']);
  });
});
