/** What a command that did not end well is told to do next. */
import type { Result } from '@bellwether/shepherd';
import { describe, expect, it } from 'vitest';
import { nextWords } from '../../../packages/herd/src/cli/commands/afterwards.ts';

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
