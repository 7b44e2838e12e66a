/** What becomes of an aggregate, and because of whom. */
import type { MemberStatus } from '@bellwether/shepherd';
import type { ShownStatus } from './shown-status.ts';

/**
 * `degraded` or `failed: web-b (stopped), web-c (exited with code 1) and 3 more`; nothing where all is
 * well, or nobody judges.
 */
export const healthWords = ({
  health,
  blame = [],
  members,
  isWanted,
}: ShownStatus): readonly string[] => {
  if (health === undefined || health === 'ok') return [];
  if (blame.length === 0) return [health];
  const names = blame
    .slice(0, blamedCount)
    .map((name) => blamed(name, members, isWanted))
    .join(', ');
  const moreCount = blame.length - blamedCount;
  return [`${health}: ${names}${moreCount > 0 ? ` and ${moreCount} more` : ''}`];
};

/** An aggregate of which too few serve, for longer than it may take, is not well, though some of it runs. */
export const isUnwell = ({ health, stage }: Pick<ShownStatus, 'health' | 'stage'>): boolean =>
  health === 'failed' && stage !== 'unknown';

/**
 * One that was stopped on purpose is told apart from one that failed, and why it did; of an aggregate that was stopped
 * those are blamed that go on.
 */
const blamed = (name: string, members: readonly MemberStatus[] = [], isWanted = true): string => {
  const member = members.find((one) => one.name === name);
  const isWished = member?.stage === 'stopped' && member.isWanted === false;
  const isLeft = !isWanted && member?.stage === 'running';
  const why = isWished || isLeft ? member.stage : member?.reason;
  return why === undefined ? name : `${name} (${why})`;
};

/** Names that fit on a line with everything else. */
const blamedCount = 3;
