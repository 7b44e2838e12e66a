/**
 * What is told of slots: which release is active, which one is on its way and how far, and where the members of a fleet
 * are at different ones.
 */
import { sha256Of, type MemberStatus, type SlotFacts } from '@bellwether/shepherd';
import { visible } from '../../client/escape.ts';
import type { Look } from '../terminal/terminal.ts';
import type { ShownStatus } from './shown-status.ts';
import { counted, spanText, timeText } from './times.ts';

type Phase = NonNullable<SlotFacts['phase']>;
const phaseWords: Readonly<Record<Phase, string>> = {
  offered: 'offered',
  fetching: 'being brought',
  verified: 'verified',
  staged: 'staged',
  prechecked: 'about to be activated',
  activating: 'being activated',
  'health-gate': 'active, being checked',
  'awaiting-confirm': 'active, to be confirmed',
  reverting: 'being taken back',
  committed: 'committed',
  rejected: 'rejected',
  'failed-unchanged': 'failed, nothing was changed',
  'rolled-back': 'taken back',
  'rollback-failed': 'not taken back: that has failed',
  superseded: 'superseded',
  cancelled: 'cancelled',
};

/** The first digits of a digest, as many as tell one release from another. */
export const shortRelease = (digest: string): string => sha256Of(digest).slice(0, digestCharacters);
const digestCharacters = 12;

/** Sentences of a report. */
export const slotFacts = ({ slot }: Pick<ShownStatus, 'slot'>, look: Look): readonly string[] => {
  if (slot === undefined) return [];
  const { current, previous, target, operation } = slot;
  const before = previous === undefined ? '' : `, before it ${shortRelease(previous)}`;
  const active = current === undefined ? 'none yet' : shortRelease(current);
  const words = wayOf(slot);
  if (words === undefined) return [`Release: ${active}${before}`];
  const which = target === undefined ? 'A release' : `Release ${shortRelease(target)}`;
  const by = operation === undefined ? '' : ` (${operation})`;
  return [`Release: ${active}${before}`, `${which} is ${words}${by}${untilText(slot, look)}.`];
};
const untilText = ({ deadlineMs }: SlotFacts, look: Look): string => {
  if (deadlineMs === undefined) return '';
  const leftMs = Math.max(0, deadlineMs - look.now);
  return `, until ${timeText(deadlineMs, look.now)} (${spanText(leftMs)})`;
};
const wayOf = ({ phase }: SlotFacts): string | undefined =>
  phase === undefined ? undefined : phaseWords[phase];

/** The same in a cell of a table. */
export const slotNote = ({ slot }: Pick<MemberStatus, 'slot'>): string | undefined => {
  if (slot === undefined) return undefined;
  const { current, target } = slot;
  const active = current === undefined ? 'no release' : `release ${shortRelease(current)}`;
  const words = wayOf(slot);
  if (words === undefined) return active;
  return `${active}, ${target === undefined ? 'another' : shortRelease(target)} ${words}`;
};

/** One line where members are at different releases, each with how many; the few are named. */
export const driftLines = (members: readonly MemberStatus[]): readonly string[] => {
  const slots = members.filter(({ slot }) => slot !== undefined);
  const groups = new Map<string, string[]>();
  for (const { name, slot } of slots) {
    const release = slot?.current === undefined ? 'none' : shortRelease(slot.current);
    const names = groups.get(release) ?? [];
    names.push(name);
    groups.set(release, names);
  }
  if (groups.size < 2) return [];
  const parts = [...groups]
    .sort(([, one], [, other]) => other.length - one.length)
    .map(([release, names], at) => partText(release, names, at === 0));
  const shown = parts.slice(0, shownReleaseCount);
  const rest = parts.length - shown.length;
  const more = rest === 0 ? '' : `, and ${counted(rest, 'more release')}`;
  return [visible(`Releases differ: ${shown.join(', ')}${more}`)];
};
const partText = (release: string, names: readonly string[], isMost: boolean): string => {
  if (isMost || names.length > shownNameCount) return `${release} (${names.length})`;
  return `${release} (${names.join(', ')})`;
};
/** Releases, and members of one, that fit into a line. */
const shownReleaseCount = 4;
const shownNameCount = 3;
