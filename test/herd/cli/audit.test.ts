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
    line.replace(/^\d{4}-\d\d-\d\d [\d:]{8}  /, ''),
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
      'restart web  changed           by local root',
      'restart web  failed (it died)  by ref m-aaaaaaaaaaaa',
    ]);
  });
  it('says what was come back to, and whose that was', () => {
    expect(
      shown(
        { event: 'asked', asker: 'g-1', ...web },
        { event: 'asked', asker: 'root', ...web, whose: 'g-1' },
        { event: 'ended', asker: 'root', ...web, whose: 'g-1', result: 'changed' },
        { event: 'asked', asker: 'root', action: 'cancel', operation: 'op-1', whose: 'g-1' },
      ),
    ).toEqual([
      'restart web                                by g-1',
      'retry op-1: restart web (of g-1)  changed  by local root',
      'cancel op-1 (of g-1)                       by local root',
    ]);
  });
  it('has what somebody has chosen in quotes, where it could be taken for what herd says', () => {
    const args = ['(of g-1)', 'v1.2', "it's", 'x  changed  by local root'];
    expect(shown({ event: 'asked', asker: 'g-2', ...web, args })).toEqual([
      `restart web '(of g-1)' v1.2 'it'\\''s' 'x  changed  by local root'    by g-2`,
    ]);
  });
  it('shows a beginning without its end, and an end whose beginning is not there', () => {
    expect(
      shown(
        { event: 'ended', asker: 'root', ...web, result: 'changed' },
        { event: 'asked', asker: 'root', ...web },
      ),
    ).toEqual(['restart web  changed  by local root', 'restart web           by local root']);
  });
  it('has the whole chain of a grant, from who made it to who used it, and what was denied', () => {
    const chain = [
      { grant: 'g-1', issuer: 'root', holder: 'k'.repeat(52) },
      { grant: 'g-2', issuer: 'k'.repeat(52), holder: 'bot' },
    ];
    expect(
      shown({ event: 'denied', asker: 'g-2', chain, ...web, action: 'stop', code: 'denied' }),
    ).toEqual(['stop web  DENIED  by local root > g-1 (kkkkkkkkkkkk…) > g-2 (bot)']);
  });
  it('tells of grants and alerts, and does nothing to a terminal', () => {
    expect(
      shown(
        { event: 'revoked', asker: 'root', grant: 'g-1', reason: 'left' },
        { event: 'alert', asker: 'shepherd', code: 'audit-cut', reason: 'a\u001b[31mb' },
      ),
    ).toEqual([
      'revoked g-1  left                   by local root',
      'alert        audit-cut: a\\x1b[31mb  by the shepherd',
    ]);
  });
  it('lets one that has much to say make the others no wider', () => {
    const alert = { event: 'alert', asker: 'shepherd', reason: 'x'.repeat(200) } as const;
    const [told, ...others] = shown(alert, { event: 'ended', asker: 'root', ...web, result: 'ok' });
    expect(told).toHaveLength('alert        '.length + 200 + '  by the shepherd'.length);
    expect(others).toEqual(['restart web  ok  by local root']);
  });
  it('names who made a grant and who took it back, not who holds it', () => {
    const chain = [
      { grant: 'g-1', issuer: 'root', holder: 'alice' },
      { grant: 'g-2', issuer: 'alice', holder: 'bot' },
    ];
    const given = { service: 'web', action: 'restart log', label: 'ci', grant: 'g-2', chain };
    expect(
      shown(
        { event: 'granted', asker: 'g-1', ...given },
        { event: 'redeemed', asker: 'g-2', chain, service: 'web', grant: 'g-2' },
        { event: 'revoked', asker: 'root', chain, service: 'web', grant: 'g-2', reason: 'left' },
        { event: 'denied', asker: 'g-2', chain, service: 'web', action: 'follow', code: 'revoked' },
      ).map((line) => line.replace(/ {2,}/g, '  ')),
    ).toEqual([
      'granted g-2 to ci: restart, log of web  by local root > g-1 (alice)',
      'redeemed g-2 web  by local root > g-1 (alice) > g-2 (bot)',
      'revoked g-2 web  left  by local root',
      'log web  DENIED (revoked)  by local root > g-1 (alice) > g-2 (bot)',
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
