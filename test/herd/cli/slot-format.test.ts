/** What `herd status` tells of slots, and of members of a fleet that are at different releases. */
import {
  slotPhases,
  type LocalStatus,
  type MemberStatus,
  type SlotFacts,
  unknownStatus,
} from '@bellwether/shepherd';
import { describe, expect, it } from 'vitest';
import {
  outcomeLines,
  resultWords,
  styleOf,
} from '../../../packages/herd/src/cli/format/outcome.ts';
import { driftLines, slotFacts, slotNote } from '../../../packages/herd/src/cli/format/slot.ts';
import { statusReportLines } from '../../../packages/herd/src/cli/format/status-report.ts';
import { changeText } from '../../../packages/herd/src/cli/format/watch.ts';

const now = Date.UTC(2026, 10, 25, 12);
const look = { paint: (_style: string, text: string) => text, bullet: '*', columns: 80, now };
const digest = (digit: string): string => `rel:sha256-${digit.repeat(64)}`;
const [a, b, c] = ['a', 'b', 'c'].map((digit) => digit.repeat(12)) as [string, string, string];
const web = (slot?: SlotFacts): LocalStatus => {
  const { unknownReason: _reason, ...bare } = unknownStatus('web', '');
  return { ...bare, stage: 'running', ...(slot && { slot }) };
};
const member = (name: string, slot?: SlotFacts): MemberStatus => ({
  name,
  stage: 'running',
  ...(slot && { slot }),
});

describe('the report of a slot', () => {
  it('has its release and the one before, by their first digits', () => {
    const status = web({ current: digest('a'), previous: digest('b') });
    expect(statusReportLines(status, look, 0)).toContain(`  Release: ${a}, before it ${b}`);
    expect(slotFacts(web({}), look)).toEqual(['Release: none yet']);
    expect(slotFacts(web(), look)).toEqual([]);
  });
  it('says what is on its way, how far it is, by which operation and until when', () => {
    const slot: SlotFacts = {
      current: digest('a'),
      phase: 'awaiting-confirm',
      target: digest('c'),
      operation: 'op-1',
      deadlineMs: now + 42_000,
    };
    const [, line = ''] = slotFacts(web(slot), look);
    expect(line).toMatch(
      new RegExp(
        `^Release ${c} is active, to be confirmed \\(op-1\\), until .* \\(42 seconds\\)\\.$`,
      ),
    );
    expect(slotFacts(web({ ...slot, deadlineMs: now - 1 }), look)[1]).toContain('(0 seconds)');
  });
  it('has words for every phase', () => {
    for (const phase of slotPhases) {
      const [, line = ''] = slotFacts(web({ phase, target: digest('c') }), look);
      expect(line).toMatch(new RegExp(`^Release ${c} is [a-z, :]+\\.$`));
    }
  });
  it('shows nothing that a terminal would obey', () => {
    const lines = statusReportLines(web({ current: 'rel:sha256-\u001b[2J' }), look, 0);
    expect(lines.join('\n')).not.toContain('\u001b');
    expect(changeText(web({ current: '\u001b[2J' }))).not.toContain('\u001b');
    expect(driftLines([member('x', { current: '\u001b' }), member('y', {})])[0]).not.toContain(
      '\u001b',
    );
  });
});

describe('a line of what is watched', () => {
  it('changes with each phase', () => {
    const at = (phase?: SlotFacts['phase']): string =>
      changeText(web({ current: digest('a'), ...(phase && { phase, target: digest('c') }) }));
    expect(at()).toBe(`web: running, release ${a}`);
    expect(at('health-gate')).toBe(`web: running, release ${a}, ${c} active, being checked`);
    expect(changeText(web())).toBe('web: running');
  });
});

describe('a fleet of slots', () => {
  const at = (digit: string): SlotFacts => ({ current: digest(digit) });
  it('says that its members are at different releases, and who the few are', () => {
    const most = Array.from({ length: 5 }, (_, index) => member(`m${index}`, at('a')));
    expect(driftLines([...most, member('x', at('b'))])).toEqual([
      `Releases differ: ${a} (5), ${b} (x)`,
    ]);
    expect(driftLines([...most, member('x', {})])).toEqual([`Releases differ: ${a} (5), none (x)`]);
    const four = ['p', 'q', 'r', 's'].map((name) => member(name, at('c')));
    expect(driftLines([...most, ...four])).toEqual([`Releases differ: ${a} (5), ${c} (4)`]);
    const others = ['1', '2', '3', '4'].map((digit) => member(digit, at(digit)));
    expect(driftLines([...most, ...others])[0]).toMatch(/, and 1 more release$/);
  });
  it('says nothing of it where they are at one, or are none', () => {
    expect(driftLines([member('x', at('a')), member('y', at('a')), member('z')])).toEqual([]);
    expect(driftLines([member('x'), member('y')])).toEqual([]);
  });
  it('has the release of each in its table, and the difference before the summary', () => {
    expect(slotNote(member('x', at('a')))).toBe(`release ${a}`);
    expect(slotNote(member('x', { phase: 'reverting' }))).toBe(
      'no release, another being taken back',
    );
    const fleet = {
      ...web(),
      kind: 'fleet' as const,
      runningCount: 2,
      neededCount: 2,
      members: [member('x', at('a')), member('y', at('b'))],
    };
    const lines = statusReportLines(fleet, look, 0);
    expect(lines.at(-2)).toBe(`Releases differ: ${a} (1), ${b} (y)`);
    expect(lines.join('\n')).toMatch(new RegExp(`x +running .*release ${a}`));
  });
});

describe('what a node has taken back', () => {
  const command = { action: 'deploy', service: 'web' } as Parameters<typeof outcomeLines>[0];
  it('is told with why, in red', () => {
    for (const result of ['rolled-back', 'rollback-failed'] as const) {
      const reason = 'from a to b: it was not ready';
      const { err } = outcomeLines(
        command,
        { member: 'web', result, reason, rows: [] },
        look,
        new Set(),
      );
      expect(err).toEqual([`herd: error: deploy web: ${resultWords[result]}`, `  ${reason}`]);
      expect(styleOf(result)).toBe('red');
    }
  });
  it('stands first among the rows of a fleet', () => {
    const rows = [
      { member: 'x', result: 'failed' as const },
      { member: 'y', result: 'rolled-back' as const },
      { member: 'z', result: 'rollback-failed' as const },
    ];
    const { out } = outcomeLines(
      command,
      { member: 'f', result: 'rollback-failed', rows },
      look,
      new Set(),
    );
    expect(out.slice(0, 3).map((line) => line.trim().charAt(0))).toEqual(['z', 'y', 'x']);
    expect(out.at(-1)).toBe('web: 3 members: 1 rollback failed, 1 rolled back, 1 failed');
  });
});
