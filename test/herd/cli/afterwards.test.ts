/** What a command that did not end well is told to do next. */
import type { Outcome, Result, Row } from '@bellwether/shepherd';
import { describe, expect, it } from 'vitest';
import { nextWords } from '../../../packages/herd/src/cli/operation/afterwards.ts';

const command = { action: 'deploy', service: 'web', args: [] };
const wordsAfter = (...results: readonly Result[]): string => {
  const rows = results.map((result, at) => ({ member: `web-${at}`, result }));
  const outcome = { member: 'web', result: 'failed', rows } as const;
  return nextWords(command, 'op-1', outcome).join('\n');
};

it('who is stopped by one that is out of reach is told how to go on without it', () => {
  const words = wordsAfter('skipped', 'unreachable');
  expect(words).toContain("'--max-unavailable N'");
  expect(words).toContain("'-l SELECTOR' leaves them out");
  // A deploy is queued for nobody.
  expect(words).not.toContain('--when-online');
  expect(wordsAfter('changed', 'unreachable')).not.toContain('--max-unavailable');
  expect(wordsAfter('changed', 'skipped')).not.toContain('--max-unavailable');
});

describe('a retry is worth typing', () => {
  it.each<readonly [readonly Result[], boolean]>([
    [['changed', 'failed'], true],
    [['changed', 'skipped'], true],
    [['rolled-back', 'unreachable'], true],
    [['rolled-back', 'skipped', 'failed'], true],
    [['rolled-back', 'skipped', 'skipped'], false],
    [['rollback-failed', 'skipped'], false],
    [['rolled-back', 'changed'], false],
    [['superseded'], false],
  ])('after %j: %s', (results, isWorth) => {
    expect(wordsAfter(...results).includes("'herd retry op-1'")).toBe(isWorth);
  });
});

describe('a retry is not offered', () => {
  const no = (member: string) => ({ member, result: 'failed', isVain: true }) as const;
  const left = (member: string) => ({ member, result: 'skipped' }) as const;
  const after = (...rows: readonly Row[]): string =>
    nextWords(command, 'op-1', { member: 'web', result: 'failed', rows }).join('\n');
  it('where the same would be refused again, and the rest was left alone because of that', () => {
    expect(after(no('a'), left('b'))).toBe('');
    expect(after(no('a'), no('b'))).toBe('');
  });
  it('but where one of them may do it', () => {
    expect(after(no('a'), { member: 'b', result: 'failed' })).toContain("'herd retry op-1'");
  });
});

describe('what is disabled is enabled first, by a name that can be typed', () => {
  const off = (member: string) => ({ member, result: 'failed', isDisabled: true }) as const;
  const ill = { member: 'web-z', result: 'failed' } as const;
  const after = (service: string, rows: readonly Row[], more: Partial<Outcome> = {}): string => {
    const start = { action: 'start', service, args: [] };
    return nextWords(start, 'op-1', { member: service, result: 'failed', ...more, rows }).join(' ');
  };
  it('the fleet where all of it is, and a retry is none of the ways on', () => {
    const words = after('webs', [off('web-a'), off('web-b')]);
    expect(words).toContain("'herd enable webs' first, then 'herd start webs'");
    expect(words).not.toContain('herd retry');
  });
  it('a few of its members where others failed, which a retry is worth', () => {
    const words = after('webs', [off('web-a'), ill]);
    expect(words).toContain("'herd enable web-a' first, then 'herd start webs'");
    expect(words).toContain("'herd retry op-1'");
  });
  it('a service that was asked for, and one that it requires', () => {
    expect(after('web', [], { isDisabled: true })).toContain("'herd enable web' first");
    const words = after('web', [off('db')], { dependsOn: 'db' });
    expect(words).toContain("'herd enable db' first, then 'herd start web'");
  });
  it('nobody behind a petname or on another machine by the name there', () => {
    expect(after('@webs', [off('x'), ill])).toContain("'herd enable @webs' first");
    expect(after('@web', [off('db')], { dependsOn: 'db' })).not.toContain('herd enable');
    expect(after('web-a', [off('web-a/db')], { dependsOn: 'web-a/db' })).not.toContain('enable');
  });
});

it.each([
  ['name', `rel:sha256-${'a'.repeat(64)}`],
  ['digits', 'a'.repeat(12)],
])('a deploy that lost is asked for anew by the %s of its release', (_what, release) => {
  const lost: Outcome = { member: 'web', result: 'superseded', rows: [] };
  const words = nextWords({ ...command, args: [release, 'no-confirm'] }, 'op-1', lost);
  expect(words).toEqual([
    `  The later command counts: 'herd deploy web ${release}' asks for it anew.`,
  ]);
});
