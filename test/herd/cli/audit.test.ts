/** `herd audit` for people and for programs; what a shepherd answers is checked before anything is made of it. */
import { createHash } from 'node:crypto';
import { auditLimits, chained, chainStart, type AuditRecord } from '@bellwether/authority';
import { describe, expect, it } from 'vitest';
import { auditIn } from '../../../packages/herd/src/client/audit-answer.ts';
import { auditLines } from '../../../packages/herd/src/cli/format/audit.ts';

const digest = (text: string): string => createHash('sha256').update(text, 'latin1').digest('hex');
const linesOf = (...records: readonly AuditRecord[]): readonly string[] =>
  chained(chainStart, 0, records, digest).map(({ text }) => text);
const shown = (...records: readonly AuditRecord[]): readonly string[] =>
  auditLines(auditIn({ lines: linesOf(...records), isCut: false }).lines).map((line) =>
    line.replace(/^\d+ \w+ \d+ [\d:]+  /, ''),
  );
const web = { service: 'web', action: 'restart', operation: 'op-1' } as const;

describe('the audit as people see it', () => {
  it('has the end of a command beside its beginning, each of its own asker', () => {
    expect(
      shown(
        { event: 'asked', asker: 'root', ...web },
        { event: 'asked', asker: 'a'.repeat(64), ...web },
        { event: 'ended', asker: 'root', ...web, result: 'changed' },
        { event: 'ended', asker: 'a'.repeat(64), ...web, result: 'failed', reason: 'it died' },
      ),
    ).toEqual([
      'local root         restart web  changed',
      'ref aaaaaaaaaaaa…  restart web  failed (it died)',
    ]);
  });
  it('shows a beginning without its end, and an end whose beginning is not there', () => {
    expect(
      shown(
        { event: 'ended', asker: 'root', ...web, result: 'changed' },
        { event: 'asked', asker: 'root', ...web },
      ),
    ).toEqual(['local root  restart web  changed', 'local root  restart web']);
  });
  it('has the whole chain of a grant, from who made it to who used it, and what was denied', () => {
    const chain = [
      { grant: 'g-1', issuer: 'root', holder: 'k'.repeat(52) },
      { grant: 'g-2', issuer: 'k'.repeat(52), holder: 'bot' },
    ];
    expect(
      shown({ event: 'denied', asker: 'g-2', chain, ...web, action: 'stop', code: 'denied' }),
    ).toEqual(['local root > g-1 (kkkkkkkkkkkk…) > g-2 (bot)  stop web  DENIED (denied)']);
  });
  it('tells of grants and alerts, and does nothing to a terminal', () => {
    expect(
      shown(
        { event: 'revoked', asker: 'root', grant: 'g-1', reason: 'left' },
        { event: 'alert', asker: 'shepherd', code: 'audit-cut', reason: 'a\u001b[31mb' },
      ),
    ).toEqual([
      'local root    revoked g-1  left',
      'the shepherd  alert        audit-cut: a\\x1b[31mb',
    ]);
  });
});

describe('what a shepherd answers about its audit', () => {
  it('is refused where it is anything but records', () => {
    const [line = ''] = linesOf({ event: 'asked', asker: 'root' });
    const bad = [
      undefined,
      {},
      { lines: [line] },
      { lines: [line], isCut: 'no' },
      { lines: [7], isCut: false },
      { lines: [`${line} `], isCut: false },
      { lines: ['x'.repeat(auditLimits.lineCharacters + 1)], isCut: false },
    ];
    for (const value of bad) expect(() => auditIn(value)).toThrow('audit');
  });
  it('has as many records as a question may be answered with, and not one more', () => {
    const lines = linesOf(
      ...Array.from({ length: auditLimits.answerCount + 1 }, (): AuditRecord => ({
        event: 'asked',
        asker: 'root',
      })),
    );
    expect(auditIn({ lines: lines.slice(1), isCut: true }).lines).toHaveLength(
      auditLimits.answerCount,
    );
    expect(() => auditIn({ lines, isCut: true })).toThrow('audit');
  });
});
