/**
 * The members of a fleet: troubles first, each with the age of what is known; many are grouped by
 * stage.
 */
import type { MemberStatus, Stage } from '@bellwether/shepherd';
import { visible } from '../../client/escape.ts';
import { groupFromCount, maxGroupNames } from '../limits.ts';
import type { Look, Style } from '../terminal/terminal.ts';
import type { ShownStatus } from './shown-status.ts';
import { slotNote } from './slot.ts';
import { tableLines, wrapped } from './table.ts';
import { ageText, counted } from './times.ts';

/** From what needs attention to what does not. */
const order: readonly Stage[] = ['unknown', 'stopped', 'stopping', 'starting', 'running'];
const styles: Readonly<Record<Stage, Style>> = {
  unknown: 'yellow',
  stopped: 'magenta',
  stopping: 'yellow',
  starting: 'yellow',
  running: 'green',
};

/** A table, or groups from 20 members on. */
export const memberLines = (members: readonly MemberStatus[], look: Look): readonly string[] =>
  members.length < groupFromCount ? table(members, look) : grouped(members, look);

const sorted = (members: readonly MemberStatus[]): readonly MemberStatus[] =>
  [...members].sort((a, b) => order.indexOf(a.stage) - order.indexOf(b.stage));

const table = (members: readonly MemberStatus[], look: Look): readonly string[] => {
  const rows = sorted(members);
  const lines = tableLines(
    rows.map((member) => [
      member.name,
      member.stage,
      pidText(member),
      seenText(member),
      noteOf(member),
    ]),
    '  ',
  );
  return lines.map((line, at) => paintedStage(line, rows[at], look));
};

/** Paint comes last: a painted cell has another length than what is seen of it. */
const paintedStage = (line: string, member: MemberStatus | undefined, look: Look): string => {
  if (member === undefined) return line;
  const start = line.indexOf(`  ${member.stage}`, 2 + visible(member.name).length);
  if (start === -1) return line;
  const end = start + 2 + member.stage.length;
  const painted = look.paint(styles[member.stage], member.stage);
  return `${line.slice(0, start + 2)}${painted}${line.slice(end)}`;
};

const pidText = ({ pid }: MemberStatus): string => (pid === undefined ? '' : `pid ${pid}`);
const seenText = ({ stage, ageMs }: MemberStatus): string => {
  if (ageMs === undefined) return 'never seen';
  return `${stage === 'unknown' ? 'last seen' : 'seen'} ${ageText(ageMs)}`;
};
const noteOf = (member: MemberStatus): string => {
  const { unknownReason, respawnCount, isReady, isEnabled, reason, sharedWith } = member;
  const notes = [
    isReady === false ? 'not ready' : undefined,
    isEnabled === false ? 'disabled' : undefined,
    slotNote(member),
    reason,
    unknownReason ?? (respawnCount === undefined ? undefined : counted(respawnCount, 'respawn')),
    sharedWith && `shared with ${sharedWith.join(', ')}`,
  ];
  return notes.filter((note) => note !== undefined).join('; ');
};

const grouped = (members: readonly MemberStatus[], look: Look): readonly string[] =>
  order.flatMap((stage) => {
    const group = members.filter((member) => member.stage === stage);
    if (group.length === 0) return [];
    const title = `  ${look.paint(styles[stage], stage)} (${group.length}):`;
    if (stage === 'unknown')
      return [title, ...table(group.slice(0, maxGroupNames), look).map((line) => `  ${line}`)];
    return [title, ...wrapped(firstNames(group), '    ', look.columns)];
  });

/** Names up to a limit; then how many more there are. */
const firstNames = (group: readonly MemberStatus[]): readonly string[] => {
  const names = group.slice(0, maxGroupNames).map(({ name }) => name);
  return group.length <= maxGroupNames
    ? names
    : [...names, `… and ${group.length - maxGroupNames} more`];
};

/** `web-fleet: 1/2 running, 2 needed: 1 running, 1 unknown`; the last line of a fleet's report. */
export const memberSummary = (status: ShownStatus): string => {
  const members = status.members ?? [];
  const parts = [...order]
    .reverse()
    .map((stage) => ({ stage, count: members.filter((member) => member.stage === stage).length }))
    .filter(({ count }) => count > 0)
    .map(({ stage, count }) => `${count} ${stage}`);
  const needed = status.neededCount === undefined ? '' : ` (${status.neededCount} needed)`;
  return `${counted(members.length, 'member')}: ${parts.join(', ') || 'none'}${needed}`;
};
