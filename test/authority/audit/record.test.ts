/** What a record of the audit may say, and the one text that says it. */
import { createHash } from 'node:crypto';
import {
  audit,
  auditLimits,
  chained,
  chainStart,
  isAuditEntry,
  recordIn,
  type AuditRecord,
} from '@bellwether/authority';
import { describe, expect, it } from 'vitest';

const digest = (text: string): string => createHash('sha256').update(text, 'latin1').digest('hex');
const lineOf = (record: AuditRecord): string =>
  chained(chainStart, 1_764_065_045_123, [record], digest)[0]?.text ?? '';
const asked: AuditRecord = { event: 'asked', asker: 'root' };
/** The heaviest of all records: everything there is, and no more of it than is shown, every character escaped. */
const heaviest = ((wide): AuditRecord => ({
  event: 'confirmed',
  asker: wide,
  chain: Array.from({ length: auditLimits.linkCount }, () => ({
    grant: wide,
    issuer: wide,
    holder: wide,
  })),
  service: wide,
  action: wide,
  args: Array.from({ length: auditLimits.argumentCount }, () => wide),
  operation: wide,
  whose: wide,
  result: wide,
  code: wide,
  reason: wide,
  label: wide,
  grant: wide,
}))('\u{1f600}'.repeat(2_000));

describe('a record of the audit', () => {
  it('is written in one order, whatever the order of its members was', () => {
    const given = { service: 'web', asker: 'root', action: 'start', event: 'asked' } as const;
    const other = { event: 'asked', asker: 'root', service: 'web', action: 'start' } as const;
    expect(lineOf(given)).toBe(lineOf(other));
    expect(lineOf(given)).toContain(
      '{"number":1,"at":"2025-11-25T10:04:05.123Z","event":"asked","asker":"root","service":"web","action":"start",',
    );
  });
  it('reads back the same, whatever is in it, and is ASCII without controls', () => {
    const reason = 'é \u202e \u0007 \n "quoted" \\ \ud83d \u{1f600}';
    const line = lineOf({ ...asked, reason });
    expect(line).toMatch(/^[ -~]+$/);
    expect(recordIn(line)).toEqual({ number: 1, atMs: 1_764_065_045_123, ...asked, reason });
  });
  it('names whose operation somebody has come back to', () => {
    expect(recordIn(lineOf({ ...asked, operation: 'op', whose: 'g-1' }))).toMatchObject({
      operation: 'op',
      whose: 'g-1',
    });
  });
  it('drops what is no member of one', () => {
    const swollen = { ...asked, swissnum: 'secret' } as AuditRecord;
    expect(lineOf(swollen)).not.toContain('secret');
  });
  it('is refused where it is none: nothing counts as written that is not', () => {
    expect(() => lineOf({ event: 'begun', asker: 'root' } as never)).toThrow(TypeError);
    expect(() => lineOf({ event: 'asked' } as never)).toThrow(TypeError);
    expect(() => lineOf({ ...asked, args: [7] } as never)).toThrow(TypeError);
  });
  it('is recorded by a turn as an entry that the commit of a daemon knows', () => {
    const entries: unknown[] = [];
    audit({ record: (entry) => void entries.push(entry) }, asked);
    expect(entries).toEqual([{ kind: 'audit', ...asked }]);
    expect([...entries, { kind: 'desired' }, null, 'audit'].map(isAuditEntry)).toEqual([
      true,
      false,
      false,
      false,
    ]);
  });
});

describe('the limits of a record', () => {
  const shown = (record: AuditRecord) => recordIn(lineOf({ ...asked, ...record }));
  it('keep a name and a reason whole up to the limit, and show beyond that they are cut', () => {
    const name = 'n'.repeat(auditLimits.nameCharacters);
    const reason = 'r'.repeat(auditLimits.reasonCharacters);
    expect(shown({ ...asked, service: name, reason })).toMatchObject({ service: name, reason });
    const long = shown({ ...asked, service: `${name}n`, reason: `${reason}r` });
    expect(long?.service).toBe(`${name.slice(1)}…`);
    expect(long?.reason).toBe(`${reason.slice(1)}…`);
  });
  it('keep arguments and links up to the limit, and tell beyond it how many are left out', () => {
    const args = Array.from({ length: auditLimits.argumentCount }, (_, at) => `a${at}`);
    expect(shown({ ...asked, args })?.args).toEqual(args);
    const more = shown({ ...asked, args: [...args, 'last'] })?.args;
    expect(more).toEqual([...args.slice(0, -2), '… and 2 more', 'last']);
    const chain = Array.from({ length: auditLimits.linkCount }, (_, at) => ({
      grant: `g-${at}`,
      issuer: 'i',
    }));
    expect(shown({ ...asked, chain })?.chain).toEqual(chain);
    const longer = shown({ ...asked, chain: [...chain, { grant: 'g-last', issuer: 'i' }] })?.chain;
    expect(longer?.map(({ grant }) => grant).slice(-2)).toEqual(['… and 2 more', 'g-last']);
    expect(longer).toHaveLength(auditLimits.linkCount);
  });
  it('keep each argument and part of a link to its length', () => {
    const fits = 'a'.repeat(auditLimits.argumentCharacters);
    expect(shown({ ...asked, args: [fits, `${fits}a`] })?.args).toEqual([
      fits,
      `${fits.slice(1)}…`,
    ]);
    const key = 'k'.repeat(auditLimits.linkCharacters);
    const chain = [{ grant: key, issuer: `${key}k`, holder: key }];
    expect(shown({ ...asked, chain })?.chain).toEqual([
      { grant: key, issuer: `${key.slice(1)}…`, holder: key },
    ]);
  });
  it('let no line be longer than a reader takes', () => {
    const line = lineOf(heaviest);
    expect(line.length).toBeLessThanOrEqual(auditLimits.lineCharacters);
    expect(Math.round(line.length / 1_024)).toBe(77);
    expect(recordIn(line)?.event).toBe('confirmed');
  });
});
