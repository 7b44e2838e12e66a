/** What lies on a disk and belongs to no release: whose it is, and what goes for what. */
import { Limit } from '@bellwether/actors';
import { releaseLimits, slotLimits } from '@bellwether/deploy';
import { describe, expect, it } from 'vitest';
import { BroughtQuota, broughtBytes } from '../../../packages/deploy/src/slot/quota.ts';

const block = slotLimits.blockBytes;
const owner = (asker: string, slot = 'web') => ({ slot, asker });

describe('contents that were brought and not staged', () => {
  it('of one asker are so many bytes, and the oldest go for what is new', () => {
    const quota = new BroughtQuota('root');
    for (const sha256 of ['a', 'b', 'c']) {
      expect(quota.surplus(owner('alice'), block, 3 * block)).toEqual([]);
      quota.add(owner('alice'), sha256, block);
    }
    expect(quota.surplus(owner('alice'), 1, 3 * block)).toEqual(['a']);
    quota.add(owner('alice'), 'd', 1);
    expect(quota.surplus(owner('alice'), 3 * block, 3 * block)).toEqual(['b', 'c', 'd']);
    expect(() => quota.surplus(owner('alice'), 3 * block + 1, 3 * block)).toThrow(Limit);
  });
  it('of others who have no more stay, and take no more than two shares together', () => {
    const quota = new BroughtQuota('root');
    quota.add(owner('alice'), 'a', block);
    expect(quota.surplus(owner('bob'), block, block)).toEqual([]);
    quota.add(owner('bob'), 'b', block);
    expect(() => quota.surplus(owner('carol'), block, block)).toThrow(
      `not staged, and ${2 * block} is what it takes`,
    );
    expect(quota.surplus(owner('carol', 'other'), block, block)).toEqual([]);
    // They cost nothing any more once a release has them, or they are gone.
    quota.forget('web', 'a');
    expect(quota.surplus(owner('carol'), block, block)).toEqual([]);
    quota.keepOnly(() => false);
    expect(quota.surplus(owner('bob'), block, block)).toEqual([]);
  });
  it('go for one who is to have less than whoever has the most, the oldest of his first', () => {
    const quota = new BroughtQuota('root');
    for (const sha256 of ['a', 'b', 'c']) quota.add(owner('alice'), sha256, block);
    for (const sha256 of ['d', 'e']) quota.add(owner('bob'), sha256, 2 * block);
    quota.add(owner('dora', 'other'), 'f', 9 * block);
    const most = 4 * block;
    // 7 of 8 blocks are taken: what alice has is no more than what carol is to have.
    expect(quota.surplus(owner('carol'), block, most)).toEqual([]);
    quota.add(owner('carol'), 'g', block);
    expect(quota.surplus(owner('carol'), 2 * block, most)).toEqual(['d']);
    quota.add(owner('carol'), 'h', 2 * block);
    expect(() => quota.surplus(owner('carol'), block, most)).toThrow(Limit);
  });
  it('go for the owner of the machine in any case, and his for nobody else', () => {
    const quota = new BroughtQuota('root');
    for (const asker of ['alice', 'bob', 'carol', 'dora']) quota.add(owner(asker), asker, block);
    expect(quota.surplus(owner('root'), 2 * block, 2 * block)).toEqual(['alice', 'bob']);
    quota.add(owner('root'), 'mine', 2 * block);
    expect(quota.surplus(owner('root'), block, 2 * block)).toEqual(['mine']);
    quota.add(owner('root'), 'again', 2 * block);
    expect(() => quota.surplus(owner('eve'), block, 2 * block)).toThrow(Limit);
  });
  it('count once, for who was first', () => {
    const quota = new BroughtQuota('root');
    quota.add(owner('alice'), 'a', block);
    quota.add(owner('bob'), 'a', block);
    expect(quota.surplus(owner('bob'), block, block)).toEqual([]);
    expect(quota.surplus(owner('alice'), block, block)).toEqual(['a']);
  });
  it('count as the blocks that they take of a disk, so that small ones do not fill it', () => {
    const quota = new BroughtQuota('root');
    quota.add(owner('alice'), 'a', 0);
    quota.add(owner('alice'), 'b', block);
    quota.add(owner('alice'), 'c', block + 1);
    expect(quota.surplus(owner('alice'), block, 5 * block)).toEqual([]);
    expect(quota.surplus(owner('alice'), block + 1, 5 * block)).toEqual(['a']);
  });
  it('of the largest release have room for as many of them as it may have', () => {
    const quota = new BroughtQuota('root');
    const { entryCount, manifestBytes } = releaseLimits;
    const most = broughtBytes(entryCount);
    quota.add(owner('alice'), 'text', manifestBytes);
    let goneCount = 0;
    for (let at = 0; at < entryCount; at += 1) {
      goneCount += quota.surplus(owner('alice'), 1, most).length;
      quota.add(owner('alice'), String(at), 1);
    }
    expect(goneCount).toBe(0);
  });
});
