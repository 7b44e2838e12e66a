/** What a far end says of a command that lost, under the names and ids of this side. */
import { World } from '@bellwether/actors';
import { describe, expect, it } from 'vitest';
import { memberIds } from '../../../packages/fleet/src/exported/member-operation.ts';
import { lostHere } from '../../../packages/fleet/src/exported/relabel.ts';
import { simulatedCrypto } from '../../support/ocapn-peer.ts';

const ids = memberIds(simulatedCrypto(new World(1)));
const said = (principal: string, operation: string | undefined) => {
  const lostTo = { action: 'restart', ...(operation !== undefined && { operation }) };
  const row = { member: 'web', result: 'superseded', reason: 'Service web: …', lostTo } as const;
  return lostHere({ memberIds: ids }, { action: 'start', principal }, row, 'web-a').reason;
};
const [bare, named] = ['', ' (op-2)'].map(
  (which) => `Service web-a: start lost to a later restart${which}.`,
);

describe('who lost at a far end', () => {
  it('is told the id that he has chosen here himself', () => {
    expect(said('g-1', ids('g-1', 'op-2'))).toBe(named);
  });
  it('is told no id of somebody else’s, but for the owner, who is told all of them', () => {
    expect(said('g-1', ids('g-2', 'op-2'))).toBe(bare);
    expect(said('root', ids('g-2', 'op-2'))).toBe(named);
  });
  it('is told no id that was not chosen here', () => {
    for (const principal of ['g-1', 'root']) {
      expect(said(principal, 'op-2')).toBe(bare);
      expect(said(principal, undefined)).toBe(bare);
    }
  });
  it('keeps its words where it did not lose, or does not say to what', () => {
    const held = { memberIds: ids };
    const asked = { action: 'start', principal: 'root' };
    for (const row of [
      { member: 'web', result: 'superseded', reason: 'r' },
      { member: 'web', result: 'unknown', reason: 'r', lostTo: { action: 'stop' } },
    ] as const)
      expect(lostHere(held, asked, row, 'web-a')).toEqual({});
  });
});
