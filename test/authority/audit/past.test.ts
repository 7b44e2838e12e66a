/** What an audit tells of grants that a backup gives back. */
import { chained, chainStart, readPast, type AuditRecord, type Past } from '@bellwether/authority';
import { expect, it } from 'vitest';

const told = (maxUses: ReadonlyMap<string, number>, ...records: readonly AuditRecord[]): Past => {
  const reader = readPast(maxUses);
  for (const { text } of chained(chainStart, 0, records, () => 'ab'.repeat(32))) reader.look(text);
  reader.look('no record, with "revoked" and "g-1" in it');
  return reader.past();
};
const asked = (operation: string, asker = 'g-2'): AuditRecord => ({
  event: 'asked',
  asker,
  chain: [
    { grant: 'g-1', issuer: 'root' },
    { grant: 'g-2', issuer: 'ed25519:1' },
  ],
  operation,
});

it('tells when, by whom and why a grant was taken back, until its owner confirmed it', () => {
  const revoked: AuditRecord = { event: 'revoked', asker: 'root', grant: 'g-1', reason: 'stolen' };
  expect(told(new Map(), revoked).revoked.get('g-1')).toBe(
    'revoked at 1970-01-01T00:00:00.000Z by root: stolen',
  );
  const confirmed: AuditRecord = { event: 'confirmed', asker: 'root', grant: 'g-1' };
  expect(told(new Map(), revoked, confirmed).revoked.size).toBe(0);
  expect(told(new Map(), revoked, confirmed, revoked).revoked.size).toBe(1);
});
it('counts each operation once, for every grant of its chain that is bounded, and no further', () => {
  const { usedCounts } = told(
    new Map([
      ['g-1', 2],
      ['g-2', 9],
    ]),
    asked('op-1'),
    asked('op-1'),
    asked('op-2'),
    asked('op-1', 'g-3'),
  );
  expect([...usedCounts]).toEqual([
    ['g-1', 2],
    ['g-2', 3],
  ]);
});
